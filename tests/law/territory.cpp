#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <ostream>

namespace toit::law {

std::ostream& operator<<(std::ostream& out, refusal_code code) { return out << name_of(code); }
std::ostream& operator<<(std::ostream& out, demande_status status) { return out << name_of(status); }
std::ostream& operator<<(std::ostream& out, candidacy_step step) { return out << name_of(step); }
std::ostream& operator<<(std::ostream& out, vacancy_status status) { return out << name_of(status); }

} // namespace toit::law

namespace toit::law::testing {

using namespace std::chrono_literals;

// -- verdicts -------------------------------------------------------------------------------------------------------

bool verdict::warns(warning w) const {
  return answer && std::ranges::find(answer->warnings, w) != answer->warnings.end();
}

std::ostream& operator<<(std::ostream& out, const verdict& v) {
  if (v.answer)
    return out << "recorded, " << v.answer->entries.size() << " entries";
  return out << name_of(v.answer.error().code) << " (" << v.answer.error().article << ") " << v.answer.error().because;
}

// -- who and where --------------------------------------------------------------------------------------------------

siren siren_with_key(std::string_view eight_digits) {
  for (char key = '0'; key <= '9'; ++key)
    if (auto complete = siren::parse(std::string{eight_digits} + key))
      return *complete;
  return {};
}

nud number(unsigned sequence) {
  auto digits = std::to_string(1'000'000 + sequence).substr(1);
  return *nud::parse("0930126" + digits + "93066");
}

commune_code commune(std::string_view code) { return *commune_code::parse(code); }

const persons& people() {
  static const persons everybody;
  return everybody;
}

settings sne_territory() {
  settings s;
  s.territory = people().ept;
  s.gestionnaire = people().gestionnaire;
  s.communes = {aubervilliers, la_courneuve, epinay, saint_denis};
  return s;
}

settings particular_territory() {
  auto s = sne_territory();
  s.registration = registration_system::systeme_particulier;
  s.allots_numbers = true;
  return s;
}

settings tense_territory() {
  auto s = sne_territory();
  s.tense_zone = true;
  return s;
}

form filled_form(std::initializer_list<commune_code> wished) {
  form filled;
  filled.identity = {"Exemple", "", "Camille", 1990y / 5 / 17, nationality::french, {}};
  filled.contact.address = "1 rue Imaginaire";
  filled.situation.emplace();
  filled.situation->housing = present_housing::private_tenant;
  filled.situation->occupants = 2;
  filled.search.typology = typology::t3;
  filled.search.communes = wished;
  filled.search.persons_to_house = 2;
  return filled;
}

// -- days -----------------------------------------------------------------------------------------------------------

verdict moment::reaches(const due& term) const {
  command asked;
  asked.occurred_on = today;
  asked.originator = asked.introducer = w.settings.gestionnaire;
  asked.target = subject_of(term.dossier);
  asked.asked = due_reached{term};
  return w.decide_and_apply(asked, w.facts_for(gestionnaire(), asked));
}

unsigned moment::lets_terms_pass() const {
  unsigned effects = 0;
  for (bool again = true; again;) {
    again = false;
    auto dossiers = w.book.dossiers_by_arrival();
    for (auto id : dossiers) {
      const auto* d = w.book.find(id);
      auto terms = d ? dues_of(*d, w.settings) : std::vector<due>{};
      auto passed = std::ranges::find_if(
          terms, [&](const due& term) { return takes_effect(term.rule) && term.last_day < today; });
      if (passed == terms.end())
        continue;
      REQUIRE(reaches(*passed));
      ++effects;
      again = true;
    }
  }
  return effects;
}

// -- deeds ----------------------------------------------------------------------------------------------------------

namespace {

document_id document_of(std::uint8_t content) {
  document_id id;
  id.bytes.fill(content);
  return id;
}

dossier_id dossier_behind(const world& w, candidacy_id c) {
  const auto* d = w.book.dossier_of(c);
  return d ? d->id : dossier_id{};
}

} // namespace

hand hand::empowered() const {
  auto same = *this;
  same.may_rectify = true;
  return same;
}

hand hand::from_prefecture(std::vector<departement_code> where) const {
  auto same = *this;
  same.competent_in = std::move(where);
  return same;
}

verdict hand::asks(subject_id target, const event& asked) const {
  command wanted;
  wanted.occurred_on = occurred_on;
  wanted.originator = originator;
  wanted.introducer = introducer;
  // A demandeur has one account; any agent of a legal person may be the one at work.
  wanted.agent = id_of<agent_id>(introducer.is_demandeur() && !own.empty() ? subject_of(own) : w.fresh_id());
  wanted.target = target;
  wanted.asked = asked;
  return w.decide_and_apply(wanted, w.facts_for(*this, wanted));
}

verdict hand::registers(const form& filled, nud number) const {
  return asks(subject_id{}, demande_registered{number, registration_channel::desk, true, filled});
}
verdict hand::issues_certificate(dossier_id d) const { return asks(d, certificate_issued{notice_channel::post, {}}); }
verdict hand::changes(dossier_id d, std::string_view path, std::string_view before, std::string_view after) const {
  return asks(d, demande_changed{{{text<60>{path}, text<400>{before}, text<400>{after}}}, {}});
}
verdict hand::files(dossier_id d, std::uint8_t content) const {
  document_filed filed;
  filed.document = document_of(content);
  filed.digest.fill(content);
  return asks(d, filed);
}
verdict hand::rectifies(dossier_id d, std::string_view path, std::string_view before, std::string_view after,
                        std::vector<document_id> documents) const {
  return asks(d,
              rectified{{text<60>{path}, text<400>{before}, text<400>{after}}, {documents.begin(), documents.end()}});
}
verdict hand::renews(dossier_id d) const { return asks(d, renewed{}); }
verdict hand::sends_notice(dossier_id d) const { return asks(d, renewal_notice_sent{{notice_channel::post}}); }
verdict hand::warns(dossier_id d, radiation_motive motive) const {
  return asks(d, radiation_warning_sent{motive, "AR 1"});
}
verdict hand::answers(dossier_id d) const { return asks(d, warning_answered{"Je maintiens ma demande."}); }
verdict hand::radiates(dossier_id d, radiation_motive motive) const {
  return asks(d, radiated{motive, motive == radiation_motive::b_renunciation ? "lettre" : ""});
}
verdict hand::reactivates(dossier_id d, reactivation_cause cause) const { return asks(d, reactivated{cause}); }
verdict hand::merges(dossier_id kept, std::vector<dossier_id> absorbed) const {
  merged together;
  for (auto id : absorbed)
    together.absorbed.push_back(w[id].number);
  return asks(kept, together);
}
verdict hand::transfers_seniority(dossier_id d, dossier_id from) const {
  return asks(d, seniority_transferred{w[from].number, {}, "Divorce"});
}

verdict hand::mentions_dalo(dossier_id d, departement_code commission) const {
  dalo_recognised decision;
  decision.departement = commission;
  decision.decision_number = "2026-93-1";
  return asks(d, decision);
}
verdict hand::mentions_loss_of_dalo(dossier_id d) const { return asks(d, dalo_lost{}); }
verdict hand::gives_opinion(dossier_id d, instance_kind instance) const {
  return asks(d, instance_opinion{instance, opinion_sense::favourable, ""});
}
verdict hand::recognises(dossier_id d, priority_category category, std::optional<civil_date> until) const {
  return asks(d, priority_recognised{category, "Attestation", until});
}
verdict hand::withdraws_recognition(dossier_id d, priority_category category) const {
  return asks(d, priority_withdrawn{category, "Erreur"});
}
verdict hand::declares_eligible(dossier_id d, std::vector<convention_id> conventions, bool non_reserved) const {
  return asks(d, contingent_eligibility{{conventions.begin(), conventions.end()}, non_reserved, ""});
}

verdict hand::registers_dwelling(std::string_view rpls, commune_code where, bool subsidy) const {
  dwelling_registered home;
  home.rpls = *rpls_id::parse(rpls);
  home.commune = where;
  home.typology = typology::t3;
  home.d331_25_1_subsidy = subsidy;
  return asks(subject_id{}, home);
}
verdict hand::opens(dwelling_id home, std::optional<convention_id> reserved_under,
                    std::optional<civil_date> informed_on) const {
  return asks(subject_id{}, vacancy_opened{{}, home, reserved_under, informed_on, occurred_on});
}
verdict hand::withdraws(vacancy_id v) const { return asks(subject_of(v), vacancy_withdrawn{"Travaux"}); }
verdict hand::designates(dossier_id d, vacancy_id v, designation_route route) const {
  return asks(d, designated{{}, v, {}, route});
}
verdict hand::withdraws_designation(candidacy_id c) const {
  return asks(dossier_behind(w, c), designation_withdrawn{c, "Erreur"});
}

verdict hand::schedules(civil_date held_on) const {
  return asks(subject_id{}, session_scheduled{{}, held_on, "Commission"});
}
verdict hand::opens_session(session_id s, std::vector<fewer_candidates> exceptions, bool quorum) const {
  return asks(subject_of(s), session_opened{quorum, {exceptions.begin(), exceptions.end()}});
}
verdict hand::closes(session_id s) const { return asks(subject_of(s), session_closed{"PV 1"}); }
verdict hand::cancels(session_id s) const { return asks(subject_of(s), session_cancelled{"Quorum"}); }
verdict hand::enters(candidacy_id c, session_id s) const { return asks(dossier_behind(w, c), agenda_entered{c, s}); }
verdict hand::examines(candidacy_id c) const { return asks(dossier_behind(w, c), examined{c}); }
verdict hand::decides(const caleol_decided& decision) const {
  return asks(dossier_behind(w, decision.candidacy), decision);
}
verdict hand::attributes(candidacy_id c) const {
  return decides({c, caleol_decision::attribution, 0, {}, "", {}, {}, {}});
}
verdict hand::ranks(candidacy_id c, unsigned rank) const {
  return decides({c, caleol_decision::ranked, static_cast<std::uint8_t>(rank), {}, "", {}, {}, {}});
}
verdict hand::attributes_if(candidacy_id c, civil_date piece_due) const {
  return decides({c,
                  caleol_decision::conditional,
                  0,
                  {decision_motive::missing_piece},
                  "",
                  piece_type::tax_notice,
                  piece_due,
                  {}});
}
verdict hand::rejects(candidacy_id c, decision_motive motive) const {
  bool inadmissible = motive == decision_motive::income_ceiling_exceeded || motive == decision_motive::irregular_stay;
  auto decision = inadmissible ? caleol_decision::inadmissibility : caleol_decision::non_attribution;
  return decides({c, decision, 0, {motive}, "", {}, {}, {}});
}

verdict hand::proposes_visit(dossier_id d, vacancy_id v) const { return asks(d, visit_proposed{v, occurred_on}); }
verdict hand::makes_visit(dossier_id d, vacancy_id v) const { return asks(d, visit_made{v}); }
verdict hand::offers(candidacy_id c, civil_date reply_by, bool dalo_warning) const {
  return asks(dossier_behind(w, c), offer_made{c, reply_by, 60000, "T3", dalo_warning});
}
verdict hand::accepts(candidacy_id c) const { return asks(dossier_behind(w, c), offer_accepted{c}); }
verdict hand::refuses(candidacy_id c, refusal_motive motive) const {
  return asks(dossier_behind(w, c), offer_refused{c, motive, ""});
}
verdict hand::fulfils_condition(candidacy_id c) const { return asks(dossier_behind(w, c), condition_fulfilled{c}); }
verdict hand::fails_condition(candidacy_id c) const {
  return asks(dossier_behind(w, c), condition_failed{c, "Pièce non fournie"});
}
verdict hand::signs(candidacy_id c, bool attested) const {
  lease_signed lease;
  lease.candidacy = c;
  lease.attested = attested;
  return asks(dossier_behind(w, c), lease);
}
verdict hand::corrects(candidacy_id c) const {
  return asks(dossier_behind(w, c), lease_corrected{c, "Bail saisi par erreur"});
}

verdict hand::signs_convention(const reservation_convention& convention) const {
  return asks(subject_id{}, reservation_convention_signed{convention});
}
verdict hand::ends_convention(convention_id convention, civil_date last_day) const {
  return asks(subject_id{}, reservation_convention_ended{convention, last_day});
}
verdict hand::states_flow(siren bailleur, unsigned year, std::uint32_t to_let, std::uint32_t subtracted) const {
  return asks(subject_id{}, flow_stated{bailleur, *departement_code::parse("93"), static_cast<std::uint16_t>(year),
                                        to_let, subtracted});
}
verdict hand::grants(const habilitation& h) const { return asks(subject_id{}, habilitation_granted{h}); }

// -- the guard, the registry and the journal ------------------------------------------------------------------------

subject_id world::fresh_id() {
  subject_id id;
  // Spread like random ones, so that no order of creation shows in them.
  std::uint64_t state = 0x9E3779B97F4A7C15 * ++drawn;
  for (auto& byte : id.bytes) {
    state ^= state >> 30;
    state *= 0xBF58476D1CE4E5B9;
    byte = static_cast<std::uint8_t>(state >> 56);
  }
  return id;
}

namespace {

bool exists(commune_code where) { return where != nowhere; }

/// What the guard and the registry look up for an event, by its type.
struct lookup {
  world& w;
  facts& known;

