// What `toit verify` tells of the epochs in a file that holds the ordering stream too.

#include "nodes/program/verify_command.hpp"

#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "law/rights.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "nodes/program/exit_code.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;

namespace {

constexpr law::civil_date verified_on{std::chrono::year{2026}, std::chrono::March, std::chrono::day{2}};

struct verify_outcome {
  int code = 0;
  std::string out;
  std::string err;
};

/// A stopped node's journal: the ordering stream, with one entry beyond its opening, and a territory that the node has
/// taken over upon the entry that it names.
class verified_folder {
public:
  verified_folder(law::event said, std::uint64_t ordered_seq) {
    std::string name = (std::filesystem::temp_directory_path() / "toit-verify-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(path_ / "log");
    journal::journal_setup setup;
    setup.keys = create_keys(path_ / "node.keys");
    setup.open_store = [this] { return journal::open_sqlite_store((path_ / "journal.sqlite").string()); };
    setup.log_place = {(path_ / "log").string(), {}};
    setup.log_folder = open_log_folder(path_ / "log");
    setup.snapshots = open_folder(path_ / "snapshots");
    setup.clock = std::make_shared<system_clock>();
    journal::node_journal journal{std::move(setup)};
    open_stream(journal, {ordering_, territory(), law::text<120>{"Préfecture fictive"}, purpose_}, verified_on);
    journal.load(ordering_);
    write(journal, std::move(said));
    ports::adoption asked;
    asked.stream = ports::stream_of(territory());
    asked.epoch = 1;
    asked.ordered_by = ordering_;
    asked.ordered_seq = ordered_seq;
    asked.today = verified_on;
    asked.opening = opening_of({asked.stream, territory(), law::text<120>{"Plaine Commune"}, purpose_},
                               journal.signer(), verified_on);
    REQUIRE(journal.writer().adopt(asked).status == ports::adoption_status::adopted);
  }
  ~verified_folder() { std::filesystem::remove_all(path_); }
  verified_folder(const verified_folder&) = delete;
  verified_folder& operator=(const verified_folder&) = delete;

  static law::siren territory() { return law::siren::parse("200057867").value(); }

  verify_outcome verify(bool in_json = false) const {
    verify_options options;
    options.journal = path_;
    options.json = in_json;
    std::ostringstream out;
    std::ostringstream err;
    int code = verify_command(options, out, err);
    return {code, out.str(), err.str()};
  }

private:
  void write(journal::node_journal& journal, law::event said) const {
    law::record record{};
    record.occurred_on = verified_on;
    record.event = std::move(said);
    auto subject = law::subject_of(territory());
    auto payload = journal.open_sealer()->seal(ordering_, subject, record);
    auto append = std::make_shared<ports::append>();
    append->stream = ordering_;
    append->drafts.push_back({subject, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    std::vector<ports::append_ptr> group{append};
    REQUIRE(journal.writer().stage(group).front().first_seq == 2);
    REQUIRE(journal.writer().sync().entries);
  }

  std::filesystem::path path_;
  const ports::stream_id ordering_ = ports::stream_id::parse("SR11").value();
  const law::text<16> purpose_{"training"};
};

law::event opening_of_epoch() {
  law::authority_passed passed{};
  passed.territory = passed.holder = verified_folder::territory();
  passed.epoch = 1;
  passed.host = law::text<64>{"region"};
  return passed;
}

bool says(const std::string& text, const char* what) { return text.find(what) != std::string::npos; }

} // namespace

TEST_CASE("an epoch that the entry cited does not open is a fault of the journal", "[L441-2-7-4-1]") {
  law::reminder_sent reminder{};
  reminder.territory = reminder.addressee = verified_folder::territory();
  verified_folder node{reminder, 2};
  auto found = node.verify();
  CHECK(found.code == exit_integrity);
  CHECK(says(found.out, "époque 1 depuis l'écriture 2 : PAS OUVERTE par ce qu'elle cite (SR11, écriture 2)"));
  CHECK(says(found.err, "T200057867, 2 : "));
  CHECK(node.verify(true).code == exit_integrity);
  CHECK(says(node.verify(true).out, R"("order":"other")"));
}

TEST_CASE("an epoch is told with the entry that opens it, or that this is not in the file", "[L441-2-7-4-1]") {
  verified_folder opened{opening_of_epoch(), 2};
  auto found = opened.verify();
  CHECK(found.code == exit_done);
  CHECK(says(found.out, "époque 1 depuis l'écriture 2 : ouverte par SR11, écriture 2, pour le nœud region"));
  CHECK(says(opened.verify(true).out, R"("order":"opened","host":"region")"));
  verified_folder beyond{opening_of_epoch(), 3};
  found = beyond.verify();
  CHECK(found.code == exit_done);
  CHECK(says(found.out, "SR11, écriture 3 : NON CONFRONTÉE"));
  CHECK(says(beyond.verify(true).out, R"("order":"not_here")"));
}
