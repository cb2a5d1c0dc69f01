/// \file
/// Nodes between which streams pass: each does what the ordering stream that it has says, as its actors would.

#pragma once

#include "tests/federation/some_nodes.hpp"

namespace toit::federation::test {

class passing_nodes : public some_nodes {
public:
  explicit passing_nodes(std::uint64_t seed) : some_nodes{seed} { heed_orders(); }
  passing_nodes(std::uint64_t seed, const members& everybody, layout laid_out)
      : some_nodes{seed, everybody, std::move(laid_out)} {
    heed_orders();
  }

  stream_id stream(const std::string& of) { return (*this)[of].hosted; }
  bool hosts(const std::string& who, const std::string& of) {
    return std::ranges::find((*this)[who].hosts, stream(of)) != (*this)[who].hosts.end();
  }

  /// The prefect takes the stream over, or hands it back: the entry alone.
  void pass(const std::string& of, const std::string& to) {
    auto& hosts = planned_[stream(of)];
    hosts.next.reset();
    hosts.passed.push_back({hosts.epoch() + 1, node_named(to)});
    law::authority_passed passed;
    passed.territory = *law::siren::parse(stream(of).view().substr(1));
    passed.epoch = hosts.epoch();
    passed.holder = passed.territory;
    passed.host = law::text<64>{to};
    order(law::event{passed});
  }
  /// By agreement: the present host lets the next one read, and closes.
  void prepare(const std::string& of, const std::string& to) {
    auto& hosts = planned_[stream(of)];
    hosts.next = node_named(to);
    law::passing_prepared prepared;
    prepared.territory = *law::siren::parse(stream(of).view().substr(1));
    prepared.epoch = hosts.epoch() + 1;
    prepared.to = law::text<64>{to};
    order(law::event{prepared});
  }
  bool close(const std::string& of, const std::string& by, const std::string& to) {
    law::stream_closing closing;
    closing.epoch = planned_[stream(of)].epoch() + 1;
    closing.to = law::text<64>{to};
    return write_in((*this)[by], stream(of), {law::event{closing}});
  }

  std::vector<std::uint64_t> cuts(const std::string& where, const std::string& of) {
    std::vector<std::uint64_t> found;
    for (const auto& cut : (*this)[where].source->cuts(stream(of)))
      found.push_back(cut.seq);
    return found;
  }
  /// The host is gone, and the département is ahead of the région by so many batches: where it stands.
  std::uint64_t leave_ahead(unsigned batches, unsigned entries_each) {
    run(2);
    cut("plaine", "region");
    for (unsigned i = 0; i < batches; ++i)
      law::require(write((*this)["plaine"], entries_each), "the host writes");
    run(8);
    auto held = seq("departement", "plaine");
    law::require(held == seq("plaine", "plaine"), "the département holds all of it");
    law::require(held == seq("region", "plaine") + std::uint64_t{batches} * entries_each, "the région does not");
    cut("plaine", "departement");
    return held;
  }
  /// Entries of the tail that a cut left out, as far as they are known there.
  std::uint64_t tail(const std::string& where, const std::string& of, std::uint32_t cut = 1) {
    auto& source = *(*this)[where].source;
    auto all = source.cuts(stream(of));
    auto place = std::ranges::find(all, cut, &ports::cut_place::epoch);
    for (const auto& one : source.orphan_tails())
      if (one.stream == stream(of) && one.cut == cut && place != all.end())
        return one.seq - (place->seq - 1);
    return 0;
  }
  /// Links of the tail's entries, in order.
  std::vector<law::bytes32> tail_links(const std::string& where, const std::string& of, std::uint32_t cut = 1) {
    auto reader = (*this)[where].journal->open_reader();
    std::vector<law::bytes32> links;
    for (const auto& one : reader->orphans(stream(of), cut, 0, 100'000))
      if (one.cut == cut)
        links.push_back(one.link);
    return links;
  }

  /// So that a test says which.
  std::vector<std::string> alarms() {
    std::vector<std::string> all;
    for (auto& [name, node] : nodes)
      for (const auto& told : node->talk->report().alarms)
        all.push_back(name.text() + ": " + std::string{law::name_of(told.kind)} + " of " +
                      (told.node ? told.node->text() : "nobody") + ", " +
                      (told.stream ? told.stream->text() : "no stream") + " " + std::to_string(told.seq));
    return all;
  }

private:
  void heed_orders() {
    heed = [this](one_node& node) { do_as_ordered(node); };
  }

  struct order_given {
    std::uint64_t seq = 0;
    authorities then;
  };

  stream_id ordering() { return stream("region"); }

  void order(law::event said) {
    law::require(write((*this)["region"], std::vector<law::event>{std::move(said)}), "the ordering authority can sign");
    orders_.push_back({seq("region", "region"), planned_});
    do_as_ordered((*this)["region"]);
  }

  void do_as_ordered(one_node& node) {
    auto here = node.source->position(ordering());
    auto is_here = [&](const order_given& one) { return here && one.seq <= here->seq; };
    auto last = std::ranges::find_if(orders_.rbegin(), orders_.rend(), is_here);
    if (last != orders_.rend() && last->then != node.heeded) {
      node.heeded = last->then;
      node.talk->set_authorities(node.heeded);
      for (const auto& [stream, hosts] : node.heeded)
        follow(node, stream, hosts);
      node.documents->set_hosted(node.hosts);
      do_what_is_to_be_done(node);
    }
    // What cannot be opened yet may be later: keys are on their way, perhaps.
    for (const auto& stream : std::exchange(node.gathered, {}))
      if (!adopt(node, stream))
        node.gathered.push_back(stream);
  }

  void follow(one_node& node, const stream_id& stream, const stream_hosts& hosts) {
    const auto* host = node.talk->current_directory().host_of(stream);
    bool should = host && host->name == node.name;
    bool does = std::ranges::find(node.hosts, stream) != node.hosts.end();
    auto cuts = node.source->cuts(stream);
    bool has_begun = hosts.passed.empty() || (!cuts.empty() && cuts.back().epoch == hosts.epoch());
    if (should && (!does || !has_begun))
      node.talk->gather(stream);
    if (does && !should) {
      node.journal->writer().release(stream);
      std::erase(node.hosts, stream);
      node.talk->stop_hosting(stream);
    }
    if (does && hosts.next)
      node.journal->writer().seal_keys_to(stream,
                                          journal::operating_public(nodes.at(*hosts.next)->keys.operating_secret));
  }

  bool adopt(one_node& node, const stream_id& stream) {
    ports::adoption asked;
    asked.stream = stream;
    asked.epoch = node.heeded.at(stream).epoch();
    asked.ordered_by = ordering();
    asked.ordered_seq = orders_.back().seq;
    if (node.tier != node_tier::territory)
      asked.secrets = {node.escrow_secret};
    if (auto escrow = node.talk->current_directory().escrow_of(stream, today()))
      asked.seal_to = {*escrow};
    asked.today = today();
    if (node.journal->writer().adopt(asked).status != ports::adoption_status::adopted)
      return false;
    if (std::ranges::find(node.hosts, stream) != node.hosts.end()) {
      node.talk->grown(stream);
      do_what_is_to_be_done(node);
      return true;
    }
    node.hosts.push_back(stream);
    node.talk->begin_hosting(stream);
    node.documents->set_hosted(node.hosts);
    do_what_is_to_be_done(node);
    return true;
  }

  authorities planned_;
  std::vector<order_given> orders_;
};

} // namespace toit::federation::test
