#include "law/rights.hpp"

#include "law/find_in.hpp"

#include <cstring>

namespace toit::law {

subject_id subject_of(siren legal_person) {
  subject_id subject;
  subject.bytes[0] = 'p';
  std::memcpy(subject.bytes.data() + 1, legal_person.view().data(), legal_person.view().size());
  return subject;
}

// -- conventions ----------------------------------------------------------------------------------------------------

void convention_register::apply(const record& happened) {
  if (const auto* made = std::get_if<reservation_convention_signed>(&happened.event))
    conventions_[made->convention.id] = made->convention;
  else if (const auto* ended = std::get_if<reservation_convention_ended>(&happened.event))
    if (auto* convention = find_in(conventions_, ended->convention))
      convention->until = ended->last_day;
}

const reservation_convention* convention_register::find(convention_id id) const { return find_in(conventions_, id); }

// [R441-2-15-V-2-3]
reach convention_register::reach_of(siren holder, civil_date day) const {
  reach where;
  for (const auto& [id, convention] : conventions_)
    if (convention.holder == holder && convention.in_force(day))
      where.widen(convention.communes.empty() ? reach{false, {}, {convention.departement}}
                                              : reach{false, convention.communes, {}});
  return where;
}

// -- the book -------------------------------------------------------------------------------------------------------

void rights_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  if (kind_of(happened.event).family != entry_family::territory)
    return;
  last_seqs_[subject] = seq;
  conventions_.apply(happened);
  if (const auto* e = std::get_if<legal_person_registered>(&happened.event)) {
    legal_persons_[e->legal_person] = {e->legal_person, e->person_kind, e->name, seq};
  } else if (const auto* granted = std::get_if<habilitation_granted>(&happened.event)) {
    habilitations_[granted->habilitation.id] = granted->habilitation;
  } else if (const auto* ended = std::get_if<habilitation_ended>(&happened.event)) {
    if (auto* h = find_in(habilitations_, ended->habilitation))
      h->until = ended->last_day;
  } else if (const auto* given = std::get_if<mandate_granted>(&happened.event)) {
    mandates_[given->mandate.id] = given->mandate;
  } else if (const auto* over = std::get_if<mandate_ended>(&happened.event)) {
    if (auto* m = find_in(mandates_, over->mandate))
      m->until = over->last_day;
  } else if (const auto* opened = std::get_if<account_opened>(&happened.event)) {
    bool by_its_own =
        happened.originator == party{opened->legal_person} && (happened.agent.empty() || is_its_own(happened.agent));
    accounts_[opened->account] = {
        opened->account, opened->legal_person, opened->missions, opened->from, opened->until, false, seq, seq,
        by_its_own};
  } else if (const auto* closed = std::get_if<account_closed>(&happened.event)) {
    if (auto* account = find_in(accounts_, closed->account)) {
      account->closed = true;
      account->last_seq = seq;
    }
  } else if (const auto* cut = std::get_if<authority_cut>(&happened.event)) {
    last_cut_ = *cut;
    last_cut_seq_ = seq;
  }
}

const legal_person* rights_book::find(siren id) const { return find_in(legal_persons_, id); }
const agent_account* rights_book::find(agent_id id) const { return find_in(accounts_, id); }
const habilitation* rights_book::find(habilitation_id id) const { return find_in(habilitations_, id); }
const mandate* rights_book::find(mandate_id id) const { return find_in(mandates_, id); }

bool rights_book::is_its_own(agent_id account) const {
  const auto* known = find(account);
  return known && known->by_its_own && known->opened_seq > last_cut_seq_;
}

namespace {

/// No farther than the communes of the habilitation, where it names some.
reach within(const reach& where, const communes& scope) {
  if (scope.empty())
    return where;
  reach narrowed;
  std::ranges::copy_if(scope, std::back_inserter(narrowed.scope), [&](commune_code c) { return where.covers(c); });
  return narrowed;
}

} // namespace

// [R441-2-15-V-2-3]
std::vector<capacity> rights_book::capacities_of(siren legal_person, civil_date day) const {
  std::vector<capacity> capacities;
  for (const auto& [id, h] : habilitations_) {
    if (h.legal_person != legal_person || !h.in_force(day))
      continue;
    if (h.quality == quality::reservataire)
      capacities.push_back({h.quality, {}, within(conventions_.reach_of(legal_person, day), h.scope)});
    else
      capacities.push_back({h.quality, h.instance, {h.scope.empty(), h.scope, {}}});
  }
  return capacities;
}

