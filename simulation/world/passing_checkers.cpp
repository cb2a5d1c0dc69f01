#include "simulation/world/passing_checkers.hpp"

#include "journal/signers.hpp"
#include "journal/verify.hpp"

namespace toit::simulation {

namespace {

/// Rounds in which neighbours have told each other twice where they stand.
constexpr unsigned rounds_to_hear = 14;

ports::stream_position position_of(journal::store_reader* rows, const ports::stream_id& stream) {
  auto head = rows ? rows->last_head(stream) : std::nullopt;
  return head ? ports::stream_position{stream, head->epoch, head->seq, head->link} : ports::stream_position{stream};
}

std::string at_seq(std::uint64_t seq) { return "entry " + std::to_string(seq); }

std::string words_of(const ports::alarm& alarm) {
  return std::string{law::name_of(alarm.kind)} + " of " + (alarm.stream ? alarm.stream->text() : "no stream");
}

} // namespace

void passing_checkers::say(const char* checker, std::string what) {
  if (faults_.size() < 20)
    faults_.push_back({checker, std::move(what)});
}

// -- what a run does to its nodes -----------------------------------------------------------------------------------

void passing_checkers::started(std::size_t which) {
  auto& seen = seen_[which];
  seen.ordering = std::make_unique<nodes::authority_reading>(w_.node(which).journal().open_reader());
  seen.fence = 0;
  disturbed(which);
}

void passing_checkers::disturbed(std::size_t which) {
  auto& seen = seen_[which];
  seen.disturbed_in = round_;
  seen.held.clear();
}

void passing_checkers::about_to_restore(std::size_t which) {
  restored_ = true;
  auto is_elsewhere = [&](std::uint32_t epoch, std::uint64_t seq, const law::bytes32& link) {
    for (std::size_t other = 0; other < passing_world::node_count; ++other)
      if (other != which && link_on(other, epoch, seq) == link)
        return true;
    return false;
  };
  for (auto& one : promises_)
    one.excused = one.excused || (one.by == which && !is_elsewhere(one.epoch, one.seq, one.link));
  std::erase_if(cuts_, [&](const auto& cut) { return !is_elsewhere(cut.first, cut.second.first, cut.second.second); });
}

bool passing_checkers::is_undisturbed(std::size_t which, unsigned since) const {
  // On a slower line who holds more is not awaited for what he brings.
  constexpr std::chrono::milliseconds answered_in_time{federation::exchange_limits{}.gather_within / 2};
  const auto& weather = w_.network().weather;
  return w_.node(which).running() && seen_[which].disturbed_in < since && weather.loses == 0 &&
         weather.delay_most < answered_in_time;
}

// -- while it goes on -----------------------------------------------------------------------------------------------

void passing_checkers::look() {
  ++round_;
  for (std::size_t which = 0; which < passing_world::node_count; ++which) {
    auto& seen = seen_[which];
    if (!w_.node(which).running() || !seen.ordering)
      continue;
    seen.ordering->catch_up(w_.federation().directory);
    const auto& known = seen.ordering->now();
    auto hosts = known.find(world::stream());
    bool elsewhere = hosts != known.end() && !hosts->second.passed.empty() &&
                     hosts->second.passed.back().host != w_.members()[which].name;
    seen.fence = elsewhere ? hosts->second.epoch() : 0;
    look_at_cuts(which);
    if (const auto* opened = seen.ordering->last_of(world::stream());
        which == passing_world::region && opened && opened->passed.epoch > opened_)
      want_prefix(*opened);
    seen.held.push_back(position_of(w_.node(which).rows(), world::stream()));
    if (seen.held.size() > rounds_to_hear)
      seen.held.pop_front();
  }
  look_at_marks();
}

void passing_checkers::look_at_cuts(std::size_t which) {
  auto& rows = *w_.node(which).rows();
  auto last = position_of(&rows, world::stream());
  if (last.epoch == 0 || (!seen_[which].held.empty() && seen_[which].held.back().epoch == last.epoch))
    return;
  for (const auto& cut : journal::cuts_of(rows, world::stream())) {
    auto row = rows.entry(world::stream(), cut.seq);
    auto [known, is_new] = cuts_.try_emplace(cut.epoch, cut.seq, row->link);
    if (known->second != std::pair{cut.seq, row->link} && begun_twice_.insert(cut.epoch).second)
      say("authority", "epoch " + std::to_string(cut.epoch) + " begins twice: " + at_seq(known->second.first) + ", " +
                           at_seq(cut.seq) + " on " + w_.members()[which].name.text());
    if (auto told = journal::cut_at(rows, world::stream(), cut.seq); is_new && told)
      check_prefix(*told);
  }
}

/// What is countersigned by the ordering authority's node, as its host is told.
void passing_checkers::look_at_marks() {
  for (std::size_t which = 0; which < passing_world::node_count; ++which) {
    auto* rows = w_.node(which).running() ? w_.node(which).rows() : nullptr;
    for (const auto& mark : rows ? rows->last_marks(world::stream()) : std::vector<ports::witness_mark>{})
      if (mark.witness == w_.members()[passing_world::region].stream)
        for (auto& one : promises_)
          if (one.by == which && one.epoch == mark.epoch && one.seq <= mark.seq && !std::exchange(one.witnessed, true))
            ++counts_["promise.witnessed"];
  }
}

void passing_checkers::want_prefix(const nodes::opened_epoch& opened) {
  opened_ = opened.passed.epoch;
  auto host = w_.place_of(opened.passed.host.str());
  if (opened.passed.closed_seq != 0 || !host || round_ < rounds_to_hear)
    return;
  auto since = round_ - rounds_to_hear + 1;
  wanted_prefix wanted{*host, 0, since, *host};
  for (std::size_t which = 0; which < passing_world::node_count; ++which) {
    bool heard = !w_.network().is_cut(w_.members()[which].name, w_.members()[*host].name) &&
                 !w_.network().is_cut(w_.members()[*host].name, w_.members()[which].name);
    const auto& held = seen_[which].held;
    if (!heard || !is_undisturbed(which, since) || held.size() < rounds_to_hear ||
        held.front().epoch + 1 != opened.passed.epoch || held.front().seq <= wanted.seq)
      continue;
    wanted.seq = held.front().seq;
    wanted.holder = which;
  }
  wanted_[opened_] = wanted;
  // It may have been written before anybody looked.
  if (auto cut = cuts_.find(opened_); cut != cuts_.end())
    if (auto told = journal::cut_at(*w_.node(*host).rows(), world::stream(), cut->second.first))
      check_prefix(*told);
}

void passing_checkers::check_prefix(const law::authority_cut& cut) {
  auto wanted = wanted_.find(cut.epoch);
  if (wanted == wanted_.end())
    return;
  const auto& w = wanted->second;
  bool could = is_undisturbed(w.host, w.since) && is_undisturbed(w.holder, w.since);
  counts_["prefix.checked"] += could ? 1 : 0;
  if (could && cut.previous_seq < w.seq)
    say("prefix", "epoch " + std::to_string(cut.epoch) + " goes on from " + at_seq(cut.previous_seq) + ", and " +
                      w_.members()[w.holder].name.text() + " had " + at_seq(w.seq));
  counts_["prefix.from_another"] += could && w.holder != w.host && w.holder != passing_world::territory ? 1 : 0;
}

// -- what was promised ----------------------------------------------------------------------------------------------

/// Of an entry as this epoch had it: in the stream, or in a tail.
std::optional<law::bytes32> passing_checkers::link_on(std::size_t which, std::uint32_t epoch, std::uint64_t seq) {
  auto* rows = w_.node(which).rows();
  if (!rows)
    return std::nullopt;
  if (auto row = rows->entry(world::stream(), seq); row && row->header.epoch == epoch)
    return row->link;
  for (const auto& tail : rows->orphan_tails())
    if (tail.stream == world::stream())
      for (const auto& row : rows->orphan_entries(tail.stream, tail.cut, seq - 1, 1))
        if (row.header.seq == seq && row.header.epoch == epoch)
          return row.link;
  return std::nullopt;
}

void passing_checkers::acknowledged(const receipt& given, const asked_there& where) {
  if (given.first_seq == 0)
    return;
  if (!given.head)
    return say("receipts", at_seq(given.first_seq) + " is acknowledged under no head");
  // What is on it is not to be read before it stands again.
  if (w_.node(where.which).disk().down())
    return;
  auto epoch = given.head->epoch;
  // A repeat is answered whoever hosts the stream by now.
  if (given.recorded_at >= where.at) {
    if (epoch < where.fence)
      say("fence", at_seq(given.first_seq) + " of epoch " + std::to_string(epoch) + " was accepted by " +
                       w_.members()[where.which].name.text() + ", which had read that epoch " +
                       std::to_string(where.fence) + " is another's");
    if (auto by = accepted_by_.try_emplace(epoch, where.which).first->second; by != where.which)
      say("authority", "entries of epoch " + std::to_string(epoch) + " were accepted by two nodes");
  }
  for (auto seq = given.first_seq; seq <= given.last_seq; ++seq) {
    auto link = link_on(where.which, epoch, seq);
    if (!link)
      say("receipts", at_seq(seq) + " was acknowledged and is not on disk");
    else
      promises_.push_back({where.which, epoch, seq, *link});
  }
  ++counts_["promise.disk"];
}

// -- when all is quiet ----------------------------------------------------------------------------------------------

std::size_t passing_checkers::host_now() {
  nodes::authority_reading reading{w_.node(passing_world::region).journal().open_reader()};
  reading.catch_up(w_.federation().directory);
  const auto* opened = reading.last_of(world::stream());
  return opened ? w_.place_of(opened->passed.host.str()).value() : passing_world::territory;
}

bool passing_checkers::is_alike(const ports::stream_id& stream, std::size_t host, std::string& why) {
  auto there = position_of(w_.node(host).rows(), stream);
  nodes::authority_reading reading{w_.node(passing_world::region).journal().open_reader()};
  reading.catch_up(w_.federation().directory);
  auto in_force = federation::with_hosts(w_.federation().directory, reading.now());
  for (std::size_t which = 0; which < passing_world::node_count; ++which)
    if (federation::should_hold(in_force, w_.members()[which].name, stream, w_.today()))
      if (auto here = position_of(w_.node(which).rows(), stream); here != there)
        why = w_.members()[which].name.text() + " has " + std::to_string(here.epoch) + "/" + std::to_string(here.seq) +
              " of " + stream.text() + ", and " + w_.members()[host].name.text() + " " + std::to_string(there.epoch) +
              "/" + std::to_string(there.seq);
  return why.empty();
}

std::string passing_checkers::not_yet() {
  std::string why;
  for (std::size_t which = 0; which < passing_world::node_count; ++which)
    if (!w_.node(which).running())
      return w_.members()[which].name.text() + " is off";
  auto host = host_now();
  if (!is_alike(w_.members()[passing_world::region].stream, passing_world::region, why) ||
      !is_alike(w_.members()[passing_world::departement].stream, passing_world::departement, why) ||
      !is_alike(world::stream(), host, why))
    return why;
  if (!w_.node(host).actors_of(world::stream()))
    return w_.members()[host].name.text() + " does not serve what it hosts";
  for (std::size_t which = 0; which < passing_world::node_count; ++which)
    if (which != host && w_.node(which).actors_of(world::stream()))
      return w_.members()[which].name.text() + " serves what it does not host";
  auto settled = std::map<std::pair<std::uint32_t, std::uint64_t>, unsigned>{};
  auto& reader = w_.node(host).reader();
  for (const auto& entry : reader.read(world::stream(), 0, std::numeric_limits<std::int32_t>::max()))
    if (const auto* late = entry.record ? std::get_if<law::late_entry_settled>(&entry.record->event) : nullptr)
      ++settled[{late->cut, late->seq}];
  for (std::size_t which = 0; which < passing_world::node_count; ++which)
    for (const auto& tail : w_.node(which).rows()->orphan_tails())
      for (const auto& row : w_.node(which).rows()->orphan_entries(tail.stream, tail.cut, 0, 100'000))
        if (tail.stream == world::stream() && !settled.contains({tail.cut, row.header.seq}))
          return at_seq(row.header.seq) + " of the tail of epoch " + std::to_string(tail.cut) + " on " +
                 w_.members()[which].name.text() + " is not settled";
  return alarm_left();
}

/// What could be put right has been, once everybody has said where he is: a word that was overtaken on its way may have
/// told of less.
std::string passing_checkers::alarm_left() const {
  for (std::size_t which = 0; which < passing_world::node_count; ++which)
    for (const auto& alarm : w_.node(which).links().standing())
      if (alarm.kind != ports::alarm_kind::misbehaving)
        return w_.members()[which].name.text() + " still tells " + words_of(alarm);
  return {};
}

void passing_checkers::at_last(registry_reading owners, const contingents_ptr& contingents) {
  auto host = host_now();
  auto& node = w_.node(host);
  auto entries = node.reader().read(world::stream(), 0, std::numeric_limits<std::int32_t>::max());
  check_epochs(entries);
  check_promises(host, entries);
  check_late(entries);
  check_leases(entries);
  check_decisions(entries);
  check_alarms();
  auto keys = node.journal().keys()->of(world::stream());
  for (const auto& found : journal::verify_stream(*node.rows(), world::stream(), {}, keys.get(), {}).faults)
    say("healing", at_seq(found.seq) + ": " + found.what);
  evidence seen;
  seen.entries = seen.at_last = entries;
  for (auto day = world_options{}.first_day; day <= w_.today(); day = law::add_days(day, law::days{1}))
    seen.disturbed_days.insert(day);
  seen.registry = owners.dossiers();
  seen.dwellings = owners.dwellings();
  seen.contingents = contingents;
  seen.today = w_.today();
  for (const auto& entry : entries)
    if (const auto* filed = entry.record ? std::get_if<law::document_filed>(&entry.record->event) : nullptr)
      seen.vault.push_back(filed->document);
  for (auto& found : check_entries(seen))
    if (faults_.size() < 20)
      faults_.push_back(std::move(found));
}

/// Each entry is of the epoch of its place, and each epoch was begun by whom the ordering stream says.
void passing_checkers::check_epochs(const std::vector<ports::stored_entry>& entries) {
  std::map<std::uint32_t, law::authority_passed> opened;
  auto ordering = w_.members()[passing_world::region].stream;
  auto& region = w_.node(passing_world::region).reader();
  for (const auto& entry : region.read(ordering, 0, std::numeric_limits<std::int32_t>::max()))
    if (const auto* passed = entry.record ? std::get_if<law::authority_passed>(&entry.record->event) : nullptr) {
      if (passed->epoch != opened.size() + 1)
        say("authority", "epoch " + std::to_string(passed->epoch) + " is opened out of turn");
      opened[passed->epoch] = *passed;
    }
  std::uint32_t epoch = 0;
  for (const auto& entry : entries) {
    if (const auto* cut = entry.record ? std::get_if<law::authority_cut>(&entry.record->event) : nullptr) {
      auto ordered = opened.find(cut->epoch);
      auto by = ordered == opened.end() ? std::nullopt : w_.place_of(ordered->second.host.str());
      if (!by || journal::signing_key{w_.members()[*by].keys.signing_seed}.public_half() != cut->signing_key)
        say("authority", "epoch " + std::to_string(cut->epoch) + " was not begun by its host");
      else if (const auto& o = ordered->second; o.closed_seq != 0 && std::pair{cut->previous_seq, cut->previous_link} !=
                                                                         std::pair{o.closed_seq, o.closed_link})
        say("authority", "epoch " + std::to_string(cut->epoch) + " does not go on where the one before was closed");
      if (cut->epoch <= epoch)
        say("authority", at_seq(entry.seq) + " begins an epoch that was over");
      epoch = cut->epoch;
    }
    if (entry.epoch != epoch)
      say("authority",
          at_seq(entry.seq) + " is of epoch " + std::to_string(entry.epoch) + " in epoch " + std::to_string(epoch));
  }
}

void passing_checkers::check_promises(std::size_t host, const std::vector<ports::stored_entry>& entries) {
  std::map<std::pair<std::uint64_t, law::bytes32>, bool> settled;
  for (const auto& entry : entries)
    if (const auto* late = entry.record ? std::get_if<law::late_entry_settled>(&entry.record->event) : nullptr)
      settled[{late->seq, late->link}] = late->witnessed;
  auto& rows = *w_.node(host).rows();
  for (const auto& one : promises_) {
    auto row = rows.entry(world::stream(), one.seq);
    if (row && row->link == one.link)
      continue;
    auto came_back = settled.find({one.seq, one.link});
    auto name = at_seq(one.seq) + " of epoch " + std::to_string(one.epoch) + ", acknowledged by " +
                w_.members()[one.by].name.text() + ",";
    if (came_back == settled.end() && !one.excused)
      say("receipts", name + " is neither in the stream nor settled");
    // Who had countersigned it and was restored since may not have had it any more.
    if (one.witnessed && !(restored_ && came_back != settled.end() && came_back->second))
      say("receipts", name + " was countersigned and is not in the stream");
    ++counts_["promise.came_back"];
  }
}

void passing_checkers::check_late(const std::vector<ports::stored_entry>& entries) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> settled;
  std::map<std::string, std::uint64_t> notes;
  for (const auto& entry : entries) {
    if (!entry.record)
      continue;
    if (const auto* late = std::get_if<law::late_entry_settled>(&entry.record->event)) {
      ++counts_["late." + std::string{law::name_of(late->outcome)}];
      if (!settled.try_emplace({late->cut, late->seq}, entry.seq).second)
        say("late", at_seq(late->seq) + " of the tail of epoch " + std::to_string(late->cut) + " is settled twice");
    }
    // Each note of a run says something else.
    const auto* note = std::get_if<law::processing_event>(&entry.record->event);
    if (note && note->label.str().starts_with("note n") && !notes.try_emplace(note->label.str(), entry.seq).second)
      say("late", at_seq(entry.seq) + " says again what " + at_seq(notes[note->label.str()]) + " says");
  }
}

/// A lease is a fact: whoever has signed one has done so, whatever another node had recorded meanwhile.
// [R441-2-15-I-8] [L441-2-7-4-1]
void passing_checkers::check_leases(const std::vector<ports::stored_entry>& entries) {
  law::demand_book book;
  law::late_book settled;
  for (const auto& entry : entries)
    if (entry.record) {
      book.apply(entry.subject, *entry.record, entry.seq);
      settled.apply(entry.subject, *entry.record, entry.seq);
    }
  auto in_force = [](const law::candidacy& k) { return k.open() && k.step == law::candidacy_step::lease_signed; };
  for (auto id : book.dossiers_by_arrival())
    if (const auto* d = book.find(id); d && std::ranges::count_if(d->candidacies, in_force) > (d->conflict ? 2 : 1))
      say("leases", "demande " + d->number.text() + " has two leases in force, and nobody is told");
  std::set<law::late_book::key> seen;
  for (std::size_t which = 0; which < passing_world::node_count; ++which) {
    auto& reader = w_.node(which).reader();
    for (const auto& cut : reader.cuts(world::stream()))
      for (const auto& late : reader.orphans(world::stream(), cut.epoch, 0, 100'000))
        if (late.entry.record && std::holds_alternative<law::lease_signed>(late.entry.record->event) &&
            seen.insert({late.cut, late.entry.seq}).second)
          check_late_lease(late, entries, settled);
  }
}

void passing_checkers::check_late_lease(const ports::orphan_entry& late,
                                        const std::vector<ports::stored_entry>& entries,
                                        const law::late_book& settled) {
  auto name = at_seq(late.entry.seq) + " of the tail of epoch " + std::to_string(late.cut) + ", a lease,";
  const auto* file = settled.find({late.cut, late.entry.seq});
  if (!file)
    return say("leases", name + " has no outcome");
  const auto& outcome = file->settled;
  ++counts_["late_lease." + std::string{law::name_of(outcome.outcome)}];
  const auto& lease = std::get<law::lease_signed>(late.entry.record->event);
  auto is_it = [&](const ports::stored_entry& entry) {
    const auto* there = entry.record ? std::get_if<law::lease_signed>(&entry.record->event) : nullptr;
    return entry.seq >= outcome.first_seq && entry.seq <= outcome.last_seq && there &&
           there->candidacy == lease.candidacy;
  };
  bool is_there = outcome.outcome == law::late_outcome::recorded && std::ranges::any_of(entries, is_it);
  bool is_told = outcome.outcome == law::late_outcome::conflict && !outcome.code.empty();
  if (!is_there && !is_told)
    say("leases", name + " is neither in the stream nor told as what contradicts it");
}

/// By the shortest way: nobody radiates or designates a demande that is not there to be radiated or designated.
void passing_checkers::check_decisions(const std::vector<ports::stored_entry>& entries) {
  law::demand_book book;
  for (const auto& entry : entries) {
    if (!entry.record)
      continue;
    const auto* d = book.find(law::id_of<law::dossier_id>(entry.subject));
    bool is_over = d && d->status == law::demande_status::radiated;
    bool decides = std::holds_alternative<law::radiated>(entry.record->event) ||
                   std::holds_alternative<law::designated>(entry.record->event);
    if (is_over && decides)
      say("decided", at_seq(entry.seq) + " decides on a demande that was radiated");
    book.apply(entry.subject, *entry.record, entry.seq);
  }
}

/// Nobody has altered or forged anything.
void passing_checkers::check_alarms() {
  using enum ports::alarm_kind;
  for (std::size_t which = 0; which < passing_world::node_count; ++which)
    for (const auto& alarm : w_.node(which).links().told())
      if (alarm.kind == forked || alarm.kind == altered || alarm.kind == bad_signature)
        say("alarms", w_.members()[which].name.text() + " raises " + words_of(alarm));
}

} // namespace toit::simulation
