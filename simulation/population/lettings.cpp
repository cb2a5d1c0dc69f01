/// \file
/// Dwellings let over the last weeks: three candidates each, a commission on Thursday, an offer on Friday, a lease.

#include "law/require.hpp"
#include "simulation/population/population.hpp"

#include <utility>

namespace toit::simulation {

namespace {

using std::chrono::days;

constexpr std::size_t candidates_each = 3;

law::civil_date thursday_after(law::civil_date day) {
  std::chrono::sys_days at{day};
  return law::civil_date{at + (std::chrono::Thursday - std::chrono::weekday{at})};
}

template <class Event>
const Event& first_event(const receipt& done) {
  for (const auto& entry : done.entries)
    if (const auto* found = std::get_if<Event>(&entry.record->event))
      return *found;
  law::require(false, "a receipt holds what was asked for");
  std::unreachable();
}

} // namespace

struct population::letting {
  struct candidate {
    std::size_t demande = 0;
    law::candidacy_id id{};
  };
  std::size_t bailleur = 0;
  std::size_t commune = 0;
  bool reserved = false; ///< to Action Logement
  law::civil_date session_on;
  law::dwelling_id dwelling{};
  law::vacancy_id vacancy{};
  law::session_id session{};
  std::vector<candidate> candidates;
};

/// Steps of one letting, each planned by the answer to the one before it.
void population::plan_lettings() {
  if (mix_.demandes_for_one_lease == 0)
    return;
  auto a_year = std::uint64_t{mix_.demandes} * 100 / mix_.demandes_for_one_lease;
  auto count = std::max<std::uint64_t>(a_year * mix_.leases_days / 365, 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto l = std::make_shared<letting>();
    l->bailleur = chance_.below(bodies_.bailleurs.size());
    l->commune = chance_.below(mix_.communes.size());
    l->reserved = chance_.percent(40);
    auto opened = law::add_days(last_day_, -days{static_cast<int>(30 + chance_.below(mix_.leases_days))});
    l->session_on = thursday_after(law::add_days(opened, days{12}));
    at(opened, [this, l] { open_vacancy(l); });
  }
}

void population::open_vacancy(const letting_ptr& l) {
  const auto& bailleur = bodies_.bailleurs[l->bailleur];
  law::dwelling_registered home{};
  auto rpls = std::to_string(10'000'000'000ULL + chance_.below(9'000'000'000ULL));
  home.rpls = law::rpls_id::parse(rpls.substr(1)).value();
  home.commune = mix_.communes[l->commune].code;
  home.typology = static_cast<law::typology>(chance_.below(4));
  home.address = law::text<240>{std::to_string(1 + chance_.below(90)) + " avenue Imaginaire"};
  home.rent_cents = static_cast<std::uint32_t>(30'000 + chance_.below(50'000));
  ask(bailleur, home, [this, l, &bailleur](const receipt& done) {
    law::vacancy_opened opened{};
    opened.dwelling = first_event<law::dwelling_registered>(done).dwelling;
    opened.available_on = law::add_days(today_, days{40});
    if (l->reserved) {
      opened.reserved_under = action_logement_conventions_.at(l->bailleur);
      opened.holder_informed_on = today_;
    }
    ask(bailleur, opened, [this, l](const receipt& answered) {
      l->vacancy = first_event<law::vacancy_opened>(answered).vacancy;
      at(law::add_days(today_, days{3}), [this, l] { designate(l); });
    });
  });
}

std::optional<std::size_t> population::draw_candidate(std::size_t commune) {
  constexpr int tries = 1000;
  for (int i = 0; i < tries; ++i) {
    auto index = chance_.below(mix_.demandes);
    auto& d = demandes_[index];
    if (d.desk == commune && !d.candidate && law::add_days(d.registered, days{180}) < today_) {
      d.candidate = true;
      return index;
    }
  }
  return std::nullopt;
}

