#include "journal/access_log.hpp"

#include "journal/pack.hpp"
#include "journal/sqlite.hpp"

#include <cstdio>
#include <utility>

namespace toit::journal {

namespace {

constexpr std::chrono::days refusals_stand{30};

/// Of one month: beyond it every command is looked up in that month's file.
constexpr std::size_t refused_limit = 500'000;

constexpr const char* month_schema = R"sql(
CREATE TABLE IF NOT EXISTS line (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, subject BLOB, command BLOB, content BLOB NOT NULL, link BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS line_subject ON line (subject) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS line_command ON line (command) WHERE command IS NOT NULL;
CREATE TABLE IF NOT EXISTS head (seq INTEGER PRIMARY KEY, key_id BLOB NOT NULL, signature BLOB NOT NULL);
)sql";

/// Bytes 68 to 71 of a month's file ("TOIL") and its format version.
constexpr std::int64_t log_application_id = 0x544F494C;
constexpr std::int64_t log_format_version = 1;

std::string file_of(law::instant at) {
  law::civil_date day{std::chrono::floor<std::chrono::days>(at)};
  char name[32];
  std::snprintf(name, sizeof name, "log-%04d-%02u.sqlite", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()));
  return name;
}

std::vector<bytes32> log_keys(std::span<const bytes32> operating_secrets) {
  std::vector<bytes32> keys;
  for (const auto& secret : operating_secrets)
    keys.push_back(hash("toit.log.key", {}, secret));
  return keys;
}

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

/// What the signature of a month up to a line covers.
bytes head_message_of(std::string_view file, std::uint64_t seq, const bytes32& link) {
  bytes message;
  put(message, view_of("toit.log.head.1"));
  message.push_back(static_cast<std::uint8_t>(file.size()));
  put(message, view_of(file));
  put_u64(message, seq);
  put(message, link);
  return message;
}

/// A month's file for reading; absent while it is named but not begun, as a crash or a full disk may leave it.
std::unique_ptr<sqlite_database> open_begun(const std::string& path, const std::string& vfs) {
  auto database = std::make_unique<sqlite_database>(path, sqlite_access::read_only, vfs);
  auto mark = [&](const char* name) {
    auto query = database->prepare(std::string{"PRAGMA "} + name);
    query.step();
    return query.integer(0);
  };
  std::int64_t application = 0;
  try {
    application = mark("application_id");
  } catch (const store_unfinished&) {
    // The power went while the file was being made: the next line of that month begins it again, if there is one.
  }
  if (application == 0)
    return nullptr;
  if (application != log_application_id || mark("user_version") != log_format_version)
    throw store_broken{path + " is no log of this format"};
  return database;
}

std::unique_ptr<sqlite_database> open_begun(const access_log_place& place, const std::string& file) {
  return open_begun(place.folder + "/" + file, place.vfs);
}

std::optional<ports::logged_line> open_line(std::span<const bytes32> keys, std::int64_t at, byte_view content) {
  std::optional<bytes> plain;
  for (auto key = keys.begin(); key != keys.end() && !plain; ++key)
    plain = decrypt_with(*key, content, view_of("toit.log"));
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
    create();
    begin = database.prepare("BEGIN IMMEDIATE");
    commit = database.prepare("COMMIT");
    insert = database.prepare("INSERT INTO line (seq, at, subject, command, content, link) VALUES (?, ?, ?, ?, ?, ?)");
    insert_head = database.prepare("INSERT INTO head (seq, key_id, signature) VALUES (?, ?, ?)");
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

  /// Tables and marks in one transaction: a month is begun whole, or not at all.
  void create() {
    try {
      database.execute("BEGIN IMMEDIATE;" + std::string{month_schema} +
                       "PRAGMA application_id = " + std::to_string(log_application_id) + ";" +
                       "PRAGMA user_version = " + std::to_string(log_format_version) + "; COMMIT;");
    } catch (const store_full&) {
      database.roll_back();
      throw;
    }
  }

  std::string file;
  sqlite_database database;
  sqlite_statement begin, commit, insert, insert_head;
  std::uint64_t seq = 0;
  std::int64_t at = 0;
  bytes32 link{};
  std::uint64_t synced_seq = 0;
  bytes32 synced_link{};
  enum class state { idle, staging, full } now = state::idle;
};

access_log::access_log(access_log_place place, std::shared_ptr<access_log_folder> folder, const signing_key& signer,
                       std::span<const bytes32> operating_secrets, unsigned keep_months)
    : place_{std::move(place)}, folder_{std::move(folder)}, signer_{signer}, keys_{log_keys(operating_secrets)},
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
  try {
    stage_in(month_at(now), line, now);
  } catch (const store_full&) {
    // A month that finds no room to begin in: its lines are lost like any other's, and it is begun again with the next.
    lost_in_group_ = true;
  }
}

