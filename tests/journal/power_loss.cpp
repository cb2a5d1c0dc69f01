// The power goes at any step of any write or sync: what was acknowledged is there, what was not is there whole or not
// at all, and the chain proves it.

#include "journal/writer.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::id_with;

namespace {

/// Writes at random to a node whose power goes now and then, and knows what must be there afterwards.
class survivor {
public:
  explicit survivor(std::uint64_t seed) : chance_{seed}, sodium_{chance_.next()}, node_{chance_.next()} {
    node_.open();
  }

  void run(unsigned crashes) {
    for (unsigned i = 0; i < crashes; ++i) {
      live();
      node_.crash();
      recover();
    }
  }

private:
  /// Until the power goes, or for a while.
  void live() {
    if (!chance_.one_in(8))
      node_.disk.fail_after(chance_.below(60));
    try {
      for (int i = 0; i < 40; ++i)
        one_group();
    } catch (const std::runtime_error&) {
      REQUIRE(node_.disk.down());
    }
  }

  void one_group() {
    node_.clock->at += std::chrono::minutes{chance_.below(600)};
    std::vector<ports::append_ptr> group;
    in_flight_ = node_.last_seq();
    for (auto i = 1 + chance_.below(4); i > 0; --i) {
      auto who = id_with<law::subject_id>(static_cast<std::uint8_t>(1 + chance_.below(5)));
      auto id = id_with<law::command_id>(0);
      chance_.fill(id.bytes);
      auto append = node_.asked(who, last_of_[who], std::string(chance_.below(390), 'x'), id);
      last_of_[who] = ++in_flight_;
      group.push_back(std::move(append));
      commands_.push_back(id);
    }
    for (const auto& result : node_.writer().stage(group))
      REQUIRE(result.status == ports::append_status::appended);
    ports::log_line line;
    line.subject = id_with<law::subject_id>(1);
    node_.writer().stage_consultation(line);
    ++lines_in_flight_;
    auto done = node_.writer().sync();
    REQUIRE(done.entries);
    acknowledged_ = in_flight_;
    lines_ = lines_in_flight_;
    if (chance_.one_in(6))
      node_.journal->open_keeper()->checkpoint(chance_.one_in(2));
    if (chance_.one_in(6))
      node_.writer().keep();
  }

  void recover() {
    node_.open();
    auto there = node_.last_seq();
    CAPTURE(there, acknowledged_, in_flight_);
    REQUIRE((there == acknowledged_ || there == in_flight_));
    auto report = node_.verify();
    for (const auto& fault : report.faults)
      UNSCOPED_INFO(fault.seq << ": " << fault.what);
    REQUIRE(report.faults.empty());
    REQUIRE(report.entries == there);
    acknowledged_ = in_flight_ = there;
    auto logged = node_.journal->open_reader()->log_about(id_with<law::subject_id>(1), 100'000).size();
    REQUIRE((logged == lines_ || logged == lines_in_flight_));
    lines_ = lines_in_flight_ = logged;
    last_of_.clear();
    auto rows = node_.rows();
    for (const auto& row : rows->entries(test::stream(), 0, 1'000'000))
      last_of_[row.header.subject] = row.header.seq;
    last_of_.erase(law::subject_id{});
    every_command_is_known(there);
  }

  /// A command whose entry is there is known again, after whatever crash.
  void every_command_is_known(std::uint64_t there) {
    commands_.resize(there - 1);
    if (commands_.empty())
      return;
    auto at = chance_.below(commands_.size());
    auto result = node_.stage(node_.asked(id_with<law::subject_id>(1), 0, "again", commands_[at]));
    REQUIRE(result.status == ports::append_status::repeated);
    REQUIRE(result.first_seq == at + 2);
    node_.writer().sync();
  }

  simulation::chance chance_;
  simulation::sodium_chance sodium_;
  test::node node_;
  std::map<law::subject_id, std::uint64_t> last_of_;
  std::vector<law::command_id> commands_; ///< of entry 2, 3 and so on
  std::uint64_t acknowledged_ = 1;
  std::uint64_t in_flight_ = 1;
  std::size_t lines_ = 0;
  std::size_t lines_in_flight_ = 0;
};

} // namespace

TEST_CASE("nothing acknowledged is lost and nothing is half there, wherever the power goes", "[journal][power]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    survivor{seed}.run(12);
  }
}

TEST_CASE("a node whose power goes while it begins begins all the same", "[journal][power]") {
  for (std::uint64_t step = 0; step < 40; ++step) {
    CAPTURE(step);
    test::node node{step};
    node.disk.fail_after(step);
    try {
      node.open();
    } catch (const std::runtime_error&) {
      REQUIRE(node.disk.down());
    }
    node.crash();
    node.open();
    CHECK(node.last_seq() == 1);
    CHECK(node.verify().faults.empty());
  }
}
