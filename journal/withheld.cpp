#include "journal/withheld.hpp"

#include "journal/codec.hpp"

#include <set>
#include <sodium.h>
#include <sstream>

namespace toit::journal {

withheld::withheld() { randombytes_buf(key_.data(), key_.size()); }

std::optional<withheld> withheld::parse(std::string_view text) {
  std::istringstream in{std::string{text}};
  withheld read;
  std::string key;
  if (!(in >> read.count_ >> read.sum_ >> key) || !law::parse_hex(key, read.key_))
    return std::nullopt;
  return read;
}

std::string withheld::text() const {
  return std::to_string(count_) + ' ' + std::to_string(sum_) + ' ' + law::to_hex(key_);
}

std::uint64_t withheld::share_of(const ports::stream_id& stream, std::uint64_t seq) const {
  auto named = stream.text() + ' ' + std::to_string(seq);
  auto hashed = hash("toit.withheld", {view_of(named)}, key_);
  std::uint64_t share = 0;
  for (std::size_t i = 0; i < sizeof share; ++i)
    share = share << 8U | hashed[i];
  return share;
}

void withheld::take(const ports::stream_id& stream, std::uint64_t seq) {
  ++count_;
  sum_ += share_of(stream, seq);
}

void withheld::give(const ports::stream_id& stream, std::uint64_t seq) {
  --count_;
  sum_ -= share_of(stream, seq);
}

std::string withheld_setting(const ports::stream_id& stream) { return "withheld " + stream.text(); }

withheld withheld_of(store_reader& rows, const ports::stream_id& stream) {
  auto kept = rows.setting(withheld_setting(stream));
  if (!kept)
    return {};
  auto read = withheld::parse(*kept);
  if (!read)
    throw store_broken{"stream " + stream.text() + ": what is withheld of it does not read"};
  return *read;
}

std::vector<std::uint64_t> unannounced_beyond(store_reader& rows, const ports::stream_id& stream, std::uint64_t after) {
  constexpr std::size_t chunk = 1024;
  std::set<std::uint64_t> empty;
  std::set<std::uint64_t> named;
  for (auto some = rows.entries(stream, after, chunk); !some.empty();
       some = rows.entries(stream, some.back().header.seq, chunk))
    for (const auto& row : some) {
      if (row.erased)
        empty.insert(row.header.seq);
      auto record = !row.erased && row.nonce.empty() ? decode(row.content) : std::nullopt;
      if (record)
        for (auto seq : law::emptied_by(record->event))
          named.insert(seq);
    }
  std::vector<std::uint64_t> unannounced;
  std::ranges::set_difference(empty, named, std::back_inserter(unannounced));
  return unannounced;
}

} // namespace toit::journal
