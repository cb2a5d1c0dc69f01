// What a message must be, as docs/federation-protocol.md (Envelope) has it.

#include "federation/envelope.hpp"

#include "journal/pack.hpp"
#include "tests/federation/some_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

constexpr std::size_t example_size = 90;
/// Where its items begin: the protocol, two names, the kind, the body.
constexpr std::size_t protocol_at = 1;
constexpr std::size_t from_at = 2;
constexpr std::size_t kind_at = 31;
constexpr std::size_t body_at = 32;

void put_text(bytes& into, std::string_view text) { into.insert(into.end(), text.begin(), text.end()); }

/// As it stands on that page.
bytes worked_example() {
  bytes made{0x95, 0x01, 0xAE};
  put_text(made, "plaine-commune");
  made.push_back(0xAD);
  put_text(made, "ile-de-france");
  journal::put(made, bytes{0x03, 0x94, 0x94, 0xAA});
  put_text(made, "T200057867");
  journal::put(made, bytes{0x00, 0xCD, 0x01, 0x2C, 0xC4, 0x20});
  journal::put(made, bytes(32, 0xB2));
  journal::put(made, bytes{0xCE, 0x00, 0x40, 0x00, 0x00, 0xC2, 0xC2});
  return made;
}

/// The same up to the body: of this kind, with another body.
bytes with_body(std::uint8_t kind, const bytes& body) {
  auto made = worked_example();
  made.resize(kind_at);
  made.push_back(kind);
  journal::put(made, body);
  return made;
}

/// The same with these bytes in the place of the one there.
bytes with_instead(std::size_t at, const bytes& other) {
  auto made = worked_example();
  made.erase(made.begin() + static_cast<std::ptrdiff_t>(at));
  made.insert(made.begin() + static_cast<std::ptrdiff_t>(at), other.begin(), other.end());
  return made;
}

std::optional<envelope_fault> fault_of(byte_view received) {
  auto read = decode(received);
  return read ? std::nullopt : std::optional{read.error()};
}

/// So many of nothing.
bytes array_of(std::uint32_t items) {
  msgpack::sbuffer buffer;
  journal::packer out{buffer};
  out.pack_array(items);
  for (std::uint32_t i = 0; i < items; ++i)
    out.pack_nil();
  return {buffer.data(), buffer.data() + buffer.size()};
}

/// Nobody says this yet: form and limits alone are looked at.
constexpr std::uint8_t unknown = 99;

} // namespace

TEST_CASE("the protocol's worked example is what a node says, and what it reads", "[envelope]") {
  auto example = worked_example();
  CHECK(example.size() == example_size);
  want asked;
  asked.after = {stream_named("T200057867"), 0, 300, filled(0xB2)};
  asked.window_bytes = 4U << 20;
  CHECK(encode({node_named("plaine-commune"), node_named("ile-de-france"), asked}) == example);
  auto read = decode(example);
  REQUIRE(read);
  CHECK(read->from == node_named("plaine-commune"));
  CHECK(read->to == node_named("ile-de-france"));
  const auto* said = std::get_if<want>(&read->said);
  REQUIRE(said);
  CHECK(said->after == asked.after);
  CHECK(said->window_bytes == asked.window_bytes);
  CHECK_FALSE(said->again);
  CHECK_FALSE(said->keys);
}

TEST_CASE("another protocol is told by the first item, whatever follows it", "[envelope]") {
  CHECK(fault_of(with_instead(protocol_at, {0x02})) == envelope_fault::unknown_protocol);
  CHECK(fault_of(with_instead(protocol_at, {0x00})) == envelope_fault::unknown_protocol);
  CHECK(fault_of(bytes{0x91, 0x02}) == envelope_fault::unknown_protocol);
  CHECK(fault_of(bytes{0x92, 0x02, 0xC0}) == envelope_fault::unknown_protocol);
  CHECK(fault_of(bytes{0x91, 0x01}) == envelope_fault::malformed);
  CHECK(fault_of(bytes{0x90}) == envelope_fault::malformed);
  CHECK(fault_of(bytes{0x02}) == envelope_fault::malformed);
  CHECK(fault_of(bytes{0x91, 0xC0}) == envelope_fault::malformed);
  // Form comes before that.
  CHECK(fault_of(bytes{0x91, 0x02, 0xC0}) == envelope_fault::malformed);
}

TEST_CASE("a neighbour of another protocol is told so once, in this node's own", "[envelope]") {
  some_nodes all{37};
  all.run(2);
  auto& region = all["region"];
  auto plaine = all["plaine"].name;
  region.talk->take();
  region.talk->received(plaine, with_instead(protocol_at, {0x02}));
  auto answered = region.talk->take().messages;
  REQUIRE(answered.size() == 1);
  CHECK(answered.front().to == plaine);
  auto read = decode(answered.front().sent);
  const auto* said = read ? std::get_if<no>(&read->said) : nullptr;
  REQUIRE(said);
  CHECK(said->because == no_reason::unknown_protocol);
  CHECK(said->seq == protocol_number);
  CHECK(all.has_alarm("region", alarm_kind::misbehaving));
  // He may answer in his way, and so on.
  region.talk->received(plaine, with_instead(protocol_at, {0x02}));
  CHECK(region.talk->take().messages.empty());
  // Whatever else is wrong is dropped without a word.
  auto departement = all["departement"].name;
  region.talk->received(departement, with_body(unknown, {0x90}));
  region.talk->received(departement, bytes{0x90});
  CHECK(region.talk->take().messages.empty());
  for (const auto& link : region.talk->report().links)
    if (link.node == plaine || link.node == departement)
      CHECK(link.misbehaviours == 2);
}

