#include "nodes/program/tour.hpp"

#include "law/civil_date.hpp"
#include "nodes/program/api_session.hpp"
#include "nodes/program/demonstration_folder.hpp"
#include "nodes/program/exit_code.hpp"
#include "nodes/program/federation_tour.hpp"
#include "nodes/program/verify_command.hpp"

#include <iostream>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

json form_of(const std::string& given_name, const std::string& commune) {
  return {{"identity",
           {{"birth_name", "Exemple"},
            {"usual_name", ""},
            {"given_names", given_name},
            {"birth_date", "1990-05-17"},
            {"nationality", "french"}}},
          {"household", json::array()},
          {"contact", {{"address", "1 rue Imaginaire"}}},
          {"situation",
           {{"family", "single"},
            {"profession", "permanent_contract"},
            {"monthly_income_cents", 165000},
            {"housing", "private_tenant"},
            {"occupants", 1},
            {"motives", {"too_expensive"}}}},
          {"search", {{"typology", "t2"}, {"communes", {commune}}, {"persons_to_house", 1}}}};
}

std::string day_after(const std::string& day, int days) {
  auto parsed = law::parse_date(day);
  if (!parsed)
    throw api_failure{"le nœud ne dit pas quel jour on est"};
  return law::to_text(law::add_days(*parsed, std::chrono::days{days}));
}

class tour {
public:
  tour(const fs::path& data, bool in_json, std::ostream& out)
      : data_{data}, json_{in_json}, out_{out}, place_{"127.0.0.1", 0, read_text(data / "tls" / "certificate.pem")} {
    auto port = read_mark(data / port_mark);
    if (port.empty() || place_.certificate.empty())
      throw api_failure{"aucune démonstration n'est servie depuis ce dossier : " + data.string()};
    place_.port = static_cast<std::uint16_t>(std::stoul(port));
  }

  void run() {
    open_sessions();
    register_at_a_desk();
    complete_the_file();
    offer_two_dwellings();
    hold_the_commission();
    sign();
    check_what_followed();
    show_timeline();
  }

  const std::string& number() const { return ours_; }
  int steps() const { return steps_; }

private:
  api_session& as(const std::string& login) { return sessions_.at(login); }

  void open_sessions() {
    auto password = read_mark(data_ / begun_mark);
    for (const char* login : {"gestionnaire", "guichet1", "bailleur1", "action_logement", "ville"}) {
      sessions_.try_emplace(login, place_);
      as(login).log_in(login, password);
    }
    auto territory = as("guichet1").get("/v1/territory");
    stream_ = territory.at("stream");
    for (const auto& convention : pages("/v1/conventions"))
      if (convention.at("bailleur") == legal_person_of("bailleur1"))
        conventions_[convention.at("holder")] = convention.at("convention");
    tell("connexion", "comptes de la démonstration", {});
  }

  std::string legal_person_of(const std::string& login) { return as(login).get("/v1/session").at("legal_person"); }

  std::vector<json> pages(const std::string& path) {
    std::vector<json> all;
    auto next = path + "?limit=200";
    while (!next.empty()) {
      auto page = as("gestionnaire").get(next);
      for (auto& item : page.at("items"))
        all.push_back(std::move(item));
      next = page.value("next", "");
    }
    return all;
  }

  // -- steps --------------------------------------------------------------------------------------------------------

  std::string register_one(const std::string& given_name) {
    auto done =
        as("guichet1")
            .post("/v1/demandes",
                  {{"event",
                    {{"channel", "desk"}, {"identity_document_seen", true}, {"form", form_of(given_name, commune_)}}}});
    return done.at("recorded").at(0).at("assigned").at("number");
  }

  void register_at_a_desk() {
    ours_ = register_one("Camille");
    first_ = register_one("Dominique");
    third_ = register_one("Claude");
    tell("enregistrement", "au guichet, numéro " + ours_, {});
  }

  json happens(const std::string& login, const std::string& number, const std::string& kind, const json& event) {
    return as(login).post("/v1/demandes/" + number + "/events", {{"kind", kind}, {"event", event}});
  }

  void complete_the_file() {
    auto done = as("guichet1")
                    .upload("/v1/demandes/" + ours_ + "/documents", {{"event", {{"type", "tax_notice"}}}},
                            "Avis d'imposition fictif");
    auto document = done.at("recorded").at(0).at("assigned").at("document");
    tell("pièce déposée", "avis d'imposition", done);
    done = happens(
        "guichet1", ours_, "rectified",
        {{"change", {{"path", "situation.monthly_income_cents"}, {"old_value", "165000"}, {"new_value", "158000"}}},
         {"documents", {document}}});
    tell("rectification", "revenu mensuel, d'après la pièce", done);
    done = happens("bailleur1", ours_, "priority_recognised",
                   {{"category", "a"}, {"basis", "Décision fictive de la commission des droits"}});
    tell("priorité reconnue", "par le bailleur, catégorie a", done);
  }

