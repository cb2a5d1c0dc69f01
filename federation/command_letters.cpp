#include "federation/command_letters.hpp"

#include "journal/codec.hpp"
#include "journal/pack.hpp"

#include <algorithm>
#include <set>

namespace toit::federation {

namespace {

/// A posted command as it is packed.
struct letter {
  stream_id issuer;
  stream_id addressee;
  law::command_id id;
  std::optional<law::nud> number;
  bytes asked; ///< as the payload of an entry
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"issuer", &letter::issuer}, field{"addressee", &letter::addressee},
                      field{"id", &letter::id}, field{"number", &letter::number}, field{"asked", &letter::asked}};
  }
};

} // namespace

command_letters::command_letters(stream_id own, std::vector<law::bytes32> operating_secrets, directory current,
                                 std::shared_ptr<const ports::clock> clock, std::function<law::civil_date()> today)
    : own_{own}, operating_secrets_{std::move(operating_secrets)}, clock_{std::move(clock)}, today_{std::move(today)},
      current_{std::make_shared<const directory>(std::move(current))} {}

void command_letters::adopt(directory newer) {
  auto shared = std::make_shared<const directory>(std::move(newer));
  std::lock_guard lock{mutex_};
  current_ = std::move(shared);
}

std::shared_ptr<const directory> command_letters::current() const {
  std::lock_guard lock{mutex_};
  return current_;
}

// -- what the directory says ----------------------------------------------------------------------------------------

std::vector<stream_id> command_letters::issuers() const {
  auto in_force = current();
  const auto* territory = in_force->territory_of(own_, today_());
  return territory ? std::vector<stream_id>{territory->supervisors} : std::vector<stream_id>{};
}

std::vector<law::departement_code> command_letters::competent_in(const stream_id& authority,
                                                                 law::state_matter of) const {
  auto in_force = current();
  std::vector<law::departement_code> where;
  if (const auto* territory = in_force->territory_of(own_, today_()))
    std::ranges::copy_if(territory->departements, std::back_inserter(where), [&](law::departement_code departement) {
      return in_force->authority_for(*territory, of, departement) == authority;
    });
  return where;
}

std::vector<stream_id> command_letters::territories() const {
  auto in_force = current();
  auto day = today_();
  std::vector<stream_id> followed;
  for (const auto& territory : in_force->territories)
    if (territory.in_force(day) && std::ranges::find(territory.supervisors, own_) != territory.supervisors.end())
      followed.push_back(territory.stream);
  return followed;
}

std::optional<ports::node_name> command_letters::host_of(const stream_id& stream) const {
  auto in_force = current();
  const auto* host = in_force->host_of(stream);
  return host ? std::optional{host->name} : std::nullopt;
}

std::optional<law::siren> command_letters::answers_for(const stream_id& stream) const {
  auto in_force = current();
  const auto* host = in_force->host_of(stream);
  return host ? std::optional{host->legal_person} : std::nullopt;
}

bool command_letters::sets_thresholds_of(law::departement_code departement) const {
  auto in_force = current();
  auto day = today_();
  return std::ranges::any_of(in_force->territories, [&](const territory_entry& territory) {
    return territory.in_force(day) &&
           std::ranges::find(territory.departements, departement) != territory.departements.end() &&
           in_force->authority_for(territory, matter::thresholds, departement) == own_;
  });
}

namespace {

/// On whatever day.
std::set<stream_id> orderers_of(const directory& in, law::siren territory) {
  std::set<stream_id> orderers;
  for (const auto& entry : in.territories)
    if (entry.territory == territory)
      orderers.insert(entry.ordering);
  return orderers;
}

std::vector<stream_id> others_of(std::set<stream_id> orderers, const stream_id& own) {
  orderers.erase(own);
  return {orderers.begin(), orderers.end()};
}

} // namespace

// [L441-2-7-3-2] [L441-2-7-4-1]
std::optional<ports::followed_place> command_letters::place_of(law::siren territory) const {
  auto in_force = current();
  auto orderers = orderers_of(*in_force, territory);
  if (const auto* entry = in_force->territory_of(ports::stream_of(territory), today_())) {
    auto orders = in_force->authority_for(*entry, matter::dispositif, std::nullopt);
    return ports::followed_place{{entry->departements.begin(), entry->departements.end()},
                                 orders == own_,
                                 true,
                                 in_force->host_of(entry->stream) != nullptr,
                                 others_of(std::move(orderers), own_)};
  }
  // One that has no node, but stands in the competence table.
  ports::followed_place place;
  bool known = false;
  for (const auto& row : in_force->competences) {
    if (row.territory != territory || row.matter != matter::dispositif)
      continue;
    known = true;
    place.ordered_here = place.ordered_here || row.authority == own_;
    orderers.insert(row.authority);
    if (row.departement)
      place.departements.push_back(*row.departement);
  }
  place.ordered_by_others = others_of(std::move(orderers), own_);
  return known ? std::optional{place} : std::nullopt;
}

// -- letters --------------------------------------------------------------------------------------------------------

std::optional<std::string> command_letters::seal_for(const stream_id& whom, byte_view plain, std::size_t most) const {
  auto in_force = current();
  const auto* host = in_force->host_of(whom);
  if (!host || !host->operating_key || journal::box_characters(plain.size()) > most)
    return std::nullopt;
  return journal::seal_box(*host->operating_key, plain);
}

std::optional<bytes> command_letters::open_box(std::string_view box) const {
  for (const auto& secret : operating_secrets_)
    if (auto plain = journal::open_box(box, secret))
      return plain;
  return std::nullopt;
}

std::optional<law::text<65536>> command_letters::seal(const ports::posted_command& command) const {
  letter written{command.issuer, command.addressee, command.id, command.number, journal::encode(command.asked)};
  auto box = seal_for(command.addressee, journal::pack_alone(written), 65536);
  return box ? law::text<65536>::parse(*box) : std::nullopt;
}

std::optional<ports::posted_command> command_letters::open(const law::text<65536>& sealed) const {
  auto plain = open_box(sealed.str());
  auto read = plain ? journal::unpack_alone<letter>(*plain) : std::nullopt;
  auto asked = read ? journal::decode(read->asked) : std::nullopt;
  if (!asked)
    return std::nullopt;
  return ports::posted_command{read->issuer, read->addressee, read->id, read->number, std::move(*asked)};
}

std::optional<law::text<8192>> command_letters::seal(const stream_id& issuer,
                                                     const ports::posted_result& result) const {
  auto box = seal_for(issuer, journal::pack_alone(result), 8192);
  return box ? law::text<8192>::parse(*box) : std::nullopt;
}

std::optional<ports::posted_result> command_letters::open_result(const law::text<8192>& sealed) const {
  auto plain = open_box(sealed.str());
  return plain ? journal::unpack_alone<ports::posted_result>(*plain) : std::nullopt;
}

} // namespace toit::federation
