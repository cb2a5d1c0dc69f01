#include "simulation/world/play.hpp"

#include <cstdio>

namespace toit::simulation {

using law::days;

void play::follow(const ports::stored_entry& entry) {
  const auto& happened = entry.record->event;
  book_.apply(entry.subject, *entry.record, entry.seq);
  if (const auto* account = std::get_if<law::account_opened>(&happened))
    spare_accounts_.push_back(account->account);
  else if (const auto* signed_one = std::get_if<law::reservation_convention_signed>(&happened))
    spare_conventions_.push_back(signed_one->convention.id);
  else if (const auto* granted = std::get_if<law::habilitation_granted>(&happened))
    spare_habilitations_.push_back(granted->habilitation.id);
  else if (const auto* given = std::get_if<law::mandate_granted>(&happened))
    spare_mandates_.push_back(given->mandate.id);
}

void play::begin() {
  spare_accounts_.clear();
  spare_conventions_.clear();
  spare_habilitations_.clear();
  spare_mandates_.clear();
}

// -- choosing -------------------------------------------------------------------------------------------------------

const law::dossier* play::some_dossier() {
  const auto& ids = book_.dossiers_by_arrival();
  // The latest ones see most of the life.
  auto window = std::min<std::uint64_t>(ids.size(), 14);
  for (int attempt = 0; attempt < 8 && !ids.empty(); ++attempt) {
    auto at = chance_.percent(75) ? ids.size() - 1 - chance_.below(window) : chance_.below(ids.size());
    if (const auto* d = book_.find(ids[at]))
      return d;
  }
  return nullptr;
}

const law::dossier* play::some_radiated() {
  for (int attempt = 0; attempt < 12; ++attempt)
    if (const auto* d = some_dossier(); d && d->status == law::demande_status::radiated)
      return d;
  return nullptr;
}

std::optional<law::dossier_id> play::any_dossier() {
  const auto* d = some_dossier();
  return d ? std::optional{d->id} : std::nullopt;
}

const body& play::bailleur_of(const law::vacancy& v) const {
  const auto* b = c_.find(v.bailleur);
  return b ? *b : c_.bailleur;
}

play::command play::about(const body& by, const law::dossier& d, law::event happened, int days_ago) {
  auto asked = command_of(w_, by, std::move(happened));
  asked->number = d.number;
  asked->occurred_on = law::add_days(w_.today(), days{-days_ago});
  return asked;
}

play::command play::about_vacancy(const body& by, law::vacancy_id id, law::event happened) {
  auto asked = command_of(w_, by, std::move(happened));
  asked->target = law::subject_of(id);
  return asked;
}

play::command play::about_session(const body& by, law::session_id id, law::event happened) {
  auto asked = command_of(w_, by, std::move(happened));
  asked->target = law::subject_of(id);
  return asked;
}

// -- demandes -------------------------------------------------------------------------------------------------------

law::form play::some_form() {
  law::form f{};
  auto& person = f.identity.emplace();
  person.birth_name = law::text<80>{"Nom fictif " + std::to_string(++made_)};
  person.given_names = "Prénom fictif";
  person.birth_date = law::civil_date{std::chrono::year{1950 + static_cast<int>(chance_.below(50))}, std::chrono::May,
                                      std::chrono::day{3}};
  auto& situation = f.situation.emplace();
  situation.monthly_income_cents = static_cast<std::uint32_t>(80'000 + chance_.below(200'000));
  situation.housing = static_cast<law::present_housing>(chance_.below(law::enum_count<law::present_housing>));
  f.search.typology = static_cast<law::typology>(chance_.below(5));
  const char* wished[] = {"93066", "93001", "93027", "93070", "75056"};
  f.search.communes.push_back(commune(wished[chance_.below(4)]));
  if (auto second = commune(wished[chance_.below(5)]); second != f.search.communes.front() && chance_.one_in(2))
    f.search.communes.push_back(second);
  // Most are open to the neighbouring communes, so that dwellings find candidates.
  f.search.neighbouring_communes = !chance_.one_in(6);
  return f;
}

