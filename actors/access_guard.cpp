#include "actors/access_guard.hpp"

#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<access_guard_state>);

void guard_owner::folded(const ports::stored_entry& entry) {
  instruments_owner::folded(entry);
  accounts_.confirm(entry.record->command);
  const auto& happened = entry.record->event;
  if (const auto* closed = std::get_if<law::account_closed>(&happened))
    accounts_.drop(closed->account);
  else if (const auto* of_demandeur = std::get_if<law::applicant_account_closed>(&happened))
    accounts_.drop(of_demandeur->account);
  else if (std::holds_alternative<law::demande_erased>(happened)) {
    accounts_.drop_of(law::id_of<law::dossier_id>(entry.subject));
    numbers_.clear();
  } else if (std::holds_alternative<law::authority_cut>(happened))
    authority_.reset();
  book_.note(*entry.record, law::local_date(context_->departement, entry.recorded_at));
}

void guard_owner::put_more(ports::snapshots::writer& file) {
  for (const auto& [key, line] : book_.lateness().lines())
    file.put(line);
  for (const auto& [dossier, account] : book_.demandeurs().all())
    file.put(law::applicant_account{dossier, account});
}

// [L441-2-7-4-1]
void guard_owner::begin_lazily(stream_reader_actor reader, std::function<void()> prepared,
                               std::function<void()> ready) {
  instruments_owner::begin_lazily(
      std::move(reader),
      [this, prepared = std::move(prepared)] {
        read_early();
        prepared();
      },
      [this, ready = std::move(ready)] {
        early_.reset();
        ready();
      });
}

void guard_owner::read_early() {
  early_.emplace(static_cast<const law::rights_book&>(book_));
  auto& reader = cursor().reader();
  auto head = reader.latest_head(context_->stream);
  auto end = head ? head->seq : 0;
  for (auto after = cursor().seq(); after < end; after += stream_cursor::chunk)
    for (const auto& entry : reader.read_clear(context_->stream, after, std::min(after + stream_cursor::chunk, end)))
      if (entry.record)
        early_->apply(entry.subject, *entry.record, entry.seq);
}

/// As the entry says that opened the epoch in the ordering authority's stream. A node that was put back may have the
/// territory's stream before that one: meanwhile nobody is said to answer.
// [L441-2-7-4-1]
law::authority_in_force guard_owner::authority() {
  const auto& cut = book().last_cut();
  if (!cut)
    return {context_->settings.territory, {}};
  if (authority_)
    return *authority_;
  auto ordering = ports::stream_id::parse(cut->ordered_by.str());
  auto opened = ordering ? cursor().reader().entry(*ordering, cut->ordered_seq) : std::nullopt;
  const auto* passed = opened && opened->record ? std::get_if<law::authority_passed>(&opened->record->event) : nullptr;
  if (!passed || passed->territory != context_->settings.territory)
    return {{}, law::passing_ground::substitution};
  authority_ = law::authority_in_force{passed->holder, passed->ground};
  return *authority_;
}

// -- beginning ------------------------------------------------------------------------------------------------------

void access_guard_state::make_ready() {
  accounts->load(desk->cursor().reader(), desk->book());
  resume_clock();
  // Nobody has this password; comparing with it takes as long as with one that somebody has.
  self->request(neighbours.passwords, ask_timeout, hash_atom_v, std::string{"mot de passe de personne"})
      .then([this](std::string& hashed) { nobodys_password_ = std::move(hashed); },
            [this](const caf::error& error) { self->quit(error); });
}

/// A demonstration that stopped right after its clock had been set goes on from there.
void access_guard_state::resume_clock() {
  auto& reader = desk->cursor().reader();
  auto head = steer ? reader.latest_head(context->stream) : std::nullopt;
  auto last = head ? reader.entry(context->stream, head->seq) : std::nullopt;
  if (!last || !last->record)
    return;
  if (const auto* set = std::get_if<law::clock_set>(&last->record->event))
    steer(set->now);
}

// -- logging in -----------------------------------------------------------------------------------------------------

namespace {

law::refusal not_known() {
  return law::refuse(law::refusal_code::unauthenticated, "R441-2-15-V-2-5", "Identifiant ou mot de passe inconnu.")
      .error();
}

session_answer_ptr answer_of(session_answer given) { return std::make_shared<const session_answer>(std::move(given)); }

session_answer_ptr try_later() {
  return std::make_shared<const session_answer>(law::refuse(
      law::refusal_code::busy, "R441-2-15-V-2-5", "Trop de tentatives ou de sessions ouvertes : réessayez plus tard."));
}

} // namespace

void access_guard_state::count_login(const char* outcome) const {
  context->metrics->make_counter("toit_logins_total", "Logins by password", {{"outcome", outcome}}).add();
}

session_answer_ptr access_guard_state::postpone_login() {
  count_login("postponed");
  return try_later();
}

