/// \file
/// Documents of streams, as they lie on this node's disk: those of its own stream, those of streams that it hosts
/// beside it, both of which its vaults write, and replicas of other hosts', which nobody but this writes. And what the
/// streams say of them: which were erased.

#pragma once

#include "federation/envelope.hpp"
#include "ports/files.hpp"
#include "ports/vault.hpp"

#include <map>
#include <set>

namespace toit::federation {

/// A stored document has at least what encryption adds, and at most that and the largest content.
constexpr bool is_document_size(std::uint64_t stored) {
  return stored >= ports::document_overhead_bytes &&
         stored <= ports::document_limit_bytes + ports::document_overhead_bytes;
}

/// All but a lookup may throw what `ports::files` throws.
class document_shelves {
public:
  struct folders {
    std::shared_ptr<ports::files> own;      ///< `<32 hex>.document`
    std::shared_ptr<ports::files> replicas; ///< `<stream>-<32 hex>.document`
  };
  struct page {
    law::list<document_size, 1024> some;
    bool last = false;
  };

  /// `own` is the stream whose documents are in the own folder. `source` outlives this.
  document_shelves(folders on_disk, std::optional<stream_id> own, ports::transfer_source& source);

  bool is_own(const stream_id& stream) const { return own_stream_ == stream; }
  /// Their documents are written and destroyed by vaults, wherever they lie.
  void set_hosted(std::set<stream_id> hosted) { hosted_ = std::move(hosted); }
  bool has(const stream_id& stream, law::document_id id);
  /// In bytes; absent when it is not there.
  std::optional<std::uint64_t> size(const stream_id& stream, law::document_id id);
  std::optional<bytes> read(const stream_id& stream, law::document_id id, std::uint64_t offset, std::size_t limit);
  /// After this id, in order. Folders that vaults write are read anew by whoever begins, now and then.
  page list(const stream_id& stream, law::document_id after, std::chrono::milliseconds monotonic);

  std::unique_ptr<ports::files::writer> create(const stream_id& stream, law::document_id id);
  /// What was created is there now.
  void added(const stream_id& stream, law::document_id id);
  /// A stream has no more documents than entries, but for what is on its way: how many more may be taken.
  bool has_room(const stream_id& stream);
  std::uint64_t most_of(const stream_id& stream);

  /// From now on what the stream erases is read.
  void follow(const stream_id& stream) { erasures_.try_emplace(stream); }
  /// Entries of the stream have come.
  void grown(const stream_id& stream);
  /// Reads about so many bytes of the streams whose erasures are not yet known, and removes what they erase.
  void read_on(std::size_t bytes_most);
  /// True once all of the stream that is here has been read.
  bool knows_erasures(const stream_id& stream) const;
  bool erased(const stream_id& stream, law::document_id id) const;

  /// The own stream's documents are to be fetched back from whoever holds them: remembered through a restart.
  void remember_fetching_back(bool still);
  bool remembers_fetching_back();

private:
  /// Beyond so many of one stream none is remembered, and no document of it is fetched any more.
  static constexpr std::size_t erased_most = std::size_t{1} << 24;

  struct erasures {
    std::uint64_t read_to = 0;
    bool complete = false;
    std::vector<law::document_id> ids; ///< in order
  };

  std::string file_of(const stream_id& stream, law::document_id id) const;
  ports::files& folder_of(const stream_id& stream) { return is_own(stream) ? *folders_.own : *folders_.replicas; }
  void look_at_replicas();
  void look_at_own();
  void look_at_hosted();
  void look_again(const stream_id& stream, bool begins, std::chrono::milliseconds monotonic);
  std::size_t read_some(const stream_id& stream, erasures& known);
  void erase(const stream_id& stream, std::span<const law::document_id> ids);

  folders folders_;
  std::optional<stream_id> own_stream_;
  std::set<stream_id> hosted_;
  ports::transfer_source& source_;
  std::map<stream_id, std::vector<law::document_id>> replicas_; ///< in order
  std::vector<law::document_id> own_;                           ///< in order, as last read
  std::optional<std::chrono::milliseconds> own_read_at_;
  std::optional<std::chrono::milliseconds> hosted_read_at_;
  std::uint64_t fetched_back_ = 0;
  std::map<stream_id, erasures> erasures_;
};

} // namespace toit::federation
