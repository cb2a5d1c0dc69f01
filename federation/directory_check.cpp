#include "federation/directory_check.hpp"

#include "federation/endpoint.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sodium.h>
#include <tuple>

namespace toit::federation {

namespace {

std::string item(const std::string& of, std::size_t at) { return of + "[" + std::to_string(at) + "]"; }

bool is_of_state(const stream_id& stream) { return stream.view().starts_with('S'); }

/// One that law::parse_date reads: a date left out is packed as a day before our era.
bool is_readable(law::civil_date day) {
  return day.ok() && day.year() >= std::chrono::year{1900} && day.year() < std::chrono::year{2200};
}

/// Nothing can be sealed to one of the few points of low order.
bool can_be_sealed_to(const law::bytes32& key) {
  const law::bytes32 any_secret{1};
  law::bytes32 shared{};
  return crypto_scalarmult(shared.data(), any_secret.data(), key.data()) == 0;
}

class examination {
public:
  examination(const directory& given, std::size_t most) : given_{given}, most_{most} {}

  std::vector<inconsistency> run() {
    check_validity();
    for (std::size_t i = 0; i < given_.nodes.size(); ++i)
      check_node(given_.nodes[i], item("nodes", i) + ".");
    for (std::size_t i = 0; i < given_.territories.size(); ++i)
      check_territory(given_.territories[i], item("territories", i) + ".");
    for (std::size_t i = 0; i < given_.competences.size(); ++i)
      check_competence(given_.competences[i], item("competences", i) + ".");
    return std::move(found_);
  }

private:
  void add(std::string where, std::string what) {
    if (found_.size() < most_)
      found_.push_back({std::move(where), std::move(what)});
  }

  void check_validity() {
    const auto& purpose = given_.purpose.str();
    if (purpose != "production" && purpose != "training" && purpose != "demonstration")
      add("purpose", "doit être l'un de : production training demonstration");
    if (given_.valid_until <= given_.issued_at)
      add("valid_until", "doit être après issued_at : l'annuaire ne vaudrait jamais");
  }

  void check_node(const node_entry& node, const std::string& at) {
    if (node.name.empty())
      add(at + "name", "manque : le nom du nœud");
    else if (!names_.insert(node.name).second)
      add(at + "name", "est déjà celui d'un autre nœud : " + node.name.text());
    if (node.legal_person.empty())
      add(at + "legal_person", "manque : le numéro SIREN de qui répond du nœud");
    if (!node.endpoint.empty() && !is_endpoint(node.endpoint.str()))
      add(at + "endpoint", "doit être de la forme tcp://hôte:port, avec un port de 1 à 65535");
    check_dated_keys(node.link_keys, link_keys_, at + "link_keys");
    check_dated_keys(node.signing_keys, signing_keys_, at + "signing_keys");
    if (node.operating_key)
      check_sealing_key(*node.operating_key, at + "operating_key");
    if (node.escrow_key)
      check_sealing_key(*node.escrow_key, at + "escrow_key");
    for (std::size_t i = 0; i < node.streams.size(); ++i)
      check_hosted(node, node.streams[i], item(at + "streams", i));
  }

  void check_hosted(const node_entry& node, const stream_id& stream, const std::string& where) {
    if (stream.empty())
      return add(where, "manque : le nom d'un flux");
    auto [known, is_new] = hosts_.emplace(stream, &node);
    if (!is_new)
      add(where, "est déjà hébergé par le nœud " + known->second->name.text() + " : " + stream.text());
  }

  void check_key(const law::bytes32& key, std::set<law::bytes32>& known, const std::string& where) {
    if (key == law::bytes32{})
      add(where, "n'est pas une clé");
    else if (!known.insert(key).second)
      add(where, "est une clé qui figure déjà dans l'annuaire");
  }

  void check_dated_keys(const dated_keys& keys, std::set<law::bytes32>& known, const std::string& at) {
    if (keys.empty())
      add(at, "manque : au moins une clé");
    for (std::size_t i = 0; i < keys.size(); ++i)
      check_key(keys[i].key, known, item(at, i) + ".key");
  }

  void check_sealing_key(const law::bytes32& key, const std::string& where) {
    if (!can_be_sealed_to(key))
      add(where, "n'est pas une clé");
    else
      check_key(key, sealing_keys_, where);
  }

  void check_territory(const territory_entry& entry, const std::string& at) {
    if (entry.territory.empty())
      add(at + "territory", "manque : le numéro SIREN du territoire");
    else if (entry.stream != ports::stream_of(entry.territory))
      add(at + "stream", "n'est pas celui du territoire : " + ports::stream_of(entry.territory).text());
    check_departements(entry, at);
    check_authorities(entry, at);
    check_dates(entry, at);
    check_numbers(entry, at);
    check_communes(entry, at);
  }

  void check_numbers(const territory_entry& entry, const std::string& at) {
    bool of_sne = !entry.registration || *entry.registration == law::registration_system::sne;
    if (entry.allots_numbers && of_sne && given_.purpose.str() == "production")
      add(at + "allots_numbers", "le numéro d'une demande vient du SNE : un nœud n'en attribue pas");
  }

