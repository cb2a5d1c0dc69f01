#include "federation/link_gate.hpp"

#include "law/require.hpp"

#include <array>
#include <cstring>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace toit::federation {

using ports::node_name;

namespace {

constexpr int gate_events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED;

/// Of the protocol by which the library asks for a key (ZeroMQ RFC 27).
constexpr std::size_t key_question_frames = 7;

constexpr std::chrono::milliseconds mute_looked_for_every{500};

/// Names key and peer: a connection stands on one key, and ends with it.
std::string user_of(const node_name& peer, const law::bytes32& key) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string user = peer.text() + ' ';
  for (auto byte : key) {
    user += digits[byte >> 4U];
    user += digits[byte & 15U];
  }
  return user;
}

std::string_view user_of(const zmq::message_t& message) {
  const char* user = zmq_msg_gets(const_cast<zmq_msg_t*>(message.handle()), "User-Id");
  return user ? user : "";
}

int descriptor_of(const zmq::message_t& message) {
  return zmq_msg_get(const_cast<zmq_msg_t*>(message.handle()), ZMQ_SRCFD);
}

/// Numbers that the library gives begin with a zero byte; a connection that has one of another kind named itself.
bool is_given(std::string_view route) { return route.size() == 5 && route[0] == '\0'; }

zmq::socket_t make_key_handler(zmq::context_t& in) {
  zmq::socket_t made{in, zmq::socket_type::rep};
  made.set(zmq::sockopt::linger, 0);
  made.bind("inproc://zeromq.zap.01");
  return made;
}

std::string listen(zmq::socket_t& socket, const std::string& where) {
  if (!where.starts_with("tcp://"))
    throw std::runtime_error{"the links cannot listen on \"" + where + "\": tcp://address:port is meant"};
  try {
    socket.set(zmq::sockopt::ipv6, where.find('[') != std::string::npos);
    socket.bind(where);
    return socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& failed) {
    throw std::runtime_error{"the links cannot listen on " + where + ": " + failed.what()};
  }
}

} // namespace

link_gate::link_gate(link_context with, const std::string& bind)
    : with_{with}, keys_{make_key_handler(with.sockets)},
      socket_{make_waiting_socket(with.sockets, with.self, with.limits)}, watch_{with.sockets, socket_, gate_events},
      endpoint_{listen(socket_, bind)} {}

void link_gate::admit(const std::vector<ports::transport_peer>& peers) {
  by_key_.clear();
  by_user_.clear();
  for (const auto& peer : peers)
    for (const auto& key : peer.link_keys) {
      law::require(by_key_.emplace(key, key_holder{peer.name, {}, 0}).second, "a key is one peer's");
      by_user_.emplace(user_of(peer.name, key), peer.name);
    }
  std::vector<std::string> ended;
  for (const auto& [route, who] : visitors_)
    if (!by_user_.contains(who.user))
      ended.push_back(route);
  for (const auto& route : ended) {
    send_word(socket_, route, frame_kind::bye);
    forget(route);
  }
}

void link_gate::turn() {
  answer_keys();
  read_events();
  read_messages();
  let_go_of_mute();
  tell_progress();
}

void link_gate::add_to(std::vector<zmq::pollitem_t>& polled) {
  polled.push_back({keys_.handle(), 0, ZMQ_POLLIN, 0});
  polled.push_back({socket_.handle(), 0, ZMQ_POLLIN, 0});
  polled.push_back({watch_.handle(), 0, ZMQ_POLLIN, 0});
}

send_result link_gate::send(const node_name& to, parcel_ptr given) {
  auto found = routes_.find(to);
  if (found == routes_.end())
    return send_result::not_there;
  auto visitor_there = visitors_.find(found->second);
  law::require(visitor_there != visitors_.end(), "a way leads to a visitor");
  auto result = send_parcel(socket_, found->second, ++visitor_there->second.progress.sent, std::move(given));
  if (result != send_result::sent) {
    send_word(socket_, found->second, frame_kind::bye); // should it be there: let it come again
    gone(to);
  }
  return result;
}

// -- keys -----------------------------------------------------------------------------------------------------------

void link_gate::answer_keys() {
  for (std::size_t i = 0; i < messages_a_turn; ++i) {
    std::vector<zmq::message_t> asked;
    do {
      asked.emplace_back();
      if (zmq_msg_recv(asked.back().handle(), keys_.handle(), ZMQ_DONTWAIT) < 0)
        return;
    } while (asked.back().more());
    answer_key(asked);
  }
}

