/// \file
/// What every owner of instruments does alike: locks, decides, has it recorded, folds what was recorded, answers.
///
/// A command takes all its subjects at once; `law::decide` answers; the recorder refuses what was decided on stale
/// facts; the book moves only by entries of the stream. Anything that cannot be known (no answer in time) ends the
/// actor: it is begun again from the journal, and whoever asked repeats with the same idempotency key.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/lock_table.hpp"
#include "actors/stream_cursor.hpp"
#include "actors/territory_context.hpp"
#include "ports/replica.hpp"

#include <deque>
#include <limits>

namespace toit {

/// The answer of a command that gave entries, in their order: the receipt keeps those about its first subject.
receipt make_receipt(const ports::stream_id& stream, std::vector<ports::stored_entry> entries);

/// What was decided, sealed, as it is sent to the recorder.
ports::append_ptr make_append(const territory_context& context, const submission& asked, const law::outcome& outcome,
                              std::vector<ports::subject_read> reads);

/// One entry that the node records by itself, in the name of who operates it.
ports::append_ptr append_of_node(const territory_context& context, law::subject_id about, law::event happened,
                                 std::vector<ports::subject_read> reads);

/// A refusal that may be remembered under the command's id: the others say "try again".
bool is_final(law::refusal_code code);

ports::log_line attempt_of(const submission& asked, const law::refusal& refusal);

/// A demande that somebody registers for a demandeur: decided on nothing that a book has of the past. A demandeur's own
/// is looked for among those that he has.
bool rests_on_no_past(const law::event& asked, const law::party& introducer);

answer_ptr refused(law::refusal refusal);
answer_ptr refused(law::refusal_code code, law::literal article, law::literal because);

/// What a handler gives that answers at once or later.
template <class T>
struct handler_result {
  using type = caf::result<T>;
};
template <class T>
struct handler_result<caf::result<T>> {
  using type = caf::result<T>;
};
template <class T>
using result_of = typename handler_result<T>::type;

/// `Book` is a law type with `law::decide`, `law::subjects_of` and `last_seq`; `Self` a stateful typed actor's pointer.
template <class Book, class Self>
class owner {
public:
  owner(Self self, territory_context_ptr context, event_recorder_actor recorder, Book book, std::uint64_t seq)
      : self_{self}, context_{std::move(context)}, recorder_{std::move(recorder)}, book_{std::move(book)},
        cursor_{context_->stream, context_->open_reader(), seq} {}
  virtual ~owner() = default;

  /// Follows, and folds what was written since the snapshot; whatever is asked meanwhile waits. What a predecessor had
  /// sent before it died is on its way to the recorder: nothing is decided before it is written, or the first decisions
  /// would rest on less than that. Some of what a decision reads (no other dwelling has this number) is no subject that
  /// the recorder could see move. `reader` reads for others too; null where little is to be read.
  void begin(stream_reader_actor reader, std::function<void()> ready = {}) {
    begin_after_predecessor([this, reader = std::move(reader), ready = std::move(ready)] { read_on(reader, ready); });
  }

  /// The same, but that what does not need all of the past is answered while it is folded, from `prepared` on; `ready`
  /// once all of it is.
  void begin_lazily(stream_reader_actor reader, std::function<void()> prepared, std::function<void()> ready) {
    begin_after_predecessor(
        [this, reader = std::move(reader), prepared = std::move(prepared), ready = std::move(ready)] {
          lazy_ = true;
          prepared();
          read_on(reader, ready);
        });
  }

  /// All that was written before it began is folded.
  bool whole() const { return whole_; }

  /// For a message that needs all of the past: until then it stays in the mailbox.
  template <class Work>
  auto once_whole(Work&& work) -> result_of<std::invoke_result_t<Work>> {
    if (!whole_)
      return caf::skip;
    return work();
  }

  const Book& book() const { return book_; }
  const territory_context& context() const { return *context_; }
  stream_cursor& cursor() { return cursor_; }

  using promise_type = caf::typed_response_promise<answer_ptr>;

  caf::result<answer_ptr> submit(const submission_ptr& asked) {
    auto promise = self_->template make_response_promise<answer_ptr>();
    submit(asked, promise);
    return promise;
  }

  /// `told` hears the answer before whoever asked does.
  void submit(const submission_ptr& asked, promise_type promise, std::function<void(const answer&)> told = {}) {
    take({asked, std::move(promise), std::move(told), 1, nullptr});
  }

