#include "simulation/world/cast.hpp"

#include "nodes/bootstrap.hpp"

#include <cstdio>

namespace toit::simulation {

law::commune_code commune(const char* code) { return *law::commune_code::parse(code); }

cast make_cast() {
  using enum law::legal_person_kind;
  cast c;
  c.gestionnaire = {"EPT fictif", world::settings().gestionnaire, ept, {}};
  c.desk = {"Commune fictive", make_siren(21930001), law::legal_person_kind::commune, {}};
  c.narrow_desk = {"Commune fictive voisine", make_siren(21930002), law::legal_person_kind::commune, {}};
  c.bailleur = {"Bailleur fictif", make_siren(55200001), hlm_body, {}};
  c.other_bailleur = {"Autre bailleur fictif", make_siren(55200002), sem, {}};
  c.action_logement = {"Action Logement fictif", make_siren(82453001), action_logement, {}};
  c.collectivite = {"Ville réservataire fictive", make_siren(21930003), law::legal_person_kind::commune, {}};
  c.state = {"Service de l'État fictif", service_of_state(), state_service, {}};
  c.pdalhpd = {"Secrétariat fictif du PDALHPD", make_siren(22930001), departement, {}};
  c.lieu_accueil = {"Lieu d'accueil fictif", make_siren(39100001), association, {}};
  c.stranger = {"Association sans habilitation", make_siren(39100002), association, {}};
  return c;
}

std::vector<body*> cast::all() {
  return {&gestionnaire, &desk,  &narrow_desk, &bailleur,     &other_bailleur, &action_logement,
          &collectivite, &state, &pdalhpd,     &lieu_accueil, &stranger};
}

const body* cast::find(law::siren siren) const {
  for (auto* b : const_cast<cast*>(this)->all())
    if (b->siren == siren)
      return b;
  return nullptr;
}

std::shared_ptr<asked_command> command_of(const scene& w, const body& by, law::event event) {
  auto asked = std::make_shared<asked_command>();
  asked->by = by.who();
  asked->occurred_on = w.today();
  asked->event = std::move(event);
  return asked;
}

receipt must(scene& w, const std::shared_ptr<asked_command>& asked) {
  answer_ptr given;
  w.submit(asked, [&](answer_ptr a) { given = std::move(a); });
  w.drain();
  law::require(given != nullptr, "somebody answers");
  if (!*given)
    std::fprintf(stderr, "%s refused: %s %s %s\n", std::string{law::kind_of(asked->event).name}.c_str(),
                 std::string{law::name_of(given->error().code)}.c_str(), given->error().article.c_str(),
                 given->error().because.c_str());
  law::require(given->has_value(), "what sets the scene is accepted");
  return **given;
}

namespace {

/// The disk may have gone down right after it was written: the entry is there, and nobody was told.
void learn_first_account(journal::node_journal& node, cast& players) {
  auto entries = node.open_reader()->read(world::stream(), 0, 16);
  for (const auto& entry : entries)
    if (const auto* opened = std::get_if<law::account_opened>(&entry.record->event))
      players.gestionnaire.agent = opened->account;
}

} // namespace

void begin_territory(journal::node_journal& node, scene& w, cast& players) {
  if (!nodes::needs_first_account(node, world::stream()))
    return players.gestionnaire.agent.empty() ? learn_first_account(node, players) : void();
  nodes::new_account first;
  first.legal_person = players.gestionnaire.siren;
  first.legal_person_name = law::text<120>{players.gestionnaire.name};
  first.login = law::text<80>{"gestionnaire"};
  first.display_name = law::text<120>{"Personne fictive"};
  first.password = "mot de passe fictif";
  first.from = law::civil_date{std::chrono::year{2015}, std::chrono::January, std::chrono::day{1}};
  plain_hasher hasher;
  nodes::create_first_account(node, world::stream(), first, *w.context().accounts, hasher, *w.chance_of_actors(),
                              w.today());
  learn_first_account(node, players);
}

namespace {

constexpr law::civil_date long_ago{std::chrono::year{2015}, std::chrono::January, std::chrono::day{1}};

law::habilitation quality_of(const body& b, law::quality q) {
  law::habilitation h{};
  h.legal_person = b.siren;
  h.quality = q;
  h.from = long_ago;
  return h;
}

void habilitate(scene& w, const cast& c, law::habilitation h) {
  must(w, command_of(w, c.gestionnaire, law::habilitation_granted{std::move(h)}));
}

void habilitate(scene& w, const cast& c, const body& b, law::registering_body letter, law::communes scope = {}) {
  auto h = quality_of(b, law::quality::service_enregistreur);
  h.registers_as = letter;
  h.scope = std::move(scope);
  habilitate(w, c, std::move(h));
}

void make_secretariat(scene& w, const cast& c, const body& b, law::instance_kind instance) {
  auto h = quality_of(b, law::quality::instance_secretariat);
  h.instance = instance;
  habilitate(w, c, std::move(h));
}

law::convention_id sign(scene& w, const cast& c, const body& bailleur, const body& holder, law::contingent_kind kind,
                        law::basis_points share, law::communes where) {
  law::reservation_convention convention{};
  convention.bailleur = bailleur.siren;
  convention.holder = holder.siren;
  convention.contingent = kind;
  convention.departement = *law::departement_code::parse("93");
  convention.flow_share = share;
  convention.agents_share =
      kind == law::contingent_kind::state_priority ? law::basis_points{500} : law::basis_points{0};
  convention.communes = std::move(where);
  convention.from = long_ago;
  auto done = must(w, command_of(w, c.gestionnaire, law::reservation_convention_signed{convention}));
  return std::get<law::reservation_convention_signed>(done.entries.front().record->event).convention.id;
}

} // namespace

void enter(scene& w, cast& c) {
  using law::quality;
  for (auto* b : c.all()) {
    if (b != &c.gestionnaire)
      must(w, command_of(w, c.gestionnaire, law::legal_person_registered{b->siren, b->kind, law::text<120>{b->name}}));
  }
  habilitate(w, c, c.desk, law::registering_body::e);
  habilitate(w, c, c.narrow_desk, law::registering_body::e, {commune("93001")});
  for (auto* b : {&c.bailleur, &c.other_bailleur}) {
    habilitate(w, c, *b, law::registering_body::a);
    habilitate(w, c, quality_of(*b, quality::bailleur));
  }
  for (auto* b : {&c.action_logement, &c.collectivite, &c.state})
    habilitate(w, c, quality_of(*b, quality::reservataire));
  habilitate(w, c, quality_of(c.gestionnaire, quality::epci_responsable));
  habilitate(w, c, quality_of(c.state, quality::state_attribution_follow_up));
  habilitate(w, c, quality_of(c.state, quality::state_mediation_secretariat));
  habilitate(w, c, quality_of(c.lieu_accueil, quality::lieu_accueil));
  make_secretariat(w, c, c.gestionnaire, law::instance_kind::coordination);
  make_secretariat(w, c, c.pdalhpd, law::instance_kind::pdalhpd);
  law::mandate m{};
  m.principal = c.collectivite.siren;
  m.introducer = c.bailleur.siren;
  m.matter = law::mandate_matter::designation;
  m.ground = law::text<200>{"R441-5"};
  m.from = long_ago;
  must(w, command_of(w, c.gestionnaire, law::mandate_granted{m}));
  for (auto* b : c.all()) {
    if (b == &c.gestionnaire)
      continue;
    using enum law::agent_mission;
    auto asked = command_of(w, c.gestionnaire, law::account_opened{{}, b->siren, {consult, record}, long_ago, {}});
    if (b == &c.desk)
      std::get<law::account_opened>(asked->event).missions.push_back(rectify);
    asked->login = b->siren.text();
    asked->password = "mot de passe fictif";
    auto done = must(w, asked);
    b->agent = std::get<law::account_opened>(done.entries.front().record->event).account;
  }
  using enum law::contingent_kind;
  c.conventions["action_logement"] = sign(w, c, c.bailleur, c.action_logement, action_logement, 4000, {});
  c.conventions["collectivite"] = sign(w, c, c.bailleur, c.collectivite, collectivite, 2000, {commune("93066")});
  c.conventions["state"] = sign(w, c, c.other_bailleur, c.state, state_priority, 3000, {});
}

} // namespace toit::simulation
