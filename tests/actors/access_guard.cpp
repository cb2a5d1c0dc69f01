// Accounts at the door: what counts when, who gets in, what a refusal leaves behind.

#include "tests/actors/guard_on_stage.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace toit;
using namespace toit::test;

// -- logging in -----------------------------------------------------------------------------------------------------

TEST_CASE("logins that begin together on one account count before any is answered", "[actors][accounts]") {
  guard_on_stage g;
  g.room.closed = true;
  std::vector<decltype(g.log_in("", ""))> burst;
  for (int i = 0; i < 100; ++i)
    burst.push_back(g.log_in("admin", other_password));
  g.on.run();
  CHECK(g.room.waiting.size() == account_desk::failures_limit);
  CHECK(std::ranges::count_if(burst, [&](const auto& told) { return g.refused_with(told, refusal_code::busy); }) ==
        100 - account_desk::failures_limit);
  g.release();
  CHECK_FALSE(g.session_of("admin", password));
  g.node.clock->at += account_desk::rest + 1min;
  CHECK(g.session_of("admin", password));
}

TEST_CASE("few passwords are compared at a time, whatever logins are tried", "[actors][accounts]") {
  guard_on_stage g;
  g.room.closed = true;
  for (int i = 0; i < 100; ++i)
    g.log_in("personne-" + std::to_string(i), other_password);
  auto late = g.log_in("admin", password);
  g.on.run();
  CHECK(g.room.waiting.size() == 16);
  CHECK(g.refused_with(late, refusal_code::busy));
  g.release();
  CHECK(g.session_of("admin", password));
}

TEST_CASE("an unknown login is compared with a hash like any other", "[actors][accounts]") {
  guard_on_stage g;
  CHECK_FALSE(g.session_of("personne", other_password));
  REQUIRE(g.room.compared.size() == 1);
  CHECK(g.room.compared.front().starts_with("plain:"));
  CHECK_FALSE(g.session_of("personne", g.room.compared.front().substr(6)));
}

TEST_CASE("a failed login is in the attempt log by the account that was tried, and counted", "[actors][accounts]") {
  guard_on_stage g;
  g.session_of("admin", other_password);
  g.session_of("personne", other_password);
  REQUIRE(g.log.refusals.size() == 2);
  CHECK(g.log.refusals[0].right == "login");
  CHECK(g.log.refusals[0].agent == g.admin.account);
  CHECK(g.log.refusals[0].legal_person == law::party{g.gestionnaire});
  CHECK(g.log.refusals[1].agent.empty());
  CHECK(g.context->metrics->text().find("toit_logins_total{outcome=\"refused\"} 2") != std::string::npos);
}

TEST_CASE("a password that changed while the old one was compared opens nothing", "[actors][accounts]") {
  guard_on_stage g;
  g.room.closed = true;
  auto old = g.log_in("admin", password);
  g.on.run();
  auto compares = std::exchange(g.room.waiting, {});
  g.room.closed = false;
  REQUIRE(g.recorded(g.set_password(g.admin, g.admin.account, other_password)));
  g.room.waiting = std::move(compares);
  g.release();
  CHECK(g.refused_with(old, refusal_code::unauthenticated));
}

// -- secrets --------------------------------------------------------------------------------------------------------

TEST_CASE("a password that is refused is not hashed, and never counts", "[actors][accounts][R441-2-15-V-2-5]") {
  guard_on_stage g;
  auto reader = g.opened("consultant");
  auto hashed = g.room.hashed;
  CHECK(g.refused_with(g.set_password(reader, g.admin.account, other_password), refusal_code::not_empowered));
  CHECK(g.room.hashed == hashed);
  REQUIRE(g.recorded(g.set_password(g.admin, g.admin.account, "le mot de passe voulu")));
  CHECK_FALSE(g.session_of("admin", other_password));
  CHECK(g.session_of("admin", "le mot de passe voulu"));
}

