// What is read from the store's SQLite file.

#include "journal/sqlite_layout.hpp"
#include "journal/sqlite_store.hpp"

#include <map>

namespace toit::journal {

namespace {

std::uint32_t epoch_in(const sqlite_statement& at, int column) {
  return static_cast<std::uint32_t>(at.number(column, UINT32_MAX));
}

std::uint64_t sequence_in(const sqlite_statement& at, int column) {
  return static_cast<std::uint64_t>(at.number(column, seq_most));
}

/// Ends the query even when a row cannot be read: the next one begins afresh.
class query_end {
public:
  explicit query_end(sqlite_statement& query) : query_{query} {}
  ~query_end() { query_.reset(); }
  query_end(const query_end&) = delete;
  query_end& operator=(const query_end&) = delete;

private:
  sqlite_statement& query_;
};

class sqlite_reader : public store_reader {
public:
  sqlite_reader(const std::string& path, const std::string& vfs) : database_{path, sqlite_access::read_only, vfs} {
    auto version = check_format(database_, path);
    set_up_connection(database_);
    stream_ = database_.prepare("SELECT number FROM stream WHERE name = ?");
    std::string whole_entries = "SELECT place, epoch, recorded_at, subject, previous, commitment, link, nonce, content "
                                "FROM entry WHERE place > ? AND place <= ? ";
    entries_ = database_.prepare(whole_entries + "ORDER BY place LIMIT ?");
    clear_entries_ =
        database_.prepare(whole_entries + "AND content IS NOT NULL AND coalesce(length(nonce), 0) = 0 ORDER BY place");
    last_of_ = database_.prepare("SELECT place FROM entry WHERE place > ? AND place <= ? AND subject = ? "
                                 "ORDER BY place DESC LIMIT 1");
    heads_ = database_.prepare("SELECT place, epoch, first, ordering_seq, link, key_id, signature FROM head "
                               "WHERE place >= ? AND place <= ? ORDER BY place LIMIT ?");
    last_head_ = database_.prepare("SELECT place, epoch, first, ordering_seq, link, key_id, signature FROM head "
                                   "WHERE place >= ? AND place <= ? ORDER BY place DESC LIMIT 1");
    number_ = database_.prepare("SELECT subject FROM number WHERE stream = ? AND number_key = ?");
    begin_ = database_.prepare("BEGIN");
    if (version >= federation_format_version)
      prepare_federation();
    if (version >= takeover_format_version)
      prepare_orphans();
    if (version >= accounts_format_version)
      prepare_accounts();
  }

  void hold() override { begin_.run(); }
  void release() noexcept override { database_.roll_back(); }

  std::vector<ports::stream_id> streams() override {
    std::vector<ports::stream_id> found;
    auto query = database_.prepare("SELECT name FROM stream ORDER BY number");
    while (query.step())
      found.push_back(stream_named(query.text(0)));
    return found;
  }

  std::vector<entry_row> entries(const ports::stream_id& stream, std::uint64_t after, std::size_t limit) override {
    std::vector<entry_row> rows;
    auto number = number_of(stream);
    if (!number || is_beyond(after))
      return rows;
    entries_.bind(1, entry_place(*number, after))
        .bind(2, last_place(*number))
        .bind(3, static_cast<std::int64_t>(limit));
    query_end end{entries_};
    while (entries_.step())
      rows.push_back(entry_at_cursor(entries_));
    return rows;
  }

  std::vector<entry_row> clear_entries(const ports::stream_id& stream, std::uint64_t after, std::uint64_t to) override {
    std::vector<entry_row> rows;
    auto number = number_of(stream);
    if (!number || is_beyond(after) || is_beyond(to))
      return rows;
    clear_entries_.bind(1, entry_place(*number, after)).bind(2, entry_place(*number, to));
    query_end end{clear_entries_};
    while (clear_entries_.step())
      rows.push_back(entry_at_cursor(clear_entries_));
    return rows;
  }

  std::optional<entry_row> entry(const ports::stream_id& stream, std::uint64_t seq) override {
    if (seq == 0)
      return std::nullopt;
    auto found = entries(stream, seq - 1, 1);
    if (found.empty() || found.front().header.seq != seq)
      return std::nullopt;
    return std::move(found.front());
  }

  std::uint64_t last_of(const ports::stream_id& stream, law::subject_id subject) override {
    auto number = number_of(stream);
    if (!number)
      return 0;
    last_of_.bind(1, entry_place(*number, 0)).bind(2, last_place(*number)).bind(3, byte_view{subject.bytes});
    query_end end{last_of_};
    return last_of_.step() ? seq_at(last_of_.integer(0)) : 0;
  }

