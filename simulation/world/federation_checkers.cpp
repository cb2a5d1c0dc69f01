#include "simulation/world/federation_checkers.hpp"

#include "journal/verify.hpp"

namespace toit::simulation {

namespace {

/// Larger messages carry entries.
constexpr std::size_t small_bytes = 4096;
/// More than any stream of a run has.
constexpr std::size_t whole = 1'000'000;

const federation::marks* marks_in(std::expected<federation::envelope, federation::envelope_fault>& read) {
  return read ? std::get_if<federation::marks>(&read->said) : nullptr;
}

bool same_head(const ports::signed_head& a, const ports::signed_head& b) {
  return a.epoch == b.epoch && a.first == b.first && a.seq == b.seq && a.ordering_seq == b.ordering_seq &&
         a.link == b.link && a.key_id == b.key_id && a.signature == b.signature;
}

} // namespace

federation_checkers::federation_checkers(world& w) : w_{w}, alarms_{w} {
  w_.network().on_arrived = [this](const virtual_network::on_its_way& one) { heard(one); };
  w_.network().on_sent = [this](const virtual_network::on_its_way& one) { sent(one); };
}

void federation_checkers::say(const char* checker, std::string what) {
  if (faults_.size() < 20)
    faults_.push_back({checker, std::move(what)});
}

std::optional<std::size_t> federation_checkers::state_called(const ports::node_name& name) const {
  for (std::size_t which = 0; which < world::state_count; ++which)
    if (w_.members()[which + 1].name == name)
      return which;
  return std::nullopt;
}

// -- what was signed is held ----------------------------------------------------------------------------------------

/// Whoever was told that the State has a receipt may hold it to that, from that moment on.
void federation_checkers::heard(const virtual_network::on_its_way& one) {
  auto which = state_called(one.from);
  if (!which || one.to != w_.members().front().name || one.sent.size() > small_bytes)
    return;
  auto read = federation::decode(one.sent);
  const auto* said = marks_in(read);
  if (!said)
    return;
  auto signers = journal::signing_publics(w_.members()[*which + 1].keys);
  for (const auto& mark : said->given)
    if (std::ranges::any_of(signers, [&](const auto& signer) { return journal::verify(mark, signer); })) {
      words_[*which].marked.insert_or_assign(mark.seq, mark.link);
      check_promise(*which, mark.seq, mark.link);
    }
}

void federation_checkers::check_promise(std::size_t which, std::uint64_t seq, const law::bytes32& link) {
  auto& state = w_.state(which);
  auto& given = words_[which];
  // A disk that is down is looked at when it is back.
  if (state.in_trouble())
    return;
  auto held = state.last_seq(world::stream());
  if (held >= given.held_once)
    given.held_once = 0;
  // What went with an older copy is excused until it is there again; another history never is.
  if (seq > held && given.held_once > 0)
    return;
  if (state.link_at(world::stream(), seq) != link)
    say("promises",
        state.who().name.text() + " has signed entry " + std::to_string(seq) + " and holds " + std::to_string(held));
}

void federation_checkers::state_started(std::size_t which) {
  auto& marked = words_[which].marked;
  if (!marked.empty())
    check_promise(which, marked.rbegin()->first, marked.rbegin()->second);
}

// -- nothing is signed below one's own past -------------------------------------------------------------------------

std::uint64_t federation_checkers::held_elsewhere(std::size_t which, bool by_who_runs) {
  const auto& stream = w_.state(which).who().stream;
  auto at = by_who_runs && !w_.running() ? std::nullopt : w_.open_rows()->last_head(stream);
  auto most = at ? at->seq : 0;
  for (std::size_t other = 0; other < world::state_count; ++other)
    if (other != which && (!by_who_runs || w_.state(other).running()))
      most = std::max(most, w_.state(other).last_seq(stream));
  return most;
}

void federation_checkers::state_restored(std::size_t which, bool own_stream_too) {
  alarms_.restored(w_.state(which).who().stream);
  auto& given = words_[which];
  given.own_past = own_stream_too ? held_elsewhere(which) : 0;
  given.held_once = given.marked.empty() ? 0 : given.marked.rbegin()->first;
}

void federation_checkers::territory_restored() {
  alarms_.restored(world::stream());
  // What only the lost part of a history had is no longer asked for: nobody has it.
  for (std::size_t which = 0; which < world::state_count; ++which) {
    auto held = w_.state(which).last_seq(world::stream());
    if (words_[which].held_once > held)
      std::erase_if(words_[which].marked, [&](const auto& mark) { return mark.first > held; });
  }
}

void federation_checkers::territory_released(std::uint64_t known) {
  auto head = w_.open_rows()->last_head(world::stream());
  auto seq = head ? head->seq : 0;
  if (w_.links().is_held())
    say("rollback", "nobody is missing, and the territory still refuses to record");
  else if (seq < known)
    say("rollback",
        "the territory records after entry " + std::to_string(seq) + ", others hold " + std::to_string(known));
}

void federation_checkers::sent(const virtual_network::on_its_way& one) {
  auto which = state_called(one.from);
  if (!which || words_[*which].own_past == 0 || one.sent.size() > small_bytes || w_.state(*which).in_trouble())
    return;
  auto read = federation::decode(one.sent);
  if (!marks_in(read))
    return;
  // Who is off cannot be asked.
  auto past = std::min(std::exchange(words_[*which].own_past, 0), held_elsewhere(*which, true));
  auto own = w_.state(*which).last_seq(w_.state(*which).who().stream);
  if (own < past)
    say("past", one.from.text() + " signs at entry " + std::to_string(own) + " of its own stream, others hold " +
                    std::to_string(past));
}

// -- when all is quiet ----------------------------------------------------------------------------------------------

std::vector<fault> federation_checkers::at_last() {
  for (std::size_t which = 0; which < world::state_count; ++which)
    state_started(which);
  for (const auto& host : w_.members())
    check_replicas(host);
  if (w_.links().is_held())
    say("rollback", "the territory refuses to record although all is well again");
  auto all = std::exchange(faults_, {});
  std::ranges::move(alarms_.at_last(), std::back_inserter(all));
  return all;
}

/// To the byte, entries and heads, and as anybody verifies them.
void federation_checkers::check_replicas(const linked_node& host) {
  // Of two histories each has its own.
  if (alarms_.is_written_over(host.stream))
    return;
  auto rows_of = [&](std::size_t member) { return member == 0 ? w_.open_rows() : w_.state(member - 1).open_rows(); };
  auto at_host = rows_of(static_cast<std::size_t>(&host - w_.members().data()));
  auto known = journal::signing_publics(host.keys);
  auto entries = at_host->entries(host.stream, 0, whole);
  auto heads = at_host->heads(host.stream, 0, whole);
  for (std::size_t member = 0; member < w_.members().size(); ++member) {
    const auto& holder = w_.members()[member];
    if (holder.stream == host.stream)
      continue;
    auto rows = rows_of(member);
    auto place = holder.name.text() + ", stream " + host.stream.text() + ": ";
    auto replica = rows->entries(host.stream, 0, whole);
    if (replica.size() != entries.size())
      say("replicas", place + std::to_string(replica.size()) + " entries of " + std::to_string(entries.size()));
    else if (replica != entries)
      say("replicas", place + "entries differ");
    else if (!std::ranges::equal(rows->heads(host.stream, 0, whole), heads, same_head))
      say("replicas", place + "heads differ");
    for (const auto& found : journal::verify_stream(*rows, host.stream, {}, nullptr, {}, known).faults)
      say("replicas", place + "entry " + std::to_string(found.seq) + ": " + found.what);
  }
}

} // namespace toit::simulation
