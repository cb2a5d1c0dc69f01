#include "nodes/program/federation_tour.hpp"

#include "law/scalar_text.hpp"
#include "nodes/host/opened_node.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/exit_code.hpp"
#include "nodes/program/journal_command.hpp"
#include "nodes/program/takeover_tour.hpp"
#include "nodes/program/verify_command.hpp"
#include "nodes/program/visited_nodes.hpp"

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;
using steady = std::chrono::steady_clock;

constexpr std::size_t rewritten = 5;
constexpr std::uint64_t entries_meanwhile = 20;

class federation_tour : private visited_nodes {
public:
  using visited_nodes::visited_nodes;

  void run(const std::string& number) {
    forget_forks();
    live_on_one_day();
    witness();
    command();
    cut_a_link();
    lose_a_node();
    rewrite_a_stream();
    prove(number);
  }

private:
  // -- talking to nodes ---------------------------------------------------------------------------------------------

  /// One entry in the node's own stream; its sequence.
  std::uint64_t record(api_session& with) {
    return with.post("/v1/clock/confirmation", {{"event", json::object()}}).at("first_seq");
  }

  /// To a tenth.
  static std::string in_ms(steady::duration much) {
    auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(much).count() / 100;
    return std::to_string(tenths / 10) + "," + std::to_string(tenths % 10);
  }

  bool is_witnessed(api_session& with, std::uint64_t seq, std::size_t by) {
    auto entry = with.get("/v1/entries/" + std::to_string(seq));
    return std::ranges::any_of(entry.at("witnesses"),
                               [&](const json& mark) { return mark.at("witness") == node(by).stream; });
  }

  bool has_alarm(std::size_t where, const std::string& kind, std::size_t of) {
    auto standing = session(where)->get("/v1/federation");
    return std::ranges::any_of(standing.at("alarms"), [&](const json& alarm) {
      return alarm.at("kind") == kind && alarm.value("stream", "") == node(of).stream;
    });
  }

  /// That alarm stands until its node starts again: what a visit before this one has left would pass for what this one
  /// finds.
  void forget_forks() {
    for (auto which : {region, departement}) {
      if (has_alarm(which, "forked", rewritten)) {
        pause(which, SIGTERM);
        resume(which);
      }
      expect(!has_alarm(which, "forked", rewritten), "aucune réécriture n'est encore signalée");
    }
  }

  /// A visit before this one, and a start since, may have left the nodes' clocks on different days.
  void live_on_one_day() {
    std::string farthest;
    for (std::size_t i = 0; i < demonstration_nodes().size(); ++i)
      farthest = std::max(farthest, session(i)->get("/v1/clock").at("now").get<std::string>());
    for (std::size_t i = 0; i < demonstration_nodes().size(); ++i) {
      auto with = session(i);
      if (with->get("/v1/clock").at("now").get<std::string>() < farthest)
        with->put("/v1/clock", {{"event", {{"now", farthest}}}});
    }
  }

  // -- steps --------------------------------------------------------------------------------------------------------

  void witness() {
    auto served = session(first);
    auto& plaine = *served;
    // From the request on: a receipt may come when it is witnessed already.
    auto asked = steady::now();
    auto seq = record(plaine);
    wait_until("le nœud régional contresigne", [&] { return is_witnessed(plaine, seq, region); });
    auto by_region = in_ms(steady::now() - asked);
    wait_until("le nœud départemental contresigne", [&] { return is_witnessed(plaine, seq, departement); });
    auto by_departement = in_ms(steady::now() - asked);
    auto entry = plaine.get("/v1/entries/" + std::to_string(seq));
    expect(entry.at("durability") == "witnessed", "l'écriture est attestée par l'autorité compétente");
    tell("écriture attestée", "au plus " + by_region + " ms après la demande d'enregistrement par le nœud régional, " +
                                  by_departement + " ms par le départemental");
  }

  /// The territory habilitates the prefect's service once; a second visit finds that it has.
  void habilitate(api_session& plaine) {
    auto service = std::string{node(departement).siren};
    auto known = plaine.get("/v1/habilitations?limit=200").at("items");
    if (std::ranges::any_of(known, [&](const json& one) { return one.at("legal_person") == service; }))
      return;
    plaine.post("/v1/legal-persons", {{"event",
                                       {{"legal_person", service},
                                        {"person_kind", "state_service"},
                                        {"name", std::string{node(departement).title}}}}});
    plaine.post(
        "/v1/habilitations",
        {{"event",
          {{"habilitation",
            {{"legal_person", service}, {"quality", "state_mediation_secretariat"}, {"from", "2016-01-01"}}}}}});
  }

  /// A demande that waits, and bears no mention yet.
  std::string without_mention(api_session& plaine) {
    for (std::string page = "/v1/demandes?status=active&limit=200"; !page.empty();) {
      auto found = plaine.get(page, true);
      for (const auto& one : found.at("items"))
        if (!one.contains("dalo_since"))
          return one.at("number");
      page = found.value("next", "");
    }
    throw api_failure{"aucune demande active n'attend de mention"};
  }

