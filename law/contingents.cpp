#include "law/contingents.hpp"

#include "law/find_in.hpp"

#include <cstring>

namespace toit::law {

subject_id conventions_subject(siren bailleur, departement_code departement) {
  auto subject = flow_subject(bailleur, departement, 0);
  subject.bytes[0] = 'c';
  return subject;
}

subject_id flow_subject(siren bailleur, departement_code departement, std::uint16_t year) {
  subject_id subject;
  subject.bytes[0] = 'f';
  std::memcpy(subject.bytes.data() + 1, bailleur.view().data(), bailleur.view().size());
  std::memcpy(subject.bytes.data() + 10, departement.view().data(), departement.view().size());
  subject.bytes[13] = static_cast<std::uint8_t>(year >> 8);
  subject.bytes[14] = static_cast<std::uint8_t>(year & 255);
  return subject;
}

// -- what is folded -------------------------------------------------------------------------------------------------

const charge_line* charged_vacancy::charged() const {
  auto lease = std::ranges::find_if(lines, &charge_line::confirmed);
  if (lease != lines.end())
    return &*lease;
  auto first = std::ranges::find_if(lines, &charge_line::stands);
  return first == lines.end() ? nullptr : &*first;
}

namespace {

std::uint16_t year_of(civil_date day) { return static_cast<std::uint16_t>(static_cast<int>(day.year())); }

/// A line keeps its place and the year of its decision while it does not stand: what comes back is charged as it was.
void follow(charged_vacancy& v, const candidacy_moved& moved, civil_date on) {
  auto line = std::ranges::find(v.lines, moved.candidacy, &charge_line::candidacy);
  bool stands = moved.charged_on && !moved.closed && in_favour(moved.step);
  if (line == v.lines.end()) {
    if (!stands)
      return;
    line = v.lines.insert(v.lines.end(), charge_line{moved.candidacy, *moved.charged_on, true, year_of(on), {}});
  }
  line->stands = stands;
  if (stands)
    line->charged_on = *moved.charged_on;
  if (!stands || moved.step != candidacy_step::lease_signed)
    line->leased_in.reset();
  else if (!line->confirmed())
    line->leased_in = year_of(on);
}

} // namespace

/// Adds (1) or takes back (-1) what a vacancy weighs on the ledger: one charge a dwelling.
// [R441-2-15-I-8]
void contingent_book::count(const charged_vacancy& v, int by) {
  const auto* line = v.charged();
  if (!line)
    return;
  charge_account account{line->charged_on.convention, v.bailleur, line->charged_on.contingent, line->year()};
  auto& sums = ledger_[account];
  auto& sum = line->confirmed() ? sums.confirmed : sums.stated;
  sum = static_cast<std::uint32_t>(static_cast<int>(sum) + by);
  // An account on which nothing stands is none, whatever stood on it: the ledger does not depend on how it came about.
  if (sums == charges{})
    ledger_.erase(account);
}

void contingent_book::restore(charged_vacancy v) {
  count(v, 1);
  auto id = v.vacancy;
  vacancies_.insert_or_assign(id, std::move(v));
}

void contingent_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  conventions_.apply(happened);
  if (kind_of(happened.event).family == entry_family::territory)
    last_seqs_[subject] = seq;
  if (const auto* stated = std::get_if<flow_stated>(&happened.event)) {
    flows_[{stated->bailleur, stated->departement, stated->year}] = stated->dwellings_to_let - stated->subtracted;
  } else if (const auto* opened = std::get_if<vacancy_opened>(&happened.event)) {
    restore({opened->vacancy, happened.originator.legal_person(), opened->reserved_under, {}});
  } else if (const auto* moved = std::get_if<candidacy_moved>(&happened.event)) {
    if (auto* v = find_in(vacancies_, id_of<vacancy_id>(subject))) {
      count(*v, -1);
      follow(*v, *moved, happened.occurred_on);
      count(*v, 1);
    }
  }
}

std::uint64_t contingent_book::last_seq(subject_id subject) const {
  const auto* seq = find_in(last_seqs_, subject);
  return seq ? *seq : 0;
}

std::optional<convention_id> contingent_book::reservation_of(vacancy_id id) const {
  const auto* v = find_in(vacancies_, id);
  return v ? v->reserved_under : std::nullopt;
}