  /// A refusal is logged before it is told; if the command was answered before, that answer stands.
  void refuse(const submission& asked, law::refusal why, promise_type promise,
              std::function<void(const answer&)> told = {}) {
    auto deliver = [promise, told = std::move(told)](answer_ptr given) mutable {
      if (told)
        told(*given);
      promise.deliver(std::move(given));
    };
    if (!is_final(why.code))
      return deliver(refused(std::move(why)));
    auto line = std::make_shared<const ports::log_line>(attempt_of(asked, why));
    self_->request(recorder_, ask_timeout, refuse_atom_v, line)
        .then(
            [this, deliver](const append_results_ptr& done) mutable { deliver(answer_refusal(done->results.front())); },
            [this](const caf::error& error) { self_->quit(error); });
  }

  /// Folds what is on disk and has not been told yet; of the past, whoever reads it does.
  void catch_up() {
    if (!whole_)
      return;
    cursor_.catch_up([this](const ports::stored_entry& entry) { fold(entry); });
  }

  std::uint64_t written(const ports::batch_ptr& batch) {
    if (whole_)
      follow(*batch);
    return cursor_.seq();
  }

protected:
  /// Adds what only the owner can find out, once nothing can move any more.
  virtual submission_ptr gather(const submission_ptr& asked) { return asked; }
  /// What to ask for when another command has taken the number; null where there is nothing else to ask for.
  virtual submission_ptr once_more(const submission&) { return nullptr; }
  virtual void folding(const ports::stored_entry&) {}
  virtual void folded(const ports::stored_entry&) {}

  Self self_;
  territory_context_ptr context_;
  event_recorder_actor recorder_;
  Book book_;

private:
  using ticket = lock_table::ticket;

  static constexpr unsigned attempts_limit = 4;
  /// Groups sent to the recorder and not yet answered: the next one gathers meanwhile.
  static constexpr unsigned groups_limit = 2;
  static constexpr std::size_t group_size_limit = 1024;
  /// Of entries: a group is written whole, and those of several owners in one batch.
  static constexpr std::size_t group_bytes_limit = std::size_t{1} << 20;
  static_assert(group_bytes_limit <= ports::batch_load::bytes_most);

  struct pending {
    submission_ptr asked;
    promise_type promise;
    std::function<void(const answer&)> told;
    unsigned attempt = 1;
    ports::append_ptr sent; ///< once decided
    std::vector<law::warning> warnings{};

    void answer(answer_ptr given) {
      if (told)
        told(*given);
      promise.deliver(std::move(given));
    }
  };

  template <class Then>
  void begin_after_predecessor(Then&& then) {
    self_->send(recorder_, follow_atom_v, context_->stream, caf::actor_cast<follower_actor>(self_));
    auto nothing = std::make_shared<ports::append>();
    nothing->stream = context_->stream;
    self_
        ->request(recorder_, ask_timeout, append_atom_v,
                  append_group_ptr{std::make_shared<append_group>(append_group{std::move(nothing)})})
        .await(
            [this, then = std::forward<Then>(then)](const append_results_ptr&) {
              auto head = cursor_.reader().latest_head(context_->stream);
              past_ = head ? head->seq : 0;
              then();
            },
            [this](const caf::error& error) { self_->quit(error); });
  }

  /// Part by part, and whoever shares the thread has his turn in between; what is written meanwhile is no part of it,
  /// or it might never end.
  void read_on(const stream_reader_actor& reader, const std::function<void()>& ready) {
    if (!reader || cursor_.seq() >= past_)
      return end_reading(reader, ready);
    auto asked = self_->request(reader, caf::infinite, read_atom_v, cursor_.seq());
    auto take_part = [this, reader, ready](const ports::batch_ptr& batch) {
      law::require(!batch->entries.empty(), "what was there is there");
      follow(*batch);
      read_on(reader, ready);
    };
    auto give_up = [this](const caf::error& error) { self_->quit(error); };
    if (lazy_)
      asked.then(take_part, give_up);
    else
      asked.await(take_part, give_up);
  }

  void end_reading(const stream_reader_actor& reader, const std::function<void()>& ready) {
    // Asked for what is behind everything, the reader keeps nothing any more.
    if (reader)
      self_->request(reader, caf::infinite, read_atom_v, std::numeric_limits<std::uint64_t>::max())
          .then([](const ports::batch_ptr&) {}, [this](const caf::error& error) { self_->quit(error); });
    whole_ = true;
    catch_up();
    if (ready)
      ready();
  }

  void follow(const ports::entry_batch& batch) {
    cursor_.follow(batch, [this](const ports::stored_entry& entry) { fold(entry); });
  }

  void fold(const ports::stored_entry& entry) {
    folding(entry);
    book_.apply(entry.subject, *entry.record, entry.seq);
    folded(entry);
  }

  std::vector<law::subject_id> subjects(const submission& asked) const {
    if constexpr (requires { law::subjects_of(book_, asked.command, asked.facts); })
      return law::subjects_of(book_, asked.command, asked.facts);
    else
      return law::subjects_of(book_, asked.command);
  }

