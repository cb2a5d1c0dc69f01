// What a prefect's agents do in a territory, from their own node: commands, reads, thresholds.

#include "tests/web/served_federation.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::tests;

namespace {

json dalo(const char* number, const char* departement = "93") {
  return {{"kind", "dalo_recognised"}, {"event", {{"decision_number", number}, {"departement", departement}}}};
}

void habilitate(served_federation& all, const char* quality, std::size_t which = 0) {
  all.territory().must("gestionnaire", "/v1/legal-persons",
                       {{"event",
                         {{"legal_person", served_federation::service(which)},
                          {"person_kind", "state_service"},
                          {"name", "Service fictif de l'État"}}}});
  all.territory().must(
      "gestionnaire", "/v1/habilitations",
      {{"event",
        {{"habilitation",
          {{"legal_person", served_federation::service(which)}, {"quality", quality}, {"from", "2015-01-01"}}}}}});
}

/// The EPT Boucle Nord de Seine, whose communes lie in two départements.
layout boucle_nord() {
  using enum federation::node_tier;
  return {
      "200057990", "Boucle Nord de Seine", {{region, "11"}, {departement, "92"}, {departement, "95"}}, {"92", "95"}};
}

/// The command once the territory has answered.
json settled(served_node& state, std::uint64_t issued) {
  json command;
  auto is_settled = [&] {
    command = state.get("gestionnaire", "/v1/commands/" + std::to_string(issued)).body;
    return command.at("state") == "recorded" || command.at("state") == "refused";
  };
  INFO(command.dump());
  REQUIRE(served_federation::comes_true(is_settled));
  return command;
}

std::string path_of(const std::string& number, const char* more = "") {
  return "/v1/streams/T200057867/demandes/" + number + more;
}

} // namespace

TEST_CASE("a prefect's agent records a mention of DALO from his own node, under the territory's guard",
          "[api][R441-2-15-I-2a][R441-2-15-I-9][R441-2-15-I-10][R441-2-15-V-2-1b]") {
  served_federation all;
  auto& state = all.state();
  auto& territory = all.territory();
  auto number = territory.register_demande();

  // Nobody has habilitated the service yet: its command is refused, and it learns why.
  auto early = state.must("gestionnaire", path_of(number, "/events"), dalo("DALO-FICTIF-1"));
  CHECK(early.body.at("stream") == "SD93");
  auto refused = settled(state, early.body.at("first_seq"));
  CHECK(refused.at("state") == "refused");
  CHECK(refused.at("refused") == "E_NOT_EMPOWERED");
  CHECK(refused.at("article") == "R441-2-15-I-10");
  auto closed_door = state.read("gestionnaire", path_of(number));
  CHECK(closed_door.code() == "E_NOT_EMPOWERED");

  habilitate(all, "state_mediation_secretariat");
  web::headers key{{"Idempotency-Key", "decision-2"}};
  auto issued = state.must("gestionnaire", path_of(number, "/events"), dalo("DALO-FICTIF-2"), key);
  auto done = settled(state, issued.body.at("first_seq"));
  CHECK(done.at("state") == "recorded");

  // The territory shows who is at the origin, and that he entered it himself.
  auto timeline = territory.read("desk", "/v1/demandes/" + number).body.at("timeline");
  const auto& last = timeline.back();
  CHECK(last.at("kind") == "dalo_recognised");
  CHECK(last.at("originator") == served_federation::service());
  CHECK(last.at("seq") == done.at("first_seq"));

  // A repeat gets the first answer, and records nothing.
  auto again = state.ask("gestionnaire", "POST", path_of(number, "/events"), dalo("DALO-FICTIF-2"), key);
  CHECK(again.body.at("first_seq") == issued.body.at("first_seq"));
  CHECK(territory.read("desk", "/v1/demandes/" + number).body.at("timeline").size() == timeline.size());

  // The rule's own refusal comes back too.
  auto twice = state.must("gestionnaire", path_of(number, "/events"), dalo("DALO-FICTIF-3"));
  auto duplicate = settled(state, twice.body.at("first_seq"));
  CHECK(duplicate.at("refused") == "E_DUPLICATE");
  CHECK(duplicate.at("article") == "R441-2-15-I-2a");

  // The letter is destroyed once its answer is known, here and in the territory's copy.
  auto is_erased = [&](served_node& where, const char* stream, std::uint64_t seq) {
    auto reader = where.running().context().open_reader();
    auto entry = reader->entry(*ports::stream_id::parse(stream), seq);
    return entry && !entry->record;
  };
  std::uint64_t seq = issued.body.at("first_seq");
  CHECK(served_federation::comes_true([&] { return is_erased(state, "SD93", seq); }));
  CHECK(served_federation::comes_true([&] { return is_erased(territory, "SD93", seq); }));

  auto list = state.get("gestionnaire", "/v1/commands").body.at("items");
  REQUIRE(list.size() == 3);
  CHECK(served_federation::comes_true([&] {
    auto told = state.get("gestionnaire", "/v1/commands").body.at("items");
    return std::ranges::all_of(told, [](const json& one) { return one.at("state") == "answered"; });
  }));

  // A read is answered by the territory, and its log says who read.
  auto read = state.read("gestionnaire", path_of(number));
  REQUIRE(read.status == 200);
  CHECK(read.body.at("timeline").size() == timeline.size());
  CHECK(state.get("gestionnaire", path_of(number)).code() == "E_OUT_OF_SCOPE");
  auto page = state.read("gestionnaire", "/v1/streams/T200057867/demandes?limit=1");
  REQUIRE(page.status == 200);
  CHECK(page.body.at("items").size() == 1);
  auto log = territory.read("gestionnaire", "/v1/demandes/" + number + "/consultations").body.at("items");
  CHECK(std::ranges::any_of(log,
                            [](const json& line) { return line.at("legal_person") == served_federation::service(); }));
}

