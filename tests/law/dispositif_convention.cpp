// SM-1: the convention of the dispositif, and what follows when a party declines it.

#include "prefecture.hpp"

using namespace toit::law;
using namespace toit::law::testing;

namespace {

constexpr auto has_signed = convention_answer::signed_by_party;
constexpr auto accepts_to = convention_answer::accepted_to_sign;
constexpr auto declines = convention_answer::refused;

/// The EPCI and the reception place have signed, the réservataire accepts_to to, the bailleur declines.
struct refusal_scene : prefecture {
  convention_id convention;
  refusal_scene() {
    sets_cahier(1);
    notes_obligation();
    convention = proposes();
    REQUIRE(answers(convention, cast().epci, has_signed));
    REQUIRE(answers(convention, cast().reception, has_signed));
    REQUIRE(answers(convention, cast().reservataire, accepts_to));
    REQUIRE(answers(convention, cast().bailleur, declines));
  }
  void all_opinions(procedure_id id) {
    for (auto who : {cast().epci, cast().reception, cast().reservataire})
      REQUIRE(receives(id, who, party_opinion::favourable));
  }
};

} // namespace

TEST_CASE("the convention names every party of the territory and nobody else", "[L441-2-7-1-1a][L441-2-7-3-1]") {
  prefecture p;
  auto draft = p.draft();
  CHECK(check_convention(draft, p.parties));
  auto short_of_one = draft;
  short_of_one.shares.pop_back();
  short_of_one.shares.back().share = 5000;
  CHECK(refused(check_convention(short_of_one, p.parties)) == refusal_code::missing_field);
  auto one_more = draft;
  one_more.shares.push_back({cast().prefecture, 0});
  CHECK(refused(check_convention(one_more, p.parties)) == refusal_code::not_party);
  auto twice = draft;
  twice.shares.push_back(twice.shares.front());
  CHECK(refused(check_convention(twice, p.parties)) == refusal_code::duplicate);
}

TEST_CASE("the shares add up to the whole, no more and no less", "[L441-2-7-3-1]") {
  prefecture p;
  auto draft = p.draft();
  draft.shares.front().share = 2499;
  CHECK(refused(check_convention(draft, p.parties)) == refusal_code::missing_field);
  draft.shares.front().share = 2501;
  CHECK(refused(check_convention(draft, p.parties)) == refusal_code::missing_field);
  draft.shares.front().share = 0;
  draft.shares.back().share = 5000;
  CHECK(check_convention(draft, p.parties));
}

TEST_CASE("the convention cites its text, the basis of its key and its first day", "[L441-2-7-3-1]") {
  prefecture p;
  auto with = [&](auto change) {
    auto draft = p.draft();
    change(draft);
    return refused(check_convention(draft, p.parties));
  };
  CHECK(with([](auto& c) { c.document = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& c) { c.basis = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& c) { c.from = 2026y / 2 / 30; }) == refusal_code::bad_date);
}

TEST_CASE("a party has_signed, accepts_to to sign, or declines; silence leaves it where it is", "[L441-2-7-3-2]") {
  prefecture p;
  auto id = p.proposes();
  CHECK(p.position(id, cast().bailleur) == party_state::proposed);
  p.on(2027y / 3 / 2);
  CHECK(p.position(id, cast().bailleur) == party_state::proposed);
  REQUIRE(p.answers(id, cast().bailleur, accepts_to));
  CHECK(p.position(id, cast().bailleur) == party_state::accepted);
  CHECK(refused(p.answers(id, cast().bailleur, accepts_to)) == refusal_code::bad_order);
  REQUIRE(p.answers(id, cast().bailleur, declines));
  CHECK(p.position(id, cast().bailleur) == party_state::refused);
  CHECK(refused(p.answers(id, cast().bailleur, declines)) == refusal_code::bad_order);
  CHECK(refused(p.answers(id, cast().bailleur, accepts_to)) == refusal_code::bad_order);
  REQUIRE(p.answers(id, cast().bailleur, has_signed));
  CHECK(p.position(id, cast().bailleur) == party_state::signed_by_party);
  for (auto answer : {has_signed, accepts_to, declines})
    CHECK(refused(p.answers(id, cast().bailleur, answer)) == refusal_code::bad_order);
}

