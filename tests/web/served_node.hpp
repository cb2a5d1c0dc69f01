/// \file
/// A demonstration node on real actors, journal and sockets, in a temporary directory, and a client of its API.

#pragma once

#include "nodes/host/running_node.hpp"
#include "web/server/client.hpp"
#include "web/server/server.hpp"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

namespace toit::tests {

using nlohmann::json;

struct answer {
  int status = 0;
  json body;
  web::response raw;

  std::string code() const { return body.value("code", ""); }
  /// What the node assigned in the first entry recorded.
  json assigned() const { return body.at("recorded").at(0).at("assigned"); }
};

class served_node {
public:
  /// `change` makes another node of it than Plaine Commune's alone.
  using change = std::function<void(nodes::configuration& with)>;
  explicit served_node(const change& changed = {}, nodes::territory_map map = nodes::territory_map::load());
  ~served_node();

  /// The one that all tests share: bodies, accounts and conventions are entered.
  static served_node& shared();
  /// Of each player's account.
  static std::string password_of_all();

  void await_ready();
  /// The gestionnaire alone is logged in: what a node of one's own needs.
  void enter_gestionnaire();
  nodes::running_node& running() { return *running_; }
  /// Why the node cannot go on, as it told it.
  std::vector<nodes::node_fault> faults() const;

  const std::filesystem::path& data() const { return with_.data; }
  std::uint16_t port() const { return server_->port(); }
  const std::string& certificate() const { return certificate_; }
  std::string today();
  /// The demonstration's clock, forwards.
  void set_clock(const std::string& instant);

  /// The bodies, their accounts, habilitations and conventions: what the shared node has.
  void enter_players(const std::string& departement = "93");

  /// By a session of that player's; "" is nobody.
  answer ask(const std::string& who, const std::string& method, const std::string& target, const json& body = {},
             web::headers more = {});
  /// The same of any bytes.
  answer send(const std::string& who, web::request asked, const json& body = {});
  answer get(const std::string& who, const std::string& target, web::headers more = {});
  /// A nominative read, for the shared management.
  answer read(const std::string& who, const std::string& target);
  /// A command that must be accepted.
  answer must(const std::string& who, const std::string& target, const json& body, web::headers more = {});

  std::string log_in(const std::string& login, const std::string& password);
  void use_token(const std::string& who, std::string token) { tokens_[who] = std::move(token); }

  /// A registered demande: its number.
  std::string register_demande(const char* wished = "93066", const std::string& by = "desk");
  json form(const char* wished = "93066") const;
  /// A dwelling of the bailleur's, to be let: the vacancy.
  std::string open_vacancy();
  std::uint64_t last_seq();

private:
  static void keep_exchange(const std::string& method, const std::string& target, const json& asked,
                            const answer& told);
  void open_account(const std::string& who, const std::string& siren, const json& missions);

  std::filesystem::path folder_;
  nodes::territory_map map_;
  nodes::configuration with_;
  std::unique_ptr<nodes::opened_node> opened_;
  mutable std::mutex mutex_;
  std::vector<nodes::node_fault> faults_; ///< told from any thread
  std::unique_ptr<nodes::running_node> running_;
  std::unique_ptr<web::server> server_;
  std::string certificate_;
  std::unique_ptr<web::client> client_;
  std::map<std::string, std::string> tokens_;
  unsigned dwellings_ = 0;
};

/// SIREN of the players.
extern const std::map<std::string, std::string> sirens;

} // namespace toit::tests
