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

  /// Answers any request, once; any thread may call.
  void handle(request asked, respond answer);

  /// A nominative read that another node vouches for; `by` answers for that node.
  void handle_relayed(const relayed_read& asked, law::siren by, std::function<void(relayed_answer)> tell);

  /// True for a path that takes a document: it may be larger.
  static bool is_upload(std::string_view method, std::string_view target);

  host& node() const { return node_; }
  gateway& way() { return gateway_; }
  attempts& logins() { return logins_; }

private:
  void dispatch(const call_ptr& asked);
  void identify(const call_ptr& asked);
  respond counting(std::size_t route, respond answer);

  host& node_;
  gateway gateway_;
  attempts logins_;

  struct counted {
    base::counter requests;
    base::histogram seconds;
  };
  counted& counters(std::size_t route, int status);
  std::mutex mutex_;
  std::map<std::pair<std::size_t, int>, counted> counted_; ///< by route of the table and status
};

} // namespace toit::web
