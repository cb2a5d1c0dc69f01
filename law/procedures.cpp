#include "law/procedures.hpp"

#include "law/find_in.hpp"
#include "law/rights.hpp"

namespace toit::law {

// -- the book -------------------------------------------------------------------------------------------------------

namespace {

/// Of one joinable: whether a carence is over is told by the last ones.
constexpr std::size_t examinations_kept = 64;

sent_reminder* find_reminder(territory_file& file, std::uint64_t seq) {
  auto found = std::ranges::find(file.reminders, seq, &sent_reminder::seq);
  return found == file.reminders.end() ? nullptr : &*found;
}

} // namespace

void procedures_book::keep_act(const act& signed_act, siren territory, act_publicity needed, civil_date on,
                               std::uint64_t seq) {
  state_act kept;
  kept.act_itself = signed_act;
  kept.territory = territory;
  kept.needed = needed;
  kept.signed_on = on;
  kept.seq = seq;
  acts_[signed_act.id] = std::move(kept);
}

struct procedures_book::folding {
  procedures_book& book;
  civil_date on;
  std::uint64_t seq;

  territory_file& file(siren territory) const { return book.territories_[territory]; }
  state_act* act_of(act_id id) const { return find_in(book.acts_, id); }

  void operator()(const specification_set& e) const { book.specifications_.push_back(e.checklist); }
  void operator()(const obligation_noted& e) const { file(e.territory).obligation = {e, seq}; }
  void operator()(const reminder_sent& e) const {
    file(e.territory).reminders.push_back({seq, e.addressee, e.matter, on, e.answer_by, {}, 0});
  }
  void operator()(const reminder_answered& e) const {
    if (auto* reminder = find_reminder(file(e.territory), e.reminder)) {
      reminder->answered_on = on;
      reminder->answer_seq = seq;
    }
  }
  void operator()(const conformity_found& e) const {
    for (const auto& findings : e.findings)
      for (const auto& one : findings.items)
        file(e.territory).points.push_back({findings.checklist, findings.version, one, on, seq});
  }
  void operator()(const joinable_examined& e) const {
    auto& all = book.joinables_[{e.host, e.joined, e.level}];
    if (all.size() == examinations_kept)
      all.erase(all.begin());
    all.push_back({e, on, seq});
  }
  void operator()(const evidence_filed& e) const {
    file(e.territory).evidence.push_back({e.digest, e.file.as_of, seq});
  }
  void operator()(const carence_found& e) const { file(e.territory).carence = {e, on, seq}; }
  void operator()(const opinions_asked& e) const {
    auto& p = book.procedures_[e.procedure];
    p = {e.procedure, e.territory, e.convention, e.party, on, {}, {}, seq};
    for (auto asked : e.asked)
      p.opinions[asked];
  }
  void operator()(const opinion_received& e) const {
    if (auto* p = find_in(book.procedures_, e.procedure))
      p->opinions[e.from] = received_opinion{e.sense, on};
  }
  void operator()(const participation_ordered& e) const {
    auto* p = find_in(book.procedures_, e.procedure);
    if (!p)
      return;
    p->ordered_by = e.act.id;
    p->share = e.share;
    book.keep_act(e.act, p->territory, {false, p->party}, on, seq);
  }
  /// It binds everybody once it is published; the EPCI in whose place it is taken, once it is notified.
  void operator()(const substitution_ordered& e) const {
    bool has_epci = e.ground == substitution_ground::carence;
    book.keep_act(e.act, e.territory, {true, has_epci ? std::optional{e.territory} : std::nullopt}, on, seq);
    file(e.territory).substitution = e.act.id;
  }
  void operator()(const act_published& e) const {
    if (auto* a = act_of(e.act))
      a->published_on = on;
  }
  void operator()(const act_notified& e) const {
    if (auto* a = act_of(e.act); a && a->needed.notified == e.addressee)
      a->notified_on = on;
  }
  void operator()(const act_suspended& e) const {
    if (auto* a = act_of(e.act)) {
      a->suspended_on = on;
      a->resumed_on.reset();
    }
  }
  void operator()(const act_resumed& e) const {
    if (auto* a = act_of(e.act))
      a->resumed_on = on;
  }
  void operator()(const act_ended& e) const {
    if (auto* a = act_of(e.act)) {
      a->end = e.end;
      a->ended_on = on;
    }
  }
  void operator()(const passing_prepared& e) const {
    file(e.territory).prepared = e;
    file(e.territory).prepared_seq = seq;
  }
  void operator()(const authority_passed& e) const {
    file(e.territory).authority = e;
    file(e.territory).authority_seq = seq;
    file(e.territory).prepared.reset();
  }
  void operator()(const auto&) const {}
};

bool procedures_book::folds(const event& happened) {
  const auto& kind = kind_of(happened);
  return kind.family == entry_family::state && kind.number >= specification_set::kind.number;
}

void procedures_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  if (!folds(happened.event))
    return;
  last_seqs_[subject] = seq;
  auto on = happened.occurred_on;
  std::visit(folding{*this, on, seq}, happened.event);
}

