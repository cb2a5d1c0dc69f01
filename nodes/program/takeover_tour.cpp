#include "nodes/program/takeover_tour.hpp"

#include "law/identifiers.hpp"
#include "nodes/program/exit_code.hpp"
#include "nodes/program/journal_command.hpp"
#include "nodes/program/verify_command.hpp"
#include "nodes/program/visited_nodes.hpp"
#include "simulation/fictitious.hpp"

#include <set>
#include <sstream>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;

const std::string some_document(64, 'd');

class takeover_tour : private visited_nodes {
public:
  using visited_nodes::visited_nodes;
  /// Whatever ends the visit, no line stays cut.
  ~takeover_tour() {
    std::error_code gone;
    for (auto which : {region, departement})
      fs::remove(folder(which) / cut_mark, gone);
  }

  void run() {
    find_evidence();
    auto act = order();
    take_over(act);
    bring_in_late();
    give_back(act);
    join();
    order_participation();
    prove_evidence();
  }

private:
  /// Another one with each visit.
  static std::uint64_t number_of_visit() {
    auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    return static_cast<std::uint64_t>(seconds.count());
  }
  static std::string fresh_siren() {
    constexpr std::uint32_t first_of_nobody = 99'900'000;
    return simulation::make_siren(first_of_nobody + static_cast<std::uint32_t>(number_of_visit() % 90'000)).text();
  }
  static std::string fresh_rpls() {
    constexpr std::uint64_t nine_digits = 1'000'000'000;
    return "T" + std::to_string(nine_digits + number_of_visit() % nine_digits).substr(1);
  }

  static constexpr std::size_t taken = 3;
  static constexpr std::size_t joining = 4;
  static constexpr int ordered_share = 1'000; ///< basis points

  std::string siren(std::size_t which) const { return std::string{node(which).siren}; }
  std::string of_territory(std::size_t which, const char* what) const {
    return "/v1/territories/" + siren(which) + what;
  }
  /// Where the host of another territory serves it.
  std::string hosted(std::size_t which, const char* target) const { return "/territoires/" + siren(which) + target; }
  std::string head_of(std::size_t which) const { return "/v1/streams/" + std::string{node(which).stream} + "/head"; }

  json note(api_session& prefect, std::size_t about, const char* kind, const json& event) {
    json told;
    // What a decision needs of the territory's journal may still be on its way.
    wait_until(std::string{"le préfet enregistre : "} + kind, [&] {
      auto answer = prefect.ask("POST", of_territory(about, "/events"), {{"kind", kind}, {"event", event}});
      told = json::parse(answer.body, nullptr, false);
      // Who visits a second time finds it there.
      return answer.status == 201 || answer.body.find("E_DUPLICATE") != std::string::npos;
    });
    return told;
  }

  json act_of(api_session& prefect, const char* number) {
    return {{"number", number},
            {"signatory", "Mme Exemple, préfète (personne fictive)"},
            {"document", some_document},
            {"effective_from", prefect.get("/v1/clock").at("today")}};
  }

  static std::string assigned(const json& told, const char* what) {
    return told.at("recorded").at(0).at("assigned").at(what);
  }

  void act_event(api_session& prefect, const std::string& act, const char* kind, json event) {
    event["act"] = act;
    prefect.post("/v1/acts/" + act + "/events", {{"kind", kind}, {"event", event}});
  }

  std::uint32_t epoch_at(std::size_t where, std::size_t of) { return session(where)->get(head_of(of)).at("epoch"); }

  /// As it is once it has such lines.
  json evidence_with(api_session& prefect, std::initializer_list<const char*> kinds) {
    json evidence;
    auto has = [&](const char* kind) {
      return std::ranges::any_of(evidence.at("items"), [&](const json& one) { return one.at("kind") == kind; });
    };
    wait_until("le dossier se rassemble", [&] {
      evidence = prefect.get(of_territory(taken, "/evidence"));
      return std::ranges::all_of(kinds, has);
    });
    return evidence;
  }

  /// The calendar is one of the plan's; the list of those concerned is fictitious.
  void find_evidence() {
    auto prefect = session(region);
    note(*prefect, taken, "obligation_noted",
         {{"territory", siren(taken)},
          {"concern", "yes"},
          {"communes", json::array()},
          {"due_on", "2020-12-31"},
          {"source", "Liste et calendrier fictifs"}});
    auto evidence = evidence_with(*prefect, {"calendar_passed", "dispositif_missing"});
    tell("calendrier passé", "le dossier d'" + std::string{node(taken).title} +
                                 " se rassemble seul : " + std::to_string(evidence.at("items").size()) +
                                 " éléments, chacun avec son écriture ; le logiciel ne constate rien");
  }

  json substitution(api_session& prefect) {
    return {{"act", act_of(prefect, "2026-FICTIF-1")}, {"territory", siren(taken)}, {"ground", "carence"}};
  }

  /// Its digest. Who visits a second time finds the same file there, and the carence found upon it.
  std::string file_evidence(api_session& prefect) {
    auto digest = filed_evidence(prefect);
    tell("dossier arrêté", "il est une écriture du préfet : son empreinte, " + digest.substr(0, 16) +
                               "…, est ce que cite la carence, et rien d'autre n'est admis");
    return digest;
  }

  std::string filed_evidence(api_session& prefect) {
    std::string digest;
    wait_until("le préfet arrête le dossier", [&] {
      auto answer = prefect.ask("POST", of_territory(taken, "/evidence"), {});
      if (answer.status == 201)
        digest = assigned(json::parse(answer.body), "digest");
      else if (answer.body.find("E_DUPLICATE") != std::string::npos)
        digest = some_document;
      return !digest.empty();
    });
    return digest;
  }

  std::string order() {
    auto prefect = session(region);
    note(*prefect, taken, "carence_found",
         {{"territory", siren(taken)},
          {"whose", "epci"},
          {"partners", json::array()},
          {"evidence", file_evidence(*prefect)},
          {"grounds", "Motifs fictifs"}});
    auto other = session(departement);
    auto refused = other->ask("POST", of_territory(taken, "/events"),
                              {{"kind", "substitution_ordered"}, {"event", substitution(*other)}});
    expect(refused.status == 403 && refused.body.find("E_WRONG_PREFET") != std::string::npos,
           "le préfet de département est refusé : " + refused.body);
    auto act = assigned(note(*prefect, taken, "substitution_ordered", substitution(*prefect)), "act");
    act_event(*prefect, act, "act_published", {{"where", "Recueil fictif n° 1"}});
    tell("arrêté", "signé par le préfet de région ; le préfet de département est refusé (E_WRONG_PREFET) : en "
                   "Île-de-France il n'est pas compétent");
    return act;
  }

  void cut(std::size_t which, bool is_cut) {
    if (is_cut)
      mark(folder(which) / cut_mark, "");
    else
      fs::remove(folder(which) / cut_mark);
  }

  /// The day after that of the node that is farthest: clocks of demonstrations go where they are set.
  std::string tomorrow() {
    law::civil_date farthest{};
    for (std::size_t i = 0; i < demonstration_nodes().size(); ++i)
      farthest = std::max(farthest, *law::parse_date(session(i)->get("/v1/clock").at("today").get<std::string>()));
    return law::to_text(law::add_days(farthest, law::days{1})) + "T08:00:00Z";
  }
  static void set_clock(api_session& with, const std::string& instant) {
    with.put("/v1/clock", {{"event", {{"now", instant}}}});
  }

  bool is_alone(api_session& with) {
    return std::ranges::none_of(with.get("/v1/federation").at("links"),
                                [](const json& link) { return link.at("state") == "up"; });
  }

  /// The territory's node is cut off from everybody, and goes on recording in its old epoch.
  void take_over(const std::string& act) {
    auto prefect = session(region);
    epoch_ = epoch_at(taken, taken);
    // All of them live on the same day, the prefect who brings the arrêté into force last.
    auto instant = tomorrow();
    for (std::size_t i = 0; i < demonstration_nodes().size(); ++i)
      if (i != region)
        set_clock(*session(i), instant);
    auto former = session(taken);
    cut(region, true);
    cut(departement, true);
    wait_until("la coupure est vue", [&] { return is_alone(*former); });
    former->post(
        "/v1/legal-persons",
        {{"event", {{"legal_person", late_body_}, {"person_kind", "other"}, {"name", "Corps fictif tardif"}}}});
    act_event(*prefect, act, "act_notified", {{"addressee", siren(taken)}, {"receipt", some_document}});
    auto begun = steady::now();
    set_clock(*prefect, instant);
    wait_until("le nœud régional sert le territoire", [&] { return serves(region, hosted(taken, "/v1/login")); });
    auto after = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begun).count();
    expect(former->ask("GET", "/v1/session", {}).status == 200, "l'ancien nœud n'a encore rien su");
    tell("reprise", "notifié, l'arrêté est en vigueur le lendemain de sa publication : le nœud régional reprend le "
                    "journal à l'époque " +
                        std::to_string(epoch_ + 1) + " et le sert " + std::to_string(after) +
                        " ms après ; l'ancien nœud, coupé de tous, n'en sait encore rien");
  }

  /// What a login is answered with; 0 where the node had to leave it unanswered, since it let the territory go
  /// meanwhile.
  int login_at(std::size_t where, const std::string& login) {
    try {
      return session_without_login(where)
          ->ask("POST", login, {{"login", "gestionnaire"}, {"password", password_}})
          .status;
    } catch (const api_failure&) {
      return 0;
    }
  }
  bool serves(std::size_t where, const std::string& login = "/v1/login") { return login_at(where, login) == 200; }

  std::unique_ptr<api_session> session_of_hosted(std::size_t where, std::size_t which) {
    auto with = session(where);
    auto answer = with->post(hosted(which, "/v1/login"), {{"login", "gestionnaire"}, {"password", password_}});
    with->use_token(answer.at("token"));
    return with;
  }

  bool has_late_body(api_session& with, const std::string& persons) {
    return std::ranges::any_of(with.get(persons).at("items"),
                               [this](const json& one) { return one.at("legal_person") == late_body_; });
  }

  /// Both lines are back: the former node hears of the act.
  void bring_in_late() {
    cut(region, false);
    cut(departement, false);
    constexpr int misdirected = 421;
    wait_until("l'ancien nœud renvoie vers le nouveau", [&] { return login_at(taken, "/v1/login") == misdirected; });
    auto host = session_of_hosted(region, taken);
    json late;
    wait_until("ce que l'ancien nœud avait enregistré est repris", [&] {
      late = host->get(hosted(taken, "/v1/late-entries")).at("items");
      return !late.empty();
    });
    expect(late.at(0).at("settled").at("outcome") == "recorded", "le fait tardif est enregistré : " + late.dump());
    // Who settles what came late hears of the entry before some who answer.
    wait_until("le fait tardif se lit chez le nouveau nœud",
               [&] { return has_late_body(*host, hosted(taken, "/v1/legal-persons?limit=200")); });
    tell("ancien nœud", "il répond 421 et ne peut plus écrire (E_FENCED) ; " + std::to_string(late.size()) +
                            " écriture(s) faite(s) sans savoir, rapportées, vérifiées et reprises une fois");
  }

  void give_back(const std::string& act) {
    auto prefect = session(region);
    auto begun = steady::now();
    act_event(*prefect, act, "act_ended", {{"end", "repealed"}, {"decision", "Arrêté fictif n° 2"}});
    wait_until("le territoire sert de nouveau", [&] { return serves(taken); });
    auto after = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begun).count();
    expect(has_late_body(*session(taken), "/v1/legal-persons?limit=200"),
           "rien de ce qui a été enregistré entre-temps n'est perdu");
    auto epoch = epoch_at(taken, taken);
    expect(epoch == epoch_ + 2, "le territoire ouvre l'époque suivante");
    tell("retour", "l'arrêté abrogé, le journal est clos, remis en entier et rouvert par le territoire à l'époque " +
                       std::to_string(epoch) + ", " + std::to_string(after) + " ms après");
  }

