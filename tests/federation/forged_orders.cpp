// An epoch that the ordering authority's stream seems to open, and that the authority has not signed.

#include "tests/federation/passing_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

/// The order that takes plaine's territory is on its way from the région, and is kept from plaine until it is let
/// through.
class order_on_its_way {
public:
  order_on_its_way() {
    all.run(2);
    before_ = all.seq("plaine", "region");
    all.is_lost = [this](const some_nodes::on_its_way& one) { return keeps(one); };
    all.pass("plaine", "region");
    all.run(2);
    law::require(order_.has_value(), "the région brings what it has signed");
  }

  /// What plaine makes of the order when it comes so, from whom.
  template <class Change>
  ports::transfer_status brought_by(const char* who, Change change) {
    auto said = *order_;
    change(said.brought);
    auto& plaine = all["plaine"];
    auto taken = plaine.statuses.size();
    plaine.talk->received(node_named(who), encode({node_named(who), plaine.name, said}));
    all.do_what_is_to_be_done(plaine);
    return plaine.statuses.size() == taken ? ports::transfer_status::gap : plaine.statuses.back();
  }

  void check_nothing_has_passed() {
    CHECK(all.seq("plaine", "region") == before_);
    CHECK(all.hosts("plaine", "plaine"));
    CHECK(all.write(all["plaine"]));
  }
  void let_through() {
    all.is_lost = {};
    all.run(10);
  }

  passing_nodes all{61};

private:
  bool keeps(const some_nodes::on_its_way& one) {
    auto read = one.to == all["plaine"].name ? std::optional{decode(one.sent)} : std::nullopt;
    const auto* said = read && *read ? std::get_if<entries>(&(*read)->said) : nullptr;
    if (!said || said->brought.stream != all.stream("region"))
      return false;
    order_ = *said;
    return true;
  }

  std::optional<entries> order_;
  std::uint64_t before_ = 0;
};

/// As if another node's key were the authority's.
void sign_as(one_node& other, ports::transfer& brought) {
  journal::signing_key key{other.keys.signing_seed};
  for (auto& head : brought.heads)
    key.sign(head);
}

} // namespace

TEST_CASE("an order that another than the ordering authority has signed takes no territory, and is told",
          "[L441-2-7-4-1]") {
  order_on_its_way late;
  auto& all = late.all;
  // His own node has his link, and another key: the departmental node's, or that of the territory itself.
  for (const char* other : {"departement", "plaine"}) {
    INFO(other);
    auto status = late.brought_by("region", [&](auto& brought) { sign_as(all[other], brought); });
    CHECK(status == ports::transfer_status::bad_signature);
    late.check_nothing_has_passed();
    CHECK(all.has_alarm("plaine", alarm_kind::bad_signature));
    all.run(4); // it asks again, in time
  }
  late.let_through();
  CHECK_FALSE(all.hosts("plaine", "plaine"));
  CHECK(all.hosts("region", "plaine"));
  CHECK_FALSE(all.has_alarm("plaine", alarm_kind::bad_signature));
}

TEST_CASE("an order that was altered on its way takes no territory, and is told", "[L441-2-7-4-1]") {
  order_on_its_way late;
  auto altered = [](auto& brought) { brought.entries.back().content->back() ^= 1; };
  CHECK(late.brought_by("region", altered) == ports::transfer_status::altered);
  late.check_nothing_has_passed();
  CHECK(late.all.has_alarm("plaine", alarm_kind::altered));
  late.all.run(4);
  late.let_through();
  CHECK_FALSE(late.all.hosts("plaine", "plaine"));
}

TEST_CASE("an order that the departmental node brings in the région's place takes no territory, and is held against it",
          "[L441-2-7-4-1]") {
  order_on_its_way late;
  auto& all = late.all;
  late.brought_by("departement", [&](auto& brought) { sign_as(all["departement"], brought); });
  late.check_nothing_has_passed();
  CHECK(all.has_alarm("plaine", alarm_kind::misbehaving));
}

} // namespace toit::federation::test
