#include "nodes/program/clock_command.hpp"

#include "law/civil_date.hpp"
#include "nodes/program/exit_code.hpp"

#include <ostream>

namespace toit::nodes {

int clock_command(const clock_options& options, std::ostream& out, std::ostream& err) {
  try {
    api_session session{options.place};
    session.log_in(options.login, options.password);
    if (options.action == clock_action::set) {
      // A day alone: in the morning, wherever the territory is.
      auto to = law::parse_date(options.to) ? options.to + "T07:00:00.000Z" : options.to;
      if (!law::parse_instant(to)) {
        err << "Une date (2026-03-01) ou un instant (2026-03-01T07:00:00.000Z) est attendu.\n";
        return exit_usage;
      }
      session.put("/v1/clock", {{"event", {{"now", to}}}});
    } else if (options.action == clock_action::confirm) {
      session.post("/v1/clock/confirmation", {{"event", api_session::json::object()}});
    }
    auto clock = session.get("/v1/clock");
    if (options.json)
      out << clock.dump() << "\n";
    else
      out << clock.at("today").get<std::string>() << "  " << clock.at("now").get<std::string>()
          << (clock.at("frozen").get<bool>() ? "  effets automatiques suspendus, à confirmer" : "") << "\n";
    return exit_done;
  } catch (const api_failure& failure) {
    err << failure.what() << "\n";
    return exit_refused;
  } catch (const api_session::json::exception&) {
    err << "La réponse n'est pas celle que décrit l'API.\n";
    return exit_refused;
  }
}

} // namespace toit::nodes
