/// \file
/// What whoever issues a directory writes, in one TOML file: config/directory.example.toml says each key. The names are
/// those of federation/directory.hpp.

#pragma once

#include "federation/directory.hpp"
#include "nodes/host/configuration.hpp"

namespace toit::nodes {

/// Largest description, in bytes.
constexpr std::size_t description_limit_bytes = 8U << 20;

/// Everything that is wrong at once, the inconsistencies of the directory included. `now` is when it is issued, where
/// the text does not say it; name and départements of a territory come from the map where they are left out.
std::expected<federation::directory, configuration_faults>
parse_directory_description(std::string_view text, const territory_map& map, law::instant now);

} // namespace toit::nodes
