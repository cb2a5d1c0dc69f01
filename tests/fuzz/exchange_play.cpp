#include "tests/fuzz/exchange_play.hpp"

#include "journal/keys.hpp"

#include <algorithm>

namespace toit::fuzz {

namespace {

using namespace federation;

constexpr std::size_t acts_most = 400;
constexpr std::uint64_t entries_most = 60;
constexpr std::array<const char*, 4> names{"region", "departement", "plaine", "ensemble"};
constexpr std::array<const char*, 4> streams{"SR11", "SD93", "T200057867", "T200057875"};
constexpr law::instant begins{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2}};
constexpr law::civil_date today{std::chrono::year{2026} / 3 / 2};

node_name name_of(std::size_t which) { return *node_name::parse(names[which % names.size()]); }
stream_id stream_of(std::size_t which) { return *stream_id::parse(streams[which % streams.size()]); }

law::bytes32 filled(std::uint8_t byte) {
  law::bytes32 all;
  all.fill(byte);
  return all;
}

const std::shared_ptr<const journal::signing_key>& key_of(std::size_t which) {
  static const auto keys = [] {
    std::vector<std::shared_ptr<const journal::signing_key>> made;
    for (std::size_t i = 0; i <= names.size(); ++i)
      made.push_back(std::make_shared<const journal::signing_key>(filled(static_cast<std::uint8_t>(i + 1))));
    return made;
  }();
  return keys[which];
}
const journal::signing_key& anchor() { return *key_of(names.size()); }

directory describe(std::uint64_t number, std::uint8_t without) {
  directory made;
  made.number = number;
  made.purpose = law::text<16>{"training"};
  made.issued_at = begins;
  made.valid_until = begins + std::chrono::hours{without == 0xFF ? 1 : 24 * 400};
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto& entry = made.nodes.emplace_back();
    entry.name = name_of(i);
    entry.tier = i == 0 ? node_tier::region : i == 1 ? node_tier::departement : node_tier::territory;
    entry.legal_person = *law::siren::parse(i == 3 ? "200057875" : "200057867");
    entry.title = law::text<120>{names[i]};
    entry.link_keys.push_back({filled(static_cast<std::uint8_t>(0x40 + i)), {}, {}});
    entry.signing_keys.push_back({key_of(i)->public_half(), {}, {}});
    if (without == i + 1)
      entry.signing_keys.front().revoked = begins;
    entry.operating_key = filled(static_cast<std::uint8_t>(0x50 + i));
    if (i < 2)
      entry.escrow_key = filled(static_cast<std::uint8_t>(0x60 + i));
    entry.streams.push_back(stream_of(i));
  }
  for (std::size_t i = 2; i < names.size(); ++i) {
    auto& territory = made.territories.emplace_back();
    territory.stream = stream_of(i);
    territory.territory = *law::siren::parse(std::string_view{streams[i]}.substr(1));
    territory.name = law::text<120>{names[i]};
    territory.departements.push_back(*law::departement_code::parse("93"));
    territory.ordering = stream_of(0);
    territory.supervisors = {stream_of(0), stream_of(1)};
    territory.from = law::civil_date{std::chrono::year{2020} / 1 / 1};
  }
  return made;
}

/// Signed once: most plays bring the same ones.
const bytes& signed_directory(std::uint64_t number, std::uint8_t without) {
  static std::map<std::pair<std::uint64_t, std::uint8_t>, bytes> made;
  auto& one = made[{number, without}];
  if (one.empty())
    one = sign_directory(describe(number, without), anchor());
  return one;
}

law::bytes32 link_of(const stream_id& stream, std::uint64_t seq, std::uint32_t epoch) {
  constexpr std::uint64_t later = 0x80;
  return seq == 0 ? journal::first_link(stream) : filled(static_cast<std::uint8_t>(seq + later * epoch));
}

