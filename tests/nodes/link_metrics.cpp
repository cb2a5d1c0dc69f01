#include "nodes/federation/link_metrics.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;

namespace {

ports::federation_report standing(std::initializer_list<const char*> neighbours) {
  ports::federation_report made;
  made.directory_number = 3;
  for (const auto* name : neighbours) {
    auto& link = made.links.emplace_back();
    link.node = ports::node_name::parse(name).value();
    link.state = ports::link_state::up;
    link.streams.push_back({ports::stream_id::parse("SR11").value(), 9, 4, {}});
  }
  return made;
}

bool has_line(const base::metrics& in, const std::string& line) {
  return ("\n" + in.text()).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("a neighbour who leaves the directory leaves the metrics too") {
  auto metrics = std::make_shared<base::metrics>();
  nodes::link_metrics links{metrics};
  links.tell(standing({"region", "departement"}));
  CHECK(has_line(*metrics, "toit_link_up{node=\"departement\"} 1"));
  CHECK(has_line(*metrics, "toit_link_lag_entries{node=\"departement\",stream=\"SR11\"} 5"));
  links.tell(standing({"region"}));
  CHECK(metrics->text().find("departement") == std::string::npos);
  CHECK(has_line(*metrics, "toit_link_up{node=\"region\"} 1"));
  CHECK(has_line(*metrics, "toit_directory_number 3"));
  CHECK(has_line(*metrics, "toit_federation_alarms{kind=\"clock_apart\"} 0"));
  links.tell(standing({"region", "departement"}));
  CHECK(has_line(*metrics, "toit_link_up{node=\"departement\"} 1"));
}

TEST_CASE("what a neighbour says he lacks of a stream that he holds is told while he says it", "[L441-2-7-4-1]") {
  auto metrics = std::make_shared<base::metrics>();
  nodes::link_metrics links{metrics};
  auto now = standing({"plaine"});
  links.tell(now);
  CHECK(metrics->text().find("toit_link_documents_lacking_there") == std::string::npos);
  now.links.front().streams.front().lacking = ports::stream_lack{3, 4, false};
  links.tell(now);
  CHECK(has_line(*metrics, "toit_link_documents_lacking_there{node=\"plaine\",stream=\"SR11\"} 3"));
}

TEST_CASE("what the transport has counted is told as it grows") {
  auto metrics = std::make_shared<base::metrics>();
  nodes::link_metrics links{metrics};
  ports::transport_stats counted;
  counted.messages_out = 5;
  counted.strays = 1;
  links.count(counted);
  links.count(counted);
  CHECK(has_line(*metrics, "toit_link_messages_total{direction=\"out\"} 5"));
  counted.messages_out = 7;
  counted.lost = 2;
  counted.surplus = 3;
  links.count(counted);
  CHECK(has_line(*metrics, "toit_link_messages_total{direction=\"out\"} 7"));
  CHECK(has_line(*metrics, "toit_link_strays_total 1"));
  CHECK(has_line(*metrics, "toit_link_lost_total 2"));
  CHECK(has_line(*metrics, "toit_link_surplus_total 3"));
}
