#include "web/server/attempts.hpp"

namespace toit::web {

bool attempts::rests(const std::string& address, std::chrono::milliseconds now) {
  std::lock_guard hold{mutex_};
  auto known = addresses_.find(address);
  return known != addresses_.end() && known->second.count >= failures_limit && now - known->second.first < rest;
}

void attempts::note_failure(const std::string& address, std::chrono::milliseconds now) {
  std::lock_guard hold{mutex_};
  auto [known, fresh] = addresses_.try_emplace(address);
  if (fresh)
    order_.push_back(address);
  if (fresh || now - known->second.first >= rest)
    known->second = {0, now};
  ++known->second.count;
  if (order_.size() > addresses_limit) {
    addresses_.erase(order_.front());
    order_.pop_front();
  }
}

} // namespace toit::web