/// Those from the cut on are of epoch 1.
template <class Brought>
Brought entries_from(const stream_id& stream, std::uint64_t after, std::uint64_t until, std::uint64_t cut) {
  Brought made;
  made.stream = stream;
  for (auto seq = after + 1; seq <= until; ++seq) {
    auto& entry = made.entries.emplace_back();
    entry.seq = seq;
    entry.epoch = seq >= cut ? 1 : 0;
    entry.nonce.emplace();
    entry.content.emplace(8, static_cast<std::uint8_t>(seq));
  }
  auto& head = made.heads.emplace_back();
  head.stream = stream;
  head.epoch = until >= cut ? 1 : 0;
  head.first = after + 1;
  head.seq = until;
  head.link = link_of(stream, until, head.epoch);
  return made;
}

ports::witness_mark mark_of(std::size_t witness, const stream_id& stream, std::uint64_t seq, std::uint32_t epoch,
                            std::chrono::seconds after) {
  ports::witness_mark mark;
  mark.stream = stream;
  mark.epoch = epoch;
  mark.seq = seq;
  mark.link = link_of(stream, seq, epoch);
  mark.witness = stream_of(witness);
  mark.at = begins + after;
  journal::sign(mark, *key_of(witness));
  return mark;
}

} // namespace

// -- the disk -------------------------------------------------------------------------------------------------------

std::uint32_t pretended_disk::epoch_at(const stream_id& stream, std::uint64_t seq) const {
  auto found = cut_at.find(stream);
  return found != cut_at.end() && seq >= found->second ? 1 : 0;
}

void pretended_disk::cut(const stream_id& stream, std::uint64_t first, std::uint64_t last) {
  auto& end = ends[stream];
  if (end >= first)
    tails[stream] = end;
  cut_at[stream] = first;
  end = last;
}

std::vector<ports::stream_position> pretended_disk::positions() {
  std::vector<ports::stream_position> all;
  for (const auto& [stream, end] : ends)
    all.push_back(*position(stream));
  return all;
}

std::optional<ports::stream_position> pretended_disk::position(const stream_id& stream) {
  auto found = ends.find(stream);
  if (found == ends.end())
    return std::nullopt;
  auto epoch = epoch_at(stream, found->second);
  return ports::stream_position{stream, epoch, found->second, link_of(stream, found->second, epoch)};
}

std::optional<law::bytes32> pretended_disk::link_at(const stream_id& stream, std::uint64_t seq) {
  auto found = ends.find(stream);
  if (seq > (found == ends.end() ? 0 : found->second))
    return std::nullopt;
  return link_of(stream, seq, epoch_at(stream, seq));
}

std::optional<ports::signed_head> pretended_disk::head_covering(const stream_id& stream, std::uint64_t seq) {
  auto at = position(stream);
  if (!at || seq > at->seq)
    return std::nullopt;
  ports::signed_head head;
  head.stream = stream;
  head.epoch = at->epoch;
  head.first = 1;
  head.seq = at->seq;
  head.link = at->link;
  head.key_id = journal::id_of(signers(stream).back());
  return head;
}

std::vector<law::bytes32> pretended_disk::signers(const stream_id& stream) {
  auto host = std::ranges::find(streams, stream.view()) - streams.begin();
  return {key_of(static_cast<std::size_t>(host))->public_half()};
}

ports::transfer_ptr pretended_disk::read(const stream_id& stream, std::uint64_t after, std::size_t bytes_most) {
  auto at = position(stream);
  if (!at || after >= at->seq)
    return nullptr;
  constexpr std::size_t bytes_an_entry = 200;
  auto some = std::max<std::uint64_t>(1, bytes_most / bytes_an_entry);
  auto cut = cut_at.contains(stream) ? cut_at[stream] : UINT64_MAX;
  return std::make_shared<const ports::transfer>(
      entries_from<ports::transfer>(stream, after, std::min(at->seq, after + some), cut));
}

std::vector<ports::cut_place> pretended_disk::cuts(const stream_id& stream) {
  auto found = cut_at.find(stream);
  return found == cut_at.end() ? std::vector<ports::cut_place>{} : std::vector<ports::cut_place>{{1, found->second}};
}

std::vector<ports::orphan_position> pretended_disk::orphan_tails() {
  std::vector<ports::orphan_position> all;
  for (const auto& [stream, end] : tails)
    all.push_back({stream, 1, end, link_of(stream, end, 0)});
  return all;
}

