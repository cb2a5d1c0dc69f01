#include "federation/command_letters.hpp"
#include "federation/directory_check.hpp"
#include "federation/endpoint.hpp"
#include "journal/pack.hpp"
#include "tests/federation/small_directory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <set>

using namespace toit;
using namespace toit::federation;
using namespace toit::federation::test;

namespace {

std::expected<directory, directory_fault> reopened(const directory& issued) {
  return open_directory(sign_directory(issued, anchor()), anchor().public_half());
}

bytes with_signature(byte_view content) {
  bytes message;
  journal::put(message, journal::view_of("toit.directory.1"));
  journal::put(message, content);
  msgpack::sbuffer buffer;
  journal::packer out{buffer};
  out.pack_array(4);
  out.pack_uint8(1);
  journal::detail::pack_bytes(out, content);
  journal::detail::pack_bytes(out, journal::id_of(anchor().public_half()));
  journal::detail::pack_bytes(out, anchor().sign(message));
  return {buffer.data(), buffer.data() + buffer.size()};
}

std::vector<std::string> names_of_neighbours(const directory& in, std::string_view of, law::civil_date on) {
  std::vector<std::string> names;
  for (const auto* neighbour : neighbours_of(in, name(of), on))
    names.push_back(neighbour->name.text());
  return names;
}

const auto in_2026 = day("2026-07-01");

} // namespace

TEST_CASE("a directory comes back as it was signed", "[directory]") {
  auto issued = small_directory();
  CHECK(inconsistency_of(issued) == "");
  auto opened = reopened(issued);
  REQUIRE(opened);
  CHECK(*opened == issued);
  issued.territories[0].until = day("2026-12-31");
  issued.nodes[0].link_keys.push_back({bytes_with(0x70), begins, at("2026-06-01T00:00:00.250Z")});
  issued.nodes[4].operating_key.reset();
  issued.territories[2].registration = law::registration_system::systeme_particulier;
  issued.territories[2].allots_numbers = true;
  issued.territories[2].communes.push_back(*law::commune_code::parse("95018"));
  CHECK(reopened(issued) == issued);
}

TEST_CASE("communes of a territory lie in it, in order, and numbers of the SNE are given by nobody else",
          "[directory]") {
  auto wrong = [](auto&& change) {
    auto given = small_directory();
    change(given, given.territories[2]);
    return inconsistency_of(given);
  };
  auto commune = [](const char* code) { return *law::commune_code::parse(code); };
  CHECK(wrong([&](directory&, territory_entry& t) { t.communes = {commune("95018"), commune("95019")}; }) == "");
  CHECK(wrong([&](directory&, territory_entry& t) { t.communes = {commune("95019"), commune("95018")}; }) != "");
  CHECK(wrong([&](directory&, territory_entry& t) { t.communes = {commune("95018"), commune("95018")}; }) != "");
  CHECK(wrong([&](directory&, territory_entry& t) { t.communes = {commune("93001")}; }) != "");
  auto allot = [](directory& d, territory_entry& t, law::registration_system by) {
    d.purpose = "production";
    t.registration = by;
    t.allots_numbers = true;
  };
  CHECK(wrong([&](directory& d, territory_entry& t) { allot(d, t, law::registration_system::sne); }) != "");
  CHECK(wrong([&](directory& d, territory_entry& t) { allot(d, t, law::registration_system::systeme_particulier); }) ==
        "");
}

TEST_CASE("the signed form is that of the protocol's description", "[directory]") {
  auto signed_bytes = sign_directory(small_directory(), anchor());
  auto content = journal::pack_alone(small_directory());
  REQUIRE(content.size() > 255);
  bytes expected{0x94, 0x01, 0xC5, static_cast<std::uint8_t>(content.size() >> 8),
                 static_cast<std::uint8_t>(content.size())};
  journal::put(expected, content);
  journal::put(expected, bytes{0xC4, 0x08});
  journal::put(expected, journal::id_of(anchor().public_half()));
  journal::put(expected, bytes{0xC4, 0x40});
  bytes message;
  journal::put(message, journal::view_of("toit.directory.1"));
  journal::put(message, content);
  journal::put(expected, anchor().sign(message));
  CHECK(signed_bytes == expected);
  CHECK(with_signature(content) == expected);
}

