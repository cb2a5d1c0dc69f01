#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

/// One demande with the first rank on two dwellings of two bailleurs, and somebody behind it on each.
struct two_dwellings {
  world w;
  dossier_id d = w.new_demande(2026y / 1 / 10);
  dossier_id second_here = w.new_demande(2026y / 1 / 10);
  dossier_id second_there = w.new_demande(2026y / 1 / 10);
  vacancy_id v_here = w.new_vacancy(2026y / 1 / 10);
  vacancy_id v_there = w.new_vacancy(2026y / 1 / 10, saint_denis, people().other_bailleur);
  std::vector<candidacy_id> c_here = w.ranked(2026y / 1 / 20, v_here, {d, second_here});
  std::vector<candidacy_id> c_there = w.ranked(2026y / 1 / 21, v_there, {d, second_there});

  candidacy_id here() const { return c_here[0]; }
  candidacy_id there() const { return c_there[0]; }
  hand bailleur(civil_date day) { return w.on(day).bailleur(); }
  hand other(civil_date day) { return w.on(day).other_bailleur(); }

  /// Both sides say the same of this candidacy.
  bool agree(candidacy_id c) {
    return w[c].step == w.seen_by_dwelling(c).step && w[c].closed == w.seen_by_dwelling(c).closed;
  }
};

} // namespace

// -- the signature --------------------------------------------------------------------------------------------------

TEST_CASE("the lease closes the demande at once, its other candidacies and the other candidates", "[R441-2-15-I-8]") {
  two_dwellings story;
  auto& w = story.w;
  auto lease = story.bailleur(2026y / 2 / 1).signs(story.here());
  REQUIRE(lease);
  CHECK(w[story.d].status == demande_status::radiated);
  CHECK(w[story.d].radiation == radiation{radiation_motive::a_housed, 2026y / 2 / 1});
  CHECK(w[story.v_here].status == vacancy_status::let);
  CHECK(w[story.here()].step == candidacy_step::lease_signed);
  CHECK(w[story.there()].closed == closing_reason::housed_elsewhere);
  CHECK(w[story.c_here[1]].closed == closing_reason::dwelling_let);
  CHECK(w[story.second_here].status == demande_status::active);
  for (auto c : {story.here(), story.there(), story.c_here[1]})
    CHECK(story.agree(c));
  CHECK(w[story.v_there].status == vacancy_status::open);
  CHECK(story.other(2026y / 2 / 2).offers(story.c_there[1], 2026y / 3 / 1));
}

TEST_CASE("a lease needs an attribution in favour of this demande for this dwelling", "[R441-2-15-I-8]") {
  world w;
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto c = w.examined(2026y / 1 / 20, v, {w.new_demande(2026y / 1 / 10), w.new_demande(2026y / 1 / 10)});
  auto bailleur = w.on(2026y / 1 / 20).bailleur();
  auto designated =
      bailleur.designates(w.new_demande(2026y / 1 / 10), w.new_vacancy(2026y / 1 / 10)).id<candidacy_id>();
  CHECK(bailleur.signs(designated) == refusal_code::bad_order);
  CHECK(bailleur.signs(c[0]) == refusal_code::bad_order);
  CHECK(bailleur.asks(w.book.dossier_of(c[0])->id, lease_signed{.candidacy = c[1], .charged_on = {}}) ==
        refusal_code::bad_order);
  REQUIRE(bailleur.rejects(c[0]));
  CHECK(bailleur.signs(c[0]) == refusal_code::bad_order);
  REQUIRE(bailleur.attributes(c[1]));
  CHECK(w.on(2026y / 1 / 25).other_bailleur().signs(c[1]) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 25).desk().signs(c[1]) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 25).dated(2026y / 1 / 19).bailleur().signs(c[1]) == refusal_code::bad_date);
  REQUIRE(w.on(2026y / 1 / 25).bailleur().offers(c[1], 2026y / 2 / 10));
  REQUIRE(w.on(2026y / 1 / 26).bailleur().refuses(c[1]));
  CHECK(w.on(2026y / 1 / 27).bailleur().signs(c[1]) == refusal_code::bad_order);
}