void access_log::stage_in(open_month& month, const ports::log_line& line, law::instant now) {
  using enum open_month::state;
  if (month.now == full)
    return;
  if (month.now == idle)
    month.begin.run();
  month.now = staging;
  month.at = std::max(month.at, std::int64_t{now.time_since_epoch().count()});
  auto content = encrypt_with(keys_.front(), pack_alone(line), view_of("toit.log"));
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
    staged_refused_.try_emplace(line.command, line);
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
    auto key = id_of(signer_.public_half());
    auto signed_link = signer_.sign(head_message_of(month.file, month.seq, month.link));
    month.insert_head.bind(1, static_cast<std::int64_t>(month.seq))
        .bind(2, byte_view{key})
        .bind(3, byte_view{signed_link})
        .run();
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
  for (const auto& [command, line] : std::exchange(staged_refused_, {}))
    remember(month.file, command);
  return whole;
}

void access_log::remember(const std::string& file, law::command_id refused) {
  auto& month = refused_[file];
  if (month.commands.size() >= refused_limit)
    month.too_many = true;
  else
    month.commands.insert(refused);
}

void access_log::load_refused(const std::string& oldest) {
  refused_.clear();
  for (const auto& file : folder_->files()) {
    if (file < oldest)
      continue;
    auto database = open_begun(place_, file);
    if (!database)
      continue;
    auto query = database->prepare("SELECT command FROM line WHERE command IS NOT NULL");
    while (query.step()) {
      law::command_id command;
      query.copy_to(0, command.bytes);
      remember(file, command);
    }
  }
}

std::optional<ports::log_line> access_log::refusal_of(law::command_id command, law::instant now) {
  if (auto staged = staged_refused_.find(command); staged != staged_refused_.end())
    return staged->second;
  // A clock that had jumped ahead and has been put right needs again what was forgotten meanwhile.
  auto oldest = file_of(now - refusals_stand);
  if (refused_from_.empty() || oldest < refused_from_)
    load_refused(oldest);
  refused_from_ = oldest;
  std::erase_if(refused_, [&](const auto& month) { return month.first < oldest; });
  for (auto& [file, month] : refused_)
    if (month.too_many || month.commands.contains(command))
      if (auto found = read_refusal(file, month, command, now - refusals_stand))
        return found;
  return std::nullopt;
}

std::optional<ports::log_line> access_log::read_refusal(const std::string& file, refused_month& month,
                                                        law::command_id command, law::instant since) const {
  if (!month.reader)
    month.reader = open_begun(place_, file);
  if (!month.reader)
    return std::nullopt;
  auto query = month.reader->prepare("SELECT at, content FROM line WHERE command = ? AND at >= ? ORDER BY seq LIMIT 1");
  query.bind(1, byte_view{command.bytes}).bind(2, std::int64_t{since.time_since_epoch().count()});
  if (!query.step())
    return std::nullopt;
  auto found = open_line(keys_, query.integer(0), query.content(1));
  if (!found)
    throw store_broken{"a line of " + file + " does not open"};
  return std::move(found->line);
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
                                     std::span<const bytes32> operating_secrets)
    : place_{std::move(place)}, folder_{std::move(folder)}, keys_{log_keys(operating_secrets)} {}

