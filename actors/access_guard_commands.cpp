// The guard's side of a command: who asks, for whom, with which facts, and to whom it goes.

#include "actors/access_guard.hpp"
#include "actors/number_allotment.hpp"
#include "law/authority.hpp"
#include "law/scalar_text.hpp"

namespace toit {

using law::refusal_code;

// -- who asks -------------------------------------------------------------------------------------------------------

namespace {

bool concerns_dispositif(const law::entry_kind& kind) {
  return kind.article.starts_with("L441-2-7") && !kind.who.only_consequence();
}

bool concerns_instruments(const law::entry_kind& kind) {
  return kind.family == law::entry_family::territory && !concerns_dispositif(kind) &&
         kind.who.admits(law::quality::gestionnaire) && !kind.who.admits(law::quality::bailleur) &&
         !kind.who.admits(law::quality::service_enregistreur);
}

/// What may be recorded from another node: what happens to a demande, but for what brings a secret or a file with it.
bool travels(const law::event& asked, const law::entry_kind& kind) {
  using std::holds_alternative;
  return kind.family == law::entry_family::dossier && !kind.who.only_consequence() &&
         !holds_alternative<law::document_filed>(asked) && !holds_alternative<law::consultation_authorised>(asked) &&
         !holds_alternative<law::applicant_account_opened>(asked) &&
         !holds_alternative<law::applicant_password_set>(asked) &&
         !holds_alternative<law::applicant_account_closed>(asked) &&
         !holds_alternative<law::late_entry_reviewed>(asked);
}

law::check check_travels(const law::event& asked) {
  if (!travels(asked, law::kind_of(asked)))
    return law::refuse(refusal_code::out_of_scope, "R441-2-15-I-10",
                       "Cet événement ne s'enregistre que dans son territoire.");
  return {};
}

} // namespace

/// Another node introduces for who answers for it, and for legal persons that a habilitation binds to it.
// [R441-2-15-I-10]
law::check access_guard_state::check_vouched(const identity& who) const {
  auto binds = [&, today = context->today()](const law::habilitation& h) {
    return law::party{h.legal_person} == who.legal_person && h.in_force(today) &&
           (h.legal_person == *who.vouched_by || h.introduced_by == who.vouched_by);
  };
  const auto& all = desk->book().habilitations();
  auto now = desk->authority();
  // Whoever answers for the dispositif in the EPCI's place does not wait for the EPCI to bind him.
  if (now.in_its_place() && !now.holder.empty() && who.vouched_by == now.holder &&
      who.legal_person == law::party{now.holder})
    return {};
  if (std::ranges::any_of(all, [&](const auto& entry) { return binds(entry.second); }))
    return {};
  return law::refuse(refusal_code::not_empowered, "R441-2-15-I-10",
                     "Aucune habilitation ne lie cette personne morale au nœud qui agit pour elle.");
}

/// The account is alive, and the agent has the mission; of who comes from another node, that node has seen to it.
law::check access_guard_state::check_asker(const asked_command& asked, const law::entry_kind& kind) const {
  if (asked.late)
    return {};
  if (asked.by.vouched_by) {
    if (auto ok = check_travels(asked.event); !ok)
      return ok;
    return check_vouched(asked.by);
  }
  const auto* account = accounts->find(asked.by.account);
  if (!account || !accounts->identity_of(*account, desk->book()))
    return law::refuse(refusal_code::unauthenticated, "R441-2-15-V-2-5", "Ce compte n'est plus en vigueur.");
  if (asked.by.own_dossier)
    return {};
  const auto* opened = desk->book().find(asked.by.account);
  const auto* secret = std::get_if<law::account_secret_changed>(&asked.event);
  // Everybody looks after his own secrets; those of others are for who keeps the accounts.
  if (secret && secret->account == asked.by.account)
    return {};
  auto kept = law::account_kept_by(asked.event);
  bool for_holder = kept && law::keeps_for_holder(desk->book(), desk->authority(), asked.by.account, *kept);
  bool administers = (secret || concerns_instruments(kind)) && !for_holder;
  auto needed = administers ? law::agent_mission::administer : law::agent_mission::record;
  if (!opened->may(needed))
    return law::refuse(refusal_code::not_empowered, "R441-2-15-V-2-5", "Cet agent n'a pas cette mission.");
  return {};
}

/// A party's answer to the convention that came by letter is entered by who keeps the dispositif, in the party's name:
/// it is then among what others have entered for it.
// [L441-2-7-3-2]
bool access_guard_state::enters_letter(const law::event& asked, const law::party& introducer) const {
  auto today = context->today();
  auto has = [&](law::quality q) { return desk->book().has_quality(introducer.legal_person(), q, today); };
  return std::holds_alternative<law::dispositif_convention_answered>(asked) && !introducer.is_demandeur() &&
         (has(law::quality::gestionnaire) || has(law::quality::epci_responsable));
}

/// Who asks enters for himself, for the demandeur at his request, or for another under a mandate.
// [R441-2-15-I-9] [R441-2-15-I-10]
law::check access_guard_state::add_originator(submission& on_its_way, const asked_command& asked) const {
  auto& command = on_its_way.command;
  command.introducer = asked.by.legal_person;
  command.originator = asked.originator.value_or(asked.by.legal_person);
  if (command.originator == command.introducer || command.originator.is_demandeur())
    return {};
  const auto& book = desk->book();
  if (enters_letter(asked.event, command.introducer))
    return {};
  auto matter = law::matter_of(law::kind_of(asked.event));
  auto mandate = command.introducer.is_demandeur() || !matter
                     ? std::nullopt
                     : book.mandated(command.originator.legal_person(), command.introducer.legal_person(), *matter,
                                     on_its_way.facts.today);
  if (!mandate)
    return law::refuse_field(refusal_code::not_originator, "R441-2-15-I-9",
                             "Aucun mandat ne permet d'enregistrer cet événement au nom d'une autre personne morale.",
                             "originator");
  // It may end while the command is under way: the recorder then refuses it as stale.
  on_its_way.reads.push_back({law::subject_of(*mandate), book.last_seq(law::subject_of(*mandate))});
  return {};
}

namespace {

/// Of an account, which is in no entry.
bool brings_secret(const law::event& happened) {
  using std::holds_alternative;
  return holds_alternative<law::account_opened>(happened) || holds_alternative<law::account_secret_changed>(happened) ||
         holds_alternative<law::applicant_account_opened>(happened) ||
         holds_alternative<law::applicant_password_set>(happened);
}

bool creates_its_subject(const law::event& happened) {
  using std::holds_alternative;
  return holds_alternative<law::demande_registered>(happened) ||
         holds_alternative<law::dwelling_registered>(happened) || holds_alternative<law::vacancy_opened>(happened) ||
         holds_alternative<law::session_scheduled>(happened);
}

} // namespace

// -- what it is about -----------------------------------------------------------------------------------------------

law::check access_guard_state::add_target(submission& on_its_way, const asked_command& asked) {
  auto& target = on_its_way.command.target;
  if (asked.late && !creates_its_subject(asked.event))
    target = *asked.late;
  if (asked.target)
    target = *asked.target;
  if (asked.by.own_dossier && !asked.number && !asked.target)
    target = law::subject_of(*asked.by.own_dossier);
  if (asked.number) {
    auto found = desk->find_number(*asked.number);
    if (!found)
      return law::refuse(refusal_code::unknown_demande, "L441-2-1", "Aucune demande n'a ce numéro dans ce territoire.");
    target = law::subject_of(*found);
  }
  on_its_way.facts.own_dossier = asked.by.own_dossier && law::subject_of(*asked.by.own_dossier) == target;
  return {};
}

/// Numbers that the event names: the one it registers, those of other demandes.
void access_guard_state::add_numbers(submission& on_its_way) {
  auto& facts = on_its_way.facts;
  auto dossier_of = [&](law::nud number) { return desk->find_number(number).value_or(law::dossier_id{}); };
  const auto& happened = std::get<law::event>(on_its_way.command.asked);
  if (const auto* registered = std::get_if<law::demande_registered>(&happened)) {
    if (!registered->number.empty())
      facts.number_holder = desk->find_number(registered->number);
    else if (context->settings.allots_numbers)
      facts.fresh_number = fresh_number(*registered, on_its_way.command.occurred_on);
  } else if (const auto* merged = std::get_if<law::merged>(&happened)) {
    for (auto number : merged->absorbed)
      facts.named_demandes.push_back(dossier_of(number));
  } else if (const auto* transferred = std::get_if<law::seniority_transferred>(&happened)) {
    facts.named_demandes.push_back(dossier_of(transferred->from));
  }
}

/// Free at the time of asking; the journal checks again when it is written.
std::optional<law::nud> access_guard_state::fresh_number(const law::demande_registered& registered,
                                                         law::civil_date reception) {
  constexpr int attempts = 16;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    auto number = draw_number(*context, registered, reception);
    if (!number || !desk->find_number(*number))
      return number;
  }
  return std::nullopt;
}

