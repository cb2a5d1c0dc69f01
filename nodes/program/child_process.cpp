#include "nodes/program/child_process.hpp"

#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace toit::nodes {

child_process::child_process(const std::vector<std::string>& arguments) {
  std::string self = "/proc/self/exe";
  std::vector<char*> given{self.data()};
  auto copies = arguments;
  for (auto& one : copies)
    given.push_back(one.data());
  given.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0)
    throw std::system_error{errno, std::generic_category(), "fork"};
  if (pid_ > 0)
    return;
  // Between fork and exec only what is safe there.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::execv(self.c_str(), given.data());
  ::_exit(127);
}

bool child_process::runs() {
  if (pid_ <= 0)
    return false;
  if (::waitpid(pid_, nullptr, WNOHANG) == 0)
    return true;
  pid_ = -1;
  return false;
}

void child_process::terminate() {
  if (pid_ > 0)
    ::kill(pid_, SIGTERM);
}

bool child_process::wait(std::chrono::seconds within) {
  constexpr std::chrono::milliseconds look_every{20};
  for (auto waited = std::chrono::milliseconds{0}; waited < within; waited += look_every) {
    if (!runs())
      return true;
    std::this_thread::sleep_for(look_every);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return false;
}

} // namespace toit::nodes
