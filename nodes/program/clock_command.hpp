/// \file
/// `toit clock`: shows a node's civil time, sets a demonstration's, confirms that of a node whose clock had jumped.

#pragma once

#include "nodes/program/api_session.hpp"

#include <iosfwd>

namespace toit::nodes {

enum class clock_action : std::uint8_t { show, set, confirm };

struct clock_options {
  api_place place;
  std::string login;
  std::string password;
  clock_action action{};
  std::string to; ///< a day, or an instant in UTC
  bool json = false;
};

int clock_command(const clock_options& options, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