TEST_CASE("one change of an account is on its way at a time, and a refused one leaves nothing behind",
          "[actors][accounts]") {
  guard_on_stage g;
  auto agent = g.opened("agent");
  g.room.closed = true;
  auto first = g.set_password(agent, agent.account, other_password);
  auto token = law::account_secret_changed{agent.account, law::secret_change::token_issued};
  CHECK(g.refused_with(g.ask(agent, token), refusal_code::busy));
  SECTION("the first counts, and a token can be made afterwards") {
    g.release();
    CHECK(g.recorded(first));
    CHECK_FALSE(g.session_of("agent", password));
    CHECK(g.session_of("agent", other_password));
    auto made = g.ask(agent, token);
    REQUIRE(g.recorded(made));
    CHECK(g.recognised((**made->answer)->secret));
  }
  SECTION("closed meanwhile, the account does not come back") {
    REQUIRE(g.recorded(g.ask(g.admin, law::account_closed{agent.account})));
    g.release();
    CHECK(g.refused_with(first, refusal_code::unknown_subject));
    CHECK_FALSE(g.session_of("agent", other_password));
    // Its login is free again.
    CHECK(g.recorded(g.open("agent")));
  }
}

TEST_CASE("two accounts never get the same login", "[actors][accounts]") {
  guard_on_stage g;
  g.room.closed = true;
  auto first = g.open("agent");
  CHECK(g.refused_with(g.open("agent"), refusal_code::busy));
  SECTION("the first has it") {
    g.release();
    CHECK(g.recorded(first));
    CHECK(g.refused_with(g.open("agent"), refusal_code::duplicate));
  }
  SECTION("the first fails: it is free") {
    g.room.fails = true;
    g.release();
    CHECK(first->error);
    g.room.fails = false;
    CHECK(g.recorded(g.open("agent")));
  }
}

TEST_CASE("a new password closes the account's other sessions and revokes its tokens", "[actors][accounts]") {
  guard_on_stage g;
  auto agent = g.opened("agent");
  auto mine = g.session_of("agent", password)->token;
  auto stolen = g.session_of("agent", password)->token;
  auto made = g.ask(agent, law::account_secret_changed{agent.account, law::secret_change::token_issued});
  auto token = (**made->answer)->secret;
  REQUIRE(g.recognised(token));
  REQUIRE(g.recorded(g.set_password(agent, agent.account, other_password, mine)));
  CHECK(g.recognised(mine));
  CHECK_FALSE(g.recognised(stolen));
  CHECK_FALSE(g.recognised(token));
  // By who administers: all of them.
  REQUIRE(g.recorded(g.set_password(g.admin, agent.account, password)));
  CHECK_FALSE(g.recognised(mine));
}

TEST_CASE("a demandeur's account counts by its entry, and goes with the data of his dossier",
          "[actors][accounts][L441-2-7-1-1c]") {
  guard_on_stage g;
  law::dossier_id dossier = id_with<law::dossier_id>(5);
  auto subject = law::subject_of(dossier);
  auto asked = std::make_shared<asked_command>();
  asked->by = g.admin;
  asked->occurred_on = g.context->today();
  asked->target = subject;
  asked->event = law::applicant_account_opened{};
  asked->login = "demandeur";
  asked->password = password;
  auto told = g.on.ask<answer_ptr>(g.guard, submit_atom_v, asked_command_ptr{asked});
  g.on.run();
  REQUIRE(g.reached.size() == 1);
  CHECK_FALSE(g.session_of("demandeur", password));
  auto look = [&] {
    caf::anon_send(g.guard, written_atom_v,
                   ports::batch_ptr{std::make_shared<ports::entry_batch>(ports::entry_batch{g.context->stream, {}})});
    g.on.run();
  };
  // What the registry would record.
  const auto& command = g.reached.front()->command;
  auto append = std::make_shared<ports::append>();
  append->stream = g.context->stream;
  append->reads.push_back({subject, 0});
  append->drafts.push_back(
      g.node.draft(subject, journal::test::record_of(std::get<law::event>(command.asked), command.id)));
  auto opened = g.node.write(append);
  REQUIRE(opened.status == ports::append_status::appended);
  look();
  auto session = g.session_of("demandeur", password);
  REQUIRE(session);
  CHECK(session->who.own_dossier == dossier);
  REQUIRE(g.node.erase(subject, {opened.last_seq}).status == ports::append_status::appended);
  look();
  CHECK_FALSE(g.recognised(session->token));
  CHECK_FALSE(g.session_of("demandeur", password));
}

