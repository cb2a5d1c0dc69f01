#include "law/sight.hpp"
#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

constexpr civil_date today = 2026y / 1 / 10;
constexpr dossier_id a_dossier{{1}};

/// The matrix as the text has it, row by row, beside the one that the code runs.
struct text_row {
  access_row row;
  toit::law::quality quality;
  std::optional<instance_kind> instance;
  bool shared_management;
  bool information;
  bool lists;
};
constexpr std::array text_rows{
    text_row{access_row::a, quality::service_enregistreur, {}, true, false, true},
    text_row{access_row::b1, quality::state_attribution_follow_up, {}, true, true, true},
    text_row{access_row::b2, quality::state_mediation_secretariat, {}, true, true, true},
    text_row{access_row::c, quality::epci_responsable, {}, true, true, true},
    text_row{access_row::d, quality::reservataire, {}, true, true, true},
    text_row{access_row::e1, quality::instance_secretariat, instance_kind::coordination, true, true, true},
    text_row{access_row::e1, quality::instance_secretariat, instance_kind::qpv, true, true, true},
    text_row{access_row::e2, quality::instance_secretariat, instance_kind::pdalhpd, true, true, true},
    text_row{access_row::f, quality::gestionnaire, {}, true, true, true},
    text_row{access_row::g, quality::lieu_accueil, {}, false, true, false},
};

capacity in_saint_denis(quality q, std::optional<instance_kind> instance = {}) {
  return {q, instance, {false, {saint_denis}}};
}

reading one_file(std::optional<purpose> p, wished_communes wished = {saint_denis}, bool requested = false) {
  return {p, a_dossier, std::move(wished), requested};
}
reading a_list(std::optional<purpose> p) { return {p, {}, {}, false}; }

bool reads(const reader& who, const reading& what) { return may_read(who, what, today).has_value(); }
refusal_code why_not(const reader& who, const reading& what, civil_date day = today) {
  auto answer = may_read(who, what, day);
  return answer ? refusal_code::internal : answer.error().code;
}

constexpr auto gp = purpose::shared_management;
constexpr auto info = purpose::information;

} // namespace

TEST_CASE("each row opens its purposes, in its communes, for a file or a list, and nothing else",
          "[R441-2-15-V-1][R441-2-15-V-2-0][R441-2-15-V-2-1a][R441-2-15-V-2-1b][R441-2-15-V-2-4a][R441-2-15-V-2-4b]") {
  for (const auto& row : text_rows) {
    INFO("row " << name_of(row.row));
    reader who{{in_saint_denis(row.quality, row.instance)}, {}};
    bool reception_place = row.row == access_row::g;
    for (auto p : {gp, info}) {
      INFO(name_of(p));
      bool open = p == gp ? row.shared_management : row.information;
      CHECK(reads(who, one_file(p)) == (open && !reception_place));
      CHECK(reads(who, one_file(p, {aubervilliers, saint_denis})) == (open && !reception_place));
      CHECK(reads(who, one_file(p, {aubervilliers, epinay})) == false);
      CHECK(reads(who, one_file(p, {saint_denis}, true)) == open);
      CHECK(reads(who, a_list(p)) == (open && row.lists));
      if (open && !reception_place)
        CHECK(may_read(who, one_file(p), today)->row == row.row);
    }
  }
}

TEST_CASE("a quality of the whole territory covers every commune", "[R441-2-15-V-2-2][R441-2-15-V-2-5]") {
  for (const auto& row : text_rows)
    if (row.row != access_row::g) {
      reader who{{{row.quality, row.instance, {true}}}, {}};
      CHECK(reads(who, one_file(gp, {aubervilliers})));
      CHECK(may_read(who, a_list(gp), today)->shows.demandes().everywhere);
    }
}

TEST_CASE("a read without a purpose is refused to everyone but the demandeur", "[L441-2-7-1-1c]") {
  for (const auto& row : text_rows) {
    reader who{{in_saint_denis(row.quality, row.instance)}, {}};
    CHECK(why_not(who, one_file({}, {saint_denis}, true)) == refusal_code::out_of_scope);
    CHECK(why_not(who, a_list({})) == refusal_code::out_of_scope);
  }
  CHECK(reads({{}, a_dossier}, one_file({})));
}

TEST_CASE("who stands in no row reads nothing nominative", "[R441-2-15-V-1]") {
  const capacity landlord_that_does_not_register{quality::bailleur, {}, {true}};
  const capacity other_instance{quality::instance_secretariat, instance_kind::partenariale, {true}};
  for (const auto& who : {reader{}, reader{{landlord_that_does_not_register}, {}}, reader{{other_instance}, {}}})
    for (auto p : {gp, info}) {
      CHECK(why_not(who, one_file(p, {saint_denis}, true)) == refusal_code::out_of_scope);
      CHECK(why_not(who, a_list(p)) == refusal_code::out_of_scope);
    }
}

