/// \file
/// Who may read nominative information, for what, and how far: the matrix of R441-2-15 V, as data.
///
/// Text       R441-2-15 V; R441-2-6 (scope of registering bodies); R441-2-17, L441-2-6 (the demandeur's own data);
///            L441-2-7 al. 4 (who stands in row c while the prefect has taken the EPCI's place);
///            NOTA of R441-2-15 (décret 2017-834 art. 26: the last alinéa of V is in force from 30 June 2018).
/// Not here   what agents of a body may do within it: their missions, in rights.hpp.

#pragma once

#include "law/decide.hpp"

#include <span>

namespace toit::law {

enum class purpose : std::uint8_t {
  shared_management, ///< gestion partagée of the demandes
  information,       ///< information of demandeurs
};
constexpr auto names_of(purpose) { return std::to_array<std::string_view>({"shared_management", "information"}); }

/// The rows of the matrix (docs/readings.md, 15); whoever stands in none reads nothing nominative.
enum class access_row : std::uint8_t { a, b1, b2, c, d, e1, e2, f, g, h };
constexpr auto names_of(access_row) {
  return std::to_array<std::string_view>({"a", "b1", "b2", "c", "d", "e1", "e2", "f", "g", "h"});
}

struct access_rule {
  access_row row;
  std::optional<law::quality> quality; ///< absent: the demandeur himself
  std::optional<instance_kind> instance;
  bool shared_management;
  bool information;
  bool lists; ///< may search and list, not only open a given file
  std::string_view article;
  std::string_view whom; ///< as a French reader sees it
};

/// The whole matrix, in the order of the rows.
std::span<const access_rule> access_matrix();

/// Whoever asks to read.
struct reader {
  std::vector<capacity> capacities; ///< in force today; empty for the demandeur
  std::optional<dossier_id> own;    ///< the demandeur's own dossier
  bool replaced = false;            ///< the prefect answers for the dispositif in its place
  bool not_his_agent{};             ///< of the legal person that answers, with an account that another has opened
};

/// While the prefect answers for the dispositif in the place of the EPCI, he reads as the EPCI did, and it no more: by
/// agents whom he himself has let in (`by_its_own`), there or on his own node. What a legal person reads in another
/// quality stays.
reader reader_under(const authority_in_force& now, siren who, std::vector<capacity> capacities, bool by_its_own);

/// What is to be read: one dossier, or a list of them.
struct reading {
  std::optional<law::purpose> purpose;
  std::optional<dossier_id> dossier;   ///< absent: a list
  wished_communes communes;            ///< of the dossier
  bool requested_by_demandeur = false; ///< the reader showed a code that the demandeur gave, still valid
};

/// What the qualities of a reader open together. Each shows the demandes within its own reach, and on those alone what
/// happens on its dwellings (docs/readings.md, 14 and 32).
class view {
public:
  static view of_everything();
  void open(const reach& demandes, const reach& dwellings) { parts_.push_back({demandes, dwellings}); }

  bool covers(const wished_communes& wished) const;
  /// The dwellings on which what happens to a demande with these communes is shown.
  reach dwellings_for(const wished_communes& wished) const;
  /// All the demandes that are shown.
  reach demandes() const;

private:
  struct part {
    reach demandes;
    reach dwellings;
  };
  std::vector<part> parts_;
};

/// The right under which a read is answered, kept in the consultation log.
struct grant {
  access_row row{};
  std::string_view article;
  view shows;
};

/// Default deny: the first row that covers the read, or a refusal by the article that bars it.
std::expected<grant, refusal> may_read(const reader& who, const reading& what, civil_date today);

} // namespace toit::law
