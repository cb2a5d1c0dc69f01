// Under which directory a node begins, and when it does not begin.

#include "nodes/host/opened_node.hpp"
#include "nodes/ports/key_file.hpp"
#include "tests/federation/small_directory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <unistd.h>

using namespace toit;

namespace {

/// A territory's node that is not started yet, and pins the anchor.
class joining_node {
public:
  joining_node() {
    std::string name = (std::filesystem::temp_directory_path() / "toit-joining-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    nodes::create_keys(path_ / "node.keys");
    std::ofstream{path_ / "node.toml"}
        << "purpose = \"training\"\n[territory]\nsiren = \"200057867\"\nregistration_system = \"systeme_particulier\"\n"
           "[data]\ndirectory = \"data\"\nkeys = \"node.keys\"\n"
           "[federation]\nname = \"territory-a\"\ndirectory = \"directory.toit\"\nanchor = \""
        << law::to_hex(federation::test::anchor().public_half()) << "\"\n";
  }
  ~joining_node() { std::filesystem::remove_all(path_); }
  joining_node(const joining_node&) = delete;
  joining_node& operator=(const joining_node&) = delete;

  void bring(const federation::directory& issued, const journal::signing_key& by = federation::test::anchor()) const {
    auto content = federation::sign_directory(issued, by);
    std::ofstream{path_ / "directory.toit", std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                                    static_cast<std::streamsize>(content.size()));
  }
  /// The number of the directory that it begins under, once it has kept what `came_over_a_link`; or why it does not.
  std::expected<std::uint64_t, std::string>
  begin(const std::optional<federation::directory>& came_over_a_link = {}) const {
    auto map = nodes::territory_map::load();
    auto with = nodes::read_configuration_text(path_ / "node.toml", map);
    REQUIRE(with);
    try {
      nodes::opened_node opened{*with, map};
      if (came_over_a_link)
        opened.keep_directory(federation::sign_directory(*came_over_a_link, federation::test::anchor()));
      return opened.links().value().directory.number;
    } catch (const std::runtime_error& refused) {
      return std::unexpected{std::string{refused.what()}};
    }
  }

private:
  std::filesystem::path path_;
};

federation::directory numbered(std::uint64_t number) {
  auto made = federation::test::small_directory();
  made.number = number;
  return made;
}

federation::node_entry& territory_a(federation::directory& in) {
  return *std::ranges::find(in.nodes, federation::test::name("territory-a"), &federation::node_entry::name);
}

bool speaks_of(const std::expected<std::uint64_t, std::string>& begun, std::string_view what) {
  return !begun && begun.error().find(what) != std::string::npos;
}

} // namespace

TEST_CASE("a node does not begin without a directory of its purpose that the anchor has signed", "[L441-2-7-1-1a]") {
  joining_node node;
  constexpr auto none = "no directory for this purpose that the anchor has signed";
  CHECK(speaks_of(node.begin(), none));
  node.bring(numbered(7), journal::signing_key{federation::test::bytes_with(0xA8)});
  CHECK(speaks_of(node.begin(), none));
  auto foreign = numbered(20);
  foreign.purpose = "demonstration";
  node.bring(foreign);
  CHECK(speaks_of(node.begin(), none));
  node.bring(numbered(7));
  CHECK(node.begin() == 7);
  // One that came over a link counts as one that was brought does, and no other one prevails over it.
  CHECK(node.begin(numbered(9)) == 7);
  CHECK(node.begin() == 9);
  node.bring(foreign);
  CHECK(node.begin() == 9);
  node.bring(numbered(10));
  CHECK(node.begin() == 10);
}

TEST_CASE("a node does not begin under a directory that does not say that it hosts its stream", "[L441-2-7-1-1a]") {
  joining_node node;
  constexpr auto not_said = "the directory does not say that territory-a hosts T200057867";
  auto issued = numbered(7);
  territory_a(issued).streams.clear();
  node.bring(issued);
  CHECK(speaks_of(node.begin(), not_said));
  std::erase_if(issued.nodes, [](const auto& entry) { return entry.name == federation::test::name("territory-a"); });
  node.bring(issued);
  CHECK(speaks_of(node.begin(), not_said));
  node.bring(numbered(8));
  CHECK(node.begin() == 8);
}
