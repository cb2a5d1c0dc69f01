/// \file
/// The same sockets without us: messages under CURVE by ZeroMQ itself, on the loopback, each answered.

#pragma once

#include "benchmarks/asking.hpp"

namespace toit::bench {

/// How long so many round trips take: messages of that many bytes go, answers of a few come, `in_flight` at a time.
/// Keys are drawn; whoever comes is let in.
seconds bare_curve_round_trips(std::size_t message_bytes, std::size_t times, std::size_t in_flight);

} // namespace toit::bench