TEST_CASE("a demandeur's row lets him in as long as his dossier names the account, and no longer",
          "[actors][accounts][L441-2-7-4-1][L441-2-7-1-1c]") {
  guard_on_stage g;
  auto row = row_of_demandeur(g, 11);
  auto opened = write_of_demandeur(g, 0, law::applicant_account_opened{row.account}, {row});
  begin_again(g);
  REQUIRE(g.session_of("demandeur", password));
  bool keeps = GENERATE(true, false);
  if (keeps) {
    g.take_snapshot();
    begin_again(g);
    CHECK(g.session_of("demandeur", password));
  }
  auto session = g.session_of("demandeur", password);
  REQUIRE(session);
  bool is_erased = GENERATE(true, false);
  if (is_erased)
    REQUIRE(g.node.erase(law::subject_of(own_dossier), {opened}).status == ports::append_status::appended);
  else
    write_of_demandeur(g, opened, law::applicant_account_closed{row.account});
  // As if nobody had seen to the row.
  REQUIRE(g.node.journal->put_accounts({{g.context->stream, {row}}}));
  begin_again(g);
  CHECK_FALSE(g.session_of("demandeur", password));
  auto asked = std::make_shared<read_request>();
  asked->by = session->who;
  asked->what = read_list{};
  auto read = g.on.ask<read_answer_ptr>(g.guard, read_atom_v, read_request_ptr{asked});
  g.on.run();
  CHECK(g.refused_with(read, refusal_code::unauthenticated));
}

TEST_CASE("a row that does not open, or is another stream's, lets nobody in and keeps nobody out",
          "[actors][accounts][L441-2-7-4-1]") {
  guard_on_stage g;
  auto row = row_of_demandeur(g, 11);
  write_of_demandeur(g, 0, law::applicant_account_opened{row.account});
  bool is_anothers = GENERATE(true, false);
  if (is_anothers) {
    REQUIRE(g.node.journal->put_accounts({{*ports::stream_id::parse("T200057875"), {row}}}));
  } else {
    row.sealed.back() ^= 1;
    REQUIRE(g.node.journal->put_accounts({{g.context->stream, {row}}}));
  }
  begin_again(g);
  CHECK_FALSE(g.session_of("demandeur", password));
  CHECK(g.session_of("admin", password));
}

TEST_CASE("a closed account whose row is still there takes nobody's login away", "[actors][accounts][L441-2-7-4-1]") {
  guard_on_stage g;
  auto former = g.opened("agent");
  ports::account_row row;
  for (const auto& one : g.node.journal->open_reader()->accounts(g.context->stream))
    if (one.account == former.account)
      row = one;
  REQUIRE(g.recorded(g.ask(g.admin, law::account_closed{former.account})));
  auto next = g.opened("agent");
  REQUIRE(g.node.journal->put_accounts({{g.context->stream, {row}}}));
  if (GENERATE(false, true))
    g.take_snapshot();
  begin_again(g);
  auto session = g.session_of("agent", password);
  REQUIRE(session);
  CHECK(session->who.account == next.account);
}

TEST_CASE("a demandeur's account that was closed takes nothing from the one that he has now, whichever is read first",
          "[actors][accounts][L441-2-7-4-1]") {
  guard_on_stage g;
  auto [closed, present] = GENERATE(table<std::uint8_t, std::uint8_t>({{11, 12}, {12, 11}}));
  auto old_row = row_of_demandeur(g, closed);
  auto row = row_of_demandeur(g, present);
  auto last = write_of_demandeur(g, 0, law::applicant_account_opened{old_row.account});
  last = write_of_demandeur(g, last, law::applicant_account_closed{old_row.account});
  write_of_demandeur(g, last, law::applicant_account_opened{row.account});
  REQUIRE(g.node.journal->put_accounts({{g.context->stream, {old_row, row}}}));
  begin_again(g);
  if (GENERATE(false, true)) {
    g.take_snapshot();
    begin_again(g);
  }
  auto session = g.session_of("demandeur", password);
  REQUIRE(session);
  CHECK(session->who.account == row.account);
}

