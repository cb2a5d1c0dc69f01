// Bytes taken for a directory of the federation. The first one chooses: signed bytes, a content that the anchor signs
// first, or an endpoint.

#include "federation/directory.hpp"
#include "federation/endpoint.hpp"

namespace {

using namespace toit::federation;

const toit::journal::signing_key& anchor() {
  static const toit::law::bytes32 seed = [] {
    toit::law::bytes32 bytes;
    bytes.fill(0xA7);
    return bytes;
  }();
  static const toit::journal::signing_key key{seed};
  return key;
}

void try_opened(const directory& opened) {
  toit::law::require(inconsistency_of(opened).empty(), "what opens is consistent");
  auto again = open_directory(sign_directory(opened, anchor()), anchor().public_half());
  toit::law::require(again == opened, "what opens can be signed again, and is the same");
  if (opened.nodes.size() > 32 || opened.territories.empty())
    return;
  auto day = opened.territories[0].from;
  for (const auto& node : opened.nodes)
    for (const auto& stream : node.streams) {
      toit::law::require(should_hold(opened, node.name, stream, day), "a host holds what it hosts");
      for (const auto* neighbour : neighbours_of(opened, node.name, day))
        toit::law::require(neighbour != &node, "nobody is his own neighbour");
    }
}

void try_signed(byte_view bytes) {
  auto opened = open_directory(bytes, anchor().public_half());
  if (opened)
    try_opened(*opened);
}

/// As the anchor would have signed it, so that what is behind the signature is tried too.
toit::federation::bytes with_signature(byte_view content) {
  using namespace toit::journal;
  bytes message;
  put(message, view_of("toit.directory.1"));
  put(message, content);
  bytes form{0x94, 0x01, 0xC6};
  auto size = static_cast<std::uint32_t>(content.size());
  if (size <= 0xFFFF) {
    form.back() = size <= 0xFF ? 0xC4 : 0xC5;
    if (size > 0xFF)
      form.push_back(static_cast<std::uint8_t>(size >> 8));
    form.push_back(static_cast<std::uint8_t>(size));
  } else {
    put_u32(form, size);
  }
  put(form, content);
  put(form, bytes{0xC4, 0x08});
  put(form, id_of(anchor().public_half()));
  put(form, bytes{0xC4, 0x40});
  put(form, anchor().sign(message));
  return form;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  byte_view rest{data + 1, size - 1};
  if (data[0] == 0)
    try_signed(rest);
  else if (data[0] == 1)
    try_signed(with_signature(rest));
  else
    is_endpoint({reinterpret_cast<const char*>(rest.data()), rest.size()});
  return 0;
}