ports::orphan_tail_ptr pretended_disk::read_orphans(const stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                                    std::size_t) {
  auto found = tails.find(stream);
  if (found == tails.end() || cut != 1 || after >= found->second)
    return nullptr;
  auto first = std::max(after, cut_at.at(stream) - 1);
  constexpr std::uint64_t some = 3;
  auto made = entries_from<ports::orphan_tail>(stream, first, std::min(found->second, first + some), UINT64_MAX);
  made.cut = cut;
  return std::make_shared<const ports::orphan_tail>(std::move(made));
}

law::list<ports::travelling_key, 1024> pretended_disk::keys(const stream_id&) { return {ports::travelling_key{}}; }
bool pretended_disk::has_keys_for(const stream_id&, const law::bytes32&) { return keys_there; }
bool pretended_disk::has_content_of(const stream_id&) { return keys_there; }

std::vector<ports::witness_mark> pretended_disk::marks(const stream_id& stream) {
  std::vector<ports::witness_mark> found;
  for (const auto& [of, mark] : given)
    if (of.first == stream)
      found.push_back(mark);
  return found;
}

// -- the play -------------------------------------------------------------------------------------------------------

exchange_play::exchange_play(bool state, std::span<const std::uint8_t> acts)
    : state_{state}, acts_{acts}, hosted_{own()} {
  disk_.ends[own()] = 5;
  disk_.ends[stream_of(state ? 2 : 0)] = 3;
  begin();
}

node_name exchange_play::self() const { return name_of(state_ ? 0 : 2); }
stream_id exchange_play::own() const { return stream_of(state_ ? 0 : 2); }

void exchange_play::begin() {
  unwritten_.clear();
  unwritten_tails_.clear();
  exchange_setup setup;
  setup.self = self();
  setup.hosted = hosted_;
  setup.authorities = authorities_;
  setup.signer = key_of(state_ ? 0 : 2);
  setup.run.fill(++runs_);
  static const auto first = describe(1, 0);
  setup.directory = first;
  setup.signed_directory = signed_directory(1, 0);
  setup.anchor = anchor().public_half();
  setup.limits.transfer_bytes = 1'000;
  setup.limits.window_bytes = 4'000;
  talk_ = std::make_unique<exchange>(std::move(setup), disk_, begins + since_start_, today);
}

void exchange_play::run() {
  look();
  for (std::size_t i = 0; i < acts_most && !acts_.empty(); ++i) {
    act();
    look();
  }
}

std::uint8_t exchange_play::take() {
  if (acts_.empty())
    return 0;
  auto first = acts_.front();
  acts_ = acts_.subspan(1);
  return first;
}

/// As many bytes as the next one says, two of them when it says 255.
std::span<const std::uint8_t> exchange_play::take_some() {
  std::size_t size = take();
  if (size == 0xFF)
    size = static_cast<std::size_t>(take()) << 8U | take();
  auto some = acts_.first(std::min(size, acts_.size()));
  acts_ = acts_.subspan(some.size());
  return some;
}

const node_name& exchange_play::choose_neighbour() {
  static const std::array all{name_of(0), name_of(1), name_of(2), name_of(3)};
  return all[take() % all.size()];
}
stream_id exchange_play::choose_stream() { return stream_of(take()); }
stream_id exchange_play::choose_territory() { return stream_of(2 + take() % 2); }
bool exchange_play::hosts(const stream_id& stream) const { return std::ranges::find(hosted_, stream) != hosted_.end(); }

