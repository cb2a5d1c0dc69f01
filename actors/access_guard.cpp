#include "actors/access_guard.hpp"

#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<access_guard_state>);

void guard_owner::folded(const ports::stored_entry& entry) {
  instruments_owner::folded(entry);
  const auto& happened = entry.record->event;
  if (const auto* opened = std::get_if<law::account_opened>(&happened))
    confirmed_.push_back(opened->account);
  else if (const auto* applicant = std::get_if<law::applicant_account_opened>(&happened))
    confirmed_.push_back(applicant->account);
  else if (const auto* changed = std::get_if<law::account_secret_changed>(&happened))
    confirmed_.push_back(changed->account);
  else if (const auto* closed = std::get_if<law::account_closed>(&happened))
    closed_.push_back(closed->account);
}

std::uint64_t access_guard_state::written(const ports::batch_ptr& batch) {
  auto seq = desk->written(batch);
  for (auto id : desk->take_confirmed())
    accounts->confirm(id);
  for (auto id : desk->take_closed())
    accounts->drop(id);
  return seq;
}

// -- logging in -----------------------------------------------------------------------------------------------------

namespace {

session_answer_ptr not_known() {
  return std::make_shared<const session_answer>(
      law::refuse(law::refusal_code::unauthenticated, "R441-2-15-V-2-5", "Identifiant ou mot de passe inconnu."));
}

session_answer_ptr try_later() {
  return std::make_shared<const session_answer>(law::refuse(
      law::refusal_code::busy, "R441-2-15-V-2-5", "Trop de tentatives ou de sessions ouvertes : réessayez plus tard."));
}

} // namespace

caf::result<session_answer_ptr> access_guard_state::log_in(const credentials_ptr& given) {
  if (!given->token.empty()) {
    auto known = accounts->recognise(given->token, desk->book());
    return known ? session_answer_ptr{std::make_shared<const session_answer>(std::move(*known))} : not_known();
  }
  if (accounts->rests(given->login))
    return try_later();
  const auto* account = accounts->find_login(given->login);
  // An unknown login takes as long as a wrong password, and says as little.
  auto hashed = account ? account->password : std::string{};
  auto promise = self->make_response_promise<session_answer_ptr>();
  self->request(neighbours.passwords, ask_timeout, check_atom_v, hashed, given->password)
      .then(
          [this, given, promise](bool right) mutable {
            const auto* who = accounts->find_login(given->login);
            auto identified = right && who ? accounts->identity_of(*who, desk->book()) : std::nullopt;
            if (!identified) {
              accounts->note_failure(given->login);
              return static_cast<void>(promise.deliver(not_known()));
            }
            accounts->forget_failures(given->login);
            auto opened = accounts->open_session(*identified);
            promise.deliver(opened ? session_answer_ptr{std::make_shared<const session_answer>(std::move(*opened))}
                                   : try_later());
          },
          [promise](const caf::error&) mutable { promise.deliver(try_later()); });
  return promise;
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
  state.desk = std::make_unique<guard_owner>(self, context, neighbours.recorder, "guard");
  state.neighbours = std::move(neighbours);
  state.desk->begin([self] { self->state.accounts->load(self->state.desk->cursor().reader()); });
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.written(batch); },
      [self](login_atom, const credentials_ptr& given) { return self->state.log_in(given); },
      [self](logout_atom, const std::string& token) { self->state.accounts->close_session(token); },
      [self](submit_atom, const asked_command_ptr& asked) { return self->state.submit(asked); },
      [self](read_atom, const read_request_ptr& request) { return self->state.read(request); },
      [self](rights_atom) { return rights_ptr{std::make_shared<const law::rights_book>(self->state.desk->book())}; },
      [self](keep_atom, bool force) { return self->state.desk->keep(force); },
  };
}

} // namespace toit