std::uint64_t procedures_book::last_seq(subject_id subject) const {
  const auto* seq = find_in(last_seqs_, subject);
  return seq ? *seq : 0;
}

const territory_file* procedures_book::find(siren territory) const { return find_in(territories_, territory); }
const state_act* procedures_book::find(act_id id) const { return find_in(acts_, id); }
const participation_procedure* procedures_book::find(procedure_id id) const { return find_in(procedures_, id); }

const filed_evidence* procedures_book::find(siren territory, const bytes32& digest) const {
  const auto* file = find(territory);
  if (!file)
    return nullptr;
  auto found = std::ranges::find(file->evidence, digest, &filed_evidence::digest);
  return found == file->evidence.end() ? nullptr : &*found;
}

const examined_joinable* procedures_book::find(const adhesion_decided& joined) const {
  const auto* all = find_in(joinables_, joinable_key{joined.host, joined.joined, joined.level});
  return all ? &all->back() : nullptr;
}

std::optional<act_standing> procedures_book::substitution_of(siren territory, civil_date day) const {
  const auto* file = find(territory);
  return file && file->substitution ? std::optional{standing_of(acts_.at(*file->substitution), day)} : std::nullopt;
}

// -- decisions ------------------------------------------------------------------------------------------------------

std::optional<siren> territory_of(const event& happened) {
  return std::visit(
      [](const auto& e) -> std::optional<siren> {
        if constexpr (requires { e.territory; } && std::decay_t<decltype(e)>::kind.family == entry_family::state)
          return e.territory;
        else
          return std::nullopt;
      },
      happened);
}

namespace {

std::optional<act_id> act_named(const event& happened) {
  return std::visit(
      [](const auto& e) -> std::optional<act_id> {
        if constexpr (requires {
                        { e.act } -> std::convertible_to<act_id>;
                      })
          return e.act;
        else
          return std::nullopt;
      },
      happened);
}

std::optional<procedure_id> procedure_named(const event& happened) {
  if (const auto* received = std::get_if<opinion_received>(&happened))
    return received->procedure;
  if (const auto* ordered = std::get_if<participation_ordered>(&happened))
    return ordered->procedure;
  return std::nullopt;
}

subject_id subject_of_specifications() {
  subject_id subject;
  subject.bytes[0] = 'x';
  return subject;
}

} // namespace

/// One for all of it, so that it is decided in turn, and proved together.
subject_id subject_of_territory(siren territory) {
  auto subject = subject_of(territory);
  subject.bytes[0] = 't';
  return subject;
}

std::optional<siren> territory_of(const procedures_book& book, const event& happened) {
  if (auto named = territory_of(happened))
    return named;
  if (auto id = procedure_named(happened))
    if (const auto* procedure = book.find(*id))
      return procedure->territory;
  if (auto id = act_named(happened))
    if (const auto* known = book.find(*id))
      return known->territory;
  return std::nullopt;
}

namespace {

std::unexpected<refusal> missing(literal article, literal because, std::string_view path) {
  return refuse_field(refusal_code::missing_field, article, because, path);
}

struct procedure_rules {
  const procedures_book& book;
  const command& asked;
  const facts& known;

  civil_date day() const { return asked.occurred_on; }

  decision recorded(subject_id subject, event happened, operation what = operation::introduced) const {
    return outcome{{{subject, std::move(happened), what, {}}}, {}, asked.occurred_on, asked.originator};
  }
  decision recorded(siren territory, event happened) const {
    return recorded(subject_of_territory(territory), std::move(happened));
  }

  const dispositif_book* side() const { return known.territory_side.get(); }
  const convention_file* current() const { return side() ? side()->current() : nullptr; }
  existence_facts existing(siren territory) const {
    auto now = book.existing(territory, side(), known.ile_de_france, day());
    now.unheard = known.unheard;
    now.substitution_elsewhere = known.substitution_elsewhere;
    return now;
  }

