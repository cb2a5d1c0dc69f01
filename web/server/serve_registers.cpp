// What names no applicant: dwellings, vacancies and sessions; legal persons and their instruments.

#include "law/scalar_text.hpp"
#include "web/server/answers.hpp"
#include "web/server/serve.hpp"

namespace toit::web::serve {

using law::refusal_code;

namespace {

// -- in the order of arrival ----------------------------------------------------------------------------------------

template <class Value>
void list(const call_ptr& c, register_kind kind, std::vector<Value> register_page::* values) {
  auto page = read_page(*c);
  if (!page)
    return;
  c->gateway().list({kind, {}, page->position, page->limit},
                    answering<register_page>(c, [c, values](const register_page& found) {
                      auto items = json::array();
                      for (const auto& value : found.*values)
                        items.push_back(to_json(value));
                      json body{{"items", std::move(items)}};
                      if (found.next)
                        body["next"] = next_page(*c, *found.next);
                      c->answer(answer_json(200, body));
                    }));
}

template <class Value>
void one(const call_ptr& c, register_kind kind, std::string_view name, std::vector<Value> register_page::* values) {
  auto missing = [c] {
    c->refuse(law::refuse(refusal_code::unknown_subject, "", "Rien n'a cet identifiant ici.").error());
  };
  law::subject_id id;
  if (!law::parse_hex(c->in_path(name).value_or(""), id.bytes))
    return missing();
  c->gateway().list({kind, id, 0, 1}, answering<register_page>(c, [c, values, missing](const register_page& found) {
                      if ((found.*values).empty())
                        return missing();
                      c->answer(answer_json(200, to_json((found.*values).front())));
                    }));
}

// -- in the order of their identifiers ------------------------------------------------------------------------------

std::string key_of(law::siren id) { return id.text(); }
template <class Tag>
std::string key_of(law::random_id<Tag> id) {
  return law::to_text(id);
}
std::string key_of(const law::lateness_book::key& id) {
  auto [person, year, month] = id;
  return person.text() + "-" + std::to_string(year) + (month < 10 ? "-0" : "-") + std::to_string(month);
}
std::string key_of(const std::tuple<law::siren, law::departement_code, int>& id) {
  return std::get<0>(id).text() + std::get<1>(id).text() + "-" + std::to_string(std::get<2>(id));
}

/// A page of a map: those after the key asked for, in the map's own order, that `shown` makes something of.
void page_of(const call_ptr& c, const auto& all, auto&& shown) {
  auto page = read_page(*c);
  if (!page)
    return;
  auto items = json::array();
  std::string last;
  for (const auto& [id, value] : all) {
    auto key = key_of(id);
    if (!page->key.empty() && key <= page->key)
      continue;
    auto written = shown(id, value);
    if (written.is_null())
      continue;
    if (items.size() == page->limit)
      return c->answer(answer_json(200, {{"items", std::move(items)}, {"next", next_page(*c, last)}}));
    items.push_back(std::move(written));
    last = std::move(key);
  }
  c->answer(answer_json(200, {{"items", std::move(items)}}));
}

json as_it_is(const auto&, const auto& value) { return to_json(value); }

} // namespace

void dwellings(const call_ptr& c) { list(c, register_kind::dwellings, &register_page::dwellings); }
void dwelling(const call_ptr& c) { one(c, register_kind::dwellings, "dwelling", &register_page::dwellings); }
void vacancies(const call_ptr& c) { list(c, register_kind::vacancies, &register_page::vacancies); }
void vacancy(const call_ptr& c) { one(c, register_kind::vacancies, "vacancy", &register_page::vacancies); }
void sessions(const call_ptr& c) { list(c, register_kind::sessions, &register_page::sessions); }
void session(const call_ptr& c) { one(c, register_kind::sessions, "session", &register_page::sessions); }

void legal_persons(const call_ptr& c) {
  c->gateway().rights(answering<rights_ptr>(c, [c](const rights_ptr& book) {
    page_of(c, book->legal_persons(), [](const auto& id, const auto& v) { return as_it_is(id, v); });
  }));
}

void habilitations(const call_ptr& c) {
  c->gateway().rights(answering<rights_ptr>(c, [c](const rights_ptr& book) {
    page_of(c, book->habilitations(), [](const auto& id, const auto& v) { return as_it_is(id, v); });
  }));
}

void mandates(const call_ptr& c) {
  c->gateway().rights(answering<rights_ptr>(c, [c](const rights_ptr& book) {
    page_of(c, book->mandates(), [](const auto& id, const auto& v) { return as_it_is(id, v); });
  }));
}

/// Agents of one's own legal person; the gestionnaire keeps them all.
void accounts(const call_ptr& c) {
  c->gateway().rights(answering<rights_ptr>(c, [c](const rights_ptr& book) {
    auto own = c->who.legal_person.legal_person();
    bool all = book->has_quality(own, law::quality::gestionnaire, c->node().context().today());
    page_of(c, book->accounts(), [&](const auto&, const law::agent_account& account) {
      return all || account.legal_person == own ? to_json(account) : json{};
    });
  }));
}

// [R441-2-15-I-9]
void lateness(const call_ptr& c) {
  c->gateway().rights(answering<rights_ptr>(c, [c](const rights_ptr& book) {
    page_of(c, book->lateness().lines(), [](const auto& id, const auto& v) { return as_it_is(id, v); });
  }));
}

void conventions(const call_ptr& c) {
  c->gateway().contingents(answering<contingents_ptr>(c, [c](const contingents_ptr& book) {
    page_of(c, book->conventions().all(), [](const auto& id, const auto& v) { return as_it_is(id, v); });
  }));
}

void flows(const call_ptr& c) {
  c->gateway().contingents(answering<contingents_ptr>(c, [c](const contingents_ptr& book) {
    page_of(c, book->flows(), [](const auto& id, std::uint32_t base) {
      const auto& [bailleur, departement, year] = id;
      return to_json(flow{bailleur, departement, static_cast<std::uint16_t>(year), base});
    });
  }));
}

void balances(const call_ptr& c) {
  std::uint16_t year = static_cast<std::uint16_t>(static_cast<int>(c->node().context().today().year()));
  if (auto given = c->parameter("year"); given && (!law::scalar_from_text(*given, year) || year < 1900 || year > 2199))
    return c->refuse_parameter("year");
  c->gateway().contingents(answering<contingents_ptr>(c, [c, year](const contingents_ptr& book) {
    page_of(c, book->conventions().all(),
            [&](const auto& id, const auto&) { return to_json(book->balance(id, year)); });
  }));
}

} // namespace toit::web::serve
