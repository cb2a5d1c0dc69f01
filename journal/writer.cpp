#include "journal/writer.hpp"

#include "base/read_ahead.hpp"
#include "journal/in_parts.hpp"
#include "journal/transfers.hpp"

#include <cstring>

namespace toit::journal {

namespace {

constexpr std::uint64_t replay_chunk = 4096;

std::uint64_t fingerprint_of(law::command_id command) {
  std::uint64_t print;
  std::memcpy(&print, command.bytes.data(), sizeof print);
  return print;
}

law::instant instant_of(std::int64_t milliseconds) { return law::instant{std::chrono::milliseconds{milliseconds}}; }

entry_row row_of(const ports::entry_draft& draft, const stream_position& at, std::uint64_t previous) {
  entry_row row;
  row.header = {at.seq + 1, at.epoch, at.recorded_at_ms, draft.subject, previous, draft.payload.commitment};
  row.link = next_link(at.link, leaf_of(row.header));
  row.nonce = draft.payload.nonce;
  row.content = draft.payload.content;
  return row;
}

} // namespace

journal_writer_on_store::journal_writer_on_store(store& rows, access_log& log, const signing_key& signer,
                                                 const node_keys& secrets, std::shared_ptr<key_ring> keys,
                                                 std::shared_ptr<const ports::clock> clock,
                                                 std::shared_ptr<ports::files> kept,
                                                 std::function<std::optional<bytes32>()> escrow)
    : store_{rows}, log_{log}, signer_{signer}, secrets_{secrets}, own_{signing_publics(secrets)},
      keys_{std::move(keys)}, clock_{std::move(clock)}, kept_{std::move(kept)}, escrow_{std::move(escrow)},
      committed_{rows.open_reader()} {}

journal_writer_on_store::stream_state& journal_writer_on_store::state_of(const ports::stream_id& stream) {
  auto found = streams_.find(stream);
  law::require(found != streams_.end(), "a stream is loaded before it is written");
  return found->second;
}

std::uint64_t journal_writer_on_store::last_seq(const ports::stream_id& stream) const {
  auto found = streams_.find(stream);
  return found == streams_.end() ? 0 : found->second.at.seq;
}

bool journal_writer_on_store::can_sign(const ports::stream_id& stream) {
  const auto& signers = state_of(stream).signers;
  return signers.empty() || signers.back().key == signer_.public_half();
}

// -- staging --------------------------------------------------------------------------------------------------------

std::vector<ports::append_result> journal_writer_on_store::stage(std::span<const ports::append_ptr> appends) {
  held_reads nothing_moves{*committed_}; // this is the only writer
  std::vector<ports::append_result> results;
  results.reserve(appends.size());
  for (const auto& asked : appends)
    results.push_back(stage_one(*asked));
  return results;
}

ports::append_result journal_writer_on_store::stage_one(const ports::append& asked) {
  using enum ports::append_status;
  if (auto known = answered_before(asked.stream, asked.command, asked.request))
    return *known;
  if (auto known = refusal_before(asked.command, asked.request))
    return *known;
  if (is_fenced(asked.stream))
    return {.status = fenced};
  if (read_only_)
    return {.status = ports::append_status::read_only};
  if (held_back_.contains(asked.stream) || !can_sign(asked.stream))
    return {.status = behind};
  auto& state = state_of(asked.stream);
  // Sealed before an epoch that began meanwhile, it would never open again: it is to be sealed anew.
  // [L441-2-7-4-1]
  for (const auto& draft : asked.drafts)
    if (!draft.payload.nonce.empty() && draft.payload.epoch != state.at.epoch)
      return {.status = stale};
  for (const auto& read : asked.reads)
    if (state.last_of.find(read.subject) != read.last_seq)
      return {.status = stale};
  if (asked.drafts.empty())
    return {.status = appended};
  if (asked.registers_number) {
    auto key = keys_->of(asked.stream)->number_key(*asked.registers_number);
    if (number_is_taken(asked, key))
      return {.status = number_taken};
    rows_of(asked.stream).numbers.push_back({key, asked.drafts.front().subject});
  }
  if (asked.forgets_number)
    rows_of(asked.stream).forgotten_numbers.push_back(keys_->of(asked.stream)->number_key(*asked.forgets_number));
  ports::append_result result;
  chain(asked, result);
  auto& rows = rows_of(asked.stream);
  rows.emptied.insert(rows.emptied.end(), asked.empties.begin(), asked.empties.end());
  for (const auto& draft : asked.drafts)
    if (std::holds_alternative<law::demande_erased>(draft.record->event))
      rows.erased.push_back(draft.subject);
  auto& accounts = staged_accounts_[asked.stream];
  accounts.insert(accounts.end(), asked.accounts.begin(), asked.accounts.end());
  if (!asked.command.empty()) {
    auto print = fingerprint_of(asked.command);
    staged_commands_[asked.command] = {asked.request, result.first_seq, result.last_seq, result.recorded_at};
    undo_of(asked.stream).answered.emplace_back(print, state.answered.find(print));
    state.answered.set(print, result.first_seq);
  }
  state.closed = asked.closes;
  return result;
}

void journal_writer_on_store::chain(const ports::append& asked, ports::append_result& result) {
  law::require(!asked.drafts.empty(), "an append records something");
  auto& state = state_of(asked.stream);
  auto& before = undo_of(asked.stream);
  auto& rows = rows_of(asked.stream);
  auto now = clock_->now().time_since_epoch().count();
  state.at.recorded_at_ms = std::max(state.at.recorded_at_ms, std::int64_t{now});
  result.first_seq = state.at.seq + 1;
  auto& batch = staged_batches_[asked.stream];
  if (!batch)
    batch = std::make_shared<ports::entry_batch>(ports::entry_batch{asked.stream, {}});
  for (const auto& draft : asked.drafts) {
    auto previous = state.last_of.find(draft.subject);
    before.last_of.emplace_back(draft.subject, previous);
    rows.entries.push_back(row_of(draft, state.at, previous));
    state.at.link = rows.entries.back().link;
    state.last_of.set(draft.subject, ++state.at.seq);
    batch->entries.push_back(
        {state.at.seq, state.at.epoch, instant_of(state.at.recorded_at_ms), draft.subject, previous, draft.record});
  }
  result.last_seq = state.at.seq;
  result.recorded_at = instant_of(state.at.recorded_at_ms);
}

std::optional<ports::append_result> journal_writer_on_store::answered_before(const ports::stream_id& stream,
                                                                             law::command_id command,
                                                                             const law::bytes32& request) {
  if (command.empty())
    return std::nullopt;
  auto result_of = [&](const law::bytes32& first_request, ports::append_result repeated) {
    repeated.status = first_request == request ? ports::append_status::repeated : ports::append_status::key_reused;
    return repeated;
  };
  if (auto staged = staged_commands_.find(command); staged != staged_commands_.end()) {
    const auto& known = staged->second;
    return result_of(known.request,
                     {.first_seq = known.first_seq, .last_seq = known.last_seq, .recorded_at = known.recorded_at});
  }
  const auto* answered = answered_in(stream);
  auto first = answered ? answered->find(fingerprint_of(command)) : 0;
  auto row = first == 0 ? std::nullopt : committed_->entry(stream, first);
  if (!row)
    return std::nullopt;
  auto keys = keys_->that_open(stream);
  // A former host's that cannot be read is nobody's answer, and no reason to end.
  auto entry = read_row(*row, *keys, unreadable::says_nothing);
  // An erased entry no longer says whose command it was: the dossier is gone, and so is the question.
  if (!entry.record || entry.record->command != command)
    return std::nullopt;
  ports::append_result repeated{.first_seq = first, .last_seq = first, .recorded_at = entry.recorded_at};
  for (const auto& next : committed_->entries(stream, first, 512)) {
    auto following = read_row(next, *keys, unreadable::says_nothing);
    if (!following.record || following.record->command != command)
      break;
    repeated.last_seq = following.seq;
  }
  return result_of(entry.record->request, repeated);
}

std::optional<ports::append_result> journal_writer_on_store::refusal_before(law::command_id command,
                                                                            const law::bytes32& request) {
  auto refused = command.empty() ? std::nullopt : log_.refusal_of(command, clock_->now());
  if (!refused)
    return std::nullopt;
  ports::append_result result;
  bool same = refused->request == request;
  result.status = same ? ports::append_status::refused_before : ports::append_status::key_reused;
  result.refusal = std::move(refused->refusal);
  return result;
}

bool journal_writer_on_store::number_is_taken(const ports::append& asked, const bytes32& key) {
  const auto& staged = rows_of(asked.stream).numbers;
  return std::ranges::find(staged, key, &number_row::number_key) != staged.end() ||
         committed_->find_number(asked.stream, key).has_value();
}

ports::append_result journal_writer_on_store::stage_refusal(const ports::log_line& attempt) {
  for (const auto& [stream, state] : streams_)
    if (auto known = answered_before(stream, attempt.command, attempt.request))
      return *known;
  for (const auto& [stream, answered] : released_)
    if (auto known = answered_before(stream, attempt.command, attempt.request))
      return *known;
  if (auto known = refusal_before(attempt.command, attempt.request))
    return *known;
  log_.stage(attempt, clock_->now());
  ports::append_result result;
  result.status = ports::append_status::refused_before;
  result.refusal = attempt.refusal;
  return result;
}

void journal_writer_on_store::stage_consultation(const ports::log_line& line) { log_.stage(line, clock_->now()); }

// -- sync -----------------------------------------------------------------------------------------------------------

journal_writer_on_store::undo& journal_writer_on_store::undo_of(const ports::stream_id& stream) {
  auto found = std::ranges::find(undo_, stream, &undo::stream);
  if (found != undo_.end())
    return *found;
  undo_.push_back({stream, state_of(stream).at, {}, {}, state_of(stream).closed});
  return undo_.back();
}

stream_rows& journal_writer_on_store::rows_of(const ports::stream_id& stream) {
  // The position to come back to is noted before the first row of a group.
  undo_of(stream);
  auto [place, is_new] = staged_rows_.try_emplace(stream);
  place->second.stream = stream;
  return place->second;
}

void journal_writer_on_store::write_rows() {
  store_.begin();
  for (auto& [stream, rows] : staged_rows_) {
    if (!rows.entries.empty()) {
      auto& at = state_of(stream).at;
      at.ordering_seq = std::max(at.ordering_seq, ordering_seq_of(stream));
      auto& head = rows.heads.emplace_back();
      head.stream = stream;
      head.epoch = at.epoch;
      head.first = rows.entries.front().header.seq;
      head.seq = at.seq;
      head.link = at.link;
      head.ordering_seq = at.ordering_seq;
      signer_.sign(head);
      law::require(load_of(rows.entries).bytes <= ports::batch_load::bytes_most,
                   "a batch travels whole, in one message");
    }
    store_.put(rows);
  }
  for (const auto& [stream, accounts] : staged_accounts_)
    for (const auto& account : accounts)
      store_.put(stream, account);
  put_transfers();
  store_.commit();
}

void journal_writer_on_store::undo_staged() {
  for (auto& before : undo_) {
    auto& state = state_of(before.stream);
    state.at = before.at;
    state.closed = before.closed;
    for (auto change = before.last_of.rbegin(); change != before.last_of.rend(); ++change)
      state.last_of.set(change->first, change->second);
    for (auto change = before.answered.rbegin(); change != before.answered.rend(); ++change)
      state.answered.set(change->first, change->second);
  }
}

bool journal_writer_on_store::nothing_staged() const {
  return staged_rows_.empty() && staged_accounts_.empty() && staged_transfers_.empty() && staged_marks_.empty() &&
         staged_foreign_.empty() && staged_orphans_.empty();
}

ports::synced journal_writer_on_store::sync() {
  ports::synced done;
  if (!nothing_staged()) {
    try {
      write_rows();
    } catch (const store_full&) {
      store_.roll_back();
      undo_staged();
      read_only_ = true;
      done.entries = false;
    }
  }
  if (done.entries) {
    for (auto& [stream, batch] : staged_batches_)
      done.batches.push_back(std::move(batch));
    for (const auto& [stream, rows] : staged_rows_)
      done.heads.insert(done.heads.end(), rows.heads.begin(), rows.heads.end());
  }
  end_transfers(done);
  staged_batches_.clear();
  staged_rows_.clear();
  staged_commands_.clear();
  staged_accounts_.clear();
  undo_.clear();
  done.lines = log_.sync();
  return done;
}

/// Keys of the stream that this recipient does not have, sealed to him.
std::vector<sealed_key> journal_writer_on_store::not_sealed_to(const ports::stream_id& stream,
                                                               const bytes32& recipient) {
  std::map<std::pair<key_purpose, std::uint32_t>, std::optional<bytes32>> secrets;
  for (const auto& sealed : committed_->keys()) {
    if (sealed.stream != stream)
      continue;
    if (auto& secret = secrets[{sealed.purpose, sealed.epoch}]; !secret)
      secret = open_key(sealed, secrets_);
  }
  for (const auto& sealed : committed_->keys())
    if (sealed.stream == stream && sealed.recipient == recipient)
      secrets.erase({sealed.purpose, sealed.epoch});
  std::vector<sealed_key> missing;
  for (const auto& [which, secret] : secrets)
    if (secret)
      missing.push_back(seal_key(stream, which.second, which.first, *secret, recipient, signer_));
  return missing;
}

bool journal_writer_on_store::seal_keys_to(const ports::stream_id& stream, const bytes32& recipient) {
  law::require(streams_.contains(stream), "the keys of a stream are its host's to seal");
  law::require(nothing_staged(), "keys are sealed between two groups");
  auto missing = not_sealed_to(stream, recipient);
  if (missing.empty())
    return true;
  try {
    store_.begin();
    for (const auto& key : missing)
      store_.put(key);
    store_.commit();
    return true;
  } catch (const store_full&) {
    store_.roll_back();
    return false;
  }
}

void journal_writer_on_store::probe() {
  // Room for a group of ordinary size, not for one row alone: else the node would waver.
  static const std::string room(std::size_t{1} << 20, 'x');
  try {
    store_.begin();
    store_.put_setting("room", room);
    store_.commit();
    store_.begin();
    store_.put_setting("room", "");
    store_.commit();
    read_only_ = false;
  } catch (const store_full&) {
    store_.roll_back();
    return;
  }
  for (const auto& [stream, state] : streams_)
    change_key(stream);
}

// -- loading --------------------------------------------------------------------------------------------------------

namespace {

/// Sequences of fixed-width integers and ids, for the writer's own snapshot.
class fixed_reader {
public:
  explicit fixed_reader(byte_view content) : rest_{content} {}

