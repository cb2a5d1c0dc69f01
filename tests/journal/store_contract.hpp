/// \file
/// What every store promises, whatever it stands on. A test program names a maker of stores and calls it.

#pragma once

#include "journal/store.hpp"

#include <functional>

namespace toit::journal::test {

/// A fresh, empty store; readers are opened through it.
using store_maker = std::function<std::unique_ptr<store>()>;

void check_store_contract(const store_maker& make);

/// A store in memory: the obvious one.
std::unique_ptr<store> open_memory_store();

/// Does the same random things to both, and compares all that can be read after each.
void compare_stores(store& ours, store& model, std::uint64_t seed, std::size_t steps);

} // namespace toit::journal::test