  std::vector<ports::signed_head> heads(const ports::stream_id& stream, std::uint64_t from,
                                        std::size_t limit) override {
    std::vector<ports::signed_head> found;
    auto number = number_of(stream);
    if (!number || is_beyond(from))
      return found;
    heads_.bind(1, entry_place(*number, from)).bind(2, last_place(*number)).bind(3, static_cast<std::int64_t>(limit));
    query_end end{heads_};
    while (heads_.step())
      found.push_back(head_at_cursor(heads_, stream));
    return found;
  }

  std::optional<ports::signed_head> last_head(const ports::stream_id& stream) override {
    auto number = number_of(stream);
    if (!number)
      return std::nullopt;
    std::optional<ports::signed_head> found;
    last_head_.bind(1, entry_place(*number, 0)).bind(2, last_place(*number));
    query_end end{last_head_};
    if (last_head_.step())
      found = head_at_cursor(last_head_, stream);
    return found;
  }

  std::optional<law::subject_id> find_number(const ports::stream_id& stream, const bytes32& number_key) override {
    auto number = number_of(stream);
    if (!number)
      return std::nullopt;
    std::optional<law::subject_id> found;
    number_.bind(1, *number).bind(2, byte_view{number_key});
    query_end end{number_};
    if (number_.step())
      number_.copy_to(0, found.emplace().bytes);
    return found;
  }

  std::vector<sealed_key> keys() override {
    std::vector<sealed_key> found;
    auto query = database_.prepare("SELECT s.name, k.epoch, k.purpose, k.recipient, k.box, k.key_id, k.signature "
                                   "FROM stream_key k JOIN stream s ON s.number = k.stream "
                                   "ORDER BY k.stream, k.epoch, k.purpose, k.recipient");
    while (query.step()) {
      sealed_key key;
      key.stream = stream_named(query.text(0));
      key.epoch = epoch_in(query, 1);
      key.purpose = query.integer(2) == 0 ? key_purpose::stream : key_purpose::index;
      query.copy_to(3, key.recipient);
      auto box = query.content(4);
      key.box.assign(box.begin(), box.end());
      query.copy_to(5, key.key_id);
      query.copy_to(6, key.signature);
      found.push_back(std::move(key));
    }
    return found;
  }

  std::vector<ports::witness_mark> marks_from(const ports::stream_id& stream, std::uint64_t from) override {
    auto number = number_of(stream);
    if (!number || !has_marks_)
      return {};
    marks_from_.bind(1, *number).bind(2, static_cast<std::int64_t>(from));
    return marks_of(marks_from_, stream);
  }

  std::vector<ports::witness_mark> last_marks(const ports::stream_id& stream) override {
    auto number = number_of(stream);
    if (!number || !has_marks_)
      return {};
    last_marks_.bind(1, *number);
    return marks_of(last_marks_, stream);
  }

  std::vector<ports::signed_head> foreign_heads() override {
    std::vector<ports::signed_head> found;
    if (!has_marks_)
      return found;
    auto query = database_.prepare("SELECT f.place, f.epoch, f.first, f.ordering_seq, f.link, f.key_id, f.signature, "
                                   "s.name FROM foreign_head f JOIN stream s ON s.number = f.place >> 44 "
                                   "ORDER BY f.place, f.link");
    while (query.step())
      found.push_back(head_at_cursor(query, stream_named(query.text(7))));
    return found;
  }

  std::vector<ports::account_row> accounts(const ports::stream_id& stream) override {
    std::vector<ports::account_row> found;
    auto number = has_accounts_ ? number_of(stream) : std::nullopt;
    if (!number)
      return found;
    accounts_.bind(1, *number);
    query_end end{accounts_};
    while (accounts_.step())
      found.push_back(account_at_cursor(accounts_));
    return found;
  }

  std::optional<ports::account_row> account_about(const ports::stream_id& stream, law::subject_id subject) override {
    auto number = has_accounts_ ? number_of(stream) : std::nullopt;
    if (!number)
      return std::nullopt;
    account_about_.bind(1, *number).bind(2, byte_view{subject.bytes});
    query_end end{account_about_};
    return account_about_.step() ? std::optional{account_at_cursor(account_about_)} : std::nullopt;
  }

