/// \file
/// A small territory on which the tests tell their stories: who is there, what an access guard knows of them, and one
/// line a deed. `world.on(2026y / 3 / 1).bailleur().designates(demande, vacancy)` decides and records, or refuses.
///
/// Fictitious, but for the codes of communes and the number of Plaine Commune.

#pragma once

#include "law/contingents.hpp"

#include <iosfwd>
#include <map>
#include <string>

namespace toit::law::testing {

/// What a command was answered.
struct verdict {
  decision answer;
  subject_id created; ///< first of the identifiers that the command could use

  explicit operator bool() const { return answer.has_value(); }
  bool warns(warning w) const;
  template <class Id>
  Id id() const {
    return id_of<Id>(created);
  }
  friend bool operator==(const verdict& v, refusal_code code) { return !v.answer && v.answer.error().code == code; }
  friend std::ostream& operator<<(std::ostream& out, const verdict& v);
};

/// A number of eight digits with the key that makes it a SIREN.
siren siren_with_key(std::string_view eight_digits);
nud number(unsigned sequence);
commune_code commune(std::string_view code);

/// Legal persons, by what they are in the territory.
struct persons {
  siren ept = *siren::parse("200057867");
  siren gestionnaire = siren_with_key("90000001");
  siren desk = siren_with_key("90000002");
  siren bailleur = siren_with_key("90000003");
  siren other_bailleur = siren_with_key("90000004");
  siren state = siren_with_key("90000005");     ///< holds the State's contingent
  siren town = siren_with_key("90000006");      ///< Saint-Denis: reservations in 93066 alone
  siren mediation = siren_with_key("90000007"); ///< secretariat of the commission de médiation
  siren coordination = siren_with_key("90000008");
  siren pdalhpd = siren_with_key("90000009");
  siren follow_up = siren_with_key("90000010"); ///< State service that follows the attributions
  siren reception_place = siren_with_key("90000011");
  siren stranger = siren_with_key("90000012"); ///< registered, without any quality
};
const persons& people();

inline const commune_code saint_denis = commune("93066");
inline const commune_code aubervilliers = commune("93001");
inline const commune_code epinay = commune("93031");
inline const commune_code la_courneuve = commune("93027");
inline const commune_code paris = commune("75056");   ///< exists, outside of the territory
inline const commune_code nowhere = commune("93999"); ///< a well formed code of no commune

settings sne_territory();
settings particular_territory(); ///< with a système particulier, which allots numbers
settings tense_territory();

/// A complete form of a natural person who wishes these communes.
form filled_form(std::initializer_list<commune_code> wished = {saint_denis});

class world;

/// Somebody who acts on a day.
struct hand {
  world& w;
  civil_date today;
  civil_date occurred_on;
  party originator;
  party introducer;
  dossier_id own{};         ///< of the demandeur at work
  bool may_rectify = false; ///< the agent is empowered
  /// He commands from a State node, whose authority is competent there.
  std::optional<std::vector<departement_code>> competent_in{};

  hand empowered() const;
  hand from_prefecture(std::vector<departement_code> where) const;
  verdict asks(subject_id target, const event& asked) const;
  verdict asks(dossier_id target, const event& asked) const { return asks(subject_of(target), asked); }

  // The demande
  verdict registers(const form& filled, nud number) const;
  verdict issues_certificate(dossier_id d) const;
  verdict changes(dossier_id d, std::string_view path, std::string_view before, std::string_view after) const;
  verdict files(dossier_id d, std::uint8_t content) const;
  verdict rectifies(dossier_id d, std::string_view path, std::string_view before, std::string_view after,
                    std::vector<document_id> documents) const;
  verdict renews(dossier_id d) const;
  verdict sends_notice(dossier_id d) const;
  verdict warns(dossier_id d, radiation_motive motive) const;
  verdict answers(dossier_id d) const;
  verdict radiates(dossier_id d, radiation_motive motive) const;
  verdict reactivates(dossier_id d, reactivation_cause cause) const;
  verdict merges(dossier_id kept, std::vector<dossier_id> absorbed) const;
  verdict transfers_seniority(dossier_id d, dossier_id from) const;

  // Mentions
  verdict mentions_dalo(dossier_id d, departement_code commission = {}) const;
  verdict mentions_loss_of_dalo(dossier_id d) const;
  verdict gives_opinion(dossier_id d, instance_kind instance) const;
  verdict recognises(dossier_id d, priority_category category, std::optional<civil_date> until = {}) const;
  verdict withdraws_recognition(dossier_id d, priority_category category) const;
  verdict declares_eligible(dossier_id d, std::vector<convention_id> conventions, bool non_reserved = false) const;

  // Dwellings and designation
  verdict registers_dwelling(std::string_view rpls, commune_code where, bool subsidy = false) const;
  verdict opens(dwelling_id home, std::optional<convention_id> reserved_under = {},
                std::optional<civil_date> informed_on = {}) const;
  verdict withdraws(vacancy_id v) const;
  verdict designates(dossier_id d, vacancy_id v, designation_route route = designation_route::alone) const;
  verdict withdraws_designation(candidacy_id c) const;

