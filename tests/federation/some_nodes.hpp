/// \file
/// A few nodes with real journals on virtual disks, and between them a network that may lose, double, reorder and cut.

#pragma once

#include "federation/document_exchange.hpp"
#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/verify.hpp"
#include "simulation/world/virtual_disk.hpp"

#include <random>

namespace toit::federation::test {

class hand_clock : public ports::clock {
public:
  law::instant now() const override { return at; }
  std::chrono::milliseconds monotonic() const override { return at.time_since_epoch(); }
  law::instant at{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2}};
};

inline stream_id stream_named(const char* name) { return *stream_id::parse(name); }
inline node_name node_named(const std::string& name) { return *node_name::parse(name); }

inline law::bytes32 filled(std::uint8_t byte) {
  law::bytes32 all;
  all.fill(byte);
  return all;
}

class some_nodes;

struct one_node {
  one_node(std::string called, stream_id stream_hosted, std::uint8_t number, node_tier of_tier)
      : name{node_named(called)}, hosted{stream_hosted}, hosts{stream_hosted}, tier{of_tier},
        escrow_secret{filled(static_cast<std::uint8_t>(76 + number))}, escrow{journal::operating_public(escrow_secret)},
        disk{number}, keys{filled(number), filled(static_cast<std::uint8_t>(number + 100))} {}

  node_name name;
  stream_id hosted;             ///< its own
  std::vector<stream_id> hosts; ///< now
  authorities heeded;
  node_tier tier;
  law::bytes32 escrow_secret;
  law::bytes32 escrow; ///< of a State node
  simulation::virtual_disk disk;
  journal::node_keys keys;
  std::unique_ptr<journal::node_journal> journal;
  std::unique_ptr<ports::transfer_source> source;
  std::unique_ptr<exchange> talk;
  std::unique_ptr<document_exchange> documents;
  std::shared_ptr<ports::files> own;
  std::shared_ptr<ports::files> replicas;
  std::vector<std::string> failures;
  std::set<stream_id> held;
  bool restored = false;
  std::vector<law::bytes32> disclaimed;
  std::array<std::uint8_t, 16> run{};
  std::uint64_t notes = 0;
  std::vector<ports::transfer_status> statuses;
  std::vector<ports::orphan_result> tail_results;
  std::vector<stream_id> caught_up;
  std::vector<stream_id> gathered;
  std::vector<bytes> answered;
};

/// Two territories, the département and the région, as in Seine-Saint-Denis; or others.
class some_nodes {
public:
  struct member {
    const char* name;
    const char* stream;
    node_tier tier;
  };
  using members = std::vector<member>;
  using layout = std::function<void(directory& made)>;

  explicit some_nodes(std::uint64_t seed, exchange_bugs with = {})
      : some_nodes{seed,
                   {{"region", "SR11", node_tier::region},
                    {"departement", "SD93", node_tier::departement},
                    {"plaine", "T200057867", node_tier::territory},
                    {"ensemble", "T200057875", node_tier::territory}},
                   lay_out_seine_saint_denis,
                   with} {}
  /// The territories that `laid_out` adds may be followed by any of the State nodes.
  some_nodes(std::uint64_t seed, const members& everybody, layout laid_out, exchange_bugs with = {})
      : chance{seed}, bugs{with}, lay_out{std::move(laid_out)} {
    for (std::uint8_t number = 1; const auto& one : everybody)
      add(one.name, one.stream, number++, one.tier);
    issue(1);
    for (auto& [name, node] : nodes)
      start(*node);
  }

  /// One that lies where its supervisors are; the first is its ordering authority.
  static territory_entry territory_of(const char* siren, std::initializer_list<const char*> departements,
                                      std::initializer_list<const char*> supervisors) {
    territory_entry territory;
    territory.stream = stream_named((std::string{"T"} + siren).c_str());
    territory.territory = *law::siren::parse(siren);
    territory.name = law::text<120>{siren};
    for (const char* code : departements)
      territory.departements.push_back(*law::departement_code::parse(code));
    for (const char* supervisor : supervisors)
      territory.supervisors.push_back(stream_named(supervisor));
    territory.ordering = territory.supervisors.front();
    territory.from = law::civil_date{std::chrono::year{2020} / 1 / 1};
    return territory;
  }
  static void lay_out_seine_saint_denis(directory& made) {
    for (const char* siren : {"200057867", "200057875"})
      made.territories.push_back(territory_of(siren, {"93"}, {"SR11", "SD93"}));
  }

