/// \file
/// HTTPS on one port: HTTP/1.1 over TLS 1.2 or later, within limits of size, time and number.

#pragma once

#include "web/server/http.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace toit::web {

/// Certificate chain and private key, each as PEM text or as the path of a PEM file.
struct tls_identity {
  std::string certificate;
  std::string key;
};

struct listener_limits {
  std::size_t header_bytes = 16U << 10;
  std::size_t body_bytes = 1U << 20;
  std::size_t upload_bytes = 21U << 20; ///< of a body that `is_upload` admits: a document, and what says what it is
  std::function<bool(std::string_view method, std::string_view target)> is_upload;
  std::size_t uploads_bytes = 256U << 20; ///< of all such bodies at a time
  std::size_t uploads_bytes_a_peer = 64U << 20;
  std::size_t connections = 2048;
  std::size_t connections_a_peer = 512;
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds idle{60'000}; ///< between two requests of a connection
  std::chrono::milliseconds read{30'000}; ///< of one whole request, once it has begun
  std::chrono::milliseconds write{30'000};
};

struct listener_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: any free one
  /// Address of the reverse proxy in front, whose X-Forwarded-For tells who asks; empty where there is none.
  std::string proxy;
  tls_identity identity;
  listener_limits limits;
  unsigned threads = 2;
  /// What is sent where a request cannot be read: the status alone is known (400, 408, 413, 417, 431, 503).
  std::function<response(int status)> refusal;
};

class listener {
public:
  /// Binds and begins to accept. Throws std::runtime_error when the address, the certificate or the key is unusable.
  listener(listener_options options, handler answer);
  /// Stops without waiting for requests in progress.
  ~listener();

  std::uint16_t port() const;
  std::size_t connections() const;

  /// Accepts nobody any more, lets requests in progress finish until the deadline, then closes everything.
  void stop(std::chrono::milliseconds deadline);

private:
  struct core;
  std::unique_ptr<core> core_;
};

} // namespace toit::web