  json all_points_met(api_session& prefect) {
    json findings = json::array();
    auto specifications = prefect.get("/v1/specifications");
    for (const auto& checklist : specifications.at("items")) {
      json items = json::array();
      for (const auto& item : checklist.at("items"))
        items.push_back({{"item", item.at("id")}, {"finding", "met"}, {"ground", ""}});
      findings.push_back({{"checklist", checklist.at("name")}, {"version", checklist.at("version")}, {"items", items}});
    }
    return findings;
  }

  void be_responsible(api_session& with, std::size_t which) {
    auto known = with.get("/v1/habilitations?limit=200").at("items");
    if (std::ranges::any_of(known, [](const json& one) { return one.at("quality") == "epci_responsable"; }))
      return;
    with.post("/v1/habilitations",
              {{"event",
                {{"habilitation",
                  {{"legal_person", siren(which)}, {"quality", "epci_responsable"}, {"from", "2016-01-01"}}}}}});
  }

  /// Of the regional prefect, another version with each visit: nothing conforms in Île-de-France without one.
  void set_specification(api_session& prefect) {
    auto version = prefect.get("/v1/specifications").at("items").size();
    auto today = prefect.get("/v1/clock").at("today");
    json checklist{{"name", "cahier_des_charges_regional"},
                   {"version", version},
                   {"from", today},
                   {"items", {{{"id", "1.1"}, {"asks", "Les flux sont quotidiens."}, {"article", "cahier"}}}}};
    prefect.post("/v1/specifications",
                 {{"event", {{"checklist", checklist}, {"opinion_on", today}, {"source", "Arrêté fictif"}}}});
  }