TEST_CASE("in a territory of two départements each prefect speaks for his own, and the ordering authority for neither",
          "[api][R441-2-15-I-2a][R441-2-15-II-2]") {
  served_federation all{boucle_nord()};
  enum : std::size_t { region, hauts_de_seine, val_d_oise };
  auto& territory = all.territory();
  auto in_92 = territory.register_demande("92036");
  auto in_95 = territory.register_demande("95018");
  for (auto who : {region, hauts_de_seine, val_d_oise})
    habilitate(all, "state_mediation_secretariat", who);
  auto path = [&](const std::string& number) { return "/v1/streams/T200057990/demandes/" + number + "/events"; };
  auto told = [&](std::size_t who, const std::string& number, const char* departement) {
    auto issued = all.state(who).must("gestionnaire", path(number), dalo("DALO-FICTIF", departement));
    return settled(all.state(who), issued.body.at("first_seq"));
  };

  auto refused = told(hauts_de_seine, in_95, "95");
  CHECK(refused.at("refused") == "E_NOT_EMPOWERED");
  CHECK(refused.at("article") == "R441-2-15-I-2a");
  CHECK(told(hauts_de_seine, in_95, "92").at("refused") == "E_NOT_EMPOWERED");
  CHECK(told(hauts_de_seine, in_92, "95").at("refused") == "E_NOT_EMPOWERED");
  CHECK(told(region, in_92, "92").at("refused") == "E_NOT_EMPOWERED");
  CHECK(told(hauts_de_seine, in_92, "92").at("state") == "recorded");
  CHECK(told(val_d_oise, in_95, "95").at("state") == "recorded");

  // A threshold for each département, by its own prefect.
  auto set = [&](std::size_t who, const char* departement, int months) {
    json threshold{{"departement", departement}, {"typology", "t2"},     {"mutation", false},
                   {"wait_months", months},      {"from", "2024-01-01"}, {"source", "Arrêté fictif"}};
    return all.state(who).ask("gestionnaire", "POST", "/v1/thresholds", {{"event", threshold}});
  };
  CHECK(set(hauts_de_seine, "92", 48).status == 201);
  CHECK(set(val_d_oise, "95", 36).status == 201);
  CHECK(set(val_d_oise, "92", 12).code() == "E_NOT_EMPOWERED");
  CHECK(set(region, "92", 12).code() == "E_NOT_EMPOWERED");
  json known;
  CHECK(served_federation::comes_true([&] {
    known = territory.get("desk", "/v1/thresholds").body.at("items");
    return known.size() == 2;
  }));
  INFO(known.dump());
  for (const auto& one : known)
    CHECK(one.at("wait_months") == (one.at("departement") == "92" ? 48 : 36));
}

