/// \file
/// Folders of the machine's disk: files written aside, synced, then named.

#pragma once

#include "journal/access_log.hpp"
#include "ports/files.hpp"

#include <filesystem>

namespace toit::nodes {

/// Makes the folder when there is none, for its owner alone; removes what an interrupted writer left in it.
std::shared_ptr<ports::files> open_folder(const std::filesystem::path& folder);

/// The monthly files of the consultation and attempt log.
std::shared_ptr<journal::access_log_folder> open_log_folder(const std::filesystem::path& folder);

} // namespace toit::nodes
