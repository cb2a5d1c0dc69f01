/// \file
/// The program `toit`: its commands and their options. What they do is in nodes/program/.

#include "nodes/program/backup_command.hpp"
#include "nodes/program/clock_command.hpp"
#include "nodes/program/demonstration.hpp"
#include "nodes/program/demonstration_folder.hpp"
#include "nodes/program/directory_command.hpp"
#include "nodes/program/federation_demo.hpp"
#include "nodes/program/federation_tour.hpp"
#include "nodes/program/journal_command.hpp"
#include "nodes/program/keys_command.hpp"
#include "nodes/program/law_command.hpp"
#include "nodes/program/node_command.hpp"
#include "nodes/program/territory_command.hpp"
#include "nodes/program/tour.hpp"
#include "nodes/program/verify_together.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <sodium.h>
#include <sys/stat.h>

namespace {

using namespace toit;
using namespace toit::nodes;

/// Every command of the program; each sets what is to be done, and its code of exit is the program's.
class program {
public:
  program() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_flag("--json", json_, "Une sortie pour les machines : un objet JSON par ligne");
    add_node();
    add_host();
    add_directory();
    add_demonstration();
    add_reading();
    add_journal();
    add_backup();
    add_clock();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? exit_done : exit_usage;
    }
    return action_();
  }

