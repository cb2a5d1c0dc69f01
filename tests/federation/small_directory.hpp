/// \file
/// A small federation: two territories with a node, one without, one département's authority each and one ordering
/// authority for all. Territory B lies in two départements.

#pragma once

#include "federation/directory.hpp"

namespace toit::federation::test {

inline law::bytes32 bytes_with(std::uint8_t value) {
  law::bytes32 bytes;
  bytes.fill(value);
  return bytes;
}

inline const journal::signing_key& anchor() {
  static const journal::signing_key key{bytes_with(0xA7)};
  return key;
}

inline stream_id stream(std::string_view text) { return stream_id::parse(text).value(); }
inline law::siren siren(std::string_view text) { return law::siren::parse(text).value(); }
inline law::departement_code departement(std::string_view text) { return law::departement_code::parse(text).value(); }
inline node_name name(std::string_view text) { return node_name::parse(text).value(); }
inline law::instant at(std::string_view text) { return law::parse_instant(text).value(); }
inline law::civil_date day(std::string_view text) { return law::parse_date(text).value(); }

inline const law::instant begins = at("2026-01-01T00:00:00Z");

inline const law::siren a = siren("200057867");
inline const law::siren b = siren("200057875");
inline const law::siren without_node = siren("200058790");

/// The `n`th node of the directory: its keys are told from all others by `n`.
inline node_entry node(std::uint8_t n, std::string_view called, node_tier tier,
                       std::initializer_list<stream_id> streams) {
  auto key = [&](unsigned kind) { return bytes_with(static_cast<std::uint8_t>(0x10 * kind + n)); };
  node_entry entry;
  entry.name = name(called);
  entry.tier = tier;
  entry.legal_person = a;
  entry.title = law::text<120>{std::string{called}};
  if (tier != node_tier::territory) {
    entry.endpoint = law::text<120>{"tcp://" + std::string{called} + ".example:5600"};
    entry.escrow_key = key(4);
  }
  entry.link_keys = {{key(1), begins, std::nullopt}};
  entry.signing_keys = {{key(2), begins, std::nullopt}};
  entry.operating_key = key(3);
  entry.streams = streams;
  return entry;
}

inline territory_entry territory(law::siren id, std::initializer_list<const char*> departements,
                                 std::initializer_list<const char*> supervisors) {
  territory_entry entry;
  entry.stream = ports::stream_of(id);
  entry.territory = id;
  entry.name = "territoire";
  for (const auto* code : departements)
    entry.departements.push_back(departement(code));
  entry.ordering = stream("SR11");
  for (const auto* supervisor : supervisors)
    entry.supervisors.push_back(stream(supervisor));
  entry.from = day("2026-01-01");
  return entry;
}

inline directory small_directory() {
  directory d;
  d.number = 7;
  d.purpose = "training";
  d.issued_at = begins;
  d.valid_until = at("2027-01-01T00:00:00Z");
  d.nodes = {node(1, "region", node_tier::region, {stream("SR11")}),
             node(2, "seine-saint-denis", node_tier::departement, {stream("SD93")}),
             node(3, "val-d-oise", node_tier::departement, {stream("SD95")}),
             node(4, "territory-a", node_tier::territory, {ports::stream_of(a)}),
             node(5, "territory-b", node_tier::territory, {ports::stream_of(b)})};
  d.territories = {territory(a, {"93"}, {"SR11", "SD93"}), territory(b, {"93", "95"}, {"SR11", "SD93", "SD95"}),
                   territory(without_node, {"95"}, {"SR11", "SD95"})};
  d.competences = {{a, matter::dispositif, std::nullopt, stream("SR11"), "L441-2-7"},
                   {b, matter::thresholds, departement("93"), stream("SD93"), "L441-1-4"},
                   {b, matter::thresholds, departement("95"), stream("SD95"), "L441-1-4"},
                   {b, matter::cil, std::nullopt, stream("SD93"), "L441-1-5"},
                   {b, matter::cil, departement("95"), stream("SD95"), "L441-1-5"}};
  return d;
}

} // namespace toit::federation::test
