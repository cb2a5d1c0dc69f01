#include "tests/journal/store_contract.hpp"

#include <algorithm>

namespace toit::journal::test {

namespace {

struct memory_stream {
  ports::stream_id name;
  std::map<std::uint64_t, entry_row> entries;
  std::map<std::uint64_t, ports::signed_head> heads;
  std::map<bytes32, law::subject_id> numbers;
};

struct memory_tail {
  std::map<std::uint64_t, entry_row> entries;
  std::map<std::uint64_t, ports::signed_head> heads;
  std::map<std::pair<std::uint64_t, ports::stream_id>, ports::witness_mark> marks;
};

struct memory {
  std::vector<memory_stream> streams; ///< in the order in which they came
  std::vector<sealed_key> keys;
  std::map<std::tuple<ports::stream_id, ports::stream_id, std::uint64_t>, ports::witness_mark> marks; ///< by witness
  std::map<std::tuple<ports::stream_id, std::uint64_t, bytes32>, ports::signed_head> foreign;
  std::map<ports::stream_id, std::map<law::agent_id, ports::account_row>> accounts;
  std::map<std::pair<ports::stream_id, std::uint32_t>, memory_tail> tails;
  std::map<std::string, std::string, std::less<>> settings;

  memory_stream* find(const ports::stream_id& stream) {
    auto found = std::ranges::find(streams, stream, &memory_stream::name);
    return found == streams.end() ? nullptr : &*found;
  }
  memory_stream& at(const ports::stream_id& stream) {
    if (auto* found = find(stream))
      return *found;
    streams.push_back({stream, {}, {}, {}});
    return streams.back();
  }
};

class memory_reader : public store_reader {
public:
  explicit memory_reader(std::shared_ptr<memory> committed) : all_{std::move(committed)} {}

