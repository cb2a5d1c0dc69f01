// Which of the directories that are put in the place of the old one are taken.

#include "nodes/federation/directory_keeper.hpp"

#include "tests/actors/stage.hpp"
#include "tests/federation/small_directory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;

namespace {

/// A node under directory 7, and the file where the next one is brought to.
class node_with_directory {
public:
  node_with_directory() {
    nodes::directory_context context;
    context.anchor = federation::test::anchor().public_half();
    context.in_force = [this] {
      ++compared;
      return in_force_;
    };
    context.keep = [this](const ports::bytes& content) { kept = content; };
    context.look = [this] { return brought_; };
    context.adopted = [this](federation::directory newer) {
      in_force_ = std::make_shared<const federation::directory>(std::move(newer));
    };
    keeper_ = stage_.system().spawn(nodes::directory_keeper, std::move(context));
    stage_.run();
  }
  /// It ticks for as long as it lives.
  ~node_with_directory() {
    caf::anon_send_exit(keeper_, caf::exit_reason::kill);
    stage_.run();
  }

  /// What is in force once the file was looked at.
  const federation::directory& bring(const ports::bytes& signed_bytes) {
    brought_ = signed_bytes;
    stage_.pass(nodes::directory_keeper_state::tick_every);
    return *in_force_;
  }
  /// The same once links have handed it on.
  const federation::directory& hand_on(const ports::bytes& signed_bytes) {
    caf::anon_send(keeper_, keep_atom_v, message_ptr{std::make_shared<const ports::bytes>(signed_bytes)});
    stage_.run();
    return *in_force_;
  }

  std::optional<ports::bytes> kept;
  unsigned compared = 0; ///< times that what was brought was held against what is in force

private:
  std::shared_ptr<const federation::directory> in_force_ =
      std::make_shared<const federation::directory>(federation::test::small_directory());
  std::optional<ports::bytes> brought_;
  test::stage stage_;
  directory_keeper_actor keeper_;
};

ports::bytes signed_as(std::uint64_t number, const char* purpose = "training",
                       const journal::signing_key& by = federation::test::anchor()) {
  auto made = federation::test::small_directory();
  made.number = number;
  made.purpose = law::text<16>{purpose};
  made.valid_until += std::chrono::hours{24};
  return federation::sign_directory(made, by);
}

} // namespace

TEST_CASE("of directories brought by hand one of the same purpose, signed by the anchor and newer, is taken",
          "[L441-2-7-1-1a]") {
  node_with_directory node;
  const auto before = federation::test::small_directory();
  REQUIRE(before.number == 7);
  SECTION("none signed by another") {
    journal::signing_key stranger{federation::test::bytes_with(0xA8)};
    CHECK(node.bring(signed_as(9, "training", stranger)) == before);
  }
  SECTION("no older one") { CHECK(node.bring(signed_as(6)) == before); }
  SECTION("no other one of the same number") { CHECK(node.bring(signed_as(7)) == before); }
  SECTION("none for data of another kind, whatever its number") {
    CHECK(node.bring(signed_as(20, "demonstration")) == before);
    CHECK(node.bring(signed_as(20, "production")) == before);
  }
  SECTION("nothing else") { CHECK(node.bring(ports::bytes(100, 7)) == before); }
  // What was not taken stands in the way of nothing.
  CHECK(node.bring(signed_as(8)).number == 8);
  CHECK(node.bring(signed_as(7)).number == 8);
}

TEST_CASE("what lies where directories are brought to is judged once", "[L441-2-7-1-1a]") {
  node_with_directory node;
  node.bring(signed_as(6));
  CHECK(node.compared == 1);
  node.bring(signed_as(6));
  CHECK(node.compared == 1);
  node.bring(signed_as(8));
  CHECK(node.compared == 2);
  CHECK(node.bring(signed_as(9)).number == 9);
}

TEST_CASE("a directory that links have handed on is in force, and kept for the next start", "[L441-2-7-1-1a]") {
  node_with_directory node;
  CHECK(node.hand_on(signed_as(8)).number == 8);
  CHECK(node.kept == signed_as(8));
}