  one_node& operator[](const std::string& name) { return *nodes.at(node_named(name)); }

  /// The directory, with every node as it is now.
  directory describe(std::uint64_t number) const {
    directory made;
    made.number = number;
    made.purpose = law::text<16>{"training"};
    made.issued_at = clock->at;
    made.valid_until = clock->at + std::chrono::hours{24 * 400};
    std::uint16_t port = 7000;
    for (const auto& [name, node] : nodes) {
      auto& entry = made.nodes.emplace_back();
      entry.name = name;
      entry.tier = node->tier;
      entry.legal_person = *law::siren::parse(node->tier == node_tier::territory ? node->hosted.view().substr(1)
                                                                                 : std::string_view{"200057867"});
      entry.title = law::text<120>{name.text()};
      entry.endpoint = law::text<120>{"tcp://127.0.0.1:" + std::to_string(port++)};
      entry.link_keys.push_back({journal::link_public(node->keys), {}, {}});
      entry.signing_keys.push_back({journal::signing_key{node->keys.signing_seed}.public_half(), {}, {}});
      for (const auto& before : node->keys.former) {
        journal::node_keys then{before.signing_seed, before.operating_secret};
        entry.link_keys.push_back({journal::link_public(then), {}, {}});
        entry.signing_keys.push_back({journal::signing_key{then.signing_seed}.public_half(), {}, {}});
      }
      entry.operating_key = journal::operating_public(node->keys.operating_secret);
      if (node->tier != node_tier::territory)
        entry.escrow_key = node->escrow;
      entry.streams.push_back(node->hosted);
    }
    lay_out(made);
    return made;
  }
  void issue(std::uint64_t number) { current = describe(number); }

  void open(one_node& node) {
    journal::journal_setup setup;
    setup.open_store = [&node] { return journal::open_sqlite_store("node/journal.sqlite", node.disk.vfs()); };
    setup.log_place = {"node", node.disk.vfs()};
    setup.log_folder = node.disk.log_folder("node");
    setup.snapshots = node.disk.folder("node/snapshots");
    setup.keys = node.keys;
    setup.clock = clock;
    if (node.tier == node_tier::territory)
      setup.escrow_recipient = current.escrow_of(node.hosted, today());
    node.journal = std::make_unique<journal::node_journal>(std::move(setup));
    law::record first{};
    first.occurred_on = today();
    first.event = law::stream_opened{*law::siren::parse("200057867"), law::text<120>{node.name.text()},
                                     law::text<16>{"training"}, node.journal->signer()};
    node.journal->create_stream(node.hosted, first);
    node.journal->load(node.hosted);
  }

  void start(one_node& node) {
    if (!node.journal)
      open(node);
    node.source = node.journal->open_transfers();
    exchange_setup setup;
    setup.self = node.name;
    setup.hosted = node.hosts;
    setup.authorities = node.heeded;
    setup.signer = std::make_shared<journal::signing_key>(node.keys.signing_seed);
    for (auto& byte : setup.run)
      byte = static_cast<std::uint8_t>(chance());
    node.run = setup.run;
    setup.directory = current;
    setup.signed_directory = sign_directory(current, anchor);
    setup.anchor = anchor.public_half();
    setup.limits.transfer_bytes = 2'000;
    setup.limits.window_bytes = 16'000;
    setup.bugs = bugs;
    setup.restored = node.restored;
    setup.disclaimed = node.disclaimed;
    node.held.clear();
    node.talk = std::make_unique<exchange>(std::move(setup), *node.source, clock->at, today());
    node.own = node.disk.folder("node/documents");
    node.replicas = node.disk.folder("node/replicas");
    node.documents = std::make_unique<document_exchange>(
        document_setup{node.name, node.hosts, {node.own, node.replicas}, {}, node.hosted},
        node.talk->current_directory(), *node.source, clock->monotonic(), clock->at, today());
    do_what_is_to_be_done(node);
    for (const auto* neighbour : neighbours_of(node.talk->current_directory(), node.name, today()))
      met.insert(std::minmax(node.name, neighbour->name));
    for (auto& [name, other] : nodes) {
      if (!other->talk || other->name == node.name || is_cut(node.name, name))
        continue;
      link_changed(node, name, ports::link_state::up);
      link_changed(*other, node.name, ports::link_state::up);
      do_what_is_to_be_done(*other);
    }
    do_what_is_to_be_done(node);
  }

