#include "web/server/event_json.hpp"

namespace toit::web {

namespace {

struct event_form {
  bool (*read)(const json& in, law::event& out, reading& where);
  json (*write)(const law::event& happened);
  json (*assigned)(const law::event& happened);
  json (*schema)(schema_book& book);
};

template <class Event>
constexpr event_form form_of{
    [](const json& in, law::event& out, reading& where) {
      Event read{};
      bool good = wire<Event>::read(in, read, where);
      out = std::move(read);
      return good;
    },
    [](const law::event& happened) { return wire<Event>::write(std::get<Event>(happened)); },
    [](const law::event& happened) { return write_assigned(&std::get<Event>(happened), members_of<Event>()); },
    [](schema_book& book) {
      return schema_of_members("event_" + std::string{Event::kind.name}, members_of<Event>(), book);
    },
};

template <class Variant>
struct forms_in;
template <class... Events>
struct forms_in<std::variant<Events...>> {
  static constexpr std::array forms{form_of<Events>...};
};

constexpr auto& forms = forms_in<law::any_event>::forms;

const event_form& form_at(const law::entry_kind& kind) {
  auto kinds = law::all_kinds();
  auto found = std::ranges::find(kinds, kind.number, &law::entry_kind::number);
  law::require(found != kinds.end(), "every kind is in the catalogue");
  return forms[static_cast<std::size_t>(found - kinds.begin())];
}

} // namespace

std::expected<law::event, law::refusal> read_event(const law::entry_kind& kind, const json& in) {
  law::event read;
  reading where;
  where.within("event", [&] { return form_at(kind).read(in, read, where); });
  if (where.wrong)
    return std::unexpected{std::move(*where.wrong)};
  return read;
}

json write_event(const law::event& happened) { return forms[happened.index()].write(happened); }
json write_assigned(const law::event& happened) { return forms[happened.index()].assigned(happened); }

json schema_of_event(const law::entry_kind& kind, schema_book& book) { return form_at(kind).schema(book); }

const law::entry_kind* find_kind(std::string_view name) {
  auto kinds = law::all_kinds();
  auto found = std::ranges::find(kinds, name, &law::entry_kind::name);
  return found == kinds.end() ? nullptr : &*found;
}

} // namespace toit::web
