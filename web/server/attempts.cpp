#include "web/server/attempts.hpp"

namespace toit::web {

bool attempts::begin(const std::string& address, std::chrono::milliseconds now) {
  std::lock_guard hold{mutex_};
  auto [known, fresh] = addresses_.try_emplace(address);
  if (fresh)
    order_.push_back(address);
  if (fresh || now - known->second.first >= rest)
    known->second = {0, now};
  if (known->second.count >= failures_limit)
    return false;
  ++known->second.count;
  if (order_.size() > addresses_limit) {
    addresses_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

void attempts::forgive(const std::string& address) {
  std::lock_guard hold{mutex_};
  auto known = addresses_.find(address);
  if (known != addresses_.end() && known->second.count > 0)
    --known->second.count;
}

} // namespace toit::web
