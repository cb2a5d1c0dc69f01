#include "nodes/program/demonstration.hpp"

#include "nodes/host/certificate.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/demonstration_folder.hpp"
#include "nodes/program/embedded.hpp"
#include "nodes/program/federation_demo.hpp"
#include "nodes/program/populate.hpp"
#include "nodes/program/progress.hpp"

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sodium.h>
#include <thread>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;

constexpr const char* gestionnaire_login = "gestionnaire";

/// False when the folder is somebody else's.
bool prepare(const demonstration_options& options, law::civil_date clock_begins) {
  const auto& data = options.data;
  if (fs::exists(data) && !fs::is_empty(data) && !fs::exists(data / begun_mark))
    return false;
  if (fs::exists(data / done_mark))
    return true;
  // A population that was interrupted is begun anew.
  {
    data_directory held{data};
  }
  for (const auto& entry : fs::directory_iterator{data})
    fs::remove_all(entry.path());
  fs::permissions(data, fs::perms::owner_all);
  mark(data / begun_mark, fresh_password());
  mark(data / "node.toml", demonstration_configuration(options, clock_begins));
  create_keys(data / "node.keys");
  return true;
}

law::agent_id gestionnaire_account(opened_node& opened) {
  constexpr std::size_t first_entries = 16;
  for (const auto& entry : opened.journal().open_reader()->read(opened.stream(), 0, first_entries))
    if (const auto* account = std::get_if<law::account_opened>(&entry.record->event))
      return account->account;
  throw std::runtime_error{"the demonstration has no first account"};
}