  void hold() override {}
  void release() noexcept override {}
  std::vector<ports::stream_id> streams() override {
    std::vector<ports::stream_id> names;
    for (const auto& stream : all_->streams)
      names.push_back(stream.name);
    return names;
  }
  std::vector<entry_row> entries(const ports::stream_id& stream, std::uint64_t after, std::size_t limit) override {
    std::vector<entry_row> found;
    if (auto* there = all_->find(stream))
      for (auto it = there->entries.upper_bound(after); it != there->entries.end() && found.size() < limit; ++it)
        found.push_back(it->second);
    return found;
  }
  std::vector<entry_row> clear_entries(const ports::stream_id& stream, std::uint64_t after, std::uint64_t to) override {
    std::vector<entry_row> found;
    for (auto& row : entries(stream, after, to - after))
      if (row.header.seq <= to && row.nonce.empty() && !row.erased)
        found.push_back(std::move(row));
    return found;
  }
  std::optional<entry_row> entry(const ports::stream_id& stream, std::uint64_t seq) override {
    auto* there = all_->find(stream);
    if (!there || !there->entries.contains(seq))
      return std::nullopt;
    return there->entries.at(seq);
  }
  std::uint64_t last_of(const ports::stream_id& stream, law::subject_id subject) override {
    std::uint64_t last = 0;
    if (auto* there = all_->find(stream))
      for (const auto& [seq, row] : there->entries)
        last = row.header.subject == subject ? seq : last;
    return last;
  }
  std::vector<ports::signed_head> heads(const ports::stream_id& stream, std::uint64_t from,
                                        std::size_t limit) override {
    std::vector<ports::signed_head> found;
    if (auto* there = all_->find(stream))
      for (auto it = there->heads.lower_bound(from); it != there->heads.end() && found.size() < limit; ++it)
        found.push_back(it->second);
    return found;
  }
  std::optional<ports::signed_head> last_head(const ports::stream_id& stream) override {
    auto* there = all_->find(stream);
    if (!there || there->heads.empty())
      return std::nullopt;
    return there->heads.rbegin()->second;
  }
  std::optional<law::subject_id> find_number(const ports::stream_id& stream, const bytes32& key) override {
    auto* there = all_->find(stream);
    if (!there || !there->numbers.contains(key))
      return std::nullopt;
    return there->numbers.at(key);
  }
  std::vector<sealed_key> keys() override { return all_->keys; }
  std::vector<ports::witness_mark> marks_from(const ports::stream_id& stream, std::uint64_t from) override {
    std::map<ports::stream_id, ports::witness_mark> first;
    for (const auto& [key, mark] : all_->marks)
      if (mark.stream == stream && mark.seq >= from)
        first.try_emplace(mark.witness, mark);
    return listed(first);
  }
  std::vector<ports::witness_mark> last_marks(const ports::stream_id& stream) override {
    std::map<ports::stream_id, ports::witness_mark> last;
    for (const auto& [key, mark] : all_->marks)
      if (mark.stream == stream)
        last[mark.witness] = mark;
    return listed(last);
  }
  std::vector<ports::signed_head> foreign_heads() override {
    std::vector<ports::signed_head> heads;
    for (const auto& [key, head] : all_->foreign)
      heads.push_back(head);
    return heads;
  }
  std::vector<ports::account_row> accounts(const ports::stream_id& stream) override {
    std::vector<ports::account_row> rows;
    for (const auto& [account, row] : all_->accounts[stream])
      rows.push_back(row);
    return rows;
  }
  std::optional<ports::account_row> account_about(const ports::stream_id& stream, law::subject_id subject) override {
    for (const auto& [account, row] : all_->accounts[stream])
      if (row.subject == subject)
        return row;
    return std::nullopt;
  }
  std::vector<ports::orphan_position> orphan_tails() override {
    std::vector<ports::orphan_position> found;
    for (const auto& stream : all_->streams)
      for (const auto& [key, tail] : all_->tails)
        if (key.first == stream.name && !tail.entries.empty())
          found.push_back({key.first, key.second, tail.entries.rbegin()->first, tail.entries.rbegin()->second.link});
    return found;
  }
  std::vector<entry_row> orphan_entries(const ports::stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                        std::size_t limit) override {
    std::vector<entry_row> found;
    const auto& entries = all_->tails[{stream, cut}].entries;
    for (auto it = entries.upper_bound(after); it != entries.end() && found.size() < limit; ++it)
      found.push_back(it->second);
    return found;
  }
  std::vector<ports::signed_head> orphan_heads(const ports::stream_id& stream, std::uint32_t cut, std::uint64_t from,
                                               std::size_t limit) override {
    std::vector<ports::signed_head> found;
    const auto& heads = all_->tails[{stream, cut}].heads;
    for (auto it = heads.lower_bound(from); it != heads.end() && found.size() < limit; ++it)
      found.push_back(it->second);
    return found;
  }
  std::vector<ports::witness_mark> orphan_marks(const ports::stream_id& stream, std::uint32_t cut,
                                                std::uint64_t from) override {
    std::vector<ports::witness_mark> found;
    for (const auto& [place, mark] : all_->tails[{stream, cut}].marks)
      if (place.first >= from)
        found.push_back(mark);
    return found;
  }
  std::uint64_t last_orphan_mark(const ports::stream_id& stream, std::uint32_t cut) override {
    const auto& marks = all_->tails[{stream, cut}].marks;
    return marks.empty() ? 0 : marks.rbegin()->first.first;
  }
  std::optional<std::string> setting(std::string_view name) override {
    auto found = all_->settings.find(name);
    return found == all_->settings.end() ? std::nullopt : std::optional{found->second};
  }

private:
  static std::vector<ports::witness_mark> listed(const std::map<ports::stream_id, ports::witness_mark>& by_witness) {
    std::vector<ports::witness_mark> marks;
    for (const auto& [witness, mark] : by_witness)
      marks.push_back(mark);
    return marks;
  }

