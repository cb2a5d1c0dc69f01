#include "nodes/program/federation_demo.hpp"

#include "journal/keys.hpp"
#include "law/scalar_text.hpp"
#include "nodes/ports/cuttable_line.hpp"
#include "nodes/ports/free_ports.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/child_process.hpp"
#include "nodes/program/demonstration_folder.hpp"
#include "nodes/program/service.hpp"

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using federation::node_tier;

constexpr std::array<demonstration_node, 6> everybody{{
    // The two State services are fictitious legal persons: their SIREN are no one's.
    {"prefecture-region", "SR11", "999100001", "Préfecture de région : Île-de-France (fictive)"},
    {"prefecture-93", "SD93", "999930001", "Préfecture de la Seine-Saint-Denis (fictive)"},
    {"plaine-commune", "T200057867", "200057867", "Plaine Commune"},
    {"est-ensemble", "T200057875", "200057875", "Est Ensemble"},
    {"grand-paris-grand-est", "T200058790", "200058790", "Grand Paris Grand Est"},
    {"terres-d-envol", "T200058097", "200058097", "Paris Terres d'Envol"},
}};
constexpr std::size_t state_nodes = 2;
/// Of the other territories: the demonstration begins in about a minute all the same.
constexpr std::uint32_t others_one_in = 10;

constexpr const char* escrow_file = "escrow.keys";

node_tier tier_of(const demonstration_node& node) {
  if (node.stream.starts_with("SR"))
    return node_tier::region;
  return node.stream.starts_with("SD") ? node_tier::departement : node_tier::territory;
}

journal::public_key signing_key_of(const journal::node_keys& keys) {
  return journal::signing_key{keys.signing_seed}.public_half();
}

journal::node_keys keys_in(const fs::path& file) {
  auto keys = read_keys(file);
  if (!keys)
    throw std::runtime_error{"the keys do not read: " + file.string()};
  return *keys;
}

void make_keys(const fs::path& file) {
  if (!fs::exists(file))
    create_keys(file);
}

// -- what is prepared -----------------------------------------------------------------------------------------------

/// True when every territory has its population: one that was interrupted is begun anew, and with it all the others,
/// who hold what it had written.
bool is_whole(const fs::path& data) {
  return std::ranges::all_of(everybody, [&](const auto& node) {
    return node.stream.starts_with('S') || fs::exists(data / node.name / done_mark);
  });
}

bool prepare(const demonstration_options& options) {
  const auto& data = options.data;
  if (fs::exists(data) && !fs::is_empty(data) && !fs::exists(data / begun_mark))
    return false;
  auto password = read_mark(data / begun_mark);
  if (!is_whole(data) && fs::exists(data))
    for (const auto& entry : fs::directory_iterator{data})
      fs::remove_all(entry.path());
  fs::create_directories(data);
  fs::permissions(data, fs::perms::owner_all);
  if (!fs::exists(data / begun_mark))
    mark(data / begun_mark, password.empty() ? fresh_password() : password);
  make_keys(data / anchor_file);
  make_keys(data / escrow_file);
  for (const auto& node : everybody) {
    fs::create_directories(data / node.name);
    fs::permissions(data / node.name, fs::perms::owner_all);
    make_keys(data / node.name / "node.keys");
    mark(data / node.name / begun_mark, read_mark(data / begun_mark));
    fs::remove(data / node.name / port_mark);
    fs::remove(data / node.name / paused_mark);
    fs::remove(data / node.name / cut_mark);
  }
  fs::remove(data / port_mark);
  return true;
}

federation::directory describe(const fs::path& data, std::span<const std::uint16_t> ports, law::instant now) {
  federation::directory made;
  // Each start has ports of its own, and so a directory of its own: later than every one before.
  made.number = static_cast<std::uint64_t>(now.time_since_epoch().count());
  made.purpose = law::text<16>{"demonstration"};
  made.issued_at = now;
  made.valid_until = now + std::chrono::hours{24 * 365};
  for (std::size_t i = 0; i < everybody.size(); ++i) {
    const auto& node = everybody[i];
    auto keys = keys_in(data / node.name / "node.keys");
    auto& entry = made.nodes.emplace_back();
    entry.name = *ports::node_name::parse(node.name);
    entry.tier = tier_of(node);
    entry.legal_person = *law::siren::parse(node.siren);
    entry.title = law::text<120>{node.title};
    if (i < state_nodes)
      entry.endpoint = law::text<120>{"tcp://127.0.0.1:" + std::to_string(ports[i])};
    entry.link_keys.push_back({journal::link_public(keys), {}, {}});
    entry.signing_keys.push_back({signing_key_of(keys), {}, {}});
    entry.operating_key = journal::operating_public(keys.operating_secret);
    entry.streams.push_back(*ports::stream_id::parse(node.stream));
  }
  made.nodes.front().escrow_key = journal::operating_public(keys_in(data / escrow_file).operating_secret);
  return made;
}