  std::uint64_t u64() {
    auto part = take(8);
    std::uint64_t value = 0;
    for (auto byte : part)
      value = value << 8 | byte;
    return value;
  }
  void into(std::span<std::uint8_t> target) {
    auto part = take(target.size());
    std::copy(part.begin(), part.end(), target.begin());
  }
  bool good() const { return good_; }

private:
  byte_view take(std::size_t size) {
    static constexpr std::array<std::uint8_t, 32> nothing{};
    good_ = good_ && size <= rest_.size();
    if (!good_)
      return byte_view{nothing}.first(size);
    auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }

  byte_view rest_;
  bool good_ = true;
};

} // namespace

namespace {

constexpr hash_purpose kept_purpose = "toit.writer";

std::string kept_file(const ports::stream_id& stream) { return stream.text() + "-writer.snapshot"; }

} // namespace

void journal_writer_on_store::keep() {
  for (const auto& [stream, state] : streams_) {
    bytes out;
    out.reserve(72 + state.last_of.size() * 24 + state.answered.size() * 16);
    put_u64(out, state.at.seq);
    put_u64(out, state.at.epoch);
    put_u64(out, static_cast<std::uint64_t>(state.at.recorded_at_ms));
    put(out, state.at.link);
    put_u64(out, state.last_of.size());
    put_u64(out, state.answered.size());
    state.last_of.for_each([&](law::subject_id subject, std::uint64_t seq) {
      put(out, subject.bytes);
      put_u64(out, seq);
    });
    state.answered.for_each([&](fingerprint print, std::uint64_t seq) {
      put_u64(out, print);
      put_u64(out, seq);
    });
    try {
      auto file = kept_->create(kept_file(stream));
      file->append(keys_->of(stream)->seal_local(kept_purpose, out));
      file->commit();
    } catch (const ports::files_full&) {
      // The journal itself says it all: the next start reads more of it.
      kept_->remove(kept_file(stream));
    }
  }
}

/// What was kept, if it opens and the journal still has the entry at which it was kept.
std::optional<journal_writer_on_store::stream_state>
journal_writer_on_store::read_kept(const ports::stream_id& stream) {
  auto sealed = kept_->read(kept_file(stream), 0, std::size_t{1} << 32);
  auto plain = sealed ? keys_->of(stream)->open_local(kept_purpose, *sealed) : std::nullopt;
  if (!plain)
    return std::nullopt;
  fixed_reader in{*plain};
  stream_state state;
  state.at.seq = in.u64();
  state.at.epoch = static_cast<std::uint32_t>(in.u64());
  state.at.recorded_at_ms = static_cast<std::int64_t>(in.u64());
  in.into(state.at.link);
  auto subjects = in.u64();
  auto commands = in.u64();
  // What was kept cannot hold more than its own length.
  state.last_of.reserve(std::min<std::uint64_t>(subjects, plain->size()));
  state.answered.reserve(std::min<std::uint64_t>(commands, plain->size()));
  for (std::uint64_t i = 0; i < subjects && in.good(); ++i) {
    law::subject_id subject;
    in.into(subject.bytes);
    state.last_of.set(subject, in.u64());
  }
  for (std::uint64_t i = 0; i < commands && in.good(); ++i) {
    auto print = in.u64();
    state.answered.set(print, in.u64());
  }
  auto row = committed_->entry(stream, state.at.seq);
  if (!in.good() || !row || row->link != state.at.link)
    return std::nullopt;
  return state;
}

void journal_writer_on_store::load(const ports::stream_id& stream) {
  stream_state from_the_beginning;
  from_the_beginning.at.link = first_link(stream);
  auto state = read_kept(stream).value_or(std::move(from_the_beginning));
  replay(stream, state, *keys_->of(stream), written_since(stream));
  require_own_head(stream, state);
  streams_[stream] = std::move(state);
  keys_->set_written_since(stream, written_since(stream));
}

namespace {

[[noreturn]] void report(const ports::stream_id& stream, std::uint64_t seq, const char* what) {
  throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(seq) + ": " + what};
}

} // namespace

