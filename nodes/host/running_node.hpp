/// \file
/// A node at work: the actors of each territory under a supervisor of their own, one recorder for all, its
/// housekeeping, and what the API asks of it.

#pragma once

#include "nodes/federation/directory_keeper.hpp"
#include "nodes/federation/link_keeper.hpp"
#include "nodes/host/housekeeping.hpp"
#include "nodes/host/node_supervisor.hpp"
#include "nodes/hosting/host_keeper.hpp"
#include "web/server/server.hpp"

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
  std::optional<territory_actors> actors() const override { return actors_of(opened_.stream()); }
  /// Of the territory that has this place in `opened_node::hosted()`; absent while they begin, and where none has it.
  std::optional<territory_actors> actors_of(std::size_t which) const;
  std::optional<territory_actors> actors_of(const ports::stream_id& stream) const;
  event_recorder_actor recorder() const override { return recorder_; }
  const territory_context& context() const override { return *opened_.context(); }
  std::string territory_name() const override { return territory_name_; }
  std::string purpose() const override { return purpose_; }
  std::array<std::uint8_t, 32> signer() const override { return opened_.journal().signer(); }
  std::optional<std::string> not_ready() const override;
  std::optional<std::string> elsewhere() const override { return elsewhere(opened_.stream()); }
  std::optional<std::string> elsewhere(const ports::stream_id& stream) const;
  std::shared_ptr<web::host> of(law::siren territory) override;
  ports::federation_report_ptr links() const override;
  void relay(const ports::stream_id& to, web::relayed_read asked,
             std::function<void(std::optional<web::relayed_answer>)> tell) override;
  /// Answers what other nodes ask; set before they can be answered, unset before it goes away.
  using answerer = std::function<void(const web::relayed_read& asked, const web::relaying_node& by,
                                      std::function<void(web::relayed_answer)> tell)>;
  void answer_with(answerer answers);
  /// Where other nodes reach this one; empty when they do not.
  const std::string& link_endpoint() const { return link_endpoint_; }

  /// True once every civil day up to `day` has been kept, effects included.
  bool day_is_done(law::civil_date day) const;

private:
  struct hosted_territory {
    std::shared_ptr<running_territory> running = std::make_shared<running_territory>();
    node_supervisor_actor supervisor;
  };

  void begin_territory(const territory_context_ptr& context);
  void end_territory(const ports::stream_id& stream);
  static void end(hosted_territory& one);
  std::vector<hosted_territory> hosted() const;
  static void wait_until_idle(caf::scoped_actor& self, const territory_actors& actors,
                              std::chrono::steady_clock::time_point deadline);
  void keep_snapshots(std::chrono::steady_clock::time_point deadline);
  void end_actors();
  void begin_links(const federated& with);
  void begin_hosting();
  bool is_held() const;
  void begin_directories();
  void end_links();
  void answer(const web::relayed_read& asked, const web::relaying_node& by,
              std::function<void(web::relayed_answer)> tell);
  void answer_question(const ports::node_name& from, const ports::bytes& asked,
                       const std::function<void(ports::bytes)>& tell);

  opened_node& opened_;
  std::string territory_name_;
  std::string purpose_;
  bool is_federated_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  territory_options options_;
  on_node_fault give_up_;
  mutable std::mutex hosted_mutex_;
  std::map<ports::stream_id, hosted_territory> hosted_;
  std::map<law::siren, std::shared_ptr<web::host>> views_; ///< of other territories than the node's own
  bool ending_ = false;                                    ///< no territory begins any more
  event_recorder_actor recorder_;
  std::optional<housekeeping> housekeeping_;
  std::unique_ptr<link_receiver> receiver_;
  std::shared_ptr<ports::transport> transport_;
  std::string link_endpoint_;
  directory_keeper_actor directories_;
  link_keeper_actor keeper_;
  host_keeper_actor hosts_;
  std::mutex answerer_mutex_;
  answerer answerer_;
  mutable std::mutex report_mutex_;
  ports::federation_report_ptr report_; ///< as last published
};

/// From now on the server's API answers what other nodes may read of this one.
void serve_neighbours(running_node& node, const web::server& server);

} // namespace toit::nodes
