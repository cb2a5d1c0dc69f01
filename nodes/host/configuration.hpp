/// \file
/// What whoever runs a node decides, in one TOML file: config/node.example.toml says each key.

#pragma once

#include "base/log.hpp"
#include "federation/directory.hpp"
#include "law/settings.hpp"
#include "nodes/territories.hpp"

#include <chrono>
#include <expected>
#include <filesystem>

namespace toit::nodes {

/// Data of the three kinds never mix: a journal is for one, for ever.
enum class node_purpose : std::uint8_t { production, training, demonstration };
constexpr auto names_of(node_purpose) {
  return std::to_array<std::string_view>({"production", "training", "demonstration"});
}

/// A prefect, of a département or of a région.
struct state_authority {
  federation::node_tier tier{};
  std::string code; ///< INSEE
};

/// Where a node finds its neighbours.
struct federated {
  ports::node_name name;           ///< of this node, in the directory
  std::filesystem::path directory; ///< signed; a newer one put in its place is taken
  journal::public_key anchor{};    ///< that signs directories
  std::string listen;              ///< "tcp://address:port"; empty: it only goes to others
  std::chrono::milliseconds confirm_within{5'000};
  /// Of an ordering authority: the file of the escrow's keys, on a medium that is there when a territory is taken over
  /// and put away afterwards; it need not be there at other times. Empty: none.
  std::filesystem::path escrow_keys;
  /// Links of entries that others hold after this node's own, and that are a thief's.
  std::vector<law::bytes32> disclaims;
};

/// What a node is for.
struct served_place {
  law::text<120> name;
  law::legal_person_kind kind{};
  std::string departement; ///< of its civil time
};

struct configuration {
  node_purpose purpose{};
  law::siren territory;                           ///< its SIREN, or that of the State service on a node of the State
  std::optional<state_authority> authority;       ///< absent on a territory's node
  std::optional<federated> federation;            ///< absent: the node is alone
  std::optional<law::siren> gestionnaire;         ///< the territory itself when absent
  std::optional<served_place> listed;             ///< as the directory knows a territory that this map does not
  std::vector<law::commune_code> listed_communes; ///< of such a territory, sorted
  std::vector<law::siren> also_hosts;             ///< other territories, each with a stream and actors of its own
  law::registration_system registration{};
  bool allots_numbers = false;
  bool tense_zone = false;

  std::filesystem::path data;
  std::filesystem::path keys; ///< of the node
  unsigned keep_consultations_months = 12;
  std::chrono::hours scrub_every{24};

  std::string address = "127.0.0.1";
  std::uint16_t port = 8443;
  std::string proxy; ///< address, in its one form, of the reverse proxy that is believed when it says who asks
  std::filesystem::path certificate; ///< PEM; made by the node itself, for a demonstration alone, when empty
  std::filesystem::path private_key;
  std::size_t connections_limit = 1024;

  base::log_format log_format = base::log_format::json;
  base::log_level log_level = base::log_level::info;
  std::chrono::seconds stop_within{20};
  std::optional<law::civil_date> clock_begins; ///< of a demonstration or a training

  bool clock_is_steered() const { return purpose != node_purpose::production; }
  ports::stream_id stream() const;
  /// The same node for one of the territories that it also hosts, each its own gestionnaire.
  configuration of(law::siren hosted) const;
  /// The same for one that it has taken over: by what the directory says of it. An older directory does not say by
  /// whose rules demandes are registered there: then it is the SNE's.
  configuration of(const federation::territory_entry& taken) const;
  /// Whether whoever took this territory over would go by other rules than its own node.
  bool differs_from(const federation::territory_entry& line) const;
  law::siren gestionnaire_or_territory() const { return gestionnaire.value_or(territory); }
};

struct configuration_fault {
  std::string key; ///< "http.port"; empty when the file is no TOML
  std::size_t line = 0;
  std::string what; ///< in French
};
using configuration_faults = std::vector<configuration_fault>;

/// Largest file, in bytes.
constexpr std::size_t configuration_limit_bytes = 64U << 10;

/// Everything that is wrong at once; a key that is not known is wrong. Relative paths are taken from `folder`.
std::expected<configuration, configuration_faults> parse_configuration(std::string_view text, const territory_map& map,
                                                                       const std::filesystem::path& folder);

/// The same from a file; what it names need not be there.
std::expected<configuration, configuration_faults> read_configuration_text(const std::filesystem::path& file,
                                                                           const territory_map& map);

/// The same; what the file names (keys, certificate) must also be there and be its owner's alone.
std::expected<configuration, configuration_faults> read_configuration(const std::filesystem::path& file,
                                                                      const territory_map& map);

/// As the map knows it.
served_place place_of(const configuration& from, const territory_map& map);

/// What the law needs to know of the territory.
law::settings settings_of(const configuration& from, const territory_map& map);

} // namespace toit::nodes
