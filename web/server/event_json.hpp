/// \file
/// Events of the catalogue as JSON: what may be asked for, and what was recorded.

#pragma once

#include "law/catalogue.hpp"
#include "web/server/shape.hpp"

namespace toit::web {

/// The event of that kind, as a request gives it: what the node alone sets is blank.
std::expected<law::event, law::refusal> read_event(const law::entry_kind& kind, const json& in);

json write_event(const law::event& happened);
/// What the node set in it, or may have: what whoever asked for it did not know.
json write_assigned(const law::event& happened);

/// A reference to the schema of that kind's payload, which is put into the book.
json schema_of_event(const law::entry_kind& kind, schema_book& book);

/// By the name that the API knows it under.
const law::entry_kind* find_kind(std::string_view name);

} // namespace toit::web
