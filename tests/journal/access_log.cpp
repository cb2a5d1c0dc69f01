#include "journal/access_log.hpp"

#include "journal/sqlite.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::bytes_with;
using journal::test::id_with;
using namespace std::chrono;

namespace {

law::instant at(int year_number, unsigned month_number, unsigned day_number) {
  return law::instant{sys_days{year{year_number} / month{month_number} / day{day_number}}};
}

struct log_on_disk {
  explicit log_on_disk(unsigned keep_months = 12) { open(keep_months); }

  void open(unsigned keep_months) {
    log.reset();
    log = std::make_unique<access_log>(place, folder, signer, std::vector{bytes_with(2)}, keep_months);
  }
  void write(std::uint8_t subject, law::instant when) {
    ports::log_line line;
    line.subject = id_with<law::subject_id>(subject);
    line.right = "a right";
    log->stage(line, when);
    REQUIRE(log->sync());
  }
  std::optional<log_fault> verify(const std::string& file) {
    return verify_access_log("log/" + file, std::span{&signer.public_half(), 1}, disk.vfs());
  }
  std::vector<ports::logged_line> about(std::uint8_t subject) {
    return access_log_reader{place, folder, std::vector{bytes_with(2)}}.about(id_with<law::subject_id>(subject), 100);
  }

  simulation::virtual_disk disk{1};
  access_log_place place{"log", disk.vfs()};
  std::shared_ptr<access_log_folder> folder = disk.log_folder("log");
  signing_key signer{bytes_with(1)};
  std::unique_ptr<access_log> log;
};

} // namespace

TEST_CASE("each month of the log has a file and a chain of its own", "[journal][log]") {
  log_on_disk log;
  log.write(1, at(2026, 1, 31) + hours{23});
  log.write(1, at(2026, 2, 1));
  log.write(2, at(2026, 2, 2));
  CHECK(log.folder->files() == std::vector<std::string>{"log-2026-01.sqlite", "log-2026-02.sqlite"});
  for (const auto& file : log.folder->files())
    CHECK_FALSE(log.verify(file));
  auto lines = log.about(1);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at == at(2026, 2, 1));
  CHECK(lines[1].at == at(2026, 1, 31) + hours{23});
  CHECK(lines[1].line.right == "a right");
}

TEST_CASE("a clock set back opens no earlier month, and moments never decrease", "[journal][log]") {
  log_on_disk log;
  log.write(1, at(2026, 2, 3));
  log.write(1, at(2026, 1, 15));
  CHECK(log.folder->files().size() == 1);
  CHECK(log.about(1).front().at == at(2026, 2, 3));
  CHECK_FALSE(log.verify("log-2026-02.sqlite"));
}

TEST_CASE("a clock that had jumped ahead and is put right has forgotten no refusal", "[journal][log]") {
  log_on_disk log;
  ports::log_line refused;
  refused.attempt = true;
  refused.command = id_with<law::command_id>(7);
  log.log->stage(refused, at(2026, 1, 15));
  REQUIRE(log.log->sync());
  auto known = [&](law::instant now) { return log.log->refusal_of(refused.command, now).has_value(); };
  CHECK(known(at(2026, 1, 16)));
  CHECK_FALSE(known(at(2026, 4, 1)));
  CHECK(known(at(2026, 1, 16)));
}

TEST_CASE("the log goes on after a restart where it was", "[journal][log]") {
  log_on_disk log;
  log.write(1, at(2026, 2, 3));
  log.open(12);
  log.write(1, at(2026, 2, 4));
  CHECK(log.about(1).size() == 2);
  CHECK_FALSE(log.verify("log-2026-02.sqlite"));
}

TEST_CASE("a month is deleted whole once its six, twelve or thirty-six months have passed", "[journal][log]") {
  for (unsigned keep : {6U, 12U, 36U}) {
    CAPTURE(keep);
    log_on_disk log{keep};
    log.write(1, at(2023, 3, 31));
    log.write(1, at(2023, 4, 1));
    auto last_day = law::instant{sys_days{year_month_day{year{2023} / 3 / 1} + months{keep + 1}}} - milliseconds{1};
    CHECK(log.log->expire(last_day) == 0);
    CHECK(log.log->expire(last_day + milliseconds{1}) == 1);
    CHECK(log.folder->files() == std::vector<std::string>{"log-2023-04.sqlite"});
    CHECK(log.about(1).size() == 1);
  }
}

TEST_CASE("a line that was changed, removed or cut off is found with its place", "[journal][log]") {
  struct damage {
    const char* sql;
    std::uint64_t line;
  };
  for (auto [sql, line] : {damage{"UPDATE line SET at = at + 1 WHERE seq = 3", 3},
                           {"UPDATE line SET subject = NULL WHERE seq = 2", 2},
                           {"UPDATE line SET content = zeroblob(60) WHERE seq = 5", 5},
                           {"UPDATE line SET content = 'words' WHERE seq = 5", 5},
                           {"UPDATE line SET link = zeroblob(32) WHERE seq = 1", 1},
                           {"DELETE FROM line WHERE seq = 4", 4},
                           {"DELETE FROM line WHERE seq > 4", 5},
                           {"DELETE FROM head WHERE seq = 5", 5},
                           {"UPDATE head SET signature = zeroblob(64) WHERE seq = 2", 2}}) {
    CAPTURE(sql);
    log_on_disk log;
    for (std::uint8_t i = 1; i <= 5; ++i)
      log.write(i, at(2026, 2, i));
    log.log.reset();
    sqlite_database{"log/log-2026-02.sqlite", sqlite_access::read_write, log.disk.vfs()}.execute(sql);
    auto fault = log.verify("log-2026-02.sqlite");
    REQUIRE(fault);
    CHECK(fault->line == line);
    CHECK(fault->file == "log-2026-02.sqlite");
  }
}

TEST_CASE("a month that passes for another one is found out", "[journal][log]") {
  log_on_disk log;
  log.write(1, at(2026, 2, 3));
  log.log.reset();
  REQUIRE(log.disk.find("log/log-2026-02.sqlite"));
  sqlite_database{"log/log-2026-02.sqlite", sqlite_access::read_write, log.disk.vfs()}.checkpoint(true);
  log.disk.create("log/log-2026-03.sqlite")->now = log.disk.find("log/log-2026-02.sqlite")->now;
  CHECK_FALSE(log.verify("log-2026-02.sqlite"));
  CHECK(log.verify("log-2026-03.sqlite"));
}

TEST_CASE("nothing of a line is in clear but when, about whom and which command", "[journal][log]") {
  log_on_disk log;
  ports::log_line line;
  line.right = "eleven words that are easily found again in a file";
  line.purpose = line.right;
  log.log->stage(line, at(2026, 2, 3));
  REQUIRE(log.log->sync());
  for (const auto& name : log.disk.list("log")) {
    auto file = log.disk.find("log/" + name);
    CHECK(std::ranges::search(file->now, line.right).empty());
  }
}
