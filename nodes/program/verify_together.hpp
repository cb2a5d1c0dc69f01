/// \file
/// `toit verify` of several journals: each for itself, then what they have in common.

#pragma once

#include "nodes/program/verify_command.hpp"

#include <span>

namespace toit::nodes {

/// Each as `verify_command` does, in the place of the one in `options`; then the copies of one stream together. The
/// shorter is the beginning of the longer one: copies that part tell two histories, however whole each is. What is
/// signed counts, and a dossier de preuve is no copy. Code of exit: the worst of all, 3 where copies part.
int verify_all(const verify_options& options, std::span<const std::filesystem::path> journals, std::ostream& out,
               std::ostream& err);

} // namespace toit::nodes
