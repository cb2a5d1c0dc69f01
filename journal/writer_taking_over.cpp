// What the writer does where a stream passes from one node to another [L441-2-7-4-1]: it lets go of it, or goes on with
// it from a cut; and keeps what the former host had made beyond.

#include "journal/codec.hpp"
#include "journal/orphan_check.hpp"
#include "journal/transfers.hpp"
#include "journal/withheld.hpp"
#include "journal/writer.hpp"

#include <set>
#include <sodium.h>
#include <tuple>
#include <utility>

namespace toit::journal {

using ports::adoption_status;
using ports::transfer_status;

// -- letting go -----------------------------------------------------------------------------------------------------

void journal_writer_on_store::release(const ports::stream_id& stream) {
  law::require(nothing_staged(), "a stream is released between two groups");
  let_go(stream);
}

void journal_writer_on_store::let_go(const ports::stream_id& stream) {
  replicas_.erase(stream);
  auto hosted = streams_.find(stream);
  if (hosted == streams_.end())
    return;
  released_.insert_or_assign(stream, std::move(hosted->second.answered));
  streams_.erase(hosted);
  keys_->set_written_since(stream, std::nullopt);
}

bool journal_writer_on_store::let_open(const ports::stream_id& stream, bool may) {
  law::require(nothing_staged(), "keys are given up between two groups");
  if (may || streams_.contains(stream)) {
    given_up_.erase(stream);
    return true;
  }
  given_up_.insert(stream);
  try {
    give_up_keys(stream);
    return true;
  } catch (const store_full&) {
    store_.roll_back();
    return false;
  }
}

bool journal_writer_on_store::is_given_up(const sealed_key& key) const {
  return given_up_.contains(key.stream) && is_for_own(key);
}

/// Who does not host a stream reads it by an act alone, with the escrow's key, for which it stays sealed. Accounts are
/// as sealed as they came: whoever takes the stream over again lets the same people in. The key of an epoch that is in
/// no stream opens a tail alone, and nobody else has it.
// [L441-2-7-4-1]
void journal_writer_on_store::give_up_keys(const ports::stream_id& stream) {
  auto left = std::make_shared<stream_keys>(stream);
  auto before = keys_->that_open(stream);
  auto cuts = cuts_of(*committed_, stream);
  auto is_in_stream = [&](std::uint32_t epoch) {
    return epoch == 0 || std::ranges::find(cuts, epoch, &ports::cut_place::epoch) != cuts.end();
  };
  before->for_each_epoch([&](std::uint32_t epoch, const bytes32& secret) {
    if (!is_in_stream(epoch))
      left->add(epoch, secret);
  });
  auto keys = committed_->keys();
  std::erase_if(keys, [&](const sealed_key& key) { return key.stream != stream || !is_given_up(key); });
  auto kept = std::ranges::stable_partition(keys, [&](const sealed_key& key) { return is_in_stream(key.epoch); });
  if (kept.begin() == keys.begin() && !before->has_index() && !before->has(0))
    return;
  store_.begin();
  for (const auto& secret : operating_secrets(secrets_))
    store_.delete_keys(stream, operating_public(secret));
  for (const auto& key : kept)
    store_.put(key);
  store_.forget_numbers(stream); // the rows of what is erased could not be found any more
  store_.commit();
  keys_->put(std::move(left));
  replicas_.erase(stream);
  released_.erase(stream);
}

bool journal_writer_on_store::is_fenced(const ports::stream_id& stream) const {
  auto hosted = streams_.find(stream);
  return hosted == streams_.end() || hosted->second.closed;
}

const flat_table<journal_writer_on_store::fingerprint>*
journal_writer_on_store::answered_in(const ports::stream_id& stream) const {
  if (auto hosted = streams_.find(stream); hosted != streams_.end())
    return &hosted->second.answered;
  auto released = released_.find(stream);
  return released == released_.end() ? nullptr : &released->second;
}

// -- taking over ----------------------------------------------------------------------------------------------------

ports::adoption_result journal_writer_on_store::adopt(const ports::adoption& asked) {
  law::require(nothing_staged(), "a stream is adopted between two groups");
  law::require(asked.epoch > 0, "the epoch before any cut is nobody's to open");
  given_up_.erase(asked.stream);
  if (read_only_)
    return {adoption_status::read_only};
  auto head = committed_->last_head(asked.stream);
  if (!head && !asked.opening)
    return {adoption_status::nothing};
  auto cuts = cuts_of(*committed_, asked.stream);
  auto last = cuts.empty() ? ports::cut_place{} : cuts.back();
  auto cut = cut_at(*committed_, asked.stream, last.seq);
  if (last.epoch > asked.epoch || (last.epoch == asked.epoch && (!cut || !is_own(cut->signing_key))))
    return {adoption_status::later};
  bool is_cut = last.epoch == asked.epoch;
  if (is_cut && streams_.contains(asked.stream))
    return {adoption_status::adopted, last.seq};
  if (!is_cut && asked.closed_at && (!head || std::pair{head->seq, head->link} != *asked.closed_at))
    return {adoption_status::apart};
  try {
    auto made = begin_taking_over(asked, is_cut);
    if (!made)
      return {adoption_status::locked};
    auto cut_seq = is_cut ? last.seq : add_cut(asked, *made);
    seal_to_all(asked, *made);
    auto unreadable = made->unreadable;
    finish(asked.stream, std::move(*made));
    return {adoption_status::adopted, cut_seq, std::move(unreadable)};
  } catch (const store_full&) {
    store_.roll_back();
    read_only_ = true;
    return {adoption_status::read_only};
  }
}

noted_record journal_writer_on_store::taking_over::note_of(const law::event& happened) const {
  if (const auto* registered = std::get_if<law::demande_registered>(&happened))
    return {keys->number_key(registered->number), {}};
  if (const auto* of_demandeur = std::get_if<law::applicant_account_closed>(&happened))
    return {{}, of_demandeur->account};
  return {};
}

void journal_writer_on_store::taking_over::keep(law::subject_id subject, const noted_record& noted) {
  if (noted.number_key)
    rows.numbers.push_back({*noted.number_key, subject});
  if (noted.closed)
    closed.emplace_back(subject, *noted.closed);
}

/// All that is here is read once, for what a writer knows of its stream, for the numbers of the dossiers and for the
/// accounts that are no more. Absent where the keys do not open.
std::optional<journal_writer_on_store::taking_over>
journal_writer_on_store::begin_taking_over(const ports::adoption& asked, bool is_cut) {
  taking_over made;
  made.rows.stream = asked.stream;
  made.keys = std::make_shared<stream_keys>(asked.stream);
  made.state.at.link = first_link(asked.stream);
  if (!committed_->last_head(asked.stream)) {
    begin_stream(asked, made);
    return made;
  }
  if (!open_keys(asked, made))
    return std::nullopt;
  if (auto hosted = streams_.find(asked.stream); hosted != streams_.end()) {
    made.state = hosted->second;
    return made;
  }
  // What was closed by agreement is gone on with there, and nowhere else.
  if (!is_cut && !asked.closed_at)
    made.cut_after = whole_up_to(asked.stream);
  made.renumbers = true;
  held_reads nothing_moves{*committed_}; // this is the only writer
  replay(asked.stream, made.state, *made.keys, asked.epoch, &made, made.cut_after);
  // The first dossier that bears a number keeps it, and rows that come in the order of their keys are written fast.
  std::ranges::stable_sort(made.rows.numbers, {}, &number_row::number_key);
  auto again = std::ranges::unique(made.rows.numbers, {}, &number_row::number_key);
  made.rows.numbers.erase(again.begin(), again.end());
  return made;
}

/// Where to cut so that nothing below is without its payload, unless an entry says that it was erased: it could never
/// come any more, and nobody who witnesses the stream would have all of it again. What this node has countersigned is
/// never without; the rest becomes a tail, and whoever has the payloads brings them. A cut follows a whole batch.
// [L441-2-7-4-1]
std::optional<std::uint64_t> journal_writer_on_store::whole_up_to(const ports::stream_id& stream) const {
  if (withheld_of(*committed_, stream).is_nothing())
    return std::nullopt;
  auto places = unannounced_beyond(*committed_, stream, 0);
  auto heads = places.empty() ? std::vector<ports::signed_head>{} : committed_->heads(stream, places.front(), 1);
  return heads.empty() || heads.front().first < 2 ? std::nullopt : std::optional{heads.front().first - 1};
}

namespace {

/// The first sealed entries of an epoch tell its secret from a wrong one: all that their host has not spoilt.
constexpr std::size_t entries_tried = 64;

bool opens_epoch(store_reader& rows, const ports::stream_id& stream, const ports::cut_place& epoch,
                 const bytes32& secret) {
  stream_keys keys{stream};
  keys.add(epoch.epoch, secret);
  bool is_tried = false;
  for (const auto& row : rows.entries(stream, epoch.seq, entries_tried)) {
    if (row.header.epoch != epoch.epoch || row.nonce.empty())
      continue;
    if (keys.decrypt(epoch.epoch, row.header.subject, row.nonce, row.content))
      return true;
    is_tried = true;
  }
  return !is_tried;
}

std::optional<bytes32> open_with(const sealed_key& sealed, std::span<const bytes32> secrets) {
  for (const auto& secret : secrets)
    if (auto opened = open_key(sealed, secret))
      return opened;
  return std::nullopt;
}

/// What an epoch's host has sealed to the authority's key, which is at hand, and does not open with it: none of it ever
/// will. A key that is not at hand, or is another one, is whose he is to bring.
bool is_lost(const ports::adoption& asked, std::span<const sealed_key> spoilt, std::uint32_t epoch) {
  return std::ranges::any_of(spoilt, [&](const sealed_key& key) {
    return key.purpose == key_purpose::stream && key.epoch == epoch &&
           std::ranges::find(asked.seal_to, key.recipient) != asked.seal_to.end();
  });
}

bool is_for(const sealed_key& sealed, std::span<const bytes32> secrets) {
  return std::ranges::any_of(secrets,
                             [&](const bytes32& secret) { return sealed.recipient == operating_public(secret); });
}

bytes32 fresh_secret() {
  bytes32 secret;
  randombytes_buf(secret.data(), secret.size());
  return secret;
}

} // namespace

void journal_writer_on_store::keep_key(taking_over& made, sealed_key sealed, const bytes32& secret) const {
  if (sealed.purpose == key_purpose::index)
    made.keys->set_index(secret);
  else
    made.keys->add(sealed.epoch, secret);
  sign(sealed, signer_);
  made.sealed.push_back(std::move(sealed));
}

/// Opens the keys of every epoch that is here, and signs those of which that is known: whoever comes after the former
/// host's keys are revoked must be able to believe them. A box of his that nobody here can open stays his. What he has
/// sealed that opens nothing, or does not open, keeps nobody from going on after him: it is as if he had spoilt each
/// entry.
// [L441-2-7-4-1]
bool journal_writer_on_store::open_keys(const ports::adoption& asked, taking_over& made) {
  auto secrets = operating_secrets(secrets_);
  secrets.insert(secrets.end(), asked.secrets.begin(), asked.secrets.end());
  auto epochs = cuts_of(*committed_, asked.stream);
  epochs.insert(epochs.begin(), ports::cut_place{});
  std::vector<std::pair<sealed_key, bytes32>> in_vain;
  for (auto& sealed : committed_->keys()) {
    auto epoch = std::ranges::find(epochs, sealed.epoch, &ports::cut_place::epoch);
    if (sealed.stream != asked.stream || epoch == epochs.end() || !is_for(sealed, secrets))
      continue;
    auto secret = open_with(sealed, secrets);
    if (!secret)
      made.spoilt.push_back(std::move(sealed));
    else if (sealed.purpose == key_purpose::stream && !opens_epoch(*committed_, asked.stream, *epoch, *secret))
      in_vain.emplace_back(std::move(sealed), *secret);
    else
      keep_key(made, std::move(sealed), *secret);
  }
  for (auto& [sealed, secret] : in_vain) {
    if (made.keys->has(sealed.epoch)) {
      made.spoilt.push_back(std::move(sealed));
      continue;
    }
    made.unreadable.push_back(sealed.epoch);
    keep_key(made, std::move(sealed), secret);
  }
  for (const auto& each : epochs) {
    if (made.keys->has(each.epoch))
      continue;
    if (!is_lost(asked, made.spoilt, each.epoch))
      return false;
    made.unreadable.push_back(each.epoch);
    made.keys->add(each.epoch, fresh_secret());
  }
  // It finds what is found again by it; whoever has sealed none has let nobody find anything.
  if (!made.keys->has_index())
    made.keys->set_index(fresh_secret());
  return true;
}

namespace {

entry_row row_in_clear(const law::record& record, std::uint32_t epoch, std::int64_t recorded_at_ms,
                       law::subject_id about, const stream_position& after, std::uint64_t previous) {
  entry_row row;
  row.content = encode(record);
  row.header = {after.seq + 1, epoch, recorded_at_ms, about, previous, commitment_of({}, row.content)};
  row.link = next_link(after.link, leaf_of(row.header));
  return row;
}

ports::signed_head head_alone(const ports::stream_id& stream, const entry_row& row, std::uint64_t ordering_seq,
                              const signing_key& signer) {
  ports::signed_head head;
  head.stream = stream;
  head.epoch = row.header.epoch;
  head.first = head.seq = row.header.seq;
  head.link = row.link;
  head.ordering_seq = ordering_seq;
  signer.sign(head);
  return head;
}

} // namespace

/// Of a territory where nobody had a node.
void journal_writer_on_store::begin_stream(const ports::adoption& asked, taking_over& made) {
  made.keys->add(0, fresh_secret());
  made.keys->set_index(fresh_secret());
  std::int64_t now = clock_->now().time_since_epoch().count();
  auto row = row_in_clear(*asked.opening, 0, now, {}, made.state.at, 0);
  made.rows.heads.push_back(head_alone(asked.stream, row, 0, signer_));
  made.state.at = {1, 0, now, row.link, 0};
  made.state.last_of.set({}, 1);
  made.state.signers = {{signer_.public_half(), 0, 0}};
  made.rows.entries.push_back(std::move(row));
}

std::uint64_t journal_writer_on_store::add_cut(const ports::adoption& asked, taking_over& made) {
  auto& state = made.state;
  law::record record{};
  record.occurred_on = asked.today;
  record.event = law::authority_cut{
      asked.epoch,           law::text<16>{asked.ordered_by.view()},     asked.ordered_seq, state.at.seq, state.at.link,
      signer_.public_half(), operating_public(secrets_.operating_secret)};
  auto about = subject_of_keys(asked.stream);
  auto now = std::max(state.at.recorded_at_ms, std::int64_t{clock_->now().time_since_epoch().count()});
  auto row = row_in_clear(record, asked.epoch, now, about, state.at, state.last_of.find(about));
  auto ordering = std::max({state.at.ordering_seq, ordering_seq_of(asked.stream), asked.ordered_seq});
  made.rows.heads.push_back(head_alone(asked.stream, row, ordering, signer_));
  state.at = {row.header.seq, asked.epoch, now, row.link, ordering};
  state.last_of.set(about, row.header.seq);
  state.signers.push_back({signer_.public_half(), asked.epoch, row.header.seq});
  state.closed = false;
  made.rows.entries.push_back(std::move(row));
  made.keys->add(asked.epoch, fresh_secret());
  return state.at.seq;
}

/// To whom a key is sealed already it is not sealed again.
void journal_writer_on_store::seal_to_all(const ports::adoption& asked, taking_over& made) {
  auto recipients = asked.seal_to;
  recipients.push_back(operating_public(secrets_.operating_secret));
  auto seal = [&](key_purpose purpose, std::uint32_t epoch, const bytes32& secret) {
    for (const auto& recipient : recipients) {
      auto same = [&](const sealed_key& key) {
        return key.purpose == purpose && key.epoch == epoch && key.recipient == recipient;
      };
      if (std::ranges::none_of(made.sealed, same))
        made.sealed.push_back(seal_key(asked.stream, epoch, purpose, secret, recipient, signer_));
    }
  };
  made.keys->for_each_epoch(
      [&](std::uint32_t epoch, const bytes32& secret) { seal(key_purpose::stream, epoch, secret); });
  seal(key_purpose::index, 0, made.keys->index());
}

/// What a demandeur's account was closed by is sealed: who held its row could not read it.
void journal_writer_on_store::drop_closed(const ports::stream_id& stream, const taking_over& made) {
  for (const auto& [dossier, account] : made.closed)
    if (auto row = committed_->account_about(stream, dossier); row && row->account == account)
      store_.put(stream, {account, {}});
}

/// A box is never written over: one that is no use makes room, and those beside it stay.
void journal_writer_on_store::drop_spoilt(const ports::stream_id& stream, const taking_over& made) {
  std::set<bytes32> recipients;
  for (const auto& key : made.spoilt)
    recipients.insert(key.recipient);
  if (recipients.empty())
    return;
  auto kept = committed_->keys();
  std::erase_if(kept, [&](const sealed_key& key) {
    auto is_it = [&](const sealed_key& spoilt) {
      return std::tie(spoilt.purpose, spoilt.epoch, spoilt.recipient) ==
             std::tie(key.purpose, key.epoch, key.recipient);
    };
    return key.stream != stream || !recipients.contains(key.recipient) || std::ranges::any_of(made.spoilt, is_it);
  });
  for (const auto& recipient : recipients)
    store_.delete_keys(stream, recipient);
  for (const auto& key : kept)
    store_.put(key);
}

/// What is withheld is all beyond.
void journal_writer_on_store::leave_out(const ports::stream_id& stream, std::uint64_t after, std::uint32_t cut) {
  auto missing = withheld_of(*committed_, stream);
  for (auto seq : unannounced_beyond(*committed_, stream, 0))
    missing.give(stream, seq);
  store_.put_setting(withheld_setting(stream), missing.text());
  store_.orphan(stream, after, cut);
}

/// On disk together, or not at all.
void journal_writer_on_store::finish(const ports::stream_id& stream, taking_over made) {
  store_.begin();
  if (made.cut_after)
    leave_out(stream, *made.cut_after, made.state.at.epoch);
  if (made.renumbers)
    store_.forget_numbers(stream);
  store_.put(made.rows);
  drop_spoilt(stream, made);
  for (const auto& key : made.sealed)
    store_.put(key);
  drop_closed(stream, made);
  store_.commit();
  keys_->put(std::move(made.keys));
  streams_.insert_or_assign(stream, std::move(made.state));
  keys_->set_written_since(stream, written_since(stream));
  replicas_.erase(stream);
  released_.erase(stream);
}

// -- what was made beyond the cut -----------------------------------------------------------------------------------

namespace {

/// The entry that the cut names.
tail_place begin_of_tail(store_reader& rows, const ports::stream_id& stream, std::uint64_t cut_seq) {
  auto before = rows.entry(stream, cut_seq - 1);
  auto heads = rows.heads(stream, cut_seq - 1, 1);
  if (!before || heads.empty())
    throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(cut_seq) + ": follows nothing"};
  return {before->header.seq, before->header.epoch, before->header.recorded_at_ms, before->link,
          heads.front().ordering_seq};
}

/// Where it ends here.
std::optional<tail_place> end_of_tail(store_reader& rows, const ports::stream_id& stream, std::uint32_t cut) {
  for (const auto& tail : rows.orphan_tails())
    if (tail.stream == stream && tail.cut == cut) {
      auto last = rows.orphan_entries(stream, cut, tail.seq - 1, 1);
      auto heads = rows.orphan_heads(stream, cut, tail.seq, 1);
      if (last.empty() || heads.empty())
        throw store_broken{"stream " + stream.text() + " has a tail and not its head"};
      return tail_place{tail.seq, last.front().header.epoch, last.front().header.recorded_at_ms, tail.link,
                        heads.front().ordering_seq};
    }
  return std::nullopt;
}

/// Epochs of a tail of which something is encrypted.
std::set<std::uint32_t> encrypted_epochs(const orphan_rows& rows) {
  std::set<std::uint32_t> epochs;
  for (const auto* some : {&rows.entries, &rows.filled})
    for (const auto& row : *some)
      if (!row.nonce.empty())
        epochs.insert(row.header.epoch);
  return epochs;
}

ports::orphan_result tail_result(const ports::orphan_tail& of, transfer_status status, std::uint64_t seq,
                                 const bytes32& link) {
  return {status, {of.stream, of.cut, seq, link}};
}

} // namespace

