#include "nodes/program/directory_description.hpp"

#include "federation/directory_check.hpp"
#include "law/competence.hpp"
#include "nodes/host/toml_reading.hpp"

#include <algorithm>

namespace toit::nodes {

namespace {

using federation::directory;

/// One file, read from its first key to its last.
class description {
public:
  description(const toml::table& root, const territory_map& map, law::instant now, configuration_faults& faults)
      : root_{root}, map_{map}, now_{now}, faults_{faults} {}

  directory read() {
    toml_reading from{root_, faults_};
    read_head(from);
    must_have(from, "nodes", "au moins un nœud");
    for (auto& node : from.take_tables("nodes", directory_.nodes.max_items))
      directory_.nodes.push_back(read_node(node));
    for (auto& territory : from.take_tables("territories", directory_.territories.max_items))
      directory_.territories.push_back(read_territory(territory));
    for (auto& row : from.take_tables("competences", directory_.competences.max_items))
      directory_.competences.push_back(read_competence(row));
    from.refuse_unknown();
    add_inconsistencies();
    return std::move(directory_);
  }

private:
  static void must_have(toml_reading& from, const std::string& key, const char* what) {
    if (!from.has(key))
      from.fail(key, std::string{"manque : "} + what);
  }

  void read_head(toml_reading& from) {
    must_have(from, "number", "le numéro de l'annuaire, plus grand que celui du précédent");
    if (auto number = from.take_number("number", 1, INT64_MAX))
      directory_.number = static_cast<std::uint64_t>(*number);
    must_have(from, "purpose", "production, training ou demonstration");
    if (node_purpose purpose{}; from.take_choice("purpose", purpose))
      directory_.purpose = law::text<16>{law::name_of(purpose)};
    directory_.issued_at = from.take_instant("issued_at").value_or(now_);
    must_have(from, "valid_until", "l'instant jusqu'auquel vaut l'annuaire");
    if (auto until = from.take_instant("valid_until"))
      directory_.valid_until = *until;
  }

  template <std::size_t Max>
  static void take_bounded(toml_reading& from, const std::string& key, law::text<Max>& target) {
    auto given = from.take_text(key);
    auto parsed = given ? law::text<Max>::parse(*given) : std::nullopt;
    if (parsed)
      target = *parsed;
    else if (given)
      from.fail(key, "a plus de " + std::to_string(Max) + " octets, ou un caractère de contrôle");
  }

  static law::siren take_siren(toml_reading& from, const std::string& key, const char* what) {
    must_have(from, key, what);
    return from.take_code<law::siren>(key, "n'est pas un numéro SIREN").value_or(law::siren{});
  }

  static ports::stream_id take_stream(toml_reading& from, const std::string& key) {
    return from.take_code<ports::stream_id>(key, "n'est pas le nom d'un flux (T ou S, puis des chiffres et capitales)")
        .value_or(ports::stream_id{});
  }

  /// Items that are wrong stay, empty, so that each keeps its place.
  template <class Code, std::size_t Max>
  static void take_codes(toml_reading& from, const std::string& key, const char* what, law::list<Code, Max>& target) {
    for (const auto& text : from.take_texts(key, Max)) {
      auto parsed = text ? Code::parse(*text) : std::nullopt;
      if (text && !parsed)
        from.fail(key + "[" + std::to_string(target.size()) + "]", what);
      target.push_back(parsed.value_or(Code{}));
    }
  }

  std::optional<law::bytes32> take_key(toml_reading& from, const std::string& key) {
    auto text = from.take_text(key);
    if (!text)
      return std::nullopt;
    law::bytes32 parsed{};
    if (!law::parse_hex(*text, parsed))
      from.fail(key, "n'est pas une clé : 64 chiffres hexadécimaux, en minuscules");
    else if (directory_.purpose == law::text<16>{"production"} &&
             std::ranges::all_of(parsed, [&](auto byte) { return byte == parsed[0]; }))
      from.fail(key, "est la clé d'un exemple");
    return parsed;
  }