TEST_CASE("a message is one value in its shortest form, whole, and nothing after it", "[envelope]") {
  auto example = worked_example();
  auto longer = example;
  longer.push_back(0xC0);
  CHECK(fault_of(longer) == envelope_fault::malformed);
  for (std::size_t size = 0; size < example.size(); ++size)
    CHECK(fault_of(byte_view{example}.first(size)) == envelope_fault::malformed);
  // Five items, the protocol, a name, the kind, the body's four items: each can be said in more bytes.
  CHECK(fault_of(with_instead(0, {0xDC, 0x00, 0x05})) == envelope_fault::malformed);
  CHECK(fault_of(with_instead(protocol_at, {0xCC, 0x01})) == envelope_fault::malformed);
  CHECK(fault_of(with_instead(from_at, {0xD9, 0x0E})) == envelope_fault::malformed);
  CHECK(fault_of(with_instead(kind_at, {0xCC, 0x03})) == envelope_fault::malformed);
  CHECK(fault_of(with_instead(body_at, {0xDC, 0x00, 0x04})) == envelope_fault::malformed);
  // Four items, and six.
  example.front() = 0x94;
  example.resize(body_at);
  CHECK(fault_of(example) == envelope_fault::malformed);
  longer.front() = 0x96;
  CHECK(fault_of(longer) == envelope_fault::malformed);
}

TEST_CASE("a message has 16 MiB at most", "[envelope]") {
  envelope sent{node_named("plaine"), node_named("region"), reply{1, bytes(1U << 20)}};
  auto around = encode(sent).size() - (1U << 20);
  sent.said = reply{1, bytes(ports::message_limit_bytes - around, 7)};
  auto largest = encode(sent);
  REQUIRE(largest.size() == 16'777'216);
  auto read = decode(largest);
  REQUIRE(read);
  CHECK(std::get<reply>(read->said).content == std::get<reply>(sent.said).content);
  largest.push_back(0xC0);
  CHECK(fault_of(largest) == envelope_fault::too_large);
}

TEST_CASE("a message is 12 deep, its arrays have 70,000 items, and it has 1,500,000 values, at most", "[envelope]") {
  // The body and what is in it: each an array of the next.
  auto deep = [](std::size_t arrays) {
    bytes body(arrays - 1, 0x91);
    body.push_back(0x90);
    return with_body(unknown, body);
  };
  CHECK(fault_of(deep(11)) == envelope_fault::unknown_kind);
  CHECK(fault_of(deep(12)) == envelope_fault::malformed);

  CHECK(fault_of(with_body(unknown, array_of(70'000))) == envelope_fault::unknown_kind);
  CHECK(fault_of(with_body(unknown, array_of(70'001))) == envelope_fault::malformed);

  // The whole, four items before the body, the body and its arrays.
  constexpr std::uint32_t full = 21;
  constexpr std::uint32_t left = 1'500'000 - 6 - full * 70'001 - 1;
  auto many = [](std::uint32_t last) {
    bytes body{0xDC, 0x00, full + 1};
    for (std::uint32_t i = 0; i < full; ++i)
      journal::put(body, array_of(70'000));
    journal::put(body, array_of(last));
    return with_body(unknown, body);
  };
  CHECK(fault_of(many(left)) == envelope_fault::unknown_kind);
  CHECK(fault_of(many(left + 1)) == envelope_fault::malformed);
}

TEST_CASE("a kind that is not known is told apart from a body that cannot be", "[envelope]") {
  for (auto kind : std::to_array<std::uint8_t>({0, 16, unknown}))
    CHECK(fault_of(with_body(kind, {0xC0})) == envelope_fault::unknown_kind);
  // No byte of a larger number stands for one that is known.
  CHECK(fault_of(with_instead(kind_at, {0xCD, 0x01, 0x03})) == envelope_fault::unknown_kind);
  for (std::uint8_t kind = 1; kind <= std::variant_size_v<any_message>; ++kind)
    CHECK(fault_of(with_body(kind, {0xC0})) == envelope_fault::malformed);
}

TEST_CASE("fields that came later may lack in what is received, and none may be more than are known", "[envelope]") {
  auto shorter = worked_example();
  shorter[body_at] = 0x92;
  shorter.resize(example_size - 2);
  auto read = decode(shorter);
  REQUIRE(read);
  const auto& said = std::get<want>(read->said);
  CHECK(said.window_bytes == 4U << 20);
  CHECK_FALSE(said.keys);
  auto more = worked_example();
  more[body_at] = 0x95;
  more.push_back(0xC2);
  CHECK(fault_of(more) == envelope_fault::malformed);
}

TEST_CASE("each kind has its number and its lane, and is read as it was said", "[envelope]") {
  // Kinds 1 to 15, in order.
  using enum lane;
  constexpr std::array lanes{control, control,   control, control,   control, control, control, journal,
                             control, documents, control, documents, journal, control, control};
  static_assert(lanes.size() == std::variant_size_v<any_message>);
  auto all = []<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array{any_message{std::in_place_index<Index>}...};
  }(std::make_index_sequence<lanes.size()>{});
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO("kind " << i + 1);
    CHECK(lane_of(all[i]) == lanes[i]);
    auto sent = encode({node_named("plaine-commune"), node_named("ile-de-france"), all[i]});
    CHECK(sent[kind_at] == i + 1);
    auto read = decode(sent);
    REQUIRE(read);
    CHECK(read->said.index() == i);
    CHECK(encode(*read) == sent);
  }
}

} // namespace toit::federation::test
