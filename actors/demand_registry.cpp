#include "actors/demand_registry.hpp"

#include "actors/number_allotment.hpp"
#include "actors/snapshot_rows.hpp"
#include "actors/spawning.hpp"
#include "ports/files.hpp"

namespace toit {

static_assert(actor_state<demand_registry_state>);

// -- folding --------------------------------------------------------------------------------------------------------

const law::dossier* registry_owner::dossier_at(law::subject_id subject) const {
  return book_.find(law::id_of<law::dossier_id>(subject));
}

void registry_owner::note_all_deadlines() {
  for (auto id : book_.dossiers_by_arrival())
    if (const auto* d = book_.find(id))
      calendar_.note({}, law::dues_of(*d, context_->settings));
}

void registry_owner::folding(const ports::stored_entry& entry) {
  // Nothing runs before the first entry about a dossier.
  const auto* d = entry.previous == 0 ? nullptr : dossier_at(entry.subject);
  before_ = d ? law::dues_of(*d, context_->settings) : std::vector<law::due>{};
  if (!d || !std::holds_alternative<law::demande_erased>(entry.record->event))
    return;
  erased_ = true;
  for (const auto& document : d->documents)
    orphans_.push_back(document.id);
}

void registry_owner::folded(const ports::stored_entry& entry) {
  if (const auto* d = dossier_at(entry.subject))
    calendar_.note(before_, law::dues_of(*d, context_->settings));
}

// -- what a decision needs from the journal -------------------------------------------------------------------------

namespace {

bool needs_form(const law::event& asked) {
  return std::holds_alternative<law::demande_changed>(asked) || std::holds_alternative<law::rectified>(asked) ||
         std::holds_alternative<law::renewed>(asked);
}

bool is_erasure(const law::command& asked) {
  const auto* due = std::get_if<law::due_reached>(&asked.asked);
  return due && due->due.rule == law::due_rule::erasure;
}

/// The key of a due effect: rule, dossier, candidacy and day, in the state of the dossier that it was found in. It
/// happens once, whatever crashes in between; but when a correction undoes what ended a term, the term may come to its
/// end once more, on the same day, and that is another command.
law::command_id key_of(const territory_context& context, const law::due& due, std::uint64_t last_seq) {
  ports::bytes key;
  key.push_back(static_cast<std::uint8_t>(due.rule));
  key.insert(key.end(), due.dossier.bytes.begin(), due.dossier.bytes.end());
  key.insert(key.end(), due.candidacy.bytes.begin(), due.candidacy.bytes.end());
  auto when = law::to_text(due.last_day) + " " + std::to_string(last_seq);
  key.insert(key.end(), when.begin(), when.end());
  auto digest = context.digester->digest("due", key);
  law::command_id id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

} // namespace

law::form registry_owner::read_form(const law::dossier& d) {
  law::form form{};
  for (const auto& entry : cursor().reader().read_these(context_->stream, d.entries_of_form.value))
    if (entry.record)
      law::evolve(form, *entry.record);
  return form;
}

submission_ptr registry_owner::gather(const submission_ptr& asked) {
  const auto* d = dossier_at(asked->command.target);
  const auto* happened = std::get_if<law::event>(&asked->command.asked);
  if (!d || (happened && !needs_form(*happened)))
    return asked;
  auto complete = std::make_shared<submission>(*asked);
  if (happened)
    complete->facts.form = read_form(*d);
  else
    complete->command.id = key_of(*context_, std::get<law::due_reached>(asked->command.asked).due, d->last_seq);
  if (is_erasure(asked->command))
    gather_for_erasure(*complete, *d);
  return complete;
}

submission_ptr registry_owner::once_more(const submission& asked) { return with_another_number(*context_, asked); }

/// A second try begins anew.
void registry_owner::gather_for_erasure(submission& asked, const law::dossier& d) {
  asked.facts.sealed_entries.clear();
  asked.accounts.clear();
  for (const auto& entry : cursor().reader().read_subject(context_->stream, d.last_seq))
    if (entry.record)
      asked.facts.sealed_entries.push_back(entry.seq);
  asked.forgets_number = d.number;
  if (d.account)
    asked.accounts.push_back({*d.account, {}});
}

// -- answers --------------------------------------------------------------------------------------------------------

/// The journal alone knows whether a number is new: no dossier need be there for that.
// [L441-2-7-4-1]
caf::result<answer_ptr> demand_registry_state::submit(const submission_ptr& asked) {
  const auto& command = asked->command;
  const auto* happened = std::get_if<law::event>(&command.asked);
  if (happened && command.target.empty() && rests_on_no_past(*happened, command.introducer))
    return desk->submit(asked);
  return desk->once_whole([&] { return desk->submit(asked); });
}

brief_ptr demand_registry_state::describe(law::dossier_id id) const {
  std::optional<dossier_brief> brief;
  if (const auto* d = desk->book().find(id))
    brief = dossier_brief{id, d->last_seq, d->communes, d->consultation_codes, law::places_of(desk->book(), *d)};
  return std::make_shared<const std::optional<dossier_brief>>(std::move(brief));
}

namespace {

/// Dossiers looked at for one page: a filter that matches little answers with where to go on, not with a long wait.
constexpr std::size_t scan_limit = 20'000;

bool matches(const law::dossier& d, const list_query& query) {
  if (query.status && d.status != *query.status)
    return false;
  if (query.commune && std::ranges::find(d.communes, *query.commune) == d.communes.end())
    return false;
  return query.shows.covers(d.communes);
}

/// Values of one page of a table, in the order of arrival.
template <class Id, class Find, class Value>
std::optional<std::uint64_t> page_of(const std::vector<Id>& ids, std::uint64_t after, std::size_t limit, Find&& find,
                                     std::vector<Value>& page) {
  for (auto at = after; at < ids.size(); ++at) {
    if (page.size() == limit)
      return at;
    if (const auto* value = find(ids[at]))
      page.push_back(*value);
  }
  return std::nullopt;
}

} // namespace

read_answer_ptr demand_registry_state::list(const list_query& query) const {
  const auto& book = desk->book();
  const auto& ids = book.dossiers_by_arrival();
  dossier_page page;
  auto at = query.after;
  auto end = std::min<std::uint64_t>(ids.size(), query.after + scan_limit);
  for (; at < end && page.dossiers.size() < query.limit; ++at)
    if (const auto* d = book.find(ids[at]); d && matches(*d, query)) {
      auto dwellings = query.shows.dwellings_for(d->communes);
      page.dossiers.push_back(law::sight{*d, dwellings, law::places_of(book, *d)}.shown());
    }
  if (at < ids.size())
    page.next = at;
  return std::make_shared<const read_answer>(read_content{std::move(page)});
}

read_answer_ptr demand_registry_state::candidates(law::vacancy_id id) const {
  const auto* v = desk->book().find(id);
  if (!v)
    return std::make_shared<const read_answer>(
        law::refuse(law::refusal_code::unknown_subject, "R441-2-15-I-4b", "Ce logement à attribuer n'existe pas."));
  const auto* home = desk->book().find(v->dwelling); // a former host may have left it out
  std::vector<candidate_line> lines;
  for (const auto& c : v->candidates)
    if (const auto* d = desk->book().dossier_of(c.candidacy))
      lines.push_back({d->number, d->id, d->communes, c, home ? home->commune : law::commune_code{}});
  return std::make_shared<const read_answer>(read_content{std::move(lines)});
}

register_page_ptr demand_registry_state::list(const register_query& query) const {
  const auto& book = desk->book();
  register_page page;
  auto find = [&](auto id) { return book.find(id); };
  switch (query.kind) {
  case register_kind::dwellings:
    if (!query.only)
      page.next = page_of(book.dwellings_by_arrival(), query.after, query.limit, find, page.dwellings);
    else if (const auto* home = book.find(law::id_of<law::dwelling_id>(*query.only)))
      page.dwellings.push_back(*home);
    break;
  case register_kind::vacancies:
    if (!query.only)
      page.next = page_of(book.vacancies_by_arrival(), query.after, query.limit, find, page.vacancies);
    else if (const auto* v = book.find(law::id_of<law::vacancy_id>(*query.only)))
      page.vacancies.push_back(*v);
    break;
  case register_kind::sessions:
    if (!query.only)
      page.next = page_of(book.sessions_by_arrival(), query.after, query.limit, find, page.sessions);
    else if (const auto* s = book.find(law::id_of<law::session_id>(*query.only)))
      page.sessions.push_back(*s);
    break;
  }
  return std::make_shared<const register_page>(std::move(page));
}

registry_status demand_registry_state::status() const {
  const auto& book = desk->book();
  return {book.dossier_count(), book.dwellings_by_arrival().size(), book.vacancies_by_arrival().size(),
          book.sessions_by_arrival().size()};
}

std::vector<law::document_id> demand_registry_state::known_documents() const {
  std::vector<law::document_id> known;
  for (auto id : desk->book().dossiers_by_arrival())
    if (const auto* d = desk->book().find(id))
      for (const auto& document : d->documents)
        known.push_back(document.id);
  return known;
}

/// Takes the lines of one page, out of all that match.
class due_pager {
public:
  due_pager(const due_query& query, const law::demand_book& book) : query_{query}, book_{book} {}

