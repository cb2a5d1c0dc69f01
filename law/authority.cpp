#include "law/authority.hpp"

namespace toit::law {

std::optional<siren> joined_by(const dispositif_book* side) {
  return side && side->adhesion() ? std::optional{side->adhesion()->host} : std::nullopt;
}

namespace {

struct destination {
  siren holder;
  text<64> host;
  passing_ground ground{};
  std::optional<act_id> act;
};

bool act_in_force(const procedures_book& book, const std::optional<act_id>& id, civil_date day) {
  const auto* act = id ? book.find(*id) : nullptr;
  return act && standing_of(*act, day) == act_standing::in_force;
}

/// Its author tells what becomes of it, in his own stream.
bool held_by_former(const stream_standing& now, civil_date day) {
  return now.opened && now.former && now.opened->ground == passing_ground::substitution &&
         act_in_force(*now.former, now.opened->act, day);
}

struct territory_now {
  siren territory;
  std::optional<act_id> substitution; ///< the last one that this authority has ordered
  const possible_hosts& hosts;
  const stream_standing& now;

  std::optional<text<64>> host() const { return now.opened ? std::optional{now.opened->host} : hosts.territory; }
  siren holder() const { return now.opened ? now.opened->holder : territory; }
  bool was_joined() const { return now.opened && now.opened->ground == passing_ground::adhesion; }
  /// What has come to its end when the territory answers again.
  std::optional<act_id> act() const { return now.opened ? now.opened->act : substitution; }
};

/// Of two arrêtés in force the one that holds the territory goes on: nobody takes it from another prefect by force.
std::optional<destination> where_it_belongs(const procedures_book& book, const territory_now& of, bool joins,
                                            siren prefect, civil_date day) {
  if (held_by_former(of.now, day))
    return destination{of.holder(), *of.host(), passing_ground::substitution, of.now.opened->act};
  if (act_in_force(book, of.substitution, day))
    return destination{prefect, of.hosts.prefect, passing_ground::substitution, of.substitution};
  if (joins && of.hosts.joined)
    return destination{of.territory, *of.hosts.joined, passing_ground::adhesion, {}};
  if (!of.hosts.territory)
    return std::nullopt;
  if (of.was_joined())
    return destination{of.territory, *of.hosts.territory, passing_ground::leaving, {}};
  return destination{of.territory, *of.hosts.territory, passing_ground::handing_back, of.act()};
}

} // namespace

std::optional<authority_passed> passing_due(const procedures_book& book, siren territory, const dispositif_book* side,
                                            const possible_hosts& hosts, siren prefect, const stream_standing& now,
                                            civil_date day) {
  const auto* file = book.find(territory);
  auto epoch = now.opened ? now.opened->epoch : 0;
  // What it has opened and nobody takes would be no more if it were said again.
  if (file && file->authority && file->authority->epoch > epoch)
    return std::nullopt;
  territory_now of{territory, file ? file->substitution : std::nullopt, hosts, now};
  auto next = where_it_belongs(book, of, joined_by(side).has_value(), prefect, day);
  if (!next || (next->host == of.host() && next->holder == of.holder() && !now.closed))
    return std::nullopt;
  authority_passed passed;
  passed.territory = territory;
  passed.epoch = epoch + 1;
  passed.holder = next->holder;
  passed.host = next->host;
  passed.ground = next->ground;
  passed.act = next->act;
  return passed;
}

bool stays_where_it_is(const authority_passed& due, const possible_hosts& hosts, const stream_standing& now) {
  auto present = now.opened ? std::optional{now.opened->host} : hosts.territory;
  return !now.closed && due.host == present;
}

bool by_agreement(passing_ground ground) { return ground != passing_ground::substitution; }

namespace {

template <class... Events>
bool is_one_of(const std::variant<Events...>*, const event& happened) {
  return (std::holds_alternative<Events>(happened) || ...);
}

} // namespace

late_nature late_nature_of(const record& happened) {
  const auto& event = happened.event;
  using of_the_node = std::variant<clock_set, clock_confirmed>;
  if (happened.agent.empty() || kind_of(event).who.only_consequence() ||
      is_one_of(static_cast<of_the_node*>(nullptr), event))
    return late_nature::consequence;
  using decisions = std::variant<designated, designation_withdrawn, agenda_entered, caleol_decided, radiated, merged,
                                 vacancy_withdrawn, session_scheduled, session_cancelled, priority_withdrawn>;
  return is_one_of(static_cast<decisions*>(nullptr), event) ? late_nature::decided : late_nature::fact;
}

namespace {

struct made_identity {
  subject_id about;

