#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "law/evidence.hpp"
#include "law/procedures.hpp"
#include "nodes/adapters.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "nodes/program/journal_command.hpp"
#include "nodes/program/proof_verification.hpp"
#include "nodes/program/verify_command.hpp"
#include "web/server/dispositif_answers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;

namespace {

namespace fs = std::filesystem;

constexpr const char* number = "093112600000193001";

struct proof_outcome {
  int code = 0;
  std::string out;
  std::string err;
  std::vector<nlohmann::json> lines() const {
    std::istringstream in{out};
    std::vector<nlohmann::json> all;
    for (std::string line; std::getline(in, line);)
      all.push_back(nlohmann::json::parse(line));
    return all;
  }
};

template <class Id>
Id proof_id(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}

/// A node's folder with one demande, whose number is known, and another beside it; the node is still at work.
class proving_folder {
public:
  proving_folder() : proving_folder{"T200057867", "200057867"} {
    write(1, 0, "première", law::nud::parse(number));
    write(2, 0, "voisine", {});
    write(1, 2, "seconde", {});
  }
  /// With nothing but the opening of the stream.
  proving_folder(std::string_view stream, std::string_view holder) {
    std::string name = (fs::temp_directory_path() / "toit-proof-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    journal::journal_setup setup;
    setup.keys = create_keys(path_ / "keys");
    signer_ = law::to_hex(journal::signing_key{setup.keys.signing_seed}.public_half());
    setup.open_store = [this] { return journal::open_sqlite_store((path_ / "journal.sqlite").string()); };
    setup.log_place = {(path_ / "log").string(), {}};
    setup.log_folder = open_log_folder(path_ / "log");
    setup.snapshots = open_folder(path_ / "snapshots");
    setup.clock = std::make_shared<system_clock>();
    journal_ = std::make_unique<journal::node_journal>(std::move(setup));
    stream_ = ports::stream_id::parse(stream).value();
    open_stream(*journal_,
                {stream_, law::siren::parse(holder).value(), law::text<120>{"Fictif"}, law::text<16>{"training"}},
                today_);
    journal_->load(stream_);
  }
  ~proving_folder() {
    journal_.reset();
    fs::remove_all(path_);
  }
  proving_folder(const proving_folder&) = delete;
  proving_folder& operator=(const proving_folder&) = delete;

  void write(std::uint8_t subject, std::uint64_t last, const char* detail, std::optional<law::nud> registers) {
    write(proof_id<law::subject_id>(subject), last,
          law::processing_event{law::text<80>{"note"}, law::text<400>{detail}}, registers);
  }

  void begin_dispositif() {
    write(law::subject_of_dispositif(), 0, law::dispositif_begun{law::text<200>{"Délibération fictive"}}, {});
  }

  law::bytes32 link_of(std::uint64_t seq) const { return journal_->open_reader()->link_of(stream_, seq).value(); }

  void write(law::subject_id who, std::uint64_t last, law::event happened, std::optional<law::nud> registers) {
    auto append = std::make_shared<ports::append>();
    append->stream = stream_;
    append->registers_number = registers;
    append->reads.push_back({who, last});
    law::record record{};
    record.occurred_on = today_;
    record.event = std::move(happened);
    auto payload = journal_->open_sealer()->seal(stream_, who, record);
    append->drafts.push_back({who, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    std::vector<ports::append_ptr> group{append};
    REQUIRE(journal_->writer().stage(group).front().status == ports::append_status::appended);
    REQUIRE(journal_->writer().sync().entries);
  }

  proof_options asked() const {
    proof_options options;
    options.data = path_;
    options.keys = path_ / "keys";
    options.out = path_ / "made.preuve";
    return options;
  }

  proof_outcome make(proof_options options) const {
    std::ostringstream out;
    std::ostringstream err;
    int code = journal_proof_command(options, out, err);
    return {code, out.str(), err.str()};
  }

  void make_of(law::siren territory) const {
    auto options = asked();
    options.territory = territory.text();
    auto made = make(options);
    CAPTURE(made.err);
    REQUIRE(made.code == 0);
  }

  proof_outcome make_by_number() const {
    auto options = asked();
    options.number = number;
    return make(options);
  }

  proof_outcome verify(std::vector<std::string> signers = {}, bool in_json = false) const {
    verify_options options;
    options.journal = path_ / "made.preuve";
    options.signers = std::move(signers);
    options.json = in_json;
    return run(options);
  }

  static proof_outcome run(const verify_options& options) {
    std::ostringstream out;
    std::ostringstream err;
    int code = verify_command(options, out, err);
    return {code, out.str(), err.str()};
  }

  const fs::path& path() const { return path_; }
  const std::string& signer() const { return signer_; }

private:
  fs::path path_;
  std::string signer_;
  ports::stream_id stream_;
  law::civil_date today_{std::chrono::year{2026} / 3 / 1};
  std::unique_ptr<journal::node_journal> journal_;
};

const law::siren told_territory = *law::siren::parse("200057867");
const law::siren told_bailleur = *law::siren::parse("552032534");

law::evidence_filed filing_of(const law::evidence_file& file) {
  return {told_territory, plain_digest(journal::view_of(web::to_text(web::to_json(file)))), file};
}

law::carence_found carence_upon(const law::evidence_filed& filed) {
  return {told_territory, law::carence_of::epci, {}, filed.digest, "Motifs fictifs"};
}

/// A journal in which a party refuses, the evidence says so, and a carence is found upon it.
struct evidence_folder : proving_folder {
  static constexpr std::uint64_t refusal_seq = 5; ///< after the opening and what the folder begins with
  law::civil_date day{std::chrono::year{2026} / 3 / 1};

  evidence_folder() {
    law::dispositif_convention_answered refusal{{}, told_bailleur, law::convention_answer::refused, {7}, true};
    write(law::subject_of_dispositif(), 0, refusal, {});
  }

  law::evidence_file file() const {
    law::evidence_file made;
    made.territory = told_territory;
    made.as_of = day;
    made.authority = law::text<16>{"SR11"};
    auto add = [&](law::evidence_kind kind, law::siren who, law::evidence_source source, std::uint64_t seq,
                   std::optional<law::bytes32> link) {
      made.items.push_back({kind, day, who, {}, 0, 0, source, seq, link});
    };
    using k = law::evidence_kind;
    using from = law::evidence_source;
    add(k::party_refuses, told_bailleur, from::territory, refusal_seq, link_of(refusal_seq));
    add(k::reminder_sent, told_bailleur, from::authority, 9, law::bytes32{9});
    add(k::no_news, told_territory, from::none, 0, {});
    return made;
  }

  void files(const law::evidence_file& made, std::optional<law::bytes32> digest = {}) {
    auto filed = filing_of(made);
    filed.digest = digest.value_or(filed.digest);
    write(law::subject_of_dispositif(), refusal_seq, filed, {});
    write(law::subject_of_dispositif(), refusal_seq + 1, carence_upon(filed), {});
    make_of(told_territory);
  }
};

/// The prefect's own journal: a reminder, the evidence as he files it, and the carence that he finds upon it.
struct prefects_folder : proving_folder {
  static constexpr std::uint64_t reminder_seq = 2;

  prefects_folder() : proving_folder{"SR11", "110068012"} {
    law::reminder_sent reminder{told_territory, told_bailleur, law::reminder_matter::dispositif, {}, {7}};
    write(law::subject_of_territory(told_territory), 0, reminder, {});
  }

  void files(law::evidence_file file) {
    file.items[1].seq = reminder_seq;
    file.items[1].link = link_of(reminder_seq);
    auto filed = filing_of(file);
    write(law::subject_of_territory(told_territory), reminder_seq, filed, {});
    write(law::subject_of_territory(told_territory), reminder_seq + 1, carence_upon(filed), {});
    make_of(told_territory);
  }

  proof_outcome verify_with(const std::vector<fs::path>& cited) const {
    verify_options options;
    options.journal = path() / "made.preuve";
    options.cited = cited;
    options.json = true;
    return run(options);
  }
};

/// What is told of the first evidence.
nlohmann::json evidence_in(const proof_outcome& told) {
  auto lines = told.lines();
  auto found = std::ranges::find_if(lines, [](const auto& line) { return line.contains("evidence"); });
  REQUIRE(found != lines.end());
  return *found;
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a dossier de preuve is made while the node is at work, and is its owner's alone") {
  proving_folder folder;
  auto made = folder.make_by_number();
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  CHECK(says(made.out, "2 écritures"));
  struct stat about{};
  REQUIRE(::stat((folder.path() / "made.preuve").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(folder.make_by_number().code == 1);
  auto options = folder.asked();
  options.dossier = law::to_text(proof_id<law::dossier_id>(1));
  options.stream = "T200057867";
  options.out = folder.path() / "other.preuve";
  options.json = true;
  auto by_id = folder.make(options);
  REQUIRE(by_id.code == 0);
  CHECK(by_id.lines().at(0)["entries"] == 2);
  CHECK(by_id.lines().at(0)["dossier"] == "01010101010101010101010101010101");
}

TEST_CASE("what a territory has of its dispositif is proved like a dossier", "[L441-2-7-4-1]") {
  proving_folder folder;
  auto options = folder.asked();
  options.territory = "200057867";
  CHECK(folder.make(options).code == 1);
  folder.begin_dispositif();
  auto made = folder.make(options);
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  auto told = folder.verify();
  CHECK(told.code == 0);
  CHECK(says(told.out, std::string{law::dispositif_begun::kind.title}));
  options.territory = "123";
  CHECK(folder.make(options).code == 2);
}

TEST_CASE("evidence is verified with the entries that it cites, like a dossier de preuve", "[L441-2-7-4-1]") {
  evidence_folder folder;
  folder.files(folder.file());
  auto told = folder.verify();
  CAPTURE(told.err);
  CHECK(told.code == 0);
  CHECK(says(told.out, "1 lignes prouvées"));
  CHECK(says(told.out, "carence constatée au vu de ce dossier : écriture 7"));
  auto found = evidence_in(folder.verify({}, true));
  CHECK(found["whole"] == true);
  CHECK(found["proved"] == 1);
  CHECK(found["elsewhere"] == 1);
  CHECK(found["without_entry"] == 1);
  CHECK(found["wrong"].empty());
}

TEST_CASE("evidence that says something else than what it cites is refused", "[L441-2-7-4-1]") {
  evidence_folder folder;
  SECTION("of another entry than the one in the journal") {
    auto file = folder.file();
    file.items[0].link = law::bytes32{1};
    folder.files(file);
    CHECK(says(folder.verify().out, "ligne 1"));
  }
  SECTION("of an entry about somebody else") {
    auto file = folder.file();
    file.items[0].concerns = told_territory;
    folder.files(file);
  }
  SECTION("of what a party did, without the entry that says so") {
    auto file = folder.file();
    file.items[0].seq = 0;
    file.items[0].link.reset();
    file.items[0].source =
        GENERATE(law::evidence_source::territory, law::evidence_source::host, law::evidence_source::none);
    folder.files(file);
    CHECK(evidence_in(folder.verify({}, true))["wrong"] == nlohmann::json::array({0}));
  }
  SECTION("under a digest that is not its own") { folder.files(folder.file(), law::bytes32{1}); }
  auto told = folder.verify();
  CHECK(told.code == 3);
  CHECK(says(told.out, "Verdict : REFUSÉ"));
}

TEST_CASE("evidence of the prefect's journal is verified with what the territory's own proves", "[L441-2-7-4-1]") {
  evidence_folder there;
  there.make_of(told_territory);
  auto proof_of_there = there.path() / "made.preuve";
  prefects_folder prefect;
  auto file = there.file();
  SECTION("every line with the entry that it cites, in whichever journal") {
    prefect.files(file);
    auto alone = prefect.verify_with({});
    CHECK(alone.code == 0);
    CHECK(evidence_in(alone)["proved"] == 1);
    CHECK(evidence_in(alone)["elsewhere"] == 1);
    auto both = prefect.verify_with({proof_of_there});
    CHECK(both.code == 0);
    CHECK(evidence_in(both)["proved"] == 2);
    CHECK(evidence_in(both)["elsewhere"] == 0);
    CHECK(evidence_in(both)["carences"] == nlohmann::json::array({prefects_folder::reminder_seq + 2}));
  }
  SECTION("which is refused when that journal says something else") {
    file.items[0].concerns = *law::siren::parse("217500016");
    prefect.files(file);
    CHECK(prefect.verify_with({}).code == 0);
    auto both = prefect.verify_with({proof_of_there});
    CHECK(both.code == 3);
    CHECK(evidence_in(both)["wrong"] == nlohmann::json::array({0}));
  }
  SECTION("or is not the journal that was cited") {
    evidence_folder another;
    another.make_of(told_territory);
    prefect.files(file);
    CHECK(prefect.verify_with({another.path() / "made.preuve"}).code == 3);
  }
}

TEST_CASE("other dossiers de preuve are named beside the one that cites them") {
  evidence_folder folder;
  folder.files(folder.file());
  verify_options options;
  options.journal = folder.path() / "made.preuve";
  options.cited = {options.journal};
  CHECK(proving_folder::run(options).code == 0);
  options.cited = {folder.path() / "keys"};
  CHECK(proving_folder::run(options).code == 3);
  options.journal = folder.path();
  CHECK(proving_folder::run(options).code == 2);
}

TEST_CASE("verify tells of a dossier de preuve each entry, its text, its date, and who vouches") {
  proving_folder folder;
  REQUIRE(folder.make_by_number().code == 0);
  REQUIRE(is_proof_file(folder.path() / "made.preuve"));
  auto alone = folder.verify();
  CHECK(alone.code == 0);
  auto title = std::string{law::processing_event::kind.title};
  CHECK(says(alone.out, "Écriture 2 : " + title + " (" + std::string{law::processing_event::kind.article} + ")"));
  CHECK(says(alone.out, "Écriture 4 : " + title));
  CHECK_FALSE(says(alone.out, "Écriture 3"));
  CHECK(says(alone.out, "enregistrée le 20"));
  CHECK(says(alone.out, "sans témoin vérifié"));
  CHECK(says(alone.out, folder.signer()));
  CHECK(says(alone.out, "Personne ne se porte garant"));
  CHECK(says(alone.out, "Verdict : accepté"));
  auto known = folder.verify({folder.signer()});
  CHECK(known.code == 0);
  CHECK_FALSE(says(known.out, "Personne ne se porte garant"));
  CHECK(folder.verify({"T200057867:" + folder.signer()}).code == 0);
  CHECK(folder.verify({std::string(64, '0')}).code == 3);
  CHECK(folder.verify({"abc"}).code == 2);
}

TEST_CASE("verify tells machines of a dossier de preuve an object a line") {
  proving_folder folder;
  REQUIRE(folder.make_by_number().code == 0);
  auto told = folder.verify({folder.signer()}, true);
  REQUIRE(told.code == 0);
  auto lines = told.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0]["seq"] == 2);
  CHECK(lines[0]["content"] == "disclosed");
  CHECK(lines[0]["kind"] == "processing_event");
  CHECK(lines[0]["event"]["detail"] == "première");
  CHECK(lines[2]["accepted"] == true);
  CHECK(lines[2]["vouched"] == true);
  CHECK(lines[2]["entries"] == 2);
  auto strange = folder.verify({std::string(64, '0')}, true);
  CHECK(strange.lines().at(0)["fault"] == "unknown_signer");
  CHECK(strange.lines().back()["accepted"] == false);
}

TEST_CASE("an altered dossier de preuve is refused, and says so") {
  proving_folder folder;
  REQUIRE(folder.make_by_number().code == 0);
  auto file = folder.path() / "made.preuve";
  std::ifstream in{file, std::ios::binary};
  std::string whole{std::istreambuf_iterator<char>{in}, {}};
  auto altered_at = [&](std::size_t at) {
    auto altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    std::ofstream{file, std::ios::binary | std::ios::trunc} << altered;
    return folder.verify();
  };
  auto refused = altered_at(whole.size() - 10);
  CHECK(refused.code == 3);
  CHECK(says(refused.out, "Verdict : REFUSÉ"));
  CHECK_FALSE(says(refused.out, "enregistrée le"));
  CHECK(altered_at(11).code == 3);
  CHECK(says(altered_at(11).err, "altéré"));
  whole[10] = 2;
  std::ofstream{file, std::ios::binary | std::ios::trunc} << whole;
  CHECK(folder.verify().code == 1);
}

TEST_CASE("options go with the file that they are for") {
  proving_folder folder;
  REQUIRE(folder.make_by_number().code == 0);
  verify_options options;
  options.journal = folder.path() / "made.preuve";
  options.keys = folder.path() / "keys";
  CHECK(proving_folder::run(options).code == 2);
  options.journal = folder.path();
  CHECK(proving_folder::run(options).code == 0);
  options.signers = {folder.signer(), "T200057867:" + folder.signer()};
  CHECK(proving_folder::run(options).code == 0);
  options.signers = {"abc"};
  CHECK(proving_folder::run(options).code == 2);
}

TEST_CASE("what cannot be proved is told, and makes no file") {
  proving_folder folder;
  auto code_of = [&](auto change) {
    auto options = folder.asked();
    options.dossier = law::to_text(proof_id<law::dossier_id>(1));
    change(options);
    return folder.make(options).code;
  };
  CHECK(code_of([](proof_options& o) { o.dossier = law::to_text(proof_id<law::dossier_id>(9)); }) == 1);
  CHECK(code_of([](proof_options& o) { o.dossier = "abc"; }) == 2);
  CHECK(code_of([](proof_options& o) { o.dossier.clear(); }) == 2);
  CHECK(code_of([](proof_options& o) { o.dossier.clear(), o.number = "093112600000193002"; }) != 0);
  CHECK(code_of([](proof_options& o) { o.stream = "T999999999"; }) == 1);
  CHECK(code_of([](proof_options& o) { o.stream = "elsewhere"; }) == 2);
  CHECK(code_of([](proof_options& o) { o.keys = "nowhere"; }) == 1);
  CHECK(code_of([](proof_options& o) { o.data = "nowhere"; }) == 1);
  CHECK(code_of([](proof_options& o) { o.out = "nowhere/at/all"; }) == 1);
  CHECK_FALSE(fs::exists(folder.path() / "made.preuve"));
  CHECK(code_of([](proof_options&) {}) == 0);
}
