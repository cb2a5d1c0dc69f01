/// \file
/// Who is in the federation: a list of nodes, keys, streams and competences, signed by the ordering authority's anchor
/// key, which every node pins. docs/federation-protocol.md is normative.
///
/// Text       L441-2-7 (one dispositif a territory; the competent prefect), law.md's competence by matter.
/// Not here   who hosts a territory's stream once it has been taken over: authorities.hpp.

#pragma once

#include "journal/chain.hpp"
#include "law/competence.hpp"
#include "law/identifiers.hpp"
#include "law/settings.hpp"
#include "law/text.hpp"
#include "ports/transport.hpp"

#include <expected>

namespace toit::federation {

using journal::public_key;
using ports::bytes;
using ports::node_name;
using ports::stream_id;
using byte_view = std::span<const std::uint8_t>;

enum class node_tier : std::uint8_t { territory, departement, region };
constexpr auto names_of(node_tier) { return std::to_array<std::string_view>({"territory", "departement", "region"}); }

/// A key and when it counts. A revoked key signs nothing any more: what it signed stands where a mark older than the
/// revocation covers it.
struct dated_key {
  law::bytes32 key{};
  law::instant from{};
  std::optional<law::instant> revoked;

  bool is_revoked(law::instant at) const { return revoked && *revoked <= at; }
  bool in_force(law::instant at) const { return from <= at && !is_revoked(at); }
  friend bool operator==(const dated_key&, const dated_key&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = dated_key;
    return std::tuple{field{"key", &t::key}, field{"from", &t::from}, field{"revoked", &t::revoked}};
  }
};

constexpr std::size_t dated_keys_most = 64;
using dated_keys = law::list<dated_key, dated_keys_most>;

struct node_entry {
  node_name name;
  node_tier tier{};
  law::siren legal_person; ///< who answers for the node
  law::text<120> title;    ///< as a French reader knows it
  law::text<120> endpoint; ///< "tcp://host:port" where it is reached; empty for a node that only goes to others
  dated_keys link_keys;    ///< X25519
  dated_keys signing_keys; ///< Ed25519, those of before too: they stand behind what is older
  std::optional<law::bytes32> operating_key; ///< X25519: what only this node may read is sealed to it
  std::optional<law::bytes32> escrow_key;    ///< X25519, of an ordering authority: its private half is not on the node
  law::list<stream_id, 64> streams;          ///< that it hosts

  friend bool operator==(const node_entry&, const node_entry&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = node_entry;
    return std::tuple{field{"name", &t::name},
                      field{"tier", &t::tier},
                      field{"legal_person", &t::legal_person},
                      field{"title", &t::title},
                      field{"endpoint", &t::endpoint},
                      field{"link_keys", &t::link_keys},
                      field{"signing_keys", &t::signing_keys},
                      field{"operating_key", &t::operating_key},
                      field{"escrow_key", &t::escrow_key},
                      field{"streams", &t::streams}};
  }
};

/// A territory's stream and who watches over it. Dated: communes move and EPCI merge every 1 January.
struct territory_entry {
  stream_id stream;
  law::siren territory;
  law::text<120> name;
  law::list<law::departement_code, 8> departements; ///< one or several
  stream_id ordering;                               ///< of the authority competent for the dispositif (L441-2-7)
  law::list<stream_id, 16> supervisors;             ///< State streams that follow it, the ordering one among them
  law::civil_date from;
  std::optional<law::civil_date> until; ///< last day
  /// What whoever hosts the territory must know of it; absent in a directory older than these fields.
  std::optional<law::registration_system> registration;
  bool allots_numbers = false;                ///< a demande without a number gets one there
  bool tense_zone = false;                    ///< the réservataire has one month to propose (L441-1 al. 42)
  law::list<law::commune_code, 512> communes; ///< of a territory that the map has not; else empty, the map says it
  /// Who holds the stream although he neither hosts nor follows it: no part of what is signed (authorities.hpp).
  std::vector<node_name> holders;