  // [L441-2-7-2-2]
  decision operator()(const specification_set& e) const {
    if (e.checklist.name.str() != regional_checklist_name || e.checklist.items.empty())
      return missing("L441-2-7-2-2", "Le cahier des charges régional n'a pas de point à vérifier.", "checklist");
    for (const auto& item : e.checklist.items)
      if (item.id.empty() || std::ranges::count(e.checklist.items, item.id, &checklist_item::id) != 1)
        return refuse_field(refusal_code::malformed, "L441-2-7-2-2", "Chaque point a son propre numéro.",
                            "checklist.items");
    if (!e.opinion_on.ok() || e.opinion_on > day())
      return refuse_field(refusal_code::missing_opinion, "R362-2",
                          "L'avis du comité régional de l'habitat et de l'hébergement n'est pas rendu.", "opinion_on");
    if (!e.checklist.from.ok() || e.checklist.from < day())
      return refuse_field(refusal_code::bad_date, "L441-2-7-2-2",
                          "Le cahier des charges ne prend pas effet avant son arrêté.", "checklist.from");
    if (e.source.empty())
      return missing("L441-2-7-2-2", "L'arrêté n'est pas cité.", "source");
    for (const auto& one : book.specifications())
      if (one.version >= e.checklist.version)
        return refuse_field(refusal_code::duplicate, "L441-2-7-2-2", "Cette version, ou une plus récente, existe déjà.",
                            "checklist.version");
    return recorded(subject_of_specifications(), e);
  }

  // [L441-2-7-1-1a] [L441-2-7-4-4]
  decision operator()(const obligation_noted& e) const {
    if (e.source.empty())
      return missing("L441-2-7-1-1a", "La source n'est pas citée.", "source");
    if (e.due_on && !e.due_on->ok())
      return refuse_field(refusal_code::bad_date, "L441-2-7-1-1a", "L'échéance n'existe pas.", "due_on");
    if (!e.communes.empty() && e.concern != concern::no)
      return refuse_field(refusal_code::malformed, "L441-2-7-4-4",
                          "Les communes ne se nomment que là où aucun EPCI n'est tenu au dispositif.", "communes");
    for (auto commune : e.communes) {
      if (std::ranges::find(known.communes_of_epci, commune) != known.communes_of_epci.end())
        return refuse_field(refusal_code::bad_order, "L441-2-7-4-4",
                            "Une commune est dans un EPCI : c'est lui que l'on nomme.", "communes");
      for (const auto& [other, file] : book.territories())
        if (other != e.territory && file.obligation &&
            std::ranges::find(file.obligation->noted.communes, commune) != file.obligation->noted.communes.end())
          return refuse_field(refusal_code::bad_order, "L441-2-7-4-4",
                              "Une commune est déjà dans un autre territoire nommé par le préfet.", "communes");
    }
    return recorded(e.territory, e);
  }

  /// While the parties are not known (nothing of the territory's journal was received, or it names none), nobody is
  /// said to be none.
  // [L441-2-7-1-1a]
  bool may_be_partner(siren territory, siren who) const {
    return who != territory &&
           (known.parties.empty() ||
            std::ranges::find(known.parties, who, &dispositif_party::legal_person) != known.parties.end());
  }

  decision operator()(const reminder_sent& e) const {
    if (e.addressee != e.territory && !may_be_partner(e.territory, e.addressee))
      return refuse_field(refusal_code::not_party, "L441-2-7-1-1a",
                          "Un rappel s'adresse à l'EPCI ou à l'une des parties au dispositif.", "addressee");
    if (e.document == bytes32{})
      return missing("L441-2-7-4-1", "Le rappel lui-même n'est pas cité.", "document");
    if (e.answer_by && (!e.answer_by->ok() || *e.answer_by <= day()))
      return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "Le délai de réponse est déjà passé.", "answer_by");
    return recorded(e.territory, e);
  }