  /// Who hosts in the EPCI's place reads as it does, from his own node and without a habilitation; who hosts because it
  /// has joined him has no right there.
  void check_authority_stays(api_session& there) {
    expect(there.get(hosted(joining, "/v1/session")).at("legal_person") == siren(joining), "l'agent est de l'EPT");
    there.get(hosted(joining, "/v1/demandes?limit=1"), true);
    auto of_host = session(departement);
    wait_until("l'hôte n'a aucun droit dans le territoire qu'il tient", [&] {
      try {
        of_host->get("/v1/streams/" + std::string{node(joining).stream} + "/demandes?limit=1", true);
      } catch (const api_failure& refused) {
        return std::string_view{refused.what()}.find("E_NOT_EMPOWERED") != std::string_view::npos;
      }
      return false;
    });
  }

  /// The EPCI's own act: the State registers it.
  void join() {
    auto prefect = session(region);
    set_specification(*prefect);
    prefect->post("/v1/joinables", {{"event",
                                     {{"host", siren(departement)},
                                      {"joined", "systeme_particulier"},
                                      {"level", "departement"},
                                      {"findings", all_points_met(*prefect)},
                                      {"source", "Désignation fictive"}}}});
    auto joins = session(joining);
    be_responsible(*joins, joining);
    json decided{{"joined", "systeme_particulier"},
                 {"level", "departement"},
                 {"host", siren(departement)},
                 {"source", "Délibération fictive"}};
    wait_until("l'adhésion est décidée", [&] {
      return joins->ask("POST", "/v1/dispositif/events", {{"kind", "adhesion_decided"}, {"event", decided}}).status ==
             201;
    });
    wait_until("le nœud départemental tient le dispositif",
               [&] { return serves(departement, hosted(joining, "/v1/login")); });
    auto there = session_of_hosted(departement, joining);
    auto stands = there->get(hosted(joining, "/v1/dispositif")).at("stands");
    expect(stands.at("form") == "adhered", "le dispositif est celui auquel le territoire a adhéré");
    check_authority_stays(*there);
    tell("adhésion", std::string{node(joining).title} +
                         " adhère à un système particulier départemental : son journal passe au nœud départemental, "
                         "l'autorité reste à l'EPT, qui y lit ; l'hôte lui-même n'y lit rien (E_NOT_EMPOWERED)");
    there->post(hosted(joining, "/v1/dispositif/events"),
                {{"kind", "adhesion_left"}, {"event", {{"source", "Délibération fictive"}}}});
    wait_until("le territoire sorti sert de nouveau", [&] { return serves(joining); });
    tell("sortie", "l'EPT quitte ce dispositif : son journal lui revient, dans une autre époque");
  }