/// An epoch that a cut has left out whole has its key with its tail. What nobody here can open is not taken yet.
// [L441-2-7-4-1]
bool journal_writer_on_store::open_tail_keys(const ports::orphan_tail& brought, orphan_rows& rows) {
  auto here = keys_->that_open(brought.stream);
  auto lacking = encrypted_epochs(rows);
  std::erase_if(lacking, [&](std::uint32_t epoch) { return here->has(epoch); });
  if (lacking.empty())
    return true;
  auto secrets = operating_secrets(secrets_);
  if (auto more = escrow_ ? escrow_() : std::nullopt)
    secrets.push_back(*more);
  auto opened = std::make_shared<stream_keys>(*here);
  for (const auto& travelling : brought.keys) {
    auto sealed = key_brought(brought.stream, travelling);
    bool is_signed = std::ranges::any_of(brought.signers, [&](const auto& key) { return verify(sealed, key); });
    auto secret = is_signed && lacking.contains(sealed.epoch) ? open_with(sealed, secrets) : std::nullopt;
    if (!secret || opened->has(sealed.epoch))
      continue;
    opened->add(sealed.epoch, *secret);
    rows.keys.push_back(seal_key(brought.stream, sealed.epoch, key_purpose::stream, *secret,
                                 operating_public(secrets_.operating_secret), signer_));
  }
  if (!std::ranges::all_of(lacking, [&](std::uint32_t epoch) { return opened->has(epoch); }))
    return false;
  keys_->put(std::move(opened));
  return true;
}