  std::vector<ports::orphan_position> orphan_tails() override {
    std::vector<ports::orphan_position> found;
    if (!has_orphans_)
      return found;
    // One look-up a tail, however long it is.
    auto next = "FROM orphan_entry WHERE (stream, cut, seq) > (each.stream, each.cut, " + std::to_string(seq_most) +
                ") ORDER BY stream, cut, seq LIMIT 1";
    auto query =
        database_.prepare("WITH RECURSIVE each(stream, cut) AS (SELECT 0, 0 UNION ALL SELECT (SELECT stream " + next +
                          "), (SELECT cut " + next +
                          ") FROM each WHERE each.stream IS NOT NULL) "
                          "SELECT s.name, o.cut, o.seq, o.link FROM each JOIN stream s ON s.number = each.stream "
                          "JOIN orphan_entry o ON o.stream = each.stream AND o.cut = each.cut AND o.seq = "
                          "(SELECT max(seq) FROM orphan_entry WHERE stream = each.stream AND cut = each.cut) "
                          "ORDER BY each.stream, each.cut");
    while (query.step()) {
      auto& tail = found.emplace_back();
      tail.stream = stream_named(query.text(0));
      tail.cut = epoch_in(query, 1);
      tail.seq = sequence_in(query, 2);
      query.copy_to(3, tail.link);
    }
    return found;
  }

  std::vector<entry_row> orphan_entries(const ports::stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                        std::size_t limit) override {
    std::vector<entry_row> rows;
    if (!bind_tail(orphan_entries_, stream, cut, after))
      return rows;
    orphan_entries_.bind(4, static_cast<std::int64_t>(limit));
    query_end end{orphan_entries_};
    while (orphan_entries_.step())
      rows.push_back(entry_at_cursor(orphan_entries_));
    return rows;
  }

  std::vector<ports::signed_head> orphan_heads(const ports::stream_id& stream, std::uint32_t cut, std::uint64_t from,
                                               std::size_t limit) override {
    std::vector<ports::signed_head> found;
    if (!bind_tail(orphan_heads_, stream, cut, from))
      return found;
    orphan_heads_.bind(4, static_cast<std::int64_t>(limit));
    query_end end{orphan_heads_};
    while (orphan_heads_.step())
      found.push_back(head_at_cursor(orphan_heads_, stream));
    return found;
  }

  std::vector<ports::witness_mark> orphan_marks(const ports::stream_id& stream, std::uint32_t cut,
                                                std::uint64_t from) override {
    if (!bind_tail(orphan_marks_, stream, cut, from))
      return {};
    return marks_of(orphan_marks_, stream);
  }

  std::uint64_t last_orphan_mark(const ports::stream_id& stream, std::uint32_t cut) override {
    auto number = has_orphans_ ? number_of(stream) : std::nullopt;
    if (!number)
      return 0;
    last_orphan_mark_.bind(1, *number).bind(2, std::int64_t{cut});
    query_end end{last_orphan_mark_};
    return last_orphan_mark_.step() ? sequence_in(last_orphan_mark_, 0) : 0;
  }

  std::optional<std::string> setting(std::string_view name) override {
    auto query = database_.prepare("SELECT value FROM setting WHERE name = ?");
    query.bind(1, name);
    if (!query.step())
      return std::nullopt;
    return std::string{query.text(0)};
  }

private:
  static ports::account_row account_at_cursor(const sqlite_statement& at) {
    ports::account_row row;
    at.copy_to(0, row.account.bytes);
    auto sealed = at.content(1);
    row.sealed.assign(sealed.begin(), sealed.end());
    at.copy_to(2, row.subject.bytes);
    return row;
  }

  /// False where there can be no tail of the stream.
  bool bind_tail(sqlite_statement& query, const ports::stream_id& stream, std::uint32_t cut, std::uint64_t seq) {
    auto number = has_orphans_ ? number_of(stream) : std::nullopt;
    if (number)
      query.bind(1, *number).bind(2, std::int64_t{cut}).bind(3, static_cast<std::int64_t>(seq));
    return number.has_value();
  }

  static ports::stream_id stream_named(std::string_view name) {
    auto parsed = ports::stream_id::parse(name);
    if (!parsed)
      throw store_broken{"a stream has a malformed name"};
    return *parsed;
  }

  /// Named by what somebody else has written: no entry has that place.
  static bool is_beyond(std::uint64_t seq) { return seq > static_cast<std::uint64_t>(seq_most); }
  static std::int64_t last_place(std::int64_t number) { return entry_place(number, seq_most); }

  std::optional<std::int64_t> number_of(const ports::stream_id& stream) {
    if (auto known = numbers_.find(stream); known != numbers_.end())
      return known->second;
    std::optional<std::int64_t> number;
    stream_.bind(1, stream.view());
    if (stream_.step())
      number = numbers_[stream] = stream_.integer(0);
    stream_.reset();
    return number;
  }