  bool in_force(law::civil_date day) const { return from <= day && (!until || day <= *until); }
  friend bool operator==(const territory_entry&, const territory_entry&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = territory_entry;
    return std::tuple{field{"stream", &t::stream},
                      field{"territory", &t::territory},
                      field{"name", &t::name},
                      field{"departements", &t::departements},
                      field{"ordering", &t::ordering},
                      field{"supervisors", &t::supervisors},
                      field{"from", &t::from},
                      field{"until", &t::until},
                      field{"registration", &t::registration},
                      field{"allots_numbers", &t::allots_numbers},
                      field{"tense_zone", &t::tense_zone},
                      field{"communes", &t::communes}};
  }
};

/// Matters in which one State authority is competent.
using matter = law::state_matter;

/// One row of the competence table.
struct competence {
  law::siren territory;
  federation::matter matter{};
  std::optional<law::departement_code> departement; ///< for matters that go by the commune's département
  stream_id authority;
  law::text<200> source;
  friend bool operator==(const competence&, const competence&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = competence;
    return std::tuple{field{"territory", &t::territory}, field{"matter", &t::matter},
                      field{"departement", &t::departement}, field{"authority", &t::authority},
                      field{"source", &t::source}};
  }
};

struct directory {
  std::uint64_t number = 0; ///< grows with each issue: an older one is refused
  law::text<16> purpose;    ///< "production", "training" or "demonstration": data of the kinds never mix
  law::instant issued_at{};
  law::instant valid_until{};
  law::list<node_entry, 2048> nodes;
  law::list<territory_entry, 2048> territories;
  law::list<competence, 16384> competences;

  friend bool operator==(const directory&, const directory&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = directory;
    return std::tuple{
        field{"number", &t::number},           field{"purpose", &t::purpose}, field{"issued_at", &t::issued_at},
        field{"valid_until", &t::valid_until}, field{"nodes", &t::nodes},     field{"territories", &t::territories},
        field{"competences", &t::competences}};
  }

  bool expired(law::instant at) const { return valid_until <= at; }
  /// Null when it is not there.
  const node_entry* find(const node_name& name) const;
  const node_entry* host_of(const stream_id& stream) const;
  /// That in force on the day.
  const territory_entry* territory_of(const stream_id& stream, law::civil_date day) const;
  /// The one competent authority; absent when the table has no row.
  std::optional<stream_id> competent(law::siren territory, federation::matter of,
                                     std::optional<law::departement_code> departement) const;
  /// The same, or who is by docs/readings.md, reading 33, where the table has no row: the ordering authority for the
  /// dispositif, the prefect of the commune's département for thresholds and DALO.
  std::optional<stream_id> authority_for(const territory_entry& territory, federation::matter of,
                                         std::optional<law::departement_code> departement) const;
  /// Signing keys of a stream's host, revoked ones included.
  std::vector<dated_key> signing_keys_of(const stream_id& stream) const;
  /// The escrow key of the authority that orders the territory's dispositif, on that day.
  std::optional<law::bytes32> escrow_of(const stream_id& stream, law::civil_date day) const;
};

/// Whom a node talks with: a territory's node with the hosts of the State streams that follow its own, a State node
/// with the nodes it follows and with the State nodes that follow the same territories; whoever holds a territory's
/// stream all the same with who hosts and who follows it.
std::vector<const node_entry*> neighbours_of(const directory& in, const node_name& of, law::civil_date day);

/// True when `who` should hold `stream`: it hosts it, it follows the territory or holds its stream all the same, or the
/// stream is that of a State authority that follows one of the territories it hosts, follows or holds.
bool should_hold(const directory& in, const node_name& who, const stream_id& stream, law::civil_date day);

/// `who` is one of the holders of the territory's stream, who neither host nor follow it.
bool is_held_by(const directory& in, const node_name& who, const stream_id& stream, law::civil_date day);
/// `who` hosts the stream of a State authority that follows the territory.
bool is_followed_by(const directory& in, const node_name& who, const stream_id& stream, law::civil_date day);

enum class directory_fault : std::uint8_t {
  malformed,
  inconsistent,  ///< two nodes of one name, key or stream, a stream nobody hosts, an empty validity, no ordering key
  bad_signature, ///< not the pinned anchor's
};
constexpr auto names_of(directory_fault) {
  return std::to_array<std::string_view>({"malformed", "inconsistent", "bad_signature"});
}

/// Largest directory, in bytes, signed.
constexpr std::size_t directory_limit_bytes = 4U << 20;

/// Why the directory cannot be: the first thing wrong, in French; empty when it can. All of them: directory_check.hpp.
std::string inconsistency_of(const directory& given);

/// Whoever issues opens what he signed before he gives it away: nothing is checked here.
bytes sign_directory(const directory& issued, const journal::signing_key& anchor);
/// From untrusted bytes. Says nothing of validity: an expired one opens too.
std::expected<directory, directory_fault> open_directory(byte_view signed_bytes, const public_key& anchor);

} // namespace toit::federation
