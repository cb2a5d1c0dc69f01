// Who hosts a stream, as the streams of two authorities say of which each was competent in its time.

#include "nodes/hosting/authority_reading.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace std::chrono_literals;
using nodes::authority_reading;

namespace {

const auto passing_territory = *law::siren::parse("200057867");
const auto passing_stream = ports::stream_of(passing_territory);

ports::stream_id authority_named(const char* name) { return *ports::stream_id::parse(name); }

/// What is here of the authorities' streams, and nothing else.
class streams_at_hand : public ports::journal_reader {
public:
  using kept = std::map<ports::stream_id, std::vector<ports::stored_entry>>;
  explicit streams_at_hand(const kept& all) : all_{all} {}

  std::vector<ports::stored_entry> read(const ports::stream_id& stream, std::uint64_t after,
                                        std::size_t limit) override {
    auto found = all_.find(stream);
    if (found == all_.end() || after >= found->second.size())
      return {};
    auto from = found->second.begin() + static_cast<std::ptrdiff_t>(after);
    auto much = std::min<std::size_t>(limit, found->second.size() - after);
    return {from, from + static_cast<std::ptrdiff_t>(much)};
  }
  std::vector<ports::stored_entry> read_clear(const ports::stream_id&, std::uint64_t, std::uint64_t) override {
    return {};
  }
  std::vector<ports::stored_entry> read_subject(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::optional<ports::stored_entry> entry(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::optional<law::bytes32> link_of(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::vector<ports::stored_entry> read_these(const ports::stream_id&, std::span<const std::uint64_t>) override {
    return {};
  }
  std::vector<ports::cut_place> cuts(const ports::stream_id&) override { return {}; }
  std::vector<ports::orphan_entry> orphans(const ports::stream_id&, std::uint32_t, std::uint64_t,
                                           std::size_t) override {
    return {};
  }
  std::optional<law::dossier_id> find_number(const ports::stream_id&, law::nud) override { return {}; }
  std::optional<ports::signed_head> head_covering(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::optional<ports::signed_head> latest_head(const ports::stream_id&) override { return {}; }
  std::vector<ports::account_row> accounts(const ports::stream_id&) override { return {}; }
  std::vector<ports::witness_mark> marks_covering(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::vector<ports::logged_line> log_about(law::subject_id, std::size_t) override { return {}; }

private:
  const kept& all_;
};

/// Until the end of 2026 one authority is competent, and then the other.
struct two_authorities {
  two_authorities(const char* first, const char* second)
      : former{authority_named(first)}, present{authority_named(second)} {
    federation::territory_entry line{};
    line.stream = passing_stream;
    line.territory = passing_territory;
    line.ordering = former;
    line.from = 2026y / 1 / 1;
    line.until = 2026y / 12 / 31;
    directory.territories.push_back(line);
    line.ordering = present;
    line.from = 2027y / 1 / 1;
    line.until.reset();
    directory.territories.push_back(line);
  }

  void says(const ports::stream_id& authority, law::event what, law::civil_date on) {
    law::record record{};
    record.occurred_on = on;
    record.event = std::move(what);
    ports::stored_entry entry{};
    entry.seq = all[authority].size() + 1;
    entry.record = std::make_shared<const law::record>(std::move(record));
    all[authority].push_back(std::move(entry));
  }
  void opens(const ports::stream_id& authority, std::uint32_t epoch, const char* host, law::civil_date on) {
    says(authority,
         law::authority_passed{passing_territory,
                               epoch,
                               passing_territory,
                               law::text<64>{host},
                               law::passing_ground::substitution,
                               {},
                               0,
                               {}},
         on);
  }

  authority_reading read() {
    authority_reading reading{std::make_unique<streams_at_hand>(all)};
    reading.catch_up(directory);
    return reading;
  }
  static std::vector<std::string> hosts_in(const authority_reading& reading) {
    std::vector<std::string> hosts;
    if (auto found = reading.now().find(passing_stream); found != reading.now().end())
      for (const auto& one : found->second.passed)
        hosts.push_back(one.host.text());
    return hosts;
  }

  ports::stream_id former;
  ports::stream_id present;
  federation::directory directory;
  streams_at_hand::kept all;
};

using named_hosts = std::vector<std::string>;

} // namespace

TEST_CASE("what one authority has opened stays open when another has become competent, whatever their names",
          "[L441-2-7-4-1]") {
  for (auto [first, second] : {std::pair{"SD75", "SD93"}, std::pair{"SD93", "SD75"}}) {
    two_authorities t{first, second};
    t.opens(t.former, 1, "avant", 2026y / 5 / 4);
    t.opens(t.former, 2, "plaine", 2026y / 9 / 1);
    // It counted from 1, once.
    t.opens(t.present, 1, "apres", 2027y / 2 / 1);
    CHECK(two_authorities::hosts_in(t.read()) == named_hosts{"avant", "plaine"});
    t.opens(t.present, 3, "apres", 2027y / 2 / 2);
    auto reading = t.read();
    CHECK(two_authorities::hosts_in(reading) == named_hosts{"avant", "plaine", "apres"});
    REQUIRE(reading.last_of(passing_stream));
    CHECK(reading.last_of(passing_stream)->ordered_by == t.present);
    CHECK(reading.last_of(passing_stream)->ordered_seq == 2);
    CHECK(reading.last_of(passing_stream)->passed.epoch == 3);
  }
}

TEST_CASE("whoever was competent on the day opens the epoch, although another says so too", "[L441-2-7-4-1]") {
  for (auto [first, second] : {std::pair{"SD75", "SD93"}, std::pair{"SD93", "SD75"}}) {
    two_authorities t{first, second};
    t.opens(t.former, 1, "avant", 2026y / 5 / 4);
    t.opens(t.former, 2, "plaine", 2027y / 2 / 1);
    t.opens(t.present, 2, "apres", 2027y / 2 / 2);
    CHECK(two_authorities::hosts_in(t.read()) == named_hosts{"avant", "apres"});
  }
}

TEST_CASE("hosts are the same whichever authority's stream comes first", "[L441-2-7-4-1]") {
  two_authorities t{"SD93", "SD75"};
  t.opens(t.present, 1, "apres", 2027y / 2 / 1);
  t.opens(t.present, 2, "apres", 2027y / 2 / 3);
  authority_reading reading{std::make_unique<streams_at_hand>(t.all)};
  CHECK(reading.catch_up(t.directory));
  CHECK(two_authorities::hosts_in(reading) == named_hosts{"apres", "apres"});
  CHECK_FALSE(reading.catch_up(t.directory));
  t.opens(t.former, 1, "avant", 2026y / 5 / 4);
  CHECK(reading.catch_up(t.directory));
  CHECK(two_authorities::hosts_in(reading) == named_hosts{"avant", "apres"});
  CHECK(two_authorities::hosts_in(reading) == two_authorities::hosts_in(t.read()));
}

TEST_CASE("a passing is prepared for the epoch that follows, the last word counts, and it ends when that opens",
          "[L441-2-7-4-1]") {
  two_authorities t{"SD93", "SD75"};
  auto prepares = [&](std::uint32_t epoch, const char* to, law::civil_date on) {
    t.says(t.former,
           law::passing_prepared{passing_territory, epoch, law::text<64>{to}, law::passing_ground::adhesion, {}}, on);
  };
  prepares(2, "loin", 2026y / 5 / 1);
  CHECK(t.read().now().empty());
  prepares(1, "une", 2026y / 5 / 2);
  prepares(1, "autre", 2026y / 5 / 3);
  auto prepared = t.read();
  REQUIRE(prepared.prepared_of(passing_stream));
  CHECK(prepared.prepared_of(passing_stream)->to == law::text<64>{"autre"});
  CHECK(prepared.now().at(passing_stream).next == ports::node_name::parse("autre"));
  t.opens(t.former, 1, "autre", 2026y / 5 / 4);
  t.opens(t.former, 2, "loin", 2026y / 5 / 5);
  auto opened = t.read();
  CHECK_FALSE(opened.prepared_of(passing_stream));
  CHECK_FALSE(opened.now().at(passing_stream).next);
}