void wait_until_ready(const running_node& node, const end_of_service& end) {
  constexpr int tries = 6000;
  for (int i = 0; i < tries && node.not_ready() && !end.fault(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

} // namespace

std::string fresh_password() {
  unsigned char drawn[12];
  randombytes_buf(drawn, sizeof drawn);
  char text[32];
  sodium_bin2base64(text, sizeof text, drawn, sizeof drawn, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text;
}

law::civil_date demonstration_begins(law::civil_date last_day) {
  return law::add_months(last_day, -std::chrono::months{12 * 8});
}

std::string demonstration_configuration(const demonstration_options& options, law::civil_date clock_begins) {
  return "# Fictitious data. Serve it again: toit node run --config node.toml\n"
         "purpose = \"demonstration\"\n\n"
         "[territory]\nsiren = \"" +
         options.territory.text() +
         "\"\nregistration_system = \"systeme_particulier\"\nallots_numbers = true\ntense_zone = true\n\n"
         "[data]\ndirectory = \".\"\nkeys = \"node.keys\"\n\n"
         "[http]\nport = " +
         std::to_string(options.port) +
         "\n\n[log]\nformat = \"text\"\nlevel = \"warning\"\n\n[clock]\nbegins = " + law::to_text(clock_begins) + "\n";
}

namespace {

class demonstration {
public:
  demonstration(const demonstration_options& options, const configuration& with, const territory_map& map,
                std::ostream& out)
      : options_{options}, with_{with}, map_{map}, out_{out}, where_{*map.find(with.territory)},
        mix_{read_mix(embedded_population(), where_, map).thinned(options.one_in)},
        password_{read_mark(options.data / begun_mark)}, opened_{with, map},
        bodies_{simulation::make_bodies(with.territory, where_.communes, first_day())} {}

  int run() {
    if (opened_.needs_first_account())
      opened_.create_first_account(gestionnaire_login, "Personne fictive", password_);
    running_node node{opened_, with_, map_, [this](node_fault because) { end_.give_up(because); }};
    wait_until_ready(node, end_);
    if (!fs::exists(options_.data / done_mark))
      enter_population(node);
    service serving{node, with_, options_.data};
    mark(options_.data / port_mark, std::to_string(serving.port()));
    show(serving);
    return serve_until_end(node, serving, with_, end_);
  }

private:
  law::civil_date first_day() const { return *with_.clock_begins; }

  void enter_population(running_node& node) {
    bodies_.gestionnaire.agent = gestionnaire_account(opened_);
    simulation::population people{mix_, options_.seed, options_.last_day, bodies_, password_};
    progress_line line{"population fictive", std::cerr};
    auto all = (std::chrono::sys_days{options_.last_day} - std::chrono::sys_days{people.first_day()}).count();
    auto done = populate(node, *opened_.steered(), people, options_.last_day, [&](law::civil_date day) {
      auto now = (std::chrono::sys_days{day} - std::chrono::sys_days{people.first_day()}).count();
      line.at(static_cast<std::uint64_t>(now), static_cast<std::uint64_t>(all));
    });
    if (done.refused > 0)
      throw std::runtime_error{std::to_string(done.refused) + " commands of the population were refused, first " +
                               done.first_refusal};
    mark(options_.data / done_mark, std::to_string(done.commands) + " commands");
  }

  void show(const service& serving) {
    auto address = "https://127.0.0.1:" + std::to_string(serving.port());
    auto accounts = bodies_.but_gestionnaire();
    accounts.insert(accounts.begin(), &bodies_.gestionnaire);
    if (options_.json) {
      nlohmann::ordered_json told{{"address", address},
                                  {"certificate", serving.certificate().string()},
                                  {"territory", std::string{where_.name}},
                                  {"demandes", mix_.demandes},
                                  {"password", password_},
                                  {"accounts", nlohmann::ordered_json::array()}};
      for (const auto* body : accounts)
        told["accounts"].push_back(
            {{"login", body->login}, {"role", body->role}, {"legal_person", body->siren.text()}});
      out_ << told.dump() << std::endl;
      return;
    }
    out_ << "\nToit Commun : démonstration du territoire " << where_.name << ", environ " << mix_.demandes
         << " demandes fictives.\n\n"
         << "  API           " << address << "/v1\n"
         << "  description   " << address << "/v1/openapi.json\n"
         << "  certificat    " << serving.certificate().string() << "\n"
         << "  mot de passe  " << password_ << "   (de tous les comptes)\n\n";
    std::string role;
    for (const auto* body : accounts)
      if (std::exchange(role, body->role) != body->role)
        out_ << "  " << body->login << std::string(16 - std::min<std::size_t>(15, body->login.size()), ' ')
             << body->role << "\n";
    out_ << "\n  toit tour --data " << options_.data.string() << "   suit une demande de bout en bout\n"
         << "  Ctrl-C        arrête\n"
         << std::endl;
  }

  const demonstration_options& options_;
  const configuration& with_;
  const territory_map& map_;
  std::ostream& out_;
  const territory& where_;
  simulation::population_mix mix_;
  std::string password_;
  opened_node opened_;
  simulation::demonstration_bodies bodies_;
  end_of_service end_;
};

} // namespace

namespace {

std::optional<configuration> configuration_in(const fs::path& folder, const territory_map& map, std::ostream& err) {
  auto with = read_configuration(folder / "node.toml", map);
  if (with)
    return std::move(*with);
  for (const auto& fault : with.error())
    err << fault.key << " : " << fault.what << "\n";
  return std::nullopt;
}

/// A node of the State has accounts and no population.
int serve_authority(const demonstration_options& options, const configuration& with, const territory_map& map) {
  opened_node opened{with, map};
  if (opened.needs_first_account())
    opened.create_first_account(gestionnaire_login, "Personne fictive", read_mark(options.data / begun_mark));
  end_of_service end;
  running_node node{opened, with, map, [&end](node_fault because) { end.give_up(because); }};
  wait_until_ready(node, end);
  service serving{node, with, options.data};
  mark(options.data / port_mark, std::to_string(serving.port()));
  return serve_until_end(node, serving, with, end);
}

} // namespace

int demonstrate(const demonstration_options& options, std::ostream& out, std::ostream& err) {
  auto map = territory_map::load();
  if (!prepare(options, demonstration_begins(options.last_day))) {
    err << "Le dossier " << options.data.string() << " n'est pas celui d'une démonstration : il n'est pas touché.\n";
    return exit_refused;
  }
  auto with = configuration_in(options.data, map, err);
  if (!with)
    return exit_refused;
  with->port = options.port;
  base::set_up_log(with->log_format, with->log_level);
  return demonstration{options, *with, map, out}.run();
}

int serve_demonstration_node(const demonstration_options& options, std::ostream& err) {
  auto map = territory_map::load();
  auto with = configuration_in(options.data, map, err);
  if (!with)
    return exit_refused;
  base::set_up_log(with->log_format, with->log_level);
  if (with->authority)
    return serve_authority(options, *with, map);
  // Who may log in here, for whoever looks for it.
  std::ofstream accounts{options.data / "accounts"};
  return demonstration{options, *with, map, accounts}.run();
}

} // namespace toit::nodes