  /// Power is cut; what is on its way to the node is lost.
  void stop(one_node& node, bool power_cut) {
    node.documents.reset();
    node.talk.reset();
    node.source.reset();
    if (power_cut)
      node.disk.go_down();
    node.journal.reset();
    if (power_cut)
      node.disk.come_back();
    std::erase_if(on_their_way, [&](const auto& m) { return m.to == node.name || m.from == node.name; });
    for (auto& [name, other] : nodes)
      if (other->talk)
        link_changed(*other, node.name, ports::link_state::down);
  }

  void cut(const std::string& a, const std::string& b) {
    cuts.insert(std::minmax(node_named(a), node_named(b)));
    change(a, b, ports::link_state::down);
  }
  void heal(const std::string& a, const std::string& b) {
    cuts.erase(std::minmax(node_named(a), node_named(b)));
    change(a, b, ports::link_state::up);
  }
  bool is_cut(const node_name& a, const node_name& b) const { return cuts.contains(std::minmax(a, b)); }

  /// A note in the node's own stream; false when it may not write.
  bool write(one_node& node, unsigned how_many = 1) { return write_in(node, node.hosted, how_many); }
  bool write(one_node& node, std::vector<law::event> events) { return write_in(node, node.hosted, std::move(events)); }
  bool write_in(one_node& node, const stream_id& stream, unsigned how_many = 1) {
    std::vector<law::event> notes;
    for (unsigned i = 0; i < how_many; ++i)
      notes.emplace_back(law::processing_event{law::text<80>{"note"}, law::text<400>{std::to_string(++node.notes)}});
    return write_in(node, stream, std::move(notes));
  }
  bool write_in(one_node& node, const stream_id& stream, std::vector<law::event> events) {
    auto sealer = node.journal->open_sealer();
    std::vector<ports::append_ptr> group;
    for (auto& event : events) {
      law::record record{};
      record.occurred_on = today();
      record.event = std::move(event);
      auto append = std::make_shared<ports::append>();
      append->stream = stream;
      append->closes = std::holds_alternative<law::stream_closing>(record.event);
      law::subject_id subject;
      for (auto& byte : subject.bytes)
        byte = static_cast<std::uint8_t>(chance());
      append->reads.push_back({subject, 0});
      auto payload = sealer->seal(stream, subject, record);
      append->drafts.push_back({subject, std::move(payload), std::make_shared<const law::record>(record)});
      group.push_back(std::move(append));
    }
    auto results = node.journal->writer().stage(group);
    node.journal->writer().sync();
    if (results.front().status != ports::append_status::appended)
      return false;
    node.talk->grown(stream);
    node.documents->grown(stream);
    do_what_is_to_be_done(node);
    return true;
  }