TEST_CASE("an account whose secrets are lost is closed, and another one opened", "[actors][accounts][L441-2-7-4-1]") {
  guard_on_stage g;
  auto account = id_with<law::agent_id>(11);
  write_of_demandeur(g, 0, law::applicant_account_opened{account});
  begin_again(g);
  auto ask = [&](law::event happened) {
    auto asked = std::make_shared<asked_command>();
    asked->by = g.admin;
    asked->occurred_on = g.context->today();
    asked->target = law::subject_of(own_dossier);
    asked->event = std::move(happened);
    asked->password = password;
    auto told = g.on.ask<answer_ptr>(g.guard, submit_atom_v, asked_command_ptr{asked});
    g.on.run();
    return told;
  };
  CHECK(g.refused_with(ask(law::applicant_password_set{}), refusal_code::unknown_subject));
  CHECK(g.reached.empty());
  ask(law::applicant_account_closed{});
  REQUIRE(g.reached.size() == 1);
  const auto& command = g.reached.front()->command;
  CHECK(std::get<law::applicant_account_closed>(std::get<law::event>(command.asked)).account == account);
}

// -- mandates and the clock -----------------------------------------------------------------------------------------

TEST_CASE("what is entered under a mandate rests on it: it is among what must not move", "[actors][R441-2-15-I-10]") {
  guard_on_stage g;
  auto principal = *law::siren::parse("732829320");
  REQUIRE(g.recorded(g.ask(g.admin, law::legal_person_registered{principal, law::legal_person_kind::other,
                                                                 law::text<120>{"Corps fictif"}})));
  law::mandate m{};
  m.principal = principal;
  m.introducer = g.gestionnaire;
  m.matter = law::mandate_matter::registration;
  m.ground = "R441-2-1";
  m.from = g.context->today();
  auto granted = g.ask(g.admin, law::mandate_granted{m});
  REQUIRE(g.recorded(granted));
  auto asked = std::make_shared<asked_command>();
  asked->by = g.admin;
  asked->originator = principal;
  asked->occurred_on = g.context->today();
  asked->target = id_with<law::subject_id>(5);
  asked->event = law::certificate_issued{};
  g.on.ask<answer_ptr>(g.guard, submit_atom_v, asked_command_ptr{asked});
  g.on.run();
  REQUIRE(g.reached.size() == 1);
  const auto& reads = g.reached.front()->reads;
  const auto& receipt = **granted->answer;
  auto read = std::ranges::find(reads, receipt->subject, &ports::subject_read::subject);
  REQUIRE(read != reads.end());
  CHECK(read->last_seq == receipt->last_seq);
}

TEST_CASE("a demonstration's clock moves once that is recorded, and not by what is refused", "[actors][clock]") {
  guard_on_stage g;
  auto before = g.node.clock->at;
  auto set = [&](law::instant to, const identity& by, const char* key = "") {
    return g.ask(by, law::clock_set{to}, {}, {}, {}, key);
  };
  auto reader = g.opened("consultant");
  CHECK(g.refused_with(set(before + 24h, reader), refusal_code::not_empowered));
  CHECK(g.refused_with(set(before - 24h, g.admin), refusal_code::bad_date));
  CHECK(g.refused_with(set(law::instant{std::chrono::sys_days{2040y / 1 / 1}}, g.admin), refusal_code::bad_date));
  CHECK(g.steered == 0);
  REQUIRE(g.recorded(set(before + 24h, g.admin, "cle")));
  CHECK(g.steered == 1);
  CHECK(g.node.clock->at == before + 24h);

  // A node that stopped right then begins again where its clock had been set.
  g.node.clock->at = before;
  g.end({caf::actor_cast<caf::actor>(g.guard)});
  g.begin_guard();
  CHECK(g.node.clock->at == before + 24h);
}