TEST_CASE("the refusal of another party than a bailleur or réservataire opens no power", "[L441-2-7-3-2]") {
  prefecture p;
  auto id = p.proposes();
  REQUIRE(p.answers(id, cast().reception, declines));
  CHECK(p.position(id, cast().reception) == party_state::refused_no_power);
  CHECK(refused(p.asks_opinions(id, cast().reception)) == refusal_code::not_party);
  REQUIRE(p.answers(id, cast().reservataire, declines));
  CHECK(p.asks_opinions(id, cast().reservataire));
  REQUIRE(p.answers(id, cast().reception, has_signed));
  CHECK(p.position(id, cast().reception) == party_state::signed_by_party);
}

TEST_CASE("a party answers for itself, by what it sends, after the proposal", "[L441-2-7-3-2]") {
  prefecture p;
  auto id = p.proposes();
  dispositif_convention_answered answer{id, cast().bailleur, has_signed, some_document, false};
  auto by = [&](siren who) { return p.there(who, quality::bailleur, answer); };
  CHECK(refused(by(cast().reservataire)) == refusal_code::not_originator);
  answer.document = {};
  CHECK(refused(by(cast().bailleur)) == refusal_code::missing_field);
  answer.document = some_document;
  answer.party = cast().prefecture;
  CHECK(refused(by(cast().prefecture)) == refusal_code::not_party);
  answer.party = cast().bailleur;
  answer.convention = {};
  CHECK(refused(by(cast().bailleur)) == refusal_code::unknown_subject);
  answer.convention = id;
  p.on(2026y / 3 / 1);
  CHECK(refused(by(cast().bailleur)) == refusal_code::bad_date);
  p.on(2026y / 3 / 2);
  CHECK(by(cast().bailleur));
}

TEST_CASE("a letter that another has entered binds a party until it speaks itself", "[L441-2-7-3-2]") {
  prefecture p;
  auto id = p.proposes();
  REQUIRE(p.answers(id, cast().bailleur, has_signed, cast().epci));
  CHECK(p.position(id, cast().bailleur) == party_state::signed_by_party);
  CHECK(refused(p.answers(id, cast().bailleur, declines, cast().epci)) == refusal_code::bad_order);
  REQUIRE(p.answers(id, cast().bailleur, declines));
  CHECK(p.position(id, cast().bailleur) == party_state::refused);
  CHECK(refused(p.answers(id, cast().bailleur, declines)) == refusal_code::bad_order);
  REQUIRE(p.answers(id, cast().bailleur, has_signed));
  CHECK(refused(p.answers(id, cast().bailleur, declines)) == refusal_code::bad_order);
}

TEST_CASE("who refused before it had stock or reservations refuses anew once it has", "[L441-2-7-3-2]") {
  prefecture p;
  auto id = p.proposes();
  REQUIRE(p.answers(id, cast().reception, declines));
  CHECK(refused(p.answers(id, cast().reception, declines)) == refusal_code::bad_order);
  p.parties.back().has_reservations_or_stock = true;
  REQUIRE(p.answers(id, cast().reception, declines));
  CHECK(p.position(id, cast().reception) == party_state::refused);
}

