// When a territory's authority passes, and to whom.

#include "law/authority.hpp"

#include "tests/law/prefecture.hpp"

using namespace toit::law;
using namespace toit::law::testing;

namespace {

struct passing_prefecture : prefecture {
  possible_hosts hosts{text<64>{"plaine"}, text<64>{"region"}, {}};
  bool closed = false;
  std::optional<authority_passed> opened_elsewhere{}; ///< by the authority that was competent before
  const procedures_book* former = nullptr;            ///< its own
  bool nobody_takes_it = false;

  stream_standing standing() const {
    const auto* file = state.find(cast().epci);
    const auto* own = file && file->authority && !nobody_takes_it ? &*file->authority : nullptr;
    return {opened_elsewhere ? &*opened_elsewhere : own, former, closed};
  }
  std::optional<authority_passed> due() {
    return passing_due(state, cast().epci, heard ? &territory : nullptr, hosts, cast().prefecture, standing(), today);
  }
  bool stays(const authority_passed& passed) const { return stays_where_it_is(passed, hosts, standing()); }
  /// What the node writes by itself.
  void writes(event what) {
    record happened{};
    happened.event = std::move(what);
    happened.occurred_on = today;
    state.apply(subject_of_territory(cast().epci), happened, ++seq);
  }
  act_id substituted() {
    notes_obligation();
    REQUIRE(prefect(carence()));
    auto id = substitutes();
    // Whoever is published to is bound on the next day.
    on(after(today, 1));
    return id;
  }
  /// What is due, which is that the territory goes back to its EPCI as the second epoch.
  authority_passed goes_back() {
    auto back = due();
    REQUIRE(back);
    CHECK(back->epoch == 2);
    CHECK(back->host == text<64>{"plaine"});
    CHECK(back->holder == cast().epci);
    CHECK(back->ground == passing_ground::handing_back);
    return *back;
  }
  static civil_date after(civil_date day, int days) { return add_days(day, toit::law::days{days}); }
};

} // namespace

TEST_CASE("nothing passes while no arrêté is in force", "[law][L441-2-7-4-1]") {
  passing_prefecture p;
  CHECK_FALSE(p.due());
  p.notes_obligation();
  REQUIRE(p.prefect(p.carence()));
  CHECK_FALSE(p.due());
  auto ordered = p.prefect(p.substitution());
  REQUIRE(ordered);
  auto id = std::get<substitution_ordered>(ordered->entries.front().event).act.id;
  CHECK_FALSE(p.due());
  REQUIRE(p.prefect(act_published{id, "Recueil fictif n° 1"}));
  CHECK_FALSE(p.due());
  REQUIRE(p.prefect(act_notified{id, cast().epci, some_document}));
  auto first = *binds_from(*p.state.find(id));
  p.on(p.after(first, -1));
  CHECK_FALSE(p.due());
  p.on(first);
  auto due = p.due();
  REQUIRE(due);
  CHECK(due->epoch == 1);
  CHECK(due->host == text<64>{"region"});
  CHECK(due->holder == cast().prefecture);
  CHECK(due->act == id);
  CHECK_FALSE(by_agreement(due->ground));
}

TEST_CASE("what has passed is not passed again, and goes back when the arrêté no longer binds", "[law][L441-2-7-4-1]") {
  passing_prefecture p;
  auto id = p.substituted();
  p.on(*binds_from(*p.state.find(id)));
  p.writes(*p.due());
  CHECK_FALSE(p.due());
  SECTION("suspended by a judge") { REQUIRE(p.prefect(act_suspended{id, "Ordonnance fictive"})); }
  SECTION("annulled") { REQUIRE(p.prefect(act_ended{id, act_end::annulled, "Jugement fictif"})); }
  SECTION("withdrawn") { REQUIRE(p.prefect(act_ended{id, act_end::withdrawn, "Arrêté fictif"})); }
  SECTION("repealed") { REQUIRE(p.prefect(act_ended{id, act_end::repealed, "Arrêté fictif"})); }
  auto due = p.goes_back();
  CHECK(by_agreement(due.ground));
  // It is prepared first; that alone passes nothing.
  p.writes(passing_prepared{cast().epci, 2, due.host, due.ground, due.act});
  CHECK(p.due() == due);
  p.writes(due);
  CHECK_FALSE(p.due());
}

