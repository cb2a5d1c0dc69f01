#include "federation/link_dial.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <sodium.h>
#include <utility>

namespace toit::federation {

using ports::link_state;

namespace {

constexpr int dial_events = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

/// A link that has lasted so long owes its end to nothing that happens at its beginning.
constexpr std::chrono::seconds lasting{10};

/// Twice as long after each failure, within the limits, and never at the same instant as everybody else.
std::chrono::milliseconds pause_after(std::uint32_t failures, const transport_limits& limits) {
  auto longest = limits.retry_least;
  for (std::uint32_t i = 1; i < failures && longest < limits.retry_most; ++i)
    longest *= 2;
  longest = std::min(longest, limits.retry_most);
  auto shortest = std::max(limits.retry_least, longest / 2);
  auto spread = std::max<std::chrono::milliseconds>(longest - shortest, std::chrono::milliseconds{0});
  return shortest + std::chrono::milliseconds{randombytes_uniform(static_cast<std::uint32_t>(spread.count()) + 1)};
}

} // namespace

link_dial::link_dial(link_context with, ports::transport_peer peer)
    : with_{with}, peer_{std::move(peer)}, due_{link_clock::now()} {}

void link_dial::set_keys(std::vector<law::bytes32> keys) {
  if (keys == peer_.link_keys)
    return;
  peer_.link_keys = std::move(keys);
  key_ = 0;
  for (std::size_t i = 0; i < peer_.link_keys.size(); ++i)
    if (peer_.link_keys[i] == key_in_use_)
      key_ = i;
  bool kept = !peer_.link_keys.empty() && peer_.link_keys[key_] == key_in_use_;
  if (socket_ && kept)
    return;
  failures_ = 0;
  close();
  due_ = link_clock::now();
  tell(link_state::down);
}

void link_dial::turn(link_clock::time_point now) {
  if (phase_ == phase::waiting && now >= due_)
    begin(now);
  if (socket_)
    read_events(now);
  if (socket_)
    read_messages(now, messages_a_turn);
  tell_progress(now);
  if (phase_ == phase::arriving && now >= due_)
    end(failure::handshake, now);
}

void link_dial::begin(link_clock::time_point now) {
  if (peer_.link_keys.empty()) {
    due_ = now + with_.limits.retry_most;
    return;
  }
  key_ %= peer_.link_keys.size();
  key_in_use_ = peer_.link_keys[key_];
  if (std::exchange(made_once_, true))
    ++with_.counters.sockets_made_again;
  try {
    socket_.emplace(make_going_socket(with_.sockets, with_.self, key_in_use_, with_.limits));
    watch_.emplace(with_.sockets, *socket_, dial_events);
    socket_->set(zmq::sockopt::ipv6, peer_.endpoint.find('[') != std::string::npos);
    socket_->connect(peer_.endpoint);
    phase_ = phase::arriving;
    due_ = now + with_.limits.arrival;
  } catch (const zmq::error_t& failed) {
    // No descriptor left, or an endpoint that is none: neither lasts for ever.
    if (logged_ != failure::unreachable)
      base::log_warning("a link cannot be begun", {{"peer", peer_.name.view()}, {"why", failed.what()}});
    end(failure::unreachable, now);
  }
}

void link_dial::read_events(link_clock::time_point now) {
  while (socket_) {
    auto told = watch_->next();
    if (!told)
      return;
    handle(*told, now);
  }
}

void link_dial::handle(const socket_event& told, link_clock::time_point now) {
  switch (told.what) {
  case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
    if (send_word(*socket_, {}, frame_kind::hello) != send_result::sent)
      end(failure::lost, now);
    return;
  case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
    return end(failure::refused, now);
  case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    return end(failure::handshake, now);
  case ZMQ_EVENT_DISCONNECTED:
    // What he said before the end is there already.
    read_messages(now, messages_at_the_end);
    if (socket_)
      end(phase_ == phase::up ? failure::lost : failure::handshake, now);
    return;
  default: // ZMQ_EVENT_CLOSED: nobody there
    return end(failure::unreachable, now);
  }
}

void link_dial::read_messages(link_clock::time_point now, std::size_t most) {
  for (std::size_t i = 0; i < most && socket_; ++i) {
    auto came = receive(*socket_, false);
    if (!came)
      return;
    handle(*came, now);
  }
}

void link_dial::handle(const arrival& came, link_clock::time_point now) {
  bool up = phase_ == phase::up;
  if (came.kind == frame_kind::bye)
    return end(failure::refused, now);
  if (came.kind == frame_kind::welcome && came.number == link_protocol && phase_ == phase::arriving)
    return arrived(now);
  if (came.kind == frame_kind::message && up && progress_.hear(came.number))
    return with_.owner.heard(peer_.name, came.content());
  if (came.kind == frame_kind::taken && up)
    if (auto more = progress_.take(came.number))
      return with_.owner.taken(peer_.name, *more);
  ++with_.counters.strays;
  end(failure::misshapen, now);
}

void link_dial::arrived(link_clock::time_point now) {
  phase_ = phase::up;
  progress_ = {};
  up_since_ = now;
  due_ = link_clock::time_point::max();
  logged_.reset();
  tell(link_state::up);
}

void link_dial::tell_progress(link_clock::time_point now) {
  if (phase_ != phase::up || progress_.heard_told == progress_.heard)
    return;
  progress_.heard_told = progress_.heard;
  if (send_word(*socket_, {}, frame_kind::taken, progress_.heard) != send_result::sent)
    end(failure::lost, now);
}

void link_dial::end(failure why, link_clock::time_point now) {
  if (phase_ == phase::up && now - up_since_ >= lasting)
    failures_ = 0;
  bool another_key = false;
  if (why == failure::handshake && !peer_.link_keys.empty()) {
    key_ = (key_ + 1) % peer_.link_keys.size();
    another_key = key_ != 0;
  }
  failures_ += another_key ? 0 : 1;
  close();
  due_ = now + pause_after(another_key ? 0 : failures_, with_.limits);
  log_once(why);
  tell(why == failure::refused ? link_state::refused : link_state::down);
}

void link_dial::close() {
  watch_.reset();
  socket_.reset();
  phase_ = phase::waiting;
}

void link_dial::tell(link_state now) {
  if (std::exchange(told_, now) != now)
    with_.owner.dialled(peer_.name, now);
}

void link_dial::log_once(failure why) {
  if (logged_ == why)
    return;
  logged_ = why;
  base::log_info("no link", {{"peer", peer_.name.view()}, {"why", names_of_failures()[static_cast<std::size_t>(why)]}});
}

void link_dial::add_to(std::vector<zmq::pollitem_t>& polled) {
  if (!socket_)
    return;
  polled.push_back({socket_->handle(), 0, ZMQ_POLLIN, 0});
  polled.push_back({watch_->handle(), 0, ZMQ_POLLIN, 0});
}

send_result link_dial::send(parcel_ptr given) {
  if (phase_ != phase::up)
    return send_result::not_there;
  auto result = send_parcel(*socket_, {}, ++progress_.sent, std::move(given));
  if (result != send_result::sent)
    end(failure::lost, link_clock::now()); // rather than a link with a gap
  return result;
}

} // namespace toit::federation
