#include "law/authority.hpp"

namespace toit::law {

std::optional<siren> joined_by(const dispositif_book* side) {
  return side && side->adhesion() ? std::optional{side->adhesion()->host} : std::nullopt;
}

namespace {

struct destination {
  text<64> host;
  passing_ground ground{};
  std::optional<act_id> act;
};

bool was_joined(const territory_file& file) {
  return file.authority && file.authority->ground == passing_ground::adhesion;
}

std::optional<destination> where_it_belongs(const procedures_book& book, const territory_file& file,
                                            const possible_hosts& hosts, civil_date day) {
  const auto* act = file.substitution ? book.find(*file.substitution) : nullptr;
  if (act && standing_of(*act, day) == act_standing::in_force)
    return destination{hosts.prefect, passing_ground::substitution, act->act_itself.id};
  if (hosts.joined)
    return destination{*hosts.joined, passing_ground::adhesion, {}};
  if (!hosts.territory)
    return std::nullopt;
  return destination{*hosts.territory, was_joined(file) ? passing_ground::leaving : passing_ground::handing_back,
                     was_joined(file) ? std::nullopt : file.substitution};
}

} // namespace

std::optional<authority_passed> passing_due(const procedures_book& book, siren territory, const dispositif_book* side,
                                            const possible_hosts& hosts, siren prefect, bool closed, civil_date day) {
  static const territory_file nothing;
  const auto* known = book.find(territory);
  const auto& file = known ? *known : nothing;
  auto considered = hosts;
  if (!joined_by(side))
    considered.joined.reset();
  auto next = where_it_belongs(book, file, considered, day);
  auto present = file.authority ? std::optional{file.authority->host} : hosts.territory;
  if (!next || (next->host == present && !closed))
    return std::nullopt;
  authority_passed passed;
  passed.territory = territory;
  passed.epoch = (file.authority ? file.authority->epoch : 0) + 1;
  passed.holder = next->ground == passing_ground::substitution ? prefect : territory;
  passed.host = next->host;
  passed.ground = next->ground;
  passed.act = next->act;
  return passed;
}

bool by_agreement(passing_ground ground) { return ground != passing_ground::substitution; }

late_nature late_nature_of(const record& happened) {
  const auto& event = happened.event;
  auto is = [&]<class... Events>(std::variant<Events...>*) { return (std::holds_alternative<Events>(event) || ...); };
  using of_the_node = std::variant<clock_set, clock_confirmed>;
  if (happened.agent.empty() || kind_of(event).who.only_consequence() || is(static_cast<of_the_node*>(nullptr)))
    return late_nature::consequence;
  using decisions = std::variant<designated, designation_withdrawn, agenda_entered, caleol_decided, radiated, merged,
                                 vacancy_withdrawn, session_scheduled, session_cancelled, priority_withdrawn>;
  return is(static_cast<decisions*>(nullptr)) ? late_nature::decided : late_nature::fact;
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

bool grants(const event& happened) {
  return std::holds_alternative<habilitation_granted>(happened) || std::holds_alternative<mandate_granted>(happened) ||
         std::holds_alternative<consultation_authorised>(happened);
}

} // namespace

// [L441-2-7-4-1]
check may_come_back(const record& happened, bool witnessed, bool knowing) {
  bool of_the_host = late_nature_of(happened) == late_nature::decided || grants(happened.event) ||
                     kind_of(happened.event).family == entry_family::territory;
  if (knowing && of_the_host)
    return refuse(refusal_code::fenced, "L441-2-7-4-1",
                  "L'ancien nœud savait que le dispositif avait passé à un autre : il n'avait plus à en décider.");
  if (!witnessed && grants(happened.event))
    return refuse(refusal_code::not_empowered, "L441-2-7-4-1",
                  "Personne n'avait attesté ce droit avant la reprise : qui répond du dispositif l'accorde de nouveau "
                  "s'il y a lieu.");
  return {};
}

} // namespace toit::law
