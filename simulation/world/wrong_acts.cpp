#include "simulation/world/wrong_acts.hpp"

#include "federation/envelope.hpp"
#include "journal/codec.hpp"
#include "journal/transfers.hpp"
#include "simulation/world/cast.hpp"
#include "simulation/world/passing_play.hpp"
#include "simulation/world/world.hpp"

namespace toit::simulation {

namespace {

constexpr law::bytes32 some_paper{4, 5, 6};

/// The prefect's services today: his own book, and what they have of the territory's stream.
class prefects_desk {
public:
  explicit prefects_desk(passing_world& w) : today_{w.today()}, book_{read_procedures(w.node(passing_world::region))} {
    for (const auto& entry : w.node(passing_world::region).reader().read(world::stream(), 0, 1'000'000))
      if (entry.record)
        side_.apply(entry.subject, *entry.record, entry.seq);
  }

  /// Taken for granted, of today.
  void suppose(law::event happened) {
    law::record told{};
    told.event = std::move(happened);
    told.occurred_on = today_;
    told.originator = service_of_state();
    told.introducer = service_of_state();
    auto subject = law::subject_of_territory(world::settings().territory);
    book_.apply(subject, told, ++seq_);
    side_.apply(subject, told, seq_);
  }

  law::decision ask(law::event what) const {
    law::command asked;
    asked.occurred_on = today_;
    asked.originator = service_of_state();
    asked.introducer = service_of_state();
    asked.asked = std::move(what);
    law::facts known;
    known.today = today_;
    known.capacities.push_back({law::quality::state_attribution_follow_up, {}, {true, {}, {}}});
    known.competent = true;
    known.listed = true;
    known.ile_de_france = true;
    known.fresh_ids[0].bytes[0] = 1;
    known.territory_side = std::make_shared<const law::dispositif_book>(side_);
    return law::decide(book_, world::settings(), asked, known);
  }

