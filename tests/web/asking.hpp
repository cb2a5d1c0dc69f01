/// \file
/// What cases ask of the node that they share.

#pragma once

#include "tests/web/served_node.hpp"

namespace toit::tests {

inline served_node& node() { return served_node::shared(); }

/// Asks what must be refused, and sees that nothing was recorded.
answer refused(const std::string& who, const std::string& target, const json& body, web::headers more = {});

inline std::string events_of(const std::string& number) { return "/v1/demandes/" + number + "/events"; }

inline json event(const char* kind, json payload) { return {{"kind", kind}, {"event", std::move(payload)}}; }

} // namespace toit::tests
