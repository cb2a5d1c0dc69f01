/// \file
/// A command as a request states it: the envelope that every path shares.

#pragma once

#include "actors/messages.hpp"
#include "web/server/event_json.hpp"
#include "web/server/routes.hpp"

namespace toit::web {

/// Of an account to be opened, or whose secret changes: kept out of the journal.
struct asked_account {
  law::text<80> login;
  law::text<200> password;
  law::text<120> display_name;
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"login", &asked_account::login}, field{"password", &asked_account::password},
                      field{"display_name", &asked_account::display_name}};
  }
};

/// What stands beside `kind` and `event`.
struct envelope {
  std::optional<law::civil_date> occurred_on; ///< today when it is left out
  std::optional<law::party> originator;       ///< whoever asks when it is left out
  std::optional<asked_account> account;
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"occurred_on", &envelope::occurred_on}, field{"originator", &envelope::originator},
                      field{"account", &envelope::account}};
  }
};

/// What the body asks for. The kind may be left out where the route has one alone.
std::expected<std::shared_ptr<asked_command>, law::refusal> read_command(std::string_view body, const route& on);

/// The body's schema: one of the kinds that the route takes, each with its own event.
json schema_of_command(const route& on, schema_book& book);

std::vector<const law::entry_kind*> kinds_of(const route& on);

} // namespace toit::web
