#include "web/server/peers.hpp"

#include <arpa/inet.h>
#include <array>

namespace toit::web {

namespace {

constexpr std::size_t subscriber_bytes = 8;
/// Of an IPv4 address written as an IPv6 one.
constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

std::string peer_of(std::string_view address) {
  std::string text{address};
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1)
    return text;
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin()))
    return inet_ntop(AF_INET, bytes.data() + mapped.size(), written.data(), written.size());
  std::fill(bytes.begin() + subscriber_bytes, bytes.end(), static_cast<unsigned char>(0));
  return inet_ntop(AF_INET6, bytes.data(), written.data(), written.size());
}

std::string peer_behind(std::string_view connection, std::string_view proxy, const headers& in) {
  if (proxy.empty() || connection != proxy)
    return peer_of(connection);
  std::string_view last;
  for (const auto& [name, value] : in)
    if (same_header(name, "x-forwarded-for"))
      last = value;
  auto comma = last.rfind(',');
  std::string forwarded{trimmed(comma == std::string_view::npos ? last : last.substr(comma + 1))};
  return peer_of(is_address(forwarded) ? forwarded : std::string{connection});
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