  static entry_row entry_at_cursor(const sqlite_statement& at) {
    entry_row row;
    row.header.seq = seq_at(at.integer(0));
    row.header.epoch = epoch_in(at, 1);
    row.header.recorded_at_ms = at.number(2, INT64_MAX);
    at.copy_to(3, row.header.subject.bytes);
    row.header.previous = sequence_in(at, 4);
    at.copy_to(5, row.header.commitment);
    at.copy_to(6, row.link);
    row.erased = at.is_null(8);
    if (row.erased && at.is_null(7))
      return row;
    auto nonce = at.blob(7);
    auto content = at.blob(8);
    if (!nonce.empty() && nonce.size() != entry_nonce_bytes)
      throw store_broken{"a nonce has not its length"};
    row.nonce.assign(nonce.begin(), nonce.end());
    row.content.assign(content.begin(), content.end());
    return row;
  }

  void prepare_orphans() {
    has_orphans_ = true;
    orphan_entries_ = database_.prepare("SELECT seq, epoch, recorded_at, subject, previous, commitment, link, nonce, "
                                        "content FROM orphan_entry WHERE stream = ? AND cut = ? AND seq > ? "
                                        "ORDER BY seq LIMIT ?");
    orphan_heads_ = database_.prepare("SELECT seq, epoch, first, ordering_seq, link, key_id, signature "
                                      "FROM orphan_head WHERE stream = ? AND cut = ? AND seq >= ? "
                                      "ORDER BY seq LIMIT ?");
    orphan_marks_ = database_.prepare("SELECT seq, witness, epoch, link, at, key_id, signature FROM orphan_mark "
                                      "WHERE stream = ? AND cut = ? AND seq >= ? ORDER BY seq, witness");
    last_orphan_mark_ =
        database_.prepare("SELECT seq FROM orphan_mark WHERE stream = ? AND cut = ? ORDER BY seq DESC LIMIT 1");
  }

  void prepare_accounts() {
    has_accounts_ = true;
    accounts_ = database_.prepare("SELECT agent, sealed, subject FROM account WHERE stream = ? ORDER BY agent");
    account_about_ = database_.prepare("SELECT agent, sealed, subject FROM account WHERE stream = ? AND subject = ?");
  }

  void prepare_federation() {
    has_marks_ = true;
    // One look-up a witness: a stream has a mark of each for nearly every batch.
    std::string each_witness =
        "WITH RECURSIVE each(witness) AS (SELECT min(witness) FROM mark WHERE stream = ?1 UNION ALL "
        "SELECT (SELECT min(witness) FROM mark WHERE stream = ?1 AND witness > each.witness) FROM each "
        "WHERE each.witness IS NOT NULL) "
        "SELECT m.seq, m.witness, m.epoch, m.link, m.at, m.key_id, m.signature FROM each CROSS JOIN mark m "
        "ON m.stream = ?1 AND m.witness = each.witness AND m.seq = (SELECT ";
    last_marks_ = database_.prepare(
        each_witness + "max(seq) FROM mark WHERE stream = ?1 AND witness = each.witness) ORDER BY m.witness");
    marks_from_ = database_.prepare(
        each_witness +
        "min(seq) FROM mark WHERE stream = ?1 AND witness = each.witness AND seq >= ?2) ORDER BY m.witness");
  }

  static std::vector<ports::witness_mark> marks_of(sqlite_statement& query, const ports::stream_id& stream) {
    std::vector<ports::witness_mark> found;
    query_end end{query};
    while (query.step()) {
      auto& mark = found.emplace_back();
      mark.stream = stream;
      mark.seq = sequence_in(query, 0);
      mark.witness = stream_named(query.text(1));
      mark.epoch = epoch_in(query, 2);
      query.copy_to(3, mark.link);
      mark.at = law::instant{std::chrono::milliseconds{query.number(4, INT64_MAX)}};
      query.copy_to(5, mark.key_id);
      query.copy_to(6, mark.signature);
    }
    return found;
  }

  static ports::signed_head head_at_cursor(const sqlite_statement& at, const ports::stream_id& stream) {
    ports::signed_head head;
    head.stream = stream;
    head.seq = seq_at(at.integer(0));
    head.epoch = epoch_in(at, 1);
    head.first = sequence_in(at, 2);
    head.ordering_seq = sequence_in(at, 3);
    at.copy_to(4, head.link);
    at.copy_to(5, head.key_id);
    at.copy_to(6, head.signature);
    return head;
  }

  sqlite_database database_;
  sqlite_statement stream_, entries_, clear_entries_, last_of_, heads_, last_head_, number_, begin_, marks_from_,
      last_marks_;
  sqlite_statement orphan_entries_, orphan_heads_, orphan_marks_, last_orphan_mark_, accounts_, account_about_;
  bool has_marks_ = false;
  bool has_orphans_ = false;
  bool has_accounts_ = false; ///< by stream
  std::map<ports::stream_id, std::int64_t> numbers_;
};

} // namespace

std::unique_ptr<store_reader> open_sqlite_reader(const std::string& path, const std::string& vfs) {
  return std::make_unique<sqlite_reader>(path, vfs);
}

} // namespace toit::journal
