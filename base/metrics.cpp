#include "base/metrics.hpp"

#include <map>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace toit::base {

struct metrics::families {
  prometheus::Registry registry;
};

namespace {

prometheus::Labels labels_of(const labels& with) { return {with.begin(), with.end()}; }

} // namespace

metrics::metrics() : families_{std::make_unique<families>()} {}
metrics::~metrics() = default;

counter metrics::make_counter(const std::string& name, const std::string& help, const labels& with) {
  counter made;
  made.of_ = &prometheus::BuildCounter().Name(name).Help(help).Register(families_->registry).Add(labels_of(with));
  return made;
}

gauge metrics::make_gauge(const std::string& name, const std::string& help, const labels& with) {
  gauge made;
  made.of_ = &prometheus::BuildGauge().Name(name).Help(help).Register(families_->registry).Add(labels_of(with));
  return made;
}

void metrics::remove_gauge(const std::string& name, const std::string& help, const labels& with) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(families_->registry);
  family.Remove(&family.Add(labels_of(with)));
}

histogram metrics::make_histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                                  const labels& with) {
  histogram made;
  made.of_ = &prometheus::BuildHistogram()
                  .Name(name)
                  .Help(help)
                  .Register(families_->registry)
                  .Add(labels_of(with), prometheus::Histogram::BucketBoundaries{std::move(bounds)});
  return made;
}

void counter::add(double amount) {
  if (of_)
    static_cast<prometheus::Counter*>(of_)->Increment(amount);
}

void gauge::set(double value) {
  if (of_)
    static_cast<prometheus::Gauge*>(of_)->Set(value);
}

void histogram::observe(double value) {
  if (of_)
    static_cast<prometheus::Histogram*>(of_)->Observe(value);
}

std::string metrics::text() const { return prometheus::TextSerializer{}.Serialize(families_->registry.Collect()); }

} // namespace toit::base