TEST_CASE("a list shows the communes that some quality opens for that purpose, and no other", "[R441-2-15-V-2-3]") {
  capacity registers{quality::service_enregistreur, {}, {false, {epinay}}};
  reader who{{in_saint_denis(quality::reservataire), registers}, {}};
  auto shared = may_read(who, a_list(gp), today);
  REQUIRE(shared);
  CHECK_FALSE(shared->shows.demandes().everywhere);
  CHECK(shared->shows.demandes().scope.size() == 2);
  // Registration opens shared management alone.
  auto informing = may_read(who, a_list(info), today);
  REQUIRE(informing);
  CHECK(informing->shows.demandes().scope == communes{saint_denis});
}

TEST_CASE("a réservataire without any reservation left lists nothing", "[R441-2-15-V-2-3]") {
  reader who{{{quality::reservataire, {}, {}}}, {}};
  CHECK_FALSE(reads(who, one_file(gp)));
  auto listed = may_read(who, a_list(gp), today);
  CHECK((!listed || !listed->shows.covers({saint_denis, aubervilliers, epinay})));
}

// -- reception places -----------------------------------------------------------------------------------------------

TEST_CASE("a reception place reads one file, to inform the demandeur who asks it to", "[R441-2-15-V-3]") {
  reader who{{in_saint_denis(quality::lieu_accueil)}, {}};
  CHECK(why_not(who, one_file(info)) == refusal_code::out_of_scope);
  CHECK(why_not(who, one_file(gp, {saint_denis}, true)) == refusal_code::out_of_scope);
  CHECK(why_not(who, a_list(info)) == refusal_code::out_of_scope);
  CHECK(may_read(who, one_file(info, {saint_denis}, true), today)->row == access_row::g);
}

TEST_CASE("reception places read since 30 June 2018", "[R441-2-15-V-3]") {
  reader who{{in_saint_denis(quality::lieu_accueil)}, {}};
  auto asked = one_file(info, {saint_denis}, true);
  auto before = may_read(who, asked, 2018y / 6 / 29);
  REQUIRE_FALSE(before);
  CHECK(before.error().code == refusal_code::not_in_force);
  CHECK(before.error().possible_from == 2018y / 6 / 30);
  CHECK(may_read(who, asked, 2018y / 6 / 30));
}

// -- what happens elsewhere -----------------------------------------------------------------------------------------

TEST_CASE("who manages the demandes sees what happens to them everywhere, the others where they have to do with it",
          "[R441-2-15-V-1][R441-2-15-V-2-3]") {
  for (const auto& row : text_rows) {
    INFO("row " << name_of(row.row));
    bool whole = row.row == access_row::a || row.row == access_row::g;
    reader who{{in_saint_denis(row.quality, row.instance)}, {}};
    auto granted = may_read(who, one_file(row.shared_management ? gp : info, {saint_denis}, true), today);
    REQUIRE(granted);
    auto dwellings = granted->shows.dwellings_for({saint_denis});
    CHECK(dwellings.covers(saint_denis));
    CHECK(dwellings.covers(aubervilliers) == whole);
  }
  reader both{{in_saint_denis(quality::reservataire), in_saint_denis(quality::service_enregistreur)}, {}};
  auto everywhere = [](const reader& who, const reading& what) {
    return may_read(who, what, today)->shows.dwellings_for({saint_denis}).everywhere;
  };
  CHECK(everywhere(both, one_file(gp)));
  CHECK_FALSE(everywhere(both, one_file(info)));
  CHECK(everywhere({{}, a_dossier}, one_file({})));
}

TEST_CASE("a quality shows nothing more of the demandes that another one opens", "[R441-2-15-V-2-3]") {
  capacity registers{quality::service_enregistreur, {}, {false, {epinay}}};
  reader who{{registers, in_saint_denis(quality::reservataire)}, {}};
  for (const auto& asked : {a_list(gp), one_file(gp, {saint_denis, aubervilliers})}) {
    auto granted = may_read(who, asked, today);
    REQUIRE(granted);
    auto reserved = granted->shows.dwellings_for({saint_denis, aubervilliers});
    CHECK(reserved.covers(saint_denis));
    CHECK_FALSE(reserved.covers(aubervilliers));
    CHECK_FALSE(granted->shows.covers({aubervilliers}));
  }
  CHECK(may_read(who, a_list(gp), today)->shows.dwellings_for({epinay}).everywhere);
}

