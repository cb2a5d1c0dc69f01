/// \file
/// What the links of a node show to whoever watches it.

#pragma once

#include "base/metrics.hpp"
#include "ports/federation.hpp"
#include "ports/transport.hpp"

#include <map>
#include <memory>
#include <set>

namespace toit::nodes {

class link_metrics {
public:
  explicit link_metrics(std::shared_ptr<base::metrics> in) : in_{std::move(in)} {}

  /// As things stand. What is about a neighbour or a stream that is there no more is told no more.
  void tell(const ports::federation_report& now);
  /// Since the start.
  void count(const ports::transport_stats& now);

private:
  using place = std::pair<std::string, base::labels>; ///< name of a gauge, and of what
  struct described {
    const char* name;
    const char* help;
  };

  void set(const described& gauge, const base::labels& of, double value);
  void tell_link(const ports::link_report& link);

  std::shared_ptr<base::metrics> in_;
  std::map<place, const char*> told_; ///< with its help
  std::set<place> tells_;
  ports::transport_stats counted_;
};

} // namespace toit::nodes
