#include "nodes/program/node_command.hpp"

#include "nodes/ports/key_file.hpp"
#include "nodes/program/service.hpp"
#include "nodes/program/teller.hpp"

#include <iostream>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;

/// Runs `work` on an opened node and turns what opening throws into a code of exit.
template <class Work>
int with_opened(const configuration& with, const territory_map& map, const teller& tell, Work&& work) {
  try {
    opened_node opened{with, map};
    return work(opened);
  } catch (const directory_in_use&) {
    return tell.refuse("Un autre processus tient ce dossier : " + with.data.string());
  } catch (const journal::store_broken& broken) {
    return tell.refuse(std::string{"Le journal n'est pas celui qui a été écrit : "} + broken.what(), exit_integrity);
  } catch (const std::exception& failure) {
    return tell.refuse(std::string{"Le nœud ne s'ouvre pas : "} + failure.what());
  }
}

} // namespace

int check_configuration_command(const fs::path& file, bool json, std::ostream& out, std::ostream& err) {
  auto map = territory_map::load();
  auto read = read_configuration(file, map);
  if (!read)
    return teller{json, out, err}.refuse(read.error(), file);
  if (!json)
    out << "Rien à redire : " << place_of(*read, map).name.str() << ", " << law::name_of(read->purpose) << ".\n";
  return exit_done;
}

int node_run_command(const fs::path& file, bool json, std::ostream& out, std::ostream& err) {
  teller tell{json, out, err};
  auto map = territory_map::load();
  auto with = read_configuration(file, map);
  if (!with)
    return tell.refuse(with.error(), file);
  base::set_up_log(with->log_format, with->log_level);
  return with_opened(*with, map, tell, [&](opened_node& opened) -> int {
    if (opened.needs_first_account())
      return tell.refuse(
          "Ce nœud n'a pas encore de compte : « toit account create » fait le premier, celui du gestionnaire.");
    end_of_service end;
    running_node node{opened, *with, map, [&end](node_fault because) { end.give_up(because); }};
    service serving{node, *with, with->data};
    auto where = "https://" + with->address + ":" + std::to_string(serving.port());
    tell.done({{"serves", where}, {"stream", opened.stream().text()}}, where);
    base::log_info("the node serves", {{"stream", opened.stream().text()}, {"port", serving.port()}});
    return serve_until_end(node, serving, *with, end);
  });
}

int create_keys_command(const fs::path& file, bool json, std::ostream& out, std::ostream& err) {
  teller tell{json, out, err};
  try {
    create_keys(file);
  } catch (const std::system_error& failure) {
    return tell.refuse(std::string{"Les clés n'ont pas été créées : "} + failure.what());
  }
  return tell.done({{"created", file.string()}},
                   "Clés du nœud créées, lisibles de leur seul propriétaire : " + file.string() +
                       "\nGardez-en une copie hors de la machine : sans elles, le journal ne se lit plus.");
}

int create_account_command(const fs::path& configuration_file, const std::string& login,
                           const std::string& display_name, bool json, std::istream& in, std::ostream& out,
                           std::ostream& err) {
  teller tell{json, out, err};
  auto map = territory_map::load();
  auto with = read_configuration(configuration_file, map);
  if (!with)
    return tell.refuse(with.error(), configuration_file);
  std::string password;
  std::getline(in, password);
  constexpr std::size_t shortest = 12;
  constexpr std::size_t longest = 200;
  if (password.size() < shortest || password.size() > longest)
    return tell.refuse("Le mot de passe, lu sur l'entrée standard, a de 12 à 200 caractères.", exit_usage);
  if (!law::text<80>::parse(login) || login.empty() || !law::text<120>::parse(display_name))
    return tell.refuse("L'identifiant a au plus 80 caractères, le nom affiché au plus 120.", exit_usage);
  return with_opened(*with, map, tell, [&](opened_node& opened) -> int {
    if (!opened.needs_first_account())
      return tell.refuse("Ce nœud a déjà ses comptes : les suivants s'ouvrent par l'API.");
    opened.create_first_account(login, display_name, password);
    return tell.done({{"created", login}}, "Compte du gestionnaire créé : " + login);
  });
}

} // namespace toit::nodes
