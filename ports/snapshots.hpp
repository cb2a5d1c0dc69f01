/// \file
/// What an actor keeps of its state so that a restart folds the tail alone. Encrypted; thrown away at any doubt, since
/// the journal says it all.

#pragma once

#include "law/applicant_accounts.hpp"
#include "law/contingents.hpp"
#include "law/demand_book.hpp"
#include "ports/journal.hpp"

#include <variant>

namespace toit::ports {

using snapshot_row = std::variant<law::dossier, law::dwelling, law::vacancy, law::caleol_session, law::charged_vacancy,
                                  stored_entry, law::lateness_line, law::applicant_account>;

/// A part that began well does not go on so: the rows read are not to be relied on.
struct snapshot_damaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One part is one actor's.
class snapshots {
public:
  class writer {
  public:
    virtual ~writer() = default;
    virtual void put(const law::dossier& row) = 0;
    virtual void put(const law::dwelling& row) = 0;
    virtual void put(const law::vacancy& row) = 0;
    virtual void put(const law::caleol_session& row) = 0;
    virtual void put(const law::charged_vacancy& row) = 0;
    virtual void put(const stored_entry& row) = 0;
    virtual void put(const law::lateness_line& row) = 0;
    virtual void put(const law::applicant_account& row) = 0;
    /// The part replaces the one before it.
    virtual void commit() = 0;
  };
  class reader {
  public:
    virtual ~reader() = default;
    /// The last entry that the part surely holds: the tail begins after it.
    virtual std::uint64_t seq() const = 0;
    /// In the order of `put`; absent at the end. Throws `snapshot_damaged`.
    virtual std::optional<snapshot_row> next() = 0;
  };

  virtual ~snapshots() = default;
  virtual std::unique_ptr<writer> write(const stream_id& stream, std::string_view part, std::uint64_t seq) = 0;
  /// Null when there is none that fits the journal as it is.
  virtual std::unique_ptr<reader> open(const stream_id& stream, std::string_view part) = 0;
  /// Removes a part: an erasure leaves nothing behind in it.
  virtual void forget(const stream_id& stream, std::string_view part) = 0;
};

} // namespace toit::ports
