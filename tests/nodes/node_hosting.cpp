// What the ordering authority's node goes by before it opens an epoch for another.

#include "nodes/hosting/node_hosting.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;

namespace {

/// What is asked of the links needs none of it.
class no_place : public nodes::hosting_place {
public:
  std::optional<ports::node_name> name() const override { return std::nullopt; }
  territory_context_ptr context() const override { return nullptr; }
  journal::node_journal& journal() const override { throw std::logic_error{"there is no journal"}; }
  std::vector<territory_context_ptr> hosted() const override { return {}; }
  territory_context_ptr begin_hosting(const ports::stream_id&) override { return nullptr; }
  void end_hosting(const ports::stream_id&) override {}
  ports::adoption adoption_of(const ports::stream_id&, const nodes::opened_epoch&) const override { return {}; }
  std::optional<law::bytes32> escrow_secret() const override { return std::nullopt; }
  std::shared_ptr<const federation::directory> issued_directory() const override { return nullptr; }
  void adopt_authorities(federation::authorities) override {}
};

} // namespace

TEST_CASE("who is to host a stream holds it once he has its entries and says that he lacks no document and no key",
          "[L441-2-7-4-1]") {
  auto plaine = ports::node_name::parse("plaine").value();
  auto stream = ports::stream_id::parse("T200057867").value();
  no_place nowhere;
  nodes::node_hosting known{nowhere, ports::node_name::parse("region").value()};
  ports::federation_report told;
  known.attach([&] { return std::make_shared<const ports::federation_report>(told); });
  CHECK_FALSE(known.holds(plaine, stream, 1, 9));
  auto& link = told.links.emplace_back();
  link.node = plaine;
  link.state = ports::link_state::up;
  auto& there = link.streams.emplace_back();
  there.stream = stream;
  there.their_epoch = 1;
  there.their_seq = 9;
  auto holds = [&](std::optional<ports::stream_lack> lacking) {
    there.lacking = lacking;
    return known.holds(plaine, stream, 1, 9);
  };
  CHECK(holds(ports::stream_lack{0, 9, false}));
  CHECK(holds(ports::stream_lack{0, 12, false}));
  CHECK_FALSE(holds(ports::stream_lack{1, 9, false}));
  CHECK_FALSE(holds(ports::stream_lack{0, 9, true}));
  // He has not asked yet for the documents of the last entry.
  CHECK_FALSE(holds(ports::stream_lack{0, 8, false}));
  CHECK_FALSE(holds(ports::stream_lack{}));
  // He may not have heard yet that he is to host it.
  CHECK_FALSE(holds(std::nullopt));
  there.lacking = ports::stream_lack{0, 12, false};
  CHECK_FALSE(known.holds(plaine, stream, 1, 10));
  CHECK_FALSE(known.holds(plaine, stream, 2, 9));
  link.state = ports::link_state::down;
  CHECK_FALSE(holds(ports::stream_lack{0, 9, false}));
}