TEST_CASE("the directory kept since the first version of its form opens still", "[directory]") {
  std::ifstream in{"tests/fuzz/corpus/directory/small", std::ios::binary};
  std::vector<char> kept{std::istreambuf_iterator<char>{in}, {}};
  REQUIRE(kept.size() > 1);
  bytes signed_bytes(kept.begin() + 1, kept.end()); // the first byte is the fuzzer's
  CHECK(open_directory(signed_bytes, anchor().public_half()) == small_directory());
}

TEST_CASE("a byte altered anywhere is refused", "[directory]") {
  auto given = sign_directory(small_directory(), anchor());
  for (std::size_t i = 0; i < given.size(); ++i)
    for (std::uint8_t bit = 1; bit != 0; bit = static_cast<std::uint8_t>(bit << 4)) {
      auto altered = given;
      altered[i] ^= bit;
      CAPTURE(i, bit);
      CHECK_FALSE(open_directory(altered, anchor().public_half()));
    }
}

TEST_CASE("a directory cut or lengthened is malformed", "[directory]") {
  auto given = sign_directory(small_directory(), anchor());
  for (std::size_t size = 0; size < given.size(); ++size)
    CHECK(open_directory(byte_view{given}.first(size), anchor().public_half()).error() == directory_fault::malformed);
  given.push_back(0);
  CHECK(open_directory(given, anchor().public_half()).error() == directory_fault::malformed);
}

TEST_CASE("only the pinned anchor's directory opens", "[directory]") {
  journal::signing_key stranger{bytes_with(0xA8)};
  auto given = sign_directory(small_directory(), stranger);
  CHECK(open_directory(given, anchor().public_half()).error() == directory_fault::bad_signature);
  CHECK(open_directory(given, stranger.public_half()));
  // Said to be the anchor's, but signed by another.
  auto id = journal::id_of(anchor().public_half());
  std::ranges::copy(id, given.end() - 64 - 2 - 8);
  CHECK(open_directory(given, anchor().public_half()).error() == directory_fault::bad_signature);
}

TEST_CASE("size comes before signature, signature before content", "[directory]") {
  bytes too_large(directory_limit_bytes + 1, 0x94);
  CHECK(open_directory(too_large, anchor().public_half()).error() == directory_fault::malformed);
  bytes nonsense{0xC1, 0xC1};
  auto given = with_signature(nonsense);
  CHECK(open_directory(given, anchor().public_half()).error() == directory_fault::malformed);
  given.back() ^= 1;
  CHECK(open_directory(given, anchor().public_half()).error() == directory_fault::bad_signature);
  auto wrong = small_directory();
  wrong.nodes.push_back(wrong.nodes[0]);
  CHECK(reopened(wrong).error() == directory_fault::inconsistent);
}

TEST_CASE("another version of the form, a longer content and a longer bin head are refused", "[directory]") {
  auto given = sign_directory(small_directory(), anchor());
  auto other = given;
  other[1] = 2;
  CHECK(open_directory(other, anchor().public_half()).error() == directory_fault::malformed);
  auto longer_head = given;
  longer_head[2] = 0xC6;
  longer_head.insert(longer_head.begin() + 3, 2, 0);
  CHECK(open_directory(longer_head, anchor().public_half()).error() == directory_fault::malformed);
  auto content = journal::pack_alone(small_directory());
  REQUIRE(content[0] == 0x97);
  content[0] = 0x98;
  content.push_back(0xC0);
  CHECK(open_directory(with_signature(content), anchor().public_half()).error() == directory_fault::malformed);
}

TEST_CASE("a content without its last fields is an older one", "[directory]") {
  auto older = small_directory();
  older.competences.clear();
  auto content = journal::pack_alone(older);
  REQUIRE(content.front() == 0x97);
  REQUIRE(content.back() == 0x90);
  content.front() = 0x96;
  content.pop_back();
  CHECK(open_directory(with_signature(content), anchor().public_half()) == older);
}

