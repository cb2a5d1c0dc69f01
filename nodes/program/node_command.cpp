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

namespace {

std::string why_not(account_fault fault) {
  using enum account_fault;
  switch (fault) {
  case not_hosted:
    return "Ce nœud n'héberge pas ce territoire.";
  case past_awaited:
    return "Ce nœud a été restauré, et d'autres détiennent peut-être la suite de ses journaux : démarrez-le, attendez "
           "qu'il serve, arrêtez-le, puis recommencez.";
  case administered:
    return "Ce territoire a déjà un gestionnaire, qui ouvre les comptes par l'API. Il ne s'en ouvre ici que pour le "
           "service de l'État de ce nœud, tant qu'il répond du dispositif à la place de l'EPCI (substitution).";
  case login_taken:
    return "Cet identifiant de connexion est pris dans ce territoire.";
  case no_entries:
    break;
  }
  return "Le journal de ce territoire ne prend rien maintenant : il est clos pour passer à un autre nœud, il n'a pas "
         "encore annoncé les nouvelles clés du nœud, ou le disque est plein. Faites servir le nœud, puis recommencez.";
}

/// Absent when it is too long, or none.
std::optional<new_account> account_asked(const account_options& options, std::string password) {
  auto login = law::text<80>::parse(options.login);
  auto display_name = law::text<120>::parse(options.display_name);
  if (!login || login->empty() || !display_name)
    return std::nullopt;
  new_account asked;
  asked.login = *login;
  asked.display_name = *display_name;
  asked.password = std::move(password);
  return asked;
}

int create_own_account(opened_node& opened, const account_options& options, const new_account& asked,
                       const teller& tell) {
  if (!opened.needs_first_account())
    return tell.refuse("Ce nœud a déjà ses comptes : les suivants s'ouvrent par l'API.");
  opened.create_first_account(options.login, options.display_name, asked.password);
  return tell.done({{"created", options.login}}, "Compte du gestionnaire créé : " + options.login);
}

int create_hosted_account(opened_node& opened, law::siren territory, const new_account& asked, const teller& tell) {
  auto made = opened.create_account(territory, asked);
  if (!made)
    return tell.refuse(why_not(made.error()));
  return tell.done({{"created", asked.login.str()}, {"territory", territory.text()}, {"legal_person", made->text()}},
                   "Compte créé dans le territoire " + territory.text() + " : " + asked.login.str() +
                       ", agent de la personne morale " + made->text());
}

} // namespace

int create_account_command(const account_options& options, std::istream& in, std::ostream& out, std::ostream& err) {
  teller tell{options.json, out, err};
  auto map = territory_map::load();
  auto with = read_configuration(options.configuration, map);
  if (!with)
    return tell.refuse(with.error(), options.configuration);
  std::string password;
  std::getline(in, password);
  constexpr std::size_t shortest = 12;
  constexpr std::size_t longest = 200;
  if (password.size() < shortest || password.size() > longest)
    return tell.refuse("Le mot de passe, lu sur l'entrée standard, a de 12 à 200 caractères.", exit_usage);
  auto asked = account_asked(options, std::move(password));
  if (!asked)
    return tell.refuse("L'identifiant a au plus 80 caractères, le nom affiché au plus 120.", exit_usage);
  auto territory = law::siren::parse(options.territory);
  if (!options.territory.empty() && !territory)
    return tell.refuse("Ce n'est pas un numéro SIREN : " + options.territory, exit_usage);
  return with_opened(*with, map, tell, [&](opened_node& opened) -> int {
    return territory ? create_hosted_account(opened, *territory, *asked, tell)
                     : create_own_account(opened, options, *asked, tell);
  });
}

} // namespace toit::nodes
