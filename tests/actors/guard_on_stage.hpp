/// \file
/// The guard on a stage: its journal, and everybody around it played by hand.

#pragma once

#include "actors/access_guard.hpp"
#include "nodes/adapters.hpp"
#include "nodes/bootstrap.hpp"
#include "simulation/world/world.hpp"
#include "tests/actors/context_on_stage.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::test {

using namespace std::chrono_literals;
using journal::test::id_with;
using law::refusal_code;

/// What is asked of the password desk waits while it is closed.
struct password_room {
  bool closed = false;
  bool fails = false;
  std::size_t hashed = 0;
  std::vector<std::string> compared; ///< hashes
  std::vector<std::function<void()>> waiting;

  void take(std::function<void()> work) { closed ? waiting.push_back(std::move(work)) : work(); }
};

inline caf::behavior slow_passwords(caf::event_based_actor* self, password_room* room) {
  return {
      [self, room](hash_atom, const std::string& password) -> caf::result<std::string> {
        ++room->hashed;
        auto promise = self->make_response_promise<std::string>();
        room->take([room, promise, password]() mutable {
          if (room->fails)
            return static_cast<void>(promise.deliver(caf::error{caf::sec::runtime_error}));
          promise.deliver("plain:" + password);
        });
        return promise;
      },
      [self, room](check_atom, const std::string& hashed, const std::string& password) -> caf::result<bool> {
        room->compared.push_back(hashed);
        auto promise = self->make_response_promise<bool>();
        room->take([promise, right = hashed == "plain:" + password]() mutable { promise.deliver(right); });
        return promise;
      },
      [room](tick_atom) {
        for (auto& work : std::exchange(room->waiting, {}))
          work();
      },
  };
}

/// What the recorder is asked to log, and reads that wait for it.
struct heard {
  std::vector<ports::log_line> refusals;
  std::vector<ports::log_line> consultations;
  std::vector<caf::typed_response_promise<bool>> waiting;

  void answer(bool logged) {
    for (auto& promise : std::exchange(waiting, {}))
      promise.deliver(logged);
  }
};

/// Before the recorder: notes what is logged, and leaves reads waiting.
inline caf::behavior listening_recorder(caf::event_based_actor* self, event_recorder_actor to, heard* told) {
  return {
      [self, told](consult_atom, const log_line_ptr& line) -> caf::result<bool> {
        told->consultations.push_back(*line);
        told->waiting.push_back(self->make_response_promise<bool>());
        return told->waiting.back();
      },
      [told](tick_atom, bool logged) { told->answer(logged); },
      [self, to](append_atom atom, const append_group_ptr& group) -> caf::result<append_results_ptr> {
        return self->delegate(to, atom, group);
      },
      [self, to, told](refuse_atom atom, const log_line_ptr& line) -> caf::result<append_results_ptr> {
        told->refusals.push_back(*line);
        return self->delegate(to, atom, line);
      },
      [self, to](follow_atom atom, const ports::stream_id& stream, const follower_actor& follower) {
        self->send(to, atom, stream, follower);
      },
  };
}

/// A registry that keeps what reaches it, and never answers; and the watcher of a clock that is confirmed.
inline caf::behavior silent_registry(caf::event_based_actor* self, std::vector<submission_ptr>* reached) {
  return {
      [self, reached](submit_atom, const submission_ptr& asked) -> caf::result<answer_ptr> {
        reached->push_back(asked);
        return self->make_response_promise<answer_ptr>();
      },
      [](confirm_atom, std::uint64_t) {},
      [](list_atom, const list_query_ptr&) {
        return std::make_shared<const read_answer>(read_content{dossier_page{}});
      },
      [](due_atom, const due_query_ptr&) { return std::make_shared<const due_page>(); },
  };
}

