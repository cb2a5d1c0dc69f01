#include "journal/codec.hpp"

#include "journal/pack.hpp"

namespace toit::journal {

namespace {

constexpr std::uint32_t payload_elements = 12;

template <class Event>
bool read_event(const msgpack::object& fields, law::event& happened) {
  return unpack_value(fields, happened.emplace<Event>());
}

using event_reader = bool (*)(const msgpack::object&, law::event&);

template <class Variant>
struct readers_of;
template <class... Events>
struct readers_of<std::variant<Events...>> {
  static constexpr std::array<event_reader, sizeof...(Events)> readers{&read_event<Events>...};
};

event_reader reader_of(std::uint64_t kind) {
  auto kinds = law::all_kinds();
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i].number == kind)
      return readers_of<law::any_event>::readers[i];
  return nullptr;
}

} // namespace

bool is_in_clear(const law::event& happened) {
  const auto& kind = law::kind_of(happened);
  return kind.clear || kind.family != law::entry_family::dossier;
}

bytes encode(const law::record& record) {
  msgpack::sbuffer buffer{512};
  packer out{buffer};
  out.pack_array(payload_elements);
  out.pack_uint8(payload_version);
  out.pack_uint16(law::kind_of(record.event).number);
  pack_value(out, record.operation);
  pack_value(out, record.occurred_on);
  pack_value(out, record.originator);
  pack_value(out, record.introducer);
  pack_value(out, record.agent);
  pack_value(out, record.command);
  pack_value(out, record.request);
  pack_value(out, record.supersedes);
  pack_value(out, record.warnings);
  std::visit([&](const auto& event) { pack_value(out, event); }, record.event);
  return {buffer.data(), buffer.data() + buffer.size()};
}

namespace {

/// Most records are read one after the other by whoever reads a stream: the room that one took is the next one's.
bool read_record(byte_view payload, law::record& record) {
  constexpr std::size_t room_bytes = 16'384;
  thread_local msgpack::zone room{room_bytes};
  room.clear();
  auto root = parse_packed(payload, room);
  if (root.type != msgpack::type::ARRAY || root.via.array.size != payload_elements)
    return false;
  const auto* element = root.via.array.ptr;
  std::uint16_t kind = 0;
  std::uint8_t version = 0;
  bool good = unpack_value(element[0], version) && version == payload_version && unpack_value(element[1], kind) &&
              unpack_value(element[2], record.operation) && unpack_value(element[3], record.occurred_on) &&
              unpack_value(element[4], record.originator) && unpack_value(element[5], record.introducer) &&
              unpack_value(element[6], record.agent) && unpack_value(element[7], record.command) &&
              unpack_value(element[8], record.request) && unpack_value(element[9], record.supersedes) &&
              unpack_value(element[10], record.warnings);
  auto read = good ? reader_of(kind) : nullptr;
  return read && read(element[11], record.event);
}

} // namespace

std::optional<law::record> decode(byte_view payload) {
  std::optional<law::record> record{std::in_place};
  if (!read_record(payload, *record))
    record.reset();
  return record;
}

ports::record_ptr decode_shared(byte_view payload) {
  auto record = std::make_shared<law::record>();
  return read_record(payload, *record) ? record : nullptr;
}

} // namespace toit::journal