TEST_CASE("a directory of the whole country opens", "[directory]") {
  auto issued = small_directory();
  issued.nodes.resize(3);
  issued.territories.clear();
  issued.competences.clear();
  for (unsigned i = 0; i < 1200; ++i) {
    auto entry = node(4, "territory", node_tier::territory, {stream("T" + std::to_string(100000 + i))});
    entry.name = name("territory-" + std::to_string(i));
    for (auto* key : {&entry.link_keys[0].key, &entry.signing_keys[0].key, &*entry.operating_key}) {
      (*key)[0] = static_cast<std::uint8_t>(i);
      (*key)[1] = static_cast<std::uint8_t>(i >> 8);
    }
    issued.nodes.push_back(entry);
  }
  auto given = sign_directory(issued, anchor());
  CHECK(given.size() > 0xFFFF);
  CHECK(open_directory(given, anchor().public_half()) == issued);
}

namespace {

struct wrong {
  const char* where; ///< the place that is told
  std::function<void(directory&)> change;
};

const std::vector<wrong> wrongs_of_nodes{
    {"purpose", [](directory& d) { d.purpose = "test"; }},
    {"valid_until", [](directory& d) { d.valid_until = d.issued_at; }},
    {"nodes[4].name", [](directory& d) { d.nodes[4].name = d.nodes[0].name; }},
    {"nodes[4].name", [](directory& d) { d.nodes[4].name = {}; }},
    {"nodes[0].legal_person", [](directory& d) { d.nodes[0].legal_person = {}; }},
    {"nodes[0].endpoint", [](directory& d) { d.nodes[0].endpoint = "tcp://*:5600"; }},
    {"nodes[0].link_keys", [](directory& d) { d.nodes[0].link_keys.clear(); }},
    {"nodes[0].signing_keys", [](directory& d) { d.nodes[0].signing_keys.clear(); }},
    {"nodes[4].link_keys[0].key", [](directory& d) { d.nodes[4].link_keys = d.nodes[0].link_keys; }},
    {"nodes[4].signing_keys[0].key", [](directory& d) { d.nodes[4].signing_keys = d.nodes[0].signing_keys; }},
    {"nodes[4].signing_keys[1].key",
     [](directory& d) { d.nodes[4].signing_keys.push_back(d.nodes[4].signing_keys[0]); }},
    {"nodes[4].link_keys[0].key", [](directory& d) { d.nodes[4].link_keys[0].key = {}; }},
    {"nodes[4].operating_key", [](directory& d) { d.nodes[4].operating_key = d.nodes[0].operating_key; }},
    {"nodes[4].operating_key", [](directory& d) { d.nodes[4].operating_key = d.nodes[0].escrow_key; }},
    {"nodes[0].operating_key", [](directory& d) { d.nodes[0].operating_key = law::bytes32{}; }},
    {"nodes[0].escrow_key", [](directory& d) { d.nodes[0].escrow_key = law::bytes32{1}; }}, // a point of order 4
    {"nodes[4].streams[1]", [](directory& d) { d.nodes[4].streams.push_back(ports::stream_of(a)); }},
    {"nodes[4].streams[1]", [](directory& d) { d.nodes[4].streams.push_back(ports::stream_of(b)); }},
    {"nodes[4].streams[0]", [](directory& d) { d.nodes[4].streams[0] = {}; }},
};

const std::vector<wrong> wrongs_of_territories{
    {"territories[0].territory", [](directory& d) { d.territories[0].territory = {}; }},
    {"territories[0].stream", [](directory& d) { d.territories[0].stream = stream("T1"); }},
    {"territories[0].departements", [](directory& d) { d.territories[0].departements.clear(); }},
    {"territories[1].departements[1]",
     [](directory& d) { d.territories[1].departements[1] = d.territories[1].departements[0]; }},
    {"territories[0].ordering", [](directory& d) { d.territories[0].ordering = stream("SR93"); }},
    {"territories[0].ordering", [](directory& d) { d.territories[0].ordering = ports::stream_of(b); }},
    {"territories[0].ordering", [](directory& d) { d.nodes[0].escrow_key.reset(); }},
    {"territories[0].supervisors[1]", [](directory& d) { d.territories[0].supervisors[1] = stream("SD77"); }},
    {"territories[0].supervisors[1]", [](directory& d) { d.territories[0].supervisors[1] = ports::stream_of(b); }},
    {"territories[0].supervisors[2]", [](directory& d) { d.territories[0].supervisors.push_back(stream("SR11")); }},
    {"territories[0].supervisors",
     [](directory& d) { d.territories[0].supervisors.erase(d.territories[0].supervisors.begin()); }},
    {"territories[0].supervisors", [](directory& d) { d.territories[0].supervisors.clear(); }},
    {"territories[0].until", [](directory& d) { d.territories[0].until = day("2025-12-31"); }},
    {"territories[0].from", [](directory& d) { d.territories[0].from = {}; }},
    {"territories[0].until", [](directory& d) { d.territories[0].until = law::civil_date{}; }},
    {"territories[3].from", [](directory& d) { d.territories.push_back(d.territories[0]); }},
    {"competences[0].territory", [](directory& d) { d.competences[0].territory = {}; }},
    {"competences[1].departement", [](directory& d) { d.competences[1].departement = law::departement_code{}; }},
    {"competences[0].authority", [](directory& d) { d.competences[0].authority = stream("SD77"); }},
    {"competences[0].authority", [](directory& d) { d.competences[0].authority = ports::stream_of(a); }},
    {"competences[2].matter", [](directory& d) { d.competences[2].departement = departement("93"); }},
    {"competences[5].matter", [](directory& d) { d.competences.push_back(d.competences[0]); }},
    {"competences[0].authority", [](directory& d) { d.competences[0].authority = stream("SD93"); }},
    {"competences[5].authority",
     [](directory& d) {
       d.competences.push_back({a, matter::dispositif, departement("93"), stream("SD93"), "L441-2-7"});
     }},
    {"competences[0].authority",
     [](directory& d) {
       d.territories[0].until = day("2026-12-31");
       d.territories.push_back(d.territories[0]);
       d.territories[3].from = day("2027-01-01");
       d.territories[3].until.reset();
       d.territories[3].ordering = stream("SD93");
     }},
};

void check_wrong(const wrong& one) {
  auto given = small_directory();
  one.change(given);
  auto found = inconsistencies_of(given);
  CAPTURE(one.where);
  REQUIRE_FALSE(found.empty());
  CHECK(found.front().where == one.where);
  CHECK(inconsistency_of(given) == found.front().where + " " + found.front().what);
  CHECK(reopened(given).error() == directory_fault::inconsistent);
}

} // namespace

