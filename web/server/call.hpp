/// \file
/// One request on its way through the API: who asks, where to, and how to answer.

#pragma once

#include "web/server/answer.hpp"
#include "web/server/gateway.hpp"
#include "web/server/query.hpp"

namespace toit::web {

class api;
struct route;

struct call {
  std::shared_ptr<api> server; ///< alive as long as a request is
  const route* what = nullptr;
  request asked;
  web::target target;
  std::vector<std::pair<std::string_view, std::string>> path; ///< values of the path's parameters
  identity who;
  std::string token;
  respond answer;

  host& node() const;
  web::gateway& gateway() const;

  std::optional<std::string_view> in_path(std::string_view name) const;
  std::optional<std::string_view> parameter(std::string_view name) const { return target.parameter(name); }

  void refuse(const law::refusal& why) const { answer(answer_refusal(why)); }
  void refuse_parameter(std::string_view name) const;
};
using call_ptr = std::shared_ptr<call>;

/// Goes on with what was told, or answers with the refusal.
template <class Result, class Then>
teller<Result> answering(const call_ptr& c, Then then) {
  return [c, then](told<Result> given) {
    if (given)
      then(*given);
    else
      c->refuse(given.error());
  };
}

/// How a page is asked for: how many, and after what.
struct page_query {
  static constexpr std::size_t limit_most = 200;
  std::size_t limit = 50;
  std::uint64_t position = 0; ///< of what is kept in an order of arrival
  std::string key;            ///< of what is kept by its identifier
};
/// Absent, and the call answered, when it is malformed.
std::optional<page_query> read_page(const call& c);

/// Where the next page is: the same request, after the last item.
std::string next_page(const call& c, std::uint64_t position);
std::string next_page(const call& c, std::string_view key);

} // namespace toit::web