TEST_CASE("each step of the procedure comes after what it rests on", "[L441-2-7-3-2]") {
  prefecture p;
  auto convention = p.proposes();
  REQUIRE(p.answers(convention, cast().epci, has_signed));
  REQUIRE(p.on(2026y / 3 / 10).answers(convention, cast().bailleur, declines));
  REQUIRE(p.on(2026y / 3 / 12).answers(convention, cast().reception, has_signed));
  CHECK(refused(p.on(2026y / 3 / 9).asks_opinions(convention, cast().bailleur)) == refusal_code::bad_date);
  auto asked = p.on(2026y / 3 / 11).asks_opinions(convention, cast().bailleur);
  auto id = p.procedure_of(asked);
  // Who signs the day after is not asked.
  CHECK(std::get<opinions_asked>(asked->entries.front().event).asked == list<siren, 1024>{cast().epci});
  CHECK(refused(p.on(2026y / 3 / 10).receives(id, cast().epci, party_opinion::favourable)) == refusal_code::bad_date);
  REQUIRE(p.on(2026y / 3 / 20).receives(id, cast().epci, party_opinion::favourable));
  CHECK(refused(p.on(2026y / 3 / 19).prefect(p.participation(id))) == refusal_code::bad_date);
  p.on(2026y / 3 / 20);
  CHECK(p.prefect(p.participation(id)));
}

TEST_CASE("who is asked is who had accepted or signed on the day of asking, whatever it has answered since",
          "[L441-2-7-3-2]") {
  prefecture p;
  auto convention = p.proposes();
  REQUIRE(p.answers(convention, cast().epci, accepts_to));
  REQUIRE(p.answers(convention, cast().reception, accepts_to));
  REQUIRE(p.on(2026y / 3 / 10).answers(convention, cast().bailleur, declines));
  REQUIRE(p.on(2026y / 3 / 14).answers(convention, cast().epci, has_signed));
  REQUIRE(p.answers(convention, cast().reception, declines));
  using those = std::vector<siren>;
  const auto& file = *p.territory.find(convention);
  CHECK(file.consulted(2026y / 3 / 1) == those{});
  for (auto day : {civil_date{2026y / 3 / 11}, civil_date{2026y / 3 / 13}})
    CHECK(file.consulted(day) == those{cast().epci, cast().reception});
  CHECK(file.consulted(2026y / 3 / 14) == those{cast().epci});
  auto id = p.procedure_of(p.on(2026y / 3 / 11).asks_opinions(convention, cast().bailleur));
  CHECK(refused(p.on(2026y / 3 / 15).prefect(p.participation(id))) == refusal_code::missing_opinion);
}

TEST_CASE("an answer in the name of who is no party moves nothing", "[L441-2-7-3-1][L441-2-7-3-2]") {
  refusal_scene s;
  auto before = s.territory.find(s.convention)->consulted(s.today);
  s.writes_there(dispositif_convention_answered{s.convention, cast().prefecture, accepts_to, some_document, false});
  CHECK(s.territory.find(s.convention)->positions.size() == s.parties.size());
  CHECK(s.territory.find(s.convention)->consulted(s.today) == before);
}

TEST_CASE("no arrêté is taken on a convention that another has replaced", "[L441-2-7-3-2]") {
  refusal_scene s;
  auto id = s.procedure_of(s.asks_opinions(s.convention, cast().bailleur));
  s.all_opinions(id);
  auto second = s.proposes();
  CHECK(refused(s.prefect(s.participation(id))) == refusal_code::not_party);
  CHECK(refused(s.asks_opinions(s.convention, cast().bailleur)) == refusal_code::not_party);
  REQUIRE(s.answers(second, cast().bailleur, has_signed));
  CHECK(superseded(*s.state.find(id), s.territory.current()));
}

TEST_CASE("the opinions asked are those of whoever has signed or accepted to sign", "[L441-2-7-3-2]") {
  refusal_scene s;
  auto asked = s.asks_opinions(s.convention, cast().bailleur);
  auto id = s.procedure_of(asked);
  const auto& consulted = std::get<opinions_asked>(asked->entries.front().event).asked;
  CHECK(std::set<siren>(consulted.begin(), consulted.end()) ==
        std::set{cast().epci, cast().reception, cast().reservataire});
  CHECK(refused(s.asks_opinions(s.convention, cast().bailleur)) == refusal_code::duplicate);
  CHECK(refused(s.receives(id, cast().bailleur, party_opinion::favourable)) == refusal_code::not_party);
  CHECK(refused(s.asks_opinions(s.convention, cast().epci)) == refusal_code::bad_order);
  CHECK(refused(s.asks_opinions(s.convention, cast().prefecture)) == refusal_code::not_party);
  CHECK(refused(s.asks_opinions({}, cast().bailleur)) == refusal_code::not_party);
}