TEST_CASE("what cannot be in a directory is told with its place", "[directory]") {
  for (const auto& one : wrongs_of_nodes)
    check_wrong(one);
  for (const auto& one : wrongs_of_territories)
    check_wrong(one);
}

TEST_CASE("everything that is wrong is told at once, up to a limit", "[directory]") {
  auto given = small_directory();
  given.purpose = "test";
  given.nodes[0].link_keys.clear();
  given.nodes[4].name = given.nodes[0].name;
  given.territories[0].departements.clear();
  CHECK(inconsistencies_of(given).size() == 4);
  CHECK(inconsistencies_of(given, 2).size() == 2);
}

TEST_CASE("a territory whose stream nobody hosts has no node yet", "[directory]") {
  auto given = small_directory();
  CHECK(given.host_of(ports::stream_of(without_node)) == nullptr);
  CHECK(inconsistency_of(given).empty());
  CHECK(given.signing_keys_of(ports::stream_of(without_node)).empty());
  CHECK(given.escrow_of(ports::stream_of(without_node), in_2026) == given.nodes[0].escrow_key);
}

TEST_CASE("an endpoint is an address or a name, and a port", "[directory]") {
  for (const auto* good : {"tcp://192.0.2.1:1", "tcp://[2001:db8::1]:65535", "tcp://node.example:5600",
                           "tcp://localhost:80", "tcp://a-1.b2:8443", "tcp://1a:1"})
    CHECK(is_endpoint(good));
  for (const auto* bad : {"",
                          "tcp://",
                          "tcp://:5600",
                          "tcp://node",
                          "tcp://node:",
                          "tcp://node:0",
                          "tcp://node:65536",
                          "tcp://node:080",
                          "tcp://node:+1",
                          "tcp://node:1 ",
                          "tcp://node:1/",
                          "tcp://node..x:1",
                          "tcp://.node:1",
                          "tcp://node.:1",
                          "tcp://-node:1",
                          "tcp://node-:1",
                          "tcp://no_de:1",
                          "tcp://256.0.0.1:1",
                          "tcp://1.2.3:1",
                          "tcp://2001:db8::1:1",
                          "tcp://[2001:db8::g]:1",
                          "tcp://[192.0.2.1]:1",
                          "tcp://[]:1",
                          "tcp://*:1",
                          "ipc://node:1",
                          "udp://node:1",
                          "node:1",
                          "TCP://node:1",
                          "tcp://no de:1",
                          "tcp://[::1%eth0]:1",
                          "tcp://n\xC3\xA9:1"})
    CHECK_FALSE(is_endpoint(bad));
  CHECK(is_endpoint("tcp://" + std::string(63, 'a') + ":1"));
  CHECK_FALSE(is_endpoint("tcp://" + std::string(64, 'a') + ":1"));
  CHECK_FALSE(is_endpoint(std::string_view{"tcp://192.0.2.1\0:1", 18}));
}

