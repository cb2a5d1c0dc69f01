#include "law/state_book.hpp"

#include "law/require.hpp"

#include <cstring>

namespace toit::law {

namespace {

/// Thirty years: a longer wait is a slip of the pen.
constexpr std::uint16_t wait_months_most = 360;

/// One subject a département, so that no two arrêtés are decided at once on the same facts.
subject_id subject_of_thresholds(departement_code departement) {
  subject_id subject;
  subject.bytes[0] = 'w';
  std::memcpy(subject.bytes.data() + 1, departement.view().data(), departement.view().size());
  return subject;
}

bool same_case(const waiting_threshold_set& a, const waiting_threshold_set& b) {
  return a.departement == b.departement && a.typology == b.typology && a.mutation == b.mutation;
}

} // namespace

// -- the book -------------------------------------------------------------------------------------------------------

void state_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  if (kind_of(happened.event).family != entry_family::state)
    return;
  last_seqs_[subject] = seq;
  if (const auto* issued = std::get_if<command_issued>(&happened.event)) {
    commands_[seq] = {seq, issued->addressee, issued->valid_until, subject, happened.command, 0};
    issued_[happened.command] = seq;
  } else if (const auto* closed = std::get_if<command_closed>(&happened.event)) {
    auto& command = commands_[closed->issued];
    command.issued = closed->issued;
    command.addressee = closed->addressee;
    command.subject = subject;
    command.executed = closed->executed;
    command.id = closed->command;
    issued_[closed->command] = closed->issued;
  } else if (const auto* set = std::get_if<waiting_threshold_set>(&happened.event)) {
    thresholds_.push_back(*set);
  }
}

const issued_command* state_book::find(command_id id) const {
  auto found = issued_.find(id);
  return found == issued_.end() ? nullptr : &commands_.at(found->second);
}

std::uint64_t state_book::last_seq(subject_id subject) const {
  auto found = last_seqs_.find(subject);
  return found == last_seqs_.end() ? 0 : found->second;
}

// [R441-2-15-II-2]
const waiting_threshold_set* threshold_in_force(std::span<const waiting_threshold_set> set,
                                                departement_code departement, typology asked, bool mutation,
                                                civil_date day) {
  const waiting_threshold_set* best = nullptr;
  for (const auto& one : set) {
    if (one.departement != departement || one.mutation != mutation || one.from > day ||
        (one.typology && *one.typology != asked))
      continue;
    bool closer = !best || one.typology.has_value() > best->typology.has_value();
    bool later = best && one.typology.has_value() == best->typology.has_value() && one.from >= best->from;
    if (closer || later)
      best = &one;
  }
  return best;
}

// -- decisions ------------------------------------------------------------------------------------------------------

namespace {

struct state_rules {
  const state_book& book;
  const command& asked;
  const facts& known;

  decision recorded(subject_id subject, event happened, operation what) const {
    return outcome{{{subject, std::move(happened), what, {}}}, {}, asked.occurred_on, asked.originator};
  }

  decision operator()(const command_issued& e) const {
    require(!e.addressee.empty() && !e.command.value.empty(), "a command is sealed before it is decided");
    return recorded(known.fresh_ids[0], e, operation::introduced);
  }

  // [R441-2-15-II-2]
  decision operator()(const waiting_threshold_set& e) const {
    if (!known.competent)
      return refuse_field(refusal_code::not_empowered, "R441-2-15-II-2",
                          "Le délai d'un département est fixé par le préfet que l'annuaire y dit compétent.",
                          "departement");
    if (e.wait_months == 0 || e.wait_months > wait_months_most)
      return refuse_field(refusal_code::malformed, "R441-2-15-II-2", "Le délai compte de 1 à 360 mois.", "wait_months");
    if (!e.from.ok())
      return refuse_field(refusal_code::bad_date, "R441-2-15-II-2", "La date d'effet n'existe pas.", "from");
    if (e.source.empty())
      return refuse_field(refusal_code::missing_field, "R441-2-15-II-2", "L'arrêté n'est pas cité.", "source");
    for (const auto& one : book.thresholds())
      if (same_case(one, e) && one.from == e.from)
        return refuse(refusal_code::duplicate, "R441-2-15-II-2", "Un délai prend déjà effet à cette date.");
    return recorded(subject_of_thresholds(e.departement), e, operation::introduced);
  }

  /// Closed again, and nothing left to empty, when another answer has come in the place of one that a cut left out:
  /// whoever asks has looked whether the recorded one still stands.
  decision operator()(const command_closed& e) const {
    auto found = book.commands().find(e.issued);
    if (found == book.commands().end() || found->second.executed == e.executed ||
        found->second.addressee != e.addressee)
      return refuse(refusal_code::bad_order, "R441-2-15-I-9", "Aucune commande en cours n'a cette écriture.");
    auto closed = e;
    closed.entries.clear();
    if (found->second.executed == 0)
      closed.entries = {e.issued};
    closed.command = found->second.id;
    return recorded(found->second.subject, std::move(closed), operation::suppressed);
  }

  decision operator()(const auto&) const {
    return refuse(refusal_code::bad_order, "R441-2-15-I-9", "Une autorité de l'État n'enregistre pas cela.");
  }
};

} // namespace

namespace {

/// What is recorded of a command in the authority's stream follows from the event that it asks of the territory.
constexpr originators may_command{quality::gestionnaire, quality::state_mediation_secretariat,
                                  quality::state_attribution_follow_up};

} // namespace

/// The node alone closes a command; whoever asks for the rest has a quality that the catalogue admits.
// [R441-2-15-I-9] [R441-2-15-I-10]
decision decide(const state_book& book, const settings&, const command& asked, const facts& known) {
  const auto* kind = kind_asked(asked);
  const auto* happened = std::get_if<event>(&asked.asked);
  bool commands = happened && std::holds_alternative<command_issued>(*happened);
  auto admitted = [&](const capacity& c) { return (commands ? may_command : kind->who).admits(c.quality); };
  bool by_node = kind && !commands && kind->who.only_consequence() && asked.agent.empty();
  if (!kind || (!by_node && std::ranges::none_of(known.capacities, admitted)))
    return refuse(refusal_code::not_empowered, "R441-2-15-I-9",
                  "Cette personne morale n'a pas de qualité pour agir au nom de l'autorité de l'État.");
  if (!asked.occurred_on.ok() || asked.occurred_on > known.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date de survenance est dans le futur.",
                        "occurred_on");
  return std::visit(state_rules{book, asked, known}, std::get<event>(asked.asked));
}

std::vector<subject_id> subjects_of(const state_book& book, const command& asked) {
  const auto& happened = std::get<event>(asked.asked);
  if (const auto* set = std::get_if<waiting_threshold_set>(&happened))
    return {subject_of_thresholds(set->departement)};
  if (const auto* closed = std::get_if<command_closed>(&happened))
    if (auto found = book.commands().find(closed->issued); found != book.commands().end())
      return {found->second.subject};
  return {};
}

} // namespace toit::law
