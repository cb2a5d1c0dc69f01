#include "journal/access_log.hpp"

#include "journal/pack.hpp"
#include "journal/sqlite.hpp"

#include <cstdio>
#include <utility>

namespace toit::journal {

namespace {

constexpr std::chrono::days refusals_stand{30};

/// Beyond it every command is looked up on disk.
constexpr std::size_t refused_limit = 500'000;

constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS line (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, subject BLOB, command BLOB, content BLOB NOT NULL, link BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS line_subject ON line (subject) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS line_command ON line (command) WHERE command IS NOT NULL;
CREATE TABLE IF NOT EXISTS head (seq INTEGER PRIMARY KEY, signature BLOB NOT NULL);
)sql";

std::string file_of(law::instant at) {
  law::civil_date day{std::chrono::floor<std::chrono::days>(at)};
  char name[32];
  std::snprintf(name, sizeof name, "log-%04d-%02u.sqlite", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()));
  return name;
}

bytes32 log_key(const bytes32& operating_secret) { return hash("toit.log.key", {}, operating_secret); }

/// Everything that a line says, bound to its place in the chain.
bytes32 link_of(const bytes32& previous, std::uint64_t seq, std::int64_t at, byte_view subject, byte_view command,
                byte_view content) {
  bytes fixed;
  put_u64(fixed, seq);
  put_u64(fixed, static_cast<std::uint64_t>(at));
  fixed.push_back(subject.empty() ? 0 : 1);
  put(fixed, subject);
  fixed.push_back(command.empty() ? 0 : 1);
  put(fixed, command);
  return hash("toit.log.link", {previous, fixed, content});
}

/// A month's chain starts from its own name: months are deleted whole, one after the other.
bytes32 first_link_of(std::string_view file) { return hash("toit.log.month", {view_of(file)}); }

ports::signed_head head_of(std::string_view file, std::uint64_t seq, const bytes32& link) {
  ports::signed_head head;
  // "log-2026-11.sqlite" names the stream of that month.
  head.stream = *ports::stream_id::parse("SLOG" + std::string{file.substr(4, 4)} + std::string{file.substr(9, 2)});
  head.seq = seq;
  head.link = link;
  return head;
}

std::optional<ports::logged_line> open_line(const bytes32& key, std::int64_t at, byte_view content) {
  auto plain = decrypt_with(key, content, view_of("toit.log"));
  auto line = plain ? unpack_alone<ports::log_line>(*plain) : std::nullopt;
  if (!line)
    return std::nullopt;
  return ports::logged_line{law::instant{std::chrono::milliseconds{at}}, std::move(*line)};
}

} // namespace

struct access_log::open_month {
  open_month(const access_log_place& place, std::string name)
      : file{std::move(name)}, database{place.folder + "/" + file, sqlite_access::read_write, place.vfs} {
    database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    database.execute(schema);
    begin = database.prepare("BEGIN IMMEDIATE");
    commit = database.prepare("COMMIT");
    insert = database.prepare("INSERT INTO line (seq, at, subject, command, content, link) VALUES (?, ?, ?, ?, ?, ?)");
    insert_head = database.prepare("INSERT INTO head (seq, signature) VALUES (?, ?)");
    find = database.prepare("SELECT at, content FROM line WHERE command = ? ORDER BY seq LIMIT 1");
    auto last = database.prepare("SELECT seq, at, link FROM line ORDER BY seq DESC LIMIT 1");
    link = first_link_of(file);
    if (last.step()) {
      seq = static_cast<std::uint64_t>(last.integer(0));
      at = last.integer(1);
      last.copy_to(2, link);
    }
    synced_seq = seq;
    synced_link = link;
  }

  std::string file;
  sqlite_database database;
  sqlite_statement begin, commit, insert, insert_head, find;
  std::uint64_t seq = 0;
  std::int64_t at = 0;
  bytes32 link{};
  std::uint64_t synced_seq = 0;
  bytes32 synced_link{};
  enum class state { idle, staging, full } now = state::idle;
};

