/// \file
/// Looking a key up in a table.

#pragma once

namespace toit::law {

/// The value under the key; null where there is none.
template <class Table, class Key>
auto* find_in(Table& table, const Key& key) {
  auto found = table.find(key);
  return found == table.end() ? nullptr : &found->second;
}

} // namespace toit::law
