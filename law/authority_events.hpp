/// \file
/// Who answers for a territory's dispositif, and which node hosts it: epochs, each opened by one entry of the ordering
/// authority's stream; the cut with which the new host goes on; what became of each entry that the former host had made
/// beyond it.
///
/// Text       L441-2-7 al. 2 (adhesion) and al. 4 (the prefect institutes the dispositif in the place of the EPCI).
/// Not here   when an epoch is to be opened: authority.hpp. The acts themselves: prefect_events.hpp.

#pragma once

#include "law/party.hpp"
#include "law/refusal.hpp"
#include "law/territory_events.hpp"

namespace toit::law {

/// Why a territory's authority passes on.
enum class passing_ground : std::uint8_t {
  substitution, ///< the prefect's arrêté is in force
  handing_back, ///< it no longer is: the EPCI answers again
  adhesion,     ///< the EPCI has joined the dispositif of another, who hosts it; its authority stays
  leaving,      ///< it has left that dispositif
};
constexpr auto names_of(passing_ground) {
  return std::to_array<std::string_view>({"substitution", "handing_back", "adhesion", "leaving"});
}

/// By agreement: the present host is to stop, and the next to have all of the stream, before the epoch is opened.
struct passing_prepared {
  siren territory;
  std::uint32_t epoch = 0; ///< that will be opened
  text<64> to;             ///< the node that will host the stream
  passing_ground ground{};
  std::optional<act_id> act;
  friend bool operator==(const passing_prepared&, const passing_prepared&) = default;
  static constexpr auto fields() {
    using t = passing_prepared;
    return std::tuple{field{"territory", &t::territory}, field{"epoch", &t::epoch}, field{"to", &t::to},
                      field{"ground", &t::ground}, field{"act", &t::act}};
  }
  static constexpr entry_kind kind{220,
                                   "passing_prepared",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Passage d'un dispositif préparé",
                                   originators::consequence()};
};

/// The epoch opens: from this entry on, and from nothing else, the stream is the host's.
struct authority_passed {
  siren territory;
  std::uint32_t epoch = 0; ///< the one before, and 1
  siren holder;            ///< who answers for the dispositif in law
  text<64> host;           ///< the node that hosts the stream
  passing_ground ground{};
  std::optional<act_id> act;
  std::uint64_t closed_seq = 0; ///< of the closing entry, by agreement; 0: the host goes on from what it can prove
  bytes32 closed_link{};        ///< the same
  friend bool operator==(const authority_passed&, const authority_passed&) = default;
  static constexpr auto fields() {
    using t = authority_passed;
    return std::tuple{field{"territory", &t::territory},   field{"epoch", &t::epoch},
                      field{"holder", &t::holder},         field{"host", &t::host},
                      field{"ground", &t::ground},         field{"act", &t::act},
                      field{"closed_seq", &t::closed_seq}, field{"closed_link", &t::closed_link}};
  }
  static constexpr entry_kind kind{221,
                                   "authority_passed",
                                   entry_family::state,
                                   "L441-2-7-4-1",
                                   "Dispositif passé à un autre nœud",
                                   originators::consequence()};
};

/// Who answers for the dispositif in the epoch in force, and why.
struct authority_in_force {
  siren holder;                           ///< empty: nobody, while it is not known who
  std::optional<passing_ground> ground{}; ///< absent: no epoch but the first

