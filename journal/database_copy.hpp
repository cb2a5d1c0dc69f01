/// \file
/// A whole copy of a database that may be in use: what a plain copy of its files is not.

#pragma once

#include <string>

namespace toit::journal {

/// Copies the committed content of one moment; what was deleted does not come along. False when the file is named but
/// not begun, as a crash may leave a month's log. `to` must not exist. Throws `store_full` or `store_broken`.
bool copy_database(const std::string& from, const std::string& to);

} // namespace toit::journal
