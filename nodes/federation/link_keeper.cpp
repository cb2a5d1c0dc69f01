#include "nodes/federation/link_keeper.hpp"

#include "actors/spawning.hpp"
#include "actors/territory_context.hpp"

namespace toit::nodes {

static_assert(actor_state<link_keeper_state>);

// -- beginning ------------------------------------------------------------------------------------------------------

void link_keeper_state::make_ready() {
  source = context->open_source();
  metrics_.emplace(context->metrics);
  talk = std::make_unique<federation::exchange>(context->exchange, *source, context->clock->now(), context->today());
  const auto& directory = talk->current_directory();
  if (context->own_documents && context->replica_documents)
    documents = std::make_unique<federation::document_exchange>(
        federation::document_setup{context->exchange.self,
                                   context->exchange.hosted,
                                   {context->own_documents, context->replica_documents},
                                   {},
                                   context->own_stream},
        directory, *source, context->clock->monotonic(), context->clock->now(), context->today());
  for (const auto& stream : context->exchange.hosted)
    follow(stream);
  tell_ordering();
  act();
  tell_peers();
}

void link_keeper_state::follow(const ports::stream_id& stream) {
  hosted_.insert(stream);
  self->send(context->recorder, follow_atom_v, stream, follower_actor{self});
}

void link_keeper_state::tell_peers() {
  auto peers = peers_of(talk->current_directory(), context->exchange.self, context->clock->now(), context->today());
  if (peers == peers_)
    return;
  peers_ = peers;
  context->transport->set_peers(std::move(peers));
}

/// On a day of the directory, or by a newer one, another authority orders the dispositif, or has another key.
void link_keeper_state::tell_ordering() {
  const auto& directory = talk->current_directory();
  for (const auto& stream : hosted_) {
    const auto* territory = directory.territory_of(stream, context->today());
    if (!territory)
      continue;
    ordered_stream now{stream, territory->ordering, directory.escrow_of(stream, context->today())};
    if (auto told = ordered_.find(stream); told != ordered_.end() && told->second == now)
      continue;
    ordered_.insert_or_assign(stream, now);
    self->request(context->recorder, caf::infinite, ordering_atom_v,
                  ordered_stream_ptr{std::make_shared<const ordered_stream>(std::move(now))})
        .then(
            [this, stream](bool done) {
              if (!done)
                ordered_.erase(stream); // the disk is full: again with the next tick
            },
            [this](const caf::error& why) { self->quit(why); });
  }
}

// -- what happens ---------------------------------------------------------------------------------------------------

std::uint64_t link_keeper_state::written(const ports::batch_ptr& batch) {
  talk->grown(batch->stream);
  if (documents)
    documents->grown(batch->stream);
  act();
  return batch->entries.empty() ? 0 : batch->entries.back().seq;
}

void link_keeper_state::received(const ports::node_name& from, const message_ptr& what) {
  talk->received(from, *what);
  act();
}

void link_keeper_state::changed(const ports::node_name& peer, ports::link_state now) {
  base::log_info("a link has changed", {{"node", peer.view()}, {"state", law::name_of(now)}});
  if (now == ports::link_state::up)
    up_.insert(peer);
  else if (up_.erase(peer) > 0)
    context->metrics->make_counter("toit_link_ends_total", "Times that a link ended", {{"node", peer.text()}}).add();
  talk->link_changed(peer, now);
  if (documents)
    documents->link_changed(peer, now);
  act();
  publish();
}

void link_keeper_state::tick() {
  if (context->ticks_by_itself)
    self->delayed_send(self, tick_every, tick_atom_v);
  auto now = context->clock->monotonic();
  auto at = context->clock->now();
  talk->tick(now, at, context->today());
  if (documents)
    documents->tick(now, at, context->today());
  for (auto waiting = questions_.begin(); waiting != questions_.end();) {
    if (now - waiting->second.since <= answer_within) {
      ++waiting;
      continue;
    }
    waiting->second.promise.deliver(caf::make_error(caf::sec::request_timeout));
    waiting = questions_.erase(waiting);
  }
  // Keys begin and end at their time, neighbours and ordering authorities on their day.
  tell_peers();
  tell_ordering();
  act();
  metrics_->count(context->transport->stats());
  publish();
}

/// Metrics and report never part for whoever looks at both.
void link_keeper_state::publish() {
  auto told = report();
  metrics_->tell(*told);
  context->publish(std::move(told));
}

ports::federation_report_ptr link_keeper_state::report() const {
  auto told = talk->report();
  if (documents)
    documents->complete(told);
  return std::make_shared<const ports::federation_report>(std::move(told));
}

void link_keeper_state::adopt(const message_ptr& directory) {
  auto opened = federation::open_directory(*directory, context->exchange.anchor);
  if (!opened)
    return;
  talk->adopt(std::move(*opened), *directory);
  act();
}

// -- who hosts what -------------------------------------------------------------------------------------------------

// [L441-2-7-4-1]
void link_keeper_state::pass(const ports::authorities_ptr& now) {
  talk->set_authorities(*now);
  // Whose documents are asked for goes by it too.
  if (documents)
    documents->set_hosted({hosted_.begin(), hosted_.end()});
  tell_peers();
  tell_ordering();
  act();
  publish();
}

void link_keeper_state::host(const ports::stream_id& stream, bool hosts) {
  if (hosts) {
    follow(stream);
    talk->begin_hosting(stream);
  } else {
    hosted_.erase(stream);
    ordered_.erase(stream);
    talk->stop_hosting(stream);
  }
  if (documents)
    documents->set_hosted({hosted_.begin(), hosted_.end()});
  // What was filed elsewhere meanwhile.
  if (documents && hosts)
    documents->fetch_back(stream);
  tell_ordering();
  act();
}

caf::result<bool> link_keeper_state::gather(const ports::stream_id& stream) {
  auto promise = self->make_response_promise<bool>();
  gathering_[stream].push_back(promise);
  talk->gather(stream);
  act();
  return promise;
}

caf::result<message_ptr> link_keeper_state::ask(const ports::node_name& whom, const message_ptr& what) {
  if (questions_.size() >= questions_most)
    return caf::sec::request_timeout;
  auto promise = self->make_response_promise<message_ptr>();
  auto number = ++last_question_;
  questions_.emplace(number, waiting_question{promise, context->clock->monotonic(), whom});
  talk->ask(whom, number, *what);
  act();
  return promise;
}

void link_keeper_state::answered(const ports::node_name& whom, std::uint64_t number, const message_ptr& what) {
  talk->answer(whom, number, *what);
  act();
}

// -- what is to be done ---------------------------------------------------------------------------------------------

void link_keeper_state::act() {
  auto todo = talk->take();
  for (const auto& hold : todo.holds)
    self->request(context->recorder, caf::infinite, hold_atom_v, hold.stream, hold.behind)
        .then([](bool) {}, [this](const caf::error& why) { self->quit(why); });
  if (!todo.transfers.empty() || !todo.marks.empty() || !todo.foreign_heads.empty() || !todo.orphans.empty())
    bring(todo);
  for (const auto& stream : todo.gathered)
    for (auto& waiting : std::exchange(gathering_[stream], {}))
      waiting.deliver(true);
  send(todo.messages);
  act_on_documents(todo);
  for (const auto& question : todo.questions)
    answer(question);
  for (auto& reply : todo.replies) {
    auto waiting = questions_.find(reply.number);
    if (waiting == questions_.end() || waiting->second.whom != reply.from)
      continue;
    waiting->second.promise.deliver(message_ptr{std::make_shared<const ports::bytes>(std::move(reply.content))});
    questions_.erase(waiting);
  }
  for (const auto& raised : todo.raised)
    base::log_error("a federation alarm", {{"alarm", law::name_of(raised.kind)},
                                           {"stream", raised.stream ? raised.stream->view() : std::string_view{}},
                                           {"node", raised.node ? raised.node->view() : std::string_view{}},
                                           {"seq", raised.seq}});
  if (!todo.holds.empty())
    publish();
  for (const auto& stream : todo.caught_up)
    context->fold_again(stream);
  if (todo.newer_directory) {
    keep_directory(*todo.newer_directory);
    tell_peers();
    tell_ordering();
  }
}

void link_keeper_state::send(std::vector<federation::exchange_actions::outgoing>& messages) {
  for (auto& one : messages) {
    // What follows would only leave a gap.
    bool is_stopped = one.entries && !talk->may_follow(one.to, *one.entries);
    if (is_stopped || context->transport->send(one.to, std::move(one.sent), one.in))
      continue;
    context->metrics
        ->make_counter("toit_link_unsent_total", "Messages for which a link had no room",
                       {{"lane", std::string{law::name_of(one.in)}}})
        .add();
    if (one.entries)
      talk->found_no_room(one.to, *one.entries);
  }
}

/// After all else: what is about documents is never urgent.
void link_keeper_state::act_on_documents(const federation::exchange_actions& told) {
  if (!documents)
    return;
  for (const auto& [from, said] : told.about_documents)
    documents->received(from, said);
  for (const auto& stream : told.caught_up)
    documents->fetch_back(stream);
  auto todo = documents->take();
  for (const auto& who : todo.misbehaved)
    talk->blame(who);
  send(todo.messages);
  for (const auto& failure : todo.failures)
    base::log_warning("documents of the links could not be read or kept", {{"because", failure}});
}

void link_keeper_state::bring(federation::exchange_actions& todo) {
  auto things = std::make_shared<brought>();
  things->transfers.assign(todo.transfers.begin(), todo.transfers.end());
  things->marks = std::move(todo.marks);
  things->foreign_heads = std::move(todo.foreign_heads);
  things->orphans.assign(todo.orphans.begin(), todo.orphans.end());
  self->request(context->recorder, caf::infinite, bring_atom_v, brought_ptr{std::move(things)})
      .then(
          [this](const brought_results_ptr& results) {
            for (const auto& result : results->transfers) {
              talk->written(result);
              if (documents && result.status == ports::transfer_status::stored)
                documents->grown(result.now.stream);
            }
            for (const auto& result : results->orphans)
              talk->orphans_written(result);
            act();
          },
          [this](const caf::error& why) { self->quit(why); });
}

void link_keeper_state::answer(const federation::exchange_actions::asked& question) {
  context->answer(
      question.from, question.content,
      [keeper = link_keeper_actor{self}, from = question.from, number = question.number](ports::bytes told) {
        caf::anon_send(keeper, answer_atom_v, from, number,
                       message_ptr{std::make_shared<const ports::bytes>(std::move(told))});
      });
}

void link_keeper_state::keep_directory(ports::bytes signed_bytes) {
  base::log_info("a newer directory is in force", {{"number", talk->current_directory().number}});
  if (context->directories)
    self->request(context->directories, ask_timeout, keep_atom_v,
                  message_ptr{std::make_shared<const ports::bytes>(std::move(signed_bytes))})
        .then([](bool) {}, [](const caf::error&) { base::log_warning("the keeper of the directory does not answer"); });
}

link_keeper_actor::behavior_type link_keeper(link_keeper_actor::stateful_pointer<link_keeper_state> self,
                                             link_context_ptr context) {
  set_up_defaults(self, link_keeper_state::name);
  self->state.self = self;
  self->state.context = std::move(context);
  self->attach_functor([give_up = self->state.context->give_up](const caf::error& why) {
    if (why != caf::exit_reason::user_shutdown && why != caf::exit_reason::kill)
      give_up();
  });
  self->state.make_ready();
  self->send(self, tick_atom_v);
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.written(batch); },
      [self](received_atom, const ports::node_name& from, const message_ptr& what) {
        self->state.received(from, what);
      },
      [self](changed_atom, const ports::node_name& peer, ports::link_state now) { self->state.changed(peer, now); },
      [self](tick_atom) { self->state.tick(); },
      [self](ask_atom, const ports::node_name& whom, const message_ptr& what) { return self->state.ask(whom, what); },
      [self](keep_atom, const message_ptr& directory) { self->state.adopt(directory); },
      [self](pass_atom, const ports::authorities_ptr& now) { self->state.pass(now); },
      [self](host_atom, const ports::stream_id& stream, bool hosts) { self->state.host(stream, hosts); },
      [self](gather_atom, const ports::stream_id& stream) { return self->state.gather(stream); },
      [self](answer_atom, const ports::node_name& whom, std::uint64_t number, const message_ptr& what) {
        self->state.answered(whom, number, what);
      },
      [self](status_atom) { return self->state.report(); },
  };
}

