// In whose place the guard lets somebody in, in the epoch in force.

#include "actors/convention_keeper.hpp"
#include "actors/late_entries.hpp"
#include "tests/actors/guard_on_stage.hpp"

using namespace toit;
using namespace toit::test;

namespace {

/// Beside the territory's stream that of its ordering authority, which opens epochs.
struct passing_on_stage : guard_on_stage {
  passing_on_stage() {
    node.journal->create_stream(
        ordering, journal::test::record_of(law::stream_opened{prefecture, law::text<120>{"Préfecture fictive"},
                                                              law::text<16>{"training"}, node.journal->signer()}));
    node.journal->load(ordering);
    prefect = agent_of(prefecture, "prefecture");
    responsible = agent_of(*law::siren::parse("732829320"), "epci");
    law::habilitation h{};
    h.legal_person = responsible.legal_person.legal_person();
    h.quality = law::quality::epci_responsable;
    h.from = context->today();
    REQUIRE(recorded(ask(admin, law::habilitation_granted{h})));
  }

  identity agent_of(law::siren who, const std::string& login) {
    REQUIRE(recorded(
        ask(admin, law::legal_person_registered{who, law::legal_person_kind::other, law::text<120>{"Corps fictif"}})));
    law::agent_missions missions{law::agent_mission::consult, law::agent_mission::record};
    auto told = ask(admin, law::account_opened{{}, who, missions, context->today(), {}}, password, login);
    REQUIRE(recorded(told));
    return {who, law::id_of<law::agent_id>((**told->answer)->subject), {}};
  }

  /// As whoever runs the prefect's node does, while it is stopped.
  identity opened_by_itself(const char* login) {
    end({caf::actor_cast<caf::actor>(guard)});
    simulation::plain_hasher hasher;
    nodes::create_holders_account(*node.journal, context->stream,
                                  {prefecture, law::text<120>{"Préfecture fictive"},
                                   law::legal_person_kind::state_service, law::text<80>{login},
                                   law::text<120>{"Personne fictive"}, password, context->today()},
                                  *context->accounts, hasher, *context->chance, context->today());
    begin_guard();
    identity agent{prefecture, {}, {}};
    for (const auto& entry : node.journal->open_reader()->read(context->stream, 0, 256))
      if (const auto* opened = std::get_if<law::account_opened>(&entry.record->event))
        agent.account = opened->account;
    return agent;
  }
  answered closes(const identity& by, law::agent_id account) { return ask(by, law::account_closed{account}); }

