/// \file
/// A plain HTTPS client: one request at a time, over one connection kept alive, to one server whose certificate is
/// known beforehand.

#pragma once

#include "web/server/http.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>

namespace toit::web {

struct client_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 443;
  std::string certificate; ///< PEM text of the one certificate that is trusted
  std::chrono::milliseconds timeout{15'000};
  std::size_t answer_bytes = 64U << 20;
};

class client {
public:
  /// Throws std::runtime_error when the certificate is no PEM.
  explicit client(client_options options);
  ~client();

  /// Sends and waits. Where the server has closed the connection meanwhile, what may be sent twice (a read, or a
  /// command with an idempotency key) is sent again, once. The error says what failed, without anything of the request.
  std::expected<response, std::string> send(const request& asked);

private:
  struct core;
  std::unique_ptr<core> core_;
};

} // namespace toit::web