TEST_CASE("a territory goes back on the day after the last one of an arrêté that has one", "[law][L441-2-7-4-1]") {
  passing_prefecture p;
  p.notes_obligation();
  REQUIRE(p.prefect(p.carence()));
  auto until = p.after(p.today, 30);
  auto asked = p.substitution();
  asked.act.effective_until = until;
  auto ordered = p.prefect(asked);
  REQUIRE(ordered);
  auto id = std::get<substitution_ordered>(ordered->entries.front().event).act.id;
  REQUIRE(p.prefect(act_published{id, "Recueil fictif n° 1"}));
  REQUIRE(p.prefect(act_notified{id, cast().epci, some_document}));
  p.on(*binds_from(*p.state.find(id)));
  p.writes(*p.due());
  p.on(until);
  CHECK_FALSE(p.due());
  p.on(p.after(until, 1));
  CHECK(p.goes_back().act == id);
}

TEST_CASE("an arrêté that resumes takes the territory over again", "[law][L441-2-7-4-1]") {
  passing_prefecture p;
  auto id = p.substituted();
  p.on(*binds_from(*p.state.find(id)));
  p.writes(*p.due());
  REQUIRE(p.prefect(act_suspended{id, "Ordonnance fictive"}));
  auto back = p.due();
  REQUIRE(back);
  SECTION("before it has gone back, it stays, and is opened anew where it was closed") {
    p.writes(passing_prepared{cast().epci, 2, back->host, back->ground, back->act});
    REQUIRE(p.prefect(act_resumed{id, "Ordonnance fictive"}));
    CHECK_FALSE(p.due());
    p.closed = true;
    auto due = p.due();
    REQUIRE(due);
    CHECK(due->epoch == 2);
    CHECK(due->host == text<64>{"region"});
  }
  SECTION("after it has gone back, as a third epoch") {
    p.writes(*back);
    REQUIRE(p.prefect(act_resumed{id, "Ordonnance fictive"}));
    auto due = p.due();
    REQUIRE(due);
    CHECK(due->epoch == 3);
    CHECK(due->ground == passing_ground::substitution);
  }
}

TEST_CASE("a territory that has joined a dispositif passes to its host, and comes back when it leaves",
          "[law][L441-2-7-2-1]") {
  passing_prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.examined()));
  REQUIRE(p.epci(adhesion_decided{joinable::systeme_particulier, dispositif_level::region, cast().prefecture, "D"}));
  // Whoever operates it has no node: nothing moves.
  CHECK_FALSE(p.due());
  p.hosts.joined = text<64>{"systeme"};
  auto due = p.due();
  REQUIRE(due);
  CHECK(due->ground == passing_ground::adhesion);
  CHECK(due->host == text<64>{"systeme"});
  CHECK(due->holder == cast().epci);
  CHECK(by_agreement(due->ground));
  p.writes(*due);
  CHECK_FALSE(p.due());
  p.on(p.after(p.today, 1));
  REQUIRE(p.epci(adhesion_left{"Délibération fictive"}));
  auto back = p.due();
  REQUIRE(back);
  CHECK(back->ground == passing_ground::leaving);
  CHECK(back->host == text<64>{"plaine"});
  CHECK(back->epoch == 2);
}

TEST_CASE("a territory that never had a node passes to the prefect's, and has nowhere to go back to",
          "[law][L441-2-7-4-4]") {
  passing_prefecture p;
  p.hosts.territory.reset();
  CHECK_FALSE(p.due());
  auto id = p.substituted();
  p.on(*binds_from(*p.state.find(id)));
  auto due = p.due();
  REQUIRE(due);
  CHECK(due->epoch == 1);
  p.writes(*due);
  REQUIRE(p.prefect(act_ended{id, act_end::repealed, "Arrêté fictif"}));
  CHECK_FALSE(p.due());
}

TEST_CASE("whoever becomes competent counts on from the epoch that another authority has opened",
          "[law][L441-2-7-4-1]") {
  passing_prefecture p;
  p.opened_elsewhere =
      authority_passed{cast().epci, 2, cast().epci, text<64>{"plaine"}, passing_ground::handing_back, {}, 0, {}};
  CHECK_FALSE(p.due());
  auto id = p.substituted();
  p.on(*binds_from(*p.state.find(id)));
  auto due = p.due();
  REQUIRE(due);
  CHECK(due->epoch == 3);
  CHECK(due->host == text<64>{"region"});
}

TEST_CASE("a territory that joined a dispositif under another authority leaves it under the present one",
          "[law][L441-2-7-2-1]") {
  passing_prefecture p;
  p.opened_elsewhere =
      authority_passed{cast().epci, 1, cast().epci, text<64>{"systeme"}, passing_ground::adhesion, {}, 7, {}};
  auto due = p.due();
  REQUIRE(due);
  CHECK(due->ground == passing_ground::leaving);
  CHECK(due->host == text<64>{"plaine"});
  CHECK(due->epoch == 2);
}