  // -- a party that refuses -----------------------------------------------------------------------------------------

  /// Those whom the convention concerns, and what each must bear of the whole.
  json shares_of(api_session& with) {
    std::set<std::string> parties;
    auto habilitations = with.get("/v1/habilitations?limit=200");
    for (const auto& one : habilitations.at("items"))
      if (one.at("quality") == "service_enregistreur" || one.at("quality") == "bailleur" ||
          one.at("quality") == "reservataire" || one.at("quality") == "epci_responsable")
        parties.insert(one.at("legal_person"));
    constexpr unsigned whole = 10'000;
    json shares = json::array();
    auto each = whole / static_cast<unsigned>(parties.size());
    for (const auto& party : parties)
      shares.push_back({{"party", party}, {"share", each}});
    shares.front()["share"] = whole - each * static_cast<unsigned>(parties.size() - 1);
    return shares;
  }

  std::string propose(api_session& with) {
    json convention{{"document", some_document},
                    {"basis", "Logements"},
                    {"shares", shares_of(with)},
                    {"from", with.get("/v1/clock").at("today")}};
    return assigned(with.post("/v1/dispositif/conventions", {{"event", {{"convention", convention}}}}), "convention");
  }

  /// Letters, entered by who keeps the dispositif, in the party's name.
  void answer(api_session& with, const std::string& convention, const std::string& party, const char* what) {
    with.post(
        "/v1/dispositif/conventions/" + convention + "/events",
        {{"originator", party},
         {"event", {{"convention", convention}, {"party", party}, {"answer", what}, {"document", some_document}}}});
  }

