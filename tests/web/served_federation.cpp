#include "tests/web/served_federation.hpp"

#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "simulation/fictitious.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>

namespace toit::tests {

namespace {

ports::stream_id stream_named(const char* name) { return *ports::stream_id::parse(name); }

federation::node_entry member(const char* name, federation::node_tier tier, const std::string& siren,
                              const char* stream, const journal::node_keys& keys) {
  federation::node_entry entry;
  entry.name = *ports::node_name::parse(name);
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

std::string served_federation::service() { return simulation::make_siren(99993001).text(); }

served_federation::served_federation() : folder_{temporary_folder()} {
  nodes::create_keys(folder_ / "state.keys");
  nodes::create_keys(folder_ / "territory.keys");
  auto anchor = journal::signing_key{anchor_.signing_seed}.public_half();
  auto joining = [&](const char* name, std::string listen) {
    return nodes::federated{*ports::node_name::parse(name), folder_ / "directory.toit", anchor, std::move(listen), {}};
  };
  // The prefect's node listens where there is room: the territory's is told where that is.
  write(describe(1, "tcp://127.0.0.1:1"));
  state_ = std::make_unique<served_node>([&](nodes::configuration& with) {
    with.authority = nodes::state_authority{federation::node_tier::departement, "93"};
    with.territory = *law::siren::parse(service());
    with.keys = folder_ / "state.keys";
    with.federation = joining("prefecture-93", "tcp://127.0.0.1:0");
    with.federation->confirm_within = std::chrono::milliseconds{200};
  });
  write(describe(2, state_->running().link_endpoint()));
  territory_ = std::make_unique<served_node>([&](nodes::configuration& with) {
    with.keys = folder_ / "territory.keys";
    with.federation = joining("plaine-commune", "");
    with.federation->confirm_within = std::chrono::milliseconds{200};
  });
  territory_->await_ready();
  state_->await_ready();
  state_->enter_gestionnaire();
  territory_->enter_players();
}

served_federation::~served_federation() {
  territory_.reset();
  state_.reset();
  std::error_code left; // what is left in the temporary folder harms nobody
  std::filesystem::remove_all(folder_, left);
}

federation::directory served_federation::describe(std::uint64_t number, const std::string& endpoint) const {
  federation::directory made;
  made.number = number;
  made.purpose = law::text<16>{"demonstration"};
  made.issued_at = nodes::system_clock{}.now();
  made.valid_until = made.issued_at + std::chrono::hours{24};
  auto state_keys = nodes::read_keys(folder_ / "state.keys").value();
  made.nodes.push_back(member("prefecture-93", federation::node_tier::departement, service(), "SD93", state_keys));
  made.nodes.back().endpoint = law::text<120>{endpoint};
  made.nodes.back().escrow_key = journal::operating_public(anchor_.operating_secret);
  made.nodes.push_back(member("plaine-commune", federation::node_tier::territory, "200057867", "T200057867",
                              nodes::read_keys(folder_ / "territory.keys").value()));
  auto& territory = made.territories.emplace_back();
  territory.stream = stream_named("T200057867");
  territory.territory = *law::siren::parse("200057867");
  territory.name = law::text<120>{"Plaine Commune"};
  territory.departements.push_back(*law::departement_code::parse("93"));
  territory.ordering = stream_named("SD93");
  territory.supervisors = {stream_named("SD93")};
  territory.from = law::civil_date{std::chrono::year{2016} / 1 / 1};
  made.competences.push_back(
      {territory.territory, federation::matter::dispositif, {}, stream_named("SD93"), law::text<200>{"CCH L441-2-7"}});
  made.competences.push_back(
      {territory.territory, federation::matter::thresholds, {}, stream_named("SD93"), law::text<200>{"CCH L441-1-4"}});
  INFO(federation::inconsistency_of(made));
  REQUIRE(federation::inconsistency_of(made).empty());
  return made;
}

std::filesystem::path served_federation::write(const federation::directory& issued) const {
  auto content = federation::sign_directory(issued, journal::signing_key{anchor_.signing_seed});
  std::ofstream{folder_ / "directory.toit", std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                                    static_cast<std::streamsize>(content.size()));
  return folder_ / "directory.toit";
}

} // namespace toit::tests