  /// From the prefect's own node; decided, recorded and shown by the territory's.
  void command() {
    auto served = session(first);
    auto& plaine = *served;
    auto prefect = session(departement);
    habilitate(plaine);
    auto number = without_mention(plaine);
    auto there = "/v1/streams/" + std::string{node(first).stream} + "/demandes/" + number;
    auto issued = prefect->post(there + "/events",
                                {{"kind", "dalo_recognised"},
                                 {"event", {{"decision_number", "DALO-FICTIF-" + number}, {"departement", "93"}}}});
    auto command = "/v1/commands/" + std::to_string(issued.at("first_seq").get<std::uint64_t>());
    json settled;
    auto after = wait_until("la commande est exécutée", [&] {
      settled = prefect->get(command);
      return settled.at("state") == "recorded" || settled.at("state") == "refused";
    });
    expect(settled.at("state") == "recorded", "la mention est enregistrée : " + settled.dump());
    auto timeline = plaine.get("/v1/demandes/" + number, true).at("timeline");
    expect(std::ranges::any_of(timeline,
                               [&](const json& entry) {
                                 return entry.at("kind") == "dalo_recognised" &&
                                        entry.at("originator") == std::string{node(departement).siren};
                               }),
           "l'historique dit qui a reconnu la priorité");
    expect(prefect->get(there, true).at("timeline").size() == timeline.size(),
           "le service de l'État lit la demande dans son territoire");
    tell("mention de l'État", "commandée du nœud départemental, enregistrée par le territoire en " +
                                  std::to_string(after) + " ms ; la demande est lue de là-bas, et journalisée ici");
  }