  /// Where the territory says that the party stands, the prefect's part included.
  static json position_of(api_session& with, const std::string& convention, const std::string& party) {
    auto conventions = with.get("/v1/dispositif/conventions");
    for (const auto& one : conventions.at("items"))
      if (one.at("convention").at("convention") == convention)
        for (const auto& position : one.at("positions"))
          if (position.at("party") == party)
            return position;
    throw api_failure{"la convention ne nomme pas cette partie"};
  }

  /// Notified, the arrêté binds whoever refuses: he does not have to sign anything.
  void bind(api_session& prefect, const std::string& act, const std::string& convention, const std::string& refuses) {
    act_event(prefect, act, "act_notified", {{"addressee", refuses}, {"receipt", some_document}});
    auto territory = session(taken);
    json position;
    wait_until("l'arrêté notifié lie le bailleur", [&] {
      position = position_of(*territory, convention, refuses);
      return position.at("state") == "participates_by_order";
    });
    expect(position.at("ordered_by") == act && position.at("ordered_share") == ordered_share,
           "c'est cet arrêté qui fixe sa part : " + position.dump());
  }

  /// By an agent of its own.
  void record_as_others(api_session& bailleur) {
    constexpr const char* bobigny = "93008";
    auto recorded = bailleur.ask("POST", "/v1/dwellings",
                                 {{"event",
                                   {{"rpls", fresh_rpls()},
                                    {"commune", bobigny},
                                    {"typology", "t3"},
                                    {"address", "3 rue Imaginaire"},
                                    {"rent_cents", 51'000}}}});
    expect(recorded.status == 201, "le bailleur lié par l'arrêté enregistre un logement : " + recorded.body);
  }

  void order_participation() {
    auto territory = session(taken);
    be_responsible(*territory, taken);
    auto bailleur = session_without_login(taken);
    bailleur->log_in("bailleur1", password_);
    std::string refuses = bailleur->get("/v1/session").at("legal_person");
    auto convention = propose(*territory);
    answer(*territory, convention, siren(taken), "signed");
    answer(*territory, convention, refuses, "refused");
    auto prefect = session(region);
    auto asked = note(*prefect, taken, "opinions_asked",
                      {{"territory", siren(taken)}, {"convention", convention}, {"party", refuses}});
    auto procedure = assigned(asked, "procedure");
    auto in_procedure = [&](const char* kind, json event) {
      event["procedure"] = procedure;
      return prefect->ask("POST", "/v1/procedures/" + procedure + "/events", {{"kind", kind}, {"event", event}});
    };
    json ordered{
        {"act", act_of(*prefect, "2026-FICTIF-3")}, {"share", ordered_share}, {"conditions", "Conditions fictives"}};
    auto too_early = in_procedure("participation_ordered", ordered);
    expect(too_early.body.find("E_MISSING_OPINION") != std::string::npos, "un avis manque : " + too_early.body);
    for (const auto& from : asked.at("recorded").at(0).at("assigned").at("asked")) {
      json opinion{{"from", from}, {"sense", "favourable"}, {"document", some_document}, {"ground", ""}};
      auto received = in_procedure("opinion_received", opinion);
      expect(received.status == 201, "l'avis est reçu : " + received.body);
    }
    auto act = in_procedure("participation_ordered", ordered);
    expect(act.status == 201, "la participation est fixée : " + act.body);
    bind(*prefect, assigned(json::parse(act.body), "act"), convention, refuses);
    record_as_others(*bailleur);
    tell("bailleur qui refuse",
         "sa participation est fixée par arrêté, après les avis (sans eux : E_MISSING_OPINION) ; notifié, l'arrêté le "
         "lie sans qu'il signe, et il enregistre un logement comme les autres");
  }

  /// What a journal on the prefect's node has of the territory, beside the dossier that was proved before.
  fs::path proof_of(std::string_view stream, const char* name) {
    proof_options asked;
    asked.data = folder(region);
    asked.keys = folder(region) / "node.keys";
    asked.territory = siren(taken);
    asked.stream = stream;
    asked.out = data_ / "preuve" / name;
    std::ostringstream told;
    expect(journal_proof_command(asked, told, told) == exit_done, "le dossier de preuve se fait : " + told.str());
    return asked.out;
  }

  /// The last one that was filed, as whoever has both files and no node is told of it.
  json last_evidence_in(const fs::path& filed, const fs::path& cited) {
    verify_options check;
    check.journal = filed;
    check.cited = {cited};
    check.json = true;
    std::stringstream told;
    expect(verify_command(check, told, told) == exit_done, "les dossiers sont prouvés : " + told.str());
    json last;
    for (std::string line; std::getline(told, line);)
      if (auto one = json::parse(line); one.contains("evidence"))
        last = one;
    return last;
  }

  /// Filed anew: the refusal is the territory's word, what answers it the prefect's.
  void prove_evidence() {
    auto prefect = session(region);
    evidence_with(*prefect, {"party_refuses", "refusal_answered"});
    filed_evidence(*prefect);
    auto filed = proof_of(node(region).stream, "prefet.preuve");
    auto evidence = last_evidence_in(filed, proof_of(node(taken).stream, "territoire.preuve"));
    std::size_t cited = evidence.at("proved");
    expect(cited >= 3 && evidence.at("elsewhere") == 0, "chaque ligne est prouvée : " + evidence.dump());
    tell("dossier prouvé", "vérifié hors ligne avec ce que prouve le journal du territoire : " + std::to_string(cited) +
                               " lignes disent ce que dit l'écriture qu'elles citent : " + filed.string());
  }

  std::uint32_t epoch_ = 0; ///< of the territory, before it is taken over
  /// SIREN of a fictitious body that the former node enters while nobody hears it.
  std::string late_body_ = fresh_siren();
};

} // namespace

void tour_taking_over(const fs::path& data, bool in_json, int& steps, std::ostream& out) {
  takeover_tour{data, in_json, steps, out}.run();
}

} // namespace toit::nodes
