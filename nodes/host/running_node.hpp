/// \file
/// A node at work: its actors under a supervisor, its housekeeping, and what the API asks of it.

#pragma once

#include "nodes/federation/link_keeper.hpp"
#include "nodes/host/housekeeping.hpp"
#include "nodes/host/node_supervisor.hpp"
#include "web/server/host.hpp"

#include <caf/all.hpp>

namespace toit::nodes {

class running_node : public web::host {
public:
  /// `give_up` is called from any thread, at most a few times, when the node cannot go on.
  running_node(opened_node& opened, const configuration& with, const territory_map& map, on_node_fault give_up);
  /// Ends the actors without asking them anything.
  ~running_node() override;

  /// In order, once nobody is let in any more: what was begun is answered, snapshots are kept, actors end.
  void stop(std::chrono::seconds within);

  caf::actor_system& system() override { return *system_; }
  std::optional<territory_actors> actors() const override { return running_->actors(); }
  event_recorder_actor recorder() const override { return recorder_; }
  const territory_context& context() const override { return *opened_.context(); }
  std::string territory_name() const override { return territory_name_; }
  std::string purpose() const override { return purpose_; }
  std::array<std::uint8_t, 32> signer() const override { return opened_.journal().signer(); }
  std::optional<std::string> not_ready() const override;
  ports::federation_report_ptr links() const override;
  /// Where other nodes reach this one; empty when they do not.
  const std::string& link_endpoint() const { return link_endpoint_; }

  /// True once every civil day up to `day` has been kept, effects included.
  bool day_is_done(law::civil_date day) const;

private:
  void wait_until_idle(std::chrono::steady_clock::time_point deadline);
  void keep_snapshots(std::chrono::steady_clock::time_point deadline);
  void end_actors();
  void begin_links(const federated& with, const on_node_fault& give_up);
  bool is_held() const;
  void end_links();

  opened_node& opened_;
  std::string territory_name_;
  std::string purpose_;
  bool is_federated_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<running_territory> running_ = std::make_shared<running_territory>();
  event_recorder_actor recorder_;
  node_supervisor_actor supervisor_;
  std::optional<housekeeping> housekeeping_;
  std::unique_ptr<link_receiver> receiver_;
  std::shared_ptr<ports::transport> transport_;
  std::string link_endpoint_;
  link_keeper_actor keeper_;
  mutable std::mutex report_mutex_;
  ports::federation_report_ptr report_; ///< as last published
};

} // namespace toit::nodes