// -- balances -------------------------------------------------------------------------------------------------------

// [R441-2-15-I-3]
contingent_balance contingent_book::balance(convention_id id, int year) const {
  contingent_balance b{id, static_cast<std::uint16_t>(year), {}, 0, 0, {}};
  for (const auto& [account, sums] : ledger_)
    if (account.convention == id && account.year == year) {
      b.stated += sums.stated;
      b.confirmed += sums.confirmed;
    }
  const auto* convention = conventions_.find(id);
  const auto* stated =
      convention ? find_in(flows_, std::tuple{convention->bailleur, convention->departement, year}) : nullptr;
  if (stated) {
    b.rights = static_cast<std::uint32_t>(std::uint64_t{*stated} * convention->flow_share / 10000);
    b.left = std::int64_t{*b.rights} - b.stated - b.confirmed;
  }
  return b;
}

bool contingent_book::exhausted(convention_id id, int year) const {
  auto left = balance(id, year).left;
  return left && *left <= 0;
}

// -- decisions ------------------------------------------------------------------------------------------------------

namespace {

bool overlap(const reservation_convention& a, const reservation_convention& b) {
  return (!a.until || b.from <= *a.until) && (!b.until || a.from <= *b.until);
}

/// Most of what `share` adds up to on one day of the convention's term, with the others of its bailleur in its
/// département that count; those that never run together are not added.
template <class Counts, class Share>
unsigned peak(const contingent_book& book, const reservation_convention& c, Counts counts, Share share) {
  std::vector<const reservation_convention*> others;
  std::vector first_days{c.from};
  for (const auto& [id, other] : book.conventions().all())
    if (other.bailleur == c.bailleur && other.departement == c.departement && overlap(other, c) && counts(other)) {
      others.push_back(&other);
      first_days.push_back(std::max(other.from, c.from));
    }
  unsigned most = 0;
  for (auto day : first_days) {
    unsigned sum = share(c);
    for (const auto* other : others)
      sum += other->in_force(day) ? share(*other) : 0U;
    most = std::max(most, sum);
  }
  return most;
}

std::unexpected<refusal> above_maximum(literal article, literal because, std::string_view path) {
  return refuse_field(refusal_code::quota_above_legal_maximum, article, because, path);
}

bool of_state(const reservation_convention& c) { return c.contingent == contingent_kind::state_priority; }

// [R441-5] [R441-5-2] [R441-5-3]
check check_shares(const reservation_convention& c) {
  if (c.flow_share == 0 || c.flow_share > 10000)
    return refuse_field(refusal_code::malformed, "R441-5", "La part du flux est entre 0,01 % et 100 %.",
                        "convention.flow_share");
  if (c.agents_share > c.flow_share || (!of_state(c) && c.agents_share != 0))
    return refuse_field(refusal_code::malformed, "R441-5-2", "La part des agents est une partie de celle de l'État.",
                        "convention.agents_share");
  if (c.loan_guarantee && c.contingent != contingent_kind::collectivite)
    return refuse_field(refusal_code::malformed, "R441-5-3",
                        "Seules les collectivités réservent en contrepartie d'une garantie d'emprunt.",
                        "convention.loan_guarantee");
  return {};
}

/// The State is one holder, whichever of its services sign.
// [R441-5-2]
check check_state(const contingent_book& book, const reservation_convention& c) {
  if (!of_state(c))
    return {};
  if (peak(book, c, of_state, [](auto& k) { return unsigned{k.flow_share}; }) > state_ceiling)
    return above_maximum("R441-5-2", "Les réservations de l'État ne dépassent pas 30 % du flux annuel.",
                         "convention.flow_share");
  if (peak(book, c, of_state, [](auto& k) { return unsigned{k.agents_share}; }) > agents_ceiling)
    return above_maximum("R441-5-2", "La part des agents de l'État ne dépasse pas 5 % du flux annuel.",
                         "convention.agents_share");
  return {};
}

/// In each commune, guarantees of all collectivités together take at most a fifth of the bailleur's flow.
// [R441-5-3]
check check_guarantees(const contingent_book& book, const settings& s, const reservation_convention& c) {
  if (!c.loan_guarantee)
    return {};
  for (auto commune : s.communes) {
    auto of_guarantee = [&](const reservation_convention& k) { return k.loan_guarantee && k.covers(commune); };
    if (of_guarantee(c) &&
        peak(book, c, of_guarantee, [](auto& k) { return unsigned{k.flow_share}; }) > guarantee_ceiling)
      return above_maximum("R441-5-3",
                           "Les réservations en contrepartie de garanties ne dépassent pas globalement 20 % du flux.",
                           "convention.flow_share");
  }
  return {};
}

struct contingent_rules {
  const contingent_book& book;
  const settings& s;
  const command& asked;
  const facts& known;