/// Whoever erased a dossier here meant what others still had of it too.
void journal_writer_on_store::drop_erased(orphan_rows& rows) {
  auto hosted = streams_.find(rows.stream);
  if (hosted == streams_.end())
    return;
  auto is_erased = [&](law::subject_id subject) {
    auto last = hosted->second.last_of.find(subject);
    auto entry = last == 0 ? std::nullopt : committed_->entry(rows.stream, last);
    auto record = entry && entry->nonce.empty() && !entry->erased ? decode(entry->content) : std::nullopt;
    return record && std::holds_alternative<law::demande_erased>(record->event);
  };
  for (auto& row : rows.entries)
    if (is_erased(row.header.subject)) {
      row.nonce.clear();
      row.content.clear();
      row.erased = true;
    }
  std::erase_if(rows.filled, [&](const entry_row& row) { return is_erased(row.header.subject); });
}

/// Entries of a tail that are here without their payload: read once.
std::set<std::uint64_t>& journal_writer_on_store::empty_of_tail(const ports::stream_id& stream, std::uint32_t cut) {
  constexpr std::size_t rows_read = 1024;
  auto [place, is_new] = empty_orphans_.try_emplace({stream, cut});
  for (std::uint64_t after = 0; is_new;) {
    auto rows = committed_->orphan_entries(stream, cut, after, rows_read);
    if (rows.empty())
      break;
    after = rows.back().header.seq;
    for (const auto& row : rows)
      if (row.erased)
        place->second.insert(row.header.seq);
  }
  return place->second;
}