  std::shared_ptr<memory> all_;
};

class no_keeper : public store_keeper {
public:
  bool checkpoint(bool) override { return true; }
};

class memory_store : public store {
public:
  void begin() override { staged_ = *committed_; }
  void put(const stream_rows& rows) override {
    auto& stream = staged_.at(rows.stream);
    for (const auto& row : rows.entries)
      stream.entries.emplace(row.header.seq, row);
    for (const auto& head : rows.heads)
      stream.heads.emplace(head.seq, head);
    for (const auto& row : rows.numbers)
      stream.numbers.emplace(row.number_key, row.subject);
    for (const auto& key : rows.forgotten_numbers)
      stream.numbers.erase(key);
    for (auto seq : rows.emptied)
      if (auto found = stream.entries.find(seq); found != stream.entries.end()) {
        found->second.nonce.clear();
        found->second.content.clear();
        found->second.erased = true;
      }
    for (auto subject : rows.erased)
      std::erase_if(staged_.accounts[rows.stream], [&](const auto& each) {
        return each.second.subject == subject && law::subject_of(each.first) != subject;
      });
  }
  void put(const sealed_key& key) override {
    staged_.at(key.stream);
    auto same = [&](const sealed_key& k) {
      return k.stream == key.stream && k.epoch == key.epoch && k.purpose == key.purpose && k.recipient == key.recipient;
    };
    auto there = std::ranges::find_if(staged_.keys, same);
    if (there == staged_.keys.end())
      staged_.keys.push_back(key);
    else if (there->box == key.box)
      *there = key;
  }
  void put(const ports::witness_mark& mark) override {
    staged_.at(mark.stream);
    auto [there, is_new] = staged_.marks.try_emplace({mark.stream, mark.witness, mark.seq}, mark);
    if (!is_new && there->second.link == mark.link)
      there->second = mark;
  }
  void put_foreign(const ports::signed_head& head) override {
    staged_.at(head.stream);
    staged_.foreign.try_emplace({head.stream, head.seq, head.link}, head);
  }
  void put(const ports::stream_id& stream, const ports::account_row& account) override {
    staged_.at(stream);
    auto& rows = staged_.accounts[stream];
    rows.erase(account.account);
    if (account.sealed.empty())
      return;
    auto row = account;
    row.subject = account.about();
    std::erase_if(rows, [&](const auto& each) { return each.second.subject == row.subject; });
    rows.emplace(row.account, std::move(row));
  }
  void orphan(const ports::stream_id& stream, std::uint64_t after, std::uint32_t cut) override {
    auto& from = staged_.at(stream);
    auto& tail = staged_.tails[{stream, cut}];
    auto move = [&](auto& rows, auto& into) {
      into.insert(rows.upper_bound(after), rows.end());
      rows.erase(rows.upper_bound(after), rows.end());
    };
    move(from.entries, tail.entries);
    move(from.heads, tail.heads);
    std::erase_if(staged_.marks, [&](const auto& each) {
      const auto& mark = each.second;
      bool moves = mark.stream == stream && mark.seq > after;
      if (moves)
        tail.marks.try_emplace({mark.seq, mark.witness}, mark);
      return moves;
    });
  }
  void put(const orphan_rows& rows) override {
    staged_.at(rows.stream);
    auto& tail = staged_.tails[{rows.stream, rows.cut}];
    for (const auto& row : rows.entries)
      tail.entries.try_emplace(row.header.seq, row);
    for (const auto& row : rows.filled)
      if (auto there = tail.entries.find(row.header.seq); there != tail.entries.end() && there->second.erased)
        there->second = row;
    for (const auto& head : rows.heads)
      tail.heads.try_emplace(head.seq, head);
    for (const auto& mark : rows.marks)
      tail.marks.try_emplace({mark.seq, mark.witness}, mark);
  }
  void delete_keys(const ports::stream_id& stream, const bytes32& recipient) override {
    std::erase_if(staged_.keys,
                  [&](const sealed_key& key) { return key.stream == stream && key.recipient == recipient; });
  }
  void forget_numbers(const ports::stream_id& stream) override { staged_.at(stream).numbers.clear(); }
  void put_setting(std::string_view name, std::string_view value) override {
    staged_.settings[std::string{name}] = std::string{value};
  }
  void commit() override { *committed_ = std::move(staged_); }
  void roll_back() override { staged_ = {}; }
  std::unique_ptr<store_reader> open_reader() override { return std::make_unique<memory_reader>(committed_); }
  std::unique_ptr<store_keeper> open_keeper() override { return std::make_unique<no_keeper>(); }

private:
  std::shared_ptr<memory> committed_ = std::make_shared<memory>();
  memory staged_;
};

} // namespace

std::unique_ptr<store> open_memory_store() { return std::make_unique<memory_store>(); }

} // namespace toit::journal::test