  decision record(subject_id subject, event happened, operation how = operation::introduced) const {
    return outcome{{{subject, std::move(happened), how, {}}}, {}, asked.occurred_on, asked.originator};
  }

  bool by_gestionnaire() const {
    return std::ranges::any_of(known.capacities, [](const capacity& c) { return c.quality == quality::gestionnaire; });
  }

  /// A convention opens files to its holder, who cannot give himself what the bailleur has not granted
  /// (docs/readings.md, 30).
  // [R441-2-15-V-2-3] [R441-2-15-I-9]
  check check_grantor(siren bailleur) const {
    if (!by_gestionnaire() && asked.originator.legal_person() != bailleur)
      return refuse(refusal_code::not_originator, "R441-2-15-I-9",
                    "Une convention et un flux sont enregistrés par le bailleur qui les consent, ou par le "
                    "gestionnaire.");
    return {};
  }

  /// Either party ends it: the end opens nothing to anybody.
  check check_party(const reservation_convention& c) const {
    if (asked.originator.legal_person() == c.holder)
      return {};
    if (!by_gestionnaire() && asked.originator.legal_person() != c.bailleur)
      return refuse(refusal_code::not_originator, "R441-2-15-I-9",
                    "La fin d'une convention est enregistrée par l'une de ses parties ou par le gestionnaire.");
    return {};
  }

  check check_departement(departement_code where, std::string_view field) const {
    if (std::ranges::find(s.communes, where, departement_of) == s.communes.end())
      return refuse_field(refusal_code::out_of_scope, "R441-5", "Ce territoire n'a aucune commune du département.",
                          field);
    return {};
  }

  // [R441-2-15-V-2-3]
  check check_place(const reservation_convention& c) const {
    if (auto ok = check_departement(c.departement, "convention.departement"); !ok)
      return ok;
    for (auto commune : c.communes)
      if (!s.contains(commune, std::max(c.from, known.today)) || departement_of(commune) != c.departement)
        return refuse_field(refusal_code::out_of_scope, "R441-5",
                            "Une commune n'est pas dans le territoire et le département de la convention.",
                            "convention.communes");
    return {};
  }

  check check_parties(const reservation_convention& c) const {
    if (std::ranges::find(known.bailleurs, c.bailleur) == known.bailleurs.end())
      return refuse_field(refusal_code::not_party, "L441-2-7-1-1a", "Ce bailleur n'est pas présent dans le territoire.",
                          "convention.bailleur");
    if (std::ranges::find(known.reservataires, c.holder) == known.reservataires.end())
      return refuse_field(refusal_code::not_party, "L441-2-7-1-1a", "Ce titulaire n'est pas réservataire ici.",
                          "convention.holder");
    if (c.contingent == contingent_kind::non_reserved || c.contingent == contingent_kind::state_agents)
      return refuse_field(refusal_code::malformed, "R441-5",
                          "Une convention porte sur un contingent réservé ; celui des agents est une part de l'État.",
                          "convention.contingent");
    return {};
  }