  law::act an_act() const {
    law::act signed_act;
    signed_act.number = law::text<60>{"2024-FICTIF-REFUSE"};
    signed_act.signatory = law::text<120>{"M. Exemple, secrétaire général"};
    signed_act.document = some_paper;
    signed_act.effective_from = today_;
    return signed_act;
  }
  law::civil_date today() const { return today_; }

private:
  law::civil_date today_;
  law::procedures_book book_;
  law::dispositif_book side_;
  std::uint64_t seq_ = 1'000'000;
};

} // namespace

bool wrong_acts::can_be_asked() {
  auto& region = w_.node(passing_world::region);
  return region.running() && !region.in_trouble();
}

void wrong_acts::must_be_refused(const char* name, const law::decision& decided, law::refusal_code why) {
  ++counts_[std::string{"wrong."} + name];
  if (decided || decided.error().code != why)
    checkers_.say("acts", std::string{name} + ": " +
                              (decided ? "it may be signed" : std::string{law::name_of(decided.error().code)}));
}

// [L441-2-7-4-1]
void wrong_acts::sign_without_power() {
  if (!can_be_asked())
    return;
  prefects_desk desk{w_};
  auto siren = world::settings().territory;
  desk.suppose(law::obligation_noted{siren, law::concern::yes, {}, {}, law::text<200>{"Liste fictive"}});
  desk.suppose(law::carence_found{siren, law::carence_of::epci, {}, some_paper, law::text<200>{"Motifs fictifs"}, {}});
  law::substitution_ordered ordered{desk.an_act(), siren, law::substitution_ground::carence};
  ordered.act.delegation = law::delegation{law::text<120>{"Arrêté fictif"}, desk.today(), desk.today()};
  // Another act stands, or another dispositif serves.
  if (!desk.ask(ordered))
    return;
  ordered.act.delegation->from = law::add_days(desk.today(), law::days{-30});
  ordered.act.delegation->until = law::add_days(desk.today(), law::days{-1});
  must_be_refused("delegation", desk.ask(ordered), law::refusal_code::not_empowered);
}

// [L441-2-7-3-2]
void wrong_acts::order_without_opinion() {
  if (!can_be_asked())
    return;
  prefects_desk desk{w_};
  auto siren = world::settings().territory;
  auto refuser = make_cast().bailleur.siren;
  law::dispositif_convention convention{
      {}, some_paper, law::text<200>{"Logements"}, {{siren, 5000}, {refuser, 5000}}, desk.today()};
  desk.suppose(law::dispositif_convention_proposed{convention});
  using enum law::convention_answer;
  desk.suppose(law::dispositif_convention_answered{convention.id, siren, signed_by_party, some_paper, false});
  desk.suppose(law::dispositif_convention_answered{convention.id, refuser, refused, some_paper, true});
  auto asked = desk.ask(law::opinions_asked{{}, siren, convention.id, refuser, {}});
  if (!asked)
    return checkers_.say("acts", "opinions cannot be asked: " + std::string{law::name_of(asked.error().code)});
  auto begun = std::get<law::opinions_asked>(asked->entries.front().event);
  desk.suppose(begun);
  law::participation_ordered ordered{desk.an_act(), begun.procedure, 2500, law::text<200>{"Conditions fictives"}};
  must_be_refused("opinion", desk.ask(ordered), law::refusal_code::missing_opinion);
  desk.suppose(law::opinion_received{begun.procedure, siren, law::party_opinion::favourable, some_paper, {}});
  if (auto complete = desk.ask(ordered); !complete)
    checkers_.say("acts", "with every opinion there is no arrêté: " + std::string{law::name_of(complete.error().code)});
}

// -- forged ---------------------------------------------------------------------------------------------------------

namespace {

/// One entry and its head, after this place, as whoever has that key would make them.
ports::transfer forged_after(const ports::signed_head& last, const journal::entry_row& before,
                             const law::authority_passed& passed, const journal::signing_key& key) {
  law::record told{};
  told.event = passed;
  told.originator = service_of_state();
  told.introducer = service_of_state();
  ports::sealed_entry entry;
  entry.seq = last.seq + 1;
  entry.epoch = last.epoch;
  entry.recorded_at_ms = static_cast<std::uint64_t>(before.header.recorded_at_ms);
  entry.subject = law::subject_of_territory(passed.territory);
  entry.nonce.emplace();
  entry.content = journal::encode(told);
  entry.commitment = journal::commitment_of(*entry.nonce, *entry.content);
  auto head = last;
  head.first = head.seq = entry.seq;
  head.link = journal::row_brought(entry, last.link).link;
  key.sign(head);
  ports::transfer made;
  made.stream = last.stream;
  made.entries.push_back(std::move(entry));
  made.heads.push_back(head);
  return made;
}

ports::stream_position place_of(const ports::signed_head& head) {
  return {head.stream, head.epoch, head.seq, head.link};
}

} // namespace

// [L441-2-7-4-1]
void wrong_acts::forge(std::size_t line) {
  auto& rows = *w_.node(passing_world::territory).rows();
  const auto& thief = w_.members()[passing_world::departement];
  auto last = rows.last_head(w_.members()[passing_world::region].stream).value();
  before_ = place_of(last);
  misbehaviours_ = w_.node(passing_world::territory).links().misbehaviours();
  law::authority_passed passed;
  passed.territory = world::settings().territory;
  passed.epoch = 1000;
  passed.holder = service_of_state();
  passed.host = law::text<64>{thief.name.view()};
  federation::envelope sent;
  sent.from = w_.members()[line].name;
  sent.to = w_.members()[passing_world::territory].name;
  sent.said = federation::entries{forged_after(last, rows.entry(last.stream, last.seq).value(), passed,
                                               journal::signing_key{thief.keys.signing_seed})};
  w_.network().inject(sent.from, sent.to, federation::encode(sent));
  w_.network().hurry();
}

/// Of the ordering node he is taken for, it is a bad signature; in his own name, what nobody has asked him for.
void wrong_acts::check_forged(std::size_t line) {
  ++counts_["wrong.forged"];
  auto& node = w_.node(passing_world::territory);
  if (auto now = node.rows()->last_head(before_.stream); !now || place_of(*now) != before_)
    checkers_.say("acts", "a forged act is in the ordering stream");
  auto is_it = [&](const ports::alarm& told) {
    return told.kind == ports::alarm_kind::bad_signature && told.stream == before_.stream &&
           told.node == w_.members()[line].name && told.seq == before_.seq + 1;
  };
  bool is_told = line == passing_world::region ? std::ranges::any_of(node.links().standing(), is_it)
                                               : node.links().misbehaviours() > misbehaviours_;
  if (!is_told)
    checkers_.say("acts", "nobody is told of a forged act that came from " + w_.members()[line].name.text());
}

} // namespace toit::simulation