/// Keeps what reaches it, and whether lists are asked for with their reasons.
inline caf::behavior listening_late(caf::event_based_actor* self, std::vector<submission_ptr>* reached,
                                    std::vector<bool>* with_reasons) {
  return {
      [self, reached](submit_atom, const submission_ptr& asked) -> caf::result<answer_ptr> {
        reached->push_back(asked);
        return self->make_response_promise<answer_ptr>();
      },
      [with_reasons](list_atom, const late_query_ptr& asked) {
        with_reasons->push_back(asked->with_reasons);
        return late_page_ptr{std::make_shared<const late_page>()};
      },
  };
}

constexpr const char* password = "mot de passe fictif";
constexpr const char* other_password = "un autre mot de passe";

struct guard_on_stage {
  guard_on_stage() {
    node.open();
    auto made = context_over(node, journal::test::stream(), gestionnaire);
    made->settings.communes = {*law::commune_code::parse("93066")};
    made->commune_exists = [](law::commune_code) { return true; };
    made->accounts = nodes::make_account_sealer(node.journal->keys(), made->stream);
    made->digester = nodes::make_digester(node.journal->keys(), made->stream);
    context = made;
    simulation::plain_hasher hasher;
    nodes::create_first_account(*node.journal, made->stream,
                                {gestionnaire, law::text<120>{"Gestionnaire fictif"}, law::legal_person_kind::ept,
                                 law::text<80>{"admin"}, law::text<120>{"Personne fictive"}, password,
                                 law::civil_date{2015y / 1 / 1}},
                                *made->accounts, hasher, *made->chance, context->today());
    for (const auto& entry : node.journal->open_reader()->read(made->stream, 0, 16))
      if (const auto* opened = std::get_if<law::account_opened>(&entry.record->event))
        admin = {gestionnaire, opened->account, {}};
    recorder = on.system().spawn(event_recorder, &node.writer(), made->metrics, deliberate_bugs{});
    ear = on.system().spawn(listening_recorder, recorder, &log);
    passwords = on.system().spawn(slow_passwords, &room);
    registry = on.system().spawn(silent_registry, &reached);
    late = on.system().spawn(listening_late, &reached, &with_reasons);
    begin_guard();
  }
  ~guard_on_stage() {
    end({caf::actor_cast<caf::actor>(guard), ear, passwords, registry, late, caf::actor_cast<caf::actor>(recorder)});
    on.pass(61s);
  }

  void begin_guard() {
    guard_neighbours beside;
    beside.recorder = caf::actor_cast<event_recorder_actor>(ear);
    beside.registry = caf::actor_cast<demand_registry_actor>(registry);
    beside.passwords = caf::actor_cast<password_desk_actor>(passwords);
    beside.watcher = caf::actor_cast<deadline_watcher_actor>(registry);
    beside.allocator = caf::actor_cast<contingent_allocator_actor>(registry);
    beside.conventions = caf::actor_cast<convention_keeper_actor>(conventions ? conventions : registry);
    beside.late = caf::actor_cast<late_entries_actor>(late);
    if (entries)
      beside.entries = caf::actor_cast<stream_reader_actor>(entries);
    set_clock steer = [this](law::instant to) {
      ++steered;
      node.clock->at = to;
    };
    guard = on.system().spawn(access_guard, context, beside, steer);
    on.run();
  }
  void end(const std::vector<caf::actor>& all) {
    for (const auto& actor : all)
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    on.run();
  }
  void take_snapshot() {
    caf::anon_send(guard, keep_atom_v, true);
    on.run();
  }
  void release() {
    room.closed = false;
    caf::anon_send(passwords, tick_atom_v);
    on.run();
  }

