/// \file
/// Why a node stops by itself.

#pragma once

#include "law/fields.hpp"

#include <functional>

namespace toit::nodes {

enum class node_fault : std::uint8_t {
  recorder_ended,
  actors_end_again,
  store_not_looked_after,
  journal_unreadable,
  links_ended,
  journal_damaged, ///< it is not what was written: no restart mends that
};

constexpr std::array<std::string_view, 6> names_of(node_fault) {
  return {"the recorder has ended",     "its actors end again and again",    "the store cannot be looked after",
          "the journal cannot be read", "the keeper of its links has ended", "the journal is damaged"};
}

/// Hears the fault, from any thread.
using on_node_fault = std::function<void(node_fault)>;

} // namespace toit::nodes
