/// \file
/// What the API answers, as described values: their JSON and its description come from the same lists of fields.

#pragma once

#include "actors/messages.hpp"
#include "law/rights.hpp"
#include "web/server/json_text.hpp"

namespace toit::web {

struct schema_book;

json to_json(const dossier_view& view);
json to_json(const law::dossier& dossier);
json to_json(const law::dwelling& dwelling);
json to_json(const law::vacancy& vacancy);
json to_json(const law::caleol_session& session);
json to_json(const law::legal_person& person);
json to_json(const law::habilitation& habilitation);
json to_json(const law::mandate& mandate);
json to_json(const law::agent_account& account);
json to_json(const law::reservation_convention& convention);
json to_json(const law::contingent_balance& balance);
json to_json(const due_line& line);
json to_json(const candidate_line& line);
json to_json(const ports::logged_line& line);
json to_json(const ports::signed_head& head);
json to_json(const receipt& given);
json to_json(const session& opened);
json to_json(const identity& who);

/// What a year's flow of a bailleur in a département is.
struct flow {
  law::siren bailleur;
  law::departement_code departement;
  std::uint16_t year = 0;
  std::uint32_t base = 0; ///< dwellings to let, less those that the text subtracts
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"bailleur", &flow::bailleur}, field{"departement", &flow::departement},
                      field{"year", &flow::year}, field{"base", &flow::base}};
  }
};
json to_json(const flow& stated);

/// What an entry's header says in clear, and the signed head that covers it.
struct entry_header {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  law::instant recorded_at{};
  law::subject_id subject;
  std::uint64_t previous = 0;
  bool erased = false;
  std::optional<ports::signed_head> head;
  static constexpr auto fields() {
    using law::field;
    using t = entry_header;
    return std::tuple{
        field{"seq", &t::seq},         field{"epoch", &t::epoch},       field{"recorded_at", &t::recorded_at},
        field{"subject", &t::subject}, field{"previous", &t::previous}, field{"erased", &t::erased},
        field{"head", &t::head}};
  }
};
json to_json(const entry_header& header);

struct territory_facts {
  std::string name;
  law::siren territory;
  std::string purpose;
  ports::stream_id stream;
  law::bytes32 signer{};
  bool allots_numbers = false;
  static constexpr auto fields() {
    using law::field;
    using t = territory_facts;
    return std::tuple{field{"name", &t::name},       field{"territory", &t::territory},
                      field{"purpose", &t::purpose}, field{"stream", &t::stream},
                      field{"signer", &t::signer},   field{"allots_numbers", &t::allots_numbers}};
  }
};
json to_json(const territory_facts& facts);

struct clock_reading {
  law::instant now{};
  law::civil_date today;
  law::civil_date day_kept; ///< the civil day whose deadlines are being carried out
  bool day_done = false;
  bool frozen = false;
  bool settable = false;
  static constexpr auto fields() {
    using law::field;
    using t = clock_reading;
    return std::tuple{field{"now", &t::now},           field{"today", &t::today},   field{"day_kept", &t::day_kept},
                      field{"day_done", &t::day_done}, field{"frozen", &t::frozen}, field{"settable", &t::settable}};
  }
};
json to_json(const clock_reading& clock);

struct statistics {
  std::uint64_t demandes = 0;
  std::uint64_t dwellings = 0;
  std::uint64_t vacancies = 0;
  std::uint64_t sessions = 0;
  std::uint64_t legal_persons = 0;
  std::uint64_t habilitations_in_force = 0;
  std::uint64_t conventions_in_force = 0;
  std::uint64_t attributions_stated = 0; ///< decided by a commission, not yet followed by a lease, whatever the year
  std::uint64_t leases = 0;
  static constexpr auto fields() {
    using law::field;
    using t = statistics;
    return std::tuple{field{"demandes", &t::demandes},
                      field{"dwellings", &t::dwellings},
                      field{"vacancies", &t::vacancies},
                      field{"sessions", &t::sessions},
                      field{"legal_persons", &t::legal_persons},
                      field{"habilitations_in_force", &t::habilitations_in_force},
                      field{"conventions_in_force", &t::conventions_in_force},
                      field{"attributions_stated", &t::attributions_stated},
                      field{"leases", &t::leases}};
  }
};
json to_json(const statistics& counts);

/// The schema of an answer, by the name that the route table gives it ("dossier_view", "page_of_dwelling"…).
json schema_of_answer(std::string_view name, schema_book& book);

} // namespace toit::web
