#include "tests/web/served_federation.hpp"

#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "simulation/fictitious.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>

namespace toit::tests {

namespace {

ports::stream_id stream_named(const std::string& name) { return *ports::stream_id::parse(name); }

/// That of a node is its stream's, in small letters.
ports::node_name name_of(std::string stream) {
  std::ranges::transform(stream, stream.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return *ports::node_name::parse(stream);
}

federation::node_entry member(federation::node_tier tier, const std::string& siren, const std::string& stream,
                              const journal::node_keys& keys) {
  federation::node_entry entry;
  entry.name = name_of(stream);
  entry.tier = tier;
  entry.legal_person = *law::siren::parse(siren);
  entry.title = law::text<120>{"Nœud fictif"};
  entry.link_keys.push_back({journal::link_public(keys), {}, {}});
  entry.signing_keys.push_back({journal::signing_key{keys.signing_seed}.public_half(), {}, {}});
  entry.operating_key = journal::operating_public(keys.operating_secret);
  entry.streams.push_back(stream_named(stream));
  return entry;
}

std::filesystem::path temporary_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "toit-federation-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

} // namespace

std::string served_federation::service(std::size_t of) {
  return simulation::make_siren(99993001 + static_cast<std::uint32_t>(of)).text();
}

served_federation::served_federation(layout of) : of_{std::move(of)}, folder_{temporary_folder()} {
  for (const auto& authority : of_.authorities)
    nodes::create_keys(keys_of(authority.stream()));
  nodes::create_keys(keys_of("T" + of_.territory));
  bring_escrow();
  auto anchor = journal::signing_key{anchor_.signing_seed}.public_half();
  auto join = [&](nodes::configuration& with, const std::string& stream, const char* listen) {
    with.keys = keys_of(stream);
    with.federation = nodes::federated{name_of(stream), folder_ / "directory.toit", anchor, listen, {}, {}, {}};
    with.federation->confirm_within = std::chrono::milliseconds{200};
  };
  // Prefects' nodes listen where there is room: whoever begins after them is told where that is, and tells the others.
  for (const auto& authority : of_.authorities) {
    write(describe(states_.size() + 1));
    states_.push_back(std::make_unique<served_node>([&](nodes::configuration& with) {
      with.authority = nodes::state_authority{authority.tier, authority.code};
      with.allots_numbers = false; // what it takes over does, perhaps
      with.territory = *law::siren::parse(service(states_.size()));
      join(with, authority.stream(), "tcp://127.0.0.1:0");
      if (states_.empty())
        with.federation->escrow_keys = folder_ / "escrow.keys";
    }));
  }
  write(describe(states_.size() + 1));
  territory_ = std::make_unique<served_node>([&](nodes::configuration& with) {
    with.territory = *law::siren::parse(of_.territory);
    join(with, "T" + of_.territory, "");
  });
  territory_->await_ready();
  for (auto& state : states_) {
    state->await_ready();
    state->enter_gestionnaire();
  }
  territory_->enter_players(of_.departements.front());
}

served_federation::~served_federation() {
  territory_.reset();
  states_.clear();
  std::error_code left; // what is left in the temporary folder harms nobody
  std::filesystem::remove_all(folder_, left);
}

federation::directory served_federation::describe(std::uint64_t number) const {
  federation::directory made;
  made.number = number;
  made.purpose = law::text<16>{"demonstration"};
  made.issued_at = nodes::system_clock{}.now();
  made.valid_until = made.issued_at + std::chrono::hours{24};
  auto add = [&](federation::node_tier tier, const std::string& siren, const std::string& stream) -> auto& {
    return made.nodes.emplace_back(member(tier, siren, stream, nodes::read_keys(keys_of(stream)).value()));
  };
  auto& territory = made.territories.emplace_back();
  for (std::size_t i = 0; i < of_.authorities.size(); ++i) {
    const auto& authority = of_.authorities[i];
    auto& node = add(authority.tier, service(i), authority.stream());
    node.endpoint = law::text<120>{i < states_.size() ? states_[i]->running().link_endpoint() : "tcp://127.0.0.1:1"};
    if (i == 0)
      node.escrow_key = journal::operating_public(anchor_.operating_secret);
    if (!left_.contains(i))
      territory.supervisors.push_back(stream_named(authority.stream()));
  }
  add(federation::node_tier::territory, of_.territory, "T" + of_.territory);
  territory.stream = stream_named("T" + of_.territory);
  territory.territory = *law::siren::parse(of_.territory);
  territory.name = law::text<120>{of_.name};
  for (const auto& code : of_.departements)
    territory.departements.push_back(*law::departement_code::parse(code));
  territory.ordering = territory.supervisors.front();
  territory.from = law::civil_date{std::chrono::year{2016} / 1 / 1};
  territory.registration = law::registration_system::sne;
  territory.allots_numbers = true;
  made.competences.push_back(
      {territory.territory, federation::matter::dispositif, {}, territory.ordering, law::text<200>{"CCH L441-2-7"}});
  INFO(federation::inconsistency_of(made));
  REQUIRE(federation::inconsistency_of(made).empty());
  return made;
}

void served_federation::bring_escrow() { nodes::replace_keys(folder_ / "escrow.keys", anchor_); }

void served_federation::put_escrow_away() { std::filesystem::remove(folder_ / "escrow.keys"); }

void served_federation::leave(std::size_t which) {
  left_.insert(which);
  write(describe(states_.size() + 1 + left_.size()));
}

std::filesystem::path served_federation::write(const federation::directory& issued) const {
  auto content = federation::sign_directory(issued, journal::signing_key{anchor_.signing_seed});
  std::ofstream{folder_ / "directory.toit", std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                                    static_cast<std::streamsize>(content.size()));
  return folder_ / "directory.toit";
}

} // namespace toit::tests
