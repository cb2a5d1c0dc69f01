#include "web/server/listener.hpp"

#include "web/server/peers.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility> // Boost 1.74 forgets it

namespace toit::web {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using stream_type = beast::ssl_stream<beast::tcp_stream>;
using parser_type = http::request_parser<http::string_body>;

namespace {

constexpr auto use_await = asio::use_awaitable;

/// After a refusal: what is still read, and dropped, before the connection is closed.
constexpr std::chrono::seconds linger{3};
constexpr std::size_t linger_bytes = 64U << 20;

bool is_pem(const std::string& text) { return text.find("-----BEGIN") != std::string::npos; }

asio::ssl::context make_tls(const tls_identity& identity) {
  asio::ssl::context tls{asio::ssl::context::tls_server};
  tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                  asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  if (is_pem(identity.certificate))
    tls.use_certificate_chain(asio::buffer(identity.certificate));
  else
    tls.use_certificate_chain_file(identity.certificate);
  if (is_pem(identity.key))
    tls.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  else
    tls.use_private_key_file(identity.key, asio::ssl::context::pem);
  return tls;
}

/// The status that tells what kept a request from being read; 0 where the connection is just over.
int status_of(const error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return 431;
  if (error == http::error::body_limit)
    return 413;
  bool spoken = error.category() == make_error_code(http::error::bad_version).category();
  bool over = error == http::error::end_of_stream || error == http::error::partial_message;
  return spoken && !over ? 400 : 0;
}

} // namespace

struct listener::core {
  core(listener_options given, handler answering)
      : options{std::move(given)}, answer{std::move(answering)}, tls{make_tls(options.identity)},
        acceptor{asio::make_strand(*context)} {}

  // -- one connection -----------------------------------------------------------------------------------------------

  struct connection {
    connection(tcp::socket socket, asio::ssl::context& tls) : stream{std::move(socket), tls} {}
    stream_type stream;
    beast::flat_buffer buffer;
    std::string address;      ///< at the other end; empty when it has gone
    std::string peer;         ///< whom the limit of connections is for
    bool in_progress = false; ///< touched on the connection's own strand alone
  };
  using connection_ptr = std::shared_ptr<connection>;

  /// Waits for the handler without holding a thread: what it answers comes back to the connection's strand.
  /// g++ 12 destroys twice what a lambda within a `co_await` captures: it may hold pointers alone.
  asio::awaitable<response> ask(connection& c, request asked) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(response)>(
        [this, at = &c](auto done, request r) {
          auto strand = at->stream.get_executor();
          auto once = std::make_shared<decltype(done)>(std::move(done));
          answer(std::move(r), [alive = context, strand, once](response given) {
            asio::post(strand, [once, given = std::move(given)]() mutable {
              auto resume = std::move(*once);
              resume(std::move(given));
            });
          });
        },
        use_await, std::move(asked));
  }

  asio::awaitable<bool> write(connection& c, response given, unsigned version, bool keep_alive, bool head) {
    http::response<http::string_body> out{static_cast<http::status>(given.status), version};
    for (const auto& [name, value] : given.headers)
      out.insert(name, value);
    out.keep_alive(keep_alive);
    auto size = given.body.size();
    if (!head)
      out.body() = std::move(given.body);
    if (given.status != 204)
      out.content_length(size);
    beast::get_lowest_layer(c.stream).expires_after(options.limits.write);
    error_code error;
    http::response_serializer<http::string_body> serializer{out};
    if (head)
      co_await http::async_write_header(c.stream, serializer, asio::redirect_error(use_await, error));
    else
      co_await http::async_write(c.stream, serializer, asio::redirect_error(use_await, error));
    co_return !error && keep_alive;
  }

  asio::awaitable<void> refuse(connection& c, int status) {
    if (status == 0 || !options.refusal)
      co_return;
    co_await write(c, options.refusal(status), 11, false, false);
    // Closing on what is still on its way would take the answer away from who is sending it.
    error_code over;
    std::vector<char> dropped(16U << 10); // a record of TLS
    beast::get_lowest_layer(c.stream).socket().shutdown(tcp::socket::shutdown_send, over);
    beast::get_lowest_layer(c.stream).expires_after(linger);
    for (std::size_t left = linger_bytes / dropped.size(); left > 0 && !over; --left)
      co_await c.stream.async_read_some(asio::buffer(dropped), asio::redirect_error(use_await, over));
  }

