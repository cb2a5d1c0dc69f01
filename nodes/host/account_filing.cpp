#include "nodes/host/account_filing.hpp"

#include "nodes/adapters.hpp"

#include <algorithm>

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
        known_.emplace(stream, reader_->accounts(stream));
    }
    for (const auto& [stream, rows] : known_) {
      auto among = stream == streams.front() ? opened_ : std::vector{stream};
      for (const auto& row : rows)
        if (auto place = place_of(row, among); place && *place != account_place{stream, row.subject})
          file(row, stream, *place);
    }
  }

  const journal::accounts_by_stream& changes() const { return changes_; }

private:
  std::optional<account_place> place_of(const ports::account_row& row, std::span<const ports::stream_id> among) const {
    for (const auto& stream : among)
      if (auto secrets = make_account_sealer(keys_, stream)->open(row))
        return account_place{stream, secrets->own_dossier ? law::subject_of(*secrets->own_dossier)
                                                          : law::subject_of(row.account)};
    return std::nullopt;
  }

  void file(const ports::account_row& row, const ports::stream_id& from, const account_place& place) {
    changes_[from].push_back({row.account, {}});
    auto is_in_its_place = [&](const ports::account_row& other) {
      bool is_itself = place.stream == from && other.account == row.account;
      return !is_itself && (other.account == row.account || other.subject == place.subject);
    };
    if (std::ranges::none_of(known_.at(place.stream), is_in_its_place))
      changes_[place.stream].push_back({row.account, row.sealed, place.subject});
  }

  std::shared_ptr<const journal::key_ring> keys_;
  std::unique_ptr<ports::journal_reader> reader_;
  std::vector<ports::stream_id> opened_; ///< with a key that is here
  journal::accounts_by_stream known_;
  journal::accounts_by_stream changes_;
};

} // namespace

void file_accounts(journal::node_journal& node) { node.put_accounts(account_filing{node}.changes()); }

} // namespace toit::nodes