  // Commission
  verdict schedules(civil_date held_on) const;
  verdict opens_session(session_id s, std::vector<fewer_candidates> exceptions = {}, bool quorum = true) const;
  verdict closes(session_id s) const;
  verdict cancels(session_id s) const;
  verdict enters(candidacy_id c, session_id s) const;
  verdict examines(candidacy_id c) const;
  verdict decides(const caleol_decided& decision) const;
  verdict attributes(candidacy_id c) const;
  verdict ranks(candidacy_id c, unsigned rank) const;
  verdict attributes_if(candidacy_id c, civil_date piece_due) const;
  verdict rejects(candidacy_id c, decision_motive motive = decision_motive::household_does_not_fit_dwelling) const;

  // Offer and lease
  verdict proposes_visit(dossier_id d, vacancy_id v) const;
  verdict makes_visit(dossier_id d, vacancy_id v) const;
  verdict offers(candidacy_id c, civil_date reply_by, bool dalo_warning = false) const;
  verdict accepts(candidacy_id c) const;
  verdict refuses(candidacy_id c, refusal_motive motive = refusal_motive::rent) const;
  verdict fulfils_condition(candidacy_id c) const;
  verdict fails_condition(candidacy_id c) const;
  verdict signs(candidacy_id c, bool attested = false) const;
  verdict corrects(candidacy_id c) const;

  // Instruments
  verdict signs_convention(const reservation_convention& convention) const;
  verdict ends_convention(convention_id convention, civil_date last_day) const;
  verdict states_flow(siren bailleur, unsigned year, std::uint32_t to_let, std::uint32_t subtracted) const;
  verdict grants(const habilitation& h) const;
};

/// A day in the world.
struct moment {
  world& w;
  civil_date today;
  civil_date occurred_on;

  /// What happened on another day is recorded today.
  moment dated(civil_date day) const { return {w, today, day}; }

  hand by(siren legal_person) const { return {w, today, occurred_on, legal_person, legal_person}; }
  hand desk() const { return by(people().desk); }
  hand bailleur() const { return by(people().bailleur); }
  hand other_bailleur() const { return by(people().other_bailleur); }
  hand state() const { return by(people().state); }
  hand town() const { return by(people().town); }
  hand mediation() const { return by(people().mediation); }
  hand gestionnaire() const { return by(people().gestionnaire); }
  hand stranger() const { return by(people().stranger); }
  hand demandeur(dossier_id own) const { return {w, today, occurred_on, party::demandeur(), party::demandeur(), own}; }
  hand desk_for_demandeur() const { return {w, today, occurred_on, party::demandeur(), people().desk}; }

  /// The deadline watcher sends one term, or everything that has passed by today; the latter answers how many.
  verdict reaches(const due& term) const;
  unsigned lets_terms_pass() const;
};

/// The books of a territory, and everything that has been recorded in them.
class world {
public:
  world() : world(sne_territory()) {}
  explicit world(law::settings fixed);

  moment on(civil_date day) { return {*this, day, day}; }

  const dossier& operator[](dossier_id d) const;
  const law::vacancy& operator[](vacancy_id v) const;
  const candidacy& operator[](candidacy_id c) const;
  const candidate& seen_by_dwelling(candidacy_id c) const;
  std::optional<due> term(dossier_id d, due_rule rule) const;

  /// Conventions that reserve for `state` and `town` dwellings of `bailleur`.
  convention_id state_convention;
  convention_id town_convention;

  // Stories that other stories begin with; each step must succeed.
  dossier_id new_demande(civil_date reception, std::initializer_list<commune_code> wished = {saint_denis});
  dwelling_id new_dwelling(civil_date day, commune_code where = saint_denis, siren bailleur = people().bailleur);
  vacancy_id new_vacancy(civil_date day, commune_code where = saint_denis, siren bailleur = people().bailleur);
  vacancy_id reserved_vacancy(civil_date day, convention_id convention, std::optional<civil_date> informed_on = {});
  /// The bailleur designates them and a session examines them, all on that day.
  std::vector<candidacy_id> examined(civil_date day, vacancy_id v, std::vector<dossier_id> demandes);
  candidacy_id attributed(civil_date day, vacancy_id v, dossier_id d);
  std::vector<candidacy_id> ranked(civil_date day, vacancy_id v, std::vector<dossier_id> demandes);
  candidacy_id offered(civil_date day, vacancy_id v, dossier_id d, civil_date reply_by);
  candidacy_id housed(civil_date day, vacancy_id v, dossier_id d);

  facts facts_for(const hand& by, const command& asked);
  verdict decide_and_apply(const command& asked, const facts& known);
  void apply(subject_id subject, const record& happened);
  /// Identifiers as a node would draw them; two worlds draw the same.
  subject_id fresh_id();

  law::settings settings;
  demand_book book;
  rights_book rights;
  contingent_book contingents;
  std::map<dossier_id, form> forms;
  std::map<nud, dossier_id> numbers;
  std::map<subject_id, std::vector<std::uint64_t>> entries_of;
  std::uint64_t last_seq = 0;
  unsigned drawn = 0;
  unsigned registered = 0;
};

} // namespace toit::law::testing

namespace toit::law {
std::ostream& operator<<(std::ostream& out, refusal_code code);
std::ostream& operator<<(std::ostream& out, demande_status status);
std::ostream& operator<<(std::ostream& out, candidacy_step step);
std::ostream& operator<<(std::ostream& out, vacancy_status status);
} // namespace toit::law