  /// A long body is for who says who he is: whether he is that, only the answer tells.
  std::size_t body_limit(const parser_type& parser) const {
    const auto& head = parser.get();
    auto text = [](beast::string_view v) { return std::string_view{v.data(), v.size()}; };
    bool upload = options.limits.is_upload && !head[http::field::authorization].empty() &&
                  options.limits.is_upload(text(head.method_string()), text(head.target()));
    return upload ? options.limits.upload_bytes : options.limits.body_bytes;
  }

  /// Part of the room for long bodies, from the header that announces one to the answer. Shares the room: a request
  /// that is answered after the end gives its part back all the same.
  class room {
  public:
    explicit room(std::shared_ptr<upload_room> of) : of_{std::move(of)} {}
    ~room() {
      if (taken_ > 0)
        of_->give_back(peer_, taken_);
    }
    room(const room&) = delete;
    room& operator=(const room&) = delete;
    bool take(const std::string& peer, std::size_t bytes) {
      if (!of_->take(peer, bytes))
        return false;
      peer_ = peer;
      taken_ = bytes;
      return true;
    }

  private:
    std::shared_ptr<upload_room> of_;
    std::string peer_;
    std::size_t taken_ = 0;
  };

  bool admits(room& mine, const parser_type& parser, const connection& c) const {
    auto most = body_limit(parser);
    if (most <= options.limits.body_bytes)
      return true;
    auto announced = parser.content_length() ? static_cast<std::size_t>(*parser.content_length()) : most;
    return mine.take(peer_behind(c.address, options.proxy, headers_of(parser.get())), announced);
  }

  /// A request, whole; absent once the connection is over or has been refused.
  asio::awaitable<std::optional<request>> read(connection& c, parser_type& parser, room& mine) {
    auto& lowest = beast::get_lowest_layer(c.stream);
    const auto& limits = options.limits;
    error_code error;
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser.body_limit(std::max(limits.body_bytes, limits.upload_bytes));
    lowest.expires_after(limits.idle);
    co_await http::async_read_header(c.stream, c.buffer, parser, asio::redirect_error(use_await, error));
    if (!error && parser.content_length() && *parser.content_length() > body_limit(parser))
      error = http::error::body_limit;
    if (!error && !admits(mine, parser, c))
      co_return co_await refuse(c, 503), std::nullopt;
    if (!error) {
      parser.body_limit(body_limit(parser));
      lowest.expires_after(limits.read);
      auto expected = parser.get()[http::field::expect];
      if (!expected.empty() && !beast::iequals(expected, "100-continue"))
        co_return co_await refuse(c, 417), std::nullopt;
      if (!expected.empty()) {
        http::response<http::empty_body> go_on{http::status::continue_, 11};
        co_await http::async_write(c.stream, go_on, asio::redirect_error(use_await, error));
      }
    }
    if (!error)
      co_await http::async_read(c.stream, c.buffer, parser, asio::redirect_error(use_await, error));
    if (error) {
      co_await refuse(c, status_of(error));
      co_return std::nullopt;
    }
    co_return plain(parser.release(), c);
  }

  static headers headers_of(const http::request<http::string_body>& message) {
    headers all;
    for (const auto& field : message)
      all.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    return all;
  }

  request plain(http::request<http::string_body> message, const connection& c) const {
    request asked;
    asked.method = std::string{message.method_string()};
    asked.target = std::string{message.target()};
    asked.headers = headers_of(message);
    asked.body = std::move(message.body());
    asked.peer = peer_behind(c.address, options.proxy, asked.headers);
    return asked;
  }