void add_territories(federation::directory& made) {
  auto ordering = *ports::stream_id::parse(everybody[0].stream);
  auto departmental = *ports::stream_id::parse(everybody[1].stream);
  for (const auto& node : everybody) {
    if (tier_of(node) != node_tier::territory)
      continue;
    auto& territory = made.territories.emplace_back();
    territory.stream = *ports::stream_id::parse(node.stream);
    territory.territory = *law::siren::parse(node.siren);
    territory.name = law::text<120>{node.title};
    territory.departements.push_back(*law::departement_code::parse("93"));
    territory.ordering = ordering;
    territory.supervisors = {ordering, departmental};
    territory.from = law::civil_date{std::chrono::year{2016} / 1 / 1};
    territory.registration = law::registration_system::systeme_particulier;
    territory.allots_numbers = true;
    territory.tense_zone = true;
    auto competent = [&](federation::matter matter, const ports::stream_id& authority, const char* source) {
      made.competences.push_back({territory.territory, matter, {}, authority, law::text<200>{source}});
    };
    competent(federation::matter::dispositif, ordering, "CCH L441-2-7 al. 3 : préfet de région en Île-de-France");
    competent(federation::matter::thresholds, departmental, "CCH L441-1-4 : préfet de département");
    competent(federation::matter::dalo, departmental, "CCH L441-2-3 : préfet de département");
    competent(federation::matter::cil, departmental, "CCH L441-1-5 : préfet de département");
    competent(federation::matter::cia, departmental, "CCH L441-1-6 : préfet de département");
  }
}

std::string links_of(const demonstration_node& node, const std::string& anchor, const std::string& listen) {
  return "\n[federation]\nname = \"" + std::string{node.name} + "\"\ndirectory = \"../" + directory_file +
         "\"\nanchor = \"" + anchor + "\"\n" + (listen.empty() ? "" : "listen = \"" + listen + "\"\n") +
         (&node == everybody.data() ? "escrow_keys = \"../" + std::string{escrow_file} + "\"\n" : "");
}

/// Its clock begins on the day on which those of the territories do: it would name days that they do not know yet.
std::string state_configuration(const demonstration_node& node, law::civil_date clock_begins) {
  bool region = tier_of(node) == node_tier::region;
  return std::string{"# Fictitious data. A node of the State.\npurpose = \"demonstration\"\n\n[authority]\ntier = \""} +
         (region ? "region" : "departement") + "\"\ncode = \"" + std::string{node.stream.substr(2)} +
         "\"\nlegal_person = \"" + std::string{node.siren} +
         "\"\n\n[data]\ndirectory = \".\"\nkeys = \"node.keys\"\n\n[http]\nport = 0\n\n[log]\nformat = \"text\"\n"
         "level = \"warning\"\n\n[clock]\nbegins = " +
         law::to_text(clock_begins) + "\n";
}

void write_directory(const fs::path& data, std::span<const std::uint16_t> ports) {
  auto now = system_clock{}.now();
  auto made = describe(data, ports, now);
  add_territories(made);
  if (auto wrong = federation::inconsistency_of(made); !wrong.empty())
    throw std::runtime_error{wrong};
  auto content = federation::sign_directory(made, journal::signing_key{keys_in(data / anchor_file).signing_seed});
  std::ofstream out{data / directory_file, std::ios::binary};
  out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  if (!out.flush())
    throw std::runtime_error{"the directory cannot be written"};
}

void write_configurations(const demonstration_options& options, std::span<const std::uint16_t> ports) {
  auto anchor = law::to_hex(signing_key_of(keys_in(options.data / anchor_file)));
  auto begins = demonstration_begins(options.last_day);
  for (std::size_t i = 0; i < everybody.size(); ++i) {
    const auto& node = everybody[i];
    auto listen = i < state_nodes ? "tcp://127.0.0.1:" + std::to_string(ports[i]) : std::string{};
    auto own = options;
    own.port = i == state_nodes ? options.port : std::uint16_t{0};
    own.territory = *law::siren::parse(node.siren);
    auto text =
        i < state_nodes ? state_configuration(node, options.last_day) : demonstration_configuration(own, begins);
    mark(options.data / node.name / "node.toml", text + links_of(node, anchor, listen));
  }
}

// -- the processes --------------------------------------------------------------------------------------------------

