/// \file
/// A territory and its prefect, small enough to be looked through: what each records goes into its own book.

#pragma once

#include "law/evidence.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::law::testing {

using namespace std::chrono_literals;

constexpr bytes32 some_document{7};

/// Fictitious legal persons.
struct players {
  siren epci = *siren::parse("200057867");
  siren bailleur = *siren::parse("552032534");
  siren reservataire = *siren::parse("217500016");
  siren reception = *siren::parse("775684764");
  siren prefecture = *siren::parse("110068012");
};
inline const players& cast() {
  static const players all;
  return all;
}

inline std::vector<dispositif_party> all_parties() {
  return {{cast().epci, false}, {cast().bailleur, true}, {cast().reservataire, true}, {cast().reception, false}};
}

/// Every point of the checklist, found so.
inline checklist_findings findings_of(const checklist& asked, finding all = finding::met) {
  checklist_findings found{asked.name, asked.version, {}};
  for (const auto& item : asked.items)
    found.items.push_back({item.id, all, "Constat fictif"});
  return found;
}

inline checklist cahier(std::uint16_t version, civil_date from) {
  return {text<40>{regional_checklist_name},
          version,
          from,
          {{"1.1", "La charte graphique est suivie.", "cahier"}, {"1.2", "Les flux sont quotidiens.", "cahier"}}};
}

struct prefecture {
  dispositif_book territory;
  procedures_book state;
  civil_date today{2026y / 3 / 2};
  bool ile_de_france = true;
  bool competent = true;
  bool heard = true;                       ///< the territory's journal has been received
  std::optional<act_standing> elsewhere{}; ///< of the arrêté of an authority that was competent before
  std::vector<dispositif_party> parties = all_parties();
  std::vector<commune_code> communes_of_epci{};
  bool listed = true;
  quality prefect_quality = quality::state_attribution_follow_up;
  std::uint64_t seq = 0;
  std::uint8_t fresh = 0;

  prefecture& on(civil_date day) {
    today = day;
    return *this;
  }

  facts known() {
    facts k;
    k.today = today;
    k.competent = competent;
    k.parties = parties;
    k.regional_checklists = state.specifications();
    k.ile_de_france = ile_de_france;
    k.communes_of_epci = communes_of_epci;
    k.listed = listed;
    k.unheard = !heard;
    k.substitution_elsewhere = elsewhere;
    k.fresh_ids[0].bytes[0] = 0xF0;
    k.fresh_ids[0].bytes[1] = ++fresh;
    return k;
  }

  static command asking(siren who, event what, civil_date day) {
    command asked;
    asked.occurred_on = day;
    asked.originator = who;
    asked.introducer = who;
    asked.agent.bytes[0] = 1;
    asked.asked = std::move(what);
    return asked;
  }

  template <class Book>
  decision record_in(Book& book, const decision& decided, party introducer) {
    if (decided)
      for (const auto& one : decided->entries) {
        record happened{};
        happened.event = one.event;
        happened.occurred_on = decided->occurred_on;
        happened.originator = decided->originator;
        happened.introducer = introducer;
        book.apply(one.subject, happened, ++seq);
      }
    return decided;
  }

  /// In the territory's own stream.
  decision there(siren who, quality as, event what, std::optional<siren> entered_by = {}) {
    auto k = known();
    k.capacities.push_back({as, {}, {true, {}, {}}});
    auto existing = state.existing(cast().epci, &territory, ile_de_france, today);
    if (const auto* joins = std::get_if<adhesion_decided>(&what))
      k.host_conformity = state.conformity_of(*joins, ile_de_france, today);
    k.existing = std::make_shared<const existence_facts>(existing);
    auto asked = asking(who, std::move(what), today);
    asked.introducer = entered_by.value_or(who);
    return record_in(territory, law::decide(territory, {}, asked, k), asked.introducer);
  }
  /// As a host writes it who decides nothing before.
  void writes_there(event what) {
    record happened{};
    happened.event = std::move(what);
    happened.occurred_on = today;
    territory.apply(subject_of_dispositif(), happened, ++seq);
  }
  decision epci(event what) { return there(cast().epci, quality::epci_responsable, std::move(what)); }

  /// In the prefect's.
  decision prefect(event what) {
    auto k = known();
    k.capacities.push_back({prefect_quality, {}, {true, {}, {}}});
    if (heard)
      k.territory_side = std::make_shared<const dispositif_book>(territory);
    return record_in(state, law::decide(state, {}, asking(cast().prefecture, std::move(what), today), k),
                     cast().prefecture);
  }