  void take_dated_keys(toml_reading& from, const std::string& list, federation::dated_keys& target) {
    for (auto& one : from.take_tables(list, target.max_items)) {
      federation::dated_key key;
      must_have(one, "key", "la moitié publique de la clé");
      key.key = take_key(one, "key").value_or(law::bytes32{});
      must_have(one, "from", "l'instant à partir duquel la clé compte");
      key.from = one.take_instant("from").value_or(law::instant{});
      key.revoked = one.take_instant("revoked");
      one.refuse_unknown();
      target.push_back(key);
    }
  }

  federation::node_entry read_node(toml_reading& from) {
    federation::node_entry node;
    must_have(from, "name", "le nom du nœud");
    node.name =
        from.take_code<ports::node_name>("name", "doit être fait de a-z, 0-9 et -, en commençant par une lettre")
            .value_or(ports::node_name{});
    must_have(from, "tier", "territory, departement ou region");
    from.take_choice("tier", node.tier);
    node.legal_person = take_siren(from, "legal_person", "le numéro SIREN de qui répond du nœud");
    must_have(from, "title", "le nom du nœud pour qui le lit");
    take_bounded(from, "title", node.title);
    take_bounded(from, "endpoint", node.endpoint);
    take_dated_keys(from, "link_keys", node.link_keys);
    take_dated_keys(from, "signing_keys", node.signing_keys);
    node.operating_key = take_key(from, "operating_key");
    node.escrow_key = take_key(from, "escrow_key");
    take_codes(from, "streams", "n'est pas le nom d'un flux", node.streams);
    from.refuse_unknown();
    return node;
  }

  void fill_from_map(toml_reading& from, federation::territory_entry& entry) {
    const auto* known = entry.territory.empty() ? nullptr : map_.find(entry.territory);
    bool complete = from.has("name") && from.has("departements");
    if (!known && !complete) {
      excused_.push_back(from.whole("departements"));
      if (!entry.territory.empty())
        from.fail("territory", "n'est pas un territoire de la carte : donnez name et departements, ou cherchez-le par "
                               "« toit territory »");
      return;
    }
    if (!from.has("name") && known)
      entry.name = law::text<120>::parse(known->name).value_or(law::text<120>{});
    if (!from.has("departements") && known)
      entry.departements.assign(known->departements.begin(), known->departements.end());
  }

  /// Of whatever the map does not know.
  void take_communes(toml_reading& from, federation::territory_entry& entry) {
    if (!from.has("communes"))
      return;
    if (!entry.territory.empty() && map_.find(entry.territory))
      from.fail("communes", "sont celles de la carte : à ne donner que pour un territoire qui n'y est pas");
    take_codes(from, "communes", "n'est pas le code d'une commune", entry.communes);
    std::ranges::sort(entry.communes);
    for (const auto& commune : entry.communes)
      if (!map_.find(commune))
        from.fail("communes", "n'est pas une commune de la carte : " + commune.text());
  }

  /// By these, whoever hosts the territory gives numbers and counts terms: nothing is taken for granted.
  void take_settings(toml_reading& from, federation::territory_entry& entry) {
    must_have(from, "registration_system", "sne ou systeme_particulier (R441-2-5)");
    if (from.has("registration_system"))
      from.take_choice("registration_system", entry.registration.emplace());
    from.take_flag("allots_numbers", entry.allots_numbers);
    from.take_flag("tense_zone", entry.tense_zone);
  }

  federation::territory_entry read_territory(toml_reading& from) {
    federation::territory_entry entry;
    entry.territory = take_siren(from, "territory", "le numéro SIREN du territoire");
    if (!entry.territory.empty())
      entry.stream = ports::stream_of(entry.territory);
    take_bounded(from, "name", entry.name);
    take_codes(from, "departements", "n'est pas le code d'un département", entry.departements);
    fill_from_map(from, entry);
    must_have(from, "ordering", "l'autorité compétente pour le dispositif (L441-2-7)");
    entry.ordering = take_stream(from, "ordering");
    check_text(from, "ordering", entry.ordering, federation::matter::dispositif, entry.departements);
    take_codes(from, "supervisors", "n'est pas le nom d'un flux", entry.supervisors);
    must_have(from, "from", "le premier jour");
    if (auto day = from.take_day("from"))
      entry.from = *day;
    entry.until = from.take_day("until");
    take_settings(from, entry);
    take_communes(from, entry);
    from.refuse_unknown();
    return entry;
  }

