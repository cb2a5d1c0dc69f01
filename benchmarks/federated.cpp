#include "benchmarks/federated.hpp"

#include "nodes/ports/free_ports.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_randomness.hpp"

#include <fstream>

namespace toit::bench {

namespace {

namespace fs = std::filesystem;
using federation::node_tier;

struct state_service {
  const char* name;
  node_tier tier;
  const char* code;
  const char* siren; ///< of nobody
};
constexpr std::array state_services{
    state_service{"prefecture-region", node_tier::region, "11", "999100001"},
    state_service{"prefecture-93", node_tier::departement, "93", "999930001"},
};

journal::node_keys keys_of(const nodes::configuration& with) {
  auto keys = nodes::read_keys(with.keys);
  if (!keys)
    throw std::runtime_error{"the keys do not read: " + with.keys.string()};
  return *keys;
}

law::bytes32 random_secret() {
  law::bytes32 secret;
  nodes::system_randomness{}.fill(secret);
  return secret;
}

federation::node_entry entry_of(const nodes::configuration& with) {
  auto keys = keys_of(with);
  federation::node_entry entry;
  entry.name = with.federation->name;
  entry.tier = with.authority ? with.authority->tier : node_tier::territory;
  entry.legal_person = with.territory;
  entry.title = law::text<120>{entry.name.text()};
  entry.endpoint = law::text<120>{with.federation->listen};
  entry.link_keys.push_back({journal::link_public(keys), {}, {}});
  entry.signing_keys.push_back({journal::signing_key{keys.signing_seed}.public_half(), {}, {}});
  entry.operating_key = journal::operating_public(keys.operating_secret);
  entry.streams.push_back(with.stream());
  return entry;
}

} // namespace

federated_nodes::federated_nodes(const fs::path& folder, bench_node& territory, std::size_t followers)
    : territory_{territory} {
  law::require(followers > 0 && followers <= state_services.size(), "a région, or a région and a département");
  auto directory = folder / "directory.toit";
  journal::signing_key anchor{random_secret()};
  auto ports = nodes::free_ports(followers);
  for (std::size_t i = 0; i < followers; ++i) {
    const auto& service = state_services[i];
    auto& node = states_.emplace_back(std::make_unique<bench_node>(folder / service.name));
    auto& with = node->configured();
    with.territory = *law::siren::parse(service.siren);
    with.authority = nodes::state_authority{service.tier, service.code};
    with.federation.emplace();
    with.federation->name = *ports::node_name::parse(service.name);
    with.federation->listen = "tcp://127.0.0.1:" + std::to_string(ports[i]);
  }
  auto escrow = folder / "escrow.keys";
  if (!fs::exists(escrow))
    nodes::create_keys(escrow);
  states_.front()->configured().federation->escrow_keys = escrow;
  auto& with = territory_.configured();
  with.federation.emplace();
  with.federation->name = *ports::node_name::parse("territoire");
  auto join = [&](nodes::configuration& one) {
    one.federation->directory = directory;
    one.federation->anchor = anchor.public_half();
  };
  join(with);
  for (auto& state : states_)
    join(state->configured());
  write_directory(directory, anchor);
}

void federated_nodes::write_directory(const fs::path& file, const journal::signing_key& anchor) const {
  const auto& with = territory_.configured();
  federation::directory made;
  made.number = 1;
  made.purpose = law::text<16>{std::string{law::name_of(with.purpose)}};
  made.issued_at = nodes::system_clock{}.now();
  made.valid_until = made.issued_at + std::chrono::hours{24};
  auto& followed = made.territories.emplace_back();
  followed.stream = with.stream();
  followed.territory = with.territory;
  followed.name = law::text<120>{with.territory.text()};
  followed.departements.push_back(territory_.where().departements.front());
  followed.ordering = stream_of(0);
  followed.from = law::civil_date{std::chrono::year{2016} / 1 / 1};
  followed.registration = with.registration;
  for (const auto& state : states_) {
    made.nodes.push_back(entry_of(state->configured()));
    followed.supervisors.push_back(state->configured().stream());
  }
  auto escrow = nodes::read_keys(states_.front()->configured().federation->escrow_keys);
  made.nodes.front().escrow_key = journal::operating_public(escrow.value().operating_secret);
  made.nodes.push_back(entry_of(with));
  if (auto wrong = federation::inconsistency_of(made); !wrong.empty())
    throw std::runtime_error{wrong};
  auto content = federation::sign_directory(made, anchor);
  std::ofstream out{file, std::ios::binary};
  out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  if (!out.flush())
    throw std::runtime_error{"the directory cannot be written"};
}

void federated_nodes::begin_followers() {
  for (auto& state : states_)
    state->begin();
}

void federated_nodes::stop() {
  territory_.stop();
  for (auto& state : states_)
    state->stop();
}

bool is_linked(bench_node& node, const ports::node_name& with) {
  auto standing = node.running().links();
  return standing && std::ranges::any_of(standing->links, [&](const ports::link_report& link) {
           return link.node == with && link.state == ports::link_state::up;
         });
}

const ports::node_name& name_of(bench_node& node) { return node.configured().federation->name; }

} // namespace toit::bench