TEST_CASE("a node is found by its name and by what it hosts", "[directory]") {
  auto given = small_directory();
  CHECK(given.find(name("territory-b")) == &given.nodes[4]);
  CHECK(given.find(name("nobody")) == nullptr);
  CHECK(given.host_of(stream("SD95")) == &given.nodes[2]);
  CHECK(given.host_of(stream("SD77")) == nullptr);
}

TEST_CASE("a directory is in force until, and not at, the end of its validity", "[directory]") {
  auto given = small_directory();
  CHECK_FALSE(given.expired(at("2026-12-31T23:59:59.999Z")));
  CHECK(given.expired(at("2027-01-01T00:00:00Z")));
  given.valid_until = at("2020-01-02T00:00:00Z");
  given.issued_at = at("2020-01-01T00:00:00Z");
  CHECK(reopened(given));
}

TEST_CASE("a key counts from its first instant to its revocation", "[directory]") {
  dated_key key{bytes_with(1), at("2026-01-01T00:00:00Z"), at("2026-06-01T00:00:00Z")};
  CHECK_FALSE(key.in_force(at("2025-12-31T23:59:59.999Z")));
  CHECK(key.in_force(at("2026-01-01T00:00:00Z")));
  CHECK(key.in_force(at("2026-05-31T23:59:59.999Z")));
  CHECK_FALSE(key.in_force(at("2026-06-01T00:00:00Z")));
  key.revoked.reset();
  CHECK(key.in_force(at("2100-01-01T00:00:00Z")));
}

TEST_CASE("revoked keys are still told: what they signed may stand", "[directory]") {
  auto given = small_directory();
  given.nodes[3].signing_keys[0].revoked = at("2026-06-01T00:00:00Z");
  given.nodes[3].signing_keys.push_back({bytes_with(0x71), at("2026-06-01T00:00:00Z"), std::nullopt});
  auto keys = reopened(given).value().signing_keys_of(ports::stream_of(a));
  REQUIRE(keys.size() == 2);
  CHECK_FALSE(keys[0].in_force(at("2026-06-01T00:00:00Z")));
  CHECK(keys[1].in_force(at("2026-06-01T00:00:00Z")));
  CHECK(keys[0].in_force(at("2026-05-31T23:59:59.999Z")));
  CHECK_FALSE(keys[1].in_force(at("2026-05-31T23:59:59.999Z")));
}

TEST_CASE("a territory counts from its first day to its last, both included", "[directory]") {
  auto given = small_directory();
  given.territories[0].until = day("2026-12-31");
  auto next = given.territories[0];
  next.from = day("2027-01-01");
  next.until.reset();
  next.supervisors = {stream("SR11")};
  given.territories.push_back(next);
  REQUIRE(inconsistency_of(given).empty());
  auto of = ports::stream_of(a);
  CHECK(given.territory_of(of, day("2025-12-31")) == nullptr);
  CHECK(given.territory_of(of, day("2026-01-01")) == &given.territories[0]);
  CHECK(given.territory_of(of, day("2026-12-31")) == &given.territories[0]);
  CHECK(given.territory_of(of, day("2027-01-01")) == &given.territories[3]);
  CHECK(given.escrow_of(of, day("2026-01-01")));
  CHECK_FALSE(given.escrow_of(of, day("2025-12-31")));
  CHECK(should_hold(given, name("seine-saint-denis"), of, day("2026-12-31")));
  CHECK_FALSE(should_hold(given, name("seine-saint-denis"), of, day("2027-01-01")));
  CHECK(should_hold(given, name("territory-a"), stream("SD93"), day("2026-12-31")));
  CHECK_FALSE(should_hold(given, name("territory-a"), stream("SD93"), day("2027-01-01")));
  CHECK(names_of_neighbours(given, "territory-a", day("2025-12-31")).empty());
  CHECK(names_of_neighbours(given, "territory-a", day("2026-12-31")).size() == 2);
  CHECK(names_of_neighbours(given, "territory-a", day("2027-01-01")) == std::vector<std::string>{"region"});
}