  decision operator()(const reminder_answered& e) const {
    const auto* file = book.find(e.territory);
    auto is_it = [&](const sent_reminder& r) { return r.seq == e.reminder; };
    auto end = file ? file->reminders.end() : std::vector<sent_reminder>::const_iterator{};
    auto found = file ? std::ranges::find_if(file->reminders, is_it) : end;
    if (found == end)
      return refuse_field(refusal_code::unknown_subject, "L441-2-7-4-1", "Ce rappel n'existe pas.", "reminder");
    if (found->answered_on)
      return refuse_field(refusal_code::duplicate, "L441-2-7-4-1", "La réponse à ce rappel est déjà reçue.",
                          "reminder");
    if (day() < found->sent_on)
      return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "La réponse précède le rappel.", "occurred_on");
    if (e.document == bytes32{})
      return missing("L441-2-7-4-1", "La réponse elle-même n'est pas citée.", "document");
    return recorded(e.territory, e);
  }

  // [L441-2-7-2-2] [L441-2-7-4-3]
  decision operator()(const conformity_found& e) const {
    if (auto ok = check_findings(e.findings); !ok)
      return std::unexpected{ok.error()};
    return recorded(e.territory, e);
  }

  check check_findings(const list<checklist_findings, 8>& all) const {
    if (all.empty())
      return missing("L441-2-7-2-2", "Aucun point n'a été examiné.", "findings");
    if (!all_points_exist(book.specifications(), all))
      return refuse_field(refusal_code::malformed, "L441-2-7-2-2", "Un point examiné n'existe pas dans cette version.",
                          "findings");
    for (const auto& findings : all)
      for (const auto& one : findings.items)
        if (one.finding == finding::not_met && one.ground.empty())
          return missing("L441-2-7-2-2", "Ce qui n'est pas rempli se dit avec ce qui le montre.", "findings");
    return {};
  }

  /// The SNE's own module is national; a système particulier is designated for a département or a région.
  // [L441-2-7-2-1] [R441-2-15-IV]
  decision operator()(const joinable_examined& e) const {
    if ((e.joined == joinable::sne_module) != (e.level == dispositif_level::national))
      return refuse_field(refusal_code::not_conform, "R441-2-15-IV",
                          "Le module du SNE, et lui seul, est un dispositif national.", "level");
    if (e.joined == joinable::systeme_particulier && e.source.empty())
      return missing("R441-2-5", "L'acte qui désigne le système particulier n'est pas cité.", "source");
    if (auto ok = check_findings(e.findings); !ok)
      return std::unexpected{ok.error()};
    return recorded(subject_of_specifications(), e);
  }

  /// The node has gathered it, and says what it read; the same file is filed once.
  // [L441-2-7-4-1]
  decision operator()(const evidence_filed& e) const {
    if (e.file.territory != e.territory || e.file.as_of != day() || e.digest == bytes32{})
      return refuse_field(refusal_code::malformed, "L441-2-7-4-1", "Ce dossier n'est pas celui du jour.", "file");
    if (e.file.items.size() > e.file.items.max_items)
      return refuse(refusal_code::too_large, "L441-2-7-4-1", "Ce dossier a trop de lignes pour être arrêté.");
    if (book.find(e.territory, e.digest))
      return refuse(refusal_code::duplicate, "L441-2-7-4-1", "Ce dossier est déjà arrêté, et n'a pas changé depuis.");
    return recorded(e.territory, e);
  }

  /// One that nobody can read again is no evidence.
  // [L441-2-7-4-1]
  check check_evidence(const carence_found& e) const {
    const auto* filed = book.find(e.territory, e.evidence);
    if (!filed)
      return refuse_field(refusal_code::unknown_subject, "L441-2-7-4-1",
                          "Aucun dossier de ce territoire n'a été arrêté ici avec cette empreinte.", "evidence");
    if (day() < filed->as_of)
      return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "Le constat précède le dossier qu'il cite.",
                          "occurred_on");
    return {};
  }

  // [L441-2-7-4-1] [L441-2-7-4-3]
  decision operator()(const carence_found& e) const {
    const auto* file = book.find(e.territory);
    auto due_on = file && file->obligation ? file->obligation->noted.due_on : std::nullopt;
    if (auto ok = may_find_carence(existing(e.territory), due_on, e.nothing_heard.value_or(false), day()); !ok)
      return std::unexpected{ok.error()};
    if (e.evidence == bytes32{} || e.grounds.empty())
      return missing("L441-2-7-4-1", "La carence se constate au vu d'un dossier et pour des motifs.", "evidence");
    if ((e.whose == carence_of::partners) == e.partners.empty())
      return refuse_field(refusal_code::malformed, "L441-2-7-4-3",
                          "La carence des partenaires, et elle seule, nomme ceux qu'elle vise.", "partners");
    for (auto partner : e.partners)
      if (!may_be_partner(e.territory, partner))
        return refuse_field(refusal_code::not_party, "L441-2-7-4-3",
                            "Une personne morale nommée n'est pas l'un des partenaires de l'EPCI dans ce territoire.",
                            "partners");
    if (auto ok = check_evidence(e); !ok)
      return std::unexpected{ok.error()};
    return recorded(e.territory, e);
  }

  // -- participation ------------------------------------------------------------------------------------------------

  // [L441-2-7-3-2]
  decision operator()(const opinions_asked& e) const {
    if (auto ok = may_ask_opinions(current(), e.convention, e.party, day()); !ok)
      return std::unexpected{ok.error()};
    for (const auto& [id, p] : book.procedures()) {
      bool runs = !p.ordered_by || alive(standing_of(*book.find(*p.ordered_by), day()));
      if (p.convention == e.convention && p.party == e.party && runs)
        return refuse(refusal_code::duplicate, "L441-2-7-3-2", "Les avis sont déjà demandés pour cette partie.");
    }
    auto begun = e;
    begun.procedure = id_of<procedure_id>(known.fresh_ids[0]);
    auto consulted = current()->consulted(day());
    begun.asked.assign(consulted.begin(), consulted.end());
    return recorded(e.territory, begun);
  }

  const participation_procedure* procedure(procedure_id id) const { return book.find(id); }
  static std::unexpected<refusal> no_procedure() {
    return refuse_field(refusal_code::unknown_subject, "L441-2-7-3-2", "Cette procédure n'existe pas.", "procedure");
  }

  // [L441-2-7-3-2]
  decision operator()(const opinion_received& e) const {
    const auto* p = procedure(e.procedure);
    if (!p)
      return no_procedure();
    if (auto ok = may_receive(*p, e, day()); !ok)
      return std::unexpected{ok.error()};
    return recorded(p->territory, e);
  }

  // [L441-2-7-3-2]
  decision operator()(const participation_ordered& e) const {
    const auto* p = procedure(e.procedure);
    if (!p)
      return no_procedure();
    if (p->ordered_by)
      return refuse(refusal_code::duplicate, "L441-2-7-3-2", "L'arrêté de cette procédure est déjà signé.");
    if (auto ok = may_order(*p, current(), e, day()); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_act(e.act, day()); !ok)
      return std::unexpected{ok.error()};
    auto ordered = e;
    ordered.act.id = id_of<act_id>(known.fresh_ids[0]);
    return recorded(p->territory, ordered);
  }

  // -- acts ---------------------------------------------------------------------------------------------------------

  /// It has no other field than what institutes the dispositif: conference, agreement, plan and grid stay the EPCI's.
  // [L441-2-7-4-1] [L441-2-7-4-2] [L441-2-7-4-4]
  decision operator()(const substitution_ordered& e) const {
    if (auto ok = may_substitute(existing(e.territory), e.ground, day()); !ok)
      return std::unexpected{ok.error()};
    const auto* file = book.find(e.territory);
    bool named = known.listed || (file && file->obligation && !file->obligation->noted.communes.empty());
    if (e.ground == substitution_ground::absence && !named)
      return missing("L441-2-7-4-4", "Les communes du territoire ne sont pas nommées.", "territory");
    if (auto ok = check_act(e.act, day()); !ok)
      return std::unexpected{ok.error()};
    auto ordered = e;
    ordered.act.id = id_of<act_id>(known.fresh_ids[0]);
    return recorded(e.territory, ordered);
  }

  template <class Event>
  decision happens_to(const Event& e, check (*allowed)(const state_act&, civil_date)) const {
    const auto* a = book.find(e.act);
    if (!a)
      return refuse_field(refusal_code::unknown_subject, "L441-2-7-4-1", "Cet arrêté n'existe pas.", "act");
    if (auto ok = allowed(*a, day()); !ok)
      return std::unexpected{ok.error()};
    return recorded(a->territory, e);
  }

  static check told(const text<120>& words, std::string_view path) {
    if (words.empty())
      return missing("L441-2-7-4-1", "Ce qui le dit n'est pas cité.", path);
    return {};
  }

  decision operator()(const act_published& e) const {
    if (auto ok = told(e.where, "where"); !ok)
      return std::unexpected{ok.error()};
    return happens_to(e, may_be_published);
  }

  decision operator()(const act_notified& e) const {
    if (e.receipt == bytes32{})
      return missing("L441-2-7-4-1", "La preuve de la notification n'est pas citée.", "receipt");
    const auto* a = book.find(e.act);
    if (a)
      if (auto ok = may_be_notified(*a, e.addressee, day()); !ok)
        return std::unexpected{ok.error()};
    return happens_to(e, [](const state_act&, civil_date) -> check { return {}; });
  }

  decision operator()(const act_suspended& e) const {
    if (auto ok = told(e.decision, "decision"); !ok)
      return std::unexpected{ok.error()};
    return happens_to(e, may_be_suspended);
  }

  decision operator()(const act_resumed& e) const {
    if (auto ok = told(e.decision, "decision"); !ok)
      return std::unexpected{ok.error()};
    return happens_to(e, may_resume);
  }

  decision operator()(const act_ended& e) const {
    if (auto ok = told(e.decision, "decision"); !ok)
      return std::unexpected{ok.error()};
    const auto* a = book.find(e.act);
    if (a)
      if (auto ok = may_end(*a, e.end, day()); !ok)
        return std::unexpected{ok.error()};
    return happens_to(e, [](const state_act&, civil_date) -> check { return {}; });
  }

  decision operator()(const auto&) const {
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Cet événement n'est pas de ceux d'une procédure.");
  }
};

} // namespace