  asio::awaitable<void> converse(connection_ptr c) {
    error_code error;
    auto& lowest = beast::get_lowest_layer(c->stream);
    lowest.expires_after(options.limits.handshake);
    co_await c->stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(use_await, error));
    bool more = !error;
    while (more && !stopping) {
      parser_type parser;
      room mine{uploads};
      auto asked = co_await read(*c, parser, mine);
      if (!asked)
        break;
      c->in_progress = true;
      bool head = asked->method == "HEAD";
      bool keep_alive = parser.keep_alive() && !stopping;
      auto version = parser.get().version();
      lowest.expires_never();
      auto given = co_await ask(*c, std::move(*asked));
      more = co_await write(*c, std::move(given), version, keep_alive && !stopping, head);
      c->in_progress = false;
    }
    lowest.expires_after(std::chrono::seconds{2});
    if (!error)
      co_await c->stream.async_shutdown(asio::redirect_error(use_await, error));
    lowest.close();
  }

  // -- all of them --------------------------------------------------------------------------------------------------

  void begin(tcp::socket socket) {
    error_code ignored; // a peer that has gone has no address: its handshake fails in its turn
    auto strand = socket.get_executor();
    auto c = std::make_shared<connection>(std::move(socket), tls);
    auto at = beast::get_lowest_layer(c->stream).socket().remote_endpoint(ignored).address().to_string();
    c->address = parse_address(at).value_or("");
    c->peer = peer_of(c->address);
    beast::get_lowest_layer(c->stream).socket().set_option(tcp::no_delay{true}, ignored);
    if (!admit(c))
      return;
    asio::co_spawn(strand, converse(c), [this, c](std::exception_ptr) { end(c); });
  }

  /// One peer alone cannot take all the places, but for the proxy, behind which they all are.
  bool admit(const connection_ptr& c) {
    std::lock_guard hold{mutex};
    auto of_peer = std::ranges::count(open, c->peer, [](const connection_ptr& other) { return other->peer; });
    bool too_many =
        c->address != options.proxy && static_cast<std::size_t>(of_peer) >= options.limits.connections_a_peer;
    if (too_many || open.size() >= options.limits.connections)
      return false;
    open.insert(c);
    return true;
  }

  void end(const connection_ptr& c) {
    std::lock_guard hold{mutex};
    open.erase(c);
    if (open.empty())
      all_ended.notify_all();
  }

  asio::awaitable<void> accept() {
    while (!stopping) {
      error_code error;
      tcp::socket socket{asio::make_strand(*context)};
      co_await acceptor.async_accept(socket, asio::redirect_error(use_await, error));
      if (stopping || error == asio::error::operation_aborted)
        co_return;
      if (error) { // out of descriptors, most likely: those in use will come back
        asio::steady_timer pause{acceptor.get_executor(), std::chrono::milliseconds{100}};
        co_await pause.async_wait(asio::redirect_error(use_await, error));
      } else {
        begin(std::move(socket));
      }
    }
  }

  std::size_t size() const {
    std::lock_guard hold{mutex};
    return open.size();
  }

  void start() {
    tcp::endpoint where{asio::ip::make_address(options.address), options.port};
    acceptor.open(where.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address{true});
    acceptor.bind(where);
    acceptor.listen();
    port = acceptor.local_endpoint().port();
    asio::co_spawn(acceptor.get_executor(), accept(), asio::detached);
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i)
      threads.emplace_back([this] { context->run(); });
  }

  void stop(std::chrono::milliseconds deadline) {
    if (stopping.exchange(true)) {
      return;
    }
    asio::post(acceptor.get_executor(), [this] {
      error_code ignored; // closing is all that was wanted of it
      acceptor.close(ignored);
    });
    close_if([](const connection& c) { return !c.in_progress; });
    {
      std::unique_lock hold{mutex};
      all_ended.wait_for(hold, deadline, [this] { return open.empty(); });
    }
    context->stop();
    for (auto& thread : threads)
      thread.join();
  }

  template <class Which>
  void close_if(Which which) {
    std::lock_guard hold{mutex};
    for (const auto& c : open)
      asio::post(c->stream.get_executor(), [c, which] {
        if (which(*c))
          beast::get_lowest_layer(c->stream).cancel();
      });
  }

  listener_options options;
  handler answer;
  /// Shared with whoever still has a request to answer: he may do so after the end.
  std::shared_ptr<asio::io_context> context = std::make_shared<asio::io_context>();
  asio::ssl::context tls;
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  std::atomic<bool> stopping = false;
  std::shared_ptr<upload_room> uploads =
      std::make_shared<upload_room>(options.limits.uploads_bytes, options.limits.uploads_bytes_a_peer);
  mutable std::mutex mutex;
  std::condition_variable all_ended;
  std::set<connection_ptr> open;
  std::vector<std::thread> threads;
};

listener::listener(listener_options options, handler answer) {
  try {
    core_ = std::make_unique<core>(std::move(options), std::move(answer));
    core_->start();
  } catch (const boost::system::system_error& failure) {
    throw std::runtime_error{std::string{"the API cannot listen: "} + failure.what()};
  }
}

listener::~listener() { stop(std::chrono::milliseconds{0}); }

std::uint16_t listener::port() const { return core_->port; }
std::size_t listener::connections() const { return core_->size(); }
void listener::stop(std::chrono::milliseconds deadline) { core_->stop(deadline); }

} // namespace toit::web
