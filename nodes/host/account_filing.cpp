#include "nodes/host/account_filing.hpp"

#include "nodes/adapters.hpp"

#include <set>

namespace toit::nodes {

namespace {

/// Where a row belongs.
struct account_place {
  ports::stream_id stream;
  law::subject_id subject;
  friend bool operator==(const account_place&, const account_place&) = default;
};

class account_filing {
public:
  explicit account_filing(journal::node_journal& node) : keys_{node.keys()}, reader_{node.open_reader()} {
    auto streams = node.streams();
    for (const auto& stream : streams) {
      bool opens = !keys_->that_open(stream)->open_nothing();
      if (opens)
        opened_.push_back(stream);
      if (opens || stream == streams.front())
        known_.emplace(stream, known_rows{reader_->accounts(stream)});
    }
    for (const auto& [stream, known] : known_) {
      bool is_first = stream == streams.front();
      auto among = is_first ? opened_ : std::vector{stream};
      for (const auto& row : known.rows) {
        auto place = place_of(row, among);
        is_whole_ = is_whole_ && (place || !is_first);
        if (place && *place != account_place{stream, row.subject})
          file(row, stream, *place);
      }
    }
  }

  const journal::accounts_by_stream& changes() const { return changes_; }
  /// Nothing is left that another key may open one day.
  bool is_whole() const { return is_whole_; }

private:
  struct known_rows {
    explicit known_rows(std::vector<ports::account_row> all) : rows{std::move(all)} {
      for (const auto& row : rows) {
        accounts.insert(row.account);
        subjects.insert(row.subject);
      }
    }
    std::vector<ports::account_row> rows;
    std::set<law::agent_id> accounts;
    std::set<law::subject_id> subjects;
  };

  std::optional<account_place> place_of(const ports::account_row& row, std::span<const ports::stream_id> among) const {
    for (const auto& stream : among)
      if (auto secrets = make_account_sealer(keys_, stream)->open(row))
        return account_place{stream, secrets->own_dossier ? law::subject_of(*secrets->own_dossier)
                                                          : law::subject_of(row.account)};
    return std::nullopt;
  }

  void file(const ports::account_row& row, const ports::stream_id& from, const account_place& place) {
    changes_[from].push_back({row.account, {}});
    const auto& there = known_.at(place.stream);
    // In its own stream it is about somebody else.
    bool is_taken =
        there.subjects.contains(place.subject) || (place.stream != from && there.accounts.contains(row.account));
    if (!is_taken)
      changes_[place.stream].push_back({row.account, row.sealed, place.subject});
  }

  std::shared_ptr<const journal::key_ring> keys_;
  std::unique_ptr<ports::journal_reader> reader_;
  std::vector<ports::stream_id> opened_; ///< with a key that is here
  std::map<ports::stream_id, known_rows> known_;
  journal::accounts_by_stream changes_;
  bool is_whole_ = true;
};

} // namespace

void file_accounts(journal::node_journal& node) {
  if (node.accounts_are_filed())
    return;
  account_filing filing{node};
  node.put_accounts(filing.changes(), filing.is_whole());
}

} // namespace toit::nodes