TEST_CASE("who is ranked behind signs once those before have refused", "[R441-2-15-I-6b]") {
  two_dwellings story;
  CHECK(story.bailleur(2026y / 2 / 1).signs(story.c_here[1]) == refusal_code::bad_order);
  REQUIRE(story.bailleur(2026y / 2 / 1).offers(story.here(), 2026y / 2 / 11));
  REQUIRE(story.bailleur(2026y / 2 / 2).refuses(story.here()));
  CHECK(story.bailleur(2026y / 2 / 3).signs(story.c_here[1]));
}

TEST_CASE("the lease confirms the imputation of the decision", "[R441-2-9]") {
  two_dwellings story;
  lease_signed lease;
  lease.candidacy = story.here();
  lease.charged_on = {{contingent_kind::state_priority, story.w.state_convention}};
  CHECK(story.bailleur(2026y / 2 / 1).asks(story.d, lease) == refusal_code::conflict);
  lease.charged_on = imputation{};
  CHECK(story.bailleur(2026y / 2 / 1).asks(story.d, lease));
  CHECK(story.w.seen_by_dwelling(story.here()).charged_on == imputation{});
}

TEST_CASE("an expired demande may still sign what was attributed to it", "[R441-2-15-I-8]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  REQUIRE(w.on(2025y / 12 / 1).gestionnaire().sends_notice(d));
  auto c = w.attributed(2026y / 1 / 5, w.new_vacancy(2026y / 1 / 5), d);
  w.on(2026y / 1 / 15).lets_terms_pass();
  REQUIRE(w[d].status == demande_status::expired);
  CHECK(w.on(2026y / 1 / 15).bailleur().signs(c));
  CHECK(w[d].radiation->motive == radiation_motive::a_housed);
}

TEST_CASE("a lease signed before a radiation and recorded after it stands", "[R441-2-15-I-8][R441-2-15-I-9]") {
  two_dwellings story;
  REQUIRE(story.w.on(2026y / 2 / 5).desk().radiates(story.d, radiation_motive::b_renunciation));
  auto recorded = story.w.on(2026y / 2 / 10);
  CHECK(recorded.dated(2026y / 2 / 6).bailleur().signs(story.here()) == refusal_code::demande_inactive);
  CHECK(recorded.dated(2026y / 2 / 5).bailleur().signs(story.here()));
  CHECK(story.w[story.d].radiation == radiation{radiation_motive::a_housed, 2026y / 2 / 5});
  CHECK(story.w[story.here()].open());
  CHECK(story.agree(story.here()));
  CHECK(story.w[story.v_here].status == vacancy_status::let);
}

TEST_CASE("a dwelling that is no longer to let is not let", "[R441-2-15-I-8]") {
  two_dwellings story;
  REQUIRE(story.bailleur(2026y / 2 / 1).withdraws(story.v_here));
  CHECK(story.bailleur(2026y / 2 / 2).signs(story.here()) == refusal_code::bad_order);
}

// -- a second lease -------------------------------------------------------------------------------------------------

TEST_CASE("a second lease is refused unless its signature is attested", "[R441-2-15-I-8]") {
  two_dwellings story;
  REQUIRE(story.bailleur(2026y / 2 / 1).signs(story.here()));
  CHECK(story.bailleur(2026y / 2 / 1).signs(story.here()) == refusal_code::demande_inactive);
  CHECK(story.bailleur(2026y / 2 / 1).signs(story.here(), true) == refusal_code::duplicate);
  CHECK(story.other(2026y / 2 / 2).signs(story.there()) == refusal_code::demande_inactive);
  CHECK_FALSE(story.w[story.d].conflict);
}

TEST_CASE("an attested second lease opens one conflict, which names both bailleurs", "[R441-2-15-I-8]") {
  two_dwellings story;
  auto& w = story.w;
  auto elsewhere = w.attributed(2026y / 1 / 22, w.new_vacancy(2026y / 1 / 10), story.d);
  REQUIRE(story.bailleur(2026y / 2 / 1).signs(story.here()));
  auto second = story.other(2026y / 2 / 2).signs(story.there(), true);
  REQUIRE(second);
  auto opened = std::ranges::find_if(second.answer->entries, [](const drafted& entry) {
    return std::holds_alternative<lease_conflict_opened>(entry.event);
  });
  REQUIRE(opened != second.answer->entries.end());
  CHECK(std::get<lease_conflict_opened>(opened->event) ==
        lease_conflict_opened{story.here(), story.there(), people().bailleur, people().other_bailleur});
  CHECK(w[story.d].conflict == lease_conflict{story.here(), story.there()});
  CHECK(w[story.d].status == demande_status::radiated);
  CHECK(w[story.v_there].status == vacancy_status::let);
  CHECK(w[story.there()].open());
  CHECK(w[story.c_there[1]].closed == closing_reason::dwelling_let);
  CHECK(story.bailleur(2026y / 2 / 3).signs(elsewhere, true) == refusal_code::bad_order);
}

