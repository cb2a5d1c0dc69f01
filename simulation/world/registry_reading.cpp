#include "simulation/world/registry_reading.hpp"

#include "simulation/world/question.hpp"

namespace toit::simulation {

template <class Result, class Query>
std::optional<Result> registry_reading::page(Query query) {
  std::optional<Result> told;
  put_question<Result>(
      system_, registry_, [&](std::optional<Result> given) { told = std::move(given); }, list_atom_v, query);
  drain_();
  return told;
}

std::vector<law::dossier> registry_reading::dossiers() {
  std::vector<law::dossier> all;
  auto query = std::make_shared<list_query>();
  query->shows = law::view::of_everything();
  query->limit = 1000;
  for (;;) {
    auto told = page<read_answer_ptr>(list_query_ptr{query});
    if (!told)
      return all;
    const auto& found = std::get<dossier_page>(***told);
    all.insert(all.end(), found.dossiers.begin(), found.dossiers.end());
    if (!found.next)
      return all;
    query = std::make_shared<list_query>(*query);
    query->after = *found.next;
  }
}

/// Every dwelling, vacancy and session.
register_page registry_reading::dwellings() {
  register_page all;
  for (auto kind : {register_kind::dwellings, register_kind::vacancies, register_kind::sessions}) {
    std::optional<std::uint64_t> after = 0;
    while (after) {
      auto query = std::make_shared<register_query>(register_query{kind, {}, *after, 1000});
      auto told = page<register_page_ptr>(register_query_ptr{query});
      if (!told)
        return all;
      std::ranges::copy((*told)->dwellings, std::back_inserter(all.dwellings));
      std::ranges::copy((*told)->vacancies, std::back_inserter(all.vacancies));
      std::ranges::copy((*told)->sessions, std::back_inserter(all.sessions));
      after = (*told)->next;
    }
  }
  return all;
}

} // namespace toit::simulation
