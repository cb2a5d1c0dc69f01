// What the writer takes from other nodes: replicas of their streams, and what it lacks of its own.

#include "journal/transfer_check.hpp"
#include "journal/writer.hpp"

#include <utility>

namespace toit::journal {

using ports::transfer_status;

void journal_writer_on_store::hold_back(const ports::stream_id& stream, bool behind) {
  if (behind) {
    held_back_.insert(stream);
    return;
  }
  held_back_.erase(stream);
  change_key(stream);
}

void journal_writer_on_store::change_key(const ports::stream_id& stream) {
  if (!changes_key_ || read_only_ || held_back_.contains(stream) || !streams_.contains(stream) || can_sign(stream))
    return;
  try {
    changes_key_(stream);
  } catch (const store_full&) {
    store_.roll_back();
    read_only_ = true;
  }
}

/// An entry that is here and not yet heeded may be the one that gives the stream to another: who still writes has not
/// heard of it.
// [L441-2-7-4-1]
std::uint64_t journal_writer_on_store::ordering_seq_of(const ports::stream_id& stream) const {
  auto ordering = ordering_.find(stream);
  if (ordering == ordering_.end())
    return 0;
  if (auto own = streams_.find(ordering->second); own != streams_.end())
    return own->second.at.seq;
  auto heeded = heeded_.find(ordering->second);
  return heeded == heeded_.end() ? 0 : heeded->second;
}

namespace {

std::set<std::tuple<key_purpose, std::uint32_t, bytes32>> keys_here(store_reader& rows,
                                                                    const ports::stream_id& stream) {
  std::set<std::tuple<key_purpose, std::uint32_t, bytes32>> keys;
  for (const auto& key : rows.keys())
    if (key.stream == stream)
      keys.emplace(key.purpose, key.epoch, key.recipient);
  return keys;
}

} // namespace

journal_writer_on_store::replica_state& journal_writer_on_store::replica_of(const ports::stream_id& stream) {
  auto [place, is_new] = replicas_.try_emplace(stream);
  auto& state = place->second;
  if (!is_new)
    return state;
  state.at.link = first_link(stream);
  if (auto head = committed_->last_head(stream)) {
    auto last = committed_->entry(stream, head->seq);
    if (!last || last->link != head->link)
      throw store_broken{"replica " + stream.text() + ", entry " + std::to_string(head->seq) +
                         ": is not what was written"};
    state.at = {head->seq, last->header.epoch, last->header.recorded_at_ms, last->link, head->ordering_seq};
    state.signers = named_signers_of(*committed_, stream);
  }
  state.keys = keys_here(*committed_, stream);
  return state;
}

bool journal_writer_on_store::has_key(const replica_state& replica, const std::optional<bytes32>& escrow) const {
  // An epoch that nobody took up has no key.
  return !escrow || (replica.keys.contains({key_purpose::stream, 0, *escrow}) &&
                     std::ranges::all_of(replica.signers, [&](const named_signer& signer) {
                       return replica.keys.contains({key_purpose::stream, signer.epoch, *escrow});
                     }));
}

namespace {

/// Of one stream, which travel in one message.
constexpr std::size_t keys_most = 1024;

/// Of the keys that are here of the stream, where the transfer brings any.
std::function<std::optional<key_id>(const sealed_key&)> signers_of_keys(store_reader& rows,
                                                                        const ports::transfer& brought) {
  std::map<std::tuple<key_purpose, std::uint32_t, bytes32>, key_id> signers;
  if (!brought.keys.empty())
    for (const auto& key : rows.keys())
      if (key.stream == brought.stream)
        signers.emplace(std::tuple{key.purpose, key.epoch, key.recipient}, key.key_id);
  return [signers = std::move(signers)](const sealed_key& key) -> std::optional<key_id> {
    auto found = signers.find({key.purpose, key.epoch, key.recipient});
    return found == signers.end() ? std::nullopt : std::optional{found->second};
  };
}

ports::transfer_result result_of(const ports::stream_id& stream, transfer_status status, const stream_position& at) {
  ports::transfer_result result;
  result.status = status;
  result.now = {stream, at.epoch, at.seq, at.link};
  return result;
}

} // namespace

bool journal_writer_on_store::is_signed_here(const sealed_key& key) const {
  return std::ranges::any_of(own_, [&](const public_key& own) { return journal::verify(key, own); });
}

bool journal_writer_on_store::is_for_own(const sealed_key& key) const {
  auto is_recipient = [&](const bytes32& secret) { return key.recipient == operating_public(secret); };
  return std::ranges::any_of(operating_secrets(secrets_), is_recipient);
}

/// What a host's own keys open he has sealed himself, or signed when he took the stream over: beside such a row, or in
/// its place, one that a former host has signed would open nothing, and keep this node from ever loading its stream. Of
/// a stream that goes on under another's key this node is the host no more.
bool journal_writer_on_store::is_slipped_in(const sealed_key& key, const replica_state& after) const {
  bool goes_on_here = after.signers.empty() || is_own(after.signers.back().key);
  return goes_on_here && !is_signed_here(key) && is_for_own(key);
}

ports::transfer_result journal_writer_on_store::stage_transfer(const ports::transfer& brought) {
  auto hosted = streams_.find(brought.stream);
  bool is_hosted = hosted != streams_.end();
  replica_state own;
  if (is_hosted) {
    own.at = hosted->second.at;
    own.signers = hosted->second.signers;
    own.keys = keys_here(*committed_, brought.stream);
  }
  auto& here = is_hosted ? own : replica_of(brought.stream);
  if (read_only_)
    return result_of(brought.stream, transfer_status::read_only, here.at);
  // One transfer of a stream a group; what is hosted here grows by appends, but while it is behind.
  if (staged_transfers_.contains(brought.stream) || (is_hosted && !held_back_.contains(brought.stream)))
    return result_of(brought.stream, transfer_status::gap, here.at);
  return stage_checked(brought, here, is_hosted);
}

ports::transfer_result journal_writer_on_store::stage_checked(const ports::transfer& brought, replica_state& here,
                                                              bool hosted) {
  replica_view view{
      {here.at.seq, here.at.epoch, here.at.recorded_at_ms, here.at.link, here.at.ordering_seq, here.signers},
      {},
      {},
      {},
      {},
      signers_of_keys(*committed_, brought)};
  view.link_of = [&](std::uint64_t seq) -> std::optional<bytes32> {
    if (seq == 0)
      return first_link(brought.stream);
    auto row = committed_->entry(brought.stream, seq);
    return row ? std::optional{row->link} : std::nullopt;
  };
  view.subject_of = [&](std::uint64_t seq) -> std::optional<law::subject_id> {
    auto row = committed_->entry(brought.stream, seq);
    return row ? std::optional{row->header.subject} : std::nullopt;
  };
  view.is_erased = [&](std::uint64_t seq) {
    auto row = committed_->entry(brought.stream, seq);
    return row && row->erased;
  };
  view.place_at = [&](std::uint64_t seq) -> std::optional<replica_place> {
    auto row = committed_->entry(brought.stream, seq);
    auto heads = committed_->heads(brought.stream, seq, 1);
    if (!row || heads.empty() || heads.front().seq != seq)
      return std::nullopt;
    auto signers = here.signers;
    std::erase_if(signers, [&](const named_signer& signer) { return signer.named_at > seq; });
    return replica_place{seq,       row->header.epoch,          row->header.recorded_at_ms,
                         row->link, heads.front().ordering_seq, std::move(signers)};
  };
  auto checked = check_transfer(brought, view);
  auto result = result_of(brought.stream, checked.status, here.at);
  result.at = checked.at;
  result.other_history = checked.other_history;
  if (checked.other_history)
    staged_foreign_.push_back(*checked.other_history);
  auto after = here;
  if (checked.status == transfer_status::stored) {
    if (!checked.rows.entries.empty()) {
      const auto& last = checked.rows.entries.back();
      after.at = {last.header.seq, last.header.epoch, last.header.recorded_at_ms, last.link,
                  checked.rows.heads.back().ordering_seq};
      after.signers = checked.signers;
    }
    std::erase_if(checked.keys,
                  [&](const sealed_key& key) { return is_given_up(key) || (hosted && is_slipped_in(key, after)); });
    for (const auto& key : checked.keys)
      after.keys.emplace(key.purpose, key.epoch, key.recipient);
    if (after.keys.size() > keys_most)
      return result_of(brought.stream, transfer_status::altered, here.at);
    result.now = {brought.stream, after.at.epoch, after.at.seq, after.at.link};
    auto missing = withheld_after(checked);
    result.content_there = missing.is_nothing();
    staged_transfer staged{std::move(checked.rows),
                           std::move(checked.keys),
                           after,
                           std::move(checked.accounts),
                           checked.rewound_to,
                           {},
                           missing};
    renew_numbers(staged, hosted);
    staged_transfers_.insert_or_assign(brought.stream, std::move(staged));
  }
  result.keys_there = has_key(after, brought.escrow);
  return result;
}

/// What a cut leaves out takes with it what was withheld there.
withheld journal_writer_on_store::withheld_after(const checked_transfer& checked) const {
  const auto& stream = checked.rows.stream;
  auto now = withheld_of(*committed_, stream);
  if (checked.rewound_to && !now.is_nothing())
    for (auto seq : unannounced_beyond(*committed_, stream, *checked.rewound_to))
      now.give(stream, seq);
  for (auto seq : checked.came_empty)
    now.take(stream, seq);
  for (auto seq : checked.accounted)
    now.give(stream, seq);
  return now;
}

/// What is opened here, with what the transfer brings of this node's own; absent where the stream is sealed to others.
std::optional<stream_keys> journal_writer_on_store::keys_with(const ports::stream_id& stream,
                                                              std::span<const sealed_key> brought) const {
  auto keys = *keys_->that_open(stream);
  for (const auto& sealed : brought) {
    auto secret = is_signed_here(sealed) ? open_key(sealed, secrets_) : std::nullopt;
    if (secret && sealed.purpose == key_purpose::stream)
      keys.add(sealed.epoch, *secret);
  }
  return keys.has_index() ? std::optional{std::move(keys)} : std::nullopt;
}

/// What finds a dossier by its number is no part of a stream: the host makes it again from what it can read. A former
/// host still has it, and loses what the stream has lost.
void journal_writer_on_store::renew_numbers(staged_transfer& staged, bool hosted) const {
  auto& rows = staged.rows;
  auto keys = keys_with(rows.stream, staged.keys);
  if (!keys)
    return;
  if (staged.rewound_to)
    staged.lost_numbers = numbers_beyond(rows.stream, *staged.rewound_to, *keys);
  auto is_free = [&](const bytes32& key) {
    return std::ranges::find(staged.lost_numbers, key) != staged.lost_numbers.end() ||
           !committed_->find_number(rows.stream, key);
  };
  // As at a start: what this node has written itself is all to be understood, and what others have may be newer.
  const auto& signers = staged.after.signers;
  auto is_own_epoch = [&, goes_on = hosted && !signers.empty() && is_own(signers.back().key)](const entry_row& row) {
    return goes_on && row.header.epoch >= signers.back().epoch;
  };
  for (const auto& row : rows.entries) {
    auto entry = read_row(row, *keys, is_own_epoch(row) ? unreadable::fails : unreadable::says_nothing);
    if (!entry.record)
      continue;
    if (const auto* tombstone = std::get_if<law::demande_erased>(&entry.record->event))
      forget_number(*tombstone, rows, *keys);
    if (const auto* registered = std::get_if<law::demande_registered>(&entry.record->event); hosted && registered)
      if (auto key = keys->number_key(registered->number); is_free(key))
        rows.numbers.push_back({key, row.header.subject});
  }
}

std::vector<bytes32> journal_writer_on_store::numbers_beyond(const ports::stream_id& stream, std::uint64_t after,
                                                             const stream_keys& keys) const {
  constexpr std::size_t rows_read = 1024;
  std::vector<bytes32> lost;
  for (auto rows = committed_->entries(stream, after, rows_read); !rows.empty();
       rows = committed_->entries(stream, rows.back().header.seq, rows_read))
    for (const auto& row : rows) {
      auto entry = read_row(row, keys, unreadable::says_nothing);
      if (const auto* registered = entry.record ? std::get_if<law::demande_registered>(&entry.record->event) : nullptr)
        lost.push_back(keys.number_key(registered->number));
    }
  return lost;
}

/// The row of an erased dossier goes with it: it is known here while its registration is still to be read.
void journal_writer_on_store::forget_number(const law::demande_erased& tombstone, stream_rows& rows,
                                            const stream_keys& keys) const {
  for (auto seq : tombstone.entries) {
    auto row = committed_->entry(rows.stream, seq);
    auto entry = row ? read_row(*row, keys, unreadable::says_nothing) : ports::stored_entry{};
    const auto* registered = entry.record ? std::get_if<law::demande_registered>(&entry.record->event) : nullptr;
    if (registered)
      rows.forgotten_numbers.push_back(keys.number_key(registered->number));
  }
}

/// An agent's account is its own subject for ever: it does not become a demandeur's because a neighbour says so.
void journal_writer_on_store::put_travelled(const ports::stream_id& stream, const ports::account_row& row) {
  auto itself = law::subject_of(row.account);
  if (row.about() == itself || !committed_->account_about(stream, itself))
    store_.put(stream, row);
}

void journal_writer_on_store::put_transfers() {
  for (const auto& [stream, staged] : staged_transfers_) {
    if (staged.rewound_to) {
      stream_rows lost;
      lost.stream = stream;
      lost.forgotten_numbers = staged.lost_numbers;
      store_.put(lost);
      store_.orphan(stream, *staged.rewound_to, staged.rows.entries.front().header.epoch);
    }
    store_.put(staged.rows);
    if (staged.withheld != withheld_of(*committed_, stream))
      store_.put_setting(withheld_setting(stream), staged.withheld.text());
    for (const auto& key : staged.keys)
      store_.put(key);
    for (const auto& row : staged.accounts)
      put_travelled(stream, row);
  }
  for (const auto& mark : staged_marks_)
    store_.put(mark);
  for (const auto& head : staged_foreign_)
    store_.put_foreign(head);
  for (const auto& rows : staged_orphans_)
    store_.put(rows);
}

void journal_writer_on_store::end_transfers(ports::synced& done) {
  auto staged = std::exchange(staged_transfers_, {});
  staged_marks_.clear();
  staged_foreign_.clear();
  staged_orphans_.clear();
  if (!done.entries) {
    empty_orphans_.clear();
    return;
  }
  for (auto& [stream, transfer] : staged) {
    if (streams_.contains(stream))
      take_rest(stream, transfer);
    else
      replicas_[stream] = std::move(transfer.after);
    if (!transfer.rows.entries.empty())
      done.replicas.push_back(stream);
  }
}

/// Of a stream of this node's own: commands answered and subjects moved are read from what has just been written.
/// Where somebody else has opened an epoch since, it is this node's own no more.
// [L441-2-7-4-1]
void journal_writer_on_store::take_rest(const ports::stream_id& stream, staged_transfer& transfer) {
  if (!transfer.after.signers.empty() && !is_own(transfer.after.signers.back().key))
    return let_go(stream);
  if (auto keys = keys_with(stream, transfer.keys))
    keys_->put(std::make_shared<const stream_keys>(*keys));
  if (transfer.rewound_to) {
    load(stream);
  } else {
    auto& state = state_of(stream);
    replay(stream, state, *keys_->of(stream), written_since(stream));
    require_own_head(stream, state);
  }
}

} // namespace toit::journal
