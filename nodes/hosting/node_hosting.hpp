/// \file
/// What the ordering authority's node knows of the others: from the directory, and from what its links tell.

#pragma once

#include "nodes/hosting/hosting_place.hpp"
#include "ports/federation.hpp"

#include <mutex>

namespace toit::nodes {

class node_hosting : public ports::hosting {
public:
  /// The place outlives this.
  node_hosting(const hosting_place& at, ports::node_name self) : at_{at}, self_{std::move(self)} {}

  /// `links` tells how neighbours stand.
  void attach(std::function<ports::federation_report_ptr()> links);

  ports::node_name self() const override { return self_; }
  std::optional<ports::node_name> listed_host(const ports::stream_id& stream) const override;
  std::optional<ports::node_name> node_of(law::siren legal_person) const override;
  std::optional<ports::opened_epoch> opened(const ports::stream_id& stream) const override;
  bool holds(const ports::node_name& who, const ports::stream_id& stream, std::uint32_t epoch,
             std::uint64_t seq) const override;
  std::optional<ports::opening_barred> opening_barred_by(const ports::stream_id& stream) const override;

private:
  const hosting_place& at_;
  ports::node_name self_;
  mutable std::mutex mutex_;
  std::function<ports::federation_report_ptr()> links_;
  mutable std::mutex reading_mutex_;
  mutable reading_in_force reading_;
};

} // namespace toit::nodes
