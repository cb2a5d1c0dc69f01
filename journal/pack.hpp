/// \file
/// MessagePack of described values: a described type is the array of its fields, in their order. A reader accepts fewer
/// fields than it knows (an older entry: the rest keep their defaults) and refuses more (a newer one).

#pragma once

#include "journal/hash.hpp"
#include "law/scalar_text.hpp"

#include <concepts>
#include <msgpack.hpp>

namespace toit::journal {

using packer = msgpack::packer<msgpack::sbuffer>;

/// At most `Max` bytes, whatever they are.
template <std::size_t Max>
struct octets {
  static constexpr std::size_t max_bytes = Max;
  bytes content;
  friend bool operator==(const octets&, const octets&) = default;
};

template <class T>
void pack_value(packer& out, const T& value);
template <class T>
bool unpack_value(const msgpack::object& in, T& value);

namespace detail {

template <class T>
struct is_code : std::false_type {};
template <class Rule, std::size_t Capacity>
struct is_code<law::code<Rule, Capacity>> : std::true_type {};

template <class T>
struct is_text : std::false_type {};
template <std::size_t Max>
struct is_text<law::text<Max>> : std::true_type {};

template <class T>
struct is_id : std::false_type {};
template <class Tag>
struct is_id<law::random_id<Tag>> : std::true_type {};

template <class T>
struct is_bytes : std::false_type {};
template <std::size_t Size>
struct is_bytes<std::array<std::uint8_t, Size>> : std::true_type {};

template <class T>
struct is_octets : std::false_type {};
template <std::size_t Max>
struct is_octets<octets<Max>> : std::true_type {};

template <class T>
struct is_list : std::false_type {};
template <class T, std::size_t Max>
struct is_list<law::list<T, Max>> : std::true_type {};

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
struct is_hidden : std::false_type {};
template <class T>
struct is_hidden<law::hidden<T>> : std::true_type {};

void pack_text(packer& out, std::string_view text);
void pack_bytes(packer& out, byte_view content);
std::optional<std::string_view> unpack_text(const msgpack::object& in);
std::optional<byte_view> unpack_bytes(const msgpack::object& in);
bool unpack_bytes(const msgpack::object& in, std::span<std::uint8_t> content);
bool unpack_date(const msgpack::object& in, law::civil_date& day);
bool unpack_instant(const msgpack::object& in, law::instant& moment);
bool unpack_party(const msgpack::object& in, law::party& who);

} // namespace detail

template <class T>
void pack_value(packer& out, const T& value) {
  using namespace detail;
  if constexpr (law::described<T>) {
    out.pack_array(static_cast<std::uint32_t>(law::field_count<T>));
    law::for_each_field(value, [&](std::string_view, const auto& member) { pack_value(out, member); });
  } else if constexpr (std::same_as<T, std::string>) {
    pack_text(out, value);
  } else if constexpr (std::same_as<T, bytes>) {
    pack_bytes(out, value);
  } else if constexpr (is_code<T>::value) {
    pack_text(out, value.view());
  } else if constexpr (is_text<T>::value) {
    pack_text(out, value.str());
  } else if constexpr (is_id<T>::value) {
    pack_bytes(out, value.bytes);
  } else if constexpr (is_bytes<T>::value) {
    pack_bytes(out, value);
  } else if constexpr (is_octets<T>::value) {
    pack_bytes(out, value.content);
  } else if constexpr (is_hidden<T>::value) {
    pack_value(out, value.value);
  } else if constexpr (is_optional<T>::value) {
    if (value)
      pack_value(out, *value);
    else
      out.pack_nil();
  } else if constexpr (is_list<T>::value) {
    out.pack_array(static_cast<std::uint32_t>(value.size()));
    for (const auto& item : value)
      pack_value(out, item);
  } else if constexpr (std::same_as<T, law::civil_date>) {
    out.pack_int32(static_cast<std::int32_t>(std::chrono::sys_days{value}.time_since_epoch().count()));
  } else if constexpr (std::same_as<T, law::instant>) {
    out.pack_int64(value.time_since_epoch().count());
  } else if constexpr (std::same_as<T, law::party>) {
    pack_text(out, value.legal_person().view());
  } else if constexpr (std::same_as<T, bool>) {
    value ? out.pack_true() : out.pack_false();
  } else if constexpr (law::named_enum<T>) {
    out.pack_uint8(static_cast<std::uint8_t>(value));
  } else {
    static_assert(std::unsigned_integral<T>, "every stored type has its form");
    out.pack_uint64(value);
  }
}

namespace detail {

template <law::described T>
bool unpack_fields(const msgpack::object& in, T& value) {
  if (in.type != msgpack::type::ARRAY || in.via.array.size > law::field_count<T>)
    return false;
  std::uint32_t at = 0;
  bool good = true;
  law::for_each_field(value, [&](std::string_view, auto& member) {
    if (good && at < in.via.array.size)
      good = unpack_value(in.via.array.ptr[at++], member);
  });
  return good;
}

/// No code at all is the empty text.
template <class Code>
bool unpack_code(const msgpack::object& in, Code& value) {
  auto read = unpack_text(in);
  if (!read)
    return false;
  auto parsed = read->empty() ? std::optional{Code{}} : Code::parse(*read);
  if (parsed)
    value = *parsed;
  return parsed.has_value();
}

template <std::size_t Max>
bool unpack_octets(const msgpack::object& in, octets<Max>& value) {
  auto read = unpack_bytes(in);
  if (!read || read->size() > Max)
    return false;
  value.content.assign(read->begin(), read->end());
  return true;
}

template <class List>
bool unpack_list(const msgpack::object& in, List& value) {
  if (in.type != msgpack::type::ARRAY || in.via.array.size > List::max_items)
    return false;
  value.clear();
  value.reserve(in.via.array.size);
  for (std::uint32_t i = 0; i < in.via.array.size; ++i) {
    typename List::value_type item{};
    if (!unpack_value(in.via.array.ptr[i], item))
      return false;
    value.push_back(std::move(item));
  }
  return true;
}

} // namespace detail

template <class T>
bool unpack_value(const msgpack::object& in, T& value) {
  using namespace detail;
  if constexpr (law::described<T>) {
    return unpack_fields(in, value);
  } else if constexpr (std::same_as<T, std::string>) {
    auto read = unpack_text(in);
    if (read)
      value = *read;
    return read.has_value();
  } else if constexpr (std::same_as<T, bytes>) {
    if (in.type != msgpack::type::BIN)
      return false;
    const auto* first = reinterpret_cast<const std::uint8_t*>(in.via.bin.ptr);
    value.assign(first, first + in.via.bin.size);
    return true;
  } else if constexpr (is_code<T>::value) {
    return unpack_code(in, value);
  } else if constexpr (is_text<T>::value) {
    auto read = unpack_text(in);
    return read && law::scalar_from_text(*read, value);
  } else if constexpr (is_id<T>::value) {
    return unpack_bytes(in, value.bytes);
  } else if constexpr (is_bytes<T>::value) {
    return unpack_bytes(in, value);
  } else if constexpr (is_octets<T>::value) {
    return unpack_octets(in, value);
  } else if constexpr (is_hidden<T>::value) {
    return unpack_value(in, value.value);
  } else if constexpr (is_optional<T>::value) {
    value.reset();
    if (in.type == msgpack::type::NIL)
      return true;
    typename T::value_type present{};
    if (!unpack_value(in, present))
      return false;
    value.emplace(std::move(present));
    return true;
  } else if constexpr (is_list<T>::value) {
    return unpack_list(in, value);
  } else if constexpr (std::same_as<T, law::civil_date>) {
    return unpack_date(in, value);
  } else if constexpr (std::same_as<T, law::instant>) {
    return unpack_instant(in, value);
  } else if constexpr (std::same_as<T, law::party>) {
    return unpack_party(in, value);
  } else if constexpr (std::same_as<T, bool>) {
    if (in.type != msgpack::type::BOOLEAN)
      return false;
    value = in.via.boolean;
    return true;
  } else {
    if (in.type != msgpack::type::POSITIVE_INTEGER)
      return false;
    if constexpr (law::named_enum<T>) {
      auto named = law::enum_from<T>(in.via.u64);
      if (named)
        value = *named;
      return named.has_value();
    } else {
      static_assert(std::unsigned_integral<T>, "every stored type has its form");
      value = static_cast<T>(in.via.u64);
      return value == in.via.u64;
    }
  }
}

/// A described value on its own, for snapshots, logs and local rows.
template <law::described T>
bytes pack_alone(const T& value) {
  msgpack::sbuffer buffer;
  packer out{buffer};
  pack_value(out, value);
  return {buffer.data(), buffer.data() + buffer.size()};
}

/// No stored value is longer; lengths are those of the largest tombstone and document list.
struct packed_limits {
  std::size_t items = 70'000;    ///< of one array
  std::size_t bytes = 100'000;   ///< of one text or run of bytes
  std::size_t values = SIZE_MAX; ///< in all: each takes much more memory than the byte that it may be packed in
};

/// Parses untrusted bytes within limits on depth and sizes; null when they are no MessagePack in its shortest form.
/// What it answers points into them, and into `room`.
msgpack::object parse_packed(byte_view content, msgpack::zone& room, const packed_limits& limits = {});
/// The same with a room of its own.
msgpack::object_handle parse_packed(byte_view content, const packed_limits& limits = {});

template <law::described T>
std::optional<T> unpack_alone(byte_view content, const packed_limits& limits = {}) {
  auto parsed = parse_packed(content, limits);
  T value{};
  if (parsed.get().type != msgpack::type::ARRAY || !unpack_value(parsed.get(), value))
    return std::nullopt;
  return value;
}

} // namespace toit::journal