play::command play::registration() {
  law::demande_registered registered{};
  registered.identity_document_seen = !chance_.one_in(25);
  registered.form = some_form();
  if (chance_.one_in(3)) {
    char number[32];
    std::snprintf(number, sizeof number, "0930124%06u12345",
                  static_cast<unsigned>(chance_.below(chance_.one_in(5) ? 5 : 1'000'000)));
    registered.number = *law::nud::parse(number);
  }
  const auto& by = chance_.one_in(4) ? c_.bailleur : chance_.one_in(6) ? c_.narrow_desk : c_.desk;
  auto asked = command_of(w_, by, registered);
  if (chance_.one_in(2))
    asked->occurred_on = law::add_days(w_.today(), days{-static_cast<int>(chance_.below(360))});
  return asked;
}

play::command play::filing(const law::dossier& d) {
  law::document_filed filed{};
  filed.type = static_cast<law::piece_type>(chance_.below(law::enum_count<law::piece_type>));
  auto asked = about(c_.desk, d, filed, static_cast<int>(chance_.below(3)));
  // Few contents, so that the same document comes twice.
  auto content = "document fictif " + std::to_string(chance_.below(4));
  asked->content.assign(content.begin(), content.end());
  return asked;
}

/// A change of the form, by who registers demandes or by the demandeur himself where he has an account.
play::command play::change(const law::dossier& d) {
  auto wanted = chance_.one_in(2) ? "t3" : "t4";
  auto now = std::string{law::name_of(d.typology)};
  law::field_change change{"search.typology", law::text<400>{chance_.one_in(5) ? "t1" : now}, law::text<400>{wanted}};
  auto asked = about(c_.desk, d, law::demande_changed{{change}, {}});
  asked->originator = law::party::demandeur();
  if (d.account && chance_.one_in(2)) {
    asked->by = {law::party::demandeur(), *d.account, d.id};
    asked->number.reset();
  }
  return asked;
}

play::command play::rectification(const law::dossier& d) {
  law::rectified r{{"search.persons_to_house", "1", "2"}, {}};
  if (!d.documents.empty() && !chance_.one_in(5))
    r.documents.push_back(d.documents.front().id);
  return about(chance_.one_in(6) ? c_.bailleur : c_.desk, d, r);
}

play::command play::about_demande(const law::dossier& d) {
  switch (chance_.below(17)) {
  case 0:
    return about(c_.desk, d, law::certificate_issued{});
  case 1:
    return change(d);
  case 2:
  case 3:
    return filing(d);
  case 4:
    return rectification(d);
  case 5:
    return about(c_.bailleur, d, law::documents_requested{{law::piece_type::tax_notice}, {}, w_.today(), {}});
  case 6:
    return about(c_.lieu_accueil, d, law::received{commune("93066"), "accueil fictif"});
  case 7:
    return about(c_.desk, d, law::processing_event{chance_.one_in(6) ? "" : "note fictive", {}});
  case 8: {
    auto asked = about(c_.desk, d, law::consultation_authorised{{}, law::add_days(w_.today(), days{7})});
    asked->originator = law::party::demandeur();
    return asked;
  }
  case 9: {
    auto asked = about(c_.desk, d, law::applicant_account_opened{});
    asked->login = "demandeur-" + d.number.text();
    asked->password = chance_.one_in(5) ? "court" : "mot de passe fictif";
    return asked;
  }
  case 10:
  case 11:
    return about_validity(d);
  default:
    return mention(d);
  }
}