// -- facts ----------------------------------------------------------------------------------------------------------

void access_guard_state::add_rights(submission& on_its_way, const asked_command& asked) const {
  const auto& book = desk->book();
  auto& facts = on_its_way.facts;
  const auto& command = on_its_way.command;
  auto counted = command.originator.is_demandeur() ? command.introducer : command.originator;
  if (!counted.is_demandeur())
    facts.capacities = book.capacities_of(counted.legal_person(), facts.today);
  facts.instances_in_force = book.instances_in_force(command.occurred_on);
  const auto* agent = book.find(asked.by.account);
  facts.may_rectify = agent && agent->may(law::agent_mission::rectify);
  auto note_party = [&](law::siren party) {
    if (book.has_quality(party, law::quality::bailleur, facts.today))
      facts.bailleurs.push_back(party);
    if (book.has_quality(party, law::quality::reservataire, facts.today))
      facts.reservataires.push_back(party);
  };
  const auto& happened = std::get<law::event>(command.asked);
  if (const auto* threshold = std::get_if<law::waiting_threshold_set>(&happened))
    facts.competent = context->post && context->post->sets_thresholds_of(threshold->departement);
  if (auto matter = law::state_matter_of(happened); matter && asked.issuer)
    facts.competent_in = context->post->competent_in(*asked.issuer, *matter);
  if (std::holds_alternative<law::late_entry_reviewed>(happened) || law::account_kept_by(happened))
    facts.authority = desk->authority();
  facts.by_its_own = book.is_its_own(asked.by.account);
  if (const auto* convention = std::get_if<law::reservation_convention_signed>(&happened)) {
    note_party(convention->convention.bailleur);
    note_party(convention->convention.holder);
  } else if (const auto* flow = std::get_if<law::flow_stated>(&happened)) {
    note_party(flow->bailleur);
  } else if (std::holds_alternative<law::dispositif_convention_proposed>(happened) ||
             std::holds_alternative<law::dispositif_convention_answered>(happened)) {
    facts.parties = law::parties_of(book, command.occurred_on);
  }
  // Rights may end while the command is under way: the recorder then refuses it as stale.
  for (const auto& [id, h] : book.habilitations())
    if (!counted.is_demandeur() && h.legal_person == counted.legal_person())
      on_its_way.reads.push_back({law::subject_of(id), book.last_seq(law::subject_of(id))});
  if (agent)
    on_its_way.reads.push_back({law::subject_of(agent->id), book.last_seq(law::subject_of(agent->id))});
}

