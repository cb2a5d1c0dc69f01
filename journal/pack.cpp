#include "journal/pack.hpp"

namespace toit::journal {

namespace detail {

void pack_text(packer& out, std::string_view text) {
  out.pack_str(static_cast<std::uint32_t>(text.size()));
  out.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
}

void pack_bytes(packer& out, byte_view content) {
  out.pack_bin(static_cast<std::uint32_t>(content.size()));
  out.pack_bin_body(reinterpret_cast<const char*>(content.data()), static_cast<std::uint32_t>(content.size()));
}

std::optional<std::string_view> unpack_text(const msgpack::object& in) {
  if (in.type != msgpack::type::STR)
    return std::nullopt;
  return std::string_view{in.via.str.ptr, in.via.str.size};
}

bool unpack_bytes(const msgpack::object& in, std::span<std::uint8_t> content) {
  if (in.type != msgpack::type::BIN || in.via.bin.size != content.size())
    return false;
  std::copy_n(reinterpret_cast<const std::uint8_t*>(in.via.bin.ptr), content.size(), content.begin());
  return true;
}

namespace {

std::optional<std::int64_t> unpack_integer(const msgpack::object& in) {
  if (in.type == msgpack::type::POSITIVE_INTEGER && in.via.u64 <= INT64_MAX)
    return static_cast<std::int64_t>(in.via.u64);
  if (in.type == msgpack::type::NEGATIVE_INTEGER)
    return in.via.i64;
  return std::nullopt;
}

} // namespace

bool unpack_date(const msgpack::object& in, law::civil_date& day) {
  using namespace std::chrono;
  auto count = unpack_integer(in);
  // The years that parse_date reads; a default date, of no day, packs as the day 0 of year 0.
  constexpr auto first = sys_days{year{-1} / November / 30}.time_since_epoch().count();
  constexpr auto last = sys_days{year{2200} / January / 1}.time_since_epoch().count();
  if (!count || *count < first || *count > last)
    return false;
  day = law::civil_date{sys_days{std::chrono::days{*count}}};
  return true;
}

bool unpack_instant(const msgpack::object& in, law::instant& moment) {
  auto count = unpack_integer(in);
  if (!count || *count < 0 || *count > 7258118400000)
    return false;
  moment = law::instant{std::chrono::milliseconds{*count}};
  return true;
}

bool unpack_party(const msgpack::object& in, law::party& who) {
  law::siren legal_person;
  if (!unpack_value(in, legal_person))
    return false;
  who = legal_person.empty() ? law::party::demandeur() : law::party{legal_person};
  return true;
}

} // namespace detail

namespace {

/// No stored value nests deeper or is longer; lengths are those of the largest tombstone and document list.
const msgpack::unpack_limit limits{70'000, 0, 100'000, 100'000, 0, 12};

} // namespace

msgpack::object_handle parse_packed(byte_view content) {
  try {
    std::size_t read = 0;
    auto handle = msgpack::unpack(
        reinterpret_cast<const char*>(content.data()), content.size(), read,
        [](msgpack::type::object_type, std::size_t, void*) { return false; }, nullptr, limits);
    if (read == content.size())
      return handle;
  } catch (const msgpack::unpack_error&) {
    // Malformed or over a limit: the caller is told by the null object.
  }
  return {};
}

} // namespace toit::journal
