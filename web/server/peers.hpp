/// \file
/// Who a limit is for: the address at the other end, or the one that a reverse proxy of ours says it forwards.

#pragma once

#include "web/server/http.hpp"

#include <map>
#include <mutex>

namespace toit::web {

/// An address in its one form, an IPv4 address as such however it was written; absent for anything else.
std::optional<std::string> parse_address(std::string_view text);

/// The part of an address that one subscriber has to himself: an IPv4 address whole, the first 64 bits of an IPv6 one.
/// What is no address stays as it is.
std::string peer_of(std::string_view address);

/// The peer that `proxy` added last to X-Forwarded-For, when the connection comes from there; else the connection's
/// own. What was in the header before is whatever the client wrote. Addresses are in their one form.
std::string peer_behind(const std::string& connection, const std::string& proxy, const headers& in);

/// The room for long bodies, all of them and of one peer: taken from the header that announces a body to its answer.
class upload_room {
public:
  upload_room(std::size_t most, std::size_t most_a_peer) : most_{most}, most_a_peer_{most_a_peer} {}

  bool take(const std::string& peer, std::size_t bytes);
  void give_back(const std::string& peer, std::size_t bytes);

private:
  std::mutex mutex_;
  std::size_t most_;
  std::size_t most_a_peer_;
  std::size_t taken_ = 0;
  std::map<std::string, std::size_t> of_peer_;
};

} // namespace toit::web
