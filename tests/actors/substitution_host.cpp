// Which epochs a State node opens, and when: as an arrêté ends, and while the next host does not come.

#include "actors/substitution_host.hpp"

#include "tests/actors/state_on_stage.hpp"

using namespace toit;
using namespace std::chrono_literals;

namespace {

const auto arrete = journal::test::id_with<law::act_id>(5);

/// As an authority's stream tells them, in order.
template <class Event>
std::vector<std::pair<std::uint64_t, Event>> told_in(const journal::test::node& node, const ports::stream_id& of) {
  std::vector<std::pair<std::uint64_t, Event>> all;
  for (const auto& entry : node.journal->open_reader()->read(of, 0, 256))
    if (const auto* told = std::get_if<Event>(&entry.record->event))
      all.emplace_back(entry.seq, *told);
  return all;
}

/// Every epoch is taken as soon as it is opened; the territory's node is there or away.
class told_hosting : public ports::hosting {
public:
  told_hosting(const journal::test::node& node, ports::stream_id ordering) : node_{node}, ordering_{ordering} {}

  ports::node_name self() const override { return *ports::node_name::parse("region"); }
  std::optional<ports::node_name> listed_host(const ports::stream_id&) const override {
    return ports::node_name::parse("plaine");
  }
  std::optional<ports::node_name> node_of(law::siren) const override { return std::nullopt; }
  std::optional<ports::opened_epoch> opened(const ports::stream_id&) const override {
    auto all = told_in<law::authority_passed>(node_, ordering_);
    if (all.empty())
      return std::nullopt;
    return ports::opened_epoch{ordering_, all.back().first, all.back().second};
  }
  bool holds(const ports::node_name& who, const ports::stream_id&, std::uint32_t, std::uint64_t) const override {
    return territory_is_there && who.view() == "plaine";
  }
  std::optional<ports::opening_barred> opening_barred_by(const ports::stream_id&) const override {
    return escrow_is_there ? std::nullopt : std::optional{ports::opening_barred::escrow_away};
  }

  bool territory_is_there = true;
  bool escrow_is_there = true;

private:
  const journal::test::node& node_;
  ports::stream_id ordering_;
};

/// The prefect's node hosts the territory: his arrêté is in force.
struct substituting_on_stage : test::state_on_stage {
  explicit substituting_on_stage(std::optional<law::civil_date> last_day = {}) {
    auto context = context_of(ordering, prefecture);
    context->hosting = hosting;
    known->seq = 40;
    known->closing_link = journal::test::bytes_with(3);
    host = on.system().spawn(substitution_host, territory_context_ptr{context}, recorder,
                             supervisors_by_stream{{journal::test::stream(), supervisor}});
    auto signed_on = law::add_days(today(), law::days{-1});
    law::act act{arrete, "2026-12", "Mme Exemple, préfète", {}, law::testing::some_document, signed_on, last_day};
    happens(law::substitution_ordered{act, territory, law::substitution_ground::carence}, signed_on);
    happens(law::act_published{arrete, "Recueil fictif n° 1"}, signed_on);
    REQUIRE(epochs() == 0);
    happens(law::act_notified{arrete, territory, law::testing::some_document}, signed_on);
    REQUIRE(epochs() == 1);
    REQUIRE(last_epoch().host == law::text<64>{"region"});
    REQUIRE(last_epoch().holder == prefecture);
    look();
    REQUIRE(epochs() == 1);
  }
  ~substituting_on_stage() { end(host); }
  substituting_on_stage(const substituting_on_stage&) = delete;
  substituting_on_stage& operator=(const substituting_on_stage&) = delete;

