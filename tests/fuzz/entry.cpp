#include "tests/fuzz/entry.hpp"

#include "journal/pack.hpp"
#include "ports/accounts.hpp"
#include "ports/snapshots.hpp"

namespace toit::fuzz {

namespace {

using journal::byte_view;
using journal::bytes;

bool is_empty(const msgpack::object& text) {
  return (text.type == msgpack::type::STR && text.via.str.size == 0) ||
         (text.type == msgpack::type::BIN && text.via.bin.size == 0);
}

/// Equal, or shorter where the other has fields that came later.
bool same_or_older(const msgpack::object& older, const msgpack::object& whole) {
  // msgpack would compare nothing with nothing through null pointers.
  if (older.type == whole.type && is_empty(older))
    return is_empty(whole);
  if (older.type != msgpack::type::ARRAY || whole.type != msgpack::type::ARRAY)
    return older == whole;
  if (older.via.array.size > whole.via.array.size)
    return false;
  for (std::uint32_t i = 0; i < older.via.array.size; ++i)
    if (!same_or_older(older.via.array.ptr[i], whole.via.array.ptr[i]))
      return false;
  return true;
}

/// `repacked` gives the bytes of what some bytes unpack to, or nothing.
template <class Repacked>
bool try_form(byte_view content, Repacked repacked) {
  auto packed = repacked(content);
  if (!packed)
    return false;
  if (std::ranges::equal(*packed, content))
    return true;
  law::require(content.size() < packed->size() &&
                   same_or_older(journal::parse_packed(content).get(), journal::parse_packed(*packed).get()),
               "a value has one form, or lacks fields that came later");
  law::require(repacked(*packed) == packed, "packing and unpacking come to rest");
  return true;
}

template <class T>
bool try_alone(byte_view content) {
  return try_form(content, [](byte_view part) -> std::optional<bytes> {
    auto value = journal::unpack_alone<T>(part);
    if (!value)
      return std::nullopt;
    return journal::pack_alone(*value);
  });
}

} // namespace

bool try_payload(byte_view content) {
  return try_form(content, [](byte_view part) -> std::optional<bytes> {
    auto record = journal::decode(part);
    if (!record)
      return std::nullopt;
    return journal::encode(*record);
  });
}

bool try_packed(std::uint8_t kind, byte_view content) {
  switch (kind) {
  case 0:
    return try_payload(content);
  case 1:
    return try_alone<ports::log_line>(content);
  case 2:
    return try_alone<ports::signed_head>(content);
  case 3:
    return try_alone<ports::account_secrets>(content);
  case 4:
    return try_alone<law::dossier>(content);
  case 5:
    return try_alone<law::dwelling>(content);
  case 6:
    return try_alone<law::vacancy>(content);
  case 7:
    return try_alone<law::caleol_session>(content);
  default:
    return try_alone<law::charged_vacancy>(content);
  }
}

} // namespace toit::fuzz
