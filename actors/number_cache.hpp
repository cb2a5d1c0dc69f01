/// \file
/// The dossiers of the numbers asked for lately. A number never passes to another dossier: what was found stays true
/// until the dossier is erased, and then nothing of it stays here.

#pragma once

#include "ports/journal.hpp"

#include <unordered_map>

namespace toit {

class number_cache {
public:
  static constexpr std::size_t limit = 65'536; ///< about four megabytes; beyond, it begins afresh

  std::optional<law::dossier_id> find(ports::journal_reader& reader, const ports::stream_id& stream, law::nud number) {
    if (auto known = found_.find(number); known != found_.end())
      return known->second;
    auto id = reader.find_number(stream, number);
    if (!id)
      return id;
    if (found_.size() >= limit)
      clear();
    found_.emplace(number, *id);
    return id;
  }

  void clear() { found_.clear(); }

private:
  std::unordered_map<law::nud, law::dossier_id, law::hash_bytes> found_;
};

} // namespace toit