bool rights_book::has_quality(siren legal_person, quality q, civil_date day) const {
  return std::ranges::any_of(habilitations_, [&](const auto& entry) {
    const auto& h = entry.second;
    return h.legal_person == legal_person && h.quality == q && h.in_force(day);
  });
}

std::vector<instance_kind> rights_book::instances_in_force(civil_date day) const {
  std::vector<instance_kind> kinds;
  for (const auto& [id, h] : habilitations_)
    if (h.instance && h.in_force(day))
      kinds.push_back(*h.instance);
  return kinds;
}

std::optional<mandate_id> rights_book::mandated(siren principal, siren introducer, mandate_matter matter,
                                                civil_date day) const {
  for (const auto& [id, m] : mandates_)
    if (m.principal == principal && m.introducer == introducer && m.matter == matter && m.in_force(day))
      return id;
  return std::nullopt;
}

// [L441-2-7-1-1a]
std::vector<dispositif_party> parties_of(const rights_book& book, civil_date day) {
  std::map<siren, bool> parties;
  for (const auto& [id, h] : book.habilitations()) {
    bool holds = h.quality == quality::bailleur || h.quality == quality::reservataire;
    bool has_mission = h.quality == quality::epci_responsable || h.quality == quality::service_enregistreur ||
                       h.quality == quality::lieu_accueil;
    if (h.in_force(day) && (holds || has_mission))
      parties[h.legal_person] = parties[h.legal_person] || holds;
  }
  std::vector<dispositif_party> all;
  for (const auto& [legal_person, holds] : parties)
    all.push_back({legal_person, holds});
  return all;
}

std::uint64_t rights_book::last_seq(subject_id subject) const {
  const auto* seq = find_in(last_seqs_, subject);
  return seq ? *seq : 0;
}

// -- accounts of who answers in the EPCI's place --------------------------------------------------------------------

std::optional<agent_id> account_kept_by(const event& happened) {
  if (const auto* closed = std::get_if<account_closed>(&happened))
    return closed->account;
  if (const auto* changed = std::get_if<account_secret_changed>(&happened))
    return changed->account;
  return std::nullopt;
}

namespace {

/// An agent of who answers in the EPCI's place: while it is not known who that is, it may be any.
bool is_of_holder(const rights_book& book, const authority_in_force& now, agent_id account) {
  const auto* known = book.find(account);
  return now.in_its_place() && known && book.is_its_own(account) &&
         (now.holder.empty() || now.holder == known->legal_person);
}

} // namespace

bool keeps_for_holder(const rights_book& book, const authority_in_force& now, agent_id by, agent_id account) {
  return is_of_holder(book, now, account) && is_of_holder(book, now, by) &&
         book.find(by)->legal_person == book.find(account)->legal_person;
}

// -- decisions ------------------------------------------------------------------------------------------------------

namespace {

struct rights_rules {
  const rights_book& book;
  const settings& s;
  const command& asked;
  const facts& known;

  decision created(subject_id subject, event happened) const {
    return outcome{
        {{subject, std::move(happened), operation::introduced, {}}}, {}, asked.occurred_on, asked.originator};
  }
  decision ended(subject_id subject, event happened) const {
    return outcome{
        {{subject, std::move(happened), operation::suppressed, {}}}, {}, asked.occurred_on, asked.originator};
  }

  decision operator()(const legal_person_registered& e) const {
    if (e.name.empty())
      return refuse_field(refusal_code::missing_field, "R441-2-15-I-10", "La personne morale n'a pas de nom.", "name");
    if (book.find(e.legal_person))
      return refuse(refusal_code::duplicate, "R441-2-15-I-10", "Cette personne morale est déjà enregistrée.");
    return created(subject_of(e.legal_person), e);
  }

  check check_person(siren legal_person, std::string_view path) const {
    if (!book.find(legal_person))
      return refuse_field(refusal_code::unknown_subject, "R441-2-15-I-10",
                          "Cette personne morale n'est pas enregistrée.", path);
    return {};
  }
  static check check_term(civil_date from, std::optional<civil_date> until) {
    if (until && *until < from)
      return refuse_field(refusal_code::bad_date, "R441-2-15-V-1", "La fin précède le début.", "until");
    return {};
  }