  std::string open_vacancy(const std::string& rpls, const std::string& holder) {
    auto home = as("bailleur1")
                    .post("/v1/dwellings", {{"event",
                                             {{"rpls", rpls},
                                              {"commune", commune_},
                                              {"typology", "t2"},
                                              {"address", "2 rue Imaginaire"},
                                              {"rent_cents", 42000}}}});
    auto vacancy = as("bailleur1")
                       .post("/v1/vacancies", {{"event",
                                                {{"dwelling", home.at("recorded").at(0).at("assigned").at("dwelling")},
                                                 {"reserved_under", conventions_.at(legal_person_of(holder))},
                                                 {"holder_informed_on", today()},
                                                 {"available_on", today()}}}});
    return vacancy.at("recorded").at(0).at("assigned").at("vacancy");
  }

  std::string today() { return as("gestionnaire").get("/v1/clock").at("today"); }

  std::string designate(const std::string& login, const std::string& number, const std::string& vacancy) {
    auto done = happens(login, number, "designated", {{"vacancy", vacancy}});
    return done.at("recorded").at(0).at("assigned").at("candidacy");
  }

  void offer_two_dwellings() {
    vacancy_ = open_vacancy(fresh_rpls(), "action_logement");
    other_vacancy_ = open_vacancy(fresh_rpls(), "ville");
    candidacy_ = designate("action_logement", ours_, vacancy_);
    first_candidacy_ = designate("action_logement", first_, vacancy_);
    third_candidacy_ = designate("action_logement", third_, vacancy_);
    other_candidacy_ = designate("ville", ours_, other_vacancy_);
    tell("désignations", "par deux réservataires, pour deux logements", {});
  }

  /// Unlikely to be taken: the tour may be made again and again.
  std::string fresh_rpls() {
    auto digits = std::to_string(std::stoull("1" + ours_.substr(7, 6)) * 10 + ++drawn_);
    return std::string(10 - std::min<std::size_t>(10, digits.size()), 'T') + digits;
  }

  void decide(const std::string& number, const std::string& candidacy, int rank) {
    happens("bailleur1", number, "examined", {{"candidacy", candidacy}});
    happens("bailleur1", number, "caleol_decided", {{"candidacy", candidacy}, {"decision", "ranked"}, {"rank", rank}});
  }

  void hold_the_commission() {
    auto planned = as("bailleur1")
                       .post("/v1/caleol-sessions",
                             {{"event", {{"held_on", today()}, {"commission", "Commission d'attribution fictive"}}}});
    std::string session = planned.at("recorded").at(0).at("assigned").at("session");
    for (const auto& [number, candidacy] :
         {std::pair{first_, first_candidacy_}, {ours_, candidacy_}, {third_, third_candidacy_}})
      happens("bailleur1", number, "agenda_entered", {{"candidacy", candidacy}, {"session", session}});
    auto held = "/v1/caleol-sessions/" + session + "/events";
    as("bailleur1").post(held, {{"kind", "session_opened"}, {"event", {{"quorum_reached", true}}}});
    decide(first_, first_candidacy_, 1);
    decide(ours_, candidacy_, 2);
    decide(third_, third_candidacy_, 3);
    as("bailleur1").post(held, {{"kind", "session_closed"}, {"event", {{"minutes", "Procès-verbal fictif"}}}});
    tell("commission", "trois candidats, le nôtre au deuxième rang", {});
  }

  json offer(const std::string& number, const std::string& candidacy) {
    return happens("bailleur1", number, "offer_made",
                   {{"candidacy", candidacy},
                    {"reply_by", day_after(today(), 10)},
                    {"rent_cents", 42000},
                    {"dalo_warning", true}});
  }

  void sign() {
    offer(first_, first_candidacy_);
    auto done =
        happens("bailleur1", first_, "offer_refused", {{"candidacy", first_candidacy_}, {"motive", "location"}});
    tell("premier rang", "refuse la proposition", done);
    done = offer(ours_, candidacy_);
    tell("deuxième rang", "proposition faite au nôtre", done);
    happens("bailleur1", ours_, "offer_accepted", {{"candidacy", candidacy_}});
    done = happens("bailleur1", ours_, "lease_signed", {{"candidacy", candidacy_}, {"priority_person", true}});
    tell("bail signé", "par le nôtre", done);
    lease_seq_ = done.at("first_seq");
  }

  void expect(bool as_it_should_be, const std::string& what) {
    if (!as_it_should_be)
      throw api_failure{"ce n'est pas ce qui devait arriver : " + what};
  }

  json candidacy_of(const json& state, const std::string& id) {
    for (const auto& candidacy : state.at("candidacies"))
      if (candidacy.at("candidacy") == id)
        return candidacy;
    throw api_failure{"une candidature manque au dossier"};
  }