TEST_CASE("a conflict names the lease that stands, not an earlier candidacy", "[R441-2-15-I-8]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto rejected = w.examined(2026y / 1 / 15, w.new_vacancy(2026y / 1 / 10), {d}).front();
  REQUIRE(w.on(2026y / 1 / 15).bailleur().rejects(rejected));
  auto first = w.attributed(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), d);
  auto second = w.attributed(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), d);
  REQUIRE(w.on(2026y / 2 / 1).bailleur().signs(first));
  REQUIRE(w.on(2026y / 2 / 2).bailleur().signs(second, true));
  CHECK(w[d].conflict == lease_conflict{first, second});
}

TEST_CASE("even attested, a second lease does not pass before a better placed candidate", "[R441-2-15-I-6b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto better_placed = w.new_demande(2026y / 1 / 10);
  auto here = w.attributed(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), d);
  auto there = w.ranked(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), {better_placed, d});
  REQUIRE(w.on(2026y / 2 / 1).bailleur().signs(here));
  CHECK(w.on(2026y / 2 / 2).bailleur().signs(there[1], true) == refusal_code::bad_order);
  CHECK(w[there[0]].open());
}

// -- correction -----------------------------------------------------------------------------------------------------

TEST_CASE("a corrected lease gives back what it took, on both sides", "[R441-2-15-I-10]") {
  two_dwellings story;
  auto& w = story.w;
  REQUIRE(story.bailleur(2026y / 2 / 1).offers(story.here(), 2026y / 2 / 11));
  REQUIRE(story.bailleur(2026y / 2 / 2).accepts(story.here()));
  REQUIRE(story.bailleur(2026y / 2 / 3).signs(story.here()));
  CHECK(story.other(2026y / 2 / 4).corrects(story.here()) == refusal_code::not_originator);
  CHECK(story.bailleur(2026y / 2 / 4).asks(story.d, lease_corrected{story.here(), ""}) == refusal_code::missing_field);
  auto corrected = story.bailleur(2026y / 2 / 4).corrects(story.here());
  REQUIRE(corrected);
  CHECK(corrected.answer->entries.front().operation == operation::suppressed);
  CHECK(corrected.answer->entries.front().supersedes.has_value());
  CHECK(w[story.d].status == demande_status::active);
  CHECK(w[story.v_here].status == vacancy_status::open);
  CHECK(w[story.here()].step == candidacy_step::accepted);
  for (auto c : {story.here(), story.there(), story.c_here[1]}) {
    CHECK(w[c].open());
    CHECK(story.agree(c));
  }
  CHECK(story.bailleur(2026y / 2 / 5).signs(story.here()));
}

TEST_CASE("who was housed wrongly is told again before his demande expires", "[R441-2-7][R441-2-8]") {
  world w;
  auto d = w.new_demande(2025y / 3 / 1);
  REQUIRE(w.on(2026y / 1 / 20).gestionnaire().sends_notice(d));
  auto expires_first = GENERATE(false, true);
  auto signed_on = expires_first ? 2026y / 3 / 10 : 2026y / 2 / 10;
  auto c = w.attributed(2026y / 2 / 5, w.new_vacancy(2026y / 2 / 1), d);
  w.on(signed_on).lets_terms_pass();
  REQUIRE((w[d].status == demande_status::expired) == expires_first);
  REQUIRE(w.on(signed_on).bailleur().signs(c));
  REQUIRE(w.on(2026y / 5 / 15).bailleur().corrects(c));
  CHECK(w[d].status == demande_status::active);
  CHECK(w.on(2026y / 5 / 16).lets_terms_pass() == 0);
  CHECK(w.on(2026y / 5 / 16).dated(2026y / 5 / 14).gestionnaire().sends_notice(d) == refusal_code::bad_date);
  REQUIRE(w.on(2026y / 5 / 16).gestionnaire().sends_notice(d));
  CHECK(w.term(d, due_rule::validity_end)->last_day == 2026y / 6 / 16);
  CHECK(w.on(2026y / 6 / 16).demandeur(d).renews(d));
}

