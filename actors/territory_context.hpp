/// \file
/// What the actors of one territory share: its settings, and the ports through which they touch the world.

#pragma once

#include "base/metrics.hpp"
#include "law/decide.hpp"
#include "law/time_zone.hpp"
#include "ports/accounts.hpp"
#include "ports/clock.hpp"
#include "ports/command_post.hpp"
#include "ports/files.hpp"
#include "ports/hosting.hpp"
#include "ports/passwords.hpp"
#include "ports/randomness.hpp"
#include "ports/snapshots.hpp"
#include "ports/vault.hpp"

#include <functional>

namespace toit {

/// Faults that the simulator's checkers must find: all off, and out of reach, but in builds made for tests.
struct deliberate_bugs {
  bool acknowledge_before_sync = false;
  bool fire_deadline_twice = false;
  bool accept_stale_subject = false;
  bool lose_an_inbox_entry = false;
  bool import_late_twice = false;
  bool execute_late_decision = false;
};

struct territory_context {
  ports::stream_id stream;
  law::settings settings;
  std::string departement; ///< of the territory's civil time
  std::function<bool(law::commune_code)> commune_exists;
  /// The EPCI, EPT or Paris in which a commune lies today; absent where it is in none.
  std::function<std::optional<law::siren>(law::commune_code)> territory_of_commune;

  std::shared_ptr<const ports::clock> clock;
  std::shared_ptr<ports::randomness> chance;
  std::shared_ptr<ports::sealer> sealer;
  std::function<std::unique_ptr<ports::journal_reader>()> open_reader;
  std::shared_ptr<ports::document_vault> vault;
  std::shared_ptr<ports::snapshots> snapshots;
  std::shared_ptr<ports::files> marks; ///< what an actor must find again after a crash, and no entry says
  std::shared_ptr<ports::account_sealer> accounts;
  std::shared_ptr<ports::digester> digester;
  std::shared_ptr<ports::password_hasher> passwords;
  std::shared_ptr<base::metrics> metrics;
  std::shared_ptr<const ports::command_post> post; ///< null on a node alone
  std::shared_ptr<const ports::hosting> hosting;   ///< of a State node of a federation
  deliberate_bugs bugs;

  law::civil_date today() const { return law::local_date(departement, clock->now()); }
};
using territory_context_ptr = std::shared_ptr<const territory_context>;

/// Entries after which a snapshot is worth its while: what a restart folds again in less than a second.
constexpr std::uint64_t keep_every_entries = 200'000;

/// How long an actor waits for another one before the outcome counts as unknown.
constexpr std::chrono::seconds ask_timeout{10};

} // namespace toit