  void commune(commune_code where) {
    if (!exists(where))
      known.unknown_communes.push_back(where);
  }
  void convention(convention_id id) {
    if (const auto* found = w.contingents.conventions().find(id))
      known.conventions.push_back(*found);
  }
  void demande(nud named) {
    auto found = w.numbers.find(named);
    known.named_demandes.push_back(found == w.numbers.end() ? dossier_id{} : found->second);
  }
  void person(siren id) {
    if (w.rights.has_quality(id, quality::bailleur, known.today))
      known.bailleurs.push_back(id);
    if (w.rights.has_quality(id, quality::reservataire, known.today))
      known.reservataires.push_back(id);
  }
  void changes(const field_changes& all) {
    for (const auto& change : all)
      if (change.path.str() == "search.communes" && change.new_value.str().find(nowhere.view()) != std::string::npos)
        commune(nowhere);
  }

  void operator()(const demande_registered& e) {
    for (auto where : e.form.search.communes)
      commune(where);
    if (auto holder = w.numbers.find(e.number); holder != w.numbers.end())
      known.number_holder = holder->second;
    if (w.settings.allots_numbers)
      known.fresh_number = number(500'000 + ++w.registered);
  }
  void operator()(const demande_changed& e) { changes(e.changes); }
  void operator()(const renewed& e) { changes(e.changes); }
  void operator()(const rectified& e) { changes({e.change}); }
  void operator()(const merged& e) {
    for (auto n : e.absorbed)
      demande(n);
  }
  void operator()(const seniority_transferred& e) { demande(e.from); }
  void operator()(const contingent_eligibility& e) {
    for (auto id : e.conventions)
      convention(id);
  }
  void operator()(const dwelling_registered& e) { commune(e.commune); }
  void operator()(const vacancy_opened& e) {
    if (e.reserved_under)
      convention(*e.reserved_under);
  }
  void operator()(const designated& e) {
    if (auto reservation = w.contingents.reservation_of(e.vacancy)) {
      convention(*reservation);
      known.balance_exhausted = w.contingents.exhausted(*reservation, static_cast<int>(known.today.year()));
    }
    convention(e.contingent.convention);
  }
  void operator()(const reservation_convention_signed& e) {
    person(e.convention.bailleur);
    person(e.convention.holder);
  }
  void operator()(const flow_stated& e) { person(e.bailleur); }
  void operator()(const auto&) {}
};

bool about_contingents(const event& asked) {
  return std::holds_alternative<reservation_convention_signed>(asked) ||
         std::holds_alternative<reservation_convention_ended>(asked) || std::holds_alternative<flow_stated>(asked);
}

decision decide_by_owner(const world& w, const command& asked, const facts& known) {
  const auto* kind = kind_asked(asked);
  if (!kind || kind->family == entry_family::dossier)
    return decide(w.book, w.settings, asked, known);
  if (about_contingents(std::get<event>(asked.asked)))
    return decide(w.contingents, w.settings, asked, known);
  return decide(w.rights, w.settings, asked, known);
}

/// What the registry locks must cover what it then writes, but for what is new.
void check_locks(const world& w, const command& asked, const facts& known, const outcome& out) {
  const auto* kind = kind_asked(asked);
  if (kind && kind->family != entry_family::dossier)
    return;
  auto locked = subjects_of(w.book, asked, known);
  for (const auto& entry : out.entries) {
    bool is_new = std::ranges::find(known.fresh_ids, entry.subject) != known.fresh_ids.end();
    bool is_locked = std::ranges::binary_search(locked, entry.subject);
    if (!is_new && !is_locked)
      FAIL_CHECK("an entry of " << kind_of(entry.event).name << " is written on a subject that was not locked");
  }
}

} // namespace

facts world::facts_for(const hand& by, const command& asked) {
  facts known;
  known.today = by.today;
  auto acting = by.originator.is_demandeur() ? by.introducer : by.originator;
  if (!acting.is_demandeur())
    known.capacities = rights.capacities_of(acting.legal_person(), by.today);
  known.may_rectify = by.may_rectify;
  known.competent_in = by.competent_in;
  known.own_dossier = by.introducer.is_demandeur() && (asked.target.empty() || subject_of(by.own) == asked.target);
  known.instances_in_force = rights.instances_in_force(asked.occurred_on);
  if (auto found = forms.find(id_of<dossier_id>(asked.target)); found != forms.end())
    known.form = found->second;
  known.fresh_ids = {fresh_id(), fresh_id()};
  known.sealed_entries = entries_of[asked.target];
  if (const auto* wanted = std::get_if<event>(&asked.asked))
    std::visit(lookup{*this, known}, static_cast<const any_event&>(*wanted));
  return known;
}

namespace {

record as_recorded(const command& asked, const outcome& out, const drafted& entry) {
  record r;
  r.operation = entry.operation;
  r.occurred_on = out.occurred_on;
  r.originator = out.originator;
  r.introducer = asked.introducer;
  r.agent = asked.agent;
  r.supersedes = entry.supersedes;
  r.event = entry.event;
  return r;
}

} // namespace

verdict world::decide_and_apply(const command& asked, const facts& known) {
  auto answer = decide_by_owner(*this, asked, known);
  if (answer) {
    check_locks(*this, asked, known, *answer);
    for (const auto& entry : answer->entries)
      apply(entry.subject, as_recorded(asked, *answer, entry));
  }
  return {std::move(answer), known.fresh_ids[0]};
}

void world::apply(subject_id subject, const record& happened) {
  ++last_seq;
  book.apply(subject, happened, last_seq);
  rights.apply(subject, happened, last_seq);
  contingents.apply(subject, happened, last_seq);
  entries_of[subject].push_back(last_seq);
  auto id = id_of<dossier_id>(subject);
  if (const auto* first = std::get_if<demande_registered>(&happened.event))
    numbers[first->number] = id;
  if (book.find(id))
    evolve(forms[id], happened);
  else
    forms.erase(id);
}

// -- the territory --------------------------------------------------------------------------------------------------

namespace {

constexpr civil_date opening = 2015y / 1 / 1;

habilitation of(siren who, quality q, std::optional<instance_kind> instance = {}) {
  habilitation h;
  h.legal_person = who;
  h.quality = q;
  h.instance = instance;
  if (q == quality::service_enregistreur)
    h.registers_as = registering_body::e;
  h.from = opening;
  return h;
}

reservation_convention convention_of(siren holder, contingent_kind contingent) {
  reservation_convention c;
  c.bailleur = people().bailleur;
  c.holder = holder;
  c.contingent = contingent;
  c.departement = *departement_code::parse("93");
  c.flow_share = 2000;
  c.from = opening;
  return c;
}

/// The first account of the gestionnaire is created on the host itself.
void seat_gestionnaire(world& w) {
  record first;
  first.occurred_on = opening;
  first.originator = first.introducer = people().gestionnaire;
  first.event = legal_person_registered{people().gestionnaire, legal_person_kind::association, "Gestionnaire"};
  w.apply(subject_of(people().gestionnaire), first);
  auto h = of(people().gestionnaire, quality::gestionnaire);
  h.id = id_of<habilitation_id>(w.fresh_id());
  first.event = habilitation_granted{h};
  w.apply(subject_of(h.id), first);
}

} // namespace

world::world(law::settings fixed) : settings{std::move(fixed)} {
  seat_gestionnaire(*this);
  auto first_day = on(opening).gestionnaire();
  const auto& p = people();
  for (auto who : {p.ept, p.desk, p.bailleur, p.other_bailleur, p.state, p.town, p.mediation, p.coordination, p.pdalhpd,
                   p.follow_up, p.reception_place, p.stranger})
    REQUIRE(first_day.asks(subject_id{}, legal_person_registered{who, legal_person_kind::other, "Personne"}));
  for (const auto& h :
       {of(p.ept, quality::epci_responsable), of(p.desk, quality::service_enregistreur),
        of(p.bailleur, quality::bailleur), of(p.other_bailleur, quality::bailleur), of(p.state, quality::reservataire),
        of(p.state, quality::state_mediation_secretariat), of(p.town, quality::reservataire),
        of(p.mediation, quality::state_mediation_secretariat),
        of(p.coordination, quality::instance_secretariat, instance_kind::coordination),
        of(p.pdalhpd, quality::instance_secretariat, instance_kind::pdalhpd),
        of(p.follow_up, quality::state_attribution_follow_up), of(p.reception_place, quality::lieu_accueil)})
    REQUIRE(first_day.grants(h));
  auto of_state = convention_of(p.state, contingent_kind::state_priority);
  of_state.flow_share = 3000;
  of_state.agents_share = 500;
  auto signed_by_state = first_day.signs_convention(of_state);
  REQUIRE(signed_by_state);
  state_convention = signed_by_state.id<convention_id>();
  auto of_town = convention_of(p.town, contingent_kind::collectivite);
  of_town.communes = {saint_denis};
  auto signed_by_town = first_day.signs_convention(of_town);
  REQUIRE(signed_by_town);
  town_convention = signed_by_town.id<convention_id>();
}

const dossier& world::operator[](dossier_id d) const {
  const auto* found = book.find(d);
  REQUIRE(found);
  return *found;
}
const vacancy& world::operator[](vacancy_id v) const {
  const auto* found = book.find(v);
  REQUIRE(found);
  return *found;
}
const candidacy& world::operator[](candidacy_id c) const {
  const auto* d = book.dossier_of(c);
  REQUIRE(d);
  return *d->find(c);
}
const candidate& world::seen_by_dwelling(candidacy_id c) const { return *(*this)[(*this)[c].vacancy].find(c); }

std::optional<due> world::term(dossier_id d, due_rule rule) const {
  auto terms = dues_of((*this)[d], settings);
  auto found = std::ranges::find(terms, rule, &due::rule);
  return found == terms.end() ? std::nullopt : std::optional{*found};
}

// -- stories --------------------------------------------------------------------------------------------------------

dossier_id world::new_demande(civil_date reception, std::initializer_list<commune_code> wished) {
  auto answer = on(reception).desk().registers(filled_form(wished), number(++registered));
  REQUIRE(answer);
  return answer.id<dossier_id>();
}

dwelling_id world::new_dwelling(civil_date day, commune_code where, siren bailleur) {
  auto rpls = std::to_string(1'000'000'000 + ++registered);
  auto answer = on(day).by(bailleur).registers_dwelling(rpls, where);
  REQUIRE(answer);
  return answer.id<dwelling_id>();
}

vacancy_id world::new_vacancy(civil_date day, commune_code where, siren bailleur) {
  auto answer = on(day).by(bailleur).opens(new_dwelling(day, where, bailleur));
  REQUIRE(answer);
  return answer.id<vacancy_id>();
}

vacancy_id world::reserved_vacancy(civil_date day, convention_id convention, std::optional<civil_date> informed_on) {
  auto answer = on(day).bailleur().opens(new_dwelling(day), convention, informed_on);
  REQUIRE(answer);
  return answer.id<vacancy_id>();
}

std::vector<candidacy_id> world::examined(civil_date day, vacancy_id v, std::vector<dossier_id> demandes) {
  auto bailleur = on(day).by((*this)[v].bailleur);
  auto scheduled = bailleur.schedules(day);
  REQUIRE(scheduled);
  auto session = scheduled.id<session_id>();
  std::vector<candidacy_id> candidacies;
  for (auto d : demandes) {
    auto designation = bailleur.designates(d, v);
    REQUIRE(designation);
    candidacies.push_back(designation.id<candidacy_id>());
    REQUIRE(bailleur.enters(candidacies.back(), session));
  }
  REQUIRE(bailleur.opens_session(session, {{v, fewer_candidates_ground::not_enough_candidates}}));
  for (auto c : candidacies)
    REQUIRE(bailleur.examines(c));
  return candidacies;
}

candidacy_id world::attributed(civil_date day, vacancy_id v, dossier_id d) {
  auto c = examined(day, v, {d}).front();
  REQUIRE(on(day).by((*this)[v].bailleur).attributes(c));
  return c;
}

std::vector<candidacy_id> world::ranked(civil_date day, vacancy_id v, std::vector<dossier_id> demandes) {
  auto candidacies = examined(day, v, std::move(demandes));
  unsigned rank = 0;
  for (auto c : candidacies)
    REQUIRE(on(day).by((*this)[v].bailleur).ranks(c, ++rank));
  return candidacies;
}

candidacy_id world::offered(civil_date day, vacancy_id v, dossier_id d, civil_date reply_by) {
  auto c = attributed(day, v, d);
  REQUIRE(on(day).by((*this)[v].bailleur).offers(c, reply_by));
  return c;
}

candidacy_id world::housed(civil_date day, vacancy_id v, dossier_id d) {
  auto c = attributed(day, v, d);
  REQUIRE(on(day).by((*this)[v].bailleur).signs(c));
  return c;
}

} // namespace toit::law::testing