void link_gate::answer_key(const std::vector<zmq::message_t>& asked) {
  const auto* held = admitted(asked);
  keys_refused_ += held ? 0 : 1;
  std::string question = asked.size() > 1 ? asked[1].to_string() : "";
  const std::array<std::string, 6> answer{
      "1.0", question, held ? "200" : "400", held ? "" : "refused", held ? user_of(held->second.peer, held->first) : "",
      ""};
  for (std::size_t i = 0; i < answer.size(); ++i)
    keys_.send(zmq::buffer(answer[i]), i + 1 < answer.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
}

/// The key that is asked for; null when it is nobody's, or too many come with it.
const link_gate::held_key* link_gate::admitted(const std::vector<zmq::message_t>& asked) {
  law::bytes32 key{};
  // Version, question, domain, address, identity, mechanism, key.
  bool curve = asked.size() == key_question_frames && asked[0].to_string_view() == "1.0" &&
               asked[5].to_string_view() == "CURVE" && asked[6].size() == key.size();
  if (curve)
    std::memcpy(key.data(), asked[6].data(), key.size());
  auto found = curve ? by_key_.find(key) : by_key_.end();
  if (found == by_key_.end()) {
    with_.owner.turned_away();
    return nullptr;
  }
  if (may_come(found->second))
    return &*found;
  ++with_.counters.surplus;
  return nullptr;
}

bool link_gate::may_come(key_holder& holder) const {
  auto now = link_clock::now();
  if (now - holder.since >= with_.limits.arrivals_within) {
    holder.since = now;
    holder.arrivals = 0;
  }
  return ++holder.arrivals <= with_.limits.arrivals_most;
}

// -- connections ----------------------------------------------------------------------------------------------------

void link_gate::read_events() {
  while (auto told = watch_.next()) {
    if (told->what == ZMQ_EVENT_ACCEPTED)
      connections_[told->value] = connection{link_clock::now(), false, false};
    else
      handle_end(told->value);
  }
}

void link_gate::handle_end(int descriptor) {
  auto ended = connections_.find(descriptor);
  if (ended == connections_.end())
    return;
  auto connection_there = ended->second;
  connections_.erase(ended);
  if (connection_there.greeted) {
    for (auto& [route, who] : visitors_)
      if (who.descriptor == descriptor) {
        // What he said before is still to be read: he stays a visitor.
        who.descriptor.reset();
        return gone(who.peer);
      }
  } else if (connection_there.let_go) {
    return; // told when it was
  } else if (keys_refused_ > 0) {
    --keys_refused_; // told when it was
  } else {
    with_.owner.turned_away();
  }
}

void link_gate::read_messages() {
  for (std::size_t i = 0; i < messages_a_turn; ++i) {
    auto came = receive(socket_, true);
    if (!came)
      return;
    handle(*came);
  }
}

void link_gate::handle(const arrival& came) {
  if (is_given(came.route) && came.kind == frame_kind::hello)
    return greet(came);
  auto found = visitors_.find(came.route);
  if (found == visitors_.end() || found->second.user != user_of(came.frame))
    return stray(came);
  auto& [peer, user, descriptor, progress] = found->second;
  if (came.kind == frame_kind::message && progress.hear(came.number)) {
    if (progress.heard == progress.heard_told + 1)
      heard_.push_back(came.route);
    return with_.owner.heard(peer, came.content());
  }
  if (came.kind == frame_kind::taken)
    if (auto more = progress.take(came.number))
      return with_.owner.taken(peer, *more);
  stray(came);
}

void link_gate::tell_progress() {
  for (const auto& route : std::exchange(heard_, {}))
    if (auto found = visitors_.find(route); found != visitors_.end()) {
      auto& progress = found->second.progress;
      progress.heard_told = progress.heard;
      // Where that cannot be told any more, nothing else can.
      if (send_word(socket_, route, frame_kind::taken, progress.heard) != send_result::sent)
        gone(found->second.peer);
    }
}

void link_gate::greet(const arrival& came) {
  auto found = by_user_.find(user_of(came.frame));
  if (found == by_user_.end() || came.number != link_protocol)
    return stray(came);
  read_events(); // so that a connection that has ended already is known to have
  auto descriptor = descriptor_of(came.frame);
  auto there = connections_.find(descriptor);
  if (there == connections_.end() || there->second.let_go)
    return;
  there->second.greeted = true;
  there->second.mute_since.reset();
  auto peer = found->second;
  let_go_of_others(peer, descriptor);
  std::erase_if(visitors_, [&](const auto& known) { return known.second.peer == peer; });
  visitors_[came.route] = visitor{peer, found->first, descriptor, {}};
  routes_[peer] = came.route;
  if (send_word(socket_, came.route, frame_kind::welcome) == send_result::sent)
    with_.owner.came(peer);
  else
    forget(came.route);
}

/// The library ends no single connection: the line is cut under it, and it is told of that as of any end. It tells of
/// an end before it gives the number back, and what it has told has just been read: the number is still this one's.
void link_gate::let_go(int descriptor) {
  auto found = connections_.find(descriptor);
  if (found == connections_.end() || std::exchange(found->second.let_go, true))
    return;
  ++with_.counters.surplus;
  ::shutdown(descriptor, SHUT_RDWR);
}

void link_gate::let_go_of_others(const node_name& peer, int descriptor) {
  for (const auto& [route, who] : visitors_)
    if (who.peer == peer && who.descriptor && *who.descriptor != descriptor)
      let_go(*who.descriptor);
}

/// Who has proved his key and says no hello, or stays when he was told to go.
void link_gate::let_go_of_mute() {
  auto now = link_clock::now();
  if (now < look_for_mute_)
    return;
  look_for_mute_ = now + mute_looked_for_every;
  read_events();
  // The library itself ends who has not proved a key by then: it is to be the first.
  auto since = now - with_.limits.arrival - mute_looked_for_every;
  for (const auto& [descriptor, one] : connections_)
    if (one.mute_since && *one.mute_since < since)
      let_go(descriptor);
}

void link_gate::stray(const arrival& came) {
  ++with_.counters.strays;
  forget(came.route);
  send_word(socket_, came.route, frame_kind::bye);
}

void link_gate::forget(const std::string& route) {
  auto found = visitors_.find(route);
  if (found == visitors_.end())
    return;
  auto peer = found->second.peer;
  if (auto descriptor = found->second.descriptor)
    if (auto there = connections_.find(*descriptor); there != connections_.end())
      there->second.mute_since = link_clock::now();
  visitors_.erase(found);
  if (auto way = routes_.find(peer); way != routes_.end() && way->second == route)
    gone(peer);
}

void link_gate::gone(const node_name& peer) {
  if (routes_.erase(peer) > 0)
    with_.owner.left(peer);
}

} // namespace toit::federation
