#include "nodes/federation/link_metrics.hpp"

#include "law/fields.hpp"

#include <algorithm>

namespace toit::nodes {

void link_metrics::set(const described& gauge, const base::labels& of, double value) {
  in_->make_gauge(gauge.name, gauge.help, of).set(value);
  tells_.insert({gauge.name, of});
  told_.try_emplace({gauge.name, of}, gauge.help);
}

void link_metrics::tell(const ports::federation_report& now) {
  tells_.clear();
  for (auto kind : names_of(ports::alarm_kind{})) {
    auto stand = std::ranges::count_if(now.alarms, [&](const auto& one) { return law::name_of(one.kind) == kind; });
    set({"toit_federation_alarms", "Alarms of the federation that nobody has settled"}, {{"kind", std::string{kind}}},
        static_cast<double>(stand));
  }
  set({"toit_directory_number", "Number of the directory in force"}, {}, static_cast<double>(now.directory_number));
  for (const auto& link : now.links)
    tell_link(link);
  std::erase_if(told_, [&](const auto& one) {
    bool gone = !tells_.contains(one.first);
    if (gone)
      in_->remove_gauge(one.first.first, one.second, one.first.second);
    return gone;
  });
}

void link_metrics::tell_link(const ports::link_report& link) {
  auto node = link.node.text();
  set({"toit_link_up", "1 while the link is up"}, {{"node", node}}, link.state == ports::link_state::up ? 1 : 0);
  set({"toit_link_misbehaviours", "What the neighbour should not have sent, since the start"}, {{"node", node}},
      static_cast<double>(link.misbehaviours));
  for (const auto& stream : link.streams) {
    base::labels of{{"node", node}, {"stream", stream.stream.text()}};
    auto lag = stream.seq > stream.their_seq ? stream.seq - stream.their_seq : 0;
    set({"toit_link_lag_entries", "Entries here that are not yet there"}, of, static_cast<double>(lag));
    set({"toit_link_documents_missing", "Documents that are there and not yet here"}, of,
        static_cast<double>(stream.documents_missing));
    if (stream.lacking)
      set({"toit_link_documents_lacking_there", "Documents that whoever holds the stream says he lacks"}, of,
          static_cast<double>(stream.lacking->documents));
  }
}

void link_metrics::count(const ports::transport_stats& now) {
  auto add = [&](const char* name, const char* help, const base::labels& of, std::uint64_t value,
                 std::uint64_t before) { in_->make_counter(name, help, of).add(static_cast<double>(value - before)); };
  constexpr const char* messages = "Messages that came or left";
  constexpr const char* size = "Bytes of messages that came or left";
  add("toit_link_messages_total", messages, {{"direction", "in"}}, now.messages_in, counted_.messages_in);
  add("toit_link_messages_total", messages, {{"direction", "out"}}, now.messages_out, counted_.messages_out);
  add("toit_link_bytes_total", size, {{"direction", "in"}}, now.bytes_in, counted_.bytes_in);
  add("toit_link_bytes_total", size, {{"direction", "out"}}, now.bytes_out, counted_.bytes_out);
  add("toit_link_lost_total", "Messages whose link ended before they could leave", {}, now.lost, counted_.lost);
  add("toit_link_strays_total", "Frames that no link could have sent", {}, now.strays, counted_.strays);
  add("toit_link_surplus_total", "Connections of neighbours that were ended because others came, or nothing", {},
      now.surplus, counted_.surplus);
  add("toit_link_attempts_again_total", "Attempts to reach a neighbour after the first", {}, now.sockets_made_again,
      counted_.sockets_made_again);
  counted_ = now;
}

} // namespace toit::nodes
