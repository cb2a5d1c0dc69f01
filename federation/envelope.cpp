#include "federation/envelope.hpp"

#include "journal/pack.hpp"

namespace toit::federation {

namespace {

using journal::pack_value;
using journal::unpack_value;

constexpr std::uint32_t envelope_items = 5;

template <std::size_t Index = 0>
std::expected<any_message, envelope_fault> read_said(std::uint64_t kind, const msgpack::object& body) {
  if constexpr (Index == std::variant_size_v<any_message>) {
    return std::unexpected{envelope_fault::unknown_kind};
  } else {
    using alternative = std::variant_alternative_t<Index, any_message>;
    if (kind != alternative::kind)
      return read_said<Index + 1>(kind, body);
    alternative read{};
    if (!unpack_value(body, read))
      return std::unexpected{envelope_fault::malformed};
    return any_message{std::in_place_index<Index>, std::move(read)};
  }
}

} // namespace

bytes encode(const envelope& sent) {
  msgpack::sbuffer buffer;
  journal::packer out{buffer};
  out.pack_array(envelope_items);
  out.pack_uint64(protocol_number);
  pack_value(out, sent.from);
  pack_value(out, sent.to);
  std::visit(
      [&](const auto& one) {
        out.pack_uint8(std::remove_cvref_t<decltype(one)>::kind);
        pack_value(out, one);
      },
      sent.said);
  law::require(buffer.size() <= ports::message_limit_bytes, "whoever sends keeps within the limit");
  return {buffer.data(), buffer.data() + buffer.size()};
}

std::expected<envelope, envelope_fault> decode(byte_view received) {
  if (received.size() > ports::message_limit_bytes)
    return std::unexpected{envelope_fault::too_large};
  // As many values as the largest transfer has: each takes more memory than the byte that it may come in.
  constexpr journal::packed_limits most{70'000, ports::message_limit_bytes, 1'500'000};
  auto parsed = journal::parse_packed(received, most);
  const auto& whole = parsed.get();
  // The protocol's number comes first in every protocol.
  if (whole.type != msgpack::type::ARRAY || whole.via.array.size == 0 ||
      whole.via.array.ptr[0].type != msgpack::type::POSITIVE_INTEGER)
    return std::unexpected{envelope_fault::malformed};
  const auto* items = whole.via.array.ptr;
  if (items[0].via.u64 != protocol_number)
    return std::unexpected{envelope_fault::unknown_protocol};
  envelope read;
  if (whole.via.array.size != envelope_items || !unpack_value(items[1], read.from) ||
      !unpack_value(items[2], read.to) || items[3].type != msgpack::type::POSITIVE_INTEGER)
    return std::unexpected{envelope_fault::malformed};
  auto what = read_said(items[3].via.u64, items[4]);
  if (!what)
    return std::unexpected{what.error()};
  read.said = std::move(*what);
  return read;
}

lane lane_of(const any_message& what) {
  return std::visit([](const auto& one) { return std::remove_cvref_t<decltype(one)>::lane; }, what);
}

} // namespace toit::federation