  existence stands() {
    auto known = state.existing(cast().epci, heard ? &territory : nullptr, ile_de_france, today);
    known.unheard = !heard;
    known.substitution_elsewhere = elsewhere;
    return existence_of(known);
  }

  // -- what most tests begin with -----------------------------------------------------------------------------------

  void sets_cahier(std::uint16_t version) {
    REQUIRE(prefect(specification_set{cahier(version, today), today, "Arrêté fictif"}));
  }
  void notes_obligation(concern c = concern::yes, std::optional<civil_date> due_on = {}) {
    REQUIRE(prefect(obligation_noted{cast().epci, c, {}, due_on, "Liste fictive"}));
  }
  dispositif_put_in_service service() const {
    dispositif_put_in_service served;
    served.findings.push_back(findings_of(national_checklist()));
    if (const auto* regional = checklist_in_force(state.specifications(), regional_checklist_name, today))
      served.findings.push_back(findings_of(*regional));
    return served;
  }
  void serves() {
    REQUIRE(epci(dispositif_begun{"Délibération fictive"}));
    REQUIRE(epci(service()));
  }
  /// The evidence of today, under a digest of its own.
  evidence_filed evidence() {
    journal_news news{heard ? std::optional{today} : std::nullopt, heard, true};
    evidence_filed e{cast().epci, {}, {}};
    e.digest[0] = 0xE0;
    e.digest[1] = ++fresh;
    const auto* side = heard ? &territory : nullptr;
    e.file = gather_evidence(state, cast().epci, side, elsewhere, {}, news, ile_de_france, today);
    return e;
  }
  /// Found upon an evidence that is filed first, where it may be.
  carence_found carence(carence_of whose = carence_of::epci) {
    auto filed = evidence();
    prefect(filed);
    carence_found found{cast().epci, whose, {}, filed.digest, "Motifs fictifs"};
    if (whose == carence_of::partners)
      found.partners.push_back(cast().bailleur);
    return found;
  }
  act an_act() const { return {{}, "2026-12", "Mme Exemple, préfète", {}, some_document, today, {}}; }
  substitution_ordered substitution(substitution_ground ground = substitution_ground::carence) const {
    return {an_act(), cast().epci, ground};
  }
  /// Published and notified on the same day.
  act_id substitutes(substitution_ground ground = substitution_ground::carence) {
    auto ordered = prefect(substitution(ground));
    REQUIRE(ordered);
    auto id = std::get<substitution_ordered>(ordered->entries.front().event).act.id;
    REQUIRE(prefect(act_published{id, "Recueil fictif n° 1"}));
    REQUIRE(prefect(act_notified{id, cast().epci, some_document}));
    return id;
  }

  dispositif_convention draft() const {
    dispositif_convention c{{}, some_document, "Logements", {}, today};
    for (const auto& party : parties)
      c.shares.push_back({party.legal_person, 2500});
    return c;
  }
  convention_id proposes() {
    auto proposed = epci(dispositif_convention_proposed{draft()});
    REQUIRE(proposed);
    return std::get<dispositif_convention_proposed>(proposed->entries.front().event).convention.id;
  }
  decision answers(convention_id id, siren party, convention_answer answer, std::optional<siren> entered_by = {}) {
    return there(party, quality::bailleur, dispositif_convention_answered{id, party, answer, some_document, false},
                 entered_by);
  }
  /// What may be joined is examined point by point: all of them met.
  joinable_examined examined() const {
    joinable_examined e{
        cast().prefecture, joinable::systeme_particulier, dispositif_level::region, {}, "Arrêté fictif"};
    e.findings = service().findings;
    return e;
  }
  party_state position(convention_id id, siren party) const { return territory.find(id)->positions.at(party).state; }
  decision asks_opinions(convention_id id, siren party) {
    return prefect(opinions_asked{{}, cast().epci, id, party, {}});
  }
  static procedure_id procedure_of(const decision& asked) {
    REQUIRE(asked);
    return std::get<opinions_asked>(asked->entries.front().event).procedure;
  }
  decision receives(procedure_id id, siren from, party_opinion opinion) {
    bool waived = opinion == party_opinion::waived;
    return prefect(
        opinion_received{id, from, opinion, waived ? bytes32{} : some_document, waived ? "Relances sans réponse" : ""});
  }
  participation_ordered participation(procedure_id id) const { return {an_act(), id, 2500, "Conditions fictives"}; }
};

inline refusal_code refused(const decision& decided) {
  REQUIRE_FALSE(decided.has_value());
  return decided.error().code;
}
inline refusal_code refused(const check& checked) {
  REQUIRE_FALSE(checked.has_value());
  return checked.error().code;
}

} // namespace toit::law::testing
