/// \file
/// The API of a node on its port: what a node starts last and stops first.

#pragma once

#include "web/server/api.hpp"
#include "web/server/listener.hpp"

namespace toit::web {

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: any free one
  std::string proxy;      ///< address of the reverse proxy in front; empty where there is none
  tls_identity identity;
  std::size_t connections = 2048;
  gateway_limits gateway;
};

class server {
public:
  /// Serves at once. Throws std::runtime_error when the address, the certificate or the key is unusable. The host must
  /// outlive it, and its actors answer until `stop` returns.
  server(host& node, server_options options);

  std::uint16_t port() const { return listener_.port(); }
  /// For whoever brings requests on another way than the sockets.
  std::weak_ptr<api> behind() const { return api_; }

  /// Lets nobody in any more, lets requests in progress finish until the deadline, then closes everything.
  void stop(std::chrono::milliseconds deadline) { listener_.stop(deadline); }

private:
  std::shared_ptr<api> api_;
  listener listener_;
};

} // namespace toit::web
