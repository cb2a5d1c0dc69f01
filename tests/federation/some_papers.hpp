/// \file
/// Supporting documents on the disks of some nodes.

#pragma once

#include "tests/federation/some_nodes.hpp"

namespace toit::federation::test {

inline law::document_id paper_id(std::uint64_t number) {
  law::document_id id;
  for (std::size_t i = 0; i < sizeof number; ++i)
    id.bytes[id.bytes.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

inline bytes paper_of(some_nodes& all, std::size_t size) {
  bytes content(size);
  for (auto& byte : content)
    byte = static_cast<std::uint8_t>(all.chance());
  return content;
}

inline void put(ports::files& folder, const std::string& name, const bytes& content) {
  auto file = folder.create(name);
  file->append(content);
  file->commit();
}

inline std::string own_file(law::document_id id) { return law::to_text(id) + ".document"; }
inline std::string replica_file(const one_node& host, law::document_id id) {
  return host.hosted.text() + "-" + own_file(id);
}

/// As the vault of a host writes it: already encrypted, so it is bytes here.
inline bytes store_paper(some_nodes& all, const std::string& host, law::document_id id, std::size_t size) {
  auto content = paper_of(all, size);
  put(*all[host].own, own_file(id), content);
  return content;
}

inline std::optional<bytes> replica(some_nodes& all, const std::string& where, const std::string& of,
                                    law::document_id id) {
  return all[where].replicas->read(replica_file(all[of], id), 0, 30U << 20);
}

} // namespace toit::federation::test