/// Competence is the directory's to say, and is asked of whatever concerns a territory. An act's life is told where the
/// act was recorded, whoever is competent by then.
// [L441-2-7-3-2] [L441-2-7-4-1] [L441-2-7-4-2]
decision decide(const procedures_book& book, const settings&, const command& asked, const facts& known) {
  const auto* kind = kind_asked(asked);
  if (!kind || asked.originator.is_demandeur() ||
      std::ranges::none_of(known.capacities, [&](const capacity& c) { return kind->who.admits(c.quality); }))
    return refuse(refusal_code::not_empowered, "L441-2-7-4-2",
                  "Cette personne morale n'a pas de qualité pour agir au nom de l'autorité de l'État.");
  if (!asked.occurred_on.ok() || asked.occurred_on > known.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date de survenance est dans le futur.",
                        "occurred_on");
  const auto& happened = std::get<event>(asked.asked);
  auto of_act = act_named(happened);
  auto of_procedure = procedure_named(happened);
  if ((of_act && !book.find(*of_act)) || (of_procedure && !book.find(*of_procedure)))
    return refuse(refusal_code::unknown_subject, "L441-2-7-4-1",
                  "Cet arrêté ou cette procédure n'est pas de cette autorité.");
  if (!known.competent && !of_act)
    return refuse(refusal_code::wrong_prefect, "L441-2-7-4-1",
                  "Le dispositif de ce territoire relève d'un autre représentant de l'État, que l'annuaire nomme.");
  return std::visit(procedure_rules{book, asked, known}, std::get<event>(asked.asked));
}