access_log::access_log(access_log_place place, std::shared_ptr<access_log_folder> folder, const signing_key& signer,
                       const bytes32& operating_secret, unsigned keep_months)
    : place_{std::move(place)}, folder_{std::move(folder)}, signer_{signer}, key_{log_key(operating_secret)},
      keep_months_{keep_months} {
  law::require(keep_months >= 6 && keep_months <= 36, "consultations are kept from 6 to 36 months");
}

access_log::~access_log() = default;

access_log::open_month& access_log::month_at(law::instant at) {
  auto file = file_of(at);
  // A clock set back does not reopen an earlier month: moments never decrease in the log.
  if (!month_ || file > month_->file) {
    if (month_ && !sync())
      lost_in_group_ = true;
    month_ = std::make_unique<open_month>(place_, file);
  }
  return *month_;
}

void access_log::stage(const ports::log_line& line, law::instant now) {
  using enum open_month::state;
  auto& month = month_at(now);
  if (month.now == full)
    return;
  if (month.now == idle)
    month.begin.run();
  month.now = staging;
  month.at = std::max(month.at, std::int64_t{now.time_since_epoch().count()});
  auto content = encrypt_with(key_, pack_alone(line), view_of("toit.log"));
  auto subject = line.subject ? byte_view{line.subject->bytes} : byte_view{};
  auto command = line.attempt && !line.command.empty() ? byte_view{line.command.bytes} : byte_view{};
  month.link = link_of(month.link, ++month.seq, month.at, subject, command, content);
  month.insert.bind(1, static_cast<std::int64_t>(month.seq)).bind(2, month.at);
  subject.empty() ? month.insert.bind_null(3) : month.insert.bind(3, subject);
  command.empty() ? month.insert.bind_null(4) : month.insert.bind(4, command);
  month.insert.bind(5, byte_view{content}).bind(6, byte_view{month.link});
  try {
    month.insert.run();
  } catch (const store_full&) {
    month.now = full;
  }
  if (!command.empty())
    staged_refused_.insert(line.command);
}

bool access_log::sync() {
  using enum open_month::state;
  bool whole = !std::exchange(lost_in_group_, false);
  if (!month_ || month_->now == idle)
    return whole;
  auto& month = *month_;
  try {
    if (std::exchange(month.now, idle) == full)
      throw store_full{};
    auto head = head_of(month.file, month.seq, month.link);
    signer_.sign(head);
    month.insert_head.bind(1, static_cast<std::int64_t>(month.seq)).bind(2, byte_view{head.signature}).run();
    month.commit.run();
  } catch (const store_full&) {
    month.database.roll_back();
    month.seq = month.synced_seq;
    month.link = month.synced_link;
    staged_refused_.clear();
    return false;
  }
  month.synced_seq = month.seq;
  month.synced_link = month.link;
  remember(staged_refused_);
  return whole;
}

void access_log::remember(std::set<law::command_id>& refused) {
  if (refused_.size() + refused.size() > refused_limit)
    too_many_refused_ = true;
  if (!too_many_refused_)
    refused_.merge(refused);
  refused.clear();
}

void access_log::load_refused(law::instant now) {
  refused_loaded_ = true;
  auto oldest = file_of(now - refusals_stand);
  for (const auto& file : folder_->files()) {
    if (file < oldest)
      continue;
    sqlite_database database{place_.folder + "/" + file, sqlite_access::read_only, place_.vfs};
    auto query = database.prepare("SELECT command FROM line WHERE command IS NOT NULL");
    while (query.step()) {
      law::command_id command;
      query.copy_to(0, command.bytes);
      std::set<law::command_id> one{command};
      remember(one);
    }
  }
}

