// Thousands of commands, sensible and absurd, on a small territory: whatever is asked, the book stays consistent.

#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <utility>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

/// SplitMix64: the same numbers everywhere.
struct dice {
  std::uint64_t state;

  std::uint64_t next() {
    auto z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  unsigned below(std::size_t n) { return static_cast<unsigned>(next() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <class T>
  T one_of(const std::vector<T>& all) {
    return all.empty() ? T{} : all[below(all.size())];
  }
};

template <class... Events>
event blank(unsigned which, const std::variant<Events...>*) {
  using maker = event (*)();
  static constexpr std::array<maker, sizeof...(Events)> makers{[] { return event{Events{}}; }...};
  return makers[which % makers.size()]();
}

bool lease_stands(const candidacy& c) { return c.open() && c.step == candidacy_step::lease_signed; }

bool runs(const candidacy& c) {
  using enum candidacy_step;
  return c.open() && c.step != non_attributed && c.step != inadmissible && c.step != refused &&
         c.step != condition_failed;
}

// -- what is always true --------------------------------------------------------------------------------------------

class promises {
public:
  explicit promises(const world& w) : w_{w} {}

  void check_all() {
    for (auto id : w_.book.dossiers_by_arrival())
      if (const auto* d = w_.book.find(id)) {
        check_dossier(*d);
        check_terms(*d);
      }
    unsigned leases = 0;
    unsigned decisions = 0;
    for (auto id : w_.book.vacancies_by_arrival()) {
      const auto& v = *w_.book.find(id);
      check_vacancy(v);
      bool let = std::ranges::any_of(v.candidates, [](auto& c) { return signed_by(c); });
      leases += let;
      decisions += !let && std::ranges::any_of(v.candidates, [](const candidate& c) {
        return !c.closed && in_favour(c.step) && c.charged_on;
      });
    }
    check_ledger(leases, decisions);
  }

  void keep(bool kept, const char* promise) {
    if (!kept)
      broken_.try_emplace(promise, when_);
  }
  void at(std::string when) { when_ = std::move(when); }
  const std::map<std::string, std::string>& broken() const { return broken_; }

private:
  static bool signed_by(const candidate& c) { return !c.closed && c.step == candidacy_step::lease_signed; }

  void check_dossier(const dossier& d) {
    std::set<vacancy_id> running_for;
    unsigned leases = 0;
    for (const auto& c : d.candidacies) {
      const auto* v = w_.book.find(c.vacancy);
      const auto* seen = v ? v->find(c.id) : nullptr;
      keep(seen && w_.book.dossier_of(c.id) == &d, "each candidacy stands on both sides");
      if (!seen)
        continue;
      keep(seen->step == c.step, "both sides tell the same step");
      keep(seen->closed.has_value() == c.closed.has_value(), "both sides agree that a candidacy is closed");
      keep(seen->closed == c.closed, "both sides tell the same reason for closing");
      keep(seen->rank == c.rank, "both sides tell the same rank");
      keep(seen->charged_on == c.charged_on || !c.open() || !in_favour(c.step), "both sides tell the same imputation");
      leases += lease_stands(c);
      if (runs(c)) {
        keep(running_for.insert(c.vacancy).second, "a demande runs once for a dwelling");
        keep(d.status != demande_status::radiated || lease_stands(c), "nothing runs for a radiated demande");
        keep(v->status == vacancy_status::open || lease_stands(c), "nothing runs for a dwelling that is not to let");
      }
    }
    bool housed = d.radiation && d.radiation->motive == radiation_motive::a_housed;
    keep(housed == (leases > 0), "a demande is housed when a lease of its own stands, and only then");
    keep(leases <= 2, "a demande has two leases at most");
    keep(d.conflict.has_value() == (leases == 2), "two leases are one conflict");
    if (d.conflict)
      keep(lease_stands(*d.find(d.conflict->first)) && lease_stands(*d.find(d.conflict->second)),
           "a conflict names the two leases");
    keep(d.radiation.has_value() == (d.status == demande_status::radiated), "a radiated demande has its motive");
    keep(d.status != demande_status::expired || d.validity_expired, "an expired demande has passed its validity");
    keep(d.documents.size() <= d.documents.max_items && d.candidacies.size() <= d.candidacies.max_items &&
             d.recognitions.size() <= d.recognitions.max_items &&
             d.visits_proposed.size() <= d.visits_proposed.max_items &&
             d.consultation_codes.size() <= d.consultation_codes.max_items,
         "a list keeps within its limit");
    const auto& search = w_.forms.at(d.id).search;
    keep(d.communes == search.communes && d.typology == search.typology &&
             d.neighbouring_communes == search.neighbouring_communes && d.mutation == w_.forms.at(d.id).mutation(),
         "the dossier says what its form says");
  }

  void check_terms(const dossier& d) {
    std::map<due_rule, unsigned> running;
    for (const auto& term : dues_of(d, w_.settings)) {
      keep(term.dossier == d.id, "a term is about its dossier");
      ++running[term.rule];
    }
    bool living = d.status != demande_status::radiated;
    bool active = d.status == demande_status::active;
    auto offers = std::ranges::count_if(
        d.candidacies, [](const candidacy& c) { return c.open() && c.step == candidacy_step::offered; });
    using enum due_rule;
    keep(running[erasure] == !living, "a demande is erased when it is radiated, and only then");
    keep(running[validity_end] == (active && d.notice_sent_on.has_value()), "validity ends for who was told");
    keep(running[renewal_notice] == (active && !d.notice_sent_on), "a notice is due to who was not told");
    keep(running[non_renewal] == (d.status == demande_status::expired), "radiation e follows expiry");
    keep(running[no_answer] + running[inadmissible] == (living && d.warning), "a warning has its term");
    keep(std::cmp_equal(running[offer_silence], living ? offers : 0), "each offer has its term");
    keep(running[certificate] == (living && !d.certificate_issued), "a certificate is due until it is issued");
  }

  void check_vacancy(const vacancy& v) {
    std::map<session_id, std::set<unsigned>> ranks;
    std::set<unsigned> orders;
    unsigned leases = 0;
    for (const auto& c : v.candidates) {
      leases += signed_by(c);
      if (c.rank > 0)
        keep(ranks[c.session].insert(c.rank).second, "a rank is given once in a session");
      if (c.order > 0)
        keep(orders.insert(c.order).second, "two candidates never have the same place in line");
    }
    for (const auto& [session, given] : ranks)
      keep(*given.rbegin() == given.size(), "ranks have no hole");
    keep(leases <= 1, "a dwelling is let once");
    keep(v.status == vacancy_status::withdrawn || (v.status == vacancy_status::let) == (leases == 1),
         "a dwelling is let when its lease stands");
    keep(!w_.book.find(v.dwelling) || v.status != vacancy_status::open || w_.book.open_vacancy_of(v.dwelling) == &v,
         "a dwelling is to let once at a time");
  }

  void check_ledger(unsigned leases, unsigned decisions) {
    charges total;
    for (const auto& [account, sums] : w_.contingents.ledger()) {
      total.stated += sums.stated;
      total.confirmed += sums.confirmed;
    }
    keep(total.confirmed == leases, "every lease is charged once");
    keep(total.stated == decisions, "every dwelling attributed and not let is charged once");
  }

  const world& w_;
  std::string when_;
  std::map<std::string, std::string> broken_;
};

// -- what is asked --------------------------------------------------------------------------------------------------

/// A life of the territory as chance would have it.
class random_life {
public:
  random_life(std::uint64_t seed, settings fixed) : w{std::move(fixed)}, kept{w}, chance_{seed}, seed_{seed} {}

  void live(unsigned steps) {
    for (unsigned step = 0; step < steps; ++step) {
      kept.at("seed " + std::to_string(seed_) + ", step " + std::to_string(step));
      if (chance_.one_in(4))
        today_ = add_days(today_, days{chance_.below(4)});
      auto before = w.last_seq;
      act();
      if (w.last_seq != before)
        kept.check_all();
    }
  }

  world w;
  promises kept;

private:
  dossier_id some_dossier() { return chance_.one_in(40) ? id_of<dossier_id>(w.fresh_id()) : chance_.one_of(demandes_); }
  /// One of those wanted, most of the time.
  candidacy_id some_candidacy(bool (*wanted)(const candidacy&) = runs) {
    std::vector<candidacy_id> fitting;
    std::vector<candidacy_id> others;
    for (auto id : demandes_)
      if (const auto* d = w.book.find(id))
        for (const auto& c : d->candidacies)
          (wanted(c) ? fitting : others).push_back(c.id);
    if (chance_.one_in(40))
      return id_of<candidacy_id>(w.fresh_id());
    return chance_.one_of(fitting.empty() || chance_.one_in(5) ? others : fitting);
  }
  vacancy_id some_vacancy() {
    if (vacancies_.empty() || chance_.one_in(40))
      return id_of<vacancy_id>(w.fresh_id());
    std::vector<vacancy_id> open;
    std::ranges::copy_if(vacancies_, std::back_inserter(open),
                         [&](vacancy_id v) { return w[v].status == vacancy_status::open; });
    return chance_.one_of(open.empty() || chance_.one_in(10) ? vacancies_ : open);
  }
  /// A demande that somebody has warned, if there is one.
  dossier_id some_warned_dossier() {
    std::vector<dossier_id> warned;
    std::ranges::copy_if(demandes_, std::back_inserter(warned), [&](dossier_id id) {
      const auto* d = w.book.find(id);
      return d && (d->warning || d->warning_of_radiation);
    });
    return warned.empty() ? some_dossier() : chance_.one_of(warned);
  }

  moment now() {
    auto m = w.on(today_);
    if (chance_.one_in(8))
      return m.dated(add_days(today_, days{-static_cast<int>(chance_.below(50))}));
    if (chance_.one_in(100))
      return m.dated(chance_.one_in(2) ? add_days(today_, days{1}) : civil_date{2026y / 2 / 31});
    return m;
  }
  hand anybody() {
    const auto& p = people();
    auto m = now();
    switch (chance_.below(9)) {
    case 0:
      return m.demandeur(some_dossier());
    case 1:
      return m.desk_for_demandeur();
    default:
      return m.by(chance_.one_of(std::vector{p.ept, p.gestionnaire, p.desk, p.bailleur, p.other_bailleur, p.state,
                                             p.town, p.mediation, p.coordination, p.stranger}));
    }
  }
  /// Who should, most of the time.
  hand rightly(siren who) { return chance_.one_in(20) ? anybody() : now().by(who); }
  hand bailleur_of(vacancy_id v) {
    const auto* known = w.book.find(v);
    return rightly(known ? known->bailleur : people().bailleur);
  }
  hand bailleur_of(candidacy_id c) {
    const auto* d = w.book.dossier_of(c);
    return bailleur_of(d ? d->find(c)->vacancy : vacancy_id{});
  }
  hand designator_for(vacancy_id v) {
    auto reservation = w.contingents.reservation_of(v);
    if (!reservation || chance_.one_in(4))
      return bailleur_of(v);
    return rightly(*reservation == w.state_convention ? people().state : people().town);
  }

  void act() {
    switch (chance_.below(32)) {
    case 0:
    case 1:
      return open_something();
    case 2:
    case 3:
      return hold_session();
    case 4:
    case 5:
    case 6:
      return note(designator_for(vacancies_.empty() ? vacancy_id{} : vacancies_.back())
                      .designates(some_dossier(), some_vacancy()));
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
      return answer_offers();
    case 12:
    case 13:
      return sign_something();
    case 14:
      return correct_something();
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
      return change_the_demande();
    case 20:
    case 21:
      return let_time_pass();
    case 22:
      return mention_something();
    case 23: {
      auto c = some_candidacy();
      const auto* d = w.book.dossier_of(c);
      return note(rightly(d ? d->find(c)->designator : people().bailleur).withdraws_designation(c));
    }
    case 24:
      if (chance_.one_in(3))
        note(bailleur_of(some_vacancy()).withdraws(some_vacancy()));
      return;
    case 25:
      return demandes_.size() < 8 ? register_somebody() : replace_somebody();
    default:
      return ask_anything();
    }
  }

  void register_somebody() {
    auto answer = rightly(people().desk).registers(filled_form(), number(++numbers_));
    note(answer);
    if (answer)
      demandes_.push_back(answer.id<dossier_id>());
  }
  void replace_somebody() {
    std::erase_if(demandes_, [&](dossier_id d) {
      return !w.book.find(d) || (w[d].status == demande_status::radiated && chance_.one_in(2));
    });
  }
  void open_something() {
    auto reserved = chance_.one_in(3);
    if (homes_.size() < 8) {
      auto owner = chance_.one_in(3) ? people().other_bailleur : people().bailleur;
      homes_.push_back(w.new_dwelling(add_days(today_, days{-60}), saint_denis, owner));
    }
    auto home = chance_.one_of(homes_);
    auto convention = chance_.one_in(2) ? w.state_convention : w.town_convention;
    auto answer = rightly(w.book.find(home)->bailleur)
                      .opens(home, reserved ? std::optional{convention} : std::nullopt,
                             reserved ? std::optional{today_} : std::nullopt);
    note(answer);
    if (answer)
      vacancies_.push_back(answer.id<vacancy_id>());
  }

  /// Everybody designated goes on the agenda, and the commission decides at random.
  void hold_session() {
    auto v = some_vacancy();
    const auto* known = w.book.find(v);
    auto bailleur = w.on(today_).by(known ? known->bailleur : people().bailleur);
    auto scheduled = bailleur.schedules(today_);
    auto session = scheduled.id<session_id>();
    for (unsigned n = chance_.below(3); n > 0; --n)
      note(designator_for(v).designates(some_dossier(), v));
    std::vector<candidacy_id> candidacies;
    if (known)
      for (const auto& c : known->candidates)
        candidacies.push_back(c.candidacy);
    for (auto c : candidacies)
      note(bailleur.enters(c, session));
    if (chance_.one_in(10))
      note(bailleur.cancels(session));
    note(bailleur.opens_session(session, {{v, static_cast<fewer_candidates_ground>(chance_.below(5) == 0)}}));
    for (auto c : candidacies) {
      if (!chance_.one_in(8))
        note(bailleur.examines(c));
      decide_on(bailleur, c);
    }
    note(bailleur.closes(session));
  }
  void decide_on(const hand& bailleur, candidacy_id c) {
    switch (chance_.below(7)) {
    case 0:
      return note(bailleur.rejects(c));
    case 1:
      return note(bailleur.rejects(c, decision_motive::income_ceiling_exceeded));
    case 2:
      return note(bailleur.attributes_if(c, add_days(today_, days{chance_.below(30)})));
    case 3:
      return note(bailleur.attributes(c));
    default:
      for (unsigned rank = 1 + chance_.below(2); rank < 4; ++rank)
        note(bailleur.ranks(c, rank));
    }
  }

  void answer_offers() {
    using enum candidacy_step;
    auto attributed_to = [](const candidacy& c) { return in_favour(c) && c.step < offered; };
    auto has_offer = [](const candidacy& c) { return c.open() && c.step == offered; };
    auto answerable = [](const candidacy& c) { return has_answer(c); };
    auto on_condition = [](const candidacy& c) { return c.open() && c.condition_pending; };
    switch (chance_.below(9)) {
    case 0:
    case 1:
    case 2: {
      auto c = some_candidacy(attributed_to);
      return note(bailleur_of(c).offers(c, add_days(today_, days{9 + chance_.below(10)}), true));
    }
    case 3:
    case 4: {
      auto c = some_candidacy(answerable);
      return note(bailleur_of(c).accepts(c));
    }
    case 5: {
      auto c = some_candidacy(has_offer);
      return note(bailleur_of(c).refuses(c, static_cast<refusal_motive>(chance_.below(enum_count<refusal_motive>))));
    }
    case 6:
    case 7: {
      auto c = some_candidacy(on_condition);
      return note(bailleur_of(c).fulfils_condition(c));
    }
    default: {
      auto c = some_candidacy(on_condition);
      return note(bailleur_of(c).fails_condition(c));
    }
    }
  }
  static bool has_answer(const candidacy& c) {
    return c.open() && (c.step == candidacy_step::offered || c.refused_by_silence);
  }
  void sign_something() {
    auto attributed_to = [](const candidacy& c) { return in_favour(c) && !lease_stands(c); };
    auto lost_by_lease = [](const candidacy& c) {
      return c.closed == closing_reason::housed_elsewhere && in_favour(c.step);
    };
    auto c = chance_.one_in(3) ? some_candidacy(lost_by_lease) : some_candidacy(attributed_to);
    note(bailleur_of(c).signs(c, chance_.one_in(2)));
  }
  void correct_something() {
    auto c = some_candidacy(lease_stands);
    note(bailleur_of(c).corrects(c));
  }

  void change_the_demande() {
    auto d = some_dossier();
    auto desk = rightly(people().desk);
    switch (chance_.below(14)) {
    case 0:
      return note(desk.warns(d, chance_.one_in(2) ? radiation_motive::c_no_answer : radiation_motive::d_inadmissible));
    case 1:
      return note(rightly(people().bailleur).warns(d, radiation_motive::d_inadmissible));
    case 2:
    case 12:
      d = some_warned_dossier();
      return note(chance_.one_in(2) ? now().demandeur(d).answers(d) : desk.answers(d));
    case 13:
      return note(desk.issues_certificate(d));
    case 3:
    case 4:
      return note(chance_.one_in(2) ? now().demandeur(d).renews(d) : desk.renews(d));
    case 5:
      return note(rightly(people().gestionnaire).sends_notice(d));
    case 6:
      d = some_warned_dossier();
      return note(desk.radiates(d, static_cast<radiation_motive>(chance_.below(enum_count<radiation_motive>))));
    case 7:
      return note(desk.reactivates(d, static_cast<reactivation_cause>(chance_.below(enum_count<reactivation_cause>))));
    case 8: {
      auto other = some_dossier();
      if (w.book.find(other) && w.book.find(d) && chance_.one_in(4))
        note(rightly(people().gestionnaire).merges(d, {other}));
      return;
    }
    case 9: {
      auto from = some_dossier();
      if (w.book.find(from))
        note(desk.transfers_seniority(d, from));
      return;
    }
    case 10:
      return note(
          now().demandeur(d).changes(d, "search.communes", "93066", chance_.one_in(2) ? "93066,93001" : "75056"));
    default:
      return note(desk.files(d, static_cast<std::uint8_t>(chance_.below(12))));
    }
  }

  void mention_something() {
    auto d = some_dossier();
    switch (chance_.below(5)) {
    case 0:
      return note(rightly(people().mediation).mentions_dalo(d));
    case 1:
      return note(rightly(people().mediation).mentions_loss_of_dalo(d));
    case 2:
      return note(rightly(people().coordination).gives_opinion(d, static_cast<instance_kind>(chance_.below(4))));
    case 3:
      return note(rightly(people().bailleur).recognises(d, static_cast<priority_category>(chance_.below(14))));
    default:
      return note(desk_code(d));
    }
  }
  verdict desk_code(dossier_id d) {
    return rightly(people().desk).asks(d, consultation_authorised{{}, add_days(today_, days{chance_.below(30)})});
  }

  void let_time_pass() {
    auto d = some_dossier();
    if (const auto* known = w.book.find(d); known && chance_.one_in(2)) {
      auto terms = dues_of(*known, w.settings);
      auto term = chance_.one_of(terms);
      if (chance_.one_in(5))
        term.last_day = add_days(term.last_day, days{1});
      return note(w.on(today_).reaches(term));
    }
    today_ = add_days(today_, days{chance_.below(chance_.one_in(10) ? 100 : 8)});
    if (!chance_.one_in(4))
      w.on(today_).lets_terms_pass();
  }

  void ask_anything() {
    subject_id target;
    switch (chance_.below(5)) {
    case 0:
      target = subject_of(some_vacancy());
      break;
    case 1:
      target = w.fresh_id();
      break;
    case 2:
      break;
    default:
      target = subject_of(some_dossier());
    }
    auto asked = blank(chance_.below(1000), static_cast<const any_event*>(nullptr));
    auto by = anybody();
    note((chance_.one_in(2) ? by.empowered() : by).asks(target, asked));
  }

  void note(const verdict& v) {
    if (v)
      return;
    const auto& why = v.answer.error();
    kept.keep(!why.article.empty() && why.because.ends_with('.'), "a refusal tells its article and its reason");
    kept.keep(why.code < refusal_code::idempotency_key_reused && why.code != refusal_code::unauthenticated,
              "the law refuses by its own codes");
  }

  dice chance_;
  std::uint64_t seed_;
  civil_date today_ = 2026y / 1 / 1;
  unsigned numbers_ = 100'000;
  std::vector<dossier_id> demandes_;
  std::vector<dwelling_id> homes_;
  std::vector<vacancy_id> vacancies_;
};

/// A book put back from what a snapshot keeps knows the same.
void check_snapshot(const world& w, promises& kept) {
  demand_book restored;
  for (auto id : w.book.dossiers_by_arrival())
    if (const auto* d = w.book.find(id))
      restored.restore(*d);
  for (auto id : w.book.dwellings_by_arrival())
    restored.restore(*w.book.find(id));
  for (auto id : w.book.vacancies_by_arrival())
    restored.restore(*w.book.find(id));
  for (auto id : w.book.sessions_by_arrival())
    restored.restore(*w.book.find(id));
  auto same = [](const auto* a, const auto* b) { return a && b ? *a == *b : a == b; };
  bool alike = restored.dossier_count() == w.book.dossier_count();
  for (auto id : w.book.vacancies_by_arrival()) {
    const auto& v = *w.book.find(id);
    alike = alike && same(restored.find(id), &v) && restored.let_again_since(v) == w.book.let_again_since(v) &&
            same(restored.open_vacancy_of(v.dwelling), w.book.open_vacancy_of(v.dwelling));
    for (const auto& c : v.candidates)
      alike = alike && same(restored.dossier_of(c.candidacy), w.book.dossier_of(c.candidacy));
  }
  kept.keep(alike, "a restored book knows what the book knew");
}

void check_lives(const settings& fixed, std::uint64_t first_seed, unsigned lives = 16) {
  std::map<std::string, std::string> broken;
  std::uint64_t recorded = 0;
  for (auto seed = first_seed; seed < first_seed + lives; ++seed) {
    random_life life{seed, fixed};
    life.live(2000);
    check_snapshot(life.w, life.kept);
    recorded += life.w.last_seq;
    broken.insert(life.kept.broken().begin(), life.kept.broken().end());
  }
  for (const auto& [promise, when] : broken)
    FAIL_CHECK("broken: " << promise << " (" << when << ")");
  CHECK(recorded > 10'000);
}

} // namespace

TEST_CASE("whatever is asked the book stays consistent", "[R441-2-15-I-9][R441-2-15-I-10]") {
  SECTION("with the SNE") { check_lives(sne_territory(), 1); }
  SECTION("with a système particulier") { check_lives(particular_territory(), 101); }
  SECTION("in a tense zone") { check_lives(tense_territory(), 201); }
}

/// Not run with the others: some minutes, for whoever has changed a rule.
TEST_CASE("whatever is asked the book stays consistent, over many lives", "[.soak][R441-2-15-I-9][R441-2-15-I-10]") {
  SECTION("with the SNE") { check_lives(sne_territory(), 1'000, 400); }
  SECTION("with a système particulier") { check_lives(particular_territory(), 2'000, 400); }
  SECTION("in a tense zone") { check_lives(tense_territory(), 3'000, 400); }
}

TEST_CASE("an entry that its subject has already seen changes nothing", "[R441-2-15-I-10]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 11).desk().files(d, 1));
  auto before = w[d];
  record again;
  again.occurred_on = 2026y / 1 / 11;
  again.event = document_filed{};
  w.book.apply(subject_of(d), again, w.last_seq);
  CHECK(w[d] == before);
  w.book.apply(subject_of(d), again, w.last_seq + 1);
  CHECK(w[d].documents.size() == 2);
}