TEST_CASE("a list is shown once its line is in the log, and not at all without", "[actors][L441-2-7-1-1c]") {
  guard_on_stage g;
  auto ask = [&](auto what, std::optional<law::purpose> why) {
    auto asked = std::make_shared<read_request>();
    asked->by = g.admin;
    asked->purpose = why;
    asked->what = what;
    auto told = g.on.ask<read_answer_ptr>(g.guard, read_atom_v, read_request_ptr{asked});
    g.on.run();
    return told;
  };
  auto lets_log = [&](bool room) {
    caf::anon_send(g.ear, tick_atom_v, room);
    g.on.run();
  };
  auto shown = ask(read_list{}, law::purpose::shared_management);
  REQUIRE(g.log.consultations.size() == 1);
  CHECK(g.log.consultations.back().purpose == "shared_management");
  CHECK_FALSE(g.log.consultations.back().right.empty());
  CHECK_FALSE(shown->answer);
  lets_log(true);
  CHECK((shown->answer && **shown->answer));
  auto due = ask(read_deadlines{}, law::purpose::shared_management);
  CHECK(g.log.consultations.size() == 2);
  lets_log(false);
  CHECK(g.refused_with(due, refusal_code::read_only));
  auto before = g.log.refusals.size();
  CHECK(g.refused_with(ask(read_list{}, {}), refusal_code::out_of_scope));
  CHECK(g.log.refusals.size() == before + 1);
}

// -- what a former host had recorded --------------------------------------------------------------------------------

namespace {

/// One of each kind that gives something an identifier of its own.
std::vector<law::event> made_as(law::subject_id own, const guard_on_stage& g) {
  law::designated named{};
  named.candidacy = law::id_of<law::candidacy_id>(own);
  law::dwelling_registered home{};
  home.dwelling = law::id_of<law::dwelling_id>(own);
  law::vacancy_opened opened{};
  opened.vacancy = law::id_of<law::vacancy_id>(own);
  law::session_scheduled scheduled{};
  scheduled.session = law::id_of<law::session_id>(own);
  law::reservation_convention_signed reserved{};
  reserved.convention.id = law::id_of<law::convention_id>(own);
  law::dispositif_convention_proposed proposed{};
  proposed.convention.id = law::id_of<law::convention_id>(own);
  law::habilitation_granted granted{};
  granted.habilitation.id = law::id_of<law::habilitation_id>(own);
  granted.habilitation.legal_person = g.gestionnaire;
  granted.habilitation.quality = law::quality::epci_responsable;
  granted.habilitation.from = g.context->today();
  return {named, home, opened, scheduled, reserved, proposed, granted};
}

} // namespace

TEST_CASE("what a former host had made comes back under the identifier that it had", "[actors][L441-2-7-4-1]") {
  guard_on_stage g;
  auto about = id_with<law::subject_id>(5);
  auto own = id_with<law::subject_id>(6);
  auto asks_again = [&](const law::event& made) {
    auto asked = std::make_shared<asked_command>();
    asked->by = g.admin;
    asked->occurred_on = g.context->today();
    asked->event = made;
    asked->late = about;
    auto told = g.on.ask<answer_ptr>(g.guard, submit_atom_v, asked_command_ptr{asked});
    g.on.run();
    return told;
  };
  for (const auto& made : made_as(own, g)) {
    CAPTURE(law::kind_of(made).name);
    auto before = g.reached.size();
    auto told = asks_again(made);
    if (std::holds_alternative<law::habilitation_granted>(made)) {
      REQUIRE(g.recorded(told));
      CHECK((**told->answer)->subject == own);
    } else {
      REQUIRE(g.reached.size() == before + 1);
      CHECK(g.reached.back()->facts.fresh_ids[0] == own);
    }
  }
  // A demande is its entries' subject.
  asks_again(law::demande_registered{});
  CHECK(g.reached.back()->facts.fresh_ids[0] == about);
}