void population::designate(const letting_ptr& l) {
  const auto& by = l->reserved ? bodies_.action_logement : bodies_.bailleurs[l->bailleur];
  for (std::size_t i = 0; i < candidates_each; ++i) {
    auto index = draw_candidate(l->commune);
    if (!index)
      return;
    ask_about(demandes_[*index], by, law::designated{{}, l->vacancy, {}, {}}, [this, l, index](const receipt& done) {
      l->candidates.push_back({*index, first_event<law::designated>(done).candidacy});
      if (l->candidates.size() == candidates_each)
        schedule(l);
    });
  }
}

void population::schedule(const letting_ptr& l) {
  const auto& bailleur = bodies_.bailleurs[l->bailleur];
  law::session_scheduled session{{}, l->session_on, law::text<120>{"Commission d'attribution fictive"}};
  ask(bailleur, session, [this, l, &bailleur](const receipt& done) {
    l->session = first_event<law::session_scheduled>(done).session;
    for (const auto& c : l->candidates)
      ask_about(demandes_[c.demande], bailleur, law::agenda_entered{c.id, l->session});
    at(l->session_on, [this, l] { hold_session(l); });
  });
}

void population::hold_session(const letting_ptr& l) {
  ask_target(law::subject_of(l->session), bodies_.bailleurs[l->bailleur], law::session_opened{true, {}},
             [this, l](const receipt&) { decide(l, 0); });
}

/// In the order of ranks, so that the first is free for the first.
void population::decide(const letting_ptr& l, std::size_t candidate) {
  const auto& bailleur = bodies_.bailleurs[l->bailleur];
  if (candidate == l->candidates.size()) {
    ask_target(law::subject_of(l->session), bailleur, law::session_closed{law::text<200>{"Procès-verbal fictif"}});
    at(law::add_days(today_, days{1}), [this, l] { offer(l, 0); });
    return;
  }
  const auto& c = l->candidates[candidate];
  ask_about(demandes_[c.demande], bailleur, law::examined{c.id}, [this, l, candidate, &bailleur](const receipt&) {
    const auto& examined = l->candidates[candidate];
    law::caleol_decided decision{};
    decision.candidacy = examined.id;
    decision.decision = law::caleol_decision::ranked;
    decision.rank = static_cast<std::uint8_t>(candidate + 1);
    ask_about(demandes_[examined.demande], bailleur, decision,
              [this, l, candidate](const receipt&) { decide(l, candidate + 1); });
  });
}

/// Four in five accept; the next one is offered what the others refuse.
void population::offer(const letting_ptr& l, std::size_t candidate) {
  if (candidate == l->candidates.size())
    return;
  const auto& bailleur = bodies_.bailleurs[l->bailleur];
  const auto& c = l->candidates[candidate];
  law::offer_made made{};
  made.candidacy = c.id;
  made.reply_by = law::add_days(today_, days{10});
  made.rent_cents = 45'000;
  made.dalo_warning = true;
  bool accepts = chance_.percent(80);
  ask_about(demandes_[c.demande], bailleur, made, [this, l, candidate, accepts](const receipt&) {
    at(law::add_days(today_, days{4}), [this, l, candidate, accepts] {
      const auto& answering = l->candidates[candidate];
      const auto& by = bodies_.bailleurs[l->bailleur];
      auto& d = demandes_[answering.demande];
      if (!accepts)
        return ask_about(d, by, law::offer_refused{answering.id, law::refusal_motive::location, {}},
                         [this, l, candidate](const receipt&) { offer(l, candidate + 1); });
      ask_about(d, by, law::offer_accepted{answering.id});
      at(law::add_days(today_, days{7}), [this, l, candidate] {
        const auto& housed = l->candidates[candidate];
        demandes_[housed.demande].housed = true;
        law::lease_signed lease{};
        lease.candidacy = housed.id;
        ask_about(demandes_[housed.demande], bodies_.bailleurs[l->bailleur], lease);
      });
    });
  });
}

} // namespace toit::simulation