/// Until all is folded agents are let in, and nobody hears that he is not: how soon would tell whose login it is.
caf::result<session_answer_ptr> access_guard_state::log_in(const credentials_ptr& given) {
  // A session is of this guard's own time, and a token an agent's.
  if (!given->token.empty()) {
    auto known = accounts->recognise(given->token, desk->book());
    return known ? answer_of(std::move(*known)) : answer_of(std::unexpected{not_known()});
  }
  const auto* account = accounts->find_login(given->login);
  bool is_agents = account && !account->own_dossier;
  if (nobodys_password_.empty() || (!is_agents && !desk->whole()))
    return caf::skip;
  if (logins_under_way_ >= logins_limit || !accounts->begin_attempt(given->login))
    return desk->once_whole([this] { return postpone_login(); });
  ++logins_under_way_;
  // An unknown login takes as long as a wrong password, and says as little.
  auto hashed = account ? account->password : nobodys_password_;
  auto promise = self->make_response_promise<session_answer_ptr>();
  self->request(neighbours.passwords, ask_timeout, check_atom_v, hashed, given->password)
      .then(
          [this, given, hashed, promise](bool right) {
            --logins_under_way_;
            end_login(given, right, hashed, promise);
          },
          [this, promise](const caf::error&) {
            --logins_under_way_;
            turn_away(promise, postpone_login());
          });
  return promise;
}

void access_guard_state::end_login(const credentials_ptr& given, bool right, const std::string& hashed,
                                   login_promise promise) {
  const auto* who = accounts->find_login(given->login);
  // The password may have changed while the old one was compared.
  bool knows = right && who && who->password == hashed;
  auto identified = knows ? accounts->identity_of(*who, desk->book()) : std::nullopt;
  if (!identified)
    return refuse_login(who, promise);
  accounts->forget_failures(given->login);
  auto opened = accounts->open_session(*identified);
  if (!opened)
    return turn_away(std::move(promise), postpone_login());
  count_login("opened");
  promise.deliver(answer_of(std::move(*opened)));
}

/// A failed login leaves a trace before it is told: whose account was tried, never what was typed.
// [L441-2-7-1-1c]
void access_guard_state::refuse_login(const ports::account_secrets* who, login_promise promise) {
  count_login("refused");
  auto line = std::make_shared<ports::log_line>();
  line->attempt = true;
  line->right = "login";
  line->refusal = not_known();
  if (who) {
    line->agent = who->account;
    if (const auto* agent = desk->book().find(who->account))
      line->legal_person = agent->legal_person;
  }
  auto tell = [this, promise] { turn_away(promise, answer_of(std::unexpected{not_known()})); };
  self->request(neighbours.recorder, ask_timeout, refuse_atom_v, log_line_ptr{line})
      .then([tell](const append_results_ptr&) { tell(); }, [tell](const caf::error&) { tell(); });
}

void access_guard_state::turn_away(login_promise promise, session_answer_ptr why) {
  if (desk->whole())
    promise.deliver(std::move(why));
  else
    turned_away_.emplace_back(std::move(promise), std::move(why));
}

void access_guard_state::end_folding() {
  accounts->drop_unnamed(desk->book());
  for (auto& [promise, why] : std::exchange(turned_away_, {}))
    promise.deliver(std::move(why));
}

// -- behaviour ------------------------------------------------------------------------------------------------------

access_guard_actor::behavior_type access_guard(guard_pointer self, territory_context_ptr context,
                                               guard_neighbours neighbours, set_clock steer) {
  set_up_defaults(self, access_guard_state::name);
  auto& state = self->state;
  state.self = self;
  state.context = context;
  state.steer = std::move(steer);
  state.accounts = std::make_unique<account_desk>(context);
  state.desk = std::make_unique<guard_owner>(self, context, neighbours.recorder, *state.accounts);
  state.neighbours = std::move(neighbours);
  auto& desk = *state.desk;
  desk.begin_lazily(
      state.neighbours.entries, [self] { self->state.make_ready(); }, [self] { self->state.end_folding(); });
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.desk->written(batch); },
      [self](login_atom, const credentials_ptr& given) { return self->state.log_in(given); },
      [self](logout_atom, const std::string& token) { self->state.accounts->close_session(token); },
      [self](submit_atom, const asked_command_ptr& asked) { return self->state.submit(asked); },
      [self, &desk](read_atom, const read_request_ptr& request) {
        return desk.once_whole([&] { return self->state.read(request); });
      },
      [self, &desk](list_atom, const late_query_ptr& asked) {
        return desk.once_whole([&] { return self->state.list_late(asked); });
      },
      [&desk](rights_atom) {
        return desk.once_whole([&] { return rights_ptr{std::make_shared<const law::rights_book>(desk.book())}; });
      },
      [&desk](keep_atom, bool force) { return desk.once_whole([&] { return desk.keep(force); }); },
  };
}

} // namespace toit
