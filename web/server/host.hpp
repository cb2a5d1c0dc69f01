/// \file
/// What the API is given to serve: one territory's actors as they are now, and what else of its node may be shown.

#pragma once

#include "actors/territory.hpp"

namespace toit::web {

/// Who asks for somebody, as the directory knows him.
struct relaying_node {
  law::siren legal_person; ///< that answers for the node
  bool is_state = false;
};

/// A nominative read that an agent of a State node asks of a territory's: answered there, under its guard and in its
/// log.
struct relayed_read {
  law::siren legal_person;
  law::agent_id agent;
  law::text<2048> target; ///< path and query, as on the territory's own node
  law::text<64> purpose;
  static constexpr auto fields() {
    using law::field;
    using t = relayed_read;
    return std::tuple{field{"legal_person", &t::legal_person}, field{"agent", &t::agent}, field{"target", &t::target},
                      field{"purpose", &t::purpose}};
  }
};
struct relayed_answer {
  std::uint16_t status = 0;
  std::string type;
  std::string body;
  static constexpr auto fields() {
    using law::field;
    using t = relayed_answer;
    return std::tuple{field{"status", &t::status}, field{"type", &t::type}, field{"body", &t::body}};
  }
};

/// Implemented by nodes/; any thread may call.
class host {
public:
  virtual ~host() = default;

  virtual caf::actor_system& system() = 0;
  /// Those that run now: after a failure they are others. Absent while they begin, and while the node stops.
  virtual std::optional<territory_actors> actors() const = 0;
  virtual event_recorder_actor recorder() const = 0;

  /// Settings, clock, readers of the journal, metrics.
  virtual const territory_context& context() const = 0;
  virtual std::string territory_name() const = 0;
  /// "production", "training" or "demonstration".
  virtual std::string purpose() const = 0;
  /// Public half of the key that signs the journal's heads.
  virtual std::array<std::uint8_t, 32> signer() const = 0;

  /// How the node stands with its neighbours; null while it is alone.
  virtual ports::federation_report_ptr links() const = 0;

  /// Asks the host of the stream; absent when it does not answer. Never blocks.
  virtual void relay(const ports::stream_id& to, relayed_read asked,
                     std::function<void(std::optional<relayed_answer>)> tell) = 0;

  /// Name, in the directory, of the node that hosts the territory now; absent when it is this one.
  virtual std::optional<std::string> elsewhere() const { return std::nullopt; }
  /// Another territory whose dispositif this node hosts, or has hosted since it began; null where there is none.
  virtual std::shared_ptr<host> of(law::siren) { return nullptr; }
  /// Why the node takes no command now, in French and without personal data; absent when it does.
  virtual std::optional<std::string> not_ready() const = 0;
};

} // namespace toit::web