  /// In one of its départements each, in order.
  void check_communes(const territory_entry& entry, const std::string& at) {
    for (std::size_t i = 0; i < entry.communes.size(); ++i) {
      const auto& commune = entry.communes[i];
      bool lies_there = !commune.empty() &&
                        std::ranges::find(entry.departements, law::departement_of(commune)) != entry.departements.end();
      if (!lies_there)
        add(item(at + "communes", i), "n'est pas dans un département du territoire");
      else if (i > 0 && !(entry.communes[i - 1] < commune))
        add(item(at + "communes", i), "figure deux fois, ou n'est pas dans l'ordre");
    }
  }

  void check_departements(const territory_entry& entry, const std::string& at) {
    if (entry.departements.empty())
      add(at + "departements", "manque : au moins un département");
    std::set<law::departement_code> known;
    for (std::size_t i = 0; i < entry.departements.size(); ++i)
      if (entry.departements[i].empty() || !known.insert(entry.departements[i]).second)
        add(item(at + "departements", i), "manque, ou figure deux fois");
  }

  /// Null, with what is wrong told, when no node acts for the authority.
  const node_entry* check_authority(const stream_id& authority, const std::string& where) {
    if (!is_of_state(authority)) {
      add(where, "doit être le flux d'une autorité de l'État (S…)");
      return nullptr;
    }
    auto host = hosts_.find(authority);
    if (host != hosts_.end())
      return host->second;
    add(where, "n'est hébergé par aucun nœud : " + authority.text());
    return nullptr;
  }

  void check_authorities(const territory_entry& entry, const std::string& at) {
    const auto* orderer = check_authority(entry.ordering, at + "ordering");
    if (orderer)
      orderings_[entry.territory].push_back(entry.ordering);
    if (orderer && !orderer->escrow_key)
      add(at + "ordering", "est hébergé par un nœud sans clé de séquestre (escrow_key) : " + orderer->name.text());
    std::set<stream_id> known;
    for (std::size_t i = 0; i < entry.supervisors.size(); ++i) {
      check_authority(entry.supervisors[i], item(at + "supervisors", i));
      if (!known.insert(entry.supervisors[i]).second)
        add(item(at + "supervisors", i), "figure deux fois");
    }
    if (!entry.ordering.empty() && !known.contains(entry.ordering))
      add(at + "supervisors", "doit compter l'autorité compétente pour le dispositif : " + entry.ordering.text());
  }

  void check_dates(const territory_entry& entry, const std::string& at) {
    if (!is_readable(entry.from) || (entry.until && !is_readable(*entry.until)))
      return add(at + (is_readable(entry.from) ? "until" : "from"), "n'est pas un jour entre 1900 et 2199");
    if (entry.until && *entry.until < entry.from)
      add(at + "until", "est avant from");
    if (entry.stream.empty())
      return;
    auto& others = entries_[entry.stream];
    for (const auto* other : others)
      if ((!other->until || entry.from <= *other->until) && (!entry.until || other->from <= *entry.until)) {
        add(at + "from", "chevauche une autre ligne du même territoire");
        break;
      }
    others.push_back(&entry);
  }

  void check_competence(const competence& row, const std::string& at) {
    if (row.territory.empty())
      add(at + "territory", "manque : le numéro SIREN du territoire");
    else if (!competent_.emplace(row.territory, row.matter, row.departement).second)
      add(at + "matter",
          "a déjà une ligne pour ce territoire et ce département : " + std::string{law::name_of(row.matter)});
    if (row.departement && row.departement->empty())
      add(at + "departement", "manque : un code de département, ou rien");
    if (check_authority(row.authority, at + "authority") && row.matter == matter::dispositif)
      check_ordering(row, at);
  }

  /// The authority competent for the dispositif is the ordering one: a row may name no other in any line.
  void check_ordering(const competence& row, const std::string& at) {
    auto known = orderings_.find(row.territory);
    if (known == orderings_.end())
      return;
    auto other = std::ranges::find_if(known->second, [&](const stream_id& one) { return one != row.authority; });
    if (other != known->second.end())
      add(at + "authority", "n'est pas l'autorité de ce territoire (ordering) : " + other->text());
  }

  const directory& given_;
  std::size_t most_;
  std::vector<inconsistency> found_;
  std::set<node_name> names_;
  std::set<law::bytes32> link_keys_;
  std::set<law::bytes32> signing_keys_;
  std::set<law::bytes32> sealing_keys_; ///< operating and escrow keys
  std::map<stream_id, const node_entry*> hosts_;
  std::map<stream_id, std::vector<const territory_entry*>> entries_;
  std::map<law::siren, std::vector<stream_id>> orderings_; ///< of each line
  std::set<std::tuple<law::siren, matter, std::optional<law::departement_code>>> competent_;
};

} // namespace

std::vector<inconsistency> inconsistencies_of(const directory& given, std::size_t most) {
  return examination{given, most}.run();
}

bool replaces(const directory& brought, const directory& in_force) {
  return brought.purpose == in_force.purpose && brought.number > in_force.number;
}

} // namespace toit::federation
