#include "web/server/api.hpp"

#include "base/log.hpp"
#include "web/server/routes.hpp"

namespace toit::web {

namespace {

constexpr std::size_t no_route = SIZE_MAX;

const std::vector<double> bounds{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10};

law::refusal not_known() {
  return law::refuse(law::refusal_code::unauthenticated, "R441-2-15-V-2-5",
                     "Une session ou un jeton en vigueur est nécessaire.")
      .error();
}

law::refusal unknown_parameter() {
  return law::refuse(law::refusal_code::malformed, "", "L'adresse a un paramètre qui n'existe pas ici.").error();
}

law::refusal our_fault() {
  return law::refuse(law::refusal_code::internal, "", "Le nœud n'a pas pu traiter la requête.").error();
}

response only_methods(int status, const std::string& allowed) {
  auto given = status == 204 ? response{204, {}, {}} : answer_fault(http_fault::no_such_method);
  given.headers.emplace_back("Allow", allowed + ", HEAD, OPTIONS");
  return given;
}

std::string_view bearer_of(const request& asked) {
  constexpr std::string_view scheme = "bearer ";
  auto header = asked.header("Authorization").value_or("");
  if (header.size() <= scheme.size() || header.size() > 256 || !same_header(header.substr(0, scheme.size()), scheme))
    return {};
  return header.substr(scheme.size());
}

} // namespace

api::api(host& node, api_options options) : node_{node}, options_{options}, gateway_{node, options.gateway} {}

api::api(std::shared_ptr<host> node, api_options options) : api{*node, options} { kept_ = std::move(node); }

namespace {

/// SIREN of the hosted territory that a target begins with, and the target on its own node.
struct hosted_target {
  law::siren territory;
  std::string_view rest;
};

std::optional<hosted_target> hosted_in(std::string_view target) {
  if (!target.starts_with(api::hosted_prefix))
    return std::nullopt;
  auto after = target.substr(api::hosted_prefix.size());
  auto end = after.find('/');
  auto territory = end == std::string_view::npos ? std::nullopt : law::siren::parse(after.substr(0, end));
  return territory ? std::optional{hosted_target{*territory, after.substr(end)}} : std::nullopt;
}

} // namespace

bool api::is_upload(std::string_view method, std::string_view target) {
  if (auto inner = hosted_in(target))
    target = inner->rest;
  auto parsed = method == "POST" ? parse_target(target) : std::nullopt;
  auto found = parsed ? find_route(method, parsed->path) : found_route{};
  return found.what && found.what->body == body_form::upload;
}

// -- counting -------------------------------------------------------------------------------------------------------

api::counted& api::counters(std::size_t route, int status) {
  std::lock_guard hold{mutex_};
  auto [known, fresh] = counted_.try_emplace({route, status});
  if (fresh) {
    std::string path{route == no_route ? "none" : all_routes()[route].path};
    std::string method{route == no_route ? "none" : all_routes()[route].method};
    base::labels with{{"method", method}, {"path", path}, {"status", std::to_string(status)}};
    auto& metrics = *node_.context().metrics;
    known->second.requests = metrics.make_counter("toit_http_requests_total", "Requests answered", with);
    known->second.seconds = metrics.make_histogram("toit_http_request_seconds", "Time to answer", bounds, with);
  }
  return known->second;
}

/// Counts by the route's template, never by what a path holds. A request that is dropped, by a fault of ours, is
/// answered all the same.
respond api::counting(std::size_t route, respond answer) {
  struct pending {
    std::function<void(response)> tell;
    ~pending() {
      if (tell)
        tell(answer_refusal(our_fault()));
    }
  };
  auto began = node_.context().clock->monotonic();
  auto once = std::make_shared<pending>();
  once->tell = [self = shared_from_this(), route, began, answer = std::move(answer)](response given) {
    auto& count = self->counters(route, given.status);
    count.requests.add();
    auto took = self->node_.context().clock->monotonic() - began;
    count.seconds.observe(std::chrono::duration<double>(took).count());
    protect(given);
    answer(std::move(given));
  };
  return [once](response given) {
    if (auto tell = std::exchange(once->tell, nullptr))
      tell(std::move(given));
  };
}

// -- finding the way ------------------------------------------------------------------------------------------------

/// Each hosted territory has actors, accounts and rules of its own.
// [L441-2-7-4-1]
bool api::pass_on(request& asked, respond& answer) {
  auto inner = hosted_in(asked.target);
  auto whose = inner && !kept_ ? hosted(inner->territory) : nullptr;
  if (!whose)
    return false;
  asked.target = std::string{inner->rest};
  whose->handle(std::move(asked), std::move(answer));
  return true;
}

std::shared_ptr<api> api::hosted(law::siren territory) {
  auto there = node_.of(territory);
  if (!there)
    return nullptr;
  std::lock_guard lock{mutex_};
  auto& known = hosted_[territory];
  if (!known)
    known = std::make_shared<api>(std::move(there), options_);
  return known;
}

void api::handle(request asked, respond answer) {
  if (pass_on(asked, answer))
    return;
  auto target = parse_target(asked.target);
  if (!target)
    return counting(no_route, std::move(answer))(answer_fault(http_fault::unreadable, "L'adresse est mal formée."));
  bool head = asked.method == "HEAD";
  auto found = find_route(head ? "GET" : asked.method, target->path);
  auto place = found.what ? static_cast<std::size_t>(found.what - all_routes().data()) : no_route;
  auto tell = counting(place, std::move(answer));
  if (!found.what && found.allowed.empty())
    return tell(answer_fault(http_fault::no_such_path));
  if (!found.what)
    return tell(only_methods(asked.method == "OPTIONS" ? 204 : 405, found.allowed));
  auto c = std::make_shared<call>(call{shared_from_this(),
                                       found.what,
                                       std::move(asked),
                                       std::move(*target),
                                       std::move(found.path),
                                       {},
                                       {},
                                       std::move(tell)});
  try {
    dispatch(c);
  } catch (const std::exception& failure) {
    // A fault of ours, which must not end the thread that serves everybody else.
    base::log_error("a request could not be served", {{"path", c->what->path}, {"because", failure.what()}});
    c->refuse(our_fault());
  }
}

namespace {

/// A filter that nobody knows would silently show more than was asked for. Probes of a node may ask as they like.
bool knows_all_parameters(const call& c) {
  if (c.target.parameters.empty() || !c.what->path.starts_with("/v1/"))
    return true;
  auto known = parameter_names(*c.what);
  return std::ranges::all_of(c.target.parameters,
                             [&](const auto& given) { return std::ranges::find(known, given.first) != known.end(); });
}

} // namespace

namespace {

law::refusal hosted_elsewhere() {
  return law::refuse(law::refusal_code::fenced, "L441-2-7-4-1",
                     "Le dispositif de ce territoire est tenu par un autre nœud : adressez-vous à lui.")
      .error();
}

} // namespace

namespace {

/// What one message between nodes may hold, with room to spare.
constexpr std::size_t relayed_bytes_most = std::size_t{8} << 20;

relayed_answer relayed(response&& given) {
  if (given.body.size() > relayed_bytes_most)
    given = answer_refusal(
        law::refuse(law::refusal_code::too_large, "", "La réponse est trop longue pour être relayée.").error());
  auto type = find_header(given.headers, "Content-Type").value_or("");
  return {static_cast<std::uint16_t>(given.status), std::string{type}, std::move(given.body)};
}

} // namespace

// [R441-2-15-I-10] [R441-2-15-V-2-0]
void api::handle_relayed(const relayed_read& asked, const relaying_node& by, std::function<void(relayed_answer)> tell) {
  if (auto inner = hosted_in(asked.target.str()); inner && !kept_) {
    auto whose = hosted(inner->territory);
    auto there = asked;
    there.target = law::text<2048>{std::string{inner->rest}};
    return whose ? whose->handle_relayed(there, by, std::move(tell))
                 : tell(relayed(answer_fault(http_fault::no_such_path)));
  }
  auto answer = [tell = std::move(tell)](response given) { tell(relayed(std::move(given))); };
  if (node_.elsewhere())
    return answer(answer_refusal(hosted_elsewhere()));
  auto target = parse_target(asked.target.str());
  auto found = target ? find_route("GET", target->path) : found_route{};
  // What a nominative read may show the guard decides, by who answers for the node and his habilitation here.
  if (!found.what || !(found.what->nominative || (found.what->to_state && by.is_state)) ||
      found.what->answers != answer_form::fields || found.what->relays)
    return answer(answer_fault(http_fault::no_such_path));
  auto place = static_cast<std::size_t>(found.what - all_routes().data());
  request read{"GET", asked.target.str(), {}, {}, {}};
  if (!asked.purpose.empty())
    read.headers.emplace_back("Toit-Purpose", asked.purpose.str());
  auto c = std::make_shared<call>(call{shared_from_this(),
                                       found.what,
                                       std::move(read),
                                       std::move(*target),
                                       std::move(found.path),
                                       {asked.legal_person, asked.agent, {}, by.legal_person},
                                       {},
                                       counting(place, answer)});
  if (!knows_all_parameters(*c))
    return c->refuse(unknown_parameter());
  c->what->serve(c);
}

void api::dispatch(const call_ptr& asked) {
  auto elsewhere = node_.elsewhere();
  if (elsewhere && asked->what->of_territory()) {
    auto told = answer_refusal(hosted_elsewhere());
    told.headers.emplace_back("Toit-Host", *elsewhere);
    return asked->answer(std::move(told));
  }
  if (!knows_all_parameters(*asked))
    return asked->refuse(unknown_parameter());
  if (asked->what->who == caller::anybody)
    return asked->what->serve(asked);
  identify(asked);
}

void api::identify(const call_ptr& asked) {
  asked->token = bearer_of(asked->asked);
  if (asked->token.empty())
    return asked->refuse(not_known());
  gateway_.log_in({{}, {}, asked->token}, [asked](told<session> opened) {
    if (!opened)
      return asked->refuse(opened.error().code == law::refusal_code::unauthenticated ? not_known() : opened.error());
    asked->who = opened->who;
    if (asked->what->who == caller::agent && asked->who.own_dossier)
      return asked->refuse(law::refuse(law::refusal_code::out_of_scope, "R441-2-15-V-2-5",
                                       "Seul un agent d'une personne morale a accès à cette ressource.")
                               .error());
    asked->what->serve(asked);
  });
}

} // namespace toit::web
