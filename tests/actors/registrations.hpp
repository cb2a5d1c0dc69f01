/// \file
/// A demande that the gestionnaire registers for somebody, as the guard hands it to the registry.

#pragma once

#include "actors/messages.hpp"
#include "actors/territory_context.hpp"
#include "tests/journal/node.hpp"

namespace toit::test {

inline law::form complete_form() {
  law::form filled;
  filled.identity = {
      "Exemple", "", "Camille", law::civil_date{std::chrono::year{1990} / 5 / 17}, law::nationality::french, {}};
  filled.contact.address = "1 rue Imaginaire";
  filled.situation.emplace();
  filled.situation->housing = law::present_housing::private_tenant;
  filled.situation->occupants = 2;
  filled.search.typology = law::typology::t3;
  filled.search.communes = {*law::commune_code::parse("93066")};
  filled.search.persons_to_house = 2;
  return filled;
}

/// Under a number and a command of its own.
inline std::shared_ptr<submission> registration_of(const territory_context& context, law::subject_id dossier,
                                                   unsigned nth, law::form form = complete_form(),
                                                   bool numbered = true) {
  auto asked = std::make_shared<submission>();
  asked->command.occurred_on = context.today();
  asked->command.originator = asked->command.introducer = context.settings.gestionnaire;
  asked->command.id = journal::test::id_with<law::command_id>(static_cast<std::uint8_t>(nth + 1));
  asked->command.id.bytes[0] = static_cast<std::uint8_t>((nth + 1) >> 8);
  law::demande_registered event;
  auto number = *law::nud::parse("0930326" + std::to_string(100000 + nth) + "93001");
  if (numbered)
    event.number = number;
  else
    asked->facts.fresh_number = number;
  event.channel = law::registration_channel::desk;
  event.identity_document_seen = true;
  event.form = std::move(form);
  asked->command.asked = law::event{event};
  asked->facts.today = context.today();
  asked->facts.fresh_ids = {dossier, journal::test::id_with<law::subject_id>(200)};
  law::capacity capacity;
  capacity.quality = law::quality::gestionnaire;
  capacity.where.everywhere = true;
  asked->facts.capacities = {capacity};
  return asked;
}

} // namespace toit::test
