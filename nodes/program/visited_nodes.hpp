/// \file
/// The demonstration's nodes as a tour visits them: who they are, a session on each, what is waited for, what is told.

#pragma once

#include "nodes/program/api_session.hpp"
#include "nodes/program/demonstration_folder.hpp"
#include "nodes/program/federation_demo.hpp"

#include <ostream>
#include <thread>

namespace toit::nodes {

/// The place in the demonstration of the territory that most of a tour visits.
constexpr std::size_t first_territory_place = 2;

class visited_nodes {
public:
  visited_nodes(const std::filesystem::path& data, bool in_json, int& steps, std::ostream& out)
      : data_{data}, json_{in_json}, steps_{steps}, out_{out}, password_{read_mark(data / begun_mark)} {}

protected:
  using json = nlohmann::json;
  using steady = std::chrono::steady_clock;

  // Their places in the demonstration.
  static constexpr std::size_t region = 0;
  static constexpr std::size_t departement = 1;
  static constexpr std::size_t first = first_territory_place;

  const demonstration_node& node(std::size_t which) const { return demonstration_nodes()[which]; }
  std::filesystem::path folder(std::size_t which) const { return data_ / node(which).name; }

  std::unique_ptr<api_session> session_without_login(std::size_t which) const {
    api_place served{"127.0.0.1", 0, read_text(folder(which) / "tls" / "certificate.pem")};
    served.port = static_cast<std::uint16_t>(std::strtoul(read_mark(folder(which) / port_mark).c_str(), nullptr, 10));
    return std::make_unique<api_session>(served);
  }

  std::unique_ptr<api_session> session(std::size_t which) const {
    auto opened = session_without_login(which);
    opened->log_in("gestionnaire", password_);
    return opened;
  }

  void expect(bool as_it_should_be, const std::string& what) {
    if (!as_it_should_be)
      throw api_failure{"ce n'est pas ce qui devait arriver : " + what};
  }

  /// Milliseconds until it is so.
  template <class Condition>
  std::int64_t wait_until(const std::string& what, Condition&& is_so) {
    constexpr std::chrono::seconds most{60};
    auto begun = steady::now();
    while (!is_so()) {
      expect(steady::now() - begun < most, what);
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begun).count();
  }

  void tell(const std::string& step, const std::string& what) {
    ++steps_;
    if (json_)
      out_ << json{{"step", steps_}, {"name", step}, {"what", what}}.dump() << std::endl;
    else
      out_ << "  " << (steps_ < 10 ? " " : "") << steps_ << ". " << step << " : " << what << std::endl;
  }

  const std::filesystem::path& data_;
  bool json_;
  int& steps_;
  std::ostream& out_;
  std::string password_;
};

} // namespace toit::nodes