ports::orphan_result journal_writer_on_store::stage_orphans(const ports::orphan_tail& brought) {
  held_reads nothing_moves{*committed_}; // this is the only writer
  auto cuts = cuts_of(*committed_, brought.stream);
  auto cut = std::ranges::find(cuts, brought.cut, &ports::cut_place::epoch);
  if (cut == cuts.end() || cut->seq < 2)
    return tail_result(brought, transfer_status::gap, 0, first_link(brought.stream));
  auto begin = begin_of_tail(*committed_, brought.stream, cut->seq);
  orphan_view here{begin.seq, end_of_tail(*committed_, brought.stream, brought.cut).value_or(begin), {}, {}};
  if (read_only_)
    return tail_result(brought, transfer_status::read_only, here.at.seq, here.at.link);
  auto is_same = [&](const orphan_rows& rows) { return rows.stream == brought.stream && rows.cut == brought.cut; };
  // One part of a tail a group.
  if (std::ranges::any_of(staged_orphans_, is_same))
    return tail_result(brought, transfer_status::gap, here.at.seq, here.at.link);
  here.link_of = [&](std::uint64_t seq) -> std::optional<bytes32> {
    if (seq == begin.seq)
      return begin.link;
    auto rows = committed_->orphan_entries(brought.stream, brought.cut, seq - 1, 1);
    return rows.empty() || rows.front().header.seq != seq ? std::nullopt : std::optional{rows.front().link};
  };
  auto& empty = empty_of_tail(brought.stream, brought.cut);
  here.is_empty = [&](std::uint64_t seq) { return empty.contains(seq); };
  auto marks = brought.marks.empty()
                   ? std::vector<ports::witness_mark>{}
                   : committed_->orphan_marks(brought.stream, brought.cut,
                                              std::ranges::min(brought.marks, {}, &ports::witness_mark::seq).seq);
  here.has_mark = [&](const ports::witness_mark& mark) {
    return std::ranges::any_of(marks,
                               [&](const auto& each) { return each.seq == mark.seq && each.witness == mark.witness; });
  };
  auto checked = check_orphans(brought, here);
  auto result = tail_result(brought, checked.status, here.at.seq, here.at.link);
  bool is_known = checked.status == transfer_status::known;
  if (checked.status != transfer_status::stored && !is_known)
    return result;
  if (!is_known && !open_tail_keys(brought, checked.rows)) {
    result.status = transfer_status::unordered;
    return result;
  }
  drop_erased(checked.rows);
  for (const auto& row : checked.rows.filled)
    empty.erase(row.header.seq);
  for (const auto& row : checked.rows.entries)
    if (row.erased)
      empty.insert(row.header.seq);
  // Whoever has brought these may have payloads that are missing farther on.
  auto last = brought.entries.empty() ? here.at.seq : brought.entries.back().seq;
  auto missing = empty.upper_bound(last);
  if (!checked.rows.entries.empty()) {
    result.now.seq = checked.rows.entries.back().header.seq;
    result.now.link = checked.rows.entries.back().link;
  } else if (missing != empty.end()) {
    result.now.seq = last;
    result.now.link = *here.link_of(last);
  }
  if (!is_known)
    staged_orphans_.push_back(std::move(checked.rows));
  return result;
}

} // namespace toit::journal
