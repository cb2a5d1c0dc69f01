/// \file
/// One a node: the signed directory, as it lies on disk. What is in force is the exchange's to say; what comes by hand
/// is looked for here, and what comes over a link is kept here.

#pragma once

#include "actors/interfaces.hpp"
#include "federation/directory.hpp"

namespace toit::nodes {

struct directory_context {
  journal::public_key anchor{};
  /// As it was issued; what was adopted is in force at once.
  std::function<std::shared_ptr<const federation::directory>()> in_force;
  /// Throws std::runtime_error or `ports::files_full`.
  std::function<void(const ports::bytes&)> keep;
  /// The file where directories are brought to; absent when there is none, or it cannot be read.
  std::function<std::optional<ports::bytes>()> look;
  /// A newer one is in force: whoever reads it without asking is told.
  std::function<void(federation::directory)> adopted;
};

struct directory_keeper_state {
  directory_keeper_state() = default;

  static inline const char* name = "directory_keeper";

  static constexpr std::chrono::seconds tick_every{10};

  bool keep(const message_ptr& brought);
  void tick();

  directory_keeper_actor::pointer self = nullptr;
  directory_context context;
  link_keeper_actor links; ///< null until there are some

private:
  std::optional<federation::directory> newer(const ports::bytes& brought);

  ports::bytes judged_; ///< what was last found where directories are brought to
};

/// Spawned detached in service: it waits for the disk.
directory_keeper_actor::behavior_type
directory_keeper(directory_keeper_actor::stateful_pointer<directory_keeper_state> self, directory_context context);

} // namespace toit::nodes
