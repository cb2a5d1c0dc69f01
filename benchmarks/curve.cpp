#include "benchmarks/curve.hpp"

#include <sodium.h>
#include <thread>
#include <zmq.hpp>

namespace toit::bench {

namespace {

/// In the library's own form.
struct curve_keys {
  curve_keys() {
    if (zmq_curve_keypair(public_half.data(), secret.data()) != 0)
      throw std::runtime_error{"this build of ZeroMQ has no CURVE encryption"};
  }
  std::array<char, 41> public_half{};
  std::array<char, 41> secret{};
};

constexpr std::chrono::milliseconds longest_wait{60'000};

zmq::socket_t make_socket(zmq::context_t& in, zmq::socket_type type) {
  zmq::socket_t made{in, type};
  made.set(zmq::sockopt::linger, 0);
  made.set(zmq::sockopt::rcvtimeo, static_cast<int>(longest_wait.count()));
  return made;
}

[[noreturn]] void no_answer() { throw std::runtime_error{"a bare CURVE message was not answered"}; }

/// Route and message; the answer has eight bytes.
void answer(zmq::socket_t& gate, std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) {
    zmq::message_t route;
    zmq::message_t asked;
    if (!gate.recv(route) || !gate.recv(asked))
      return; // The other side misses its answer, and says so.
    gate.send(route, zmq::send_flags::sndmore);
    gate.send(zmq::message_t{8}, zmq::send_flags::none);
  }
}

} // namespace

seconds bare_curve_round_trips(std::size_t message_bytes, std::size_t times, std::size_t in_flight) {
  curve_keys server;
  curve_keys client;
  zmq::context_t servers{1};
  zmq::context_t clients{1};
  auto gate = make_socket(servers, zmq::socket_type::router);
  gate.set(zmq::sockopt::curve_server, 1);
  gate.set(zmq::sockopt::curve_secretkey, server.secret.data());
  gate.bind("tcp://127.0.0.1:*");
  auto going = make_socket(clients, zmq::socket_type::dealer);
  going.set(zmq::sockopt::curve_serverkey, server.public_half.data());
  going.set(zmq::sockopt::curve_publickey, client.public_half.data());
  going.set(zmq::sockopt::curve_secretkey, client.secret.data());
  going.connect(gate.get(zmq::sockopt::last_endpoint));
  std::jthread answering{[&] { answer(gate, times + 1); }};
  std::vector<std::uint8_t> content(message_bytes);
  randombytes_buf(content.data(), content.size());
  zmq::message_t told;
  // The first one shakes hands.
  going.send(zmq::buffer(content), zmq::send_flags::none);
  if (!going.recv(told))
    no_answer();
  auto from = clock::now();
  for (std::size_t sent = 0, answered = 0; answered < times;) {
    for (; sent < times && sent - answered < in_flight; ++sent)
      going.send(zmq::buffer(content), zmq::send_flags::none);
    if (!going.recv(told))
      no_answer();
    ++answered;
  }
  return clock::now() - from;
}

} // namespace toit::bench