/// DALO, opinions of instances, priority, contingents.
play::command play::mention(const law::dossier& d) {
  switch (chance_.below(6)) {
  case 0: {
    law::dalo_recognised dalo{"2024-1", *law::departement_code::parse("93"), {}};
    return about(c_.state, d, dalo, static_cast<int>(chance_.below(400)));
  }
  case 1:
    return about(c_.state, d, law::dalo_lost{"refus d'une offre adaptée"});
  case 2: {
    auto kind = static_cast<law::instance_kind>(chance_.below(4));
    const auto& by = kind == law::instance_kind::pdalhpd ? c_.pdalhpd : c_.gestionnaire;
    return about(by, d, law::instance_opinion{kind, law::opinion_sense::favourable, "avis fictif"});
  }
  case 3: {
    auto category = static_cast<law::priority_category>(chance_.below(4));
    return about(chance_.one_in(2) ? c_.bailleur : c_.action_logement, d,
                 law::priority_recognised{category, "pièces fictives", {}});
  }
  case 4: {
    if (d.recognitions.empty())
      return about(c_.bailleur, d, law::priority_withdrawn{law::priority_category::a, "fin"});
    const auto& known = d.recognitions.front();
    const auto* by = c_.find(known.by);
    return about(by ? *by : c_.bailleur, d, law::priority_withdrawn{known.category, "fin"});
  }
  default: {
    auto name = chance_.one_in(3) ? "collectivite" : "action_logement";
    const auto& by = std::string_view{name} == "collectivite" ? c_.collectivite : c_.action_logement;
    return about(by, d, law::contingent_eligibility{{c_.conventions.at(name)}, false, "critères fictifs"});
  }
  }
}

play::command play::about_validity(const law::dossier& d) {
  using enum law::radiation_motive;
  if (d.status == law::demande_status::radiated) {
    if (chance_.one_in(3))
      return about(c_.desk, d, law::renewed{}, static_cast<int>(chance_.below(80)));
    if (chance_.one_in(3))
      return about(c_.desk, d,
                   law::reactivated{chance_.one_in(2) ? law::reactivation_cause::late_renewal
                                                      : law::reactivation_cause::answer_after_term});
    return about(c_.desk, d, law::warning_answered{"réponse fictive"}, static_cast<int>(chance_.below(50)));
  }
  if (d.status == law::demande_status::expired && chance_.one_in(2))
    return about(c_.desk, d, law::renewed{}, static_cast<int>(chance_.below(20)));
  if (d.warning && chance_.one_in(3))
    return about(c_.desk, d, law::warning_answered{"réponse fictive"}, static_cast<int>(chance_.below(3)));
  switch (chance_.below(9)) {
  case 0:
  case 1:
    return about(c_.gestionnaire, d, law::renewal_notice_sent{{law::notice_channel::post}});
  case 2:
    return about(c_.desk, d, law::renewed{}, static_cast<int>(chance_.below(4)));
  case 3:
    return about(c_.desk, d, law::radiation_warning_sent{c_no_answer, "avis de réception fictif"});
  case 4:
    return about(c_.bailleur, d, law::radiation_warning_sent{d_inadmissible, "avis de réception fictif"});
  case 5:
    return about(c_.desk, d, law::radiated{b_renunciation, chance_.one_in(4) ? "" : "lettre fictive"});
  case 6:
    return about(c_.gestionnaire, d, law::radiated{static_cast<law::radiation_motive>(chance_.below(6)), {}});
  case 7: {
    const auto* other = some_dossier();
    return about(c_.gestionnaire, d, law::merged{{other->number}, {}});
  }
  default: {
    const auto* other = some_dossier();
    return about(c_.desk, d, law::seniority_transferred{other->number, {}, "séparation"});
  }
  }
}

// -- candidacies ----------------------------------------------------------------------------------------------------

play::command play::designation(const law::dossier& d) {
  const auto& vacancies = book_.vacancies_by_arrival();
  if (vacancies.empty())
    return dwelling_side();
  // The latest vacancies gather candidates, as they must for a session.
  auto at = vacancies.size() - 1 - chance_.below(std::min<std::uint64_t>(vacancies.size(), 4));
  const auto& v = *book_.find(vacancies[at]);
  const body* by = &bailleur_of(v);
  command asked;
  if (v.reserved_under)
    for (const auto& [name, id] : c_.conventions)
      if (id == v.reserved_under && !chance_.one_in(6))
        by = name == "state" ? &c_.state : name == "collectivite" ? &c_.collectivite : &c_.action_logement;
  law::designated named{};
  named.vacancy = v.id;
  if (by == &c_.state && chance_.one_in(4))
    named.route = law::designation_route::prefect;
  asked = about(*by, d, named);
  if (by == &c_.collectivite && chance_.one_in(2)) {
    // The bailleur designates for the réservataire that has given it a mandate.
    asked->by = c_.bailleur.who();
    asked->originator = law::party{c_.collectivite.siren};
  }
  return asked;
}