  using answered = std::shared_ptr<test::stage::asked<answer_ptr>>;
  answered ask(const identity& by, law::event event, std::string secret = {}, std::string login = {},
               std::string token = {}, std::string key = {}) {
    auto asked = std::make_shared<asked_command>();
    asked->by = by;
    asked->token = std::move(token);
    asked->occurred_on = context->today();
    asked->idempotency_key = std::move(key);
    asked->event = std::move(event);
    asked->password = std::move(secret);
    asked->login = std::move(login);
    auto told = on.ask<answer_ptr>(guard, submit_atom_v, asked_command_ptr{asked});
    on.run();
    return told;
  }
  answered set_password(const identity& by, law::agent_id of, std::string secret, std::string token = {}) {
    return ask(by, law::account_secret_changed{of, law::secret_change::password_set}, std::move(secret), {},
               std::move(token));
  }
  answered open(const std::string& login, law::agent_missions missions = {law::agent_mission::consult}) {
    return ask(admin, law::account_opened{{}, gestionnaire, missions, context->today(), {}}, password, login);
  }
  identity opened(const std::string& login, law::agent_missions missions = {law::agent_mission::consult}) {
    auto told = open(login, missions);
    REQUIRE(recorded(told));
    return {gestionnaire, law::id_of<law::agent_id>((**told->answer)->subject), {}};
  }

  auto log_in(const std::string& login, const std::string& secret) {
    return on.ask<session_answer_ptr>(guard, login_atom_v, credentials_ptr{new credentials{login, secret, {}}});
  }
  std::optional<session> session_of(const std::string& login, const std::string& secret) {
    auto told = log_in(login, secret);
    on.run();
    return told->answer && **told->answer ? std::optional{***told->answer} : std::nullopt;
  }
  bool recognised(const std::string& token) {
    auto told = on.ask<session_answer_ptr>(guard, login_atom_v, credentials_ptr{new credentials{{}, {}, token}});
    on.run();
    return told->answer && (**told->answer).has_value();
  }

  static bool recorded(const answered& told) { return told->answer && (**told->answer).has_value(); }
  template <class Result>
  static bool refused_with(const std::shared_ptr<test::stage::asked<Result>>& told, refusal_code code) {
    return told->answer && !(**told->answer).has_value() && (**told->answer).error().code == code;
  }

  const law::siren gestionnaire = *law::siren::parse("200057867");
  journal::test::node node;
  test::stage on;
  territory_context_ptr context;
  identity admin;
  password_room room;
  heard log;
  std::vector<submission_ptr> reached;
  std::vector<bool> with_reasons; ///< of lists of late entries
  int steered = 0;
  event_recorder_actor recorder;
  caf::actor ear;
  caf::actor passwords;
  caf::actor registry;
  caf::actor late;
  caf::actor conventions; ///< null: the registry is in its place
  caf::actor entries;     ///< null: the guard reads by itself
  access_guard_actor guard;
};

const inline auto own_dossier = id_with<law::dossier_id>(5);

/// An entry of his dossier, as the registry of this node or of a former host has written it, and what the row of an
/// account is from then on.
inline std::uint64_t write_of_demandeur(guard_on_stage& g, std::uint64_t last, law::event happened,
                                        std::vector<ports::account_row> rows = {}) {
  auto append = std::make_shared<ports::append>();
  append->stream = g.context->stream;
  append->reads.push_back({law::subject_of(own_dossier), last});
  append->drafts.push_back(g.node.draft(law::subject_of(own_dossier), journal::test::record_of(std::move(happened))));
  append->accounts = std::move(rows);
  auto done = g.node.write(append);
  REQUIRE(done.status == ports::append_status::appended);
  return done.last_seq;
}

inline ports::account_row row_of_demandeur(guard_on_stage& g, std::uint8_t account) {
  ports::account_secrets secrets;
  secrets.account = id_with<law::agent_id>(account);
  secrets.login = law::text<80>{"demandeur"};
  secrets.password = std::string{"plain:"} + password;
  secrets.own_dossier = own_dossier;
  return g.context->accounts->seal(secrets);
}

inline void begin_again(guard_on_stage& g) {
  g.end({caf::actor_cast<caf::actor>(g.guard)});
  g.begin_guard();
}

} // namespace toit::test
