#include "web/server/gateway.hpp"

#include "base/log.hpp"

namespace toit::web {

namespace {

std::unexpected<law::refusal> too_many() {
  return law::refuse(law::refusal_code::busy, "", "Trop de requêtes sont en cours sur ce nœud : réessayez.");
}

std::unexpected<law::refusal> nobody() {
  return law::refuse(law::refusal_code::busy, "", "Le nœud démarre ou s'arrête : réessayez.");
}

std::unexpected<law::refusal> unknown() {
  return law::refuse(law::refusal_code::unknown_outcome, "",
                     "Aucune réponse à temps : répétez la requête, avec la même clé d'idempotence.");
}

std::unexpected<law::refusal> failed() {
  return law::refuse(law::refusal_code::internal, "", "Le nœud n'a pas pu lire son journal.");
}

/// What actors answer as a value or a refusal, shared.
template <class Value>
told<Value> copy_of(const std::shared_ptr<const std::expected<Value, law::refusal>>& given) {
  return *given;
}

template <class Value>
told<Value> as_it_is(const Value& given) {
  return given;
}

} // namespace

/// One question on its way. Whatever becomes of it, whoever asked is told once, and its place is free again.
template <class Result>
class gateway::errand {
public:
  errand(std::shared_ptr<std::atomic<std::size_t>> places, teller<Result> tell)
      : places_{std::move(places)}, tell_{std::move(tell)} {}
  errand(const errand&) = delete;
  errand& operator=(const errand&) = delete;
  ~errand() {
    if (tell_)
      tell(unknown());
  }