  void check_what_followed() {
    auto view = as("guichet1").get("/v1/demandes/" + ours_, true);
    const auto& state = view.at("state");
    expect(state.at("status") == "radiated", "la demande est radiée");
    expect(candidacy_of(state, candidacy_).at("step") == "lease_signed", "notre candidature a son bail");
    expect(candidacy_of(state, other_candidacy_).value("closed", "") == "housed_elsewhere",
           "l'autre candidature est close");
    tell("radiation", "attribution : l'autre candidature est close, la demande radiée", {});
    auto entry = as("guichet1").get("/v1/entries/" + std::to_string(lease_seq_));
    expect(entry.at("head").at("seq").get<std::uint64_t>() >= lease_seq_, "une tête signée couvre le bail");
  }

  /// What was done for ours is all there, once, in order, by whom, on the day, under an article.
  void check_timeline(const json& timeline, const std::string& day) {
    auto desk = legal_person_of("guichet1");
    auto bailleur = legal_person_of("bailleur1");
    const std::vector<std::pair<std::string, std::string>> wanted{{"demande_registered", desk},
                                                                  {"document_filed", desk},
                                                                  {"rectified", desk},
                                                                  {"priority_recognised", bailleur},
                                                                  {"designated", legal_person_of("action_logement")},
                                                                  {"designated", legal_person_of("ville")},
                                                                  {"agenda_entered", bailleur},
                                                                  {"examined", bailleur},
                                                                  {"caleol_decided", bailleur},
                                                                  {"offer_made", bailleur},
                                                                  {"offer_accepted", bailleur},
                                                                  {"lease_signed", bailleur},
                                                                  {"radiated", bailleur},
                                                                  {"candidacy_closed", bailleur}};
    std::vector<std::pair<std::string, std::string>> told;
    for (const auto& line : timeline) {
      told.emplace_back(line.at("kind"), line.at("originator").is_string() ? line.at("originator") : "");
      expect(line.at("occurred_on") == day && !line.at("article").get<std::string>().empty(),
             "chaque ligne a son jour et son article");
    }
    expect(told == wanted, "le déroulé dit tout, une fois, dans l'ordre et par qui : " + timeline.dump());
  }

  void show_timeline() {
    auto view = as("guichet1").get("/v1/demandes/" + ours_, true);
    check_timeline(view.at("timeline"), view.at("timeline").at(0).at("occurred_on"));
    std::map<std::string, std::string> names;
    for (const auto& person : pages("/v1/legal-persons"))
      names[person.at("legal_person")] = person.at("name");
    for (const auto& line : view.at("timeline")) {
      auto who = line.at("originator").is_string() ? line.at("originator").get<std::string>() : "demandeur";
      if (json_)
        out_ << line.dump() << "\n";
      else
        out_ << "    " << line.at("occurred_on").get<std::string>() << "  " << line.at("title").get<std::string>()
             << "  (" << line.at("article").get<std::string>() << ")  " << (names.contains(who) ? names[who] : who)
             << "\n";
    }
  }

  void tell(const std::string& step, const std::string& what, const json& receipt) {
    ++steps_;
    std::string proof;
    if (receipt.contains("first_seq"))
      proof = "  écritures " + std::to_string(receipt["first_seq"].get<std::uint64_t>()) + " à " +
              std::to_string(receipt["last_seq"].get<std::uint64_t>());
    if (json_)
      out_ << json{{"step", steps_}, {"name", step}, {"what", what}}.dump() << std::endl;
    else
      out_ << "  " << (steps_ < 10 ? " " : "") << steps_ << ". " << step << " : " << what << proof << std::endl;
  }

  const fs::path& data_;
  bool json_;
  std::ostream& out_;
  api_place place_;
  std::map<std::string, api_session> sessions_;
  std::map<std::string, std::string> conventions_; ///< of the first bailleur, by holder
  std::string commune_ = "93001";                  ///< of the first desk
  std::string stream_;
  std::string ours_, first_, third_;
  std::string vacancy_, other_vacancy_;
  std::string candidacy_, other_candidacy_, first_candidacy_, third_candidacy_;
  std::uint64_t lease_seq_ = 0;
  int steps_ = 0;
  unsigned drawn_ = 0;
};

} // namespace

int tour_command(const fs::path& data, bool in_json, std::ostream& out, std::ostream& err) {
  auto territory = first_territory(data);
  try {
    tour visit{territory, in_json, out};
    visit.run();
    if (auto steps = visit.steps(); is_federation(data))
      tour_federation(data, visit.number(), in_json, steps, out);
  } catch (const api_failure& failure) {
    err << "La visite s'arrête : " << failure.what() << "\n";
    return exit_refused;
  } catch (const json::exception& failure) {
    err << "La visite s'arrête, la réponse n'est pas celle que décrit l'API : " << failure.what() << "\n";
    return exit_refused;
  }
  verify_options journal;
  journal.journal = territory;
  journal.json = in_json;
  return verify_command(journal, out, err);
}

} // namespace toit::nodes
