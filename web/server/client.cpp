#include "web/server/client.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <openssl/pem.h>
#include <stdexcept>
#include <utility> // Boost 1.74 forgets it

namespace toit::web {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

namespace {

constexpr auto use_await = asio::use_awaitable;

struct free_certificate {
  void operator()(X509* owned) const { X509_free(owned); }
};
using certificate_ptr = std::unique_ptr<X509, free_certificate>;

certificate_ptr parse_certificate(const std::string& pem) {
  auto* text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  certificate_ptr parsed{PEM_read_bio_X509(text, nullptr, nullptr, nullptr)};
  BIO_free(text);
  if (!parsed)
    throw std::runtime_error{"the certificate to be trusted is no PEM"};
  return parsed;
}

} // namespace

struct client::core {
  explicit core(client_options given) : options{std::move(given)}, trusted{parse_certificate(options.certificate)} {
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    tls.set_verify_mode(asio::ssl::verify_peer);
    // One certificate is trusted, whatever its names, its issuer and its dates: it was given by who runs the server.
    tls.set_verify_callback([this](bool, asio::ssl::verify_context& seen) {
      auto* shown = X509_STORE_CTX_get0_cert(seen.native_handle());
      return shown && X509_cmp(shown, trusted.get()) == 0;
    });
  }

  asio::awaitable<void> connect() {
    stream = std::make_unique<beast::ssl_stream<beast::tcp_stream>>(context, tls);
    buffer.clear();
    auto& lowest = beast::get_lowest_layer(*stream);
    lowest.expires_after(options.timeout);
    tcp::resolver resolver{context};
    auto where = co_await resolver.async_resolve(options.host, std::to_string(options.port), use_await);
    co_await lowest.async_connect(where, use_await);
    lowest.socket().set_option(tcp::no_delay{true});
    co_await stream->async_handshake(asio::ssl::stream_base::client, use_await);
  }

  http::request<http::string_body> message_of(const request& asked) const {
    http::request<http::string_body> message{http::verb::unknown, asked.target, 11};
    message.method_string(asked.method);
    message.set(http::field::host, options.host + ":" + std::to_string(options.port));
    for (const auto& [name, value] : asked.headers)
      message.set(name, value);
    message.body() = asked.body;
    if (!asked.body.empty() || asked.method == "POST" || asked.method == "PUT")
      message.content_length(asked.body.size());
    return message;
  }

  asio::awaitable<response> exchange(const request& asked) {
    auto message = message_of(asked);
    auto& lowest = beast::get_lowest_layer(*stream);
    lowest.expires_after(options.timeout);
    co_await http::async_write(*stream, message, use_await);
    http::response_parser<http::string_body> parser;
    parser.body_limit(options.answer_bytes);
    parser.skip(asked.method == "HEAD");
    co_await http::async_read(*stream, buffer, parser, use_await);
    lowest.expires_never();
    response given;
    given.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get())
      given.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    given.body = std::move(parser.get().body());
    if (!parser.keep_alive())
      stream.reset();
    co_return given;
  }

  asio::awaitable<response> converse(const request& asked) {
    if (!stream)
      co_await connect();
    co_return co_await exchange(asked);
  }

  std::expected<response, std::string> attempt(const request& asked) {
    std::expected<response, std::string> result = std::unexpected{std::string{"nothing was received"}};
    asio::co_spawn(context, converse(asked), [&](std::exception_ptr thrown, response given) {
      try {
        if (thrown)
          std::rethrow_exception(thrown);
        result = std::move(given);
      } catch (const std::exception& failure) {
        result = std::unexpected{std::string{failure.what()}};
        stream.reset();
      }
    });
    context.restart();
    context.run();
    return result;
  }

  client_options options;
  certificate_ptr trusted;
  asio::io_context context;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::unique_ptr<beast::ssl_stream<beast::tcp_stream>> stream;
  beast::flat_buffer buffer;
};

client::client(client_options options) : core_{std::make_unique<core>(std::move(options))} {}
client::~client() = default;

std::expected<response, std::string> client::send(const request& asked) {
  // Only what may be sent twice is sent again.
  bool repeatable = asked.method == "GET" || asked.method == "HEAD" || asked.header("Idempotency-Key");
  bool kept = core_->stream != nullptr;
  auto first = core_->attempt(asked);
  return first || !kept || !repeatable ? first : core_->attempt(asked);
}

} // namespace toit::web