class federation_demo {
public:
  federation_demo(const demonstration_options& options, std::ostream& out) : options_{options}, out_{out} {}

  int run() {
    auto ports = free_ports(state_nodes);
    auto reached = ports;
    for (std::size_t i = 0; i < state_nodes; ++i)
      reached[i] = lines_.emplace_back(std::make_unique<cuttable_line>(ports[i]))->port();
    write_directory(options_.data, reached);
    write_configurations(options_, ports);
    for (const auto& node : everybody)
      begin(node);
    bool told = false;
    while (!end_.signalled(std::chrono::milliseconds{100})) {
      for (std::size_t i = 0; i < state_nodes; ++i)
        lines_[i]->set_cut(fs::exists(options_.data / everybody[i].name / cut_mark));
      if (!look_after())
        return stop(exit_refused);
      if (!told && all_serve())
        told = tell();
    }
    return stop(exit_done);
  }

private:
  struct member {
    const demonstration_node* node = nullptr;
    child_process process;
    unsigned restarts = 0;
  };
  /// A node that ends so often by itself does not come right.
  static constexpr unsigned restarts_most = 20;

  void begin(const demonstration_node& node) {
    auto& one = members_.emplace_back();
    one.node = &node;
    launch(one);
  }

  void launch(member& one) {
    auto folder = options_.data / one.node->name;
    bool whole = one.node->stream == everybody[state_nodes].stream;
    auto one_in = whole ? options_.one_in : options_.one_in * others_one_in;
    one.process = child_process{{"demo-node", "--data", folder.string(), "--one-in", std::to_string(one_in), "--seed",
                                 std::to_string(options_.seed), "--until", law::to_text(options_.last_day)}};
    mark(folder / pid_mark, std::to_string(one.process.pid()));
  }

  /// False when the demonstration cannot go on.
  bool look_after() {
    for (auto& one : members_) {
      if (one.process.runs() || fs::exists(options_.data / one.node->name / paused_mark))
        continue;
      if (++one.restarts > restarts_most) {
        std::cerr << "toit : le nœud " << one.node->name << " s'est arrêté : son journal technique dit pourquoi.\n";
        return false;
      }
      launch(one);
    }
    return true;
  }

  bool all_serve() const {
    return std::ranges::all_of(everybody,
                               [&](const auto& node) { return fs::exists(options_.data / node.name / port_mark); });
  }

  int stop(int code) {
    for (auto& one : members_)
      one.process.terminate();
    for (auto& one : members_)
      if (!one.process.wait(std::chrono::seconds{40}))
        code = exit_refused;
    return code;
  }

  bool tell() const {
    auto password = read_mark(options_.data / begun_mark);
    nlohmann::ordered_json told{{"password", password}, {"nodes", nlohmann::ordered_json::array()}};
    if (!options_.json)
      out_ << "\nToit Commun : la Seine-Saint-Denis en démonstration, six nœuds, population fictive.\n\n";
    for (const auto& node : everybody) {
      auto folder = options_.data / node.name;
      auto address = "https://127.0.0.1:" + read_mark(folder / port_mark);
      told["nodes"].push_back({{"name", node.name},
                               {"stream", node.stream},
                               {"address", address},
                               {"certificate", (folder / "tls" / "certificate.pem").string()}});
      if (!options_.json)
        out_ << "  " << address << "  " << node.title << "\n";
    }
    auto first = options_.data / everybody[state_nodes].name;
    told["address"] = told["nodes"][state_nodes]["address"];
    if (options_.json)
      out_ << told.dump() << std::endl;
    else
      out_ << "\n  mot de passe  " << password << "   (de tous les comptes : « gestionnaire » sur chaque nœud ;\n"
           << "                les autres comptes des territoires : " << (first / "accounts").string() << ")\n"
           << "\n  toit tour --data " << options_.data.string() << "   suit une demande, puis la fédération\n"
           << "  Ctrl-C        arrête\n"
           << std::endl;
    mark(options_.data / port_mark, read_mark(first / port_mark));
    return true;
  }

  const demonstration_options& options_;
  std::ostream& out_;
  std::vector<member> members_;
  std::vector<std::unique_ptr<cuttable_line>> lines_; ///< over which the State's nodes are reached
  end_of_service end_;
};

} // namespace

std::span<const demonstration_node> demonstration_nodes() { return everybody; }

int demonstrate_federation(const demonstration_options& options, std::ostream& out, std::ostream& err) {
  if (!prepare(options)) {
    err << "Le dossier " << options.data.string() << " n'est pas celui d'une démonstration : il n'est pas touché.\n";
    return exit_refused;
  }
  return federation_demo{options, out}.run();
}

} // namespace toit::nodes