TEST_CASE("a day on which two lines of a territory count is refused", "[directory]") {
  auto given = small_directory();
  given.territories[0].until = day("2026-12-31");
  given.territories.push_back(given.territories[0]);
  given.territories[3].until.reset();
  given.territories[3].from = day("2027-01-01");
  CHECK(inconsistency_of(given).empty());
  given.territories[3].from = day("2026-12-31");
  CHECK(inconsistencies_of(given).at(0).where == "territories[3].from");
  std::swap(given.territories[0], given.territories[3]);
  CHECK(inconsistencies_of(given).at(0).where == "territories[3].from");
}

TEST_CASE("one authority is competent in a matter, by département where a row says so", "[directory]") {
  auto given = small_directory();
  CHECK(given.competent(a, matter::dispositif, std::nullopt) == stream("SR11"));
  CHECK(given.competent(a, matter::dispositif, departement("93")) == stream("SR11"));
  CHECK(given.competent(b, matter::thresholds, departement("93")) == stream("SD93"));
  CHECK(given.competent(b, matter::thresholds, departement("95")) == stream("SD95"));
  CHECK_FALSE(given.competent(b, matter::thresholds, departement("77")));
  CHECK_FALSE(given.competent(b, matter::thresholds, std::nullopt));
  CHECK(given.competent(b, matter::cil, std::nullopt) == stream("SD93"));
  CHECK(given.competent(b, matter::cil, departement("93")) == stream("SD93"));
  CHECK(given.competent(b, matter::cil, departement("95")) == stream("SD95"));
  CHECK_FALSE(given.competent(b, matter::plan, std::nullopt));
  CHECK_FALSE(given.competent(without_node, matter::cil, std::nullopt));
}

TEST_CASE("where the table says nothing the prefect of the commune's département is competent for thresholds and DALO",
          "[directory][R441-2-15-I-2a][R441-2-15-II-2]") {
  auto given = small_directory();
  const auto& in_two = given.territories[1];
  CHECK(given.authority_for(in_two, matter::dalo, departement("93")) == stream("SD93"));
  CHECK(given.authority_for(in_two, matter::dalo, departement("95")) == stream("SD95"));
  CHECK(given.authority_for(in_two, matter::dispositif, std::nullopt) == stream("SR11"));
  CHECK_FALSE(given.authority_for(in_two, matter::dalo, std::nullopt));
  CHECK_FALSE(given.authority_for(in_two, matter::plan, departement("93")));
  // A joint designation is a row for all; one of a département prevails over it there.
  given.competences.push_back({b, matter::dalo, std::nullopt, stream("SD93"), "R302-6"});
  CHECK(given.authority_for(in_two, matter::dalo, departement("95")) == stream("SD93"));
  given.competences.push_back({b, matter::dalo, departement("95"), stream("SD95"), "L441-2-3"});
  CHECK(given.authority_for(in_two, matter::dalo, departement("95")) == stream("SD95"));
  CHECK(given.authority_for(in_two, matter::dalo, departement("93")) == stream("SD93"));
  CHECK(inconsistency_of(given).empty());
}

TEST_CASE("a territory knows for which of its départements an authority is competent", "[directory][R441-2-15-I-2a]") {
  auto given = small_directory();
  given.territories[1].until = day("2026-12-31");
  auto today = day("2026-06-01");
  auto letters = [&](const stream_id& own) {
    return command_letters{own, {bytes_with(1)}, given, nullptr, [&today] { return today; }};
  };
  auto there = letters(ports::stream_of(b));
  using codes = std::vector<law::departement_code>;
  CHECK(there.competent_in(stream("SD93"), matter::dalo) == codes{departement("93")});
  CHECK(there.competent_in(stream("SD95"), matter::dalo) == codes{departement("95")});
  CHECK(there.competent_in(stream("SR11"), matter::dalo).empty());
  CHECK(there.competent_in(stream("SR11"), matter::dispositif) == codes{departement("93"), departement("95")});
  CHECK(letters(ports::stream_of(a)).competent_in(stream("SD95"), matter::dalo).empty());
  CHECK(letters(stream("SD95")).sets_thresholds_of(departement("95")));
  CHECK_FALSE(letters(stream("SD95")).sets_thresholds_of(departement("93")));
  CHECK_FALSE(letters(stream("SR11")).sets_thresholds_of(departement("93")));
  today = day("2027-01-01");
  CHECK(there.competent_in(stream("SD93"), matter::dalo).empty());
}

