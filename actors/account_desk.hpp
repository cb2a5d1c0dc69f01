/// \file
/// Local accounts of one territory, sessions and tokens: who is at the other end.

#pragma once

#include "actors/guard_book.hpp"
#include "actors/messages.hpp"
#include "actors/territory_context.hpp"

namespace toit {

/// An account as it will be once the entry that says so is written.
struct secrets_on_their_way {
  ports::account_secrets account;
  bool new_password = false;   ///< what the old one opened is closed
  law::bytes32 kept_session{}; ///< but for the session of who changed his own
};

class account_desk {
public:
  static constexpr std::size_t sessions_limit = 20'000;
  static constexpr std::chrono::hours session_length{8};
  /// Failures on one login before it rests, and for how long.
  static constexpr unsigned failures_limit = 5;
  static constexpr std::chrono::minutes rest{15};
  static constexpr std::size_t password_length_least = 12;
  static constexpr std::size_t password_length_most = 200;
  /// Changes of accounts on their way at a time: each may cost a hash.
  static constexpr std::size_t changes_limit = 64;

  explicit account_desk(territory_context_ptr context) : context_{std::move(context)} {}

  /// Of agents those whose account the book does not call closed.
  void load(ports::journal_reader& reader, const guard_book& book);
  /// Once all is folded: rows that no entry names any more let nobody in, and keep no login from others.
  void drop_unnamed(const guard_book& book);

  const ports::account_secrets* find(law::agent_id id) const;
  const ports::account_secrets* find_login(const std::string& login) const;

  /// Keeps what a command brings, and its login for it alone, until its entry confirms it or its refusal withdraws it.
  /// False when the command, the account or the login is already being dealt with, or too many are.
  bool expect(law::command_id command, secrets_on_their_way brought);
  void set_password(law::command_id command, std::string hashed);
  const ports::account_secrets& expected(law::command_id command) const { return expected_.at(command).account; }
  void confirm(law::command_id command);
  void withdraw(law::command_id command) { expected_.erase(command); }

  void drop(law::agent_id id);
  void drop_of(law::dossier_id dossier);

  /// Who an account stands for today; absent when it is closed, out of its dates, or not the one of its dossier.
  std::optional<identity> identity_of(const ports::account_secrets& account, const guard_book& book) const;

  /// Counts an attempt as it begins, so that those made at the same time count too; false while the login has failed
  /// too often.
  bool begin_attempt(const std::string& login);
  void forget_failures(const std::string& login) { failures_.erase(login); }

  /// Absent when too many sessions are open.
  std::optional<session> open_session(const identity& who);
  void close_session(const std::string& token);
  /// The holder of a session's token or of an account's.
  std::optional<session> recognise(const std::string& token, const guard_book& book) const;

  /// A token for an account, to be kept with its secrets: the token as it is shown once, and what is kept of it.
  std::pair<std::string, ports::account_token> make_token(law::agent_id account, law::text<60> label,
                                                          law::instant expires);

  law::bytes32 digest(std::string_view purpose, std::string_view secret) const;
  std::string fresh_secret();

private:
  struct open {
    identity who;
    law::instant expires{};           ///< as it was told
    std::chrono::milliseconds ends{}; ///< monotonic: a demonstration's clock that is set closes no session
  };
  struct failures {
    unsigned count = 0;
    law::instant latest{};
  };

  void keep(ports::account_secrets account);
  void put(ports::account_secrets account);
  void free_login(const std::string& login, law::agent_id former);
  bool rests(const std::string& login) const;
  void count_attempt(const std::string& login);

  territory_context_ptr context_;
  std::map<law::agent_id, ports::account_secrets> accounts_;
  std::map<std::string, law::agent_id> logins_;
  std::map<law::dossier_id, law::agent_id> demandeurs_;
  std::map<law::command_id, secrets_on_their_way> expected_;
  std::map<law::bytes32, open> sessions_;
  std::map<std::string, failures> failures_;
};

} // namespace toit