  void happens(law::event what, law::civil_date day) {
    note(std::move(what), day);
    tell_of(ordering);
    on.run();
  }
  void tell_of(const ports::stream_id& stream) {
    caf::anon_send(host, written_atom_v,
                   ports::batch_ptr{std::make_shared<ports::entry_batch>(ports::entry_batch{stream, {}})});
  }
  void look() {
    caf::anon_send(host, tick_atom_v);
    on.run();
  }
  void look_after(std::chrono::seconds much) {
    node.clock->at += much;
    look();
  }
  /// By its present host, who waits for the next one.
  void is_closed_for(std::uint32_t epoch) { is_closed_for(epoch, epoch - 1); }
  void is_closed_for(std::uint32_t epoch, std::uint32_t in_epoch) {
    known->closing = law::stream_closing{epoch, law::text<64>{"plaine"}};
    known->closing_epoch = in_epoch;
    ++known->seq;
    tell_of(known->stream);
    look();
  }
  void is_suspended() { happens(law::act_suspended{arrete, "Ordonnance fictive"}, today()); }
  void is_resumed() { happens(law::act_resumed{arrete, "Autre ordonnance fictive"}, today()); }
  void goes_on() {
    known->closing.reset();
    ++known->seq;
    tell_of(known->stream);
    look();
  }

  template <class Event>
  auto told() const {
    return told_in<Event>(node, ordering);
  }
  std::size_t epochs() const { return told<law::authority_passed>().size(); }
  law::authority_passed last_epoch() const { return told<law::authority_passed>().back().second; }
  std::optional<law::passing_prepared> last_prepared() const {
    auto all = told<law::passing_prepared>();
    return all.empty() ? std::nullopt : std::optional{all.back().second};
  }

  std::shared_ptr<told_hosting> hosting = std::make_shared<told_hosting>(node, ordering);
  substitution_host_actor host;
};

const law::passing_prepared given_back{law::testing::cast().epci, 2, law::text<64>{"plaine"},
                                       law::passing_ground::handing_back, arrete};

} // namespace

TEST_CASE("in whatever way an arrêté ends, the territory's node is prepared for, and the EPCI's epoch opened for it",
          "[actors][L441-2-7-4-1]") {
  auto last_day = law::civil_date{2026y / 3 / 4};
  substituting_on_stage s{last_day};
  auto ends = [&](law::act_end how) { s.happens(law::act_ended{arrete, how, "Décision fictive"}, s.today()); };
  SECTION("annulled by a judge") { ends(law::act_end::annulled); }
  SECTION("withdrawn by its author") { ends(law::act_end::withdrawn); }
  SECTION("repealed by its author") { ends(law::act_end::repealed); }
  SECTION("suspended by a judge") { s.is_suspended(); }
  SECTION("expired, once its last day is over") {
    s.look_after(48h);
    REQUIRE(s.today() == last_day);
    CHECK_FALSE(s.last_prepared());
    s.look_after(24h);
  }
  CHECK(s.last_prepared() == given_back);
  CHECK(s.epochs() == 1);
  // Nothing passes before its present host has closed it.
  s.look();
  CHECK(s.epochs() == 1);
  s.is_closed_for(2);
  REQUIRE(s.epochs() == 2);
  CHECK(s.last_epoch() == law::authority_passed{s.territory, 2, s.territory, law::text<64>{"plaine"},
                                                law::passing_ground::handing_back, arrete, s.known->seq,
                                                s.known->closing_link});
}

TEST_CASE("a closed stream whose next host does not come goes back to the one before after ten minutes, and no sooner",
          "[actors][L441-2-7-4-1]") {
  substituting_on_stage s;
  s.happens(law::act_ended{arrete, law::act_end::repealed, "Arrêté fictif"}, s.today());
  s.hosting->territory_is_there = false;
  // However long it took to be closed: nobody waits before it is.
  s.look_after(1h);
  s.is_closed_for(2);
  s.look_after(10min - 1s);
  REQUIRE(s.epochs() == 1);
  SECTION("he comes within them, and has it") {
    s.hosting->territory_is_there = true;
    s.look();
    REQUIRE(s.epochs() == 2);
    CHECK(s.last_epoch().host == law::text<64>{"plaine"});
  }
  SECTION("he does not: whoever closed it goes on, and the giving back begins anew") {
    s.look_after(1s);
    REQUIRE(s.epochs() == 2);
    CHECK(s.last_epoch().host == law::text<64>{"region"});
    CHECK(s.last_epoch().epoch == 2);
    // The arrêté has ended all the same.
    CHECK(s.last_epoch().holder == s.territory);
    CHECK(s.last_epoch().closed_seq == s.known->seq);
    s.goes_on();
    auto again = given_back;
    again.epoch = 3;
    CHECK(s.last_prepared() == again);
    s.is_closed_for(3);
    s.look_after(10min - 1s);
    REQUIRE(s.epochs() == 2);
    s.hosting->territory_is_there = true;
    s.look();
    REQUIRE(s.epochs() == 3);
    CHECK(s.last_epoch().host == law::text<64>{"plaine"});
  }
}