  /// False once the page is full and it is known whether more follow.
  bool take(const law::due& item, const law::dossier& d) {
    if (!shows(item, d) || seen_++ < query_.after)
      return true;
    if (page_.lines.size() == query_.limit) {
      page_.next = query_.after + query_.limit;
      return false;
    }
    page_.lines.push_back({item, d.number});
    return true;
  }

  due_page_ptr page() { return std::make_shared<const due_page>(std::move(page_)); }

private:
  bool shows(const law::due& item, const law::dossier& d) const {
    if (!query_.shows.covers(d.communes))
      return false;
    if (item.candidacy.empty())
      return true;
    auto dwellings = query_.shows.dwellings_for(d.communes);
    return dwellings.everywhere || law::sight{d, dwellings, law::places_of(book_, d)}.shows(item.candidacy);
  }

  const due_query& query_;
  const law::demand_book& book_;
  std::uint64_t seen_ = 0;
  due_page page_;
};

due_page_ptr demand_registry_state::due(const due_query& query) {
  due_pager pager{query, desk->book()};
  if (query.alerts)
    alerts(query, pager);
  else
    effects(query, pager);
  return pager.page();
}

/// What no longer runs is sifted out on the way: a page that is short has nothing after it.
void demand_registry_state::effects(const due_query& query, due_pager& pager) {
  const auto& settings = desk->context().settings;
  std::vector<law::due> stale;
  desk->calendar().visit(query.up_to, [&](const law::due& item) {
    const auto* d = desk->book().find(item.dossier);
    auto running = d ? law::dues_of(*d, settings) : std::vector<law::due>{};
    if (std::ranges::find(running, item) != running.end())
      return pager.take(item, *d);
    stale.push_back(item);
    return true;
  });
  for (const auto& item : stale)
    desk->calendar().forget(item);
}

void demand_registry_state::alerts(const due_query& query, due_pager& pager) const {
  const auto& book = desk->book();
  std::vector<std::pair<law::due, const law::dossier*>> found;
  for (auto id : book.dossiers_by_arrival())
    if (const auto* d = book.find(id); d && query.shows.covers(d->communes))
      for (const auto& item : law::dues_of(*d, desk->context().settings))
        if (item.last_day <= query.up_to)
          found.emplace_back(item, d);
  std::ranges::sort(found, {}, [](const auto& line) { return std::tuple{line.first.last_day, line.first}; });
  for (const auto& [item, d] : found)
    if (!pager.take(item, *d))
      return;
}

// -- snapshot -------------------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view snapshot_part = "registry";
constexpr std::size_t rows_a_message = 2000;

/// The book as the last snapshot has it, and the entry after which the tail begins; empty, and 0, without one.
std::pair<law::demand_book, std::uint64_t> read_snapshot(const territory_context& context) {
  law::demand_book book;
  auto seq = read_rows(context, snapshot_part, [&](ports::snapshot_row& row) {
    std::visit(
        [&]<class Row>(Row& kept) {
          if constexpr (requires { book.restore(std::move(kept)); })
            book.restore(std::move(kept));
        },
        row);
  });
  if (seq == 0)
    return {};
  return {std::move(book), seq};
}

} // namespace

std::uint64_t demand_registry_state::written(const ports::batch_ptr& batch) {
  auto seq = desk->written(batch);
  follow_erasures();
  return seq;
}

/// What has been erased leaves the documents and the snapshot too.
void demand_registry_state::follow_erasures() {
  if (auto orphans = desk->take_orphans(); !orphans.empty())
    self->send(documents, destroy_atom_v, std::move(orphans));
  if (desk->take_erased()) {
    // Neither the snapshot there is nor the one being written may keep what has been erased.
    desk->context().snapshots->forget(desk->context().stream, snapshot_part);
    stale_snapshot_ = true;
    if (keeping_)
      begin_keeping();
  }
}

void demand_registry_state::begin_keeping() {
  auto waiting = keeping_ ? std::move(keeping_->waiting) : decltype(keeping::waiting){};
  auto seq = desk->cursor().seq();
  const auto& context = desk->context();
  keeping_ = keeping{nullptr, seq, {}, std::move(waiting)};
  try {
    keeping_->file = context.snapshots->write(context.stream, snapshot_part, seq);
  } catch (const ports::files_full&) {
    base::log_warning("no room for a snapshot: the next start folds the journal");
    end_keeping(false);
  }
}

caf::result<bool> demand_registry_state::keep(bool force) {
  auto seq = desk->cursor().seq();
  bool due = force ? seq != kept_seq_ : stale_snapshot_ || seq - kept_seq_ >= keep_every_entries;
  if (!keeping_ && (!due || seq == 0))
    return true;
  if (!keeping_) {
    begin_keeping();
    self->send(self, tick_atom_v);
  }
  if (!keeping_)
    return false;
  auto promise = self->make_response_promise<bool>();
  keeping_->waiting.push_back(promise);
  return promise;
}

void demand_registry_state::keep_on() {
  if (!keeping_)
    return;
  try {
    put_rows();
  } catch (const ports::files_full&) {
    base::log_warning("no room for a snapshot: the next start folds the journal");
    end_keeping(false);
  }
}

void demand_registry_state::end_keeping(bool kept) {
  if (kept)
    kept_seq_ = keeping_->seq;
  stale_snapshot_ = stale_snapshot_ && !kept;
  for (auto& promise : keeping_->waiting)
    promise.deliver(kept);
  keeping_.reset();
}

void demand_registry_state::put_rows() {
  const auto& book = desk->book();
  std::size_t left = rows_a_message;
  auto put_from = [&](const auto& ids, std::size_t& at) {
    for (; left > 0 && at < ids.size(); ++at, --left)
      if (const auto* row = book.find(ids[at]))
        keeping_->file->put(*row);
  };
  put_from(book.dwellings_by_arrival(), keeping_->position[0]);
  put_from(book.vacancies_by_arrival(), keeping_->position[1]);
  put_from(book.sessions_by_arrival(), keeping_->position[2]);
  put_from(book.dossiers_by_arrival(), keeping_->position[3]);
  if (left == 0) {
    self->send(self, tick_atom_v);
    return;
  }
  keeping_->file->commit();
  end_keeping(true);
}

// -- behaviour ------------------------------------------------------------------------------------------------------

demand_registry_actor::behavior_type demand_registry(registry_pointer self, territory_context_ptr context,
                                                     event_recorder_actor recorder, stream_reader_actor entries,
                                                     documents_actor documents) {
  set_up_defaults(self, demand_registry_state::name);
  auto [book, seq] = read_snapshot(*context);
  auto& state = self->state;
  state.self = self;
  state.documents = std::move(documents);
  state.desk = std::make_unique<registry_owner>(self, std::move(context), std::move(recorder), std::move(book), seq);
  state.desk->note_all_deadlines();
  // An erasure may be on disk and what follows from it not: a crash fell between them.
  auto& desk = *state.desk;
  desk.begin_lazily(std::move(entries), [] {}, [self] { self->state.follow_erasures(); });
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.written(batch); },
      [self](submit_atom, const submission_ptr& asked) { return self->state.submit(asked); },
      [self, &desk](describe_atom, law::dossier_id id) {
        return desk.once_whole([&] { return self->state.describe(id); });
      },
      [self, &desk](list_atom, const list_query_ptr& query) {
        return desk.once_whole([&] { return self->state.list(*query); });
      },
      [self, &desk](list_atom, law::vacancy_id id) {
        return desk.once_whole([&] { return self->state.candidates(id); });
      },
      [self, &desk](list_atom, const register_query_ptr& query) {
        return desk.once_whole([&] { return self->state.list(*query); });
      },
      [self, &desk](due_atom, const due_query_ptr& query) {
        return desk.once_whole([&] { return self->state.due(*query); });
      },
      [self, &desk](keep_atom, bool force) { return desk.once_whole([&] { return self->state.keep(force); }); },
      [self](tick_atom) { self->state.keep_on(); },
      [self, &desk](status_atom) { return desk.once_whole([&] { return self->state.status(); }); },
      [self, &desk](sweep_atom) { return desk.once_whole([&] { return self->state.known_documents(); }); },
  };
}

} // namespace toit