  decision operator()(const habilitation_granted& e) const {
    auto h = e.habilitation;
    if (auto ok = check_person(h.legal_person, "habilitation.legal_person"); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_term(h.from, h.until); !ok)
      return std::unexpected{ok.error()};
    if ((h.quality == quality::service_enregistreur) != h.registers_as.has_value())
      return refuse_field(refusal_code::missing_field, "R441-2-15-V-1",
                          "Un service enregistreur, et lui seul, l'est à l'un des titres de l'article R. 441-2-1.",
                          "habilitation.registers_as");
    if ((h.quality == quality::instance_secretariat) != h.instance.has_value())
      return refuse_field(refusal_code::missing_field, "R441-2-15-V-2-4a",
                          "Le secrétariat, et lui seul, est celui d'une instance.", "habilitation.instance");
    for (auto commune : h.scope)
      // One that has left still has dossiers here.
      if (!std::ranges::binary_search(s.communes, commune))
        return refuse_field(refusal_code::out_of_scope, "R441-2-15-V-1", "Une commune n'est pas dans le territoire.",
                            "habilitation.scope");
    h.id = id_of<habilitation_id>(known.fresh_ids[0]);
    return created(known.fresh_ids[0], habilitation_granted{h});
  }

  /// An end may be noted in advance or after the fact, and moved nearer, never farther.
  template <class Dated, class Ended>
  decision end(const Dated* dated, subject_id subject, const Ended& e) const {
    if (!dated)
      return refuse(refusal_code::unknown_subject, "R441-2-15-I-10", "Il n'y a rien à terminer sous cet identifiant.");
    if (e.last_day < dated->from)
      return refuse_field(refusal_code::bad_date, "R441-2-15-I-10", "La fin précède le début.", "last_day");
    if (dated->until && *dated->until <= e.last_day)
      return refuse(refusal_code::conflict, "R441-2-15-I-10", "Une fin antérieure est déjà enregistrée.");
    return ended(subject, e);
  }
  decision operator()(const habilitation_ended& e) const {
    return end(book.find(e.habilitation), subject_of(e.habilitation), e);
  }
  decision operator()(const mandate_ended& e) const { return end(book.find(e.mandate), subject_of(e.mandate), e); }

  decision operator()(const mandate_granted& e) const {
    auto m = e.mandate;
    if (auto ok = check_person(m.principal, "mandate.principal"); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_person(m.introducer, "mandate.introducer"); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_term(m.from, m.until); !ok)
      return std::unexpected{ok.error()};
    if (m.principal == m.introducer)
      return refuse_field(refusal_code::malformed, "R441-2-15-I-10", "Nul n'est son propre mandataire.",
                          "mandate.introducer");
    if (m.ground.empty())
      return refuse_field(refusal_code::missing_field, "R441-2-15-I-10", "Le mandat n'est pas fondé.",
                          "mandate.ground");
    m.id = id_of<mandate_id>(known.fresh_ids[0]);
    return created(known.fresh_ids[0], mandate_granted{m});
  }

  decision operator()(const account_opened& e) const {
    if (auto ok = check_person(e.legal_person, "legal_person"); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_term(e.from, e.until); !ok)
      return std::unexpected{ok.error()};
    if (e.missions.empty())
      return refuse_field(refusal_code::missing_field, "R441-2-15-V-2-5", "Le compte n'a aucune mission.", "missions");
    if (std::ranges::find(e.missions, agent_mission::administer) != e.missions.end() &&
        !book.has_quality(e.legal_person, quality::gestionnaire, known.today))
      return refuse_field(refusal_code::not_empowered, "R441-2-15-V-2-5",
                          "Seul le gestionnaire administre les personnes, les habilitations et les comptes.",
                          "missions");
    auto opened = e;
    opened.account = id_of<agent_id>(known.fresh_ids[0]);
    return created(known.fresh_ids[0], opened);
  }
  /// Who keeps the others would become the agent of who answers in the EPCI's place by giving him another password.
  // [L441-2-7-4-1]
  check check_keeper(agent_id account) const {
    if (!known.authority || !is_of_holder(book, *known.authority, account) || account == asked.agent ||
        keeps_for_holder(book, *known.authority, asked.agent, account))
      return {};
    return refuse(
        refusal_code::not_empowered, "L441-2-7-4-1",
        "Ce compte est celui d'un agent de qui répond du dispositif à la place de l'EPCI : lui seul le tient.");
  }

  decision operator()(const account_closed& e) const {
    const auto* account = book.find(e.account);
    if (!account)
      return refuse(refusal_code::unknown_subject, "R441-2-15-V-2-5", "Ce compte n'existe pas.");
    if (auto ok = check_keeper(e.account); !ok)
      return std::unexpected{ok.error()};
    if (account->closed)
      return refuse(refusal_code::conflict, "R441-2-15-V-2-5", "Ce compte est déjà fermé.");
    return ended(subject_of(e.account), e);
  }

