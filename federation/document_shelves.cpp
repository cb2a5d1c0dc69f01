#include "federation/document_shelves.hpp"

#include <algorithm>

namespace toit::federation {

namespace {

constexpr std::string_view document_suffix = ".document";
constexpr std::string_view fetching_back_file = "fetching-back";
/// Less than whoever has heard of an entry waits before he asks for its document.
constexpr std::chrono::milliseconds own_read_every{1'000};
/// A document is on disk before its entry is, and its list may come before its entry does.
constexpr std::uint64_t beyond_entries = 1'024;

struct replica_name {
  stream_id stream;
  law::document_id id;
};

std::optional<law::document_id> id_in(std::string_view name) {
  law::document_id id;
  if (!name.ends_with(document_suffix) ||
      !law::parse_hex(name.substr(0, name.size() - document_suffix.size()), id.bytes))
    return std::nullopt;
  return id;
}

std::optional<replica_name> read_replica_name(std::string_view name) {
  auto dash = name.find('-');
  auto stream = stream_id::parse(name.substr(0, dash));
  auto id = dash == std::string_view::npos ? std::nullopt : id_in(name.substr(dash + 1));
  if (!stream || !id)
    return std::nullopt;
  return replica_name{*stream, *id};
}

void insert_in_order(std::vector<law::document_id>& ids, law::document_id id) {
  auto place = std::ranges::lower_bound(ids, id);
  if (place == ids.end() || *place != id)
    ids.insert(place, id);
}

void merge(std::vector<law::document_id>& ids, std::vector<law::document_id> more) {
  std::ranges::sort(more);
  auto middle = ids.insert(ids.end(), more.begin(), more.end());
  std::ranges::inplace_merge(ids, middle);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
}

} // namespace

document_shelves::document_shelves(folders on_disk, std::optional<stream_id> own, ports::transfer_source& source)
    : folders_{std::move(on_disk)}, own_stream_{own}, source_{source} {
  law::require(folders_.own && folders_.replicas, "documents are in folders");
  if (own)
    hosted_.insert(*own);
  look_at_replicas();
}

void document_shelves::look_at_replicas() {
  for (const auto& name : folders_.replicas->list())
    if (auto read = read_replica_name(name)) {
      // In alphabetical order, as they are listed, ids are in their own.
      replicas_[read->stream].push_back(read->id);
      erasures_.try_emplace(read->stream);
    }
}

/// Streams hosted beside the own one: a vault writes among the replicas.
void document_shelves::look_at_hosted() {
  for (const auto& stream : hosted_)
    replicas_[stream].clear();
  for (const auto& name : folders_.replicas->list())
    if (auto read = read_replica_name(name); read && hosted_.contains(read->stream))
      replicas_[read->stream].push_back(read->id);
}

void document_shelves::look_again(const stream_id& stream, bool begins, std::chrono::milliseconds monotonic) {
  bool own = is_own(stream);
  if (!own && !hosted_.contains(stream))
    return;
  auto& read_at = own ? own_read_at_ : hosted_read_at_;
  if (read_at && (!begins || monotonic - *read_at < own_read_every))
    return;
  if (own)
    look_at_own();
  else
    look_at_hosted();
  read_at = monotonic;
}

void document_shelves::look_at_own() {
  own_.clear();
  for (const auto& name : folders_.own->list())
    if (auto id = id_in(name))
      own_.push_back(*id);
}

std::string document_shelves::file_of(const stream_id& stream, law::document_id id) const {
  auto name = law::to_text(id) + std::string{document_suffix};
  return is_own(stream) ? name : stream.text() + "-" + name;
}

bool document_shelves::has(const stream_id& stream, law::document_id id) {
  if (is_own(stream))
    return size(stream, id).has_value();
  auto found = replicas_.find(stream);
  return (found != replicas_.end() && std::ranges::binary_search(found->second, id)) ||
         (hosted_.contains(stream) && size(stream, id));
}

std::optional<std::uint64_t> document_shelves::size(const stream_id& stream, law::document_id id) {
  return folder_of(stream).size(file_of(stream, id));
}

std::optional<bytes> document_shelves::read(const stream_id& stream, law::document_id id, std::uint64_t offset,
                                            std::size_t limit) {
  return folder_of(stream).read(file_of(stream, id), offset, limit);
}

document_shelves::page document_shelves::list(const stream_id& stream, law::document_id after,
                                              std::chrono::milliseconds monotonic) {
  look_again(stream, after.empty(), monotonic);
  const auto& all = is_own(stream) ? own_ : replicas_[stream];
  page told;
  auto next = std::ranges::upper_bound(all, after);
  for (; next != all.end() && told.some.size() < told.some.max_items; ++next)
    if (auto stored = size(stream, *next); stored && is_document_size(*stored))
      told.some.push_back({*next, *stored});
  told.last = next == all.end();
  return told;
}

// -- what comes -----------------------------------------------------------------------------------------------------

std::unique_ptr<ports::files::writer> document_shelves::create(const stream_id& stream, law::document_id id) {
  return folder_of(stream).create(file_of(stream, id));
}

void document_shelves::added(const stream_id& stream, law::document_id id) {
  if (is_own(stream)) {
    ++fetched_back_;
    insert_in_order(own_, id);
  } else {
    insert_in_order(replicas_[stream], id);
  }
}

std::uint64_t document_shelves::most_of(const stream_id& stream) {
  auto at = source_.position(stream);
  return (at ? at->seq : 0) + beyond_entries;
}

bool document_shelves::has_room(const stream_id& stream) {
  auto there = is_own(stream) ? fetched_back_ : replicas_[stream].size();
  return there < most_of(stream);
}

// -- what goes ------------------------------------------------------------------------------------------------------

void document_shelves::grown(const stream_id& stream) {
  if (auto found = erasures_.find(stream); found != erasures_.end())
    found->second.complete = false;
}

void document_shelves::read_on(std::size_t bytes_most) {
  std::size_t size = 0;
  for (auto& [stream, known] : erasures_)
    while (!known.complete && size < bytes_most)
      size += read_some(stream, known);
}

std::size_t document_shelves::read_some(const stream_id& stream, erasures& known) {
  constexpr std::size_t step_entries = 8'192;
  constexpr std::size_t bytes_an_entry = 32; // that is looked at and passed over
  auto next = source_.destroyed(stream, known.read_to, step_entries);
  if (next.read_to == known.read_to) {
    known.complete = true;
    return 0;
  }
  erase(stream, next.documents);
  if (known.ids.size() <= erased_most)
    merge(known.ids, std::move(next.documents));
  auto looked_at = next.read_to - known.read_to;
  // Only now: what a failing disk has not let go is read again.
  known.read_to = next.read_to;
  return next.bytes_read + looked_at * bytes_an_entry;
}

/// Documents of a stream that is hosted here are its vault's to destroy.
void document_shelves::erase(const stream_id& stream, std::span<const law::document_id> ids) {
  if (hosted_.contains(stream))
    return;
  auto& known = is_own(stream) ? own_ : replicas_[stream];
  for (auto id : ids) {
    auto place = std::ranges::lower_bound(known, id);
    bool is_known = place != known.end() && *place == id;
    if (!is_known && !(is_own(stream) && size(stream, id)))
      continue;
    folder_of(stream).remove(file_of(stream, id));
    if (is_known)
      known.erase(place);
  }
}

bool document_shelves::knows_erasures(const stream_id& stream) const {
  auto found = erasures_.find(stream);
  return found != erasures_.end() && found->second.complete && found->second.ids.size() <= erased_most;
}

bool document_shelves::erased(const stream_id& stream, law::document_id id) const {
  auto found = erasures_.find(stream);
  return found != erasures_.end() && std::ranges::binary_search(found->second.ids, id);
}

void document_shelves::remember_fetching_back(bool still) {
  if (!still) {
    erasures_.erase(*own_stream_);
    return folders_.replicas->remove(std::string{fetching_back_file});
  }
  follow(*own_stream_);
  folders_.replicas->create(std::string{fetching_back_file})->commit();
}

bool document_shelves::remembers_fetching_back() {
  return folders_.replicas->size(std::string{fetching_back_file}).has_value();
}

} // namespace toit::federation