std::vector<ports::logged_line> access_log_reader::about(law::subject_id subject, std::size_t limit) {
  std::vector<ports::logged_line> found;
  auto files = folder_->files();
  for (auto file = files.rbegin(); file != files.rend() && found.size() < limit; ++file) {
    auto database = open_begun(place_, *file);
    if (!database)
      continue;
    auto query = database->prepare("SELECT at, content FROM line WHERE subject = ? ORDER BY seq DESC LIMIT ?");
    query.bind(1, byte_view{subject.bytes}).bind(2, static_cast<std::int64_t>(limit - found.size()));
    while (query.step()) {
      auto line = open_line(keys_, query.integer(0), query.content(1));
      if (!line)
        throw store_broken{"a line of " + *file + " does not open"};
      found.push_back(std::move(*line));
    }
  }
  return found;
}

namespace {

class log_verification {
public:
  log_verification(const sqlite_database& database, std::string file, std::span<const public_key> signers)
      : file_{std::move(file)}, signers_{signers}, database_{database}, link_{first_link_of(file_)} {}

  std::optional<log_fault> run() {
    auto lines = database_.prepare("SELECT l.seq, l.at, l.subject, l.command, l.content, l.link, h.key_id, h.signature "
                                   "FROM line l LEFT JOIN head h ON h.seq = l.seq ORDER BY l.seq");
    try {
      for (; lines.step(); ++expected_)
        if (auto what = check(lines))
          return log_fault{file_, expected_, what};
    } catch (const store_broken&) {
      return log_fault{file_, expected_, "la ligne ne se lit pas"};
    }
    if (!covered_)
      return log_fault{file_, expected_ - 1, "la dernière ligne n'est pas signée"};
    auto last_head = database_.prepare("SELECT seq FROM head ORDER BY seq DESC LIMIT 1");
    if (last_head.step() && static_cast<std::uint64_t>(last_head.integer(0)) >= expected_)
      return log_fault{file_, expected_, "la fin manque : une signature couvre plus de lignes"};
    return std::nullopt;
  }

private:
  /// Empty where there is none. An id of another length would shift what is hashed behind it.
  static byte_view id_in(const sqlite_statement& line, int column) {
    if (line.is_null(column))
      return {};
    auto id = line.blob(column);
    if (id.size() != 16)
      throw store_broken{"an id has not its length"};
    return id;
  }

  const char* check(const sqlite_statement& line) {
    if (static_cast<std::uint64_t>(line.integer(0)) != expected_)
      return "une ligne manque";
    auto subject = id_in(line, 2);
    auto command = id_in(line, 3);
    auto at = line.number(1, INT64_MAX);
    link_ = link_of(link_, expected_, at, subject, command, line.blob(4));
    if (!std::ranges::equal(line.blob(5), link_))
      return "la ligne n'est pas celle qui a été écrite";
    if (at < at_)
      return "l'heure d'enregistrement recule";
    at_ = at;
    covered_ = !line.is_null(7);
    return covered_ ? check_signature(line) : nullptr;
  }

  const char* check_signature(const sqlite_statement& line) const {
    auto by = line.content(6);
    signature found;
    line.copy_to(7, found);
    auto message = head_message_of(file_, expected_, link_);
    bool good = std::ranges::any_of(signers_, [&](const public_key& signer) {
      return std::ranges::equal(by, id_of(signer)) && verify(message, found, signer);
    });
    return good ? nullptr : "la signature ne correspond pas";
  }

  std::string file_;
  std::span<const public_key> signers_;
  const sqlite_database& database_;
  bytes32 link_;
  std::uint64_t expected_ = 1;
  std::int64_t at_ = 0;
  bool covered_ = true;
};

} // namespace

std::optional<log_fault> verify_access_log(const std::string& path, std::span<const public_key> signers,
                                           const std::string& vfs) {
  auto database = open_begun(path, vfs);
  if (!database)
    return std::nullopt;
  return log_verification{*database, path.substr(path.rfind('/') + 1), signers}.run();
}

} // namespace toit::journal
