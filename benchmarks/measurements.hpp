/// \file
/// What a program measured, as benchmarks/run.py reads it: a line a measurement, its name and then a value a run.

#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace toit::bench {

class measurements {
public:
  void add(const std::string& name, double value) { values_[name].push_back(value); }
  void print() const {
    for (const auto& [name, values] : values_) {
      std::printf("%s", name.c_str());
      for (auto value : values)
        std::printf(" %.9g", value);
      std::printf("\n");
    }
  }

private:
  std::map<std::string, std::vector<double>> values_;
};

/// Of sorted values, that below which so many hundredths are; of none, an error of the caller's.
template <class T>
const T& percentile(const std::vector<T>& sorted, std::size_t hundredth) {
  return sorted.at((sorted.size() - 1) * hundredth / 100);
}

} // namespace toit::bench