  /// Twenty entries; the last one.
  std::uint64_t record_without_departement(api_session& plaine) {
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < entries_meanwhile; ++i)
      last = record(plaine);
    wait_until("le nœud régional contresigne seul", [&] { return is_witnessed(plaine, last, region); });
    expect(!is_witnessed(plaine, last, departement), "qui n'entend rien ne contresigne rien");
    return last;
  }

  /// How the territory sees its link with the departmental node.
  struct seen_link {
    std::string state;
    std::uint64_t late = 0; ///< entries of its own stream that are not yet there
  };
  seen_link link_of(api_session& plaine) {
    seen_link seen;
    auto standing = plaine.get("/v1/federation");
    for (const auto& link : standing.at("links")) {
      if (link.at("node") != std::string{node(departement).name})
        continue;
      seen.state = link.at("state");
      for (const auto& stream : link.at("streams"))
        if (stream.at("stream") == std::string{node(first).stream})
          seen.late = stream.at("seq").get<std::uint64_t>() - stream.at("their_seq").get<std::uint64_t>();
    }
    return seen;
  }

  /// The line alone: both nodes go on, and neither hears the other.
  void cut_a_link() {
    auto served = session(first);
    auto& plaine = *served;
    mark(folder(departement) / cut_mark, "");
    wait_until("la coupure est vue", [&] { return link_of(plaine).state == "down"; });
    auto last = record_without_departement(plaine);
    std::uint64_t late = 0;
    wait_until("le retard se voit", [&] { return (late = link_of(plaine).late) >= entries_meanwhile; });
    fs::remove(folder(departement) / cut_mark);
    auto after = wait_until("le lien revient, et le retard est rattrapé", [&] {
      auto seen = link_of(plaine);
      return seen.state == "up" && seen.late == 0 && is_witnessed(plaine, last, departement);
    });
    tell("lien coupé puis rétabli", "les deux nœuds continuent ; " + std::to_string(late) +
                                        " écritures de retard, rattrapées et contresignées en " +
                                        std::to_string(after) + " ms, rien n'est perdu");
  }

  void lose_a_node() {
    pause(departement, SIGKILL);
    auto served = session(first);
    auto& plaine = *served;
    auto last = record_without_departement(plaine);
    resume(departement);
    wait_until("le nœud départemental rattrape", [&] { return is_witnessed(plaine, last, departement); });
    auto here = plaine.get("/v1/streams/" + std::string{node(first).stream} + "/head");
    wait_until("le nœud départemental a la même tête", [&] {
      auto there = session(departement)->get("/v1/streams/" + std::string{node(first).stream} + "/head");
      return there.at("seq").get<std::uint64_t>() >= here.at("seq").get<std::uint64_t>();
    });
    tell("nœud tué puis relancé",
         "le nœud départemental est tué, vingt écritures passent, il revient et n'a rien perdu");
  }

  /// A node's disk is put back as it was, written to while nobody looks, and served again.
  void rewrite_a_stream() {
    auto backup = data_ / "rewritten.backup";
    auto good = data_ / "rewritten.good";
    pause(rewritten, SIGTERM);
    copy_journal(folder(rewritten), backup);
    resume(rewritten);
    auto served = session(rewritten);
    auto& with = *served;
    auto seq = record(with);
    wait_until("l'écriture à venir est attestée", [&] { return is_witnessed(with, seq, region); });
    pause(rewritten, SIGTERM);
    copy_journal(folder(rewritten), good);
    copy_journal(backup, folder(rewritten));
    write_over();
    resume(rewritten, false);
    wait_until("les nœuds de l'État trouvent la réécriture",
               [&] { return has_alarm(region, "forked", rewritten) && has_alarm(departement, "forked", rewritten); });
    pause(rewritten, SIGTERM);
    copy_journal(good, folder(rewritten));
    resume(rewritten);
    fs::remove_all(backup);
    fs::remove_all(good);
    tell("flux réécrit à la source", "trouvé par les deux nœuds de l'État ; l'histoire attestée est remise en place");
  }

  static void copy_journal(const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    for (const char* name : {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"}) {
      fs::remove(to / name);
      if (fs::exists(from / name))
        fs::copy_file(from / name, to / name);
    }
    fs::remove_all(to / "snapshots");
  }

  /// As if the node had never heard of a federation.
  void write_over() {
    auto map = territory_map::load();
    auto with = read_configuration(folder(rewritten) / "node.toml", map);
    expect(with.has_value(), "la configuration se lit");
    with->federation.reset();
    opened_node opened{*with, map};
    auto append = std::make_shared<ports::append>();
    append->stream = opened.stream();
    auto subject = opened.context()->chance->fresh<law::subject_id>();
    append->reads.push_back({subject, 0});
    law::record record{};
    record.occurred_on = opened.context()->today();
    record.originator = with->territory;
    record.introducer = with->territory;
    record.event = law::clock_confirmed{};
    auto payload = opened.context()->sealer->seal(opened.stream(), subject, record);
    append->drafts.push_back({subject, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    std::vector<ports::append_ptr> group{append};
    opened.journal().writer().stage(group);
    expect(opened.journal().writer().sync().entries, "le journal réécrit est sur le disque");
  }

  void prove(const std::string& number) {
    auto alone = data_ / "preuve";
    fs::remove_all(alone);
    fs::create_directories(alone);
    auto file = alone / "dossier.preuve";
    proof_options asked;
    asked.data = folder(first);
    asked.keys = folder(first) / "node.keys";
    asked.number = number;
    asked.stream = node(first).stream;
    asked.out = file;
    std::ostringstream told;
    expect(journal_proof_command(asked, told, told) == exit_done, "le dossier de preuve se fait : " + told.str());
    // Whoever verifies has the file and the keys that the directory states, and neither node.
    verify_options check;
    check.journal = file;
    check.signers.push_back(signer_of(first));
    for (auto state : {region, departement})
      check.signers.push_back(std::string{node(state).stream} + ":" + signer_of(state));
    std::ostringstream verdict;
    expect(verify_command(check, verdict, verdict) == exit_done, "le dossier de preuve est accepté : " + verdict.str());
    expect(verdict.str().find("SR11") != std::string::npos, "un témoin y figure : " + verdict.str());
    tell("dossier de preuve", "vérifié hors ligne, avec ses témoins : " + file.string());
  }

  /// As the directory names it that the anchor has signed: the nodes' own folders are not looked at.
  std::string signer_of(std::size_t which) {
    auto anchor = read_keys(data_ / anchor_file);
    expect(anchor.has_value(), "la clé de l'ancre se lit");
    std::ifstream in{data_ / directory_file, std::ios::binary};
    ports::bytes content{std::istreambuf_iterator<char>{in}, {}};
    auto directory = federation::open_directory(content, journal::signing_key{anchor->signing_seed}.public_half());
    expect(directory.has_value(), "l'annuaire est celui que l'ancre a signé");
    const auto* host = directory->host_of(*ports::stream_id::parse(node(which).stream));
    expect(host && !host->signing_keys.empty(), "l'annuaire nomme la clé du nœud");
    return law::to_hex(host->signing_keys.front().key);
  }

  // -- processes ----------------------------------------------------------------------------------------------------

  void pause(std::size_t which, int signal) {
    mark(folder(which) / paused_mark, "");
    auto pid = static_cast<pid_t>(std::strtol(read_mark(folder(which) / pid_mark).c_str(), nullptr, 10));
    expect(pid > 1 && ::kill(pid, signal) == 0, "le nœud tourne");
    // It is gone once whoever began it has taken note of it.
    wait_until("le nœud s'arrête", [&] { return ::kill(pid, 0) != 0; });
    fs::remove(folder(which) / port_mark);
  }

  void resume(std::size_t which, bool until_ready = true) {
    fs::remove(folder(which) / paused_mark);
    if (until_ready)
      wait_until("le nœud revient", [&] { return !read_mark(folder(which) / port_mark).empty(); });
  }
};

} // namespace

bool is_federation(const fs::path& data) { return fs::exists(data / "directory.toit"); }

fs::path first_territory(const fs::path& data) {
  return is_federation(data) ? data / demonstration_nodes()[first_territory_place].name : data;
}

void tour_federation(const fs::path& data, const std::string& number, bool in_json, int& steps, std::ostream& out) {
  federation_tour{data, in_json, steps, out}.run(number);
  tour_taking_over(data, in_json, steps, out);
}

} // namespace toit::nodes
