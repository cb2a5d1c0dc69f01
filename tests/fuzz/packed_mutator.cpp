// Mutates an input, or what follows its first byte, as the MessagePack value that it mostly is, or one of the values
// within it: a reader of packed values is reached behind its first check only by values that are still well formed.
// Built into libFuzzer's programs alone.

#include "journal/pack.hpp"

#include <random>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_most);

namespace {

using msgpack::object;
using toit::journal::byte_view;

/// One value at a time gets another type, another size or another value: what a reader must refuse, and what it must
/// not.
class packed_mutation {
public:
  packed_mutation(object& root, msgpack::zone& zone, unsigned seed) : zone_{zone}, chance_{seed} { list(root); }

  void run() {
    auto times = 1 + below(3);
    for (unsigned i = 0; i < times; ++i)
      change(*nodes_[below(nodes_.size())]);
  }

private:
  std::size_t below(std::size_t limit) { return chance_() % limit; }

  void list(object& node) {
    nodes_.push_back(&node);
    // An empty text may have no place at all, which a copy of nothing from there must not see.
    if (node.type == msgpack::type::STR && node.via.str.size == 0)
      node.via.str.ptr = "";
    if (node.type == msgpack::type::BIN && node.via.bin.size == 0)
      node.via.bin.ptr = "";
    if (node.type == msgpack::type::ARRAY)
      for (std::uint32_t i = 0; i < node.via.array.size; ++i)
        list(node.via.array.ptr[i]);
  }

  void change(object& node) {
    switch (below(4)) {
    case 0:
      node = some_value();
      return;
    case 1:
      node = some_other();
      return;
    default:
      change_within(node);
    }
  }

  /// Values at the edges of the types, and one of each type.
  object some_value() {
    constexpr std::array<std::uint64_t, 12> numbers{0,   1,      2,          7,          127,         255,
                                                    256, 65'535, 4294967295, 4294967296, 1ULL << 44U, ~0ULL};
    switch (below(8)) {
    case 0:
      return {};
    case 1:
      return object{below(2) == 0};
    case 2:
      return object{-static_cast<std::int64_t>(numbers[below(numbers.size())] / 2) - 1};
    case 3:
      return some_bytes(msgpack::type::STR);
    case 4:
      return some_bytes(msgpack::type::BIN);
    case 5:
      return some_array(below(3));
    default:
      return object{numbers[below(numbers.size())]};
    }
  }

  object some_bytes(msgpack::type::object_type type) {
    constexpr std::array<std::uint32_t, 12> sizes{0, 1, 2, 3, 5, 9, 14, 16, 18, 24, 32, 65};
    auto size = sizes[below(sizes.size())];
    auto* content = static_cast<char*>(zone_.allocate_align(size + 1));
    for (std::uint32_t i = 0; i < size; ++i)
      content[i] = type == msgpack::type::STR ? static_cast<char>('0' + below(10)) : static_cast<char>(below(256));
    object made;
    made.type = type;
    if (type == msgpack::type::STR)
      made.via.str = {size, content};
    else
      made.via.bin = {size, content};
    return made;
  }

  object some_array(std::size_t size) {
    object made;
    made.type = msgpack::type::ARRAY;
    made.via.array.size = static_cast<std::uint32_t>(size);
    made.via.array.ptr = allocate(size);
    for (std::size_t i = 0; i < size; ++i)
      made.via.array.ptr[i] = some_other();
    return made;
  }

  object some_other() { return copy_of(*nodes_[below(nodes_.size())]); }

  /// Arrays are copied: a value that held itself would have no end.
  object copy_of(const object& node) {
    auto copied = node;
    if (node.type == msgpack::type::ARRAY) {
      copied.via.array.ptr = allocate(node.via.array.size);
      for (std::uint32_t i = 0; i < node.via.array.size; ++i)
        copied.via.array.ptr[i] = copy_of(node.via.array.ptr[i]);
    }
    return copied;
  }

  object* allocate(std::size_t count) {
    return static_cast<object*>(zone_.allocate_align(sizeof(object) * (count + 1)));
  }

