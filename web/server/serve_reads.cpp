// Nominative reads: each says its purpose, goes through the guard, and is in the consultation log before it is
// answered.

#include "law/scalar_text.hpp"
#include "web/server/answers.hpp"
#include "web/server/routes.hpp"
#include "web/server/serve.hpp"
#include "web/server/shape.hpp"

namespace toit::web::serve {

using law::refusal_code;

namespace {

/// False, and the call answered, when a purpose is given that is none. Without one, the guard decides.
bool take_purpose(const call& c, read_request& asked) {
  auto given = c.asked.header("Toit-Purpose");
  if (!given)
    return true;
  asked.purpose = law::enum_from<law::purpose>(*given);
  if (!asked.purpose)
    c.refuse_parameter("Toit-Purpose");
  return asked.purpose.has_value();
}

bool take_number(const call& c, law::nud& number) {
  auto parsed = law::nud::parse(c.in_path("number").value_or(""));
  if (parsed)
    number = *parsed;
  else
    c.refuse(law::refuse(refusal_code::unknown_demande, "L441-2-1", "Aucune demande n'a ce numéro dans ce territoire.")
                 .error());
  return parsed.has_value();
}

template <class Id>
bool take_id(const call& c, std::string_view name, Id& id) {
  if (law::parse_hex(c.in_path(name).value_or(""), id.bytes))
    return true;
  return c.refuse(law::refuse(refusal_code::unknown_subject, "", "Rien n'a cet identifiant ici.").error()), false;
}

template <class T>
bool take_parameter(const call& c, std::string_view name, std::optional<T>& value) {
  auto given = c.parameter(name);
  if (!given)
    return true;
  if (given->empty() || !law::scalar_from_text(*given, value.emplace()))
    return c.refuse_parameter(name), false;
  return true;
}

void read(const call_ptr& c, auto what, teller<read_content> tell) {
  auto asked = std::make_shared<read_request>();
  asked->by = c->who;
  asked->what = std::move(what);
  if (take_purpose(*c, *asked))
    c->gateway().read(std::move(asked), std::move(tell));
}

template <class Line>
teller<read_content> answering_lines(const call_ptr& c) {
  return answering<read_content>(c, [c](const read_content& found) {
    auto items = json::array();
    for (const auto& line : std::get<std::vector<Line>>(found))
      items.push_back(to_json(line));
    c->answer(answer_json(200, {{"items", std::move(items)}}));
  });
}

response answer_page(const call& c, const auto& page, std::optional<std::uint64_t> next) {
  auto items = json::array();
  for (const auto& item : page)
    items.push_back(to_json(item));
  json body{{"items", std::move(items)}};
  if (next)
    body["next"] = next_page(c, *next);
  return answer_json(200, body);
}

} // namespace

void dossiers(const call_ptr& c) {
  auto page = read_page(*c);
  read_list asked;
  if (!page || !take_parameter(*c, "status", asked.query.status) || !take_parameter(*c, "commune", asked.query.commune))
    return;
  asked.query.after = page->position;
  asked.query.limit = page->limit;
  read(c, asked, answering<read_content>(c, [c](const read_content& found) {
         const auto& given = std::get<dossier_page>(found);
         c->answer(answer_page(*c, given.dossiers, given.next));
       }));
}

/// As it is, or as it was known at a moment: a day means its last moment.
// [R441-2-15-I-10]
void dossier(const call_ptr& c) {
  read_dossier asked;
  law::nud number;
  if (c->in_path("number") && !take_number(*c, number))
    return;
  if (!number.empty())
    asked.number = number;
  if (auto as_of = c->parameter("as_of")) {
    asked.as_of = law::parse_instant(*as_of);
    if (auto day = law::parse_date(*as_of))
      asked.as_of =
          law::start_of_day(c->node().context().departement, law::acts_from(*day)) - law::instant::duration{1};
    if (!asked.as_of)
      return c->refuse_parameter("as_of");
  }
  auto code = c->asked.header("Toit-Code").value_or("");
  if (code.size() > 64)
    return c->refuse_parameter("Toit-Code");
  asked.code = code;
  read(c, asked, answering<read_content>(c, [c](const read_content& found) {
         c->answer(answer_json(200, to_json(std::get<dossier_view>(found))));
       }));
}

void consultations(const call_ptr& c) {
  read_consultations asked;
  law::nud number;
  if (c->in_path("number") && !take_number(*c, number))
    return;
  auto page = read_page(*c);
  if (!page)
    return;
  if (!number.empty())
    asked.number = number;
  asked.limit = page->limit;
  read(c, asked, answering_lines<ports::logged_line>(c));
}

void document(const call_ptr& c) {
  read_documents_content asked;
  if (!take_number(*c, asked.number) || !take_id(*c, "document", asked.document))
    return;
  read(c, asked, answering<read_content>(c, [c](const read_content& found) {
         const auto& content = std::get<ports::bytes>(found);
         auto given = answer_text(200, "application/octet-stream", std::string{content.begin(), content.end()});
         given.headers.emplace_back("Content-Disposition", "attachment");
         c->answer(std::move(given));
       }));
}

void candidates(const call_ptr& c) {
  read_candidates asked;
  if (take_id(*c, "vacancy", asked.vacancy))
    read(c, asked, answering_lines<candidate_line>(c));
}

void deadlines(const call_ptr& c) {
  read_deadlines asked;
  auto page = read_page(*c);
  std::optional<law::civil_date> up_to;
  std::optional<bool> alerts;
  if (!page || !take_parameter(*c, "up_to", up_to) || !take_parameter(*c, "alerts", alerts))
    return;
  asked.query.up_to = up_to.value_or(law::add_months(c->node().context().today(), law::months{1}));
  asked.query.limit = page->limit;
  asked.query.alerts = alerts.value_or(false);
  asked.query.after = page->position;
  read(c, asked, answering<read_content>(c, [c](const read_content& found) {
         const auto& given = std::get<due_page>(found);
         c->answer(answer_page(*c, given.lines, given.next));
       }));
}

} // namespace toit::web::serve
