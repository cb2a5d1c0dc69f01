/// \file
/// One a node: exchanges streams with the neighbours. What is decided is in federation/exchange; here it meets the
/// recorder, the transport and the clock.

#pragma once

#include "actors/interfaces.hpp"
#include "base/metrics.hpp"
#include "federation/document_exchange.hpp"
#include "nodes/federation/link_metrics.hpp"
#include "ports/clock.hpp"

namespace toit::nodes {

/// A neighbour's question, answered at once or not at all: `tell` may be called from any thread.
using question_answerer = std::function<void(const ports::node_name& from, const ports::bytes& asked,
                                             std::function<void(ports::bytes)> tell)>;

struct link_context {
  federation::exchange_setup exchange;
  std::shared_ptr<const ports::clock> clock;
  std::function<law::civil_date()> today;
  std::function<std::unique_ptr<ports::transfer_source>()> open_source;
  std::shared_ptr<ports::transport> transport;
  event_recorder_actor recorder;
  /// Null in a simulation, where directories stay as they are.
  directory_keeper_actor directories;
  /// What was folded from a stream is no longer all of it.
  std::function<void(const ports::stream_id&)> fold_again;
  question_answerer answer;
  /// Called when the actor ends otherwise than in order: nothing travels any more.
  std::function<void()> give_up;
  /// Supporting documents of this node's own stream, and of those that it holds for others. Null: none travel.
  std::optional<ports::stream_id>
      own_stream; ///< whose documents are the own ones, whoever hosts it; else the first hosted
  std::shared_ptr<ports::files> own_documents;
  std::shared_ptr<ports::files> replica_documents;
  std::shared_ptr<base::metrics> metrics;
  /// Told after each change, for whoever asks without waiting.
  std::function<void(ports::federation_report_ptr)> publish;
  bool ticks_by_itself = true; ///< where time is virtual, whoever lets it go by sends the ticks
};
using link_context_ptr = std::shared_ptr<const link_context>;

struct link_keeper_state {
  link_keeper_state() = default;

  static inline const char* name = "link_keeper";

  static constexpr std::chrono::milliseconds tick_every{500};
  /// Questions of this node's own that wait for an answer.
  static constexpr std::size_t questions_most = 256;
  static constexpr std::chrono::seconds answer_within{10};

  void make_ready();
  std::uint64_t written(const ports::batch_ptr& batch);
  void received(const ports::node_name& from, const message_ptr& what);
  void changed(const ports::node_name& peer, ports::link_state now);
  void tick();
  caf::result<message_ptr> ask(const ports::node_name& whom, const message_ptr& what);
  void answered(const ports::node_name& whom, std::uint64_t number, const message_ptr& what);
  ports::federation_report_ptr report() const;
  void adopt(const message_ptr& directory);
  void pass(const ports::authorities_ptr& now);
  void host(const ports::stream_id& stream, bool hosts);
  caf::result<bool> gather(const ports::stream_id& stream);

  link_keeper_actor::pointer self = nullptr;
  link_context_ptr context;
  std::unique_ptr<ports::transfer_source> source;
  std::unique_ptr<federation::exchange> talk;
  std::unique_ptr<federation::document_exchange> documents; ///< null when none travel

private:
  struct waiting_question {
    caf::typed_response_promise<message_ptr> promise;
    std::chrono::milliseconds since;
    ports::node_name whom;
  };

  void act();
  void follow(const ports::stream_id& stream);
  void publish();
  void bring(federation::exchange_actions& todo);
  void send(std::vector<federation::exchange_actions::outgoing>& messages);
  void act_on_documents(const federation::exchange_actions& told);
  void answer(const federation::exchange_actions::asked& question);
  void keep_directory(ports::bytes signed_bytes);
  void tell_peers();
  void tell_ordering();

  std::map<std::uint64_t, waiting_question> questions_;
  std::uint64_t last_question_ = 0;
  std::vector<ports::transport_peer> peers_;
  std::map<ports::stream_id, ordered_stream> ordered_; ///< as the recorder was told
  std::set<ports::stream_id> hosted_;
  std::map<ports::stream_id, std::vector<caf::typed_response_promise<bool>>> gathering_;
  std::set<ports::node_name> up_;
  std::optional<link_metrics> metrics_;
};

/// Spawned detached in service: it waits for the disk when it reads.
link_keeper_actor::behavior_type link_keeper(link_keeper_actor::stateful_pointer<link_keeper_state> self,
                                             link_context_ptr context);

/// Hands what the transport receives to the actor, each peer's within a share of its own: whoever floods has only his
/// own messages dropped.
class link_receiver : public ports::transport::receiver {
public:
  /// Of one peer, received and not yet read; a message that comes when nothing waits is taken whatever its size.
  static constexpr std::size_t share_bytes = std::size_t{16} << 20;
  /// What keeping a message takes beside its content.
  static constexpr std::size_t around_message = 256;

  explicit link_receiver(std::shared_ptr<base::metrics> metrics) : metrics_{std::move(metrics)} {}
  /// Nothing is handed on before and after.
  void attach(link_keeper_actor keeper);
  void detach();

  void received(const ports::node_name& from, ports::bytes message) override;
  void changed(const ports::node_name& peer, ports::link_state now) override;
  void turned_away() override;

private:
  std::mutex mutex_;
  link_keeper_actor keeper_;
  std::map<ports::node_name, ports::link_state> before_; ///< what changed before anybody listened
  std::map<ports::node_name, std::shared_ptr<std::atomic<std::size_t>>> waiting_bytes_; ///< by sender
  std::shared_ptr<base::metrics> metrics_;
};

/// Whom the transport lets in, and to whom it goes: of two nodes with an address the lower tier goes to the upper one,
/// and of two of one tier the one whose name comes first.
std::vector<ports::transport_peer> peers_of(const federation::directory& in, const ports::node_name& self,
                                            law::instant now, law::civil_date today);

} // namespace toit::nodes
