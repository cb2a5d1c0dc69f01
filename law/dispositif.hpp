/// \file
/// Whether a territory has its dispositif: owed, being set up, in service, lost, in carence, instituted by the prefect.
///
/// Text       L441-2-7 al. 1, 2 and 4; R441-2-15 IV. What a machine may say ends where the prefect decides: it never
///            finds a carence (docs/readings.md, 37).
/// Not here   the life of the prefect's act (acts.hpp); who holds the authority and since when: it comes with taking
///            over.

#pragma once

#include "law/acts.hpp"
#include "law/decide.hpp"

namespace toit::law {

enum class dispositif_state : std::uint8_t {
  unknown,   ///< nobody has said whether the territory is concerned
  obligated, ///< it is, and nothing has begun
  own_building,
  in_service,
  non_conforming, ///< in service, and not, or no longer, known to meet what is asked of it
  carence,        ///< found by the prefect
  absence,        ///< no EPCI there owes a dispositif: the prefect may institute one
};
constexpr auto names_of(dispositif_state) {
  return std::to_array<std::string_view>(
      {"unknown", "obligated", "own_building", "in_service", "non_conforming", "carence", "absence"});
}

enum class service_form : std::uint8_t { own, adhered, by_prefect };
constexpr auto names_of(service_form) { return std::to_array<std::string_view>({"own", "adhered", "by_prefect"}); }

/// What is known, of whichever stream, to say where the dispositif stands.
struct existence_facts {
  law::concern concern{};
  std::optional<civil_date> begun_on;
  std::optional<civil_date> in_service_on;   ///< one of its own
  std::optional<civil_date> adhered_on;      ///< one that it has joined
  std::optional<law::conformity> conformity; ///< of what serves, under the checklists of the day
  std::optional<civil_date> carence_on;
  std::optional<act_standing> substitution; ///< of the last arrêté that instituted one
};

struct existence {
  dispositif_state state{};
  std::optional<service_form> form; ///< of what serves
  friend bool operator==(const existence&, const existence&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"state", &existence::state}, field{"form", &existence::form}};
  }
};

existence existence_of(const existence_facts& known);

// What each may do next. `conformity` is that of what would serve.
check may_begin(const existence_facts& known);
check may_put_in_service(const existence_facts& known, const conformity& found);
check may_adhere(const existence_facts& known, const conformity& host);
check may_leave(const existence_facts& known);
check may_find_carence(const existence_facts& known, std::optional<civil_date> due_on, civil_date day);
check may_substitute(const existence_facts& known, substitution_ground ground);

/// What the territory's own stream says of its dispositif.
class dispositif_book {
public:
  void apply(subject_id subject, const record& happened, std::uint64_t seq);
  std::uint64_t last_seq(subject_id subject) const;

  const std::map<convention_id, convention_file>& conventions() const { return conventions_; }
  const convention_file* find(convention_id id) const;
  /// The last one proposed; null when there is none.
  const convention_file* current() const;
  const std::optional<adhesion_decided>& adhesion() const { return adhesion_; }
  const std::vector<checklist_findings>& declared() const { return declared_; }

  /// `known` completed by what this stream says, on the day and under the checklists of that day.
  void complete(existence_facts& known, std::span<const checklist> regional, bool ile_de_france, civil_date day) const;

private:
  std::optional<civil_date> begun_on_;
  std::optional<civil_date> in_service_on_;
  std::optional<civil_date> adhered_on_;
  std::optional<adhesion_decided> adhesion_;
  std::vector<checklist_findings> declared_;
  std::map<convention_id, convention_file> conventions_;
  std::optional<convention_id> current_;
  std::map<subject_id, std::uint64_t> last_seqs_;
};

/// What is done about the dispositif, in the territory's stream; a convention is a subject of its own.
subject_id subject_of_dispositif();

decision decide(const dispositif_book& book, const settings& s, const command& asked, const facts& known);
std::vector<subject_id> subjects_of(const dispositif_book& book, const command& asked);

} // namespace toit::law