TEST_CASE("every prefect of a territory holds and countersigns; the ordering authority's mark alone makes it witnessed",
          "[api][L441-2-7-1-1a]") {
  served_federation all{boucle_nord()};
  auto seq = all.territory().must("gestionnaire", "/v1/clock/confirmation", {{"event", json::object()}});
  json header;
  CHECK(served_federation::comes_true([&] {
    header = all.territory().get("gestionnaire", "/v1/entries/" + seq.body.at("first_seq").dump()).body;
    return header.at("witnesses").size() == 3;
  }));
  INFO(header.dump());
  CHECK(header.at("durability") == "witnessed");
  std::set<std::string> witnesses;
  for (const auto& mark : header.at("witnesses"))
    witnesses.insert(mark.at("witness"));
  CHECK(witnesses == std::set<std::string>{"SR11", "SD92", "SD95"});
  for (std::size_t who = 0; who < 3; ++who)
    CHECK(all.state(who).get("", "/v1/streams/T200057990/head").body.at("seq") >= seq.body.at("first_seq"));
}

TEST_CASE("what cannot be commanded or read elsewhere is refused at once", "[api][R441-2-15-I-9][R441-2-15-I-10]") {
  served_federation all;
  auto& state = all.state();
  auto number = all.territory().register_demande();
  habilitate(all, "state_attribution_follow_up");

  CHECK(state.ask("gestionnaire", "POST", "/v1/streams/T200057875/demandes/" + number + "/events", dalo("D")).code() ==
        "E_UNKNOWN_TERRITORY");
  CHECK(state.read("gestionnaire", "/v1/streams/T200057875/demandes").code() == "E_UNKNOWN_TERRITORY");
  auto other = dalo("D");
  other["originator"] = sirens.at("desk");
  CHECK(state.ask("gestionnaire", "POST", path_of(number, "/events"), other).code() == "E_NOT_ORIGINATOR");
  // Accounts of demandeurs are kept in their territory.
  CHECK(state
            .ask("gestionnaire", "POST", path_of(number, "/events"),
                 {{"kind", "applicant_account_closed"}, {"event", json::object()}})
            .code() == "E_OUT_OF_SCOPE");
  // A territory's own node commands nobody.
  CHECK(all.territory().ask("desk", "POST", path_of(number, "/events"), dalo("D")).code() == "E_UNKNOWN_TERRITORY");
  CHECK(state.get("gestionnaire", "/v1/commands").body.at("items").empty());
  CHECK(state.get("gestionnaire", "/v1/commands/1").status == 404);
}

namespace {

/// Into the authority's stream, with a term of one's own choice.
void write_command(served_node& state, std::uint8_t nth, const char* addressee, const std::string& letter,
                   std::chrono::hours valid_for) {
  const auto& context = state.running().context();
  law::record record{};
  record.occurred_on = context.today();
  record.originator = record.introducer = context.settings.gestionnaire;
  record.command.bytes.fill(nth);
  record.event =
      law::command_issued{law::text<16>{addressee}, context.post->now() + valid_for, {law::text<65536>{letter}}};
  law::subject_id subject;
  subject.bytes.fill(nth);
  auto append = std::make_shared<ports::append>();
  append->stream = context.stream;
  append->command = record.command;
  append->reads.push_back({subject, 0});
  auto payload = context.sealer->seal(context.stream, subject, record);
  append->drafts.push_back({subject, std::move(payload), std::make_shared<const law::record>(std::move(record))});
  caf::anon_send(state.running().recorder(), append_atom_v,
                 append_group_ptr{std::make_shared<const append_group>(append_group{std::move(append)})});
}

/// A mention that the territory would record in time.
std::string letter_about(served_node& state, std::uint8_t nth, const std::string& number) {
  const auto& context = state.running().context();
  ports::posted_command command{
      context.stream, *ports::stream_id::parse("T200057867"), {}, law::nud::parse(number), {}};
  command.id.bytes.fill(nth);
  command.asked.occurred_on = context.today();
  command.asked.originator = command.asked.introducer = context.settings.gestionnaire;
  command.asked.event = law::processing_event{law::text<80>{"Relance fictive"}, {}};
  auto sealed = context.post->seal(command);
  REQUIRE(sealed);
  return sealed->str();
}

} // namespace

