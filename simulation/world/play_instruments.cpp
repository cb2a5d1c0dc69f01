// What the gestionnaire enters, and what everybody reads.

#include "simulation/world/play.hpp"

namespace toit::simulation {

using law::days;

// -- instruments ----------------------------------------------------------------------------------------------------

/// Only what was made in the course of the run is ended, not what the play stands on.
play::command play::instruments_ended() {
  switch (chance_.below(4)) {
  case 0:
    if (!spare_accounts_.empty())
      return command_of(w_, c_.gestionnaire, law::account_closed{chance_.pick(spare_accounts_)});
    break;
  case 1:
    if (!spare_conventions_.empty())
      return command_of(w_, c_.gestionnaire,
                        law::reservation_convention_ended{chance_.pick(spare_conventions_), w_.today()});
    break;
  case 2:
    if (!spare_habilitations_.empty())
      return command_of(w_, c_.gestionnaire, law::habilitation_ended{chance_.pick(spare_habilitations_), w_.today()});
    break;
  default:
    if (!spare_mandates_.empty())
      return command_of(w_, c_.gestionnaire, law::mandate_ended{chance_.pick(spare_mandates_), w_.today()});
  }
  return instruments();
}

play::command play::instruments() {
  switch (chance_.below(9)) {
  case 0: {
    law::reservation_convention convention{};
    convention.bailleur = c_.other_bailleur.siren;
    convention.holder = chance_.one_in(4) ? c_.stranger.siren : c_.collectivite.siren;
    convention.contingent = law::contingent_kind::collectivite;
    convention.departement = *law::departement_code::parse("93");
    convention.loan_guarantee = true;
    convention.communes = {commune("93066")};
    convention.flow_share = chance_.one_in(3) ? law::basis_points{2500} : law::basis_points{1000};
    convention.from = w_.today();
    return command_of(w_, c_.gestionnaire, law::reservation_convention_signed{convention});
  }
  case 1: {
    law::flow_stated flow{c_.bailleur.siren, *law::departement_code::parse("93"),
                          static_cast<std::uint16_t>(static_cast<int>(w_.today().year())),
                          static_cast<std::uint32_t>(1 + chance_.below(6)), 0};
    return command_of(w_, c_.bailleur, flow);
  }
  case 2:
    return command_of(
        w_, c_.gestionnaire,
        law::legal_person_registered{make_siren(static_cast<std::uint32_t>(40'000'000 + chance_.below(50))),
                                     law::legal_person_kind::association, "Association fictive"});
  case 3: {
    law::habilitation h{};
    h.legal_person = c_.stranger.siren;
    h.quality = law::quality::lieu_accueil;
    h.from = w_.today();
    if (chance_.one_in(2))
      h.until = law::add_days(w_.today(), days{5});
    return command_of(w_, c_.gestionnaire, law::habilitation_granted{h});
  }
  case 4: {
    law::mandate m{};
    m.principal = c_.desk.siren;
    m.introducer = c_.lieu_accueil.siren;
    m.matter = law::mandate_matter::registration;
    m.ground = "R441-2-1";
    m.from = w_.today();
    return command_of(w_, c_.gestionnaire, law::mandate_granted{m});
  }
  case 5: {
    auto asked =
        command_of(w_, c_.gestionnaire,
                   law::account_opened{
                       {}, c_.desk.siren, {law::agent_mission::consult, law::agent_mission::record}, w_.today(), {}});
    asked->login = "agent-" + std::to_string(chance_.below(40));
    asked->password = "mot de passe fictif";
    return asked;
  }
  case 6: {
    auto asked = command_of(
        w_, c_.desk, law::account_secret_changed{c_.desk.agent, static_cast<law::secret_change>(chance_.below(3))});
    asked->password = "un autre mot de passe";
    asked->display_name = "jeton fictif";
    return asked;
  }
  case 7:
    return command_of(w_, c_.gestionnaire, law::clock_confirmed{});
  default:
    return instruments_ended();
  }
}

std::shared_ptr<asked_command> play::short_convention() {
  law::reservation_convention convention{};
  convention.bailleur = c_.other_bailleur.siren;
  convention.holder = c_.action_logement.siren;
  convention.contingent = law::contingent_kind::action_logement;
  convention.departement = *law::departement_code::parse("93");
  convention.flow_share = 500;
  convention.from = law::add_days(w_.today(), days{-1});
  return command_of(w_, c_.gestionnaire, law::reservation_convention_signed{convention});
}

std::array<std::shared_ptr<asked_command>, 2> play::race(law::dossier_id id) {
  auto convention = spare_conventions_.empty() ? law::convention_id{} : spare_conventions_.back();
  auto mention =
      about(c_.action_logement, *book_.find(id), law::contingent_eligibility{{convention}, false, "critères fictifs"});
  auto end = command_of(w_, c_.gestionnaire,
                        law::reservation_convention_ended{convention, law::add_days(w_.today(), days{-1})});
  return {std::move(mention), std::move(end)};
}

// -- reads ----------------------------------------------------------------------------------------------------------

void play::choose_reading(read_request& asked, const law::dossier& d) {
  switch (chance_.below(8)) {
  case 0:
    asked.what = read_documents_content{d.number, d.documents.empty() ? law::document_id{} : d.documents.front().id};
    return;
  case 1:
    asked.what = read_consultations{d.number, 100};
    return;
  case 2: {
    due_query query;
    query.up_to = law::add_days(w_.today(), days{60});
    query.alerts = true;
    asked.what = read_deadlines{query};
    return;
  }
  case 3:
    if (const auto& vacancies = book_.vacancies_by_arrival(); !vacancies.empty()) {
      asked.what = read_candidates{chance_.pick(vacancies)};
      return;
    }
    [[fallthrough]];
  case 4: {
    list_query query;
    query.limit = 1 + chance_.below(20);
    asked.what = read_list{query};
    return;
  }
  default:
    asked.what = read_dossier{d.number, {}, {}};
  }
}

std::shared_ptr<read_request> play::next_read() {
  auto asked = std::make_shared<read_request>();
  asked->by = chance_.pick(c_.all())->who();
  if (!chance_.one_in(5))
    asked->purpose = chance_.one_in(2) ? law::purpose::shared_management : law::purpose::information;
  const auto* d = some_dossier();
  if (!d) {
    asked->what = read_list{};
    return asked;
  }
  choose_reading(*asked, *d);
  if (d->account && chance_.one_in(3)) {
    // His own dossier, or that of another.
    const auto* other = chance_.one_in(4) ? some_dossier() : d;
    asked->by = {law::party::demandeur(), *d->account, d->id};
    asked->what = read_dossier{other->number, {}, {}};
  } else if (auto code = codes_.find(d->id); code != codes_.end() && chance_.one_in(2)) {
    asked->by = c_.lieu_accueil.who();
    asked->purpose = law::purpose::information;
    asked->what = read_dossier{d->number, {}, code->second.code};
  }
  return asked;
}

bool play::code_opens(const read_request& asked) const {
  const auto* one = std::get_if<read_dossier>(&asked.what);
  return one && std::ranges::any_of(codes_, [&](const auto& given) {
           const auto* d = book_.find(given.first);
           return d && d->number == one->number && given.second.code == one->code &&
                  given.second.last_day >= w_.today();
         });
}

} // namespace toit::simulation