void access_guard_state::add_communes(submission& on_its_way) const {
  auto& unknown = on_its_way.facts.unknown_communes;
  auto look_up = [&](law::commune_code commune) {
    if (!context->commune_exists(commune))
      unknown.push_back(commune);
  };
  const auto& happened = std::get<law::event>(on_its_way.command.asked);
  if (const auto* registered = std::get_if<law::demande_registered>(&happened))
    std::ranges::for_each(registered->form.search.communes, look_up);
  else if (const auto* home = std::get_if<law::dwelling_registered>(&happened))
    look_up(home->commune);
  auto look_up_change = [&](const law::field_change& change) {
    law::wished_communes wished;
    if (change.path.str() == "search.communes" && law::scalar_from_text(change.new_value.str(), wished))
      std::ranges::for_each(wished, look_up);
  };
  if (const auto* changed = std::get_if<law::demande_changed>(&happened))
    std::ranges::for_each(changed->changes, look_up_change);
  else if (const auto* renewed = std::get_if<law::renewed>(&happened))
    std::ranges::for_each(renewed->changes, look_up_change);
  else if (const auto* rectified = std::get_if<law::rectified>(&happened))
    look_up_change(rectified->change);
}

std::shared_ptr<submission> access_guard_state::begin(const asked_command& asked) {
  auto on_its_way = std::make_shared<submission>();
  auto& command = on_its_way->command;
  command.occurred_on = asked.occurred_on;
  command.introducer = asked.by.legal_person;
  command.originator = asked.by.legal_person;
  command.agent = asked.by.account;
  command.asked = asked.event;
  command.request = asked.request;
  if (asked.id) {
    command.id = *asked.id;
  } else if (asked.idempotency_key.empty()) {
    command.id = context->chance->fresh<law::command_id>();
  } else {
    // The key belongs to the body, or to the demandeur, not to one agent: a colleague may repeat.
    auto owner =
        asked.by.own_dossier ? law::to_text(*asked.by.own_dossier) : asked.by.legal_person.legal_person().text();
    auto digest = accounts->digest("command", owner + "\n" + asked.idempotency_key);
    std::copy_n(digest.begin(), command.id.bytes.size(), command.id.bytes.begin());
  }
  on_its_way->facts.today = context->today();
  for (auto& id : on_its_way->facts.fresh_ids)
    id = context->chance->fresh<law::subject_id>();
  // What a demandeur enters occurs on the day on which he does: it is looked at as of then.
  if (asked.late && asked.by.own_dossier)
    on_its_way->facts.today = asked.occurred_on;
  if (asked.late)
    on_its_way->facts.fresh_ids[0] = law::identity_made(*asked.late, asked.event);
  return on_its_way;
}