  void tell(told<Result> answer) {
    auto once = std::exchange(tell_, nullptr);
    if (!once)
      return;
    places_->fetch_sub(1);
    once(std::move(answer));
  }

private:
  std::shared_ptr<std::atomic<std::size_t>> places_;
  teller<Result> tell_;
};

gateway::gateway(host& node, gateway_limits limits) : node_{node}, limits_{limits} {}

/// Null, and `tell` told, when no place is free.
template <class Result>
std::shared_ptr<gateway::errand<Result>> gateway::begin(teller<Result> tell) {
  if (in_flight_->fetch_add(1) < limits_.in_flight)
    return std::make_shared<errand<Result>>(in_flight_, std::move(tell));
  in_flight_->fetch_sub(1);
  tell(too_many());
  return nullptr;
}

/// The question is an actor's that lives as long as the answer takes. Handles are asked for anew each time: those of
/// before a failure answer nobody.
template <class Asked, class Result, class Handle, class Unwrap, class... Args>
void gateway::ask(Handle territory_actors::* whom, teller<Result> tell, Unwrap unwrap, Args... args) {
  auto actors = node_.actors();
  if (!actors)
    return tell(nobody());
  auto sent = begin(std::move(tell));
  if (!sent)
    return;
  node_.system().spawn(
      [sent, unwrap, handle = (*actors).*whom, timeout = limits_.timeout, args...](caf::event_based_actor* self) {
        self->set_default_handler(caf::drop);
        self->request(handle, timeout, args...)
            .then([sent, unwrap](const Asked& given) { sent->tell(unwrap(given)); },
                  [sent](const caf::error&) { sent->tell(unknown()); });
      });
}

void gateway::log_in(credentials given, teller<session> tell) {
  ask<session_answer_ptr>(&territory_actors::guard, std::move(tell), copy_of<session>, login_atom_v,
                          std::make_shared<const credentials>(std::move(given)));
}

void gateway::log_out(std::string token) {
  if (auto actors = node_.actors())
    caf::anon_send(actors->guard, logout_atom_v, std::move(token));
}

void gateway::submit(asked_command_ptr asked, teller<receipt> tell) {
  ask<answer_ptr>(&territory_actors::guard, std::move(tell), copy_of<receipt>, submit_atom_v, std::move(asked));
}

void gateway::read(read_request_ptr asked, teller<read_content> tell) {
  ask<read_answer_ptr>(&territory_actors::guard, std::move(tell), copy_of<read_content>, read_atom_v, std::move(asked));
}

void gateway::list(register_query query, teller<register_page> tell) {
  ask<register_page_ptr>(
      &territory_actors::registry, std::move(tell),
      [](const register_page_ptr& given) { return told<register_page>{*given}; }, list_atom_v,
      std::make_shared<const register_query>(std::move(query)));
}

void gateway::rights(teller<rights_ptr> tell) {
  ask<rights_ptr>(&territory_actors::guard, std::move(tell), as_it_is<rights_ptr>, rights_atom_v);
}

void gateway::contingents(teller<contingents_ptr> tell) {
  ask<contingents_ptr>(&territory_actors::allocator, std::move(tell), as_it_is<contingents_ptr>, list_atom_v);
}

void gateway::watch(teller<watcher_status> tell) {
  ask<watcher_status>(&territory_actors::watcher, std::move(tell), as_it_is<watcher_status>, status_atom_v);
}

void gateway::registry(teller<registry_status> tell) {
  ask<registry_status>(&territory_actors::registry, std::move(tell), as_it_is<registry_status>, status_atom_v);
}

void gateway::state_acts(teller<state_acts_ptr> tell) {
  auto actors = node_.actors();
  if (actors && !actors->state)
    return tell(std::make_shared<const law::state_book>());
  ask<state_acts_ptr>(&territory_actors::state, std::move(tell), as_it_is<state_acts_ptr>, list_atom_v);
}

void gateway::dispositif(teller<dispositif_ptr> tell) {
  auto actors = node_.actors();
  if (actors && !actors->conventions)
    return tell(law::refuse(law::refusal_code::out_of_scope, "L441-2-7-1-1a",
                            "Le dispositif d'un territoire se lit sur le nœud de ce territoire."));
  ask<dispositif_ptr>(&territory_actors::conventions, std::move(tell), as_it_is<dispositif_ptr>, list_atom_v);
}

void gateway::late_entries(late_query query, teller<late_page> tell) {
  ask<late_page_ptr>(
      &territory_actors::guard, std::move(tell), [](const late_page_ptr& given) { return told<late_page>{*given}; },
      list_atom_v, late_query_ptr{std::make_shared<const late_query>(std::move(query))});
}

void gateway::procedures(teller<procedures_ptr> tell) {
  auto actors = node_.actors();
  if (actors && !actors->procedures)
    return tell(std::make_shared<const procedures_report>());
  ask<procedures_ptr>(&territory_actors::procedures, std::move(tell), as_it_is<procedures_ptr>, list_atom_v);
}

void gateway::supervised(teller<std::vector<supervised_territory_ptr>> tell) {
  auto actors = node_.actors();
  if (!actors)
    return tell(nobody());
  auto sent = begin(std::move(tell));
  if (!sent)
    return;
  std::vector<territory_supervisor_actor> all;
  for (const auto& [stream, supervisor] : actors->supervisors)
    all.push_back(supervisor);
  using facts = std::vector<supervised_territory_ptr>;
  node_.system().spawn([sent, all, timeout = limits_.timeout](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    if (all.empty())
      return sent->tell(facts{});
    auto gathered = std::make_shared<std::pair<facts, std::size_t>>(facts(all.size()), 0);
    for (std::size_t i = 0; i < all.size(); ++i)
      self->request(all[i], timeout, status_atom_v)
          .then(
              [sent, gathered, i](const supervised_territory_ptr& one) {
                gathered->first[i] = one;
                if (++gathered->second == gathered->first.size())
                  sent->tell(std::move(gathered->first));
              },
              [sent](const caf::error&) { sent->tell(unknown()); });
  });
}

void gateway::look_up(finder find, teller<json> tell) {
  auto sent = begin(std::move(tell));
  if (!sent)
    return;
  node_.system().spawn([sent, find = std::move(find), this](caf::event_based_actor*) {
    try {
      sent->tell(find(*node_.context().open_reader()));
    } catch (const std::exception& failure) {
      base::log_error("the journal could not be read for the API", {{"because", failure.what()}});
      sent->tell(failed());
    }
  });
}

} // namespace toit::web