std::vector<subject_id> subjects_of(const procedures_book& book, const command& asked) {
  const auto* happened = std::get_if<event>(&asked.asked);
  if (!happened)
    return {};
  auto territory = territory_of(book, *happened);
  if (!territory)
    return {subject_of_specifications()};
  // Two territories must not be given one commune, however their notes cross.
  const auto* noted = std::get_if<obligation_noted>(happened);
  if (noted && !noted->communes.empty())
    return {subject_of_territory(*territory), subject_of_specifications()};
  return {subject_of_territory(*territory)};
}

// -- what may be done -----------------------------------------------------------------------------------------------

// [L441-2-7-4-1] [L441-2-7-4-4]
std::vector<power_finding> powers_over(const procedures_book& book, siren territory, const existence_facts& existing,
                                       civil_date day) {
  const auto* file = book.find(territory);
  auto due_on = file && file->obligation ? file->obligation->noted.due_on : std::nullopt;
  auto told = [](prefect_power power, const check& allowed) {
    return power_finding{power, allowed ? std::nullopt : std::optional{allowed.error()}};
  };
  return {
      told(prefect_power::find_carence, may_find_carence(existing, due_on, false, day)),
      told(prefect_power::substitute_for_carence, may_substitute(existing, substitution_ground::carence, day)),
      told(prefect_power::substitute_for_absence, may_substitute(existing, substitution_ground::absence, day)),
  };
}

} // namespace toit::law