namespace {

/// Demandes and dwellings have their home in a territory, a State authority's acts in its own stream.
law::check check_home(const ports::stream_id& stream, const law::entry_kind& kind) {
  bool of_state = stream.view().starts_with('S');
  if (of_state && kind.family == law::entry_family::dossier)
    return law::refuse(refusal_code::out_of_scope, "L441-2-7-1-1a",
                       "Un nœud de l'État n'enregistre pas de demande : elle s'enregistre dans son territoire.");
  if (of_state && kind.family == law::entry_family::territory && concerns_dispositif(kind))
    return law::refuse(refusal_code::out_of_scope, "L441-2-7-1-1a",
                       "Ce qui est fait du dispositif s'enregistre dans son territoire.");
  if (!of_state && kind.family == law::entry_family::state)
    return law::refuse(refusal_code::out_of_scope, "L441-2-7-1-1a",
                       "Ce nœud n'est pas celui d'une autorité de l'État.");
  return {};
}

} // namespace

law::check access_guard_state::complete(submission& on_its_way, const asked_command& asked) {
  if (auto ok = check_home(context->stream, law::kind_of(asked.event)); !ok)
    return ok;
  if (auto ok = check_asker(asked, law::kind_of(asked.event)); !ok)
    return ok;
  if (auto ok = add_originator(on_its_way, asked); !ok)
    return ok;
  if (auto ok = add_target(on_its_way, asked); !ok)
    return ok;
  add_rights(on_its_way, asked);
  add_communes(on_its_way);
  add_numbers(on_its_way);
  return {};
}

namespace {

/// Civil time is known from 2000 to 2039; a demonstration may begin in those years, and goes no farther.
constexpr law::instant clock_end{std::chrono::sys_days{std::chrono::year{2040} / 1 / 1}};

} // namespace

// -- handing over ---------------------------------------------------------------------------------------------------

namespace {

/// A command that has waited so long for its territory is refused there.
constexpr std::chrono::days command_lapses_after{30};

} // namespace

