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

void play::follow_again(const std::vector<ports::stored_entry>& entries) {
  book_ = {};
  for (const auto& entry : entries)
    if (entry.record)
      book_.apply(entry.subject, *entry.record, entry.seq);
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

/// An account for the demandeur, and what becomes of it.
play::command play::account_of(const law::dossier& d) {
  if (d.account && chance_.one_in(4))
    return about(c_.desk, d, law::applicant_account_closed{});
  bool opens = !d.account || chance_.one_in(4);
  auto asked =
      opens ? about(c_.desk, d, law::applicant_account_opened{}) : about(c_.desk, d, law::applicant_password_set{});
  asked->login = "demandeur-" + d.number.text();
  asked->password = chance_.one_in(5) ? "court" : "mot de passe fictif";
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
  case 9:
    return account_of(d);
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

play::command play::likely(const law::dossier& d) {
  using law::demande_status;
  if (d.warning && chance_.one_in(6))
    return about(c_.desk, d, law::warning_answered{"réponse fictive"}, static_cast<int>(chance_.below(3)));
  if (d.inadmissible && !d.warning && d.status != demande_status::radiated && chance_.one_in(2)) {
    auto decided = std::ranges::find(d.candidacies, law::candidacy_step::inadmissible, &law::candidacy::step);
    if (decided != d.candidacies.end())
      return about(bailleur_of(*book_.find(decided->vacancy)), d,
                   law::radiation_warning_sent{law::radiation_motive::d_inadmissible, "avis de réception fictif"});
  }
  std::vector<const law::candidacy*> open;
  for (const auto& k : d.candidacies)
    if (k.open())
      open.push_back(&k);
  if (d.status == demande_status::radiated && chance_.one_in(3))
    if (const auto* k = turned_away(d))
      return second_lease(d, *k);
  if (!open.empty() && chance_.percent(80))
    return about_candidacy(d, *open[chance_.below(open.size())]);
  if (d.status == demande_status::active && chance_.percent(45))
    return designation(d);
  return about_demande(d);
}

/// A candidacy that a commission had decided in favour of, and that ended with the demande.
const law::candidacy* play::turned_away(const law::dossier& d) const {
  auto found = std::ranges::find_if(d.candidacies, [&](const law::candidacy& k) {
    return !k.open() && law::in_favour(k.step) && book_.find(k.vacancy)->status == law::vacancy_status::open;
  });
  return found == d.candidacies.end() ? nullptr : &*found;
}

/// Attested or not.
play::command play::second_lease(const law::dossier& d, const law::candidacy& k) {
  law::lease_signed second{k.id, {}, {}, {}, {}, {}, {}, chance_.one_in(2)};
  return about(bailleur_of(*book_.find(k.vacancy)), d, second, static_cast<int>(chance_.below(10)));
}

/// The next step of a candidacy that does not wait for a session's day, so that some reach their lease.
play::command play::follow_through(const law::dossier& otherwise) {
  using enum law::candidacy_step;
  std::vector<std::pair<const law::dossier*, const law::candidacy*>> waiting;
  const auto& ids = book_.dossiers_by_arrival();
  for (auto id = ids.rbegin(); id != ids.rend() && waiting.size() < 24; ++id)
    if (const auto* d = book_.find(*id)) {
      const auto* other = d->status == law::demande_status::radiated ? turned_away(*d) : nullptr;
      if (other && chance_.one_in(2))
        return second_lease(*d, *other);
      bool two = 1 < std::ranges::count_if(d->candidacies, &law::candidacy::open);
      for (const auto& k : d->candidacies) {
        const auto* session = book_.find(k.session);
        bool before_it = k.step == on_agenda && session && session->held();
        // Who has two dwellings in view seldom signs for one before the other is decided.
        bool decided = law::in_favour(k.step) && k.step != lease_signed && (!two || chance_.one_in(3));
        if (k.open() && (before_it || decided || k.step == examined || k.step == designated))
          waiting.emplace_back(d, &k);
      }
    }
  if (waiting.empty())
    return likely(otherwise);
  auto [d, k] = chance_.pick(waiting);
  // Some never answer their offer; some are attributed two dwellings at a time.
  if (k->step == offered && chance_.one_in(2))
    return likely(otherwise);
  if (d->status == law::demande_status::active && chance_.one_in(4))
    return designation(*d);
  return about_candidacy(*d, *k);
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
    return command_of(w_, c_.gestionnaire, law::clock_set{w_.now()});
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
  else if (choice < 14)
    asked = dwelling_side();
  else if (choice < 21)
    asked = session_side();
  else if (choice < 26)
    asked = instruments();
  else if (choice < 30)
    asked = nonsense();
  else if (choice < 50)
    asked = follow_through(*d);
  else
    asked = likely(*d);
  if (chance_.one_in(14))
    twist(*asked);
  return asked;
}

std::shared_ptr<asked_command> play::harmless(law::dossier_id id) {
  return about(c_.desk, *book_.find(id), law::processing_event{"note fictive", {}});
}

} // namespace toit::simulation