  std::uint64_t note(const ports::stream_id& stream, law::event happened) {
    auto about = id_with<law::subject_id>(9);
    auto record = journal::test::record_of(std::move(happened));
    auto append = std::make_shared<ports::append>();
    append->stream = stream;
    auto payload = node.journal->open_sealer()->seal(stream, about, record);
    append->drafts.push_back({about, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    auto result = node.write(append);
    REQUIRE(result.status == ports::append_status::appended);
    return result.last_seq;
  }
  void passes_to(law::siren holder, law::passing_ground ground) {
    law::authority_passed passed{};
    passed.territory = gestionnaire;
    passed.epoch = ++epoch;
    passed.holder = holder;
    passed.ground = ground;
    law::authority_cut cut{};
    cut.epoch = epoch;
    cut.ordered_by = law::text<16>{ordering.view()};
    cut.ordered_seq = note(ordering, passed);
    note(context->stream, cut);
    tell(guard);
  }
  /// That something was written.
  template <class Follower>
  void tell(const Follower& who) {
    caf::anon_send(who, written_atom_v,
                   ports::batch_ptr{std::make_shared<ports::entry_batch>(ports::entry_batch{context->stream, {}})});
    on.run();
  }

  /// The right under which a list is read; empty when it is refused.
  std::string reads(const identity& by) {
    auto asked = std::make_shared<read_request>();
    asked->by = by;
    asked->purpose = law::purpose::shared_management;
    asked->what = read_list{};
    auto before = log.consultations.size();
    on.ask<read_answer_ptr>(guard, read_atom_v, read_request_ptr{asked});
    on.run();
    return log.consultations.size() == before ? std::string{} : log.consultations.back().right;
  }
  bool is_told_reasons(const identity& by) {
    on.ask<late_page_ptr>(guard, list_atom_v, late_query_ptr{std::make_shared<const late_query>(late_query{by})});
    on.run();
    return with_reasons.back();
  }

  const law::siren prefecture = *law::siren::parse("110068012");
  const ports::stream_id ordering = *ports::stream_id::parse("SR11");
  std::uint32_t epoch = 0;
  identity prefect;
  identity responsible;
};

const std::string row_c = "c R441-2-15-V-2-2";

} // namespace

TEST_CASE("whoever holds the epoch reads and reviews in the EPCI's place, until it is handed back",
          "[actors][R441-2-15-V-2-2][L441-2-7-4-1]") {
  passing_on_stage g;
  CHECK(g.reads(g.responsible) == row_c);
  CHECK(g.reads(g.prefect).empty());
  CHECK(g.is_told_reasons(g.responsible));
  CHECK_FALSE(g.is_told_reasons(g.prefect));

  g.passes_to(g.prefecture, law::passing_ground::substitution);
  auto holder = g.opened_by_itself("prefecture-2");
  CHECK(g.reads(holder) == row_c);
  CHECK(g.reads(g.responsible).empty());
  CHECK(g.log.refusals.back().refusal.article == "L441-2-7-4-1");
  CHECK(g.is_told_reasons(holder));
  for (const auto& replaced : {g.responsible, g.admin})
    CHECK_FALSE(g.is_told_reasons(replaced));
  // Who operates the dispositif goes on doing so.
  CHECK(g.reads(g.admin) == "f R441-2-15-V-2-5");
  g.ask(holder, law::late_entry_reviewed{1, 5, law::late_verdict::accepted, {}});
  REQUIRE(g.reached.size() == 1);
  const auto& known = g.reached.back()->facts;
  REQUIRE(known.authority);
  CHECK(known.authority->holder == g.prefecture);
  CHECK(known.authority->in_its_place());
  CHECK(known.by_its_own);

  // He needs no account in the territory to read from his own node.
  identity from_his_node{g.prefecture, id_with<law::agent_id>(8), {}, g.prefecture};
  CHECK(g.reads(from_his_node) == row_c);

  // As it is found again after a restart.
  g.end({caf::actor_cast<caf::actor>(g.guard)});
  g.begin_guard();
  CHECK(g.reads(g.responsible).empty());
  CHECK(g.reads(holder) == row_c);

  g.passes_to(g.gestionnaire, law::passing_ground::handing_back);
  CHECK(g.reads(g.responsible) == row_c);
  CHECK(g.reads(holder).empty());
  CHECK(g.reads(from_his_node).empty());
  CHECK(g.is_told_reasons(g.responsible));
  CHECK(g.is_told_reasons(g.admin));
  CHECK_FALSE(g.is_told_reasons(holder));
}

TEST_CASE("the gestionnaire makes no agent of who answers in the EPCI's place", "[actors][L441-2-7-4-1]") {
  passing_on_stage g;
  auto is_his_agent = [&](const identity& who) {
    g.ask(who, law::late_entry_reviewed{1, 5, law::late_verdict::accepted, {}});
    return g.reads(who) == row_c || g.is_told_reasons(who) || g.reached.back()->facts.by_its_own;
  };
  g.passes_to(g.prefecture, law::passing_ground::substitution);
  // Opened before the epoch, and since.
  CHECK_FALSE(is_his_agent(g.prefect));
  CHECK(g.log.refusals.back().refusal.article == "L441-2-7-4-1");
  law::agent_missions all{law::agent_mission::consult, law::agent_mission::record, law::agent_mission::administer};
  auto open_for_him = [&](const identity& by, const char* login) {
    auto told = g.ask(by, law::account_opened{{}, g.prefecture, all, g.context->today(), {}}, password, login);
    REQUIRE(g.recorded(told));
    return identity{g.prefecture, law::id_of<law::agent_id>((**told->answer)->subject), {}};
  };
  law::habilitation operates{};
  operates.legal_person = g.prefecture;
  operates.quality = law::quality::gestionnaire;
  operates.from = g.context->today();
  REQUIRE(g.recorded(g.ask(g.admin, law::habilitation_granted{operates})));
  auto made = open_for_him(g.admin, "prefecture-2");
  CHECK_FALSE(is_his_agent(made));
  // Nor does whom he has made so.
  CHECK_FALSE(is_his_agent(open_for_him(made, "prefecture-3")));
}

TEST_CASE("the accounts of who answers in the EPCI's place are kept by his own agents", "[actors][L441-2-7-4-1]") {
  passing_on_stage g;
  g.passes_to(g.prefecture, law::passing_ground::substitution);
  auto colleague = g.opened_by_itself("prefecture-2");
  auto holder = g.opened_by_itself("prefecture-3");
  using enum law::secret_change;
  CHECK(g.refused_with(g.set_password(g.admin, holder.account, other_password), refusal_code::not_empowered));
  CHECK(g.refused_with(g.ask(g.admin, law::account_secret_changed{holder.account, tokens_revoked}),
                       refusal_code::not_empowered));
  CHECK(g.refused_with(g.closes(g.admin, holder.account), refusal_code::not_empowered));
  CHECK(g.refused_with(g.closes(g.prefect, holder.account), refusal_code::not_empowered));
  CHECK(g.session_of("prefecture-3", password));
  CHECK_FALSE(g.session_of("prefecture-3", other_password));

  CHECK(g.recorded(g.set_password(holder, holder.account, other_password)));
  CHECK(g.session_of("prefecture-3", other_password));
  CHECK(g.recorded(g.closes(holder, colleague.account)));
  CHECK(g.refused_with(g.closes(holder, g.admin.account), refusal_code::not_empowered));

  // Who answers again has the gestionnaire keep them all; what he has made his of them is nobody's in another epoch.
  g.passes_to(g.gestionnaire, law::passing_ground::handing_back);
  CHECK(g.recorded(g.set_password(g.admin, holder.account, password)));
  g.passes_to(g.prefecture, law::passing_ground::substitution);
  CHECK(g.reads(holder).empty());
  CHECK_FALSE(g.is_told_reasons(holder));
  CHECK(g.reads(g.opened_by_itself("prefecture-4")) == row_c);
}

TEST_CASE("whoever answers in the EPCI's place introduces for himself from his own node, and for nobody else",
          "[actors][R441-2-15-I-10][L441-2-7-4-1]") {
  passing_on_stage g;
  auto is_let_in = [&](law::siren who, law::siren node_of) {
    auto before = g.reached.size();
    auto told = g.ask({who, id_with<law::agent_id>(8), {}, node_of},
                      law::processing_event{law::text<80>{"Relance fictive"}, {}});
    bool let_in = g.reached.size() > before;
    CHECK(let_in != g.refused_with(told, refusal_code::not_empowered));
    return let_in;
  };
  auto epci = g.responsible.legal_person.legal_person();
  CHECK_FALSE(is_let_in(g.prefecture, g.prefecture));
  g.passes_to(g.prefecture, law::passing_ground::substitution);
  CHECK(is_let_in(g.prefecture, g.prefecture));
  CHECK_FALSE(is_let_in(epci, g.prefecture));
  CHECK_FALSE(is_let_in(g.prefecture, epci));
  g.passes_to(g.gestionnaire, law::passing_ground::handing_back);
  CHECK_FALSE(is_let_in(g.prefecture, g.prefecture));
}

TEST_CASE("who answers in the EPCI's place records none of the EPCI's own acts, which the EPCI goes on recording",
          "[actors][L441-2-7-4-1][L441-2-7-4-2]") {
  passing_on_stage g;
  auto keeper = g.on.system().spawn(convention_keeper, g.context, g.recorder, stream_reader_actor{});
  g.conventions = caf::actor_cast<caf::actor>(keeper);
  g.passes_to(g.prefecture, law::passing_ground::substitution);
  auto holder = g.opened_by_itself("prefecture-2");
  REQUIRE(g.reads(holder) == row_c);
  auto is_not_his = [&](const law::event& own, const char* article) {
    CAPTURE(law::kind_of(own).name);
    auto told = g.ask(holder, own);
    REQUIRE(told->answer);
    CHECK(g.refused_with(told, refusal_code::not_empowered));
    CHECK((**told->answer).error().article == article);
  };
  law::dispositif_begun begins{"Délibération fictive"};
  law::adhesion_decided joins{law::joinable::systeme_particulier, law::dispositif_level::region, g.prefecture,
                              "Délibération fictive"};
  for (const law::event& own :
       {law::event{begins}, law::event{law::dispositif_put_in_service{}}, law::event{joins},
        law::event{law::adhesion_left{"Délibération fictive"}}, law::event{law::dispositif_convention_proposed{}}})
    is_not_his(own, "L441-2-7-1-1a");
  for (const law::event& right : {law::event{law::habilitation_granted{}}, law::event{law::mandate_granted{}},
                                  law::event{law::account_opened{}}, law::event{law::legal_person_registered{}}})
    is_not_his(right, "R441-2-15-V-2-5");

  // What it joins has not been examined: it is refused that, and not its own quality.
  CHECK(g.refused_with(g.ask(g.responsible, joins), refusal_code::not_conform));
  CHECK(g.recorded(g.ask(g.responsible, begins)));
  g.end({g.conventions});
}

TEST_CASE("late entries are listed page by page, in the order of cuts and of entries", "[actors][L441-2-7-4-1]") {
  passing_on_stage g;
  auto desk = g.on.system().spawn(late_entries, g.context, g.recorder);
  g.on.run();
  using place = law::late_book::key;
  for (auto [cut, seq] : {place{2, 3}, place{1, 12}, place{1, 9}}) {
    law::late_entry_settled settled{};
    settled.cut = cut;
    settled.seq = seq;
    settled.outcome = law::late_outcome::conflict;
    settled.code = "E_DUPLICATE";
    g.note(g.context->stream, settled);
  }
  g.tell(desk);
  auto page = [&](place after, bool with_reasons) {
    auto query = std::make_shared<const late_query>(late_query{g.admin, after, 2, with_reasons});
    auto told = g.on.ask<late_page_ptr>(desk, list_atom_v, late_query_ptr{query});
    g.on.run();
    REQUIRE(told->answer);
    return **told->answer;
  };
  auto first = page({}, true);
  REQUIRE(first.files.size() == 2);
  CHECK(first.files[0].settled.seq == 9);
  CHECK(first.files[1].settled.seq == 12);
  CHECK(first.files[0].settled.code == law::text<40>{"E_DUPLICATE"});
  REQUIRE(first.next == place{1, 12});
  auto second = page(*first.next, false);
  REQUIRE(second.files.size() == 1);
  CHECK(second.files[0].settled.cut == 2);
  CHECK(second.files[0].settled.code.empty());
  CHECK_FALSE(second.next);
  g.end({caf::actor_cast<caf::actor>(desk)});
}
