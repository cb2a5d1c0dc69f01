/// \file
/// The HTTPS API of one territory's node: from a request to whoever answers it.
///
/// A listener is given `handle`; the node implements `host`.

#pragma once

#include "web/server/attempts.hpp"
#include "web/server/call.hpp"

#include <map>
#include <mutex>

namespace toit::web {

struct api_options {
  gateway_limits gateway;
};

/// Shared: it lives as long as a request in progress does.
class api : public std::enable_shared_from_this<api> {
public:
  /// The node outlives every request in progress.
  api(host& node, api_options options);
  /// The same of a territory that the node hosts beside its own.
  api(std::shared_ptr<host> node, api_options options);

  /// Answers any request, once; any thread may call.
  void handle(request asked, respond answer);

  /// A nominative read that another node vouches for; `by` answers for that node.
  void handle_relayed(const relayed_read& asked, const relaying_node& by, std::function<void(relayed_answer)> tell);

  /// What another territory hosted on this node is served under: "/territoires/200057867" before any path.
  static constexpr std::string_view hosted_prefix = "/territoires/";
  static std::string path_of_hosted(std::string_view siren) { return std::string{hosted_prefix} + std::string{siren}; }

  /// True for a path that takes a document: it may be larger.
  static bool is_upload(std::string_view method, std::string_view target);

  host& node() const { return node_; }
  gateway& way() { return gateway_; }
  attempts& logins() { return logins_; }

private:
  void dispatch(const call_ptr& asked);
  bool pass_on(request& asked, respond& answer);
  std::shared_ptr<api> hosted(law::siren territory);
  void identify(const call_ptr& asked);
  respond counting(std::size_t route, respond answer);

  host& node_;
  std::shared_ptr<host> kept_; ///< of an API of another territory
  api_options options_;
  gateway gateway_;
  attempts logins_;

  struct counted {
    base::counter requests;
    base::histogram seconds;
  };
  counted& counters(std::size_t route, int status);
  std::mutex mutex_;
  std::map<std::pair<std::size_t, int>, counted> counted_; ///< by route of the table and status
  std::map<law::siren, std::shared_ptr<api>> hosted_;
};

} // namespace toit::web