TEST_CASE("an authority knows where a territory lies, and whether its dispositif is its own matter",
          "[directory][L441-2-7-3-2][L441-2-7-4-1]") {
  auto given = small_directory();
  auto letters = [&](const char* own) {
    return command_letters{stream(own), {bytes_with(1)}, given, nullptr, [] { return day("2026-06-01"); }};
  };
  auto place = letters("SR11").place_of(b);
  REQUIRE(place);
  CHECK(place->ordered_here);
  CHECK(place->departements == std::vector<law::departement_code>{departement("93"), departement("95")});
  CHECK_FALSE(letters("SD93").place_of(b)->ordered_here);
  CHECK(letters("SR11").host_of(ports::stream_of(a))->view() == "territory-a");
  // Who was competent before may have signed what binds on; who only follows has signed nothing.
  CHECK(place->ordered_by_others.empty());
  auto before = given.territories[1];
  before.ordering = stream("SD95");
  before.from = day("2025-01-01");
  before.until = day("2025-12-31");
  given.territories.push_back(before);
  using streams = std::vector<stream_id>;
  CHECK(letters("SR11").place_of(b)->ordered_by_others == streams{stream("SD95")});
  CHECK(letters("SD95").place_of(b)->ordered_by_others == streams{stream("SR11")});
  CHECK_FALSE(letters("SD95").place_of(b)->ordered_here);
  // One that has no line, but a row of the table: it may have no node, and never have had one.
  auto nobody = *law::siren::parse("123456782");
  CHECK_FALSE(letters("SR11").place_of(nobody));
  given.competences.push_back({nobody, matter::dispositif, departement("93"), stream("SR11"), "L441-2-7"});
  CHECK(letters("SR11").place_of(nobody)->ordered_here);
  CHECK_FALSE(letters("SD93").place_of(nobody)->ordered_here);
  CHECK(letters("SD93").place_of(nobody)->departements.size() == 1);
}

TEST_CASE("a node talks with whom it shares a territory", "[directory]") {
  auto given = small_directory();
  using names = std::vector<std::string>;
  CHECK(names_of_neighbours(given, "territory-a", in_2026) == names{"region", "seine-saint-denis"});
  CHECK(names_of_neighbours(given, "territory-b", in_2026) == names{"region", "seine-saint-denis", "val-d-oise"});
  CHECK(names_of_neighbours(given, "val-d-oise", in_2026) == names{"region", "seine-saint-denis", "territory-b"});
  CHECK(names_of_neighbours(given, "region", in_2026).size() == 4);
  CHECK(names_of_neighbours(given, "nobody", in_2026).empty());
  // Without territory B the two départements share none.
  given.territories.erase(given.territories.begin() + 1);
  CHECK(names_of_neighbours(given, "val-d-oise", in_2026) == names{"region"});
  CHECK(names_of_neighbours(given, "territory-b", in_2026).empty());
}

TEST_CASE("territory streams go up to all supervisors, State streams down and sideways", "[directory]") {
  auto given = small_directory();
  auto holders = [&](const stream_id& of) {
    std::set<std::string> names;
    for (const auto& node : given.nodes)
      if (should_hold(given, node.name, of, in_2026))
        names.insert(node.name.text());
    return names;
  };
  using names = std::set<std::string>;
  CHECK(holders(ports::stream_of(a)) == names{"region", "seine-saint-denis", "territory-a"});
  CHECK(holders(ports::stream_of(b)) == names{"region", "seine-saint-denis", "territory-b", "val-d-oise"});
  CHECK(holders(stream("SR11")) == names{"region", "seine-saint-denis", "territory-a", "territory-b", "val-d-oise"});
  CHECK(holders(stream("SD95")) == names{"region", "seine-saint-denis", "territory-b", "val-d-oise"});
  CHECK(holders(ports::stream_of(without_node)) == names{"region", "val-d-oise"});
  CHECK(holders(stream("SD77")).empty());
  CHECK_FALSE(should_hold(given, name("nobody"), stream("SR11"), in_2026));
}