TEST_CASE("a command that comes to its territory after its term is refused there, and one without an answer has lapsed",
          "[api][R441-2-15-I-9]") {
  served_federation all;
  auto& state = all.state();
  auto number = all.territory().register_demande();
  habilitate(all, "state_mediation_secretariat");
  auto timeline = [&] { return all.territory().read("desk", "/v1/demandes/" + number).body.at("timeline"); };
  auto before = timeline().size();
  using std::chrono::hours;
  write_command(state, 1, "T200057867", letter_about(state, 1, number), -hours{1});
  write_command(state, 2, "T200057867", letter_about(state, 2, number), hours{1});
  // Of a territory that this authority does not follow, nobody answers.
  write_command(state, 3, "T200057875", "AAAA", -hours{1});
  write_command(state, 4, "T200057875", "AAAA", hours{1});
  json known;
  REQUIRE(served_federation::comes_true([&] {
    known = state.get("gestionnaire", "/v1/commands").body.at("items");
    return known.size() == 4;
  }));
  INFO(known.dump());
  auto late = settled(state, known.at(0).at("issued"));
  CHECK(late.at("refused") == "E_TOO_LATE");
  CHECK(late.at("article") == "R441-2-15-I-9");
  CHECK(settled(state, known.at(1).at("issued")).at("state") == "recorded");
  CHECK(timeline().size() == before + 1);
  CHECK(known.at(2).at("state") == "lapsed");
  CHECK(known.at(3).at("state") == "waiting");
}

TEST_CASE("a waiting threshold set by the prefect reaches the territories", "[api][R441-2-15-II-2]") {
  served_federation all;
  auto& state = all.state();
  json threshold{{"departement", "93"}, {"typology", "t3"},     {"mutation", false},
                 {"wait_months", 36},   {"from", "2024-01-01"}, {"source", "Arrêté fictif"}};
  auto set = [&](json changed) {
    return state.ask("gestionnaire", "POST", "/v1/thresholds", {{"event", std::move(changed)}});
  };
  CHECK(set(threshold).status == 201);
  CHECK(set(threshold).code() == "E_DUPLICATE");
  for (auto months : {0, 361}) {
    auto wrong = threshold;
    wrong["wait_months"] = months;
    wrong["from"] = "2024-02-01";
    CHECK(set(wrong).code() == "E_MALFORMED");
  }
  auto elsewhere = threshold;
  elsewhere["departement"] = "75";
  CHECK(set(elsewhere).code() == "E_NOT_EMPOWERED");
  CHECK(all.territory().ask("gestionnaire", "POST", "/v1/thresholds", {{"event", threshold}}).code() ==
        "E_OUT_OF_SCOPE");
  CHECK(served_federation::comes_true([&] {
    auto known = all.territory().get("desk", "/v1/thresholds").body.at("items");
    return known.size() == 1 && known.at(0) == state.get("gestionnaire", "/v1/thresholds").body.at("items").at(0);
  }));
}

TEST_CASE("a prefecture sees how late each legal person of a territory records", "[api][R441-2-15-I-9]") {
  served_federation all;
  auto number = all.territory().register_demande();
  auto today = law::parse_date(all.territory().today()).value();
  auto later = law::to_text(law::add_days(today, std::chrono::days{3})) + "T12:00:00Z";
  REQUIRE(all.territory().ask("gestionnaire", "PUT", "/v1/clock", {{"event", {{"now", later}}}}).status == 201);
  all.territory().must(
      "desk", "/v1/demandes/" + number + "/events",
      {{"kind", "processing_event"}, {"occurred_on", law::to_text(today)}, {"event", {{"label", "Accueil fictif"}}}});
  auto here = all.territory().get("desk", "/v1/lateness").body.at("items");
  REQUIRE(here.size() == 1); // both in the same month
  CHECK(here.at(0).at("legal_person") == sirens.at("desk"));
  CHECK(here.at(0).at("late") == 1);
  CHECK(here.at(0).at("days_most") == 3);
  auto there = all.state().get("gestionnaire", "/v1/streams/T200057867/lateness");
  REQUIRE(there.status == 200);
  CHECK(there.body.at("items") == here);
}

