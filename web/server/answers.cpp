#include "web/server/answers.hpp"

#include "law/time_zone.hpp"
#include "web/server/dispositif_answers.hpp"
#include "web/server/event_json.hpp"

namespace toit::web {

using law::field;

// -- what actors tell, as the API shows it --------------------------------------------------------------------------

namespace {

/// The payload of an entry.
struct payload {
  const law::event* of = nullptr;
};

struct timeline_entry {
  std::uint64_t seq = 0;
  law::instant recorded_at{};
  std::string kind;
  std::string title;
  std::string article;
  law::operation operation{};
  law::civil_date occurred_on;
  std::uint32_t lateness_days = 0; ///< from the event to its recording, in the territory's civil days
  law::party originator;
  law::party introducer;
  law::agent_id agent;
  std::optional<std::uint64_t> supersedes;
  law::list<law::warning, 4> warnings;
  payload event;
  static constexpr auto fields() {
    using t = timeline_entry;
    return std::tuple{field{"seq", &t::seq},
                      field{"recorded_at", &t::recorded_at},
                      field{"kind", &t::kind},
                      field{"title", &t::title},
                      field{"article", &t::article},
                      field{"operation", &t::operation},
                      field{"occurred_on", &t::occurred_on},
                      field{"lateness_days", &t::lateness_days},
                      field{"originator", &t::originator},
                      field{"introducer", &t::introducer},
                      field{"agent", &t::agent},
                      field{"supersedes", &t::supersedes},
                      field{"warnings", &t::warnings},
                      field{"event", &t::event}};
  }
};

struct dossier_answer {
  law::dossier state;
  law::form form;
  std::vector<timeline_entry> timeline;
  static constexpr auto fields() {
    using t = dossier_answer;
    return std::tuple{field{"state", &t::state}, field{"form", &t::form}, field{"timeline", &t::timeline}};
  }
};

struct assigned_fields {
  const law::event* of = nullptr;
};

struct recorded_entry {
  std::uint64_t seq = 0;
  std::string kind;
  std::string title;
  std::string article;
  assigned_fields assigned;
  static constexpr auto fields() {
    using t = recorded_entry;
    return std::tuple{field{"seq", &t::seq}, field{"kind", &t::kind}, field{"title", &t::title},
                      field{"article", &t::article}, field{"assigned", &t::assigned}};
  }
};

struct receipt_answer {
  ports::stream_id stream;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::optional<law::instant> recorded_at;
  law::subject_id subject;
  std::vector<recorded_entry> recorded;
  std::vector<law::warning> warnings;
  std::optional<ports::signed_head> head;
  std::optional<law::text<200>> secret;
  web::durability durability{};
  std::optional<law::instant> unconfirmed_since;
  static constexpr auto fields() {
    using t = receipt_answer;
    return std::tuple{field{"stream", &t::stream},
                      field{"first_seq", &t::first_seq},
                      field{"last_seq", &t::last_seq},
                      field{"recorded_at", &t::recorded_at},
                      field{"subject", &t::subject},
                      field{"recorded", &t::recorded},
                      field{"warnings", &t::warnings},
                      field{"head", &t::head},
                      field{"secret", &t::secret},
                      field{"durability", &t::durability},
                      field{"unconfirmed_since", &t::unconfirmed_since}};
  }
};

struct deadline {
  law::nud number;
  law::due_rule rule{};
  law::civil_date last_day;
  bool takes_effect = false;
  std::string article;
  law::candidacy_id candidacy;
  static constexpr auto fields() {
    using t = deadline;
    return std::tuple{field{"number", &t::number},     field{"rule", &t::rule},
                      field{"last_day", &t::last_day}, field{"takes_effect", &t::takes_effect},
                      field{"article", &t::article},   field{"candidacy", &t::candidacy}};
  }
};

struct candidate_of_vacancy {
  law::nud number;
  law::wished_communes communes;
  law::candidate candidate;
  static constexpr auto fields() {
    using t = candidate_of_vacancy;
    return std::tuple{field{"number", &t::number}, field{"communes", &t::communes}, field{"candidate", &t::candidate}};
  }
};

struct consultation {
  law::instant at{};
  bool attempt = false;
  law::party legal_person;
  law::agent_id agent;
  std::string right;
  std::string purpose;
  std::string scope;
  std::uint32_t results = 0;
  std::optional<law::refusal_code> refused;
  static constexpr auto fields() {
    using t = consultation;
    return std::tuple{field{"at", &t::at},       field{"attempt", &t::attempt}, field{"legal_person", &t::legal_person},
                      field{"agent", &t::agent}, field{"right", &t::right},     field{"purpose", &t::purpose},
                      field{"scope", &t::scope}, field{"results", &t::results}, field{"refused", &t::refused}};
  }
};

struct who_asks {
  law::agent_id account;
  law::party legal_person;
  static constexpr auto fields() {
    return std::tuple{field{"account", &who_asks::account}, field{"legal_person", &who_asks::legal_person}};
  }
};

struct opened_session {
  std::string token;
  law::instant expires{};
  who_asks who;
  static constexpr auto fields() {
    using t = opened_session;
    return std::tuple{field{"token", &t::token}, field{"expires", &t::expires}, field{"who", &t::who}};
  }
};

} // namespace

template <>
struct wire<payload> {
  static constexpr bool absent = false, sure = true;
  static json write(const payload& value) { return write_event(*value.of); }
  static json schema(schema_book& book) {
    auto each = json::array();
    for (const auto& kind : law::all_kinds())
      each.push_back(schema_of_event(kind, book));
    return {{"anyOf", each}};
  }
};

template <>
struct wire<assigned_fields> {
  static constexpr bool absent = false, sure = true;
  static json write(const assigned_fields& value) { return write_assigned(*value.of); }
  static json schema(schema_book&) {
    return {{"type", "object"}, {"description", "Ce que le nœud a attribué : identifiants, numéro unique, rang."}};
  }
};

// -- JSON -----------------------------------------------------------------------------------------------------------

namespace {

timeline_entry shown(const ports::stored_entry& entry, std::string_view departement) {
  const auto& record = *entry.record;
  const auto& kind = law::kind_of(record.event);
  return {entry.seq,
          entry.recorded_at,
          std::string{kind.name},
          std::string{kind.title},
          std::string{kind.article},
          record.operation,
          record.occurred_on,
          law::lateness_days(record, law::local_date(departement, entry.recorded_at)),
          record.originator,
          record.introducer,
          record.agent,
          record.supersedes,
          record.warnings,
          {&record.event}};
}

recorded_entry recorded(const ports::stored_entry& entry) {
  const auto& kind = law::kind_of(entry.record->event);
  return {
      entry.seq, std::string{kind.name}, std::string{kind.title}, std::string{kind.article}, {&entry.record->event}};
}

template <class T>
json write(const T& value) {
  return wire<T>::write(value);
}

} // namespace

json to_json(const law::dossier& dossier) { return write(dossier); }
json to_json(const law::dwelling& dwelling) { return write(dwelling); }
json to_json(const law::vacancy& vacancy) { return write(vacancy); }
json to_json(const law::caleol_session& session) { return write(session); }
json to_json(const law::legal_person& person) { return write(person); }
json to_json(const law::habilitation& habilitation) { return write(habilitation); }
json to_json(const law::mandate& mandate) { return write(mandate); }
json to_json(const law::agent_account& account) { return write(account); }
json to_json(const law::reservation_convention& convention) { return write(convention); }
json to_json(const law::contingent_balance& balance) { return write(balance); }
json to_json(const ports::signed_head& head) { return write(head); }
json to_json(const flow& stated) { return write(stated); }
json to_json(const entry_header& header) { return write(header); }
json to_json(const territory_facts& facts) { return write(facts); }
json to_json(const clock_reading& clock) { return write(clock); }
json to_json(const statistics& counts) { return write(counts); }

json to_json(const command_line& line) { return write(line); }
json to_json(const followed_territory& territory) { return write(territory); }
json to_json(const law::waiting_threshold_set& threshold) { return write(threshold); }
json to_json(const law::lateness_line& line) { return write(line); }
json to_json(const entry_in_name& entry) { return write(entry); }
json to_json(const erasure_certificate& certificate) { return write(certificate); }

json to_json(const dispositif_view& view) { return write(view); }
json to_json(const late_entry_view& view) { return write(view); }
json to_json(const convention_view& view) { return write(view); }
json to_json(const act_view& view) { return write(view); }
json to_json(const procedure_view& view) { return write(view); }
json to_json(const power_view& view) { return write(view); }
json to_json(const law::checklist& checklist) { return write(checklist); }
json to_json(const law::evidence_file& file) { return write(file); }

json to_json(const dossier_view& view) {
  dossier_answer answer{view.state, view.form, {}};
  auto departement = law::departement_of(view.state.communes.front());
  for (const auto& entry : view.timeline)
    answer.timeline.push_back(shown(entry, departement.view()));
  return write(answer);
}

json to_json(const due_line& line) {
  return write(deadline{line.number, line.due.rule, line.due.last_day, law::takes_effect(line.due.rule),
                        std::string{law::article_of(line.due.rule)}, line.due.candidacy});
}

json to_json(const candidate_line& line) {
  return write(candidate_of_vacancy{line.number, line.communes, line.candidate});
}

json to_json(const ports::logged_line& logged) {
  const auto& line = logged.line;
  consultation shown{logged.at,    line.attempt, line.legal_person, line.agent, line.right,
                     line.purpose, line.scope,   line.results,      {}};
  if (line.attempt)
    shown.refused = line.refusal.code;
  return write(shown);
}

json to_json(const ports::federation_report& standing) { return write(standing); }

json to_json(const receipt& given, const std::optional<law::instant>& unconfirmed_since) {
  receipt_answer answer;
  answer.stream = given.stream;
  answer.first_seq = given.first_seq;
  answer.last_seq = given.last_seq;
  answer.subject = given.subject;
  answer.warnings = given.warnings;
  answer.head = given.head;
  answer.unconfirmed_since = unconfirmed_since;
  if (given.first_seq > 0)
    answer.recorded_at = given.recorded_at;
  for (const auto& entry : given.entries)
    if (entry.record)
      answer.recorded.push_back(recorded(entry));
  if (!given.secret.empty())
    answer.secret = law::text<200>::parse(given.secret);
  return write(answer);
}

json to_json(const identity& who) { return write(who_asks{who.account, who.legal_person}); }

json to_json(const session& opened) {
  return write(opened_session{opened.token, opened.expires, {opened.who.account, opened.who.legal_person}});
}

// -- description ----------------------------------------------------------------------------------------------------

namespace {

struct named_schema {
  std::string_view name;
  json (*of)(schema_book& book);
};

template <class T>
constexpr named_schema named(std::string_view name) {
  return {name, &wire<T>::schema};
}

constexpr std::array schemas{
    named<dossier_answer>("dossier_view"),
    named<law::dossier>("dossier"),
    named<law::dwelling>("dwelling"),
    named<law::vacancy>("vacancy"),
    named<law::caleol_session>("session"),
    named<law::legal_person>("legal_person"),
    named<law::habilitation>("habilitation"),
    named<law::mandate>("mandate"),
    named<law::agent_account>("account"),
    named<law::reservation_convention>("convention"),
    named<law::contingent_balance>("balance"),
    named<flow>("flow"),
    named<deadline>("deadline"),
    named<candidate_of_vacancy>("candidate"),
    named<consultation>("consultation"),
    named<ports::signed_head>("head"),
    named<entry_header>("entry"),
    named<receipt_answer>("receipt"),
    named<ports::federation_report>("federation"),
    named<opened_session>("login"),
    named<who_asks>("who"),
    named<territory_facts>("territory"),
    named<clock_reading>("clock"),
    named<statistics>("statistics"),
    named<command_line>("command"),
    named<followed_territory>("followed_territory"),
    named<law::waiting_threshold_set>("threshold"),
    named<law::lateness_line>("lateness"),
    named<erasure_certificate>("erasure"),
    named<entry_in_name>("entry_in_name"),
    named<dispositif_view>("dispositif"),
    named<convention_view>("dispositif_convention"),
    named<late_entry_view>("late_entry"),
    named<act_view>("act"),
    named<procedure_view>("procedure"),
    named<power_view>("power"),
    named<law::checklist>("specification"),
    named<law::evidence_file>("evidence"),
};

} // namespace

json schema_of_answer(std::string_view name, schema_book& book) {
  constexpr std::string_view page = "page_of_";
  if (name.starts_with(page)) {
    auto item = schema_of_answer(name.substr(page.size()), book);
    json next{{"type", "string"}, {"description", "Adresse de la page suivante."}};
    return {{"type", "object"},
            {"properties", {{"items", {{"type", "array"}, {"items", item}}}, {"next", next}}},
            {"required", json::array({"items"})},
            {"additionalProperties", false}};
  }
  auto found = std::ranges::find(schemas, name, &named_schema::name);
  law::require(found != schemas.end(), "every answer of a route has its schema");
  return found->of(book);
}

} // namespace toit::web