  // -- waiting ------------------------------------------------------------------------------------------------------

  void take(pending waiting) {
    auto who = ++last_ticket_;
    if (!locks_.enter(who, subjects(*waiting.asked)))
      return waiting.answer(
          refused(law::refusal_code::busy, "R441-2-15-I-9", "Trop de demandes attendent pour ce dossier : réessayez."));
    pending_.emplace(who, std::move(waiting));
    runnable_.push_back(who);
    run_all();
  }

  void leave(ticket who) {
    pending_.erase(who);
    for (auto next : locks_.leave(who))
      runnable_.push_back(next);
  }

  void run_all() {
    // Leaving makes others runnable: a list, so that the stack does not grow with the queue.
    if (std::exchange(running_, true))
      return;
    while (!runnable_.empty()) {
      auto who = runnable_.front();
      runnable_.pop_front();
      run(who);
    }
    running_ = false;
    send_group();
  }

  void run(ticket who) {
    auto found = pending_.find(who);
    if (found == pending_.end() || !locks_.ready(who))
      return;
    // What the command touches may have grown while it waited.
    locks_.widen(who, subjects(*found->second.asked));
    if (!locks_.ready(who))
      return;
    locks_.begin(who);
    found->second.asked = gather(found->second.asked);
    decide(who, found->second);
  }

  // -- deciding -----------------------------------------------------------------------------------------------------

  void decide(ticket who, pending& waiting) {
    auto decision = law::decide(book_, context_->settings, waiting.asked->command, waiting.asked->facts);
    if (!decision)
      return turn_down(who, waiting, decision.error());
    auto& outcome = *decision;
#ifdef TOIT_TEST_SWITCHES
    bool due = std::holds_alternative<law::due_reached>(waiting.asked->command.asked);
    if (context_->bugs.fire_deadline_twice && due) {
      auto once = outcome.entries;
      outcome.entries.insert(outcome.entries.end(), once.begin(), once.end());
    }
#endif
    // Where nothing is to be recorded, the recorder still tells whether the command was answered before.
    waiting.warnings = outcome.warnings;
    waiting.sent = make_append(*context_, *waiting.asked, outcome, reads_of(*waiting.asked, outcome));
    if (ports::batch_load load; load.add(*waiting.sent), !load.fits())
      return turn_down(who, waiting,
                       law::refuse(law::refusal_code::too_large, "R441-2-15-I-9",
                                   "La demande entraîne plus d'inscriptions qu'un lot du journal n'en contient.")
                           .error());
    group_.push_back(waiting.sent);
    group_tickets_.push_back(who);
  }

  void turn_down(ticket who, pending& waiting, law::refusal why) {
    auto asked = waiting.asked;
    auto promise = waiting.promise;
    auto told = std::move(waiting.told);
    leave(who);
    refuse(*asked, std::move(why), promise, std::move(told));
  }

  std::vector<ports::subject_read> reads_of(const submission& asked, const law::outcome& outcome) const {
    auto reads = asked.reads;
    auto note = [&](law::subject_id subject) {
      if (std::ranges::find(reads, subject, &ports::subject_read::subject) == reads.end())
        reads.push_back({subject, book_.last_seq(subject)});
    };
    for (const auto& subject : subjects(asked))
      note(subject);
    for (const auto& drafted : outcome.entries)
      note(drafted.subject);
#ifdef TOIT_TEST_SWITCHES
    if (context_->bugs.accept_stale_subject)
      reads.clear();
#endif
    return reads;
  }

  answer_ptr answer_refusal(const ports::append_result& result) {
    using enum ports::append_status;
    switch (result.status) {
    case refused_before:
      return refused(result.refusal);
    case repeated:
      return repeated_answer(result);
    case key_reused:
      return reused_key();
    default:
      return no_room();
    }
  }

  // -- recording ----------------------------------------------------------------------------------------------------

  void send_group() {
    while (groups_in_flight_ < groups_limit && !group_.empty()) {
      auto cut = static_cast<std::ptrdiff_t>(next_group_size());
      auto sent = std::make_shared<append_group>(group_.begin(), group_.begin() + cut);
      std::vector<ticket> tickets(group_tickets_.begin(), group_tickets_.begin() + cut);
      group_.erase(group_.begin(), group_.begin() + cut);
      group_tickets_.erase(group_tickets_.begin(), group_tickets_.begin() + cut);
      ++groups_in_flight_;
      self_->request(recorder_, ask_timeout, append_atom_v, append_group_ptr{std::move(sent)})
          .then([this, tickets = std::move(tickets)](const append_results_ptr& done) { settle(tickets, *done); },
                // What became of the group is unknown: the journal will tell.
                [this](const caf::error& error) { self_->quit(error); });
    }
  }