void exchange_play::act() {
  switch (take() % 17) {
  case 0: {
    const auto& from = choose_neighbour();
    return talk_->received(from, take_some());
  }
  case 1:
    return hear_body();
  case 2:
    return hear_good_entries();
  case 3:
    return hear_good_mark();
  case 4:
    return hear_directory();
  case 5:
    return settle();
  case 6:
    return pass_time();
  case 7: {
    const auto& whose = choose_neighbour();
    return talk_->link_changed(whose, static_cast<ports::link_state>(take() % 3));
  }
  case 8: {
    auto stream = choose_stream();
    if (auto& end = disk_.ends[stream]; end < entries_most && !talk_->is_held(stream))
      end += 1 + take() % 4;
    return talk_->grown(stream);
  }
  case 9: {
    const auto& whom = choose_neighbour();
    return talk_->ask(whom, take(), bytes{1});
  }
  case 10: { // begun anew, perhaps from an older copy
    auto stream = choose_stream();
    if (auto found = disk_.ends.find(stream); found != disk_.ends.end())
      found->second = std::min<std::uint64_t>(found->second, 1 + take());
    return begin();
  }
  case 11:
    return pass_authority();
  case 12:
    return take_over_or_leave();
  case 13:
    return hear_good_orphans();
  case 14:
    return settle_orphans();
  case 15:
    return talk_->gather(choose_territory());
  default:
    disk_.keys_there = take() % 2 == 0;
  }
}

void exchange_play::hear(any_message said) {
  const auto& from = choose_neighbour();
  talk_->received(from, encode({from, self(), std::move(said)}));
}

/// Rightly addressed, so that what is inside is tried.
void exchange_play::hear_body() {
  const auto& from = choose_neighbour();
  auto sent = encode({from, self(), reply{}});
  sent.resize(sent.size() - 5); // the kind, and an array of 0 and no bytes
  auto kind = static_cast<std::uint8_t>(1 + take() % 15);
  sent.push_back(kind);
  auto body = take_some();
  sent.insert(sent.end(), body.begin(), body.end());
  talk_->received(from, sent);
}

void exchange_play::hear_good_entries() {
  auto stream = choose_stream();
  std::uint64_t after = take() % entries_most;
  auto until = after + 1 + take() % 4;
  auto cut = take() % 2 == 0 ? UINT64_MAX : std::uint64_t{take()} % entries_most;
  hear(entries{entries_from<ports::transfer>(stream, after, until, cut)});
}

void exchange_play::hear_good_mark() {
  std::size_t witness = take() % names.size();
  auto stream = choose_stream();
  std::uint64_t seq = take() % entries_most;
  marks said;
  said.given.push_back(mark_of(witness, stream, seq, take() % 2, std::chrono::seconds{take()}));
  auto from = name_of(witness);
  talk_->received(from, encode({from, self(), std::move(said)}));
}

void exchange_play::hear_directory() {
  std::uint64_t number = 1 + take() % 4;
  constexpr std::array<std::uint8_t, 4> kinds{0, 1, 3, 0xFF};
  hear(newer_directory{signed_directory(number, kinds[take() % kinds.size()])});
}

void exchange_play::hear_good_orphans() {
  std::uint64_t after = take() % entries_most;
  auto stream = choose_territory();
  auto tail = entries_from<ports::orphan_tail>(stream, after, after + 1 + take() % 4, UINT64_MAX);
  tail.cut = 1 + take() % 2;
  tail.marks.push_back(mark_of(take() % names.size(), stream, after + 1, 0, std::chrono::seconds{0}));
  if (take() % 4 != 0)
    return hear(orphans{std::move(tail)});
  hear(orphans_held{{stream, tail.cut, after, link_of(stream, after, 0)}, take() % 2 == 0});
}

/// The ordering stream that is here says another thing now.
void exchange_play::pass_authority() {
  auto& hosts = authorities_[choose_territory()];
  hosts = {};
  auto what = take();
  if (what % 3 != 0)
    hosts.passed.push_back({1, choose_neighbour()});
  if (what % 2 != 0)
    hosts.next = choose_neighbour();
  talk_->set_authorities(authorities_);
}

void exchange_play::take_over_or_leave() {
  auto stream = choose_territory();
  auto passed = authorities_.find(stream);
  bool is_ours =
      passed != authorities_.end() && !passed->second.passed.empty() && passed->second.passed.back().host == self();
  auto end = disk_.ends[stream];
  if (!hosts(stream) && is_ours && disk_.epoch_at(stream, end) == 0 && end > 0 && end < entries_most) {
    disk_.cut(stream, end + 1, end + 1);
    hosted_.push_back(stream);
    talk_->begin_hosting(stream);
  } else if (hosts(stream) && passed != authorities_.end() && !is_ours) {
    std::erase(hosted_, stream);
    talk_->stop_hosting(stream);
  }
}