TEST_CASE("without every opinion, or the prefect's word that he goes on, there is no arrêté", "[L441-2-7-3-2]") {
  refusal_scene s;
  auto id = s.procedure_of(s.asks_opinions(s.convention, cast().bailleur));
  CHECK(refused(s.prefect(s.participation(id))) == refusal_code::missing_opinion);
  REQUIRE(s.receives(id, cast().epci, party_opinion::favourable));
  REQUIRE(s.receives(id, cast().reception, party_opinion::unfavourable));
  CHECK(refused(s.on(2036y / 3 / 2).prefect(s.participation(id))) == refusal_code::missing_opinion);
  CHECK(refused(s.receives(id, cast().epci, party_opinion::unfavourable)) == refusal_code::duplicate);
  CHECK(refused(s.prefect(opinion_received{id, cast().reservataire, party_opinion::waived, {}, {}})) ==
        refusal_code::missing_field);
  CHECK(refused(s.prefect(opinion_received{id, cast().reservataire, party_opinion::favourable, {}, {}})) ==
        refusal_code::missing_field);
  REQUIRE(s.receives(id, cast().reservataire, party_opinion::waived));
  CHECK(refused(s.receives(id, cast().reservataire, party_opinion::waived)) == refusal_code::duplicate);
  CHECK(s.receives(id, cast().reservataire, party_opinion::favourable));
  CHECK(s.prefect(s.participation(id)));
}

TEST_CASE("the arrêté fixes conditions and a share, once, and is notified to whom it binds", "[L441-2-7-3-2]") {
  refusal_scene s;
  auto id = s.procedure_of(s.asks_opinions(s.convention, cast().bailleur));
  s.all_opinions(id);
  auto with = [&](auto change) {
    auto ordered = s.participation(id);
    change(ordered);
    return refused(s.prefect(ordered));
  };
  CHECK(with([](auto& e) { e.share = 0; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.share = 10001; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.conditions = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.act.number = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.procedure = {}; }) == refusal_code::unknown_subject);
  s.competent = false;
  CHECK(refused(s.prefect(s.participation(id))) == refusal_code::wrong_prefect);
  s.competent = true;
  auto ordered = s.prefect(s.participation(id));
  REQUIRE(ordered);
  CHECK(refused(s.prefect(s.participation(id))) == refusal_code::duplicate);
  CHECK(refused(s.receives(id, cast().epci, party_opinion::favourable)) == refusal_code::too_late);
  auto act = std::get<participation_ordered>(ordered->entries.front().event).act.id;
  CHECK(standing_of(*s.state.find(act), s.today) == act_standing::not_yet);
  REQUIRE(s.prefect(act_notified{act, cast().epci, some_document}));
  CHECK(standing_of(*s.state.find(act), s.today) == act_standing::not_yet);
  REQUIRE(s.prefect(act_notified{act, cast().bailleur, some_document}));
  CHECK(standing_of(*s.state.find(act), s.today) == act_standing::in_force);
}

TEST_CASE("who has_signed after all ends the procedure, and the arrêté with it", "[L441-2-7-3-2]") {
  refusal_scene s;
  auto id = s.procedure_of(s.asks_opinions(s.convention, cast().bailleur));
  s.all_opinions(id);
  SECTION("before it is signed") {
    REQUIRE(s.answers(s.convention, cast().bailleur, has_signed));
    CHECK(refused(s.prefect(s.participation(id))) == refusal_code::bad_order);
  }
  SECTION("after") {
    REQUIRE(s.prefect(s.participation(id)));
    CHECK_FALSE(superseded(*s.state.find(id), s.territory.current()));
    REQUIRE(s.answers(s.convention, cast().bailleur, has_signed));
    CHECK(superseded(*s.state.find(id), s.territory.current()));
  }
}