namespace {

/// Two offers to be answered by 11 February, and a lease for the first dwelling before that.
void signs_with_offers(two_dwellings& story) {
  REQUIRE(story.bailleur(2026y / 2 / 1).offers(story.here(), 2026y / 2 / 11));
  REQUIRE(story.other(2026y / 2 / 1).offers(story.there(), 2026y / 2 / 11));
  REQUIRE(story.bailleur(2026y / 2 / 3).signs(story.here()));
}

} // namespace

TEST_CASE("an offer that comes back leaves ten days to answer it", "[R441-10]") {
  two_dwellings story;
  auto& w = story.w;
  signs_with_offers(story);
  REQUIRE(story.bailleur(2026y / 3 / 1).corrects(story.here()));
  CHECK(w.on(2026y / 3 / 11).lets_terms_pass() == 0);
  CHECK(story.bailleur(2026y / 3 / 11).accepts(story.here()));
  CHECK(story.other(2026y / 3 / 12).accepts(story.there()) == refusal_code::too_late);
  CHECK(w.on(2026y / 3 / 12).lets_terms_pass() == 1);
  CHECK(w[story.there()].step == candidacy_step::refused);
}

TEST_CASE("the ten days run from when the correction is recorded, whatever day it bears", "[R441-10]") {
  two_dwellings story;
  auto& w = story.w;
  signs_with_offers(story);
  REQUIRE(w.on(2026y / 3 / 1).dated(2026y / 2 / 3).bailleur().corrects(story.here()));
  CHECK(w[story.here()].reply_by == 2026y / 3 / 11);
  CHECK(w[story.there()].reply_by == 2026y / 3 / 11);
  CHECK(w.on(2026y / 3 / 11).lets_terms_pass() == 0);
  CHECK(w.on(2026y / 3 / 12).lets_terms_pass() == 2);
}

TEST_CASE("no notice is dated before the correction was known", "[R441-2-7]") {
  two_dwellings story;
  auto& w = story.w;
  REQUIRE(story.bailleur(2026y / 2 / 3).signs(story.here()));
  REQUIRE(w.on(2026y / 5 / 15).dated(2026y / 2 / 3).bailleur().corrects(story.here()));
  CHECK(w.on(2026y / 5 / 16).dated(2026y / 5 / 14).gestionnaire().sends_notice(story.d) == refusal_code::bad_date);
  CHECK(w.on(2026y / 5 / 16).dated(2026y / 5 / 15).gestionnaire().sends_notice(story.d));
}

TEST_CASE("a correction does not precede the lease it corrects", "[R441-2-15-I-0-2]") {
  two_dwellings story;
  REQUIRE(story.bailleur(2026y / 2 / 3).signs(story.here()));
  CHECK(story.w.on(2026y / 2 / 5).dated(2026y / 2 / 2).bailleur().corrects(story.here()) == refusal_code::bad_date);
  CHECK(story.w.on(2026y / 2 / 5).dated(2026y / 2 / 3).bailleur().corrects(story.here()));
}

TEST_CASE("a lease is corrected once, and only a lease", "[R441-2-15-I-10]") {
  two_dwellings story;
  auto today = story.bailleur(2026y / 2 / 4);
  CHECK(today.corrects(story.here()) == refusal_code::conflict);
  REQUIRE(today.signs(story.here()));
  CHECK(today.asks(story.d, lease_corrected{story.c_here[1], "Erreur"}) == refusal_code::unknown_subject);
  REQUIRE(today.corrects(story.here()));
  CHECK(today.corrects(story.here()) == refusal_code::conflict);
}

