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
/// `unconfirmed_since`: nobody has confirmed the node's place in the federation since then.
json to_json(const receipt& given, const std::optional<law::instant>& unconfirmed_since);
json to_json(const ports::federation_report& standing);
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

/// How far what is recorded is safe: on this node's disk, or countersigned by the ordering authority's node too.
enum class durability : std::uint8_t { disk, witnessed };
constexpr auto names_of(durability) { return std::to_array<std::string_view>({"disk", "witnessed"}); }

/// What an entry's header says in clear, the signed head that covers it, and who else holds it.
struct entry_header {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  law::instant recorded_at{};
  law::subject_id subject;
  std::uint64_t previous = 0;
  bool erased = false;
  std::optional<ports::signed_head> head;
  web::durability durability{};
  law::list<ports::witness_mark, 64> witnesses;
  static constexpr auto fields() {
    using law::field;
    using t = entry_header;
    return std::tuple{
        field{"seq", &t::seq},         field{"epoch", &t::epoch},           field{"recorded_at", &t::recorded_at},
        field{"subject", &t::subject}, field{"previous", &t::previous},     field{"erased", &t::erased},
        field{"head", &t::head},       field{"durability", &t::durability}, field{"witnesses", &t::witnesses}};
  }
};
json to_json(const entry_header& header);

/// A command of this State authority, and what is known of it.
enum class command_state : std::uint8_t {
  waiting,
  lapsed,
  recorded,
  refused,
  answered, ///< in a list: one command tells how
  left_out, ///< the answer was beyond a cut, and none has come in its place
};
constexpr auto names_of(command_state) {
  return std::to_array<std::string_view>({"waiting", "lapsed", "recorded", "refused", "answered", "left_out"});
}
struct command_line {
  std::uint64_t issued = 0; ///< its entry in the authority's stream
  ports::stream_id territory;
  command_state state{};
  std::optional<law::instant> valid_until;
  std::optional<std::uint64_t> executed;  ///< entry of the territory's stream that holds the answer
  std::optional<std::uint64_t> first_seq; ///< of the entries that it made there
  std::optional<std::uint64_t> last_seq;
  std::optional<law::refusal_code> refused;
  std::optional<law::text<40>> article;
  std::optional<law::text<400>> because;
  static constexpr auto fields() {
    using law::field;
    using t = command_line;
    return std::tuple{field{"issued", &t::issued},     field{"territory", &t::territory},
                      field{"state", &t::state},       field{"valid_until", &t::valid_until},
                      field{"executed", &t::executed}, field{"first_seq", &t::first_seq},
                      field{"last_seq", &t::last_seq}, field{"refused", &t::refused},
                      field{"article", &t::article},   field{"because", &t::because}};
  }
};
json to_json(const command_line& line);

/// What a State node knows of a territory that it follows.
struct followed_territory {
  ports::stream_id stream;
  law::text<120> name;
  std::uint64_t seq = 0; ///< of the replica, read so far
  bool caught_up = false;
  law::instant last_recorded_at{};
  std::uint64_t legal_persons = 0;
  std::uint64_t habilitations_in_force = 0;
  std::uint64_t conventions_in_force = 0;
  std::uint64_t commands_executed = 0;    ///< of this authority
  std::optional<ports::link_state> link;  ///< with the node that hosts it
  std::optional<std::uint64_t> their_seq; ///< there, as last heard
  std::optional<law::instant> last_heard;
  static constexpr auto fields() {
    using law::field;
    using t = followed_territory;
    return std::tuple{field{"stream", &t::stream},
                      field{"name", &t::name},
                      field{"seq", &t::seq},
                      field{"caught_up", &t::caught_up},
                      field{"last_recorded_at", &t::last_recorded_at},
                      field{"legal_persons", &t::legal_persons},
                      field{"habilitations_in_force", &t::habilitations_in_force},
                      field{"conventions_in_force", &t::conventions_in_force},
                      field{"commands_executed", &t::commands_executed},
                      field{"link", &t::link},
                      field{"their_seq", &t::their_seq},
                      field{"last_heard", &t::last_heard}};
  }
};
json to_json(const followed_territory& territory);
json to_json(const law::waiting_threshold_set& threshold);
json to_json(const law::lateness_line& line);

/// What somebody else has entered in the name of whoever asks.
struct entry_in_name {
  std::uint64_t seq = 0;
  law::instant recorded_at{};
  std::string kind;
  std::string title;
  law::civil_date occurred_on;
  law::party introducer;
  law::agent_id agent;
  law::subject_id subject;
  static constexpr auto fields() {
    using law::field;
    using t = entry_in_name;
    return std::tuple{
        field{"seq", &t::seq},     field{"recorded_at", &t::recorded_at}, field{"kind", &t::kind},
        field{"title", &t::title}, field{"occurred_on", &t::occurred_on}, field{"introducer", &t::introducer},
        field{"agent", &t::agent}, field{"subject", &t::subject}};
  }
};
json to_json(const entry_in_name& entry);

/// What the signatures of an erasure certificate vouch for. A mark covers entries, and says nothing of documents: each
/// holder removes their files as it reads the tombstone, and nobody attests that.
enum class erasure_attested : std::uint8_t { entries };
constexpr auto names_of(erasure_attested) { return std::to_array<std::string_view>({"entries"}); }

/// What an erasure has emptied, and who of those that hold this stream, or have, has confirmed that it is so there:
/// whoever countersigns a place after the tombstone has emptied the entries that it lists.
struct erasure_holder {
  ports::stream_id authority; ///< whose node holds a copy
  bool left = false;          ///< it follows the stream no more: what it has not confirmed it keeps, and is not told
  std::optional<ports::witness_mark> confirmed; ///< its signature; absent as long as it has not answered
  static constexpr auto fields() {
    using law::field;
    using t = erasure_holder;
    return std::tuple{field{"authority", &t::authority}, field{"left", &t::left}, field{"confirmed", &t::confirmed}};
  }
};
struct erasure_certificate {
  std::uint64_t seq = 0; ///< of the tombstone
  law::instant recorded_at{};
  law::subject_id subject;
  std::uint64_t entries = 0; ///< emptied
  std::uint64_t documents = 0;
  bool complete = false; ///< here, and with every holder, those that have left included
  erasure_attested attested{};
  law::list<erasure_holder, 64> holders;
  static constexpr auto fields() {
    using law::field;
    using t = erasure_certificate;
    return std::tuple{
        field{"seq", &t::seq},           field{"recorded_at", &t::recorded_at}, field{"subject", &t::subject},
        field{"entries", &t::entries},   field{"documents", &t::documents},     field{"complete", &t::complete},
        field{"attested", &t::attested}, field{"holders", &t::holders}};
  }
};
json to_json(const erasure_certificate& certificate);

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