  decision operator()(const account_secret_changed& e) const {
    const auto* account = book.find(e.account);
    if (!account || account->closed)
      return refuse(refusal_code::unknown_subject, "R441-2-15-V-2-5", "Ce compte n'existe pas ou est fermé.");
    if (auto ok = check_keeper(e.account); !ok)
      return std::unexpected{ok.error()};
    // A token is told to who asks for it: it would let him act under another's name.
    if (e.change == secret_change::token_issued && e.account != asked.agent)
      return refuse(refusal_code::not_empowered, "R441-2-15-V-2-5", "Un jeton ne se crée que pour son propre compte.");
    return outcome{{{subject_of(e.account), e, operation::modified, {}}}, {}, asked.occurred_on, asked.originator};
  }

  /// The clock belongs to the node: the guard only says who may set it.
  decision operator()(const clock_set& e) const { return created(asked.target, e); }
  decision operator()(const clock_confirmed& e) const { return created(asked.target, e); }

  decision operator()(const auto&) const {
    return refuse(refusal_code::bad_order, "R441-2-15-I-10", "Cet événement ne relève pas des droits d'accès.");
  }
};

} // namespace

// [R441-2-15-V-2-5] [R441-2-15-I-10]
decision decide(const rights_book& book, const settings& s, const command& asked, const facts& known) {
  const auto* kind = kind_asked(asked);
  bool by_gestionnaire =
      std::ranges::any_of(known.capacities, [](const capacity& c) { return c.quality == quality::gestionnaire; });
  // Everybody looks after the secrets of his own account.
  const auto* happened = std::get_if<event>(&asked.asked);
  const auto* secret = happened ? std::get_if<account_secret_changed>(happened) : nullptr;
  bool own_secret = secret && secret->account == asked.agent;
  auto kept = happened ? account_kept_by(*happened) : std::nullopt;
  bool for_holder = kept && known.authority && keeps_for_holder(book, *known.authority, asked.agent, *kept);
  if (!kind || kind->who.only_consequence() || (!by_gestionnaire && !own_secret && !for_holder))
    return refuse(refusal_code::not_empowered, "R441-2-15-V-2-5",
                  "Seul le gestionnaire du dispositif tient les personnes, les habilitations et les comptes.");
  if (!asked.occurred_on.ok() || asked.occurred_on > known.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date de survenance est dans le futur.",
                        "occurred_on");
  return std::visit(rights_rules{book, s, asked, known}, std::get<event>(asked.asked));
}

std::vector<subject_id> subjects_of(const rights_book&, const command& asked) {
  auto subject = std::visit(
      []<class E>(const E& e) -> subject_id {
        if constexpr (std::same_as<E, legal_person_registered>)
          return subject_of(e.legal_person);
        else if constexpr (std::same_as<E, habilitation_granted>)
          return subject_of(e.habilitation.legal_person);
        else if constexpr (std::same_as<E, habilitation_ended>)
          return subject_of(e.habilitation);
        else if constexpr (std::same_as<E, mandate_ended>)
          return subject_of(e.mandate);
        else if constexpr (std::same_as<E, account_opened>)
          return subject_of(e.legal_person);
        else if constexpr (std::same_as<E, account_closed> || std::same_as<E, account_secret_changed>)
          return subject_of(e.account);
        else
          return {};
      },
      std::get<event>(asked.asked));
  return subject.empty() ? std::vector<subject_id>{} : std::vector{subject};
}

std::optional<mandate_matter> matter_of(const entry_kind& kind) {
  using enum mandate_matter;
  auto is = [&](const auto&... kinds) { return ((kind.number == kinds.number) || ...); };
  if (is(demande_registered::kind, certificate_issued::kind, document_filed::kind, renewed::kind,
         demande_changed::kind))
    return registration;
  if (is(designated::kind, designation_withdrawn::kind, priority_recognised::kind, contingent_eligibility::kind))
    return designation;
  if (is(agenda_entered::kind, examined::kind, visit_proposed::kind, visit_made::kind, caleol_decided::kind,
         offer_made::kind, offer_accepted::kind, offer_refused::kind, condition_fulfilled::kind, condition_failed::kind,
         lease_signed::kind, lease_corrected::kind))
    return attribution;
  return std::nullopt;
}

} // namespace toit::law
