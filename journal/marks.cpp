#include "journal/marks.hpp"

namespace toit::journal {

namespace {

void put_name(bytes& out, const ports::stream_id& name) {
  out.push_back(static_cast<std::uint8_t>(name.view().size()));
  put(out, view_of(name.view()));
}

} // namespace

bool can_mark(const ports::stream_id& witness, const ports::stream_id& stream) {
  return witness.view().starts_with('S') && witness != stream;
}

bytes mark_message(const ports::witness_mark& mark) {
  bytes message;
  put(message, view_of("toit.mark.1"));
  put_name(message, mark.stream);
  put_u32(message, mark.epoch);
  put_u64(message, mark.seq);
  put(message, mark.link);
  put_name(message, mark.witness);
  put_u64(message, static_cast<std::uint64_t>(mark.at.time_since_epoch().count()));
  return message;
}

void sign(ports::witness_mark& mark, const signing_key& key) {
  mark.key_id = id_of(key.public_half());
  mark.signature = key.sign(mark_message(mark));
}

bool verify(const ports::witness_mark& mark, const public_key& key) {
  return mark.key_id == id_of(key) && verify(mark_message(mark), mark.signature, key);
}

} // namespace toit::journal
