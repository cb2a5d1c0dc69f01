#include "nodes/ports/argon2_hasher.hpp"
#include "nodes/ports/data_directory.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;

namespace {

namespace fs = std::filesystem;

class scratch {
public:
  scratch() {
    std::string name = (fs::temp_directory_path() / "toit-ports-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~scratch() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

private:
  fs::path path_;
};

ports::bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

unsigned mode_of(const fs::path& file) {
  struct stat about{};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  return about.st_mode & 0777;
}

} // namespace

TEST_CASE("a file has its name only once it is whole") {
  scratch place;
  auto folder = open_folder(place / "files");
  {
    auto writer = folder->create("one");
    writer->append(bytes_of("abc"));
    CHECK(folder->list().empty());
    CHECK_FALSE(folder->read("one", 0, 10));
  }
  CHECK(fs::is_empty(place / "files"));
  auto writer = folder->create("one");
  writer->append(bytes_of("abc"));
  writer->append(bytes_of("def"));
  writer->commit();
  CHECK(folder->list() == std::vector<std::string>{"one"});
  CHECK(folder->size("one") == 6);
  CHECK_FALSE(folder->size("another"));
  CHECK(folder->read("one", 2, 3) == bytes_of("cde"));
  CHECK(folder->read("one", 6, 3) == bytes_of(""));
  CHECK(folder->read("one", 99, 3) == bytes_of(""));
  CHECK(mode_of(place / "files/one") == 0600);
  folder->remove("one");
  folder->remove("one");
  CHECK(folder->list().empty());
}

TEST_CASE("what an interrupted writer left is gone at the next opening") {
  scratch place;
  open_folder(place / "files");
  std::ofstream{place / "files/.half.part"} << "abc";
  open_folder(place / "files");
  CHECK(fs::is_empty(place / "files"));
}

TEST_CASE("a data directory is held by one at a time") {
  scratch place;
  {
    data_directory held{place / "data"};
    CHECK(mode_of(place / "data") == 0700);
    CHECK_THROWS_AS(data_directory{place / "data"}, directory_in_use);
  }
  data_directory again{place / "data"};
  CHECK(again.journal() == place / "data/journal.sqlite");
}

TEST_CASE("keys are read by their owner alone, and never replaced") {
  scratch place;
  auto file = place / "node.keys";
  CHECK(read_keys(file).error() == key_file_fault::missing);
  auto made = create_keys(file);
  CHECK(mode_of(file) == 0600);
  auto read = read_keys(file);
  REQUIRE(read);
  CHECK(read->signing_seed == made.signing_seed);
  CHECK(read->operating_secret == made.operating_secret);
  CHECK(made.signing_seed != made.operating_secret);
  CHECK_THROWS(create_keys(file));
  for (mode_t open_to_others : {0640, 0604, 0610}) {
    ::chmod(file.c_str(), open_to_others);
    CHECK(read_keys(file).error() == key_file_fault::open_to_others);
  }
  ::chmod(file.c_str(), 0600);
  std::ofstream{file} << "signing_seed = 00\n";
  CHECK(read_keys(file).error() == key_file_fault::malformed);
}

TEST_CASE("a password matches its own hash alone") {
  argon2_hasher hasher;
  auto hashed = hasher.hash("mot de passe fictif");
  CHECK(hashed.starts_with("$argon2id$"));
  CHECK(hasher.hash("mot de passe fictif") != hashed);
  CHECK(hasher.matches(hashed, "mot de passe fictif"));
  CHECK_FALSE(hasher.matches(hashed, "mot de passe fictit"));
  CHECK_FALSE(hasher.matches("", "mot de passe fictif"));
  CHECK_FALSE(hasher.matches(std::string(500, 'x'), "mot de passe fictif"));
}

TEST_CASE("a steered clock runs, goes where it is set, and never back") {
  using namespace std::chrono_literals;
  law::instant begin{std::chrono::sys_days{2024y / 1 / 8}};
  steered_clock clock{begin};
  CHECK(clock.now() >= begin);
  CHECK(clock.now() < begin + 1min);
  clock.set(begin + 24h);
  auto next_day = clock.now();
  CHECK(next_day >= begin + 24h);
  clock.set(begin);
  CHECK(clock.now() >= next_day);
}