TEST_CASE("a candidacy is restored only where the dwelling is still free", "[R441-2-15-I-10]") {
  two_dwellings story;
  auto& w = story.w;
  REQUIRE(story.bailleur(2026y / 2 / 1).signs(story.here()));
  REQUIRE(story.other(2026y / 2 / 2).signs(story.c_there[1]));
  REQUIRE(story.bailleur(2026y / 2 / 4).corrects(story.here()));
  CHECK(w[story.d].status == demande_status::active);
  CHECK(w[story.here()].open());
  CHECK_FALSE(w[story.there()].open());
  CHECK(w[story.v_there].status == vacancy_status::let);
}

TEST_CASE("who was radiated in the meantime does not come back with the dwelling", "[R441-2-15-I-10]") {
  two_dwellings story;
  auto& w = story.w;
  REQUIRE(story.bailleur(2026y / 2 / 1).signs(story.here()));
  REQUIRE(w.on(2026y / 2 / 2).desk().radiates(story.second_here, radiation_motive::b_renunciation));
  REQUIRE(story.bailleur(2026y / 2 / 4).corrects(story.here()));
  CHECK_FALSE(w[story.c_here[1]].open());
  CHECK(story.agree(story.c_here[1]));
}

TEST_CASE("a dwelling let wrongly twice gives a demande back one candidacy", "[R441-2-15-I-10][R441-2-15-I-4b]") {
  world w;
  auto tenant = w.new_demande(2026y / 1 / 10);
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto c = w.ranked(2026y / 1 / 20, v, {tenant, d});
  auto elsewhere = w.attributed(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), d);
  auto bailleur = [&](unsigned day) { return w.on(2026y / 2 / day).bailleur(); };
  // While the first lease is corrected the demande is housed elsewhere, wrongly too.
  REQUIRE(bailleur(1).signs(c[0]));
  REQUIRE(bailleur(2).signs(elsewhere));
  REQUIRE(bailleur(3).corrects(c[0]));
  REQUIRE(bailleur(4).corrects(elsewhere));
  auto anew = w[c[1]].open() ? c[1] : bailleur(5).designates(d, v).id<candidacy_id>();
  REQUIRE(bailleur(6).signs(c[0]));
  REQUIRE(bailleur(7).corrects(c[0]));
  CHECK(w[anew].open());
  CHECK(std::ranges::count_if(w[d].candidacies, [&](auto& k) { return k.vacancy == v && k.open(); }) == 1);
}

TEST_CASE("the correction of either lease closes the conflict, and the demande stays housed", "[R441-2-15-I-8]") {
  two_dwellings story;
  auto& w = story.w;
  REQUIRE(story.bailleur(2026y / 2 / 1).signs(story.here()));
  REQUIRE(story.other(2026y / 2 / 2).signs(story.there(), true));
  auto corrected_here = GENERATE_COPY(true, false);
  auto wrong = corrected_here ? story.here() : story.there();
  auto kept = corrected_here ? story.there() : story.here();
  REQUIRE((corrected_here ? story.bailleur(2026y / 2 / 4) : story.other(2026y / 2 / 4)).corrects(wrong));
  CHECK_FALSE(w[story.d].conflict);
  CHECK(w[story.d].status == demande_status::radiated);
  CHECK(w[kept].step == candidacy_step::lease_signed);
  CHECK(w[kept].open());
  CHECK_FALSE(w[wrong].open());
  CHECK(w[w[wrong].vacancy].status == vacancy_status::open);
  CHECK(w[w[kept].vacancy].status == vacancy_status::let);
  CHECK(w[corrected_here ? story.c_here[1] : story.c_there[1]].open());
  for (auto c : {story.here(), story.there(), story.c_here[1], story.c_there[1]})
    CHECK(story.agree(c));
  // The other lease may be corrected in its turn: then nothing is left of either.
  REQUIRE((corrected_here ? story.other(2026y / 2 / 5) : story.bailleur(2026y / 2 / 5)).corrects(kept));
  CHECK(w[story.d].status == demande_status::active);
  for (auto c : {story.here(), story.there(), story.c_here[1], story.c_there[1]})
    CHECK(story.agree(c));
}