  subject_id operator()(const designated& e) const { return subject_of(e.candidacy); }
  subject_id operator()(const dwelling_registered& e) const { return subject_of(e.dwelling); }
  subject_id operator()(const vacancy_opened& e) const { return subject_of(e.vacancy); }
  subject_id operator()(const session_scheduled& e) const { return subject_of(e.session); }
  subject_id operator()(const applicant_account_opened& e) const { return subject_of(e.account); }
  subject_id operator()(const account_opened& e) const { return subject_of(e.account); }
  subject_id operator()(const habilitation_granted& e) const { return subject_of(e.habilitation.id); }
  subject_id operator()(const mandate_granted& e) const { return subject_of(e.mandate.id); }
  subject_id operator()(const reservation_convention_signed& e) const { return subject_of(e.convention.id); }
  subject_id operator()(const dispositif_convention_proposed& e) const { return subject_of(e.convention.id); }
  subject_id operator()(const opinions_asked& e) const { return subject_of(e.procedure); }
  subject_id operator()(const participation_ordered& e) const { return subject_of(e.act.id); }
  subject_id operator()(const substitution_ordered& e) const { return subject_of(e.act.id); }
  subject_id operator()(const auto&) const { return about; }
};

} // namespace

/// Several conventions share a subject, so that they are decided in turn: an entry's subject is not what it made.
// [L441-2-7-4-1]
subject_id identity_made(subject_id about, const event& happened) {
  return std::visit(made_identity{about}, static_cast<const any_event&>(happened));
}

namespace {

/// Who has which right, what a right opens, and the account by which somebody shows that it is his: of demandeurs too.
bool touches_rights(const event& happened) {
  using rights = std::variant<habilitation_granted, habilitation_ended, mandate_granted, mandate_ended,
                              reservation_convention_signed, reservation_convention_ended, consultation_authorised>;
  using accounts = std::variant<account_opened, account_closed, account_secret_changed, applicant_account_opened,
                                applicant_password_set, applicant_account_closed>;
  return is_one_of(static_cast<rights*>(nullptr), happened) || is_one_of(static_cast<accounts*>(nullptr), happened);
}

} // namespace

/// What is said of late entries is the word of who answers now: a former host would say it of his own, in that name.
// [L441-2-7-4-1]
check may_come_back(const record& happened, bool witnessed, bool knowing) {
  if (std::holds_alternative<late_entry_reviewed>(happened.event))
    return refuse(refusal_code::not_empowered, "L441-2-7-4-1",
                  "Ce qui se dit d'une écriture tardive n'est repris de personne : qui répond du dispositif le dit "
                  "de nouveau s'il y a lieu.");
  bool of_the_host = late_nature_of(happened) == late_nature::decided || touches_rights(happened.event) ||
                     kind_of(happened.event).family == entry_family::territory;
  if (knowing && of_the_host)
    return refuse(refusal_code::fenced, "L441-2-7-4-1",
                  "L'ancien nœud savait que le dispositif avait passé à un autre : il n'avait plus à en décider.");
  if (!witnessed && touches_rights(happened.event))
    return refuse(refusal_code::not_empowered, "L441-2-7-4-1",
                  "Personne n'avait attesté avant la reprise ce qui touche à ce droit ou à ce compte : c'est à refaire "
                  "là où le dispositif est tenu désormais, s'il y a lieu.");
  return {};
}

} // namespace toit::law