std::optional<ports::log_line> access_log::refusal_of(law::command_id command, law::instant now) {
  if (!refused_loaded_)
    load_refused(now);
  if (!too_many_refused_ && !refused_.contains(command))
    return std::nullopt;
  auto oldest = file_of(now - refusals_stand);
  for (const auto& file : folder_->files()) {
    if (file < oldest)
      continue;
    sqlite_database database{place_.folder + "/" + file, sqlite_access::read_only, place_.vfs};
    auto query = database.prepare("SELECT at, content FROM line WHERE command = ? ORDER BY seq LIMIT 1");
    query.bind(1, byte_view{command.bytes});
    if (!query.step())
      continue;
    auto found = open_line(key_, query.integer(0), query.content(1));
    if (!found)
      throw store_broken{"a line of " + file + " does not open"};
    if (found->at >= now - refusals_stand)
      return std::move(found->line);
  }
  return std::nullopt;
}

std::size_t access_log::expire(law::instant now) const {
  law::civil_date today{std::chrono::floor<std::chrono::days>(now)};
  auto oldest_month = (today.year() / today.month()) - std::chrono::months{keep_months_};
  auto oldest = file_of(law::instant{std::chrono::sys_days{oldest_month / std::chrono::day{1}}});
  std::size_t removed = 0;
  for (const auto& file : folder_->files())
    if (file < oldest) {
      folder_->remove(file);
      ++removed;
    }
  return removed;
}

access_log_reader::access_log_reader(access_log_place place, std::shared_ptr<access_log_folder> folder,
                                     const bytes32& operating_secret)
    : place_{std::move(place)}, folder_{std::move(folder)}, key_{log_key(operating_secret)} {}

std::vector<ports::logged_line> access_log_reader::about(law::subject_id subject, std::size_t limit) {
  std::vector<ports::logged_line> found;
  auto files = folder_->files();
  for (auto file = files.rbegin(); file != files.rend() && found.size() < limit; ++file) {
    sqlite_database database{place_.folder + "/" + *file, sqlite_access::read_only, place_.vfs};
    auto query = database.prepare("SELECT at, content FROM line WHERE subject = ? ORDER BY seq DESC LIMIT ?");
    query.bind(1, byte_view{subject.bytes}).bind(2, static_cast<std::int64_t>(limit - found.size()));
    while (query.step()) {
      auto line = open_line(key_, query.integer(0), query.content(1));
      if (!line)
        throw store_broken{"a line of " + *file + " does not open"};
      found.push_back(std::move(*line));
    }
  }
  return found;
}

std::optional<log_fault> verify_access_log(const std::string& path, const public_key& signer, const std::string& vfs) {
  auto file = path.substr(path.rfind('/') + 1);
  sqlite_database database{path, sqlite_access::read_only, vfs};
  auto lines = database.prepare("SELECT l.seq, l.at, l.subject, l.command, l.content, l.link, h.signature FROM line l "
                                "LEFT JOIN head h ON h.seq = l.seq ORDER BY l.seq");
  auto link = first_link_of(file);
  std::uint64_t expected = 1;
  bool covered = true;
  for (; lines.step(); ++expected) {
    auto fault = [&](std::string what) { return log_fault{file, expected, std::move(what)}; };
    if (static_cast<std::uint64_t>(lines.integer(0)) != expected)
      return fault("a line is missing");
    link = link_of(link, expected, lines.integer(1), lines.content(2), lines.content(3), lines.content(4));
    bytes32 written;
    lines.copy_to(5, written);
    if (written != link)
      return fault("the line is not what was written");
    covered = !lines.is_null(6);
    if (covered) {
      auto head = head_of(file, expected, link);
      head.key_id = id_of(signer);
      lines.copy_to(6, head.signature);
      if (!verify(head, signer))
        return fault("the signature does not match");
    }
  }
  if (!covered)
    return log_fault{file, expected - 1, "the last line is not signed"};
  return std::nullopt;
}

} // namespace toit::journal