TEST_CASE("an arrêté that a judge annuls may be taken again, after new opinions", "[L441-2-7-3-2]") {
  refusal_scene s;
  auto id = s.procedure_of(s.asks_opinions(s.convention, cast().bailleur));
  s.all_opinions(id);
  auto ordered = s.prefect(s.participation(id));
  auto act = std::get<participation_ordered>(ordered->entries.front().event).act.id;
  CHECK(refused(s.asks_opinions(s.convention, cast().bailleur)) == refusal_code::duplicate);
  REQUIRE(s.prefect(act_ended{act, act_end::annulled, "Jugement fictif"}));
  auto again = s.procedure_of(s.asks_opinions(s.convention, cast().bailleur));
  CHECK(refused(s.prefect(s.participation(again))) == refusal_code::missing_opinion);
}

TEST_CASE("where nobody has signed or accepted there is nobody to ask", "[L441-2-7-3-2]") {
  prefecture p;
  auto convention = p.proposes();
  REQUIRE(p.answers(convention, cast().bailleur, declines));
  auto id = p.procedure_of(p.asks_opinions(convention, cast().bailleur));
  CHECK(p.state.find(id)->opinions.empty());
  CHECK(p.prefect(p.participation(id)));
}

TEST_CASE("a later convention takes the place of an earlier one, whose answers stay its own", "[L441-2-7-3-1]") {
  prefecture p;
  auto first = p.proposes();
  REQUIRE(p.answers(first, cast().bailleur, has_signed));
  auto second = p.proposes();
  CHECK(p.territory.current()->convention.id == second);
  CHECK(p.position(second, cast().bailleur) == party_state::proposed);
  CHECK(p.position(first, cast().bailleur) == party_state::signed_by_party);
}

TEST_CASE("a convention never takes the identifier, nor the answers, of another", "[L441-2-7-3-1][L441-2-7-4-1]") {
  prefecture p;
  auto first = p.proposes();
  REQUIRE(p.answers(first, cast().epci, has_signed));
  p.fresh = 0; // the same identifier is given again
  CHECK(refused(p.epci(dispositif_convention_proposed{p.draft()})) == refusal_code::duplicate);
  auto second = p.proposes();
  CHECK(second != first);
  CHECK(p.position(second, cast().epci) == party_state::proposed);
  CHECK(p.position(first, cast().epci) == party_state::signed_by_party);

  // Whatever a journal holds: another text is answered anew.
  record happened{};
  happened.occurred_on = p.today;
  happened.event = dispositif_convention_proposed{p.territory.find(first)->convention};
  p.territory.apply(subject_of_dispositif(), happened, ++p.seq);
  CHECK(p.position(first, cast().epci) == party_state::proposed);
}

TEST_CASE("a partner who does not join with the EPCI is told as silent, or follows the way of who refuses",
          "[L441-2-7-2-1][L441-2-7-3-2]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.examined()));
  REQUIRE(p.epci(adhesion_decided{joinable::systeme_particulier, dispositif_level::region, cast().prefecture, "D"}));
  auto id = p.proposes();
  REQUIRE(p.answers(id, cast().epci, has_signed));
  REQUIRE(p.answers(id, cast().bailleur, declines));
  CHECK(p.position(id, cast().reservataire) == party_state::proposed);
  CHECK(refused(p.asks_opinions(id, cast().reservataire)) == refusal_code::bad_order);
  auto procedure = prefecture::procedure_of(p.asks_opinions(id, cast().bailleur));
  REQUIRE(p.receives(procedure, cast().epci, party_opinion::favourable));
  CHECK(p.prefect(p.participation(procedure)));
  CHECK(p.stands() == existence{dispositif_state::in_service, service_form::adhered});
}
