#include "web/server/lateness_question.hpp"

#include "web/server/call.hpp"
#include "web/server/shape.hpp"

namespace toit::web {

namespace {

constexpr std::string_view lateness_path = "/v1/lateness?";

} // namespace

lateness_question::lateness_question(ask_host ask, std::shared_ptr<const ports::clock> clock,
                                     std::function<void(told_lines)> tell, lateness_limits limits)
    : ask_{std::move(ask)}, clock_{std::move(clock)}, tell_{std::move(tell)}, limits_{limits} {}

void lateness_question::begin() {
  began_ = clock_->monotonic();
  ask(std::string{lateness_path}.append("limit=").append(std::to_string(page_query::limit_most)));
}

void lateness_question::ask(const std::string& target) {
  auto at = law::text<2048>::parse(target);
  if (!at || ++pages_ > limits_.pages || clock_->monotonic() - began_ >= limits_.time)
    return tell_(std::nullopt);
  ask_(std::move(*at), [self = shared_from_this()](const std::optional<relayed_answer>& told) { self->take(told); });
}

// [L441-2-7-4-3]
void lateness_question::take(const std::optional<relayed_answer>& told) {
  bool is_page = told && told->status == 200 && told->body.size() <= limits_.page_bytes;
  auto page = is_page ? parse_json(told->body).value_or(json{}) : json{};
  if (!page.is_object() || !page.contains("items") || !add(page["items"]))
    return tell_(std::nullopt);
  if (!page.contains("next"))
    return tell_(std::move(lines_));
  auto next = page["next"].is_string() ? page["next"].get<std::string>() : std::string{};
  if (!next.starts_with(lateness_path))
    return tell_(std::nullopt);
  ask(next);
}

bool lateness_question::add(const json& items) {
  if (!items.is_array() || items.size() > page_query::limit_most || items.size() > limits_.lines - lines_.size())
    return false;
  return std::ranges::all_of(items, [&](const json& item) {
    reading where;
    auto& line = lines_.emplace_back();
    return wire<law::lateness_line>::read(item, line, where) && law::is_possible(line);
  });
}

} // namespace toit::web
