#include "web/server/server.hpp"

namespace toit::web {

namespace {

listener_options for_listener(server_options given) {
  listener_options options;
  options.address = std::move(given.address);
  options.port = given.port;
  options.identity = std::move(given.identity);
  options.limits.connections = given.connections;
  options.proxy = std::move(given.proxy);
  options.limits.is_upload = api::is_upload;
  options.refusal = [](int status) {
    auto told = answer_status(status);
    protect(told);
    return told;
  };
  return options;
}

} // namespace

server::server(host& node, server_options options)
    : api_{std::make_shared<api>(node, api_options{options.gateway})},
      listener_{for_listener(std::move(options)), [answering = api_](request asked, respond answer) {
                  answering->handle(std::move(asked), std::move(answer));
                }} {}

} // namespace toit::web