  void do_what_is_to_be_done(one_node& node) {
    auto todo = node.talk->take();
    for (const auto& hold : todo.holds) {
      node.journal->writer().hold_back(hold.stream, hold.behind);
      if (hold.behind)
        node.held.insert(hold.stream);
      else
        node.held.erase(hold.stream);
    }
    for (auto& one : todo.messages)
      send(node.name, std::move(one));
    for (const auto& asked : todo.questions)
      node.talk->answer(asked.from, asked.number, asked.content);
    for (auto& replied : todo.replies)
      node.answered.push_back(std::move(replied.content));
    node.caught_up.insert(node.caught_up.end(), todo.caught_up.begin(), todo.caught_up.end());
    for (const auto& [from, said] : todo.about_documents)
      node.documents->received(from, said);
    node.gathered.insert(node.gathered.end(), todo.gathered.begin(), todo.gathered.end());
    for (const auto& stream : todo.caught_up)
      node.documents->fetch_back(stream);
    auto about_documents = node.documents->take();
    for (const auto& who : about_documents.misbehaved)
      node.talk->blame(who);
    for (auto& one : about_documents.messages)
      send(node.name, std::move(one));
    node.failures.insert(node.failures.end(), about_documents.failures.begin(), about_documents.failures.end());
    if (!todo.transfers.empty() || !todo.marks.empty() || !todo.foreign_heads.empty() || !todo.orphans.empty())
      bring(node, todo);
    else if (!todo.questions.empty())
      do_what_is_to_be_done(node);
    if (heed)
      heed(node);
  }

  void bring(one_node& node, exchange_actions& todo) {
    auto& writer = node.journal->writer();
    std::vector<ports::transfer_result> results;
    for (const auto& brought : todo.transfers)
      results.push_back(writer.stage_transfer(*brought));
    std::vector<ports::orphan_result> tail_results;
    for (const auto& tail : todo.orphans)
      tail_results.push_back(writer.stage_orphans(*tail));
    for (const auto& mark : todo.marks)
      writer.stage_mark(mark);
    for (const auto& head : todo.foreign_heads)
      writer.stage_foreign_head(head);
    bool there = writer.sync().entries;
    for (auto& result : results) {
      if (!there)
        result.status = ports::transfer_status::read_only;
      node.statuses.push_back(result.status);
      node.talk->written(result);
      if (result.status == ports::transfer_status::stored)
        node.documents->grown(result.now.stream);
    }
    for (auto& result : tail_results) {
      if (!there)
        result.status = ports::transfer_status::read_only;
      node.tail_results.push_back(result);
      node.talk->orphans_written(result);
    }
    do_what_is_to_be_done(node);
  }

  void send(const node_name& from, exchange_actions::outgoing one) {
    auto found = nodes.find(one.to);
    if (found == nodes.end() || !found->second->talk || is_cut(from, one.to))
      return;
    on_their_way.push_back({from, one.to, std::move(one.sent)});
    if (is_lost && is_lost(on_their_way.back()))
      return on_their_way.pop_back();
    std::uniform_int_distribution<unsigned> percent{0, 99};
    if (percent(chance) < loses)
      on_their_way.pop_back();
    else if (percent(chance) < doubles)
      on_their_way.push_back(on_their_way.back());
  }

