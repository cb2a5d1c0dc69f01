/// \file
/// The document vault over a folder of files.

#pragma once

#include "journal/node_journal.hpp"
#include "ports/files.hpp"
#include "ports/vault.hpp"

namespace toit::journal {

std::shared_ptr<ports::document_vault> open_vault(std::shared_ptr<ports::files> folder,
                                                  std::shared_ptr<const key_ring> keys);

} // namespace toit::journal
