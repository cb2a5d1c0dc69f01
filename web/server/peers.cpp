#include "web/server/peers.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdint>

namespace toit::web {

namespace {

constexpr std::size_t subscriber_bytes = 8;
/// Of an IPv4 address written as an IPv6 one.
constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

using address_bytes = std::array<std::uint8_t, sizeof(in6_addr)>;

std::string text_of(int family, const std::uint8_t* bytes) {
  std::array<char, INET6_ADDRSTRLEN> written{};
  return inet_ntop(family, bytes, written.data(), written.size());
}

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

std::optional<std::string> parse_address(std::string_view given) {
  std::string text{given};
  address_bytes bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
    return text_of(AF_INET, bytes.data());
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1)
    return std::nullopt;
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin()))
    return text_of(AF_INET, bytes.data() + mapped.size());
  return text_of(AF_INET6, bytes.data());
}

std::string peer_of(std::string_view address) {
  auto text = parse_address(address).value_or(std::string{address});
  address_bytes bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1)
    return text;
  std::fill(bytes.begin() + subscriber_bytes, bytes.end(), std::uint8_t{0});
  return text_of(AF_INET6, bytes.data());
}

std::string peer_behind(const std::string& connection, const std::string& proxy, const headers& in) {
  if (proxy.empty() || connection != proxy)
    return peer_of(connection);
  std::string_view last;
  for (const auto& [name, value] : in)
    if (same_header(name, "x-forwarded-for"))
      last = value;
  auto comma = last.rfind(',');
  auto forwarded = parse_address(trimmed(comma == std::string_view::npos ? last : last.substr(comma + 1)));
  return peer_of(forwarded.value_or(connection));
}

bool upload_room::take(const std::string& peer, std::size_t bytes) {
  std::lock_guard hold{mutex_};
  auto& mine = of_peer_[peer];
  if (taken_ + bytes > most_ || mine + bytes > most_a_peer_) {
    if (mine == 0)
      of_peer_.erase(peer);
    return false;
  }
  taken_ += bytes;
  mine += bytes;
  return true;
}

void upload_room::give_back(const std::string& peer, std::size_t bytes) {
  std::lock_guard hold{mutex_};
  taken_ -= bytes;
  auto mine = of_peer_.find(peer);
  if (mine != of_peer_.end() && (mine->second -= bytes) == 0)
    of_peer_.erase(mine);
}

} // namespace toit::web
