/// \file
/// Counters, gauges and histograms, in the text format that Prometheus reads. Labels never hold personal data.

#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace toit::base {

using labels = std::vector<std::pair<std::string, std::string>>;

/// Handles are cheap to copy and may be used from any thread; a handle that was never made counts nothing.
class counter {
public:
  void add(double amount = 1);

private:
  friend class metrics;
  void* of_ = nullptr;
};

class gauge {
public:
  void set(double value);

private:
  friend class metrics;
  void* of_ = nullptr;
};

class histogram {
public:
  void observe(double value);

private:
  friend class metrics;
  void* of_ = nullptr;
};

class metrics {
public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// The same name and labels give the same counter.
  counter make_counter(const std::string& name, const std::string& help, const labels& with = {});
  gauge make_gauge(const std::string& name, const std::string& help, const labels& with = {});
  /// What it was about is no more: it is told no more, and no handle of it is used again.
  void remove_gauge(const std::string& name, const std::string& help, const labels& with);
  histogram make_histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                           const labels& with = {});

  std::string text() const;

private:
  struct families;
  std::unique_ptr<families> families_;
};

} // namespace toit::base