// -- the transport's side -------------------------------------------------------------------------------------------

void link_receiver::attach(link_keeper_actor keeper) {
  std::lock_guard lock{mutex_};
  keeper_ = std::move(keeper);
  for (const auto& [peer, state] : before_)
    caf::anon_send(keeper_, changed_atom_v, peer, state);
  before_.clear();
}

void link_receiver::detach() {
  std::lock_guard lock{mutex_};
  keeper_ = link_keeper_actor{};
}

void link_receiver::received(const ports::node_name& from, ports::bytes message) {
  std::lock_guard lock{mutex_};
  auto size = message.size() + around_message;
  auto& waiting = waiting_bytes_[from];
  if (!waiting)
    waiting = std::make_shared<std::atomic<std::size_t>>(0);
  auto before = waiting->load();
  if (!keeper_ || (before > 0 && before + size > share_bytes)) {
    // Whoever sent it sends it again when it is asked for again.
    metrics_
        ->make_counter("toit_link_unread_total", "Messages that came faster than they were read",
                       {{"node", from.text()}})
        .add();
    return;
  }
  waiting->fetch_add(size);
  // Counted until it has been read.
  message_ptr counted{new ports::bytes(std::move(message)), [waiting, size](const ports::bytes* read) {
                        waiting->fetch_sub(size);
                        delete read;
                      }};
  caf::anon_send(keeper_, received_atom_v, from, std::move(counted));
}

void link_receiver::changed(const ports::node_name& peer, ports::link_state now) {
  std::lock_guard lock{mutex_};
  if (keeper_)
    caf::anon_send(keeper_, changed_atom_v, peer, now);
  else
    before_[peer] = now;
}

void link_receiver::turned_away() {
  metrics_->make_counter("toit_link_strangers_total", "Strangers that were turned away").add();
}

// -- who goes to whom -----------------------------------------------------------------------------------------------

std::vector<ports::transport_peer> peers_of(const federation::directory& in, const ports::node_name& self,
                                            law::instant now, law::civil_date today) {
  std::vector<ports::transport_peer> peers;
  const auto* own = in.find(self);
  if (!own)
    return peers;
  for (const auto* node : federation::neighbours_of(in, self, today)) {
    auto& peer = peers.emplace_back();
    peer.name = node->name;
    for (const auto& key : node->link_keys)
      if (key.in_force(now))
        peer.link_keys.push_back(key.key);
    bool he_comes =
        !own->endpoint.empty() && (node->tier < own->tier || (node->tier == own->tier && node->name < self));
    if (!he_comes)
      peer.endpoint = node->endpoint.str();
  }
  return peers;
}

} // namespace toit::nodes
