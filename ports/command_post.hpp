/// \file
/// Commands between nodes, as letters: written by a State authority for one territory, sealed to its host, answered by
/// a letter sealed to the authority's. The letters are in entries of streams, which travel by themselves.
///
/// Text       R441-2-15 I-9 and I-10 (the legal person at the origin, whoever enters it).

#pragma once

#include "law/competence.hpp"
#include "ports/journal.hpp"
#include "ports/transport.hpp"

namespace toit::ports {

/// What is asked of a territory.
struct posted_command {
  stream_id issuer;
  stream_id addressee;
  law::command_id id;             ///< that of the entry that holds it: a letter copied elsewhere is no command
  std::optional<law::nud> number; ///< of the demande that it is about
  law::record asked;
};

/// What became of it: the entries that it made, or why it was refused.
struct posted_result {
  law::command_id id;
  std::uint64_t first_seq = 0; ///< 0: nothing had to be recorded, or it was refused
  std::uint64_t last_seq = 0;
  std::optional<law::refusal> refusal;
  static constexpr auto fields() {
    using law::field;
    using t = posted_result;
    return std::tuple{field{"id", &t::id}, field{"first_seq", &t::first_seq}, field{"last_seq", &t::last_seq},
                      field{"refusal", &t::refusal}};
  }
};

/// Of a territory, as the directory says: where it lies, and whether this authority is competent for its dispositif.
struct followed_place {
  std::vector<law::departement_code> departements;
  bool ordered_here = false;
  bool listed = false;   ///< one of its territories, and not in the competence table alone
  bool has_node = false; ///< somebody hosts its stream
  /// Streams of the other authorities that the directory makes competent for its dispositif, on any day: what one of
  /// them has ordered binds on when another has become competent.
  std::vector<stream_id> ordered_by_others{};
};

/// Any thread may call. What it knows of other nodes is what the directory in force says.
class command_post {
public:
  virtual ~command_post() = default;

  /// State streams whose commands this node carries out; none on a State node.
  virtual std::vector<stream_id> issuers() const = 0;
  /// Départements of this territory in which that State authority is competent in the matter.
  virtual std::vector<law::departement_code> competent_in(const stream_id& authority,
                                                          law::state_matter matter) const = 0;
  /// Territories that this State node follows; none on a territory's.
  virtual std::vector<stream_id> territories() const = 0;
  virtual std::optional<node_name> host_of(const stream_id& stream) const = 0;
  /// The legal person who answers for the node that hosts the stream.
  virtual std::optional<law::siren> answers_for(const stream_id& stream) const = 0;
  /// This node's authority is competent for the waiting thresholds of the département.
  virtual bool sets_thresholds_of(law::departement_code departement) const = 0;
  /// Absent where the directory knows no such territory; it need not have a node.
  virtual std::optional<followed_place> place_of(law::siren territory) const = 0;
  /// The time of the machines, by which commands lapse: a demonstration's own is nobody else's.
  virtual law::instant now() const = 0;

  /// Absent when the directory knows no key for the addressee's host, or when the letter would be too long.
  virtual std::optional<law::text<65536>> seal(const posted_command& command) const = 0;
  /// Absent when it is not for this node, was altered, or is none.
  virtual std::optional<posted_command> open(const law::text<65536>& letter) const = 0;
  virtual std::optional<law::text<8192>> seal(const stream_id& issuer, const posted_result& result) const = 0;
  virtual std::optional<posted_result> open_result(const law::text<8192>& letter) const = 0;
};

} // namespace toit::ports