  /// Another than the EPCI, in its place.
  bool in_its_place() const { return ground == passing_ground::substitution; }
};

/// The host's first entry of its epoch, alone under a head that its own key signs: what it goes on from.
struct authority_cut {
  std::uint32_t epoch = 0;
  text<16> ordered_by;           ///< the stream that opened the epoch
  std::uint64_t ordered_seq = 0; ///< its entry
  std::uint64_t previous_seq = 0;
  bytes32 previous_link{};
  bytes32 signing_key{};
  bytes32 operating_key{};
  friend bool operator==(const authority_cut&, const authority_cut&) = default;
  static constexpr auto fields() {
    using t = authority_cut;
    return std::tuple{field{"epoch", &t::epoch},
                      field{"ordered_by", &t::ordered_by},
                      field{"ordered_seq", &t::ordered_seq},
                      field{"previous_seq", &t::previous_seq},
                      field{"previous_link", &t::previous_link},
                      field{"signing_key", &t::signing_key},
                      field{"operating_key", &t::operating_key}};
  }
  static constexpr entry_kind kind{124,
                                   "authority_cut",
                                   entry_family::territory,
                                   "L441-2-7-4-1",
                                   "Journal repris par un autre nœud",
                                   originators::consequence()};
};

/// The last entry of a host who hands over: nothing follows it in its epoch.
struct stream_closing {
  std::uint32_t epoch = 0; ///< to be opened
  text<64> to;
  friend bool operator==(const stream_closing&, const stream_closing&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"epoch", &stream_closing::epoch}, field{"to", &stream_closing::to}};
  }
  static constexpr entry_kind kind{125,
                                   "stream_closing",
                                   entry_family::territory,
                                   "L441-2-7-4-1",
                                   "Journal clos avant son passage à un autre nœud",
                                   originators::consequence()};
};

/// What became of an entry that the former host made beyond the cut.
enum class late_outcome : std::uint8_t {
  recorded, ///< what it says is in the stream now
  conflict, ///< a fact of the world that contradicts what is there: somebody has to look at it
  refused,  ///< a decision that would not be taken again
  dropped,  ///< what the former host itself had drawn, and the present one draws by itself where it is due
};
constexpr auto names_of(late_outcome) {
  return std::to_array<std::string_view>({"recorded", "conflict", "refused", "dropped"});
}

/// One entry of the orphan tail has been brought in, or not, and will never be again.
struct late_entry_settled {
  std::uint32_t cut = 0; ///< the epoch whose cut left it out
  std::uint64_t seq = 0;
  bytes32 link{};
  late_outcome outcome{};
  bool witnessed = false; ///< a State node had countersigned it
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  text<40> code; ///< of the refusal
  text<40> article;
  bool knowing = false; ///< who made it had heard that another hosts the stream
  friend bool operator==(const late_entry_settled&, const late_entry_settled&) = default;
  static constexpr auto fields() {
    using t = late_entry_settled;
    return std::tuple{field{"cut", &t::cut},
                      field{"seq", &t::seq},
                      field{"link", &t::link},
                      field{"outcome", &t::outcome},
                      field{"witnessed", &t::witnessed},
                      field{"first_seq", &t::first_seq},
                      field{"last_seq", &t::last_seq},
                      field{"code", &t::code},
                      field{"article", &t::article},
                      field{"knowing", &t::knowing}};
  }
  static constexpr entry_kind kind{49,
                                   "late_entry_settled",
                                   entry_family::dossier,
                                   "L441-2-7-4-1",
                                   "Écriture tardive de l'ancien nœud reprise",
                                   originators::consequence()};
};

/// What an entry that nobody outside had witnessed, or that contradicts what is there, is worth to whoever answers.
enum class late_verdict : std::uint8_t { accepted, contested };
constexpr auto names_of(late_verdict) { return std::to_array<std::string_view>({"accepted", "contested"}); }

/// The holder has looked at one of them. It undoes nothing: what has to be corrected is corrected as anything else is.
struct late_entry_reviewed {
  std::uint32_t cut = 0; ///< of the entry, as what became of it names it
  std::uint64_t seq = 0;
  late_verdict verdict{};
  text<400> because; ///< a contestation says why
  friend bool operator==(const late_entry_reviewed&, const late_entry_reviewed&) = default;
  static constexpr auto fields() {
    using t = late_entry_reviewed;
    return std::tuple{field{"cut", &t::cut}, field{"seq", &t::seq}, field{"verdict", &t::verdict},
                      field{"because", &t::because}};
  }
  static constexpr entry_kind kind{50,
                                   "late_entry_reviewed",
                                   entry_family::dossier,
                                   "L441-2-7-4-1",
                                   "Écriture tardive acceptée ou contestée",
                                   originators{quality::epci_responsable, quality::gestionnaire},
                                   refusal_code::not_empowered};
};

} // namespace toit::law