  decision operator()(const reservation_convention_signed& e) const {
    auto c = e.convention;
    if (auto ok = check_grantor(c.bailleur); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_parties(c); !ok)
      return std::unexpected{ok.error()};
    if (c.until && *c.until < c.from)
      return refuse_field(refusal_code::bad_date, "R441-5", "La fin précède le début.", "convention.until");
    if (auto ok = check_place(c); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_shares(c); !ok)
      return std::unexpected{ok.error()};
    for (const auto& [id, other] : book.conventions().all())
      if (other.bailleur == c.bailleur && other.holder == c.holder && other.departement == c.departement &&
          overlap(other, c))
        return refuse(refusal_code::duplicate, "R441-5",
                      "Une seule convention lie ce bailleur et ce réservataire dans le département.");
    if (auto ok = check_state(book, c); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_guarantees(book, s, c); !ok)
      return std::unexpected{ok.error()};
    c.id = id_of<convention_id>(known.fresh_ids[0]);
    // A late one brings its own: it never takes the place of another.
    if (book.conventions().find(c.id))
      return refuse(refusal_code::duplicate, "R441-5", "Une convention porte déjà cet identifiant.");
    return record(conventions_subject(c.bailleur, c.departement), reservation_convention_signed{c});
  }

  decision operator()(const reservation_convention_ended& e) const {
    const auto* c = book.conventions().find(e.convention);
    if (!c)
      return refuse(refusal_code::unknown_subject, "R441-5", "Cette convention n'existe pas.");
    if (auto ok = check_party(*c); !ok)
      return std::unexpected{ok.error()};
    if (e.last_day < c->from)
      return refuse_field(refusal_code::bad_date, "R441-5", "La fin précède le début.", "last_day");
    if (c->until && *c->until <= e.last_day)
      return refuse(refusal_code::conflict, "R441-5", "Une fin antérieure est déjà enregistrée.");
    return record(conventions_subject(c->bailleur, c->departement), e, operation::suppressed);
  }

  decision operator()(const flow_stated& e) const {
    if (auto ok = check_grantor(e.bailleur); !ok)
      return std::unexpected{ok.error()};
    if (std::ranges::find(known.bailleurs, e.bailleur) == known.bailleurs.end())
      return refuse_field(refusal_code::not_party, "L441-2-7-1-1a", "Ce bailleur n'est pas présent dans le territoire.",
                          "bailleur");
    if (auto ok = check_departement(e.departement, "departement"); !ok)
      return std::unexpected{ok.error()};
    if (e.year < 2000 || e.year > 2199)
      return refuse_field(refusal_code::malformed, "R441-5", "L'année est hors de portée.", "year");
    if (e.subtracted > e.dwellings_to_let)
      return refuse_field(refusal_code::malformed, "R441-5", "On ne soustrait pas plus que le flux.", "subtracted");
    auto subject = flow_subject(e.bailleur, e.departement, e.year);
    bool anew = book.last_seq(subject) != 0;
    return record(subject, e, anew ? operation::modified : operation::introduced);
  }

  decision operator()(const auto&) const {
    return refuse(refusal_code::bad_order, "R441-5", "Cet événement ne relève pas des contingents.");
  }
};

} // namespace

// [R441-2-15-I-9] [R441-5]
decision decide(const contingent_book& book, const settings& s, const command& asked, const facts& known) {
  const auto* kind = kind_asked(asked);
  bool admitted =
      kind && std::ranges::any_of(known.capacities, [&](const capacity& c) { return kind->who.admits(c.quality); });
  if (!admitted)
    return refuse(refusal_code::not_originator, "R441-2-15-I-9",
                  "Cette personne morale n'a pas la qualité pour enregistrer cet instrument.");
  if (!asked.occurred_on.ok() || asked.occurred_on > known.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date de survenance est dans le futur.",
                        "occurred_on");
  return std::visit(contingent_rules{book, s, asked, known}, std::get<event>(asked.asked));
}

std::vector<subject_id> subjects_of(const contingent_book& book, const command& asked) {
  auto subject = std::visit(
      [&]<class E>(const E& e) -> subject_id {
        if constexpr (std::same_as<E, reservation_convention_signed>)
          return conventions_subject(e.convention.bailleur, e.convention.departement);
        else if constexpr (std::same_as<E, reservation_convention_ended>) {
          const auto* c = book.conventions().find(e.convention);
          return c ? conventions_subject(c->bailleur, c->departement) : subject_id{};
        } else if constexpr (std::same_as<E, flow_stated>)
          return flow_subject(e.bailleur, e.departement, e.year);
        else
          return {};
      },
      std::get<event>(asked.asked));
  return subject.empty() ? std::vector<subject_id>{} : std::vector{subject};
}

} // namespace toit::law