namespace {

/// Any federation, most of them without rhyme or reason.
class drawing {
public:
  explicit drawing(std::uint64_t seed) : chance_{seed} {}

  directory draw() {
    directory d;
    for (unsigned i = 0; i < 1 + below(7); ++i) {
      node_entry node;
      node.name = name("n" + std::to_string(i));
      d.nodes.push_back(node);
    }
    for (const auto& one : streams())
      if (below(5) > 0)
        d.nodes[below(d.nodes.size())].streams.push_back(one);
    for (unsigned i = 0; i < below(9); ++i)
      d.territories.push_back(territory());
    return d;
  }

  static std::vector<stream_id> streams() {
    std::vector<stream_id> all;
    for (const auto* text : {"T1", "T2", "T3", "T4", "SD1", "SD2", "SR1", "SR2"})
      all.push_back(stream(text));
    return all;
  }
  static law::civil_date day_at(std::size_t i) { return law::add_days(day("2026-01-01"), law::days{i}); }

private:
  std::size_t below(std::size_t limit) { return chance_() % limit; }

  territory_entry territory() {
    territory_entry entry;
    entry.stream = streams()[below(4)];
    for (std::size_t i = 4; i < 8; ++i)
      if (below(3) == 0)
        entry.supervisors.push_back(streams()[i]);
    entry.from = day_at(below(4));
    if (below(2) == 0)
      entry.until = day_at(below(6));
    return entry;
  }

  std::mt19937_64 chance_;
};

/// Every pair (who, stream) that the rules of the protocol give, written out one after the other.
std::set<std::pair<std::string, std::string>> all_that_should_hold(const directory& in, law::civil_date on) {
  std::set<std::pair<std::string, std::string>> pairs;
  std::map<std::string, std::string> host;
  for (const auto& node : in.nodes)
    for (const auto& one : node.streams) {
      host[one.text()] = node.name.text();
      pairs.emplace(node.name.text(), one.text());
    }
  for (const auto& territory : in.territories) {
    if (on < territory.from || (territory.until && *territory.until < on))
      continue;
    for (const auto& authority : territory.supervisors) {
      pairs.emplace(host[authority.text()], territory.stream.text());
      pairs.emplace(host[territory.stream.text()], authority.text());
      for (const auto& other : territory.supervisors)
        pairs.emplace(host[other.text()], authority.text());
    }
  }
  std::erase_if(pairs, [](const auto& pair) { return pair.first.empty(); });
  return pairs;
}

bool talk(const directory& in, const node_entry& one, const node_entry& other, law::civil_date on) {
  auto neighbours = neighbours_of(in, one.name, on);
  return std::ranges::find(neighbours, &other) != neighbours.end();
}

/// What one hosts and the other follows must have a way; and ways are walked in both directions.
void check_ways(const directory& in, law::civil_date on) {
  for (const auto& one : in.nodes)
    for (const auto& other : in.nodes) {
      CHECK(talk(in, one, other, on) == talk(in, other, one, on));
      auto reaches = [&](const stream_id& of) { return should_hold(in, other.name, of, on); };
      if (&one != &other && std::ranges::any_of(one.streams, reaches))
        CHECK(talk(in, one, other, on));
    }
}

} // namespace

TEST_CASE("who should hold what is the same as in a slow and obvious model", "[directory]") {
  std::size_t held = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    auto in = drawing{seed}.draw();
    for (std::size_t i = 0; i < 6; ++i) {
      auto on = drawing::day_at(i);
      auto expected = all_that_should_hold(in, on);
      CAPTURE(seed, i);
      for (const auto& node : in.nodes)
        for (const auto& of : drawing::streams())
          CHECK(should_hold(in, node.name, of, on) == expected.contains({node.name.text(), of.text()}));
      check_ways(in, on);
      held += expected.size();
    }
  }
  CHECK(held > 5000);
}
