// What `toit verify` tells of the epochs in a file that holds the ordering stream too, and of several files together.

#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "law/rights.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "nodes/program/exit_code.hpp"
#include "nodes/program/verify_together.hpp"

#include <array>
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
    begin_folder();
    std::filesystem::create_directories(path_ / "log");
    journal::node_journal journal{setup_with(create_keys(path_ / "node.keys"))};
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
  /// A copy of one that is stopped, as a replica or a backup has it.
  explicit verified_folder(const std::filesystem::path& copied) {
    begin_folder();
    std::filesystem::copy(copied, path_, std::filesystem::copy_options::recursive);
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

  /// One more entry in the ordering stream.
  void goes_on(std::uint8_t document = 0) const {
    journal::node_journal journal{setup_with(read_keys(path_ / "node.keys").value())};
    journal.load(ordering_);
    law::reminder_sent reminder{};
    reminder.territory = reminder.addressee = territory();
    reminder.document[0] = document;
    write(journal, reminder);
  }

  const std::filesystem::path& path() const { return path_; }

private:
  void begin_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "toit-verify-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }

  journal::journal_setup setup_with(journal::node_keys keys) const {
    journal::journal_setup setup;
    setup.keys = std::move(keys);
    setup.open_store = [this] { return journal::open_sqlite_store((path_ / "journal.sqlite").string()); };
    setup.log_place = {(path_ / "log").string(), {}};
    setup.log_folder = open_log_folder(path_ / "log");
    setup.snapshots = open_folder(path_ / "snapshots");
    setup.clock = std::make_shared<system_clock>();
    return setup;
  }

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
    REQUIRE(journal.writer().stage(group).front().status == ports::append_status::appended);
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

namespace {

verify_outcome verify_both(const verified_folder& one, const verified_folder& other, bool in_json = false) {
  verify_options options;
  options.json = in_json;
  std::ostringstream out;
  std::ostringstream err;
  const std::array journals{one.path(), other.path()};
  int code = verify_all(options, journals, out, err);
  return {code, out.str(), err.str()};
}

} // namespace

TEST_CASE("of two copies of a stream the shorter is the beginning of the longer", "[L441-2-7-4-1]") {
  verified_folder node{opening_of_epoch(), 2};
  verified_folder copy{node.path()};
  node.goes_on();
  node.goes_on();
  auto found = verify_both(node, copy);
  CAPTURE(found.out, found.err);
  CHECK(found.code == exit_done);
  CHECK(
      says(found.out, "Ensemble, SR11 : une seule histoire dans 2 journaux, jusqu'à l'écriture 2 dans tous et 4 dans"));
  CHECK(says(found.out, "Ensemble, T200057867 : une seule histoire dans 2 journaux"));
  CHECK(says(verify_both(copy, node, true).out,
             R"({"together":"SR11","one_history":true,"journals":2,"in_all":2,"last":4})"));
}

TEST_CASE("two copies of a stream that go on apart are told, although each is whole", "[L441-2-7-4-1]") {
  verified_folder node{opening_of_epoch(), 2};
  node.goes_on();
  verified_folder copy{node.path()};
  node.goes_on();
  copy.goes_on(1);
  copy.goes_on(1);
  CHECK(node.verify().code == exit_done);
  CHECK(copy.verify().code == exit_done);
  for (const auto& found : {verify_both(node, copy), verify_both(copy, node)}) {
    CAPTURE(found.out, found.err);
    CHECK(found.code == exit_integrity);
    CHECK(says(found.out, "Ensemble, SR11 : DEUX HISTOIRES à partir de l'écriture 4, dans "));
    CHECK(says(found.out, "Ensemble, T200057867 : une seule histoire dans 2 journaux"));
  }
  CHECK(says(verify_both(node, copy, true).out, R"({"together":"SR11","one_history":false,"apart_from":4,)"));
  // Of another node, a journal that has a stream of that name is no copy of it.
  verified_folder another{opening_of_epoch(), 2};
  CHECK(says(verify_both(node, another).out, "Ensemble, SR11 : DEUX HISTOIRES à partir de l'écriture 1, dans "));
}

TEST_CASE("of several journals the worst is told, and one that is not there is not compared", "[L441-2-7-4-1]") {
  law::reminder_sent reminder{};
  reminder.territory = reminder.addressee = verified_folder::territory();
  verified_folder spoilt{reminder, 2};
  verified_folder copy{spoilt.path()};
  CHECK(verify_both(spoilt, copy).code == exit_integrity);
  verified_folder node{opening_of_epoch(), 2};
  verified_folder gone{node.path()};
  std::filesystem::remove(gone.path() / "journal.sqlite");
  CHECK(verify_both(node, gone).code == exit_refused);
}
