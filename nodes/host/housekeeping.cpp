#include "nodes/host/housekeeping.hpp"

#include "journal/sqlite_store.hpp"
#include "journal/verify.hpp"

namespace toit::nodes {

namespace {

/// The node stops while the scrub is under way.
struct scrub_stopped {};

} // namespace

housekeeping::housekeeping(opened_node& node, std::chrono::hours scrub_every, on_node_fault on_fault,
                           std::function<bool()> is_held)
    : node_{node}, scrub_every_{scrub_every}, on_fault_{std::move(on_fault)}, is_held_{std::move(is_held)},
      checkpoints_{[this](const std::stop_token& stop) { work(stop); }},
      scrubs_{[this](const std::stop_token& stop) { scrub(stop); }} {}

housekeeping::~housekeeping() {
  checkpoints_.request_stop();
  scrubs_.request_stop();
}

void housekeeping::rest(const std::stop_token& stop, std::chrono::milliseconds how_long) {
  std::unique_lock lock{mutex_};
  wake_.wait_for(lock, stop, how_long, [] { return false; });
}

/// False when readers or a full disk held it back: the next one does it.
bool housekeeping::checkpoint(journal::store_keeper& keeper, bool truncate) {
  try {
    return keeper.checkpoint(truncate);
  } catch (const journal::store_full&) {
    base::log_warning("a checkpoint finds the disk full");
    return false;
  }
}

void housekeeping::work(const std::stop_token& stop) {
  using clock = std::chrono::steady_clock;
  try {
    auto keeper = node_.journal().open_keeper();
    auto truncated = clock::now();
    auto expired = clock::time_point{};
    while (!stop.stop_requested()) {
      bool truncate = clock::now() - truncated >= truncate_every;
      if (checkpoint(*keeper, truncate) && truncate)
        truncated = clock::now();
      if (clock::now() - expired >= std::chrono::hours{1}) {
        expired = clock::now();
        auto removed = node_.journal().log().expire(node_.context()->clock->now());
        if (removed > 0)
          base::log_info("consultation logs whose time has passed are gone", {{"files", removed}});
      }
      rest(stop, checkpoint_every);
    }
  } catch (const std::exception& failure) {
    base::log_error("housekeeping fails", {{"because", failure.what()}});
    on_fault_(node_fault::store_not_looked_after);
  }
}

/// One odd entry of a former host stops nobody who has taken his stream over: it is told, once.
// [L441-2-7-4-1]
bool housekeeping::scrub(journal::store_reader& rows, const ports::stream_id& stream, const std::stop_token& stop) {
  auto rest_or_stop = [&](std::uint64_t) {
    if (stop.stop_requested())
      throw scrub_stopped{};
    rest(stop, scrub_rest);
  };
  auto report = journal::verify_stream(rows, stream, {}, nullptr, rest_or_stop, node_.journal().signers());
  auto tell = [](std::string_view what, const journal::verify_fault& fault) {
    base::log_error(what,
                    {{"stream", fault.stream.text()}, {"entry", fault.seq}, {"fault", law::name_of(fault.reason)}});
  };
  auto own = std::ranges::find_if_not(report.faults,
                                      [&](const auto& fault) { return journal::is_former_hosts(report, fault); });
  if (own != report.faults.end()) {
    tell("the journal is not what was written", *own);
    return false;
  }
  if (!report.faults.empty()) {
    if (told_.insert(stream).second)
      tell("a former host has left what does not verify", report.faults.front());
    return true;
  }
  base::log_info("the journal is what was written", {{"stream", stream.text()}, {"entries", report.entries}});
  return true;
}

/// What another node has taken over meanwhile may have lost its end under the reader.
bool housekeeping::still_hosts(const ports::stream_id& stream) const {
  return std::ranges::any_of(node_.hosted(), [&](const auto& one) { return one->stream == stream; });
}

void housekeeping::scrub(const std::stop_token& stop) {
  try {
    auto path = node_.directory().journal().string();
    while (!stop.stop_requested()) {
      // What comes back from others may have been erased by an entry that is still to come.
      if (is_held_()) {
        rest(stop, held_rest);
        continue;
      }
      auto rows = journal::open_sqlite_reader(path);
      for (const auto& context : node_.hosted())
        if (!scrub(*rows, context->stream, stop) && still_hosts(context->stream) && !is_held_())
          return on_fault_(node_fault::journal_damaged);
      rest(stop, scrub_every_);
    }
  } catch (const scrub_stopped&) {
    // The next start begins anew.
    return;
  } catch (const std::exception& failure) {
    base::log_error("the scrub fails", {{"because", failure.what()}});
    on_fault_(node_fault::journal_unreadable);
  }
}

} // namespace toit::nodes