  void change_within(object& node) {
    switch (node.type) {
    case msgpack::type::ARRAY:
      return resize(node);
    case msgpack::type::POSITIVE_INTEGER:
      node.via.u64 += below(2) == 0 ? 1 : ~0ULL;
      return;
    case msgpack::type::STR:
      return change_bytes(node.via.str);
    case msgpack::type::BIN:
      return change_bytes(node.via.bin);
    default:
      node = some_value();
    }
  }

  /// One element fewer, one twice, or one of another's.
  void resize(object& node) {
    auto& array = node.via.array;
    auto* larger = allocate(array.size + 1);
    std::copy_n(array.ptr, array.size, larger);
    if (array.size > 0 && below(2) == 0) {
      auto gone = below(array.size);
      std::copy(larger + gone + 1, larger + array.size, larger + gone);
      --array.size;
    } else {
      larger[array.size] = array.size > 0 && below(2) == 0 ? copy_of(larger[array.size - 1]) : some_other();
      ++array.size;
    }
    array.ptr = larger;
  }

  template <class Bytes>
  void change_bytes(Bytes& bytes) {
    constexpr std::uint32_t longest = 4096;
    if (bytes.size > longest)
      return;
    auto room = bytes.size + 16;
    auto* content = static_cast<char*>(zone_.allocate_align(room));
    std::copy_n(bytes.ptr, bytes.size, content);
    auto size = LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(content), bytes.size, room);
    bytes.size = static_cast<std::uint32_t>(size);
    bytes.ptr = content;
  }

  msgpack::zone& zone_;
  std::minstd_rand chance_;
  std::vector<object*> nodes_;
};

/// Empty when the bytes are no packed value.
msgpack::sbuffer mutated(byte_view content, unsigned seed) {
  msgpack::sbuffer out;
  auto parsed = toit::journal::parse_packed(content);
  if (parsed.get().type != msgpack::type::ARRAY || !parsed.zone())
    return out;
  object root = parsed.get();
  packed_mutation{root, *parsed.zone(), seed}.run();
  msgpack::pack(out, root);
  return out;
}

/// Where packed values lie whose size is the byte before them, as in a play of many acts.
std::vector<std::size_t> sized_values(byte_view play) {
  std::vector<std::size_t> found;
  for (std::size_t at = 1; at < play.size(); ++at) {
    std::size_t size = play[at - 1];
    if (size < 2 || size > play.size() - at)
      continue;
    if (toit::journal::parse_packed(play.subspan(at, size)).get().type == msgpack::type::ARRAY)
      found.push_back(at);
  }
  return found;
}

/// Replaces `size` bytes at `at`; 0 when they are no packed value or there is no room.
std::size_t mutate_at(std::span<std::uint8_t> room, std::size_t used, std::size_t at, std::size_t size, unsigned seed) {
  auto out = mutated(room.subspan(at, size), seed);
  if (out.size() == 0 || used - size + out.size() > room.size())
    return 0;
  std::vector<std::uint8_t> after(room.begin() + static_cast<std::ptrdiff_t>(at + size),
                                  room.begin() + static_cast<std::ptrdiff_t>(used));
  std::copy_n(reinterpret_cast<const std::uint8_t*>(out.data()), out.size(), room.data() + at);
  std::ranges::copy(after, room.data() + at + out.size());
  return used - size + out.size();
}

std::size_t mutate_sized(std::span<std::uint8_t> room, std::size_t used, unsigned seed) {
  auto found = sized_values(room.first(used));
  if (found.empty())
    return 0;
  auto at = found[seed % found.size()];
  auto made = mutate_at(room, used, at, room[at - 1], seed);
  auto size = made + room[at - 1] - used;
  if (made == 0 || size >= 0xFF)
    return 0;
  room[at - 1] = static_cast<std::uint8_t>(size);
  return made;
}

} // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_most,
                                               unsigned seed) {
  std::size_t made = 0;
  if (size >= 2 && seed % 4 != 0) {
    std::span room{data, size_most};
    for (std::size_t at = 0; at <= 1 && made == 0; ++at)
      made = mutate_at(room, size, at, size - at, seed / 4);
    if (made == 0)
      made = mutate_sized(room, size, seed / 4);
  }
  return made != 0 ? made : LLVMFuzzerMutate(data, size, size_most);
}
