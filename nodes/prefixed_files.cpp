#include "nodes/prefixed_files.hpp"

#include <utility>
#include <vector>

namespace toit::nodes {

namespace {

class prefixed_files : public ports::files {
public:
  prefixed_files(std::shared_ptr<ports::files> all, std::string prefix)
      : all_{std::move(all)}, prefix_{std::move(prefix)} {}

  std::unique_ptr<writer> create(const std::string& name) override { return all_->create(prefix_ + name); }
  std::optional<ports::bytes> read(const std::string& name, std::uint64_t offset, std::size_t limit) override {
    return all_->read(prefix_ + name, offset, limit);
  }
  std::optional<std::uint64_t> size(const std::string& name) override { return all_->size(prefix_ + name); }
  void remove(const std::string& name) override { all_->remove(prefix_ + name); }
  std::vector<std::string> list() override {
    std::vector<std::string> own;
    for (const auto& name : all_->list())
      if (name.starts_with(prefix_))
        own.push_back(name.substr(prefix_.size()));
    return own;
  }

private:
  std::shared_ptr<ports::files> all_;
  std::string prefix_;
};

} // namespace

std::shared_ptr<ports::files> open_prefixed(std::shared_ptr<ports::files> all, std::string prefix) {
  return std::make_shared<prefixed_files>(std::move(all), std::move(prefix));
}

} // namespace toit::nodes