  /// As many as a group may hold, and one at least.
  std::size_t next_group_size() const {
    ports::batch_load load;
    std::size_t size = 0;
    for (auto most = std::min(group_.size(), group_size_limit); size < most; ++size) {
      load.add(*group_[size]);
      if (size > 0 && (load.bytes > group_bytes_limit || !load.fits()))
        break;
    }
    return size;
  }

  void settle(const std::vector<ticket>& tickets, const append_results& done) {
    --groups_in_flight_;
    for (std::size_t i = 0; i < tickets.size(); ++i)
      settle_one(tickets[i], done.results[i], done);
    run_all();
  }

  void settle_one(ticket who, const ports::append_result& result, const append_results& done) {
    using enum ports::append_status;
    auto waiting = std::move(pending_.at(who));
    if (result.last_seq > cursor_.seq() || result.status == stale)
      catch_up();
    leave(who);
    if (result.status == stale && waiting.attempt++ < attempts_limit)
      return take(std::move(waiting));
    if (result.status == number_taken)
      if (auto other = once_more(*waiting.asked); other && waiting.attempt++ < attempts_limit) {
        waiting.asked = std::move(other);
        return take(std::move(waiting));
      }
    // A refusal like any other, though the journal alone could tell: its repeat is answered alike.
    if (result.status == number_taken)
      return refuse(
          *waiting.asked,
          law::refuse(law::refusal_code::duplicate, "L441-2-1", "Une demande porte déjà ce numéro unique.").error(),
          waiting.promise, std::move(waiting.told));
    waiting.answer(answer_append(waiting, result, done));
  }

  answer_ptr answer_append(const pending& waiting, const ports::append_result& result, const append_results& done) {
    using enum ports::append_status;
    switch (result.status) {
    case appended:
      return appended_answer(waiting, result, done);
    case repeated:
      return repeated_answer(result);
    case refused_before:
      return refused(result.refusal);
    case key_reused:
      return reused_key();
    case stale:
      return refused(law::refusal_code::busy, "R441-2-15-I-9", "Le dossier change trop vite : réessayez.");
    case read_only:
      return no_room();
    case behind:
      return refused(law::refusal_code::rolled_back, "L441-2-7-1-1a",
                     "Le journal de ce nœud n'est pas encore confirmé par un autre : rien n'a été enregistré.");
    case fenced:
      return refused(law::refusal_code::fenced, "L441-2-7-4-1",
                     "Un autre nœud tient désormais le journal de ce territoire : rien n'a été enregistré ici.");
    case number_taken:
      break;
    }
    law::require(false, "every status has its answer");
    return {};
  }

  answer_ptr appended_answer(const pending& waiting, const ports::append_result& result,
                             const append_results& done) const {
    std::vector<ports::stored_entry> entries;
    auto seq = result.first_seq;
    for (const auto& draft : waiting.sent->drafts)
      entries.push_back({seq++, 0, result.recorded_at, draft.subject, 0, draft.record});
    auto made = make_receipt(context_->stream, std::move(entries));
    if (waiting.sent->drafts.empty()) {
      made.subject = waiting.asked->command.target;
      made.warnings = waiting.warnings;
    }
    made.secret = waiting.asked->secret;
    for (const auto& head : done.heads)
      if (head.stream == context_->stream)
        made.head = head;
    return std::make_shared<const answer>(std::move(made));
  }

  answer_ptr repeated_answer(const ports::append_result& result) {
    auto& reader = cursor_.reader();
    auto made = make_receipt(
        context_->stream, reader.read(context_->stream, result.first_seq - 1, result.last_seq - result.first_seq + 1));
    made.head = reader.head_covering(context_->stream, result.last_seq);
    return std::make_shared<const answer>(std::move(made));
  }

  static answer_ptr reused_key() {
    return refused(law::refusal_code::idempotency_key_reused, "R441-2-15-I-9",
                   "Cette clé d'idempotence a servi pour une autre requête.");
  }
  static answer_ptr no_room() {
    return refused(law::refusal_code::read_only, "R441-2-15-I-9",
                   "Le nœud ne peut pas écrire pour le moment : rien n'a été enregistré.");
  }

  stream_cursor cursor_;
  std::uint64_t past_ = 0; ///< last entry that was there when it began
  bool lazy_ = false;
  bool whole_ = false;
  lock_table locks_;
  std::map<ticket, pending> pending_;
  std::deque<ticket> runnable_;
  bool running_ = false;
  append_group group_;
  std::vector<ticket> group_tickets_;
  unsigned groups_in_flight_ = 0;
  ticket last_ticket_ = 0;
};

} // namespace toit