TEST_CASE("a dossier is shown without what happens on dwellings elsewhere", "[R441-2-15-V-2-3]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 2, {saint_denis, aubervilliers});
  auto here = w.attributed(2026y / 1 / 5, w.new_vacancy(2026y / 1 / 2), d);
  auto v_there = w.new_vacancy(2026y / 1 / 2, aubervilliers);
  auto there = w.attributed(2026y / 1 / 5, v_there, d);
  REQUIRE(w.on(2026y / 1 / 6).bailleur().proposes_visit(d, v_there));
  auto places = places_of(w.book, w[d]);
  reach of_town{false, {saint_denis}};
  sight town{w[d], of_town, places};
  CHECK(town.shows(event{designated{here, w[here].vacancy, {}, {}}}));
  CHECK_FALSE(town.shows(event{designated{there, v_there, {}, {}}}));
  CHECK_FALSE(town.shows(event{offer_accepted{there}}));
  CHECK_FALSE(town.shows(event{visit_made{v_there}}));
  CHECK_FALSE(town.shows(event{lease_conflict_closed{there}}));
  CHECK(town.shows(event{lease_conflict_opened{here, there, {}, {}}}));
  CHECK(town.shows(event{radiated{radiation_motive::a_housed, {}}}));
  CHECK(town.shown().find(here));
  CHECK_FALSE(town.shown().find(there));
  CHECK(town.shown().visits_proposed.empty());
  reach everywhere{true};
  CHECK(sight{w[d], everywhere, places}.shown() == w[d]);
  dwelling_places unknown;
  CHECK_FALSE(sight{w[d], of_town, unknown}.shows(here));
}

// -- the demandeur --------------------------------------------------------------------------------------------------

TEST_CASE("the demandeur reads his own file at any time, and no other", "[R441-2-17]") {
  reader himself{{}, a_dossier};
  CHECK(may_read(himself, one_file({}), 2010y / 1 / 1)->row == access_row::h);
  CHECK(reads(himself, one_file(info, {paris})));
  auto another = one_file(info);
  another.dossier = dossier_id{{2}};
  CHECK(why_not(himself, another) == refusal_code::out_of_scope);
  CHECK(why_not(himself, a_list(info)) == refusal_code::out_of_scope);
}

TEST_CASE("every row of the matrix is told with its text", "[R441-2-15-V-1]") {
  for (const auto& rule : access_matrix()) {
    CHECK(rule.article.starts_with("R441-2-1"));
    CHECK_FALSE(rule.whom.empty());
  }
}

TEST_CASE("while the prefect answers for the dispositif he reads in the EPCI's place, and it does not",
          "[R441-2-15-V-2-2][L441-2-7-4-1]") {
  auto epci = *siren::parse("200057867");
  auto prefecture = *siren::parse("110068012");
  std::vector responsible{capacity{quality::epci_responsable, {}, {true, {}, {}}}};
  authority_in_force substituted{prefecture, passing_ground::substitution};
  auto prefect = may_read(reader_under(substituted, prefecture, {}, true), a_list(gp), today);
  REQUIRE(prefect);
  CHECK(prefect->row == access_row::c);
  CHECK(prefect->shows.covers({epinay}));
  // Not by an agent whom the gestionnaire has made for him.
  auto made = may_read(reader_under(substituted, prefecture, {}, false), a_list(gp), today);
  REQUIRE_FALSE(made);
  CHECK(made.error().article == "L441-2-7-4-1");
  auto replaced = may_read(reader_under(substituted, epci, responsible, true), one_file(gp), today);
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().code == refusal_code::out_of_scope);
  CHECK(replaced.error().article == "L441-2-7-4-1");

  // In another quality it reads as before.
  auto registers_too = responsible;
  registers_too.push_back(in_saint_denis(quality::service_enregistreur));
  CHECK(may_read(reader_under(substituted, epci, registers_too, false), one_file(gp), today)->row == access_row::a);
  auto operates_too = responsible;
  operates_too.push_back({quality::gestionnaire, {}, {true, {}, {}}});
  CHECK(may_read(reader_under(substituted, epci, operates_too, false), one_file(gp), today)->row == access_row::f);

  // Who has opened the epoch is not known.
  CHECK_FALSE(reads(reader_under({{}, passing_ground::substitution}, epci, responsible, true), one_file(gp)));
  CHECK_FALSE(reads(reader_under({{}, passing_ground::substitution}, {}, {}, true), one_file(gp)));

  for (auto ground : {passing_ground::handing_back, passing_ground::adhesion, passing_ground::leaving}) {
    CHECK(reads(reader_under({epci, ground}, epci, responsible, false), one_file(gp)));
    CHECK_FALSE(reads(reader_under({epci, ground}, prefecture, {}, true), one_file(gp)));
  }
  CHECK(reads(reader_under({epci, {}}, epci, responsible, false), one_file(gp)));
}