/// What a node has taken over was checked when it came, as far as it can be: no more is asked of it here.
// [L441-2-7-4-1]
std::uint32_t journal_writer_on_store::written_since(const ports::stream_id& stream) const {
  auto cuts = cuts_of(*committed_, stream);
  return cuts.empty() ? 0 : cuts.back().epoch;
}

namespace {

/// What a row says for itself, whatever stands before it: of a record no more is kept than a writer knows of its
/// stream, for those of a whole part are more than a processor has at hand.
struct replayed_row {
  bool is_as_written = false;
  bytes32 leaf{};
  law::command_id command;
  noted_record noted;
};

struct replayed_part {
  std::vector<entry_row> rows;
  std::vector<replayed_row> read; ///< of each row
};

} // namespace

/// Nobody else uses what is committed while the next rows are read ahead.
void journal_writer_on_store::replay(const ports::stream_id& stream, stream_state& state, const stream_keys& keys,
                                     std::uint32_t own_since, taking_over* made, std::optional<std::uint64_t> until) {
  auto read_one = [&](const entry_row& row) {
    replayed_row read{
        row.erased || commitment_of(row.nonce, row.content) == row.header.commitment, leaf_of(row.header), {}, {}};
    auto what = row.header.epoch < own_since ? unreadable::says_nothing : unreadable::fails;
    auto record = read.is_as_written ? read_row(row, keys, what).record : nullptr;
    if (!record)
      return read;
    read.command = record->command;
    if (made)
      read.noted = made->note_of(record->event);
    return read;
  };
  auto read_rows = [&](const std::uint64_t& after) {
    return committed_->entries(stream, after, until ? std::min(replay_chunk, *until - after) : replay_chunk);
  };
  // While this thread goes over a part others open the next one, and one reads the rows of that after it.
  base::read_ahead<std::uint64_t, std::vector<entry_row>> rows{read_rows};
  base::read_ahead<std::uint64_t, replayed_part> parts{[&](const std::uint64_t& after) {
    replayed_part part{rows.take(after), {}};
    if (part.rows.size() == replay_chunk)
      rows.begin(part.rows.back().header.seq);
    part.read = in_parts(part.rows, read_one);
    return part;
  }};
  for (bool goes_on = true; goes_on;) {
    auto part = parts.take(state.at.seq);
    goes_on = part.rows.size() == replay_chunk;
    if (goes_on)
      parts.begin(part.rows.back().header.seq);
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      const auto& row = part.rows[i];
      const auto& [is_as_written, leaf, command, noted] = part.read[i];
      const auto& header = row.header;
      if (header.seq != state.at.seq + 1)
        report(stream, state.at.seq + 1, "is missing");
      bool by_another = header.epoch < own_since;
      if (!by_another && header.previous != state.last_of.find(header.subject))
        report(stream, header.seq, "does not follow its subject's last entry");
      if (!is_as_written)
        report(stream, header.seq, "has another payload than was written");
      auto link = next_link(state.at.link, leaf);
      if (link != row.link)
        report(stream, header.seq, "is not what was written");
      if (!row.nonce.empty() && !keys.has(header.epoch))
        report(stream, header.seq, "is of an epoch whose key is not here");
      if (!command.empty() && state.answered.find(fingerprint_of(command)) == 0)
        state.answered.set(fingerprint_of(command), header.seq);
      if (made)
        made->keep(header.subject, noted);
      state.last_of.set(header.subject, header.seq);
      state.at = {header.seq, header.epoch, header.recorded_at_ms, link};
    }
  }
  settle(stream, state, until);
}

void journal_writer_on_store::settle(const ports::stream_id& stream, stream_state& state,
                                     std::optional<std::uint64_t> until) {
  auto head = committed_->last_head(stream);
  if (until)
    head = committed_->heads(stream, *until, 1).at(0);
  if (state.at.seq == 0 && !head)
    return;
  if (!head || head->seq != state.at.seq || head->link != state.at.link)
    report(stream, state.at.seq, "is not covered by the last signed head");
  state.signers = named_signers_of(*committed_, stream);
  std::erase_if(state.signers, [&](const named_signer& signer) { return signer.named_at > state.at.seq; });
  state.at.ordering_seq = head->ordering_seq;
  auto last = committed_->entry(stream, state.at.seq);
  auto record = last ? read_row(*last, stream_keys{stream}, unreadable::says_nothing).record : nullptr;
  state.closed = record && std::holds_alternative<law::stream_closing>(record->event);
}

void journal_writer_on_store::require_own_head(const ports::stream_id& stream, const stream_state& state) {
  auto head = committed_->last_head(stream);
  if (head && std::ranges::none_of(own_, [&](const public_key& key) { return journal::verify(*head, key); }))
    report(stream, state.at.seq, "has a head whose signature does not match");
}

} // namespace toit::journal
