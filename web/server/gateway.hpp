/// \file
/// From the threads of the sockets to the actors and back: bounded, never blocking, and answered in any case.

#pragma once

#include "web/server/host.hpp"
#include "web/server/json_text.hpp"

#include <atomic>

namespace toit::web {

struct gateway_limits {
  std::size_t in_flight = 1024;
  /// Longer than the actors wait for one another, so that they tell first.
  std::chrono::milliseconds timeout{15'000};
};

/// What an actor answered; or busy, not ready, an outcome that is unknown, or a failure.
template <class Result>
using told = std::expected<Result, law::refusal>;
template <class Result>
using teller = std::function<void(told<Result>)>;

using finder = std::function<told<json>(ports::journal_reader&)>;

class gateway {
public:
  gateway(host& node, gateway_limits limits);

  void log_in(credentials given, teller<session> tell);
  void log_out(std::string token);
  void submit(asked_command_ptr asked, teller<receipt> tell);
  void read(read_request_ptr asked, teller<read_content> tell);
  void list(register_query query, teller<register_page> tell);
  void rights(teller<rights_ptr> tell);
  void contingents(teller<contingents_ptr> tell);
  void watch(teller<watcher_status> tell);
  void registry(teller<registry_status> tell);

  void state_acts(teller<state_acts_ptr> tell);
  /// Refused on a State node.
  void dispositif(teller<dispositif_ptr> tell);
  /// Of a territory that nobody has taken over, and on a State node: nothing.
  void late_entries(late_query query, teller<late_page> tell);
  /// Of a territory's node: nothing.
  void procedures(teller<procedures_ptr> tell);
  /// Of each territory that this State node follows, in the order of their streams.
  void supervised(teller<std::vector<supervised_territory_ptr>> tell);

  /// Runs with a reader of the journal of its own, apart from the threads of the sockets.
  void look_up(finder find, teller<json> tell);

  std::size_t in_flight() const { return in_flight_->load(); }

private:
  template <class Result>
  class errand;
  template <class Result>
  std::shared_ptr<errand<Result>> begin(teller<Result> tell);
  template <class Asked, class Result, class Handle, class Unwrap, class... Args>
  void ask(Handle territory_actors::* whom, teller<Result> tell, Unwrap unwrap, Args... args);

  host& node_;
  gateway_limits limits_;
  std::shared_ptr<std::atomic<std::size_t>> in_flight_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace toit::web