TEST_CASE("a lease is corrected although the dwelling has been let again since", "[R441-2-15-I-10]") {
  two_dwellings story;
  auto& w = story.w;
  REQUIRE(story.bailleur(2026y / 2 / 1).signs(story.here()));
  bool in_conflict = GENERATE(false, true);
  if (in_conflict)
    REQUIRE(story.other(2026y / 2 / 2).signs(story.there(), true));
  auto again = story.bailleur(2026y / 3 / 1).opens(w[story.v_here].dwelling);
  REQUIRE(again);
  auto tenant = w.housed(2026y / 3 / 10, again.id<vacancy_id>(), w.new_demande(2026y / 3 / 1));
  REQUIRE(story.bailleur(2026y / 4 / 1).corrects(story.here()));
  CHECK(w[story.d].status == (in_conflict ? demande_status::radiated : demande_status::active));
  CHECK_FALSE(w[story.d].conflict);
  CHECK(w[story.v_here].status == vacancy_status::withdrawn);
  CHECK(w[story.here()].closed == closing_reason::dwelling_no_longer_free);
  CHECK_FALSE(w[story.c_here[1]].open());
  CHECK(w[story.there()].open());
  CHECK(w[tenant].step == candidacy_step::lease_signed);
  CHECK(w[again.id<vacancy_id>()].status == vacancy_status::let);
  for (auto c : {story.here(), story.there(), story.c_here[1], tenant})
    CHECK(story.agree(c));
}

TEST_CASE("an erased demande has no lease left to correct", "[R441-2-15-I-10]") {
  two_dwellings story;
  REQUIRE(story.bailleur(2026y / 2 / 1).signs(story.here()));
  story.w.on(2027y / 2 / 2).lets_terms_pass();
  REQUIRE_FALSE(story.w.book.find(story.d));
  CHECK(story.bailleur(2027y / 2 / 3).asks(story.d, lease_corrected{story.here(), "Erreur"}) ==
        refusal_code::unknown_demande);
  CHECK(story.w[story.v_here].status == vacancy_status::let);
}

// -- what another host has written ----------------------------------------------------------------------------------

namespace {

/// Folded as it comes, by whoever has taken the stream over.
void folded(world& w, subject_id about, event happened) {
  record written{};
  written.event = std::move(happened);
  written.occurred_on = 2026y / 1 / 25;
  written.originator = people().bailleur;
  w.apply(about, written);
}

} // namespace

TEST_CASE("nothing follows from a candidacy of which a former host has not written all", "[L441-2-7-4-1]") {
  two_dwellings story;
  auto& w = story.w;
  auto lacking = candidacy_id{{7}};
  auto radiates = [&] { return w.on(2026y / 2 / 1).desk().radiates(story.d, radiation_motive::b_renunciation); };
  SECTION("its dwelling") { folded(w, subject_of(story.d), designated{lacking, vacancy_id{{8}}, {}, {}}); }
  SECTION("its other side") { folded(w, subject_of(story.d), designated{lacking, story.v_there, {}, {}}); }
  SECTION("the decision that it was offered upon") {
    folded(w, subject_of(story.d), designated{lacking, story.v_there, {}, {}});
    folded(w, subject_of(story.v_there), candidacy_moved{lacking, candidacy_step::offered, {}, 0, {}, {}});
    folded(w, subject_of(story.d), offer_made{lacking, 2026y / 3 / 1, 0, {}, false});
  }
  CHECK(radiates() == refusal_code::conflict);
  CHECK(story.bailleur(2026y / 2 / 1).signs(story.here()) == refusal_code::conflict);
  // Others go on.
  CHECK(w.on(2026y / 2 / 1).desk().radiates(story.second_here, radiation_motive::b_renunciation));
}

TEST_CASE("nobody is designated for a vacancy of which a former host has not written the dwelling", "[L441-2-7-4-1]") {
  two_dwellings story;
  auto lost = vacancy_id{{9}};
  folded(story.w, subject_of(lost), vacancy_opened{lost, dwelling_id{{9}}, {}, {}, 2026y / 1 / 25});
  CHECK(story.bailleur(2026y / 2 / 1).designates(story.w.new_demande(2026y / 1 / 26), lost) ==
        refusal_code::out_of_scope);
}

TEST_CASE("a demande that a former host had housed without a lease signs no second one", "[L441-2-7-4-1]") {
  two_dwellings story;
  folded(story.w, subject_of(story.d), radiated{radiation_motive::a_housed, {}});
  CHECK(story.bailleur(2026y / 2 / 1).signs(story.here(), true) == refusal_code::conflict);
}
