/// \file
/// How a command of the program ends.

#pragma once

namespace toit::nodes {

enum exit_code : int { exit_done = 0, exit_refused = 1, exit_usage = 2, exit_integrity = 3 };

} // namespace toit::nodes