/// On a State node: sealed to the host of the territory, which alone decides.
// [R441-2-15-I-9] [R441-2-15-I-10]
caf::result<answer_ptr> access_guard_state::issue(const asked_command_ptr& asked) {
  auto on_its_way = begin(*asked);
  auto& command = on_its_way->command;
  if (auto ok = check_asker(*asked, law::kind_of(asked->event)); !ok)
    return refuse(*on_its_way, ok.error());
  if (auto ok = check_travels(asked->event); !ok)
    return refuse(*on_its_way, ok.error());
  if (asked->originator && *asked->originator != asked->by.legal_person)
    return refuse(*on_its_way, law::refuse_field(refusal_code::not_originator, "R441-2-15-I-9",
                                                 "Une autorité commande en son propre nom.", "originator")
                                   .error());
  add_rights(*on_its_way, *asked);
  law::record record{};
  record.occurred_on = command.occurred_on;
  record.originator = command.originator;
  record.introducer = command.introducer;
  record.agent = command.agent;
  record.command = command.id;
  record.event = asked->event;
  const auto* post = context->post.get();
  auto followed = post ? post->territories() : std::vector<ports::stream_id>{};
  bool is_followed = std::ranges::find(followed, *asked->elsewhere) != followed.end();
  auto letter =
      is_followed ? post->seal({context->stream, *asked->elsewhere, command.id, asked->number, record}) : std::nullopt;
  if (!letter)
    return refuse(*on_its_way, law::refuse(refusal_code::unknown_territory, "L441-2-7-1-1a",
                                           "Cette autorité ne suit pas ce territoire, ou la commande est trop longue.")
                                   .error());
  command.asked = law::event{
      law::command_issued{law::text<16>{asked->elsewhere->view()}, post->now() + command_lapses_after, {*letter}}};
  return self->delegate(neighbours.state, submit_atom_v, submission_ptr{on_its_way});
}

/// Who may do what is known before all is folded.
// [L441-2-7-4-1]
caf::result<answer_ptr> access_guard_state::submit(const asked_command_ptr& asked) {
  bool names_a_dossier = asked->number || asked->target || asked->late || asked->elsewhere;
  if (!names_a_dossier && rests_on_no_past(asked->event, asked->by.legal_person))
    return admit(asked);
  return desk->once_whole([&] { return admit(asked); });
}

caf::result<answer_ptr> access_guard_state::admit(const asked_command_ptr& asked) {
  if (asked->elsewhere)
    return issue(asked);
  auto on_its_way = begin(*asked);
  if (auto ok = complete(*on_its_way, *asked); !ok)
    return refuse(*on_its_way, ok.error());
  return asked->late ? hand_over_late(on_its_way) : hand_over(on_its_way, asked);
}

/// What it creates keeps the identifier that others know it by; what it brings with it is in the entry.
// [L441-2-7-4-1]
caf::result<answer_ptr> access_guard_state::hand_over_late(const std::shared_ptr<submission>& on_its_way) {
  const auto& happened = std::get<law::event>(on_its_way->command.asked);
  // That was the former host's alone.
  if (brings_secret(happened))
    return refuse(*on_its_way, law::refuse(refusal_code::conflict, "L441-2-7-4-1",
                                           "Le secret de ce compte est resté sur l'ancien nœud : il est à refaire.")
                                   .error());
  if (auto ok = close_account(*on_its_way); !ok)
    return refuse(*on_its_way, ok.error());
  return hand_to_owner(on_its_way);
}

