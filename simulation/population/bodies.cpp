#include "simulation/population/bodies.hpp"

#include "simulation/fictitious.hpp"

namespace toit::simulation {

namespace {

using law::quality;

class maker {
public:
  explicit maker(law::civil_date since) : since_{since} {}

  demonstration_body body(std::string role, std::string name, std::uint32_t digits, law::legal_person_kind kind,
                          std::string login) const {
    using enum law::agent_mission;
    return {std::move(role), std::move(name), make_siren(digits), kind, std::move(login), {consult, record}, {}, {}};
  }

  law::habilitation& grant(demonstration_body& to, quality what) const {
    auto& granted = to.habilitations.emplace_back();
    granted.legal_person = to.siren;
    granted.quality = what;
    granted.from = since_;
    return granted;
  }

private:
  law::civil_date since_;
};

} // namespace

demonstration_bodies make_bodies(law::siren territory, std::span<const law::commune_code> communes,
                                 law::civil_date since) {
  using enum law::legal_person_kind;
  maker make{since};
  demonstration_bodies all;
  all.gestionnaire.role = "gestionnaire du dispositif";
  all.gestionnaire.siren = territory;
  all.gestionnaire.login = "gestionnaire";
  make.grant(all.gestionnaire, quality::epci_responsable);
  make.grant(all.gestionnaire, quality::instance_secretariat).instance = law::instance_kind::coordination;

  for (std::uint32_t i = 0; i < communes.size(); ++i) {
    auto number = std::to_string(i + 1);
    auto& desk =
        all.desks.emplace_back(make.body("guichet enregistreur", "Guichet fictif de la commune " + communes[i].text(),
                                         90100000 + i, commune, "guichet" + number));
    desk.missions.push_back(law::agent_mission::rectify);
    make.grant(desk, quality::service_enregistreur).registers_as = law::registering_body::e;
  }
  for (std::uint32_t i = 0; i < 3; ++i) {
    auto number = std::to_string(i + 1);
    auto& bailleur = all.bailleurs.emplace_back(
        make.body("bailleur", "Bailleur fictif " + number, 90200000 + i, hlm_body, "bailleur" + number));
    make.grant(bailleur, quality::service_enregistreur).registers_as = law::registering_body::a;
    make.grant(bailleur, quality::bailleur);
  }
  all.action_logement = make.body("réservataire", "Action Logement fictif", 90300000,
                                  law::legal_person_kind::action_logement, "action_logement");
  make.grant(all.action_logement, quality::reservataire);
  all.town = make.body("réservataire", "Ville réservataire fictive", 90400000, commune, "ville");
  make.grant(all.town, quality::reservataire);
  all.state = make.body("services de l'État", "Service de l'État fictif", 90500000, state_service, "etat");
  make.grant(all.state, quality::reservataire);
  make.grant(all.state, quality::state_attribution_follow_up);
  make.grant(all.state, quality::state_mediation_secretariat);
  all.pdalhpd = make.body("secrétariat d'instance", "Secrétariat fictif du PDALHPD", 90600000, departement, "pdalhpd");
  make.grant(all.pdalhpd, quality::instance_secretariat).instance = law::instance_kind::pdalhpd;
  return all;
}

std::vector<demonstration_body*> demonstration_bodies::but_gestionnaire() {
  std::vector<demonstration_body*> all;
  for (auto& desk : desks)
    all.push_back(&desk);
  for (auto& bailleur : bailleurs)
    all.push_back(&bailleur);
  for (auto* one : {&action_logement, &town, &state, &pdalhpd})
    all.push_back(one);
  return all;
}

} // namespace toit::simulation