TEST_CASE("a State node tells what it knows of the territories that it follows", "[api][L441-2-7-1-1a]") {
  served_federation all;
  json known;
  CHECK(served_federation::comes_true([&] {
    known = all.state().get("gestionnaire", "/v1/territories").body.at("items");
    return known.size() == 1 && known.at(0).at("caught_up") == true &&
           known.at(0).at("seq") == all.territory().last_seq();
  }));
  INFO(known.dump());
  CHECK(known.at(0).at("name") == "Plaine Commune");
  CHECK(known.at(0).at("legal_persons") == sirens.size());
  CHECK(known.at(0).at("conventions_in_force") == 1);
  CHECK(known.at(0).at("link") == "up");
}

namespace {

/// A demande that is erased thirteen months later.
void erase_one(served_node& territory) {
  auto number = territory.register_demande();
  territory.must("desk", "/v1/demandes/" + number + "/events",
                 {{"kind", "radiated"}, {"event", {{"motive", "b_renunciation"}, {"written_act", "Lettre fictive"}}}});
  CHECK(territory.get("gestionnaire", "/v1/erasures").body.at("items").empty());
  auto today = law::parse_date(territory.today()).value();
  territory.set_clock(law::to_text(law::add_months(today, std::chrono::months{13})) + "T12:00:00Z");
  CHECK(served_federation::comes_true([&] { return territory.read("desk", "/v1/demandes/" + number).status != 200; }));
}

json only_erasure(served_node& territory) {
  auto found = territory.get("gestionnaire", "/v1/erasures").body.at("items");
  return found.size() == 1 ? found.at(0) : json{};
}

} // namespace

TEST_CASE("an erasure says who of those that hold the stream has confirmed it", "[api][L441-2-7-1-1c]") {
  served_federation all;
  erase_one(all.territory());
  json found;
  CHECK(served_federation::comes_true([&] {
    found = only_erasure(all.territory());
    return !found.is_null() && found.at("complete") == true;
  }));
  INFO(found.dump());
  CHECK(found.at("entries") >= 2);
  CHECK(found.at("attested") == "entries");
  const auto& holder = found.at("holders").at(0);
  CHECK(holder.at("authority") == "SD93");
  CHECK(holder.at("left") == false);
  CHECK(holder.at("confirmed").at("seq") >= found.at("seq"));
}

TEST_CASE("who held the stream and has left is told among the holders, and no erasure is complete without him",
          "[api][L441-2-7-1-1c]") {
  using federation::node_tier;
  served_federation all{{.authorities = {{node_tier::departement, "93"}, {node_tier::region, "11"}}}};
  auto& territory = all.territory();
  auto before = territory.last_seq();
  CHECK(served_federation::comes_true([&] {
    return territory.get("gestionnaire", "/v1/entries/" + std::to_string(before)).body.at("witnesses").size() == 2;
  }));
  all.leave(1);
  CHECK(served_federation::comes_true([&] { return territory.running().context().post->issuers().size() == 1; }));
  erase_one(territory);
  json found;
  CHECK(served_federation::comes_true([&] {
    found = only_erasure(territory);
    return !found.is_null() && found.at("holders").at(0).contains("confirmed");
  }));
  INFO(found.dump());
  REQUIRE(found.at("holders").size() == 2);
  CHECK(found.at("holders").at(0).at("authority") == "SD93");
  CHECK(found.at("holders").at(1).at("authority") == "SR11");
  CHECK(found.at("holders").at(1).at("left") == true);
  CHECK_FALSE(found.at("holders").at(1).contains("confirmed"));
  CHECK(found.at("complete") == false);
}