TEST_CASE("the arrêté of the authority that was competent before takes its effects until it ends",
          "[law][L441-2-7-4-1]") {
  passing_prefecture before;
  before.hosts.prefect = text<64>{"avant"};
  auto id = before.substituted();
  before.on(*binds_from(*before.state.find(id)));
  passing_prefecture p;
  p.on(before.today);
  p.opened_elsewhere = before.due();
  p.former = &before.state;
  CHECK_FALSE(p.due());
  REQUIRE(before.prefect(act_ended{id, act_end::repealed, "Arrêté fictif"}));
  auto due = p.due();
  REQUIRE(due);
  CHECK(due->ground == passing_ground::handing_back);
  CHECK(due->host == text<64>{"plaine"});
  CHECK(due->act == id);
  CHECK(due->epoch == 2);
}

TEST_CASE("who has become competent does not take by force what another's arrêté in force holds",
          "[law][L441-2-7-4-1]") {
  passing_prefecture before;
  before.hosts.prefect = text<64>{"avant"};
  auto former = before.substituted();
  passing_prefecture p;
  p.fresh = 64;
  // Signed without having heard of the other one.
  auto own = p.substituted();
  REQUIRE(own != former);
  REQUIRE(p.due()->act == own);
  p.opened_elsewhere = before.due();
  p.former = &before.state;
  CHECK_FALSE(p.due());
  REQUIRE(before.prefect(act_ended{former, act_end::repealed, "Arrêté fictif"}));
  auto due = p.due();
  REQUIRE(due);
  CHECK(due->epoch == 2);
  CHECK(due->ground == passing_ground::substitution);
  CHECK(due->act == own);
  CHECK(due->host == text<64>{"region"});
}

TEST_CASE("an epoch that an authority has opened and nobody takes is not opened again", "[law][L441-2-7-4-1]") {
  passing_prefecture p;
  auto id = p.substituted();
  p.on(*binds_from(*p.state.find(id)));
  p.writes(*p.due());
  p.nobody_takes_it = true;
  CHECK_FALSE(p.due());
}

TEST_CASE("an epoch is opened when another answers for the dispositif, although its host stays",
          "[law][L441-2-7-2-1][L441-2-7-4-1]") {
  passing_prefecture p;
  p.sets_cahier(1);
  auto id = p.substituted();
  p.on(*binds_from(*p.state.find(id)));
  SECTION("the arrêté ends, and the territory has joined the prefect's own dispositif meanwhile") {
    p.writes(*p.due());
    REQUIRE(p.prefect(p.examined()));
    REQUIRE(p.epci(adhesion_decided{joinable::systeme_particulier, dispositif_level::region, cast().prefecture, "D"}));
    p.hosts.joined = text<64>{"region"};
    CHECK_FALSE(p.due());
    REQUIRE(p.prefect(act_ended{id, act_end::repealed, "Arrêté fictif"}));
    auto due = p.due();
    REQUIRE(due);
    CHECK(due->epoch == 2);
    CHECK(due->holder == cast().epci);
    CHECK(due->host == text<64>{"region"});
    CHECK(due->ground == passing_ground::adhesion);
    CHECK(p.stays(*due));
    p.writes(*due);
    CHECK_FALSE(p.due());
  }
  SECTION("the arrêté comes into force while the prefect's node hosts what has joined his dispositif") {
    p.opened_elsewhere =
        authority_passed{cast().epci, 4, cast().epci, text<64>{"region"}, passing_ground::adhesion, {}, 7, {}};
    auto due = p.due();
    REQUIRE(due);
    CHECK(due->epoch == 5);
    CHECK(due->holder == cast().prefecture);
    CHECK(due->ground == passing_ground::substitution);
    CHECK(p.stays(*due));
    p.closed = true;
    CHECK_FALSE(p.stays(*p.due()));
  }
}

TEST_CASE("what a former host recorded is a fact, a decision, or its own consequence", "[law][L441-2-7-4-1]") {
  record happened{};
  happened.event = visit_made{};
  CHECK(late_nature_of(happened) == late_nature::consequence);
  happened.agent.bytes[0] = 1;
  CHECK(late_nature_of(happened) == late_nature::fact);
  for (const event& decided : {event{designated{}}, event{caleol_decided{}}, event{radiated{}}}) {
    happened.event = decided;
    CHECK(late_nature_of(happened) == late_nature::decided);
  }
  for (const event& of_the_node : {event{expired{}}, event{clock_confirmed{}}, event{command_executed{}}}) {
    happened.event = of_the_node;
    CHECK(late_nature_of(happened) == late_nature::consequence);
  }
}

