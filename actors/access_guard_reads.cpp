// The guard's side of a read: may it be, then the consultation log, then the answer.

#include "actors/access_guard.hpp"

namespace toit {

using law::refusal_code;

namespace {

/// The consultation log is opened to the demandeur and to who operates the dispositif, in that quality: others that he
/// has besides open no log.
void keep_log_readers(law::reader& who) {
  std::erase_if(who.capacities, [](const law::capacity& c) { return c.quality != law::quality::gestionnaire; });
}

/// How far the right goes; empty where the demandeur alone lets somebody in.
std::string scope_of(const law::grant& granted) {
  if (granted.row == law::access_row::g || granted.row == law::access_row::h)
    return {};
  auto where = granted.shows.demandes();
  if (where.everywhere)
    return "territoire";
  std::string text;
  for (auto departement : where.departements)
    text += (text.empty() ? "" : ",") + departement.text();
  for (auto commune : where.scope)
    text += (text.empty() ? "" : ",") + commune.text();
  return text;
}

std::string right_of(const law::grant& granted) {
  return std::string{law::name_of(granted.row)} + " " + std::string{granted.article};
}

/// Without what happens on dwellings that the grant does not show.
// [R441-2-15-V-2-3]
read_answer_ptr within_sight(const read_answer_ptr& found, const law::reach& dwellings,
                             const law::dwelling_places& places) {
  const auto* whole = std::get_if<dossier_view>(&**found);
  if (!whole || dwellings.everywhere)
    return found;
  law::sight seen{whole->state, dwellings, places};
  dossier_view view{seen.shown(), whole->form, {}};
  std::ranges::copy_if(whole->timeline, std::back_inserter(view.timeline),
                       [&](const ports::stored_entry& entry) { return seen.shows(entry.record->event); });
  return std::make_shared<const read_answer>(read_content{std::move(view)});
}

template <class... Kinds>
struct overloaded : Kinds... {
  using Kinds::operator()...;
};

std::optional<law::nud> number_of(const read_request& request) {
  return std::visit(overloaded{[](const read_dossier& r) { return r.number; },
                               [](const read_documents_content& r) { return std::optional{r.number}; },
                               [](const read_consultations& r) { return r.number; },
                               [](const auto&) { return std::optional<law::nud>{}; }},
                    request.what);
}

read_answer_ptr read_not_logged() {
  return std::make_shared<const read_answer>(law::refuse(
      refusal_code::read_only, "L441-2-7-1-1c", "La consultation ne peut pas être journalisée : rien n'est montré."));
}

} // namespace

// [R441-2-15-V-2-3]
law::reader access_guard_state::reader_of(const identity& who) const {
  law::reader reader;
  reader.own = who.own_dossier;
  if (who.legal_person.is_demandeur())
    return reader;
  auto legal_person = who.legal_person.legal_person();
  auto now = desk->authority();
  // On his own node he sees to it himself who reads in his name.
  bool by_its_own = who.vouched_by ? who.vouched_by == now.holder : desk->book().is_its_own(who.account);
  reader = law::reader_under(now, legal_person, desk->book().capacities_of(legal_person, context->today()), by_its_own);
  reader.own = who.own_dossier;
  return reader;
}

ports::log_line access_guard_state::line_of(const read_request& request, std::string_view what) const {
  ports::log_line line;
  line.legal_person = request.by.legal_person;
  line.agent = request.by.account;
  line.purpose = request.purpose ? law::name_of(*request.purpose) : std::string_view{};
  line.right = what;
  return line;
}

/// Every refused read is kept too: who tried what.
// [L441-2-7-1-1c]
void access_guard_state::refuse_read(read_promise promise, ports::log_line line, law::refusal why) {
  line.attempt = true;
  line.refusal = why;
  self->request(neighbours.recorder, ask_timeout, refuse_atom_v, std::make_shared<const ports::log_line>(line))
      .then(
          [promise, why](const append_results_ptr& told) mutable {
            bool logged = told->results.at(0).status != ports::append_status::read_only;
            promise.deliver(logged ? std::make_shared<const read_answer>(std::unexpected{why}) : read_not_logged());
          },
          [promise](const caf::error& error) mutable { promise.deliver(error); });
}

/// What was found is shown once the log has it on disk, and not before.
void access_guard_state::answer_logged(read_promise promise, const read_answer_ptr& found, ports::log_line line) {
  self->request(neighbours.recorder, ask_timeout, consult_atom_v, std::make_shared<const ports::log_line>(line))
      .then([promise, found](bool logged) mutable { promise.deliver(logged ? found : read_not_logged()); },
            [promise](const caf::error& error) mutable { promise.deliver(error); });
}

caf::result<read_answer_ptr> access_guard_state::read(const read_request_ptr& request) {
  const auto* account = accounts->find(request->by.account);
  const auto* opened = desk->book().find(request->by.account);
  bool alive = account && accounts->identity_of(*account, desk->book());
  bool may = request->by.own_dossier || (opened && opened->may(law::agent_mission::consult));
  if (request->by.vouched_by) {
    alive = true;
    may = check_vouched(request->by).has_value();
  }
  if (!alive || !may) {
    auto promise = self->make_response_promise<read_answer_ptr>();
    refuse_read(promise, line_of(*request, "read"),
                law::refuse(alive ? refusal_code::not_empowered : refusal_code::unauthenticated, "R441-2-15-V-2-5",
                            "Ce compte n'a pas accès à la consultation.")
                    .error());
    return promise;
  }
  if (std::holds_alternative<read_list>(request->what))
    return read_page(request);
  if (std::holds_alternative<read_deadlines>(request->what))
    return read_due(request);
  if (std::holds_alternative<read_candidates>(request->what))
    return read_candidates_of(request);
  auto number = number_of(*request);
  auto id = number ? desk->find_number(*number) : request->by.own_dossier;
  return read_one(request, id.value_or(law::dossier_id{}));
}

// -- one dossier ----------------------------------------------------------------------------------------------------

caf::result<read_answer_ptr> access_guard_state::read_one(const read_request_ptr& request, law::dossier_id id) {
  auto promise = self->make_response_promise<read_answer_ptr>();
  self->request(neighbours.registry, ask_timeout, describe_atom_v, id)
      .then(
          [this, request, promise](const brief_ptr& brief) mutable {
            if (*brief)
              return let_in(request, **brief, promise);
            // Who may read nothing at all does not learn which numbers exist.
            auto any = law::may_read(reader_of(request->by), {request->purpose, law::dossier_id{}, {}, false},
                                     context->today());
            auto why = law::refuse(refusal_code::unknown_demande, "L441-2-1",
                                   "Aucune demande n'a ce numéro dans ce territoire.")
                           .error();
            bool stranger = !any && reader_of(request->by).capacities.empty();
            refuse_read(promise, line_of(*request, "read_dossier"), stranger ? any.error() : why);
          },
          [promise](const caf::error& error) mutable { promise.deliver(error); });
  return promise;
}

void access_guard_state::let_in(const read_request_ptr& request, const dossier_brief& brief, read_promise promise) {
  law::reading what{request->purpose, brief.id, brief.communes, false};
  const auto* opened = std::get_if<read_dossier>(&request->what);
  if (opened && !opened->code.empty()) {
    auto hash = accounts->digest("consultation", opened->code);
    what.requested_by_demandeur = std::ranges::any_of(
        brief.codes, [&](const auto& code) { return code.hash == hash && code.last_day >= context->today(); });
  }
  auto line = line_of(*request, "read_dossier");
  line.subject = law::subject_of(brief.id);
  auto who = reader_of(request->by);
  bool of_log = std::holds_alternative<read_consultations>(request->what);
  if (of_log)
    keep_log_readers(who);
  auto granted = law::may_read(who, what, context->today());
  if (of_log && who.capacities.empty() && !who.own)
    granted = law::refuse(refusal_code::out_of_scope, "R441-2-15-V-2-5",
                          "Le journal des consultations est ouvert au demandeur et au gestionnaire.");
  if (!granted)
    return refuse_read(promise, line, granted.error());
  line.right = right_of(*granted);
  line.scope = scope_of(*granted);
  line.results = 1;
  // Read first, so that the log says what was really shown.
  self->request(neighbours.reader, ask_timeout, read_atom_v, brief.id, brief.last_seq, request)
      .then(
          [this, line, promise, dwellings = granted->shows.dwellings_for(brief.communes),
           places = brief.places](const read_answer_ptr& found) mutable {
            if (!*found)
              return refuse_read(promise, line, found->error());
            answer_logged(promise, within_sight(found, dwellings, places), line);
          },
          [promise](const caf::error& error) mutable { promise.deliver(error); });
}

// -- lists ----------------------------------------------------------------------------------------------------------

/// What a list may show, noted in its line of the log; absent once it has been refused.
std::optional<law::view> access_guard_state::open_list(const read_request& request, read_promise promise,
                                                       ports::log_line& line) {
  auto granted = law::may_read(reader_of(request.by), {request.purpose, {}, {}, false}, context->today());
  if (!granted) {
    refuse_read(promise, line, granted.error());
    return std::nullopt;
  }
  line.right = right_of(*granted);
  line.scope = scope_of(*granted);
  return std::move(granted->shows);
}

caf::result<read_answer_ptr> access_guard_state::read_page(const read_request_ptr& request) {
  auto promise = self->make_response_promise<read_answer_ptr>();
  auto line = line_of(*request, "list_dossiers");
  auto shows = open_list(*request, promise, line);
  if (!shows)
    return promise;
  auto query = std::make_shared<list_query>(std::get<read_list>(request->what).query);
  query->shows = std::move(*shows);
  self->request(neighbours.registry, ask_timeout, list_atom_v, list_query_ptr{query})
      .then(
          [this, line, promise](const read_answer_ptr& found) mutable {
            line.results = static_cast<std::uint32_t>(std::get<dossier_page>(**found).dossiers.size());
            answer_logged(promise, found, line);
          },
          [promise](const caf::error& error) mutable { promise.deliver(error); });
  return promise;
}

caf::result<read_answer_ptr> access_guard_state::read_due(const read_request_ptr& request) {
  auto promise = self->make_response_promise<read_answer_ptr>();
  auto line = line_of(*request, "list_deadlines");
  auto shows = open_list(*request, promise, line);
  if (!shows)
    return promise;
  auto query = std::make_shared<due_query>(std::get<read_deadlines>(request->what).query);
  query->shows = std::move(*shows);
  self->request(neighbours.registry, ask_timeout, due_atom_v, due_query_ptr{query})
      .then(
          [this, line, promise](const due_page_ptr& page) mutable {
            line.results = static_cast<std::uint32_t>(page->lines.size());
            answer_logged(promise, std::make_shared<const read_answer>(read_content{*page}), line);
          },
          [promise](const caf::error& error) mutable { promise.deliver(error); });
  return promise;
}

/// Each candidate is shown under a right of its own, or not at all.
caf::result<read_answer_ptr> access_guard_state::read_candidates_of(const read_request_ptr& request) {
  auto promise = self->make_response_promise<read_answer_ptr>();
  auto vacancy = std::get<read_candidates>(request->what).vacancy;
  self->request(neighbours.registry, ask_timeout, list_atom_v, vacancy)
      .then(
          [this, request, promise](const read_answer_ptr& found) mutable {
            auto line = line_of(*request, "list_candidates");
            if (!*found)
              return refuse_read(promise, line, found->error());
            auto shows = open_list(*request, promise, line);
            if (!shows)
              return;
            auto lines = std::get<std::vector<candidate_line>>(**found);
            std::erase_if(lines,
                          [&](const candidate_line& c) { return !shows->dwellings_for(c.communes).covers(c.place); });
            line.results = static_cast<std::uint32_t>(lines.size());
            answer_logged(promise, std::make_shared<const read_answer>(read_content{std::move(lines)}), line);
          },
          [promise](const caf::error& error) mutable { promise.deliver(error); });
  return promise;
}

// -- what a former host had recorded --------------------------------------------------------------------------------

bool access_guard_state::may_review(const identity& who) const {
  const auto* agent = desk->book().find(who.account);
  if (!agent || !agent->may(law::agent_mission::record) || who.legal_person.is_demandeur())
    return false;
  auto capacities = desk->book().capacities_of(who.legal_person.legal_person(), context->today());
  return law::may_review(who.legal_person, capacities, desk->authority(), desk->book().is_its_own(who.account));
}

/// Where each stands is told to every agent, and nothing of a dossier: the reasons are for who may review them.
// [L441-2-7-4-1] [L441-2-7-1-1c]
caf::result<late_page_ptr> access_guard_state::list_late(const late_query_ptr& asked) {
  if (!neighbours.late)
    return late_page_ptr{std::make_shared<const late_page>()};
  auto query = std::make_shared<late_query>(*asked);
  query->with_reasons = may_review(asked->by);
  return self->delegate(neighbours.late, list_atom_v, late_query_ptr{query});
}

} // namespace toit