caf::result<answer_ptr> access_guard_state::hand_over(const std::shared_ptr<submission>& on_its_way,
                                                      const asked_command_ptr& asked) {
  using std::holds_alternative;
  auto& happened = std::get<law::event>(on_its_way->command.asked);
  if (brings_secret(happened))
    return bring_secrets(on_its_way, asked);
  if (auto* to = std::get_if<law::clock_set>(&happened))
    return move_clock(on_its_way, to->now);
  if (holds_alternative<law::clock_confirmed>(happened))
    return confirm_clock(on_its_way);
  if (auto* authorised = std::get_if<law::consultation_authorised>(&happened)) {
    on_its_way->secret = accounts->fresh_secret().substr(0, 16);
    authorised->code_hash = accounts->digest("consultation", on_its_way->secret);
  }
  if (auto ok = close_account(*on_its_way); !ok)
    return refuse(*on_its_way, ok.error());
  submission_ptr ready = on_its_way;
  if (holds_alternative<law::document_filed>(happened))
    return self->delegate(neighbours.documents, submit_atom_v, ready, asked, neighbours.registry);
  return hand_to_owner(ready);
}

caf::result<answer_ptr> access_guard_state::hand_to_owner(const submission_ptr& ready) {
  using std::holds_alternative;
  const auto& happened = std::get<law::event>(ready->command.asked);
  if (holds_alternative<law::designated>(happened) || holds_alternative<law::contingent_eligibility>(happened) ||
      holds_alternative<law::vacancy_opened>(happened) ||
      holds_alternative<law::reservation_convention_signed>(happened) ||
      holds_alternative<law::reservation_convention_ended>(happened) || holds_alternative<law::flow_stated>(happened))
    return self->delegate(neighbours.allocator, submit_atom_v, ready);
  if (holds_alternative<law::late_entry_reviewed>(happened) && neighbours.late)
    return self->delegate(neighbours.late, submit_atom_v, ready);
  const auto& kind = law::kind_of(happened);
  if (concerns_dispositif(kind) && kind.family == law::entry_family::state)
    return self->delegate(neighbours.procedures, submit_atom_v, ready);
  if (concerns_dispositif(kind))
    return self->delegate(neighbours.conventions, submit_atom_v, ready);
  if (kind.family == law::entry_family::state)
    return self->delegate(neighbours.state, submit_atom_v, ready);
  if (kind.family == law::entry_family::territory)
    return desk->submit(ready);
  return self->delegate(neighbours.registry, submit_atom_v, ready);
}

/// A demonstration node's clock goes where it is set, forwards only, once that is recorded; any other node's is
/// nobody's to set.
caf::result<answer_ptr> access_guard_state::move_clock(const std::shared_ptr<submission>& on_its_way, law::instant to) {
  if (!steer)
    return refuse(*on_its_way, law::refuse(refusal_code::not_empowered, "R441-2-15-I-10",
                                           "L'horloge ne se règle que sur un nœud de démonstration ou de formation.")
                                   .error());
  if (to < context->clock->now())
    return refuse(*on_its_way, law::refuse_field(refusal_code::bad_date, "R441-2-15-I-10",
                                                 "L'horloge ne se règle que vers l'avant.", "now")
                                   .error());
  if (to >= clock_end)
    return refuse(*on_its_way, law::refuse_field(refusal_code::bad_date, "R441-2-15-I-10",
                                                 "L'horloge ne se règle pas au-delà de 2039.", "now")
                                   .error());
  auto promise = self->make_response_promise<answer_ptr>();
  desk->submit(submission_ptr{on_its_way}, promise, [this, to](const answer& told) {
    if (!told)
      return;
    steer(to);
    self->send(neighbours.watcher, confirm_atom_v, told->first_seq);
  });
  return promise;
}

caf::result<answer_ptr> access_guard_state::confirm_clock(const std::shared_ptr<submission>& on_its_way) {
  auto& confirmed = std::get<law::clock_confirmed>(std::get<law::event>(on_its_way->command.asked));
  confirmed.now = context->clock->now();
  auto promise = self->make_response_promise<answer_ptr>();
  desk->submit(submission_ptr{on_its_way}, promise, [this](const answer& told) {
    if (told)
      self->send(neighbours.watcher, confirm_atom_v, told->first_seq);
  });
  return promise;
}

caf::result<answer_ptr> access_guard_state::refuse(const submission& on_its_way, law::refusal why) {
  auto promise = self->make_response_promise<answer_ptr>();
  desk->refuse(on_its_way, std::move(why), promise);
  return promise;
}

} // namespace toit
