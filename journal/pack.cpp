#include "journal/pack.hpp"

#include <utility>

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

std::optional<byte_view> unpack_bytes(const msgpack::object& in) {
  if (in.type != msgpack::type::BIN)
    return std::nullopt;
  return byte_view{reinterpret_cast<const std::uint8_t*>(in.via.bin.ptr), in.via.bin.size};
}

bool unpack_bytes(const msgpack::object& in, std::span<std::uint8_t> content) {
  auto read = unpack_bytes(in);
  if (!read || read->size() != content.size())
    return false;
  std::ranges::copy(*read, content.begin());
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

/// No stored value nests deeper.
constexpr std::size_t most_depth = 12;

/// Looks over packed bytes before anything is built from them. Every value must be of a type that is stored and in its
/// shortest form, so that a value has one form only, and no array may promise more than the bytes that are left could
/// hold.
class form_check {
public:
  form_check(byte_view content, std::size_t values) : rest_{content}, values_{values} {}

  bool good() {
    for (std::uint64_t pending = 1; pending > 0; --pending) {
      if (rest_.size() < pending || values_-- == 0)
        return false;
      auto head = rest_.front();
      rest_ = rest_.subspan(1);
      if (!token(head))
        return false;
      pending += std::exchange(items_, 0);
    }
    return rest_.empty();
  }

private:
  bool token(std::uint8_t head) {
    if (head <= 0x7F || head >= 0xE0 || head == 0xC0 || head == 0xC2 || head == 0xC3)
      return true;
    if (head >= 0xA0 && head <= 0xBF)
      return skip(head & 0x1FU);
    if (head >= 0x90 && head <= 0x9F)
      return promise(head & 0x0FU);
    if (head >= 0xC4 && head <= 0xC6)
      return number(1U << (head - 0xC4)) && (head == 0xC4 || value_ > widest(head - 0xC5)) && skip(value_);
    if (head >= 0xCC && head <= 0xCF)
      return number(1U << (head - 0xCC)) && value_ > (head == 0xCC ? 0x7FU : widest(head - 0xCD));
    if (head >= 0xD0 && head <= 0xD3)
      return negative(1U << (head - 0xD0));
    if (head >= 0xD9 && head <= 0xDB)
      return number(1U << (head - 0xD9)) && value_ > (head == 0xD9 ? 31U : widest(head - 0xDA)) && skip(value_);
    if (head == 0xDC || head == 0xDD)
      return number(head == 0xDC ? 2 : 4) && value_ > (head == 0xDC ? 15U : 0xFFFFU) && promise(value_);
    return false;
  }

  /// Largest value of 1, 2 or 4 bytes.
  static std::uint64_t widest(int doubled) { return (std::uint64_t{1} << (8U << doubled)) - 1; }

  bool number(std::size_t size) {
    if (rest_.size() < size)
      return false;
    value_ = 0;
    for (auto byte : rest_.first(size))
      value_ = value_ << 8 | byte;
    rest_ = rest_.subspan(size);
    return true;
  }

  /// A negative number that the next shorter form cannot hold.
  bool negative(std::size_t size) {
    if (!number(size))
      return false;
    auto unused = static_cast<unsigned>(64 - 8 * size);
    auto value = static_cast<std::int64_t>(value_ << unused) >> unused;
    return size == 1 ? value < -32 : value < -(std::int64_t{1} << (4 * size - 1));
  }

  bool skip(std::uint64_t size) {
    if (rest_.size() < size)
      return false;
    rest_ = rest_.subspan(size);
    return true;
  }

  bool promise(std::uint64_t items) {
    items_ = items;
    return true;
  }

  byte_view rest_;
  std::size_t values_;
  std::uint64_t value_ = 0;
  std::uint64_t items_ = 0;
};

} // namespace

msgpack::object parse_packed(byte_view content, msgpack::zone& room, const packed_limits& limits) {
  if (!form_check{content, limits.values}.good())
    return {};
  const msgpack::unpack_limit most{limits.items, 0, limits.bytes, limits.bytes, 0, most_depth};
  auto points_into_content = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  try {
    std::size_t read = 0;
    auto parsed = msgpack::unpack(room, reinterpret_cast<const char*>(content.data()), content.size(), read,
                                  points_into_content, nullptr, most);
    if (read == content.size())
      return parsed;
  } catch (const msgpack::unpack_error&) {
    // Malformed or over a limit: the caller is told by the null object.
  }
  return {};
}

msgpack::object_handle parse_packed(byte_view content, const packed_limits& limits) {
  auto room = std::make_unique<msgpack::zone>();
  auto parsed = parse_packed(content, *room, limits);
  return {parsed, std::move(room)};
}

} // namespace toit::journal