play::command play::decision_on(const law::dossier& d, const law::candidacy& k, const law::vacancy& v) {
  law::caleol_decided decided{};
  decided.candidacy = k.id;
  auto next = law::next_rank(v, k.session);
  using enum law::caleol_decision;
  switch (chance_.below(8)) {
  case 0:
    decided.decision = non_attribution;
    decided.motives = {chance_.one_in(3) ? law::decision_motive::no_local_link
                                         : law::decision_motive::resources_do_not_fit_rent};
    break;
  case 1:
    decided.decision = inadmissibility;
    decided.motives = {law::decision_motive::income_ceiling_exceeded};
    break;
  case 2:
    decided.decision = conditional;
    decided.motives = {law::decision_motive::missing_piece};
    decided.missing_piece = law::piece_type::tax_notice;
    decided.piece_due = law::add_days(w_.today(), days{20});
    break;
  default:
    decided.decision = next == 1 ? attribution : ranked;
    decided.rank = static_cast<std::uint8_t>(next + (chance_.one_in(10) ? 1 : 0));
  }
  const auto* session = book_.find(k.session);
  auto asked = about(bailleur_of(v), d, decided);
  if (session && session->held_on <= w_.today())
    asked->occurred_on = session->held_on;
  return asked;
}

play::command play::about_candidacy(const law::dossier& d, const law::candidacy& k) {
  const auto& v = *book_.find(k.vacancy);
  const auto& by = bailleur_of(v);
  using enum law::candidacy_step;
  if (k.step == lease_signed)
    return about(by, d, law::lease_corrected{k.id, chance_.one_in(6) ? "" : "erreur fictive"});
  if (chance_.one_in(12))
    return about(by, d, law::visit_proposed{v.id, law::add_days(w_.today(), days{2})});
  if (chance_.one_in(12))
    return about(by, d, law::visit_made{v.id});
  if (k.condition_pending && chance_.one_in(2)) {
    if (chance_.one_in(4))
      return about(by, d, law::condition_failed{k.id, "pièce jamais fournie"});
    return about(by, d, law::condition_fulfilled{k.id});
  }
  switch (k.step) {
  case designated: {
    if (chance_.one_in(8)) {
      const auto* who = c_.find(k.designator);
      return about(who ? *who : by, d, law::designation_withdrawn{k.id, "erreur fictive"});
    }
    const auto& sessions = book_.sessions_by_arrival();
    for (auto id = sessions.rbegin(); id != sessions.rend(); ++id)
      if (const auto* s = book_.find(*id); s->bailleur == v.bailleur && s->status == law::session_status::scheduled)
        return about(by, d, law::agenda_entered{k.id, s->id});
    return about_session(by, {}, law::session_scheduled{{}, law::add_days(w_.today(), days{4}), "Commission fictive"});
  }
  case on_agenda: {
    auto asked = about(by, d, law::examined{k.id});
    if (const auto* s = book_.find(k.session); s && s->held_on <= w_.today())
      asked->occurred_on = s->held_on;
    return asked;
  }
  case examined:
    return decision_on(d, k, v);
  case attributed:
  case ranked:
  case conditional: {
    if (chance_.one_in(6))
      return about(by, d, law::lease_signed{k.id, {}, {}, {}, {}, {}, {}, {}});
    auto delay = chance_.one_in(8) ? 9 : 12;
    return about(by, d, law::offer_made{k.id, law::add_days(w_.today(), days{delay}), 45'000, {}, !chance_.one_in(5)});
  }
  case offered:
    if (chance_.one_in(3))
      return about(by, d, law::offer_refused{k.id, static_cast<law::refusal_motive>(chance_.below(11)), {}});
    return about(by, d, law::offer_accepted{k.id}, static_cast<int>(chance_.below(2)));
  case accepted:
    return about(by, d, law::lease_signed{k.id, {}, {}, true, {}, {}, {}, {}});
  case refused:
    return about(by, d, law::offer_accepted{k.id}, static_cast<int>(chance_.below(6)));
  default:
    return about(by, d, law::designation_withdrawn{k.id, "trop tard"});
  }
}

play::command play::likely(const law::dossier& d) {
  using law::demande_status;
  std::vector<const law::candidacy*> open;
  for (const auto& k : d.candidacies)
    if (k.open())
      open.push_back(&k);
  if (d.status == demande_status::radiated && chance_.one_in(3))
    for (const auto& k : d.candidacies)
      if (!k.open() && law::in_favour(k.step)) {
        // A second lease, attested or not.
        law::lease_signed second{k.id, {}, {}, {}, {}, {}, {}, chance_.one_in(2)};
        return about(bailleur_of(*book_.find(k.vacancy)), d, second, static_cast<int>(chance_.below(10)));
      }
  if (!open.empty() && chance_.percent(80))
    return about_candidacy(d, *open[chance_.below(open.size())]);
  if (d.status == demande_status::active && chance_.percent(45))
    return designation(d);
  return about_demande(d);
}

// -- dwellings, sessions, instruments -------------------------------------------------------------------------------

play::command play::dwelling_side() {
  const auto& homes = book_.dwellings_by_arrival();
  if (homes.size() < 6 || chance_.one_in(8)) {
    char rpls[16];
    std::snprintf(rpls, sizeof rpls, "93%08u",
                  static_cast<unsigned>(chance_.below(chance_.one_in(6) ? 4 : 90'000'000)));
    law::dwelling_registered home{};
    home.rpls = *law::rpls_id::parse(rpls);
    const char* where[] = {"93066", "93066", "93001", "93070"};
    home.commune = commune(where[chance_.below(4)]);
    home.typology = law::typology::t3;
    home.d331_25_1_subsidy = chance_.one_in(5);
    return command_of(w_, chance_.one_in(3) ? c_.other_bailleur : c_.bailleur, home);
  }
  const auto& vacancies = book_.vacancies_by_arrival();
  if (!vacancies.empty() && chance_.one_in(10)) {
    const auto& v = *book_.find(vacancies[chance_.below(vacancies.size())]);
    return about_vacancy(bailleur_of(v), v.id, law::vacancy_withdrawn{"travaux fictifs"});
  }
  const auto& home = *book_.find(homes[chance_.below(homes.size())]);
  law::vacancy_opened opened{};
  opened.dwelling = home.id;
  opened.available_on = w_.today();
  if (chance_.percent(60)) {
    bool of_other = home.bailleur == c_.other_bailleur.siren;
    bool in_saint_denis = home.commune == commune("93066");
    auto name = of_other ? "state" : in_saint_denis && chance_.one_in(2) ? "collectivite" : "action_logement";
    opened.reserved_under = c_.conventions.at(name);
    opened.holder_informed_on = law::add_days(w_.today(), days{-static_cast<int>(chance_.below(34))});
  }
  const auto* by = c_.find(home.bailleur);
  return command_of(w_, by ? *by : c_.bailleur, opened);
}

play::command play::session_side() {
  for (auto id : book_.sessions_by_arrival()) {
    const auto& s = *book_.find(id);
    const auto* by = c_.find(s.bailleur);
    if (!by)
      continue;
    if (s.status == law::session_status::opened && chance_.one_in(6))
      return about_session(*by, id, law::session_closed{"procès-verbal fictif"});
    if (s.status != law::session_status::scheduled)
      continue;
    if (chance_.one_in(12))
      return about_session(*by, id, law::session_cancelled{"report fictif"});
    if (s.held_on > w_.today())
      continue;
    law::session_opened opened{!chance_.one_in(12), {}};
    if (!chance_.one_in(4))
      for (auto vacancy : book_.agenda_of(id))
        opened.exceptions.push_back(
            {vacancy, static_cast<law::fewer_candidates_ground>(chance_.below(5) < 3 ? 0 : chance_.below(3))});
    auto asked = about_session(*by, id, opened);
    asked->occurred_on = s.held_on;
    return asked;
  }
  const auto& by = chance_.one_in(3) ? c_.other_bailleur : c_.bailleur;
  return command_of(w_, by, law::session_scheduled{{}, law::add_days(w_.today(), days{2}), "Commission fictive"});
}

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

// -- nonsense -------------------------------------------------------------------------------------------------------

play::command play::nonsense() {
  const auto* d = some_dossier();
  if (!d)
    return registration();
  switch (chance_.below(11)) {
  case 9: {
    auto asked = command_of(w_, c_.desk, law::account_secret_changed{c_.desk.agent, law::secret_change::token_issued});
    asked->display_name = std::string(61, 'x');
    return asked;
  }
  case 10: {
    auto form = some_form();
    form.search.communes.clear();
    return command_of(w_, c_.desk, law::demande_registered{{}, {}, true, form});
  }
  case 0:
    return about(c_.stranger, *d, law::processing_event{"intrusion", {}});
  case 1:
    return about(c_.desk, *d, law::dalo_recognised{"2024-2", *law::departement_code::parse("93"), {}});
  case 2:
    return about(c_.narrow_desk, *d, law::renewed{});
  case 3:
    return about(c_.bailleur, *d, law::candidacy_closed{{}, law::closing_reason::dwelling_let});
  case 4:
    return command_of(w_, c_.gestionnaire, law::clock_set{w_.clock().now()});
  case 5: {
    auto asked = about(c_.desk, *d, law::processing_event{"note", {}});
    asked->by.account = w_.chance_of_actors()->fresh<law::agent_id>();
    return asked;
  }
  case 6: {
    auto asked = about(c_.desk, *d, law::processing_event{"note", {}});
    asked->number = *law::nud::parse("093012400000199999");
    return asked;
  }
  case 7:
    return about(c_.bailleur, *d,
                 law::lease_signed{w_.chance_of_actors()->fresh<law::candidacy_id>(), {}, {}, {}, {}, {}, {}, {}});
  default: {
    auto form = some_form();
    form.search.communes = {commune(chance_.one_in(2) ? "75056" : "35238")};
    return command_of(w_, c_.desk, law::demande_registered{{}, {}, true, form});
  }
  }
}

/// A likely command made unlikely.
void play::twist(asked_command& asked) {
  switch (chance_.below(5)) {
  case 0:
    asked.occurred_on = law::add_days(w_.today(), days{1});
    break;
  case 1:
    asked.occurred_on = law::add_days(w_.today(), days{-2000});
    break;
  case 2:
    asked.by = chance_.pick(c_.all())->who();
    break;
  case 3:
    asked.originator = law::party{c_.other_bailleur.siren};
    break;
  default:
    asked.occurred_on = law::add_days(asked.occurred_on, days{-static_cast<int>(chance_.below(4))});
  }
}

std::shared_ptr<asked_command> play::next() {
  command asked;
  auto choice = chance_.below(100);
  const auto* d = some_dossier();
  if (!d || choice < 8)
    asked = registration();
  else if (choice < 15)
    asked = dwelling_side();
  else if (choice < 25)
    asked = session_side();
  else if (choice < 30)
    asked = instruments();
  else if (choice < 34)
    asked = nonsense();
  else
    asked = likely(*d);
  if (chance_.one_in(14))
    twist(*asked);
  return asked;
}

std::shared_ptr<asked_command> play::harmless(law::dossier_id id) {
  return about(c_.desk, *book_.find(id), law::processing_event{"note fictive", {}});
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