  /// Delivers until nothing is on its way; time goes by in between for `seconds`.
  void run(unsigned seconds = 20) {
    for (unsigned i = 0; i < seconds; ++i) {
      for (std::size_t steps = 0; !on_their_way.empty(); ++steps) {
        law::require(steps < 200'000, "nodes stop talking when nothing happens");
        deliver();
      }
      let_a_second_pass();
    }
  }

  void let_a_second_pass() {
    clock->at += std::chrono::seconds{1};
    for (auto& [name, node] : nodes)
      if (node->talk) {
        seal(*node);
        node->talk->tick(clock->monotonic(), clock->at, today());
        node->documents->tick(clock->monotonic(), clock->at, today());
        do_what_is_to_be_done(*node);
      }
    meet();
  }

  /// As the keeper of links has it done: by the directory and the day.
  void seal(one_node& node) {
    auto escrow = node.talk->current_directory().escrow_of(node.hosted, today());
    if (hosts_seal && escrow && std::ranges::find(node.hosts, node.hosted) != node.hosts.end())
      node.journal->writer().seal_keys_to(node.hosted, *escrow);
  }

  /// Links begin with who is a neighbour from today on, and end with who is none any more.
  void meet() {
    decltype(met) now;
    for (auto& [name, node] : nodes)
      if (node->talk)
        for (const auto* neighbour : neighbours_of(node->talk->current_directory(), name, today()))
          now.insert(std::minmax(name, neighbour->name));
    std::swap(met, now);
    for (const auto& [a, b] : met)
      if (!now.contains({a, b}) && !is_cut(a, b))
        change(a.text(), b.text(), ports::link_state::up);
  }

  void deliver() {
    std::size_t which = 0;
    if (reorders)
      which = std::uniform_int_distribution<std::size_t>{0, on_their_way.size() - 1}(chance);
    auto one = std::move(on_their_way[which]);
    on_their_way.erase(on_their_way.begin() + static_cast<std::ptrdiff_t>(which));
    auto found = nodes.find(one.to);
    if (found == nodes.end() || !found->second->talk || is_cut(one.from, one.to))
      return;
    found->second->talk->received(one.from, one.sent);
    do_what_is_to_be_done(*found->second);
  }

  std::uint64_t seq(const std::string& where, const std::string& of) {
    auto at = (*this)[where].source->position((*this)[of].hosted);
    return at ? at->seq : 0;
  }
  bool equal(const std::string& a, const std::string& b, const std::string& of) {
    auto stream = (*this)[of].hosted;
    auto rows = [&](const std::string& where) {
      return journal::open_sqlite_reader("node/journal.sqlite", (*this)[where].disk.vfs())->entries(stream, 0, 100'000);
    };
    return rows(a) == rows(b);
  }
  std::vector<journal::verify_fault> verify(const std::string& where, const std::string& of) {
    auto rows = journal::open_sqlite_reader("node/journal.sqlite", (*this)[where].disk.vfs());
    return journal::verify_stream(*rows, (*this)[of].hosted, {}, nullptr, {}, signing_publics((*this)[of].keys)).faults;
  }
  bool has_alarm(const std::string& where, alarm_kind kind) {
    auto told = (*this)[where].talk->report();
    return std::ranges::any_of(told.alarms, [&](const alarm& a) { return a.kind == kind; });
  }
  std::vector<alarm> all_alarms() {
    std::vector<alarm> all;
    for (auto& [name, node] : nodes)
      for (const auto& a : node->talk->report().alarms)
        all.push_back(a);
    return all;
  }
  /// The last sequence that the witness has countersigned, as the host knows.
  std::uint64_t witnessed(const std::string& host, const std::string& by) {
    for (const auto& mark : (*this)[host].source->marks((*this)[host].hosted))
      if (mark.witness == (*this)[by].hosted)
        return mark.seq;
    return 0;
  }

  law::civil_date today() const { return law::civil_date{std::chrono::floor<std::chrono::days>(clock->at)}; }

  struct on_its_way {
    node_name from;
    node_name to;
    bytes sent;
  };

  std::mt19937_64 chance;
  exchange_bugs bugs;
  std::shared_ptr<hand_clock> clock = std::make_shared<hand_clock>();
  journal::signing_key anchor{filled(200)};
  directory current;
  std::map<node_name, std::unique_ptr<one_node>> nodes;
  std::deque<on_its_way> on_their_way;
  std::set<std::pair<node_name, node_name>> cuts;
  std::set<std::pair<node_name, node_name>> met; ///< neighbours
  bool hosts_seal = true;                        ///< keys to who orders from now on
  unsigned loses = 0;                            ///< percent
  unsigned doubles = 0;                          ///< percent
  bool reorders = false;
  std::function<bool(const on_its_way&)> is_lost; ///< whatever else happens
  std::function<void(one_node&)> heed;            ///< called when anything may have come to a node

private:
  layout lay_out;
  void add(const std::string& name, const char* stream, std::uint8_t number, node_tier tier) {
    nodes[node_named(name)] = std::make_unique<one_node>(name, stream_named(stream), number, tier);
  }
  static void link_changed(one_node& node, const node_name& peer, ports::link_state to) {
    node.talk->link_changed(peer, to);
    node.documents->link_changed(peer, to);
  }
  void change(const std::string& a, const std::string& b, ports::link_state to) {
    for (auto [x, y] : {std::pair{a, b}, std::pair{b, a}})
      if ((*this)[x].talk) {
        link_changed((*this)[x], node_named(y), to);
        do_what_is_to_be_done((*this)[x]);
      }
  }
};

} // namespace toit::federation::test
