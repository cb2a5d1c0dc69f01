/// \file
/// Somebody's use of a node's API from a command of the program: a login, then requests.

#pragma once

#include "web/server/client.hpp"

#include <nlohmann/json.hpp>

namespace toit::nodes {

/// The node could not be reached, or answered otherwise than the command can go on with. `what` is in French and names
/// code and article of a refusal.
struct api_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where a node is served.
struct api_place {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8443;
  std::string certificate; ///< PEM text
};

class api_session {
public:
  explicit api_session(const api_place& place);

  void log_in(const std::string& login, const std::string& password);
  void use_token(std::string token) { token_ = std::move(token); }

  using json = nlohmann::json;
  /// Each throws `api_failure` unless the answer's status is 2xx.
  json get(const std::string& target, bool nominative = false);
  json put(const std::string& target, const json& body) { return send("PUT", target, body); }
  json post(const std::string& target, const json& body) { return send("POST", target, body); }
  json upload(const std::string& target, const json& command, const std::string& content);
  /// The status and body, whatever they are.
  web::response ask(const std::string& method, const std::string& target, const json& body);

private:
  json send(const std::string& method, const std::string& target, const json& body);
  json read(const web::response& answer, const std::string& doing);
  web::response exchange(web::request asked);

  web::client client_;
  std::string token_;
};

} // namespace toit::nodes
