/// \file
/// The proof that a listening endpoint refuses strangers, made through that endpoint like any stranger would.

#pragma once

#include "federation/link_sockets.hpp"

namespace toit::federation {

/// While nobody is admitted: a key of nobody's and a connection without encryption must both be refused. Throws
/// std::runtime_error when one is not, or when nothing is told in time.
void prove_that_strangers_are_refused(const std::string& endpoint, const law::bytes32& server,
                                      std::chrono::milliseconds within);

} // namespace toit::federation
