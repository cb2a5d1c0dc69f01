/// \file
/// One a territory: the only door. Knows who asks, in what quality, and owns legal persons, habilitations, mandates and
/// accounts.

#pragma once

#include "actors/account_desk.hpp"
#include "actors/instruments.hpp"
#include "actors/number_cache.hpp"

namespace toit {

using guard_pointer = access_guard_actor::stateful_pointer<struct access_guard_state>;

/// Whom the guard hands what it lets in to.
struct guard_neighbours {
  event_recorder_actor recorder;
  stream_reader_actor entries;
  demand_registry_actor registry;
  contingent_allocator_actor allocator;
  documents_actor documents;
  dossier_reader_actor reader;
  password_desk_actor passwords;
  deadline_watcher_actor watcher;
  convention_keeper_actor conventions; ///< null on a State node
  state_desk_actor state;              ///< null in a territory
  prefect_procedures_actor procedures; ///< null in a territory
  late_entries_actor late;             ///< null on a node alone, and on a State node
};

/// A demonstration node's clock, which goes where it is set; empty on any other node.
using set_clock = std::function<void(law::instant)>;

class guard_owner : public instruments_owner<guard_book, guard_pointer> {
public:
  guard_owner(guard_pointer self, territory_context_ptr context, event_recorder_actor recorder, account_desk& accounts)
      : instruments_owner{self, std::move(context), std::move(recorder), "guard"}, accounts_{accounts} {}

  /// Who may do what is read ahead of everything else: it is in clear, and little. Whom a demandeur's account stands
  /// for is not known before all is folded.
  void begin_lazily(stream_reader_actor reader, std::function<void()> prepared, std::function<void()> ready);

  const guard_book& book() const { return early_ ? *early_ : instruments_owner::book(); }

  std::optional<law::dossier_id> find_number(law::nud number) {
    return numbers_.find(cursor().reader(), context().stream, number);
  }

  /// Over the dispositif, in the epoch in force.
  law::authority_in_force authority();

protected:
  /// What is written of accounts counts from then on.
  void folded(const ports::stored_entry& entry) override;
  void put_more(ports::snapshots::writer& file) override;

private:
  void read_early();

  account_desk& accounts_;
  std::optional<guard_book> early_; ///< until all is folded, in its order
  number_cache numbers_;
  std::optional<law::authority_in_force> authority_; ///< as last looked up; absent: to be looked up
};

struct access_guard_state {
  access_guard_state() = default;

  static inline const char* name = "access_guard";

  void make_ready();
  void end_folding();
  caf::result<session_answer_ptr> log_in(const credentials_ptr& given);
  caf::result<answer_ptr> submit(const asked_command_ptr& asked);
  caf::result<read_answer_ptr> read(const read_request_ptr& request);
  caf::result<late_page_ptr> list_late(const late_query_ptr& asked);

  guard_pointer self = nullptr;
  territory_context_ptr context;
  guard_neighbours neighbours;
  std::unique_ptr<account_desk> accounts;
  std::unique_ptr<guard_owner> desk;
  set_clock steer;

private:
  using read_promise = caf::typed_response_promise<read_answer_ptr>;
  using login_promise = caf::typed_response_promise<session_answer_ptr>;

  /// Passwords that are compared at a time: beyond, whoever asks has to come back.
  static constexpr std::size_t logins_limit = 16;

  void resume_clock();
  void end_login(const credentials_ptr& given, bool right, const std::string& hashed, login_promise promise);
  void refuse_login(const ports::account_secrets* who, login_promise promise);
  void turn_away(login_promise promise, session_answer_ptr why);
  session_answer_ptr postpone_login();
  void count_login(const char* outcome) const;

  std::string nobodys_password_; ///< a hash that unknown logins are compared with
  std::size_t logins_under_way_ = 0;
  std::vector<std::pair<login_promise, session_answer_ptr>> turned_away_; ///< and not told before all is folded

  // access_guard_commands.cpp
  law::check check_asker(const asked_command& asked, const law::entry_kind& kind) const;
  law::check check_vouched(const identity& who) const;
  caf::result<answer_ptr> admit(const asked_command_ptr& asked);
  caf::result<answer_ptr> issue(const asked_command_ptr& asked);
  std::shared_ptr<submission> begin(const asked_command& asked);
  law::check complete(submission& on_its_way, const asked_command& asked);
  bool enters_letter(const law::event& asked, const law::party& introducer) const;
  law::check add_originator(submission& on_its_way, const asked_command& asked) const;
  law::check add_target(submission& on_its_way, const asked_command& asked);
  void add_numbers(submission& on_its_way);
  std::optional<law::nud> fresh_number(const law::demande_registered& registered, law::civil_date reception);
  void add_rights(submission& on_its_way, const asked_command& asked) const;
  void add_communes(submission& on_its_way) const;
  caf::result<answer_ptr> hand_over(const std::shared_ptr<submission>& on_its_way, const asked_command_ptr& asked);
  caf::result<answer_ptr> hand_over_late(const std::shared_ptr<submission>& on_its_way);
  caf::result<answer_ptr> hand_to_owner(const submission_ptr& ready);
  caf::result<answer_ptr> move_clock(const std::shared_ptr<submission>& on_its_way, law::instant to);
  caf::result<answer_ptr> confirm_clock(const std::shared_ptr<submission>& on_its_way);
  caf::result<answer_ptr> refuse(const submission& on_its_way, law::refusal why);

  // access_guard_accounts.cpp
  using secrets = std::expected<secrets_on_their_way, law::refusal>;
  caf::result<answer_ptr> bring_secrets(const std::shared_ptr<submission>& on_its_way, const asked_command_ptr& asked);
  law::check check_power(const submission& on_its_way) const;
  secrets secrets_of(submission& on_its_way, const asked_command& asked);
  secrets opened_account(submission& on_its_way, const asked_command& asked) const;
  secrets changed_account(submission& on_its_way, const asked_command& asked);
  std::optional<law::agent_id> account_of(const submission& on_its_way) const;
  secrets changed_demandeur(submission& on_its_way, const asked_command& asked) const;
  secrets with_new_token(submission& on_its_way, const asked_command& asked, ports::account_secrets account);
  secrets with_new_password(const asked_command& asked, ports::account_secrets account) const;
  void submit_secrets(const std::shared_ptr<submission>& on_its_way, guard_owner::promise_type promise);
  law::check close_account(submission& on_its_way);

  // access_guard_reads.cpp
  law::reader reader_of(const identity& who) const;
  bool may_review(const identity& who) const;
  caf::result<read_answer_ptr> read_one(const read_request_ptr& request, law::dossier_id id);
  caf::result<read_answer_ptr> read_page(const read_request_ptr& request);
  caf::result<read_answer_ptr> read_due(const read_request_ptr& request);
  caf::result<read_answer_ptr> read_candidates_of(const read_request_ptr& request);
  std::optional<law::view> open_list(const read_request& request, read_promise promise, ports::log_line& line);
  void let_in(const read_request_ptr& request, const dossier_brief& brief, read_promise promise);
  void answer_logged(read_promise promise, const read_answer_ptr& found, ports::log_line line);
  void refuse_read(read_promise promise, ports::log_line line, law::refusal why);
  ports::log_line line_of(const read_request& request, std::string_view what) const;
};

access_guard_actor::behavior_type access_guard(guard_pointer self, territory_context_ptr context,
                                               guard_neighbours neighbours, set_clock steer);

} // namespace toit