void exchange_play::settle_orphans() {
  auto how = static_cast<ports::transfer_status>(take() % 8);
  if (unwritten_tails_.empty())
    return;
  auto brought = unwritten_tails_.front();
  unwritten_tails_.erase(unwritten_tails_.begin());
  const auto& last = brought->heads.back();
  talk_->orphans_written({how, {brought->stream, brought->cut, last.seq, last.link}});
}

/// The oldest transfer is on disk, or refused.
void exchange_play::settle() {
  using enum ports::transfer_status;
  auto how = static_cast<ports::transfer_status>(take() % 8);
  if (unwritten_.empty())
    return;
  auto brought = unwritten_.front();
  unwritten_.erase(unwritten_.begin());
  auto& end = disk_.ends[brought->stream];
  auto epoch = disk_.epoch_at(brought->stream, end);
  bool follows = !brought->entries.empty() && brought->entries.front().seq <= end + 1 &&
                 brought->entries.back().seq > end && brought->entries.back().seq <= entries_most;
  bool cuts = !brought->entries.empty() && epoch == 0 && brought->entries.front().epoch == 1 &&
              brought->entries.front().seq > 1 && brought->entries.front().seq <= end + 1;
  if (how == stored && cuts && brought->epoch == 1)
    disk_.cut(brought->stream, brought->entries.front().seq, brought->entries.back().seq);
  else if (how == stored && follows && brought->entries.back().epoch == epoch)
    end = brought->entries.back().seq;
  else if (how == stored)
    how = known;
  ports::transfer_result result;
  result.status = how;
  result.now = *disk_.position(brought->stream);
  result.at = end;
  result.keys_there = disk_.keys_there;
  talk_->written(result);
}

void exchange_play::pass_time() {
  since_start_ += std::chrono::milliseconds{50} * (1 + take());
  talk_->tick(since_start_, begins + since_start_, today);
}

void exchange_play::look() {
  auto todo = talk_->take();
  look_at(todo);
  for (auto& brought : todo.transfers)
    unwritten_.push_back(std::move(brought));
  for (auto& brought : todo.orphans)
    unwritten_tails_.push_back(std::move(brought));
  for (const auto& mark : todo.marks)
    disk_.given[{mark.stream, mark.witness}] = mark;
  for (const auto& question : todo.questions)
    talk_->answer(question.from, question.number, {});
}

void exchange_play::look_at(const exchange_actions& todo) {
  constexpr std::size_t messages_an_act = 200;
  law::require(todo.messages.size() <= messages_an_act, "an act is answered within a bound");
  for (const auto& one : todo.messages) {
    auto read = decode(one.sent);
    law::require(read && read->from == self() && read->to == one.to, "what is said can be read");
    law::require(one.to != read->from, "nobody speaks to himself");
  }
  for (const auto& brought : todo.transfers) {
    law::require(!hosts(brought->stream) || talk_->is_held(brought->stream),
                 "a stream of one's own is taken only while it is behind");
    law::require(brought->entries.size() <= 65'536, "what waits is bounded");
  }
  for (const auto& mark : todo.marks)
    law::require(mark.witness != own() || (state_ && !talk_->is_held(own()) && mark.seq == disk_.ends[mark.stream]),
                 "only what is here whole is countersigned, and by whom his own stream is known");
  for (const auto& tail : todo.orphans)
    law::require(hosts(tail->stream) && !tail->signers.empty(), "a tail is taken by the host, under somebody's keys");
  law::require(unwritten_tails_.size() + todo.orphans.size() <= 2 * names.size(),
               "one part of a tail a stream and neighbour is written");
  constexpr std::size_t waiting_most = 8;
  law::require(unwritten_.size() + todo.transfers.size() <= waiting_most,
               "one transfer a stream and neighbour is written");
  auto told = talk_->report();
  law::require(told.links.size() < names.size() && told.alarms.size() <= 100, "what is told is bounded");
}

} // namespace toit::fuzz
