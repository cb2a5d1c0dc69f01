#include "simulation/world/passing_play.hpp"

#include "simulation/world/world.hpp"

namespace toit::simulation {

// -- who record -----------------------------------------------------------------------------------------------------

passing_players::passing_players(passing_world& w, passing_checkers& checkers, tally& counts)
    : w_{w}, checkers_{checkers}, counts_{counts}, chance_{w.random().branch()}, players_{make_cast()} {
  for (std::size_t which = 0; which < passing_world::node_count; ++which)
    places_.push_back({served_place{w, which}, nullptr, {}});
  for (auto& one : places_)
    one.player = std::make_unique<play>(one.place, players_);
  w.node(passing_world::territory).on_start = [this](passing_node& node) {
    if (node.context_of(world::stream()))
      begin_territory(node.journal(), places_[passing_world::territory].place, players_);
  };
}

void passing_players::set_scene() {
  enter(places_[passing_world::territory].place, players_);
  look(places_[passing_world::territory]);
  places_[passing_world::territory].player->begin();
}

std::vector<std::size_t> passing_players::serving() const {
  std::vector<std::size_t> all;
  for (const auto& one : places_)
    if (one.place.serves())
      all.push_back(one.place.which());
  return all;
}

/// What has been left out by a cut was never seen.
void passing_players::look(played& at) {
  auto& node = w_.node(at.place.which());
  auto head = node.rows()->last_head(world::stream());
  if (!head)
    return;
  constexpr std::size_t all = 1'000'000;
  auto before = at.seen.seq == 0 ? std::nullopt : node.rows()->entry(world::stream(), at.seen.seq);
  if (!before || before->link != at.seen.link || head->epoch != at.seen.epoch)
    at.player->follow_again(node.reader().read(world::stream(), 0, all));
  else
    for (const auto& entry : node.reader().read(world::stream(), at.seen.seq, all))
      if (entry.record)
        at.player->follow(entry);
  at.seen = {world::stream(), head->epoch, head->seq, head->link};
}

passing_players::command passing_players::keyed(command asked) {
  asked->idempotency_key = "key " + std::to_string(++made_);
  auto digest = law::bytes32{};
  for (std::size_t i = 0; i < sizeof made_; ++i)
    digest[i] = static_cast<std::uint8_t>(made_ >> (8 * i));
  asked->request = digest;
  return asked;
}

passing_players::command passing_players::note(played& at) {
  auto id = at.player->any_dossier();
  if (!id)
    return at.player->next();
  auto asked = at.player->harmless(*id);
  asked->event = law::processing_event{law::text<80>{"note n" + std::to_string(++made_)}, {}};
  return asked;
}

passing_players::command passing_players::radiation(played& at) {
  auto id = at.player->any_dossier();
  if (!id)
    return at.player->next();
  auto asked = at.player->harmless(*id);
  asked->event = law::radiated{law::radiation_motive::b_renunciation, "lettre fictive"};
  return asked;
}

/// For a candidacy that a commission has decided in favour of, whatever step it has reached since.
passing_players::command passing_players::lease(played& at) {
  const auto& book = at.player->book();
  for (auto id : book.dossiers_by_arrival()) {
    const auto* d = book.find(id);
    if (!d || d->status != law::demande_status::active)
      continue;
    for (const auto& k : d->candidacies)
      if (const auto* v = book.find(k.vacancy);
          v && k.open() && law::in_favour(k.step) && k.step != law::candidacy_step::lease_signed) {
        const auto* by = players_.find(v->bailleur);
        auto asked =
            command_of(at.place, by ? *by : players_.bailleur, law::lease_signed{k.id, {}, {}, true, {}, {}, {}, {}});
        asked->number = d->number;
        ++counts_["play.lease"];
        return asked;
      }
  }
  return radiation(at);
}

passing_players::command passing_players::something(played& at) {
  if (chance_.one_in(4))
    return note(at);
  return chance_.one_in(12) ? lease(at) : at.player->next();
}

void passing_players::act(std::size_t which) {
  auto& at = places_[which];
  look(at);
  auto asked = keyed(something(at));
  asked_.push_back(asked);
  send(which, asked);
}

void passing_players::act_on_both(std::size_t one, std::size_t other) {
  auto& at = places_[one];
  look(at);
  auto asked = chance_.one_in(3) ? lease(at) : chance_.one_in(2) ? radiation(at) : at.player->next();
  auto again = std::make_shared<asked_command>(*asked);
  bool is_lease = std::holds_alternative<law::lease_signed>(asked->event);
  send(one, keyed(std::move(asked)));
  send(other, keyed(std::move(again)));
  ++counts_[is_lease ? "play.lease_on_both" : "play.same_on_both"];
}

void passing_players::repeat(std::size_t which) {
  if (asked_.empty())
    return;
  ++counts_["play.repeat"];
  // Mostly one of the latest: who has no answer does not wait for days.
  auto window = std::min<std::uint64_t>(asked_.size(), chance_.one_in(3) ? 200 : 12);
  send(which, asked_[asked_.size() - 1 - chance_.below(window)]);
}

void passing_players::send(std::size_t which, const asked_command_ptr& asked) {
  passing_checkers::asked_there where{which, w_.clock().now(), checkers_.fence_of(which)};
  places_[which].place.submit(asked, [this, where](const answer_ptr& given) {
    if (!given)
      ++counts_["answer.none"];
    else if (!*given)
      ++counts_["refusal." + std::string{law::name_of(given->error().code)}];
    else
      checkers_.acknowledged(**given, where);
  });
}

// -- whose acts pass it ---------------------------------------------------------------------------------------------

namespace {

const law::bytes32 some_document{1, 2, 3};

} // namespace

law::procedures_book read_procedures(passing_node& region) {
  law::procedures_book book;
  for (const auto& entry : region.reader().read(region.who().stream, 0, 1'000'000))
    if (entry.record)
      book.apply(entry.subject, *entry.record, entry.seq);
  return book;
}

void prefect::go_on() {
  see_to_act();
  see_to_adhesion();
}

// [L441-2-7-4-1]
void prefect::usurp() {
  auto& departement = w_.node(passing_world::departement);
  if (!departement.running() || departement.in_trouble())
    return;
  auto siren = world::settings().territory;
  auto head = departement.reader().latest_head(world::stream());
  law::authority_passed passed;
  passed.territory = siren;
  passed.epoch = head ? head->epoch + 1 : 1;
  passed.holder = service_of_state();
  passed.host = law::text<64>{departement.who().name.view()};
  auto happened = signed_today(siren, "2024-FICTIF-USURPE");
  happened.emplace_back(passed);
  ++counts_["act.usurped"];
  departement.record(departement.who().stream, law::subject_of_territory(siren), std::move(happened));
}

std::vector<law::event> prefect::signed_today(law::siren territory, const char* number) {
  law::act ordered;
  ordered.id = w_.chance_of_actors()->fresh<law::act_id>();
  ordered.number = law::text<60>{number};
  ordered.signatory = law::text<120>{"Mme Exemple, préfète"};
  ordered.document = some_document;
  ordered.effective_from = w_.today();
  return {law::substitution_ordered{ordered, territory, law::substitution_ground::carence},
          law::act_published{ordered.id, law::text<120>{"Recueil fictif"}},
          law::act_notified{ordered.id, territory, some_document}};
}

/// It is written as his services write it: what he may do is tried elsewhere.
void prefect::see_to_act() {
  auto& region = w_.node(passing_world::region);
  if (wish_ == wish::nothing || !region.running() || region.in_trouble())
    return;
  auto book = read_procedures(region);
  auto siren = world::settings().territory;
  const auto* file = book.find(siren);
  const auto* act = file && file->substitution ? book.find(*file->substitution) : nullptr;
  auto standing = act ? law::standing_of(*act, w_.today()) : law::act_standing::repealed;
  auto record = [&](const char* name, std::vector<law::event> happened) {
    ++counts_[std::string{"act."} + name];
    region.record(region.who().stream, law::subject_of_territory(siren), std::move(happened));
  };
  if (wish_ == wish::in_force && !law::alive(standing)) {
    record("ordered", signed_today(siren, "2024-FICTIF"));
  } else if (wish_ == wish::in_force && standing == law::act_standing::suspended) {
    record("resumed", {law::act_resumed{act->act_itself.id, law::text<120>{"Ordonnance fictive"}}});
  } else if (wish_ == wish::suspended && standing == law::act_standing::in_force) {
    record("suspended", {law::act_suspended{act->act_itself.id, law::text<120>{"Ordonnance fictive"}}});
  } else if (wish_ == wish::ended && law::alive(standing)) {
    record("ended", {law::act_ended{act->act_itself.id, law::act_end::repealed, law::text<120>{"Arrêté fictif"}}});
  }
}

/// Its decision is recorded where its dispositif is served that day.
void prefect::see_to_adhesion() {
  if (!has_joined_)
    return;
  for (std::size_t which = 0; which < passing_world::node_count; ++which) {
    auto& node = w_.node(which);
    if (!node.running() || node.in_trouble() || !node.actors_of(world::stream()))
      continue;
    law::dispositif_book side;
    for (const auto& entry : node.reader().read(world::stream(), 0, 1'000'000))
      if (entry.record)
        side.apply(entry.subject, *entry.record, entry.seq);
    if (static_cast<bool>(side.adhesion()) == joins_)
      continue;
    auto source = law::text<200>{"Délibération fictive"};
    auto host = *law::siren::parse(w_.members()[passing_world::joined].stream.view().substr(1));
    law::event decided = law::adhesion_left{source};
    if (joins_)
      decided =
          law::adhesion_decided{law::joinable::systeme_particulier, law::dispositif_level::departement, host, source};
    ++counts_[joins_ ? "act.joined" : "act.left"];
    node.record(world::stream(), law::subject_of_dispositif(), {std::move(decided)});
  }
}

} // namespace toit::simulation
