/// \file
/// One a State node: opens the epochs of the territories whose dispositif its authority is competent for, when acts or
/// adhesions say that they pass. It writes what follows, and decides nothing: law/authority.hpp does.
///
/// Text       L441-2-7 al. 2 and 4.
/// Not here   what the nodes do about it: nodes/hosting/host_keeper.

#pragma once

#include "actors/followed_authorities.hpp"
#include "actors/interfaces.hpp"
#include "law/authority.hpp"

namespace toit {

using supervisors_by_stream = std::map<ports::stream_id, territory_supervisor_actor>;

struct substitution_host_state {
  substitution_host_state() = default;

  static inline const char* name = "substitution_host";

  /// A node that begins again, or a link that is mended, takes less.
  static constexpr std::chrono::minutes reopened_after{10};

  void begin_reading();
  std::uint64_t written(const ports::batch_ptr& batch);
  void tick();

  substitution_host_actor::pointer self = nullptr;
  territory_context_ptr context;
  event_recorder_actor recorder;
  supervisors_by_stream supervisors;

private:
  void catch_up();
  law::civil_date today() const;
  void look_at_all();
  void look_at(const ports::stream_id& territory);
  void look_at(const ports::stream_id& stream, law::siren territory, const supervised_territory& known);
  law::possible_hosts hosts_of(const ports::stream_id& stream, const law::dispositif_book* side) const;
  /// Whatever decides of one territory, as it is looked at.
  struct view {
    ports::stream_id stream;
    law::siren territory;
    const supervised_territory& known;
    law::possible_hosts hosts;
    std::optional<ports::opened_epoch> opened;
    /// By its present host in its epoch, for the one that follows: of one that is opened the first entry may never
    /// come.
    std::optional<law::stream_closing> closing;
    law::stream_standing now;

    std::optional<law::text<64>> present_host() const {
      return opened ? std::optional{opened->passed.host} : hosts.territory;
    }
  };
  view view_of(const ports::stream_id& stream, law::siren territory, const supervised_territory& known);
  /// Absent once it may be opened.
  std::optional<ports::opening_barred> barred(const view& v, law::authority_passed& due);
  std::optional<ports::opening_barred> barred_while_closed(const view& v, law::authority_passed& due);
  std::optional<ports::opening_barred> cannot_go_on(const view& v, const law::authority_passed& due) const;
  /// What the authority that has opened the epoch has recorded; null when it is this one.
  const law::procedures_book* book_of_former(const ports::opened_epoch& opened);
  void tell(const ports::stream_id& stream, std::optional<ports::opening_barred> because);
  void record(const ports::stream_id& stream, law::siren territory, law::event happened);

  std::optional<stream_cursor> cursor_;
  law::procedures_book book_;
  followed_authorities former_;                              ///< who was competent before, for some territory
  std::map<ports::stream_id, ports::opening_barred> barred_; ///< of what is due and not opened: as it was last told
  std::set<ports::stream_id> changed_;                       ///< territories to be looked at with the next tick
  std::set<ports::stream_id> busy_;                          ///< of which an answer is awaited
  law::civil_date looked_on_;
  law::civil_date last_recorded_on_{}; ///< of the authority's own stream
  /// Epoch that a stream was closed for, and when that was first seen.
  std::map<ports::stream_id, std::pair<std::uint32_t, std::chrono::milliseconds>> closed_since_;
};

substitution_host_actor::behavior_type
substitution_host(substitution_host_actor::stateful_pointer<substitution_host_state> self,
                  territory_context_ptr context, event_recorder_actor recorder, supervisors_by_stream supervisors);

} // namespace toit
