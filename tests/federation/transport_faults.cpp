// What befalls a line between two nodes: tests/process/fault_proxy.py stands between them.

#include "tests/federation/transport_nodes.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace toit::federation;
using namespace toit::federation::test;

namespace {

/// The proxy as a process, told by lines.
class faulty_line {
public:
  explicit faulty_line(const std::string& target);
  ~faulty_line();
  faulty_line(const faulty_line&) = delete;
  faulty_line& operator=(const faulty_line&) = delete;

  std::string endpoint() const { return "tcp://127.0.0.1:" + port_; }
  void tell(const std::string& fault) {
    auto line = fault + '\n';
    REQUIRE(write(talk_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    REQUIRE(answer() == "done");
  }

private:
  std::string answer() const {
    std::string line;
    char character = 0;
    while (read(talk_, &character, 1) == 1 && character != '\n')
      line += character;
    return line;
  }

  int talk_ = -1;
  pid_t process_ = -1;
  std::string port_;
};

faulty_line::faulty_line(const std::string& target) {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  auto port = target.substr(target.rfind(':') + 1);
  process_ = fork();
  if (process_ == 0) {
    dup2(ends[1], STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    execlp("python3", "python3", "tests/process/fault_proxy.py", "127.0.0.1", port.c_str(), nullptr);
    _exit(127);
  }
  ::close(ends[1]);
  talk_ = ends[0];
  auto said = answer();
  if (!said.starts_with("port "))
    SKIP("python3 or the fault proxy is not here: run from the project's folder");
  port_ = said.substr(5);
}

faulty_line::~faulty_line() {
  ::close(talk_);
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

/// Sends 0, 1, 2… for as long as it lives, each until it is taken.
class counting {
public:
  counting(const node& from, const node& to)
      : thread_{[this, &from, &to] {
          for (std::size_t i = 0; !done_;)
            if (from.send(to, "number " + std::to_string(i)))
              ++i;
            else
              std::this_thread::sleep_for(1ms);
        }} {}
  ~counting() {
    done_ = true;
    thread_.join();
  }
  counting(const counting&) = delete;
  counting& operator=(const counting&) = delete;

private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

void check_in_order(const node& at) {
  std::size_t after = 0;
  for (const auto& [from, text] : at.heard.messages()) {
    REQUIRE(text.starts_with("number "));
    auto number = std::stoul(text.substr(7));
    REQUIRE(number + 1 > after);
    after = number + 1;
  }
}

struct linked_by_line {
  explicit linked_by_line(transport_limits limits) : a{"state", 1, any_port, limits}, b{"town", 2, {}, limits} {
    a.transport->set_peers({b.as_peer()});
    auto reached_by_line = a.as_peer();
    reached_by_line.endpoint = line.endpoint();
    b.transport->set_peers({reached_by_line});
  }
  bool hear_more() const {
    auto before = std::pair{a.heard.count(), b.heard.count()};
    return eventually([&] { return a.heard.count() > before.first + 100 && b.heard.count() > before.second + 100; });
  }

  node a;
  faulty_line line{a.transport->endpoint()};
  node b;
};

/// A silent line is noticed soon: a loaded machine may be taken for one, which does no harm here.
transport_limits watchful() {
  auto limits = with_room_for(64);
  limits.heartbeat_interval = 200ms;
  limits.heartbeat_timeout = 2s;
  limits.arrival = 5s;
  return limits;
}

} // namespace

TEST_CASE("whatever befalls the line, messages come whole, in order and once, and go on after it",
          "[federation][transport][faults]") {
  linked_by_line both{watchful()};
  counting up{both.b, both.a};
  counting down{both.a, both.b};
  REQUIRE(both.hear_more());
  for (const auto* fault : {"cut", "duplicate", "alter 20", "drop 1000", "delay 0.05", "duplicate 20", "half_open"}) {
    INFO(fault);
    both.line.tell(fault);
    std::this_thread::sleep_for(50ms);
    both.line.tell("heal");
    REQUIRE(both.hear_more());
  }
  check_in_order(both.a);
  check_in_order(both.b);
}

TEST_CASE("a line on which nothing passes any more is noticed on both sides", "[federation][transport][faults]") {
  linked_by_line both{watchful()};
  REQUIRE(eventually([&] { return both.a.is_up_with(both.b) && both.b.is_up_with(both.a); }));
  both.line.tell("half_open");
  REQUIRE(eventually([&] { return !both.a.is_up_with(both.b) && !both.b.is_up_with(both.a); }));
  CHECK_FALSE(both.b.send(both.a, "into the void"));
  CHECK_FALSE(both.a.send(both.b, "into the void"));
  both.line.tell("heal");
  REQUIRE(eventually([&] { return both.a.is_up_with(both.b) && both.b.is_up_with(both.a); }));
}
