#include "nodes/program/service.hpp"

#include "nodes/host/certificate.hpp"

#include <csignal>
#include <ctime>

namespace toit::nodes {

namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

/// Ends the process when stopping takes longer than it may: what was acknowledged is on disk anyway.
class last_resort {
public:
  explicit last_resort(std::chrono::seconds after)
      : thread_{[this, after](const std::stop_token& stop) {
          std::unique_lock lock{mutex_};
          if (!wake_.wait_for(lock, stop, after, [] { return false; }) && !stop.stop_requested()) {
            base::log_error("the node does not stop in time: its process ends");
            std::_Exit(exit_refused);
          }
        }} {}

private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

} // namespace

void block_signals() {
  auto set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void end_of_service::give_up(node_fault because) {
  std::lock_guard lock{mutex_};
  if (!fault_)
    fault_ = because;
}

std::optional<node_fault> end_of_service::fault() const {
  std::lock_guard lock{mutex_};
  return fault_;
}

std::optional<node_fault> end_of_service::wait() {
  auto set = ending_signals();
  constexpr timespec look_every{0, 200'000'000};
  while (!fault())
    if (sigtimedwait(&set, nullptr, &look_every) > 0)
      return std::nullopt;
  return fault();
}

bool end_of_service::signalled(std::chrono::milliseconds within) {
  auto set = ending_signals();
  timespec wait{within.count() / 1000, (within.count() % 1000) * 1'000'000};
  return sigtimedwait(&set, nullptr, &wait) > 0;
}

web::server_options service::options(const configuration& with, const std::filesystem::path& data) {
  auto files = with.certificate.empty() ? ensure_own_certificate(data / "tls")
                                        : certificate_files{with.certificate, with.private_key};
  certificate_ = files.certificate;
  web::server_options chosen;
  chosen.address = with.address;
  chosen.port = with.port;
  chosen.connections = with.connections_limit;
  chosen.proxy = with.proxy;
  chosen.identity = {files.certificate.string(), files.private_key.string()};
  return chosen;
}

service::service(running_node& node, const configuration& with, const std::filesystem::path& data)
    : server_{node, options(with, data)} {}

int serve_until_end(running_node& node, service& serving, const configuration& with, end_of_service& end) {
  auto fault = end.wait();
  last_resort limit{with.stop_within + std::chrono::seconds{5}};
  if (fault) {
    base::log_error("the node stops", {{"because", law::name_of(*fault)}});
    // Nothing more may be written: what is begun is left unanswered, and the next start reads what is on disk.
    serving.stop(std::chrono::milliseconds{0});
    std::_Exit(*fault == node_fault::journal_damaged ? exit_integrity : exit_refused);
  }
  base::log_info("the node stops");
  auto begun = std::chrono::steady_clock::now();
  serving.stop(with.stop_within);
  auto left =
      with.stop_within - std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
  node.stop(std::max(left, std::chrono::seconds{1}));
  return exit_done;
}

} // namespace toit::nodes