private:
  CLI::App* command(CLI::App* parent, const char* name, const char* help, std::function<int()> action) {
    auto* added = parent->add_subcommand(name, help);
    added->callback([this, action = std::move(action)] { action_ = action; });
    return added;
  }

  void add_node() {
    auto* node = app_.add_subcommand("node", "Un nœud, d'un territoire ou de l'État");
    node->require_subcommand(1);
    auto* run = command(node, "run", "Sert jusqu'à SIGTERM ou Ctrl-C", [this] {
      return check_only_ ? check_configuration_command(configuration_, json_, std::cout, std::cerr)
                         : node_run_command(configuration_, json_, std::cout, std::cerr);
    });
    run->add_option("--config", configuration_, "Fichier de configuration (TOML)")->required();
    run->add_flag("--check-config", check_only_, "Dit ce qui ne va pas dans la configuration, sans servir");
  }

  void add_host() {
    auto* keys = app_.add_subcommand("keys", "Clés d'un nœud, ou de l'ancre qui signe l'annuaire");
    keys->require_subcommand(1);
    auto* create = command(keys, "create", "Crée les clés, une fois pour toutes",
                           [this] { return create_keys_command(file_, json_, std::cout, std::cerr); });
    create->add_option("file", file_, "Fichier à créer")->required();
    auto* show = command(keys, "show", "Montre les moitiés publiques, à donner à qui émet l'annuaire",
                         [this] { return show_keys_command(file_, json_, std::cout, std::cerr); });
    show->add_option("file", file_, "Fichier de clés")->required();
    auto* rotate = command(keys, "rotate", "Change les clés d'un nœud arrêté : son flux le dit lui-même", [this] {
      rotate_.json = json_;
      return rotate_keys_command(rotate_, std::cout, std::cerr);
    });
    rotate->add_option("--config", rotate_.configuration, "Fichier de configuration du nœud")->required();
    rotate->add_flag("--prepare", rotate_.prepare, "Fait les prochaines clés et les montre, sans rien changer");

    auto* account = app_.add_subcommand("account", "Comptes");
    account->require_subcommand(1);
    auto* first = command(account, "create",
                          "Crée, sur un nœud arrêté, un compte que personne d'autre ne peut ouvrir : le premier, du "
                          "gestionnaire, ou celui du service de l'État (mot de passe sur l'entrée)",
                          [this] {
                            account_.json = json_;
                            return create_account_command(account_, std::cin, std::cout, std::cerr);
                          });
    first->add_option("--config", account_.configuration, "Fichier de configuration du nœud")->required();
    first->add_option("--login", account_.login, "Identifiant de connexion")->required();
    first->add_option("--display-name", account_.display_name, "Nom affiché");
    first->add_option("--territory", account_.territory,
                      "SIREN d'un territoire que le nœud héberge ; sans cela, le sien");
  }

  void add_directory() {
    auto* directory = app_.add_subcommand("directory", "Annuaire signé de la fédération");
    directory->require_subcommand(1);
    auto now = [] { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); };
    auto* issue = command(directory, "issue", "Signe un annuaire décrit en TOML", [this, now] {
      issue_.json = json_;
      return issue_directory_command(issue_, now(), std::cout, std::cerr);
    });
    issue->add_option("--from", issue_.description, "Description (TOML), comme config/directory.example.toml")
        ->required();
    issue->add_option("--anchor", issue_.anchor, "Clés de l'ancre, comme « toit keys create » les fait")->required();
    issue->add_option("--out", issue_.out, "Fichier à créer")->required();

    auto* show =
        command(directory, "show", "Montre qui est dans un annuaire, avec quelles clés et jusqu'à quand", [this, now] {
          show_.json = json_;
          return show_directory_command(show_, now(), std::cout, std::cerr);
        });
    show->add_option("file", show_.file, "Annuaire signé")->required();
    show->add_option("--anchor", show_.anchor, "Clé publique de l'ancre (hexadécimal), ou fichier qui la tient")
        ->required();
  }

  void add_demonstration() {
    // The civil day where the demonstration is set, which is another than that of UTC for an hour or two each night.
    demonstration_.last_day =
        law::local_date("93", std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    // Eight years of history before it, and civil time that is known.
    auto set_last_day = [this](const std::string& text) {
      auto day = law::parse_date(text);
      if (!day || day->year() < std::chrono::year{2023} || day->year() > std::chrono::year{2039})
        throw CLI::ValidationError{"--until", "une date de 2023 à 2039, comme 2026-03-02"};
      demonstration_.last_day = *day;
    };
    auto with_options = [this, set_last_day](CLI::App* demo) {
      demo->add_option("--data", demonstration_.data, "Dossier de la démonstration")->required();
      demo->add_option("--port", demonstration_.port, "Port, 0 pour un port libre")->check(CLI::Range(0, 65535));
      demo->add_option("--one-in", demonstration_.one_in, "Population réduite : une demande sur N")
          ->check(CLI::Range(1, 100'000));
      demo->add_option("--seed", demonstration_.seed, "Graine de la population");
      demo->add_option_function<std::string>("--until", set_last_day,
                                             "Jour auquel la démonstration commence, aujourd'hui sans cela");
      return demo;
    };
    auto* demo = command(&app_, "demo", "Sert la Seine-Saint-Denis avec une population fictive : six nœuds", [this] {
      demonstration_.json = json_;
      return alone_ ? demonstrate(demonstration_, std::cout, std::cerr)
                    : demonstrate_federation(demonstration_, std::cout, std::cerr);
    });
    with_options(demo)->add_flag("--alone", alone_, "Un seul nœud : Plaine Commune, sans fédération");
    auto* member = command(&app_, "demo-node", "Un des nœuds de la démonstration",
                           [this] { return serve_demonstration_node(demonstration_, std::cerr); });
    with_options(member)->group("");

    auto* tour = command(&app_, "tour", "Suit une demande de bout en bout dans une démonstration qui est servie",
                         [this] { return tour_command(file_, json_, std::cout, std::cerr); });
    tour->add_option("--data", file_, "Dossier de la démonstration")->required();
  }

  void add_reading() {
    auto* verify =
        command(&app_, "verify", "Vérifie des journaux ou des dossiers de preuve, sans nœud ni réseau", [this] {
          verify_.json = json_;
          return this->verify();
        });
    verify
        ->add_option(
            "journal", journals_,
            "Fichier du journal, dossier de données, ou dossier de preuve ; plusieurs : leurs copies d'un même "
            "flux doivent aussi dire la même histoire")
        ->required();
    verify->add_option("--head", verify_.head, "Tête signée (JSON) que le journal doit contenir");
    verify->add_option("--keys", verify_.keys, "Clés du nœud : le contenu doit aussi se lire");
    verify
        ->add_option("--signer", verify_.signers, "Clé connue d'ailleurs (CLÉ, ou FLUX:CLÉ) ; plusieurs fois au besoin")
        ->allow_extra_args(false);
    verify
        ->add_option("--cited", verify_.cited,
                     "Autre dossier de preuve, dont le premier cite des écritures ; plusieurs fois au besoin")
        ->allow_extra_args(false);

    auto* territory = command(&app_, "territory", "Cherche un territoire ou une commune sur la carte",
                              [this] { return territory_command(words_, json_, std::cout, std::cerr); });
    territory->add_option("query", words_, "SIREN, code INSEE ou nom ; rien : un résumé de la carte");

    auto* law = command(&app_, "law", "Une exigence de la loi : sa lecture, son code, ses tests",
                        [this] { return law_command(login_, json_, std::cout, std::cerr); });
    law->add_option("id", login_, "Identifiant, ou son début (R441-2-15-I)")->required();
  }

  void add_journal() {
    auto* journal = app_.add_subcommand("journal", "Ce que garde un journal, sans passer par son nœud");
    journal->require_subcommand(1);
    auto* proof = command(journal, "proof", "Fait le dossier de preuve d'un dossier", [this] {
      proof_.json = json_;
      return journal_proof_command(proof_, std::cout, std::cerr);
    });
    proof->add_option("--data", proof_.data, "Dossier de données du nœud")->required();
    proof->add_option("--keys", proof_.keys, "Clés du nœud")->required();
    auto* which = proof->add_option_group("which");
    which->add_option("--number", proof_.number, "Numéro unique");
    which->add_option("--territory", proof_.territory,
                      "SIREN d'un territoire : ce que son préfet en a enregistré, ou lui de son dispositif");
    which->add_option("--dossier", proof_.dossier, "Identifiant du dossier, ou d'un autre sujet (hexadécimal)");
    which->require_option(1);
    proof->add_option("--stream", proof_.stream, "Flux, s'il y en a plusieurs");
    proof->add_option("--out", proof_.out, "Fichier à créer")->required();
  }

  void add_backup() {
    auto* backup =
        command(&app_, "backup", "Sauvegarde les données d'un nœud, qu'il serve ou non, et les vérifie", [this] {
          backup_.json = json_;
          return backup_command(backup_, std::cout, std::cerr);
        });
    backup->add_option("--config", backup_.configuration, "Fichier de configuration du nœud")->required();
    backup->add_option("--to", backup_.to, "Dossier à faire, ou dossier vide")->required();
    backup->add_flag("--with-keys", backup_.with_keys, "Les clés du nœud aussi : qui a la sauvegarde lit alors tout");

    auto* restore =
        command(&app_, "restore", "Vérifie une sauvegarde et la remet dans un dossier de données vide", [this] {
          restore_.json = json_;
          return restore_command(restore_, std::cout, std::cerr);
        });
    restore->add_option("--config", restore_.configuration, "Fichier de configuration du nœud")->required();
    restore->add_option("--from", restore_.from, "Dossier de la sauvegarde")->required();
    restore->add_option("--newer", restore_.newer,
                        "Journal plus récent du même flux : ce qu'il a de plus est repris, effacements compris");
  }

  void add_clock() {
    auto* clock = app_.add_subcommand("clock", "Heure civile d'un nœud");
    clock->require_subcommand(1);
    auto add = [&](const char* name, const char* help, clock_action what) {
      auto* added = command(clock, name, help, [this, what] {
        clock_.action = what;
        return run_clock();
      });
      added->add_option("--data", file_, "Dossier d'une démonstration servie sur cette machine");
      added->add_option("--host", clock_.place.host, "Adresse du nœud");
      added->add_option("--port", clock_.place.port, "Port du nœud");
      added->add_option("--certificate", certificate_, "Certificat du nœud (PEM)");
      added->add_option("--login", clock_.login, "Identifiant (gestionnaire dans une démonstration)");
      return added;
    };
    add("show", "Montre l'heure et le jour", clock_action::show);
    auto* set = add("set", "Règle l'heure d'une démonstration, vers l'avant", clock_action::set);
    set->add_option("to", clock_.to, "Date, ou instant UTC")->required();
    add("confirm", "Confirme l'heure d'un nœud dont l'horloge a sauté", clock_action::confirm);
  }

  /// Of a federation's demonstration, every node.
  int verify() {
    std::vector<std::filesystem::path> journals;
    for (const auto& given : journals_) {
      if (!is_federation(given)) {
        journals.push_back(given);
        continue;
      }
      for (const auto& node : demonstration_nodes())
        journals.push_back(given / node.name);
    }
    return verify_all(verify_, journals, std::cout, std::cerr);
  }

  /// Place and password come from a demonstration's folder, or from options and the standard input.
  int run_clock() {
    clock_.json = json_;
    if (!file_.empty()) {
      file_ = first_territory(file_);
      clock_.login = "gestionnaire";
      clock_.password = read_mark(file_ / begun_mark);
      clock_.place.port = static_cast<std::uint16_t>(std::strtoul(read_mark(file_ / port_mark).c_str(), nullptr, 10));
      clock_.place.certificate = read_text(file_ / "tls" / "certificate.pem");
    } else {
      std::getline(std::cin, clock_.password);
      clock_.place.certificate = read_text(certificate_);
    }
    return clock_command(clock_, std::cout, std::cerr);
  }

  CLI::App app_{"Toit Commun : le dispositif de gestion partagée des demandes de logement social", "toit"};
  std::function<int()> action_;
  bool json_ = false;
  bool check_only_ = false;
  bool alone_ = false;
  std::filesystem::path configuration_;
  std::filesystem::path file_;
  std::filesystem::path certificate_;
  std::string login_;
  std::vector<std::string> words_;
  demonstration_options demonstration_{};
  verify_options verify_{};
  std::vector<std::filesystem::path> journals_;
  issue_options issue_{};
  show_options show_{};
  proof_options proof_{};
  rotate_options rotate_{};
  account_options account_{};
  backup_options backup_{};
  restore_options restore_{};
  clock_options clock_{};
};

} // namespace

int main(int argc, char** argv) {
  // What a node writes is its owner's alone.
  ::umask(077);
  block_signals();
  if (sodium_init() < 0)
    return exit_refused;
  try {
    return program{}.run(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "toit : " << failure.what() << "\n";
    return exit_refused;
  }
}