TEST_CASE("an epoch whose host never shows his first entry does not keep the prefect from taking the territory over",
          "[actors][L441-2-7-4-1]") {
  substituting_on_stage s;
  s.is_suspended();
  s.is_closed_for(2);
  REQUIRE(s.epochs() == 2);
  REQUIRE(s.last_epoch().host == law::text<64>{"plaine"});
  SECTION("what was closed for it is the last that has come") {}
  SECTION("what he closes for an epoch that nobody has prepared is") {
    s.goes_on();
    s.is_closed_for(9);
  }
  s.look_after(1h);
  REQUIRE(s.epochs() == 2);
  // As any substitution it waits for what opens the stream, and for nothing else.
  s.hosting->escrow_is_there = false;
  s.is_resumed();
  REQUIRE(s.epochs() == 2);
  s.hosting->escrow_is_there = true;
  s.look();
  REQUIRE(s.epochs() == 3);
  CHECK(s.last_epoch() ==
        law::authority_passed{
            s.territory, 3, s.prefecture, law::text<64>{"region"}, law::passing_ground::substitution, arrete, 0, {}});
}

TEST_CASE("he in whose place the prefect is to host binds him by nothing that he closes", "[actors][L441-2-7-4-1]") {
  substituting_on_stage s;
  s.is_suspended();
  s.is_closed_for(2);
  REQUIRE(s.last_epoch().host == law::text<64>{"plaine"});
  s.goes_on();
  s.hosting->territory_is_there = false;
  s.hosting->escrow_is_there = false;
  SECTION("for the next epoch") { s.is_closed_for(3); }
  SECTION("for the one after it") { s.is_closed_for(4, 2); }
  s.is_resumed();
  REQUIRE(s.epochs() == 2);
  s.hosting->escrow_is_there = true;
  s.look();
  REQUIRE(s.epochs() == 3);
  // He may have gone on after it: what counts is what can be proved when it is taken over.
  CHECK(s.last_epoch().ground == law::passing_ground::substitution);
  CHECK(s.last_epoch().closed_seq == 0);
  // Nor is it what the prefect's own node has closed.
  s.look_after(1h);
  CHECK(s.epochs() == 3);
}

TEST_CASE("a closed stream goes on at the prefect's node without the escrow's key, which nobody but another host needs",
          "[actors][L441-2-7-4-1]") {
  substituting_on_stage s;
  s.hosting->escrow_is_there = false;
  auto gone_on = s.last_epoch();
  gone_on.epoch = 2;
  SECTION("when the next host does not come for ten minutes") {
    s.happens(law::act_ended{arrete, law::act_end::repealed, "Arrêté fictif"}, s.today());
    s.hosting->territory_is_there = false;
    s.is_closed_for(2);
    s.look_after(10min - 1s);
    REQUIRE(s.epochs() == 1);
    s.look_after(1s);
    gone_on.holder = s.territory;
    gone_on.ground = law::passing_ground::handing_back;
  }
  SECTION("when the arrêté, of which the end was prepared for, binds again: at once") {
    s.is_suspended();
    REQUIRE(s.last_prepared() == given_back);
    s.is_resumed();
    s.is_closed_for(2);
  }
  REQUIRE(s.epochs() == 2);
  gone_on.closed_seq = s.known->seq;
  gone_on.closed_link = s.known->closing_link;
  CHECK(s.last_epoch() == gone_on);
}
