// The listener alone: what cannot be read, what takes too long, too many, and the end.

#include "nodes/host/certificate.hpp"
#include "web/server/answer.hpp"
#include "web/server/client.hpp"
#include "web/server/listener.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

using namespace toit::web;
using namespace std::chrono_literals;

namespace {

struct files {
  std::string certificate;
  std::string key;
};

/// As PEM text.
const files& own_files() {
  static const auto made = [] {
    auto pattern = (std::filesystem::temp_directory_path() / "toit-tls-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    auto there = toit::nodes::ensure_own_certificate(pattern);
    auto text = [](const auto& file) {
      std::stringstream all;
      all << std::ifstream{file}.rdbuf();
      return all.str();
    };
    files read{text(there.certificate), text(there.private_key)};
    std::filesystem::remove_all(pattern);
    return read;
  }();
  return made;
}

listener_options quick() {
  listener_options options;
  options.identity = {own_files().certificate, own_files().key};
  options.limits.handshake = 300ms;
  options.limits.idle = 500ms;
  options.limits.read = 500ms;
  options.limits.header_bytes = 2048;
  options.limits.body_bytes = 1000;
  options.limits.upload_bytes = 5000;
  options.limits.is_upload = [](std::string_view, std::string_view target) { return target == "/upload"; };
  options.refusal = answer_status;
  return options;
}

const headers known{{"Authorization", "Bearer fictitious"}};

void echo(request asked, const respond& done) { done({200, {{"Content-Type", "text/plain"}}, asked.body}); }

client_options to(const listener& there) {
  return {.port = there.port(), .certificate = own_files().certificate, .timeout = 5000ms};
}

/// Sends bytes as they are, and reads until the other end closes.
std::string send_raw(std::uint16_t port, const std::string& bytes) {
  namespace asio = boost::asio;
  asio::io_context context;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  asio::ssl::stream<asio::ip::tcp::socket> stream{context, tls};
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
  stream.handshake(asio::ssl::stream_base::client);
  boost::system::error_code closed;
  asio::write(stream, asio::buffer(bytes), closed);
  std::string all;
  asio::read(stream, asio::dynamic_buffer(all), closed);
  return all;
}

} // namespace

TEST_CASE("requests of one connection are answered in turn") {
  listener there{quick(), echo};
  client one{to(there)};
  for (int i = 0; i < 3; ++i)
    CHECK(one.send({"POST", "/", {}, std::to_string(i), {}})->body == std::to_string(i));
  CHECK(there.connections() == 1);
  // The server closes what idles; what may be sent twice is.
  std::this_thread::sleep_for(800ms);
  CHECK(one.send({"GET", "/", {}, "", {}})->status == 200);
}

TEST_CASE("another certificate than the one known is not spoken to") {
  listener there{quick(), echo};
  auto pattern = (std::filesystem::temp_directory_path() / "toit-tls-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  auto other = toit::nodes::ensure_own_certificate(pattern);
  std::stringstream pem;
  pem << std::ifstream{other.certificate}.rdbuf();
  std::filesystem::remove_all(pattern);
  client stranger{{.port = there.port(), .certificate = pem.str(), .timeout = 5000ms}};
  CHECK_FALSE(stranger.send({"GET", "/", {}, "", {}}).has_value());
}

TEST_CASE("what is malformed or too large is refused as a problem") {
  listener there{quick(), echo};
  CHECK(send_raw(there.port(), "HELLO\r\n\r\n").starts_with("HTTP/1.1 400"));
  CHECK(send_raw(there.port(), "GET / HTTP/1.1\r\nA: " + std::string(4000, 'a') + "\r\n\r\n")
            .starts_with("HTTP/1.1 431"));
  CHECK(send_raw(there.port(), "POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n").starts_with("HTTP/1.1 413"));
  CHECK(send_raw(there.port(), "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n").starts_with("HTTP/1.1 413"));
  auto chunked =
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'a') + "\r\n0\r\n\r\n";
  CHECK(send_raw(there.port(), chunked).starts_with("HTTP/1.1 413"));
  CHECK(send_raw(there.port(), "GET / HTTP/1.1\r\nExpect: the best\r\n\r\n").starts_with("HTTP/1.1 417"));
  client one{to(there)};
  CHECK(one.send({"POST", "/", {}, std::string(1000, 'a'), {}})->status == 200);
  CHECK(one.send({"POST", "/upload", known, std::string(5000, 'a'), {}})->body.size() == 5000);
  auto large = one.send({"POST", "/upload", known, std::string(5001, 'a'), {}});
  REQUIRE(large.has_value());
  CHECK(large->status == 413);
  CHECK(large->body.find("E_TOO_LARGE") != std::string::npos);
}

TEST_CASE("a long body is for who says who he is") {
  listener there{quick(), echo};
  CHECK(send_raw(there.port(), "POST /upload HTTP/1.1\r\nContent-Length: 1001\r\n\r\n").starts_with("HTTP/1.1 413"));
}

TEST_CASE("there is room for so many bytes of long bodies at a time") {
  std::promise<respond> asked;
  auto options = quick();
  options.limits.uploads_bytes = 6000;
  listener there{std::move(options), [&](request long_one, respond done) {
                   if (long_one.target == "/upload")
                     asked.set_value(std::move(done));
                   else
                     done({200, {}, "short"});
                 }};
  auto first = std::async(std::launch::async, [at = to(there)] {
    client one{at};
    return one.send({"POST", "/upload", known, std::string(4000, 'a'), {}});
  });
  auto done = asked.get_future().get();
  client second{to(there)};
  CHECK(second.send({"POST", "/upload", known, std::string(4000, 'a'), {}})->status == 503);
  CHECK(second.send({"POST", "/", {}, std::string(900, 'a'), {}})->status == 200);
  done({200, {}, "stored"});
  CHECK(first.get()->body == "stored");
  asked = {};
  auto third = std::async(std::launch::async, [at = to(there)] {
    client one{at};
    return one.send({"POST", "/upload", known, std::string(4000, 'a'), {}});
  });
  asked.get_future().get()({200, {}, "stored too"});
  CHECK(third.get()->body == "stored too");
}

TEST_CASE("a peer that says nothing, or not all, is not waited for") {
  listener there{quick(), echo};
  auto began = std::chrono::steady_clock::now();
  CHECK(send_raw(there.port(), "").empty());
  CHECK(send_raw(there.port(), "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc").find("200") == std::string::npos);
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}

TEST_CASE("beyond the limit of connections, of all or of one peer, a new one is closed at once") {
  for (auto limit : {&listener_limits::connections, &listener_limits::connections_a_peer}) {
    auto options = quick();
    options.limits.*limit = 1;
    listener there{std::move(options), echo};
    client first{to(there)};
    CHECK(first.send({"GET", "/", {}, "", {}})->status == 200);
    client second{to(there)};
    CHECK_FALSE(second.send({"GET", "/", {}, "", {}}).has_value());
    CHECK(first.send({"GET", "/", {}, "", {}})->status == 200);
  }
}

TEST_CASE("behind a proxy the peers are those that it names, and it has as many connections as it needs") {
  auto options = quick();
  options.limits.connections_a_peer = 1;
  options.proxy = "127.0.0.1";
  listener there{std::move(options), [](const request& asked, const respond& done) { done({200, {}, asked.peer}); }};
  client first{to(there)};
  client second{to(there)};
  CHECK(first.send({"GET", "/", {{"X-Forwarded-For", "192.0.2.1, 192.0.2.7"}}, "", {}})->body == "192.0.2.7");
  CHECK(second.send({"GET", "/", {}, "", {}})->body == "127.0.0.1");
}

TEST_CASE("nobody but the proxy is believed when he says who asks") {
  listener there{quick(), [](const request& asked, const respond& done) { done({200, {}, asked.peer}); }};
  client one{to(there)};
  CHECK(one.send({"GET", "/", {{"X-Forwarded-For", "192.0.2.7"}}, "", {}})->body == "127.0.0.1");
}

TEST_CASE("a stop lets the request in progress finish and lets nobody in") {
  std::promise<respond> asked;
  listener there{quick(), [&](request, respond done) { asked.set_value(std::move(done)); }};
  auto answer = std::async(std::launch::async, [options = to(there)] {
    client one{options};
    return one.send({"GET", "/", {}, "", {}});
  });
  auto done = asked.get_future().get();
  auto stopped = std::async(std::launch::async, [&] { there.stop(10s); });
  std::this_thread::sleep_for(100ms);
  client late{to(there)};
  CHECK_FALSE(late.send({"GET", "/", {}, "", {}}).has_value());
  done({200, {}, "finished"});
  auto given = answer.get();
  REQUIRE(given.has_value());
  CHECK(given->body == "finished");
  CHECK(find_header(given->headers, "Connection") == "close");
  stopped.get();
  CHECK(there.connections() == 0);
}

TEST_CASE("a request that nobody answers does not hold a stop beyond its deadline") {
  std::promise<respond> asked;
  listener there{quick(), [&](request, respond done) { asked.set_value(std::move(done)); }};
  auto answer = std::async(std::launch::async, [options = to(there)] {
    client one{options};
    return one.send({"GET", "/", {}, "", {}});
  });
  auto never = asked.get_future().get();
  there.stop(200ms);
  CHECK_FALSE(answer.get().has_value());
  never({200, {}, ""}); // too late: nobody is there, and nothing breaks
}
