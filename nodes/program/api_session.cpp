#include "nodes/program/api_session.hpp"

#include <random>

namespace toit::nodes {

namespace {

web::client_options options_of(const api_place& place) {
  web::client_options options;
  options.host = place.host;
  options.port = place.port;
  options.certificate = place.certificate;
  return options;
}

/// Makes a repeat of the same request harmless.
std::string fresh_key() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device device;
  std::string key;
  for (int i = 0; i < 32; ++i)
    key += digits[device() % 16];
  return key;
}

} // namespace

api_session::api_session(const api_place& place) : client_{options_of(place)} {}

void api_session::log_in(const std::string& login, const std::string& password) {
  auto opened = post("/v1/login", {{"login", login}, {"password", password}});
  token_ = opened.at("token").get<std::string>();
}

web::response api_session::exchange(web::request asked) {
  asked.headers.emplace_back("Accept", "application/json");
  if (!token_.empty())
    asked.headers.emplace_back("Authorization", "Bearer " + token_);
  auto answer = client_.send(asked);
  if (!answer)
    throw api_failure{"le nœud ne répond pas : " + answer.error()};
  return std::move(*answer);
}

api_session::json api_session::read(const web::response& answer, const std::string& doing) {
  auto body = json::parse(answer.body, nullptr, false);
  if (answer.status >= 200 && answer.status < 300)
    return body.is_discarded() ? json{} : body;
  std::string why = doing + " : " + std::to_string(answer.status);
  if (body.is_object())
    why += " " + body.value("code", "") + " (" + body.value("article", "") + ") " + body.value("detail", "");
  throw api_failure{why};
}

api_session::json api_session::get(const std::string& target, bool nominative) {
  web::request asked{"GET", target, {}, {}, {}};
  if (nominative)
    asked.headers.emplace_back("Toit-Purpose", "shared_management");
  return read(exchange(std::move(asked)), "GET " + target);
}

web::response api_session::ask(const std::string& method, const std::string& target, const json& body) {
  web::request asked{
      method, target, {{"Content-Type", "application/json"}, {"Idempotency-Key", fresh_key()}}, body.dump(), {}};
  return exchange(std::move(asked));
}

api_session::json api_session::send(const std::string& method, const std::string& target, const json& body) {
  return read(ask(method, target, body), method + " " + target);
}

api_session::json api_session::upload(const std::string& target, const json& command, const std::string& content) {
  const std::string boundary = "toit-" + fresh_key();
  auto part = [&](const std::string& name, const std::string& type, const std::string& text) {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\nContent-Type: " + type +
           "\r\n\r\n" + text + "\r\n";
  };
  web::request asked{"POST",
                     target,
                     {{"Content-Type", "multipart/form-data; boundary=" + boundary}, {"Idempotency-Key", fresh_key()}},
                     part("command", "application/json", command.dump()) +
                         part("content", "application/octet-stream", content) + "--" + boundary + "--\r\n",
                     {}};
  return read(exchange(std::move(asked)), "POST " + target);
}

} // namespace toit::nodes