  /// A row must be about a territory of the directory, and about a département in which it lies.
  void check_place(toml_reading& from, const federation::competence& row) {
    bool known = false;
    bool lies_there = !row.departement;
    for (const auto& entry : directory_.territories) {
      if (entry.territory != row.territory)
        continue;
      known = true;
      lies_there = lies_there || std::ranges::find(entry.departements, *row.departement) != entry.departements.end();
    }
    if (!row.territory.empty() && !known)
      from.fail("territory", "n'est pas un territoire de cet annuaire");
    else if (!lies_there)
      from.fail("departement", "n'est pas un département de ce territoire");
  }

  /// Who is named is one of those whom the text makes competent: which one, where it leaves several, is what naming him
  /// is for.
  // [L441-2-7-3-2] [L441-2-7-4-1]
  static void check_text(toml_reading& from, const std::string& key, const ports::stream_id& named,
                         federation::matter matter, std::span<const law::departement_code> where) {
    auto competent = law::competent_by_text(matter, where);
    auto stream_of = [](const law::prefect& p) {
      return (p.level == law::prefect_level::region ? "SR" : "SD") + p.of.str();
    };
    bool is_one = std::ranges::any_of(competent, [&](const auto& p) { return stream_of(p) == named.view(); });
    if (!competent.empty() && !named.empty() && !is_one)
      from.fail(key, "n'est pas l'autorité que le texte nomme dans cette matière : " + stream_of(competent.front()));
  }

  void check_text(toml_reading& from, const federation::competence& row) {
    std::vector<law::departement_code> where;
    for (const auto& entry : directory_.territories)
      if (entry.territory == row.territory)
        where.insert(where.end(), entry.departements.begin(), entry.departements.end());
    // A joint designation for all of them names one of their prefects; a row for one département, its own.
    if (row.departement && !where.empty())
      where = {*row.departement};
    check_text(from, "authority", row.authority, row.matter, where);
  }

  federation::competence read_competence(toml_reading& from) {
    federation::competence row;
    row.territory = take_siren(from, "territory", "le numéro SIREN du territoire");
    must_have(from, "matter", "dispositif, thresholds, dalo, cil, cia, plan, registration ou obstruction");
    from.take_choice("matter", row.matter);
    row.departement = from.take_code<law::departement_code>("departement", "n'est pas le code d'un département");
    must_have(from, "authority", "l'autorité compétente");
    row.authority = take_stream(from, "authority");
    must_have(from, "source", "le texte ou l'acte d'où vient la compétence");
    take_bounded(from, "source", row.source);
    check_place(from, row);
    check_text(from, row);
    from.refuse_unknown();
    return row;
  }

  /// True when something is already told of the place, of what it is in, or of what is in it.
  bool is_told(const std::string& where) const {
    auto holds = [](const std::string& outer, const std::string& inner) {
      return inner.starts_with(outer) &&
             (inner.size() == outer.size() || inner[outer.size()] == '.' || inner[outer.size()] == '[');
    };
    return std::ranges::find(excused_, where) != excused_.end() ||
           std::ranges::any_of(faults_, [&](const configuration_fault& fault) {
             return holds(fault.key, where) || holds(where, fault.key);
           });
  }

  void add_inconsistencies() {
    for (auto& found : federation::inconsistencies_of(directory_))
      if (!is_told(found.where))
        faults_.push_back({found.where, line_of(root_, found.where), std::move(found.what)});
  }

  const toml::table& root_;
  const territory_map& map_;
  law::instant now_;
  configuration_faults& faults_;
  directory directory_;
  std::vector<std::string> excused_; ///< they are wrong because of what has been told
};

} // namespace

std::expected<directory, configuration_faults> parse_directory_description(std::string_view text,
                                                                           const territory_map& map, law::instant now) {
  if (text.size() > description_limit_bytes)
    return std::unexpected{configuration_faults{{"", 0, "le fichier est trop grand"}}};
  configuration_faults faults;
  try {
    auto root = toml::parse(text);
    auto read = description{root, map, now, faults}.read();
    if (faults.empty())
      return read;
  } catch (const toml::parse_error& failure) {
    faults.push_back({"", failure.source().begin.line, "n'est pas du TOML : " + std::string{failure.description()}});
  }
  return std::unexpected{std::move(faults)};
}

} // namespace toit::nodes