namespace {

template <class T>
constexpr bool is_identifier = false;
template <class Tag>
constexpr bool is_identifier<random_id<Tag>> = true;

/// Gives the identifier wherever the node sets one; false where there is no such place.
template <class T>
bool give(T& value, subject_id id) {
  bool given = false;
  for_each_described<T>([&](const auto& place) {
    auto& member = value.*(place.member);
    using member_type = std::remove_cvref_t<decltype(member)>;
    if constexpr (is_identifier<member_type>) {
      if (place.set_by == toit::law::set_by::node) {
        member = id_of<member_type>(id);
        given = true;
      }
    } else if constexpr (described<member_type>) {
      given = give(member, id) || given;
    }
  });
  return given;
}

template <class Look, class... Events>
void for_each_kind(const std::variant<Events...>*, Look look) {
  (look(Events{}), ...);
}

/// They name what is there already, or a file that was stored before its entry.
template <class Event>
constexpr bool refers_only = std::same_as<Event, document_filed> || std::same_as<Event, applicant_password_set> ||
                             std::same_as<Event, applicant_account_closed>;

} // namespace

TEST_CASE("what an entry has made is known by the identifier in the event, and by its subject where it has none",
          "[law][L441-2-7-4-1]") {
  subject_id about;
  about.bytes[0] = 'a';
  subject_id own;
  own.bytes[0] = 'o';
  int made = 0;
  for_each_kind(static_cast<const any_event*>(nullptr), [&](auto happened) {
    using event_type = decltype(happened);
    CAPTURE(event_type::kind.name);
    bool has_own = give(happened, own) && !refers_only<event_type>;
    made += has_own ? 1 : 0;
    CHECK(identity_made(about, happened) == (has_own ? own : about));
  });
  CHECK(made == 13);
}

TEST_CASE("what a host recorded knowing that another hosts the stream brings no right and no decision",
          "[law][L441-2-7-4-1]") {
  record happened{};
  happened.agent.bytes[0] = 1;
  for (const event& his : {event{habilitation_granted{}}, event{mandate_granted{}}, event{consultation_authorised{}},
                           event{flow_stated{}}, event{adhesion_decided{}}, event{designated{}}, event{radiated{}}}) {
    happened.event = his;
    auto asked = may_come_back(happened, true, true);
    REQUIRE_FALSE(asked);
    CHECK(asked.error().code == refusal_code::fenced);
    CHECK(may_come_back(happened, true, false));
  }
  happened.event = visit_made{};
  CHECK(may_come_back(happened, false, true));
}

TEST_CASE("what was said of a late entry is never brought in for who said it", "[law][L441-2-7-4-1]") {
  record happened{};
  happened.agent.bytes[0] = 1;
  happened.event = late_entry_reviewed{1, 5, late_verdict::accepted, {}};
  for (bool witnessed : {false, true})
    for (bool knowing : {false, true})
      CHECK(refused(may_come_back(happened, witnessed, knowing)) == refusal_code::not_empowered);
}

namespace {

/// Kinds that change who may do what, or by which account he shows who he is.
const event rights_and_accounts[] = {habilitation_granted{},
                                     habilitation_ended{},
                                     mandate_granted{},
                                     mandate_ended{},
                                     reservation_convention_signed{},
                                     reservation_convention_ended{},
                                     consultation_authorised{},
                                     account_opened{},
                                     account_closed{},
                                     account_secret_changed{},
                                     applicant_account_opened{},
                                     applicant_password_set{},
                                     applicant_account_closed{}};

} // namespace

TEST_CASE("a right or an account that nobody outside had seen change is changed again by who answers, or not at all",
          "[law][L441-2-7-4-1]") {
  record happened{};
  happened.agent.bytes[0] = 1;
  for (const event& right : rights_and_accounts) {
    happened.event = right;
    CAPTURE(kind_of(right).name);
    CHECK(refused(may_come_back(happened, false, false)) == refusal_code::not_empowered);
    CHECK(may_come_back(happened, true, false));
    CHECK(refused(may_come_back(happened, true, true)) == refusal_code::fenced);
  }
  for (const event& other : {event{legal_person_registered{}}, event{visit_made{}}, event{radiated{}}}) {
    happened.event = other;
    CHECK(may_come_back(happened, false, false));
  }
}
