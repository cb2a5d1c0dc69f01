#include "nodes/program/verify_command.hpp"

#include "journal/access_log.hpp"
#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/verify.hpp"
#include "law/scalar_text.hpp"
#include "nodes/host/opened_node.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/exit_code.hpp"
#include "nodes/program/progress.hpp"
#include "nodes/program/proof_verification.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::optional<ports::signed_head> read_head(const fs::path& file) {
  std::ifstream in{file};
  auto given = ordered_json::parse(in, nullptr, false);
  if (given.is_object() && given.contains("head"))
    given = given["head"];
  if (!given.is_object() || !given.contains("stream") || !given.contains("seq") || !given.contains("link"))
    return std::nullopt;
  ports::signed_head head;
  auto stream =
      given["stream"].is_string() ? ports::stream_id::parse(given["stream"].get<std::string>()) : std::nullopt;
  if (!stream || !given["seq"].is_number_unsigned() || !given["link"].is_string() ||
      !law::parse_hex(given["link"].get<std::string>(), head.link))
    return std::nullopt;
  head.stream = *stream;
  head.seq = given["seq"].get<std::uint64_t>();
  return head;
}

class verification {
public:
  verification(const verify_options& options, std::ostream& out, std::ostream& err)
      : options_{options}, out_{out}, err_{err} {}

  int run() {
    auto file = journal_file(options_.journal);
    if (!fs::exists(file)) {
      err_ << "Il n'y a pas de journal ici : " << options_.journal.string() << "\n";
      return exit_refused;
    }
    if (options_.head) {
      head_ = read_head(*options_.head);
      if (!head_) {
        err_ << "Ce fichier n'est pas une tête signée : " << options_.head->string() << "\n";
        return exit_usage;
      }
    }
    for (const auto& text : options_.signers)
      if (!know(text)) {
        err_ << "Une clé se donne en 64 chiffres hexadécimaux, précédés au besoin du flux et de « : » : " << text
             << "\n";
        return exit_usage;
      }
    try {
      auto rows = journal::open_sqlite_reader(file.string());
      open_keys(*rows);
      for (const auto& stream : rows->streams())
        verify(*rows, stream);
      if (head_ && std::ranges::find(seen_, head_->stream) == seen_.end())
        fault(head_->stream.text(), head_->seq, "le journal n'a pas ce flux");
      verify_logs(file.parent_path() / "log");
    } catch (const std::runtime_error& broken) {
      fault("journal", 0, broken.what());
    }
    return whole_ ? exit_done : exit_integrity;
  }

private:
  void open_keys(journal::store_reader& rows) {
    if (!options_.keys)
      return;
    auto keys = read_keys(*options_.keys);
    if (!keys)
      throw std::runtime_error{"le fichier de clés ne se lit pas"};
    for (const auto& sealed : rows.keys())
      ring_.add(sealed, *keys);
    for (const auto& own : journal::signing_publics(*keys))
      known_.push_back({{}, own});
  }

  void verify(journal::store_reader& rows, const ports::stream_id& stream) {
    seen_.push_back(stream);
    std::vector<ports::signed_head> expected;
    if (head_ && head_->stream == stream)
      expected.push_back(*head_);
    auto last = rows.last_head(stream);
    progress_line line{stream.text(), err_};
    std::shared_ptr<const journal::stream_keys> keys = options_.keys ? ring_.that_open(stream) : nullptr;
    // A replica that is sealed to others proves itself all the same; so does a stream that has passed to another host.
    if (keys && (!keys->has_index() || (last && !keys->has(last->epoch))))
      keys = nullptr;
    auto report = journal::verify_stream(
        rows, stream, expected, keys.get(), [&](std::uint64_t done) { line.at(done, last ? last->seq : 0); },
        known_of(stream));
    journal::hold_against_orders(rows, report);
    signers_.insert(signers_.end(), report.signers.begin(), report.signers.end());
    for (const auto& f : report.faults)
      is_anothers(report, f) ? note(stream.text(), f.seq, f.what) : fault(stream.text(), f.seq, f.what);
    options_.json ? tell_in_json(report) : tell(report);
  }

  void tell(const journal::verify_report& report) {
    out_ << report.stream.text() << " : " << report.entries << " écritures, " << report.heads << " têtes signées, "
         << report.erased << " effacées ; "
         << (report.faults.empty() ? "la chaîne est entière" : "la chaîne est ROMPUE") << "\n";
    for (const auto& begun : report.epochs)
      out_ << "  époque " << begun.epoch << " depuis l'écriture " << begun.cut_seq << " : " << words_of(begun) << "\n";
    for (const auto& tail : report.tails)
      out_ << "  " << tail.entries << (tail.entries == 1 ? " écriture orpheline" : " écritures orphelines")
           << " (laissées par l'époque " << tail.cut << ")\n";
  }

  static std::string words_of(const journal::verified_epoch& begun) {
    using enum journal::epoch_order;
    auto named = begun.ordered_by + ", écriture " + std::to_string(begun.ordered_seq);
    if (begun.order == opened)
      return "ouverte par " + named + ", pour le nœud " + begun.host;
    if (begun.order == other)
      return "PAS OUVERTE par ce qu'elle cite (" + named + ")";
    return "ouverte, dit-elle, par " + named + " : NON CONFRONTÉE, ce journal n'a pas cette écriture";
  }

  void tell_in_json(const journal::verify_report& report) {
    auto epochs = ordered_json::array();
    for (const auto& begun : report.epochs)
      epochs.push_back({{"epoch", begun.epoch},
                        {"seq", begun.cut_seq},
                        {"ordered_by", begun.ordered_by},
                        {"ordered_seq", begun.ordered_seq},
                        {"order", law::name_of(begun.order)},
                        {"host", begun.host}});
    auto tails = ordered_json::array();
    for (const auto& tail : report.tails)
      tails.push_back({{"cut", tail.cut}, {"entries", tail.entries}});
    out_ << ordered_json{{"stream", report.stream.text()},
                         {"entries", report.entries},
                         {"heads", report.heads},
                         {"erased", report.erased},
                         {"link", law::to_hex(report.link)},
                         {"epochs", std::move(epochs)},
                         {"orphan_tails", std::move(tails)},
                         {"faults", report.faults.size()}}
                .dump()
         << "\n";
  }

  /// A key alone is good for any stream.
  bool know(const std::string& text) {
    known_key known;
    if (text.find(':') != std::string::npos) {
      auto signer = parse_signer(text, {});
      if (!signer)
        return false;
      known = {signer->stream, signer->key};
    } else if (!law::parse_hex(text, known.key)) {
      return false;
    }
    known_.push_back(known);
    return true;
  }

  std::vector<journal::public_key> known_of(const ports::stream_id& stream) const {
    std::vector<journal::public_key> known;
    for (const auto& signer : known_)
      if (!signer.stream || *signer.stream == stream)
        known.push_back(signer.key);
    return known;
  }

  void verify_logs(const fs::path& folder) {
    if (signers_.empty() || !fs::is_directory(folder))
      return;
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator{folder}) {
      auto name = entry.path().filename().string();
      if (!name.starts_with("log-") || !name.ends_with(".sqlite"))
        continue;
      ++files;
      // Signed by the node itself, whose stream is one of those here.
      if (auto found = journal::verify_access_log(entry.path().string(), signers_, {}))
        fault(name, found->line, found->what);
    }
    if (!options_.json)
      out_ << "consultations et tentatives : " << files << " fichiers mensuels\n";
  }

  bool is_anothers(const journal::verify_report& report, const journal::verify_fault& fault) const {
    if (!options_.hosted)
      return false;
    return report.stream != *options_.hosted ? journal::is_its_hosts(fault.reason)
                                             : journal::is_former_hosts(report, fault);
  }

  void note(const std::string& where, std::uint64_t seq, const std::string& what) {
    err_ << where << ", " << seq << " : " << what << " (écrit par un autre nœud, copié tel quel)\n";
  }

  void fault(const std::string& where, std::uint64_t seq, const std::string& what) {
    whole_ = false;
    if (options_.json)
      out_ << ordered_json{{"fault", what}, {"where", where}, {"seq", seq}}.dump() << "\n";
    else
      err_ << where << ", " << seq << " : " << what << "\n";
  }

  struct known_key {
    std::optional<ports::stream_id> stream;
    journal::public_key key{};
  };

  const verify_options& options_;
  std::ostream& out_;
  std::ostream& err_;
  std::vector<known_key> known_;
  std::optional<ports::signed_head> head_;
  std::vector<ports::stream_id> seen_;
  std::vector<journal::public_key> signers_;
  journal::key_ring ring_;
  bool whole_ = true;
};

} // namespace

std::vector<std::string> signers_known_to(const configuration& with, const fs::path& keys, const fs::path& data) {
  std::vector<std::string> known;
  auto own = read_keys(keys);
  if (own)
    for (const auto& key : journal::signing_publics(*own))
      known.push_back(with.stream().text() + ":" + law::to_hex(key));
  auto newest = with.federation ? newest_directory(*with.federation, with.purpose, data) : std::nullopt;
  if (newest)
    for (const auto& node : newest->directory.nodes)
      for (const auto& stream : node.streams)
        for (const auto& key : node.signing_keys)
          known.push_back(stream.text() + ":" + law::to_hex(key.key));
  return known;
}

fs::path journal_file(const fs::path& given) { return fs::is_directory(given) ? given / "journal.sqlite" : given; }

int verify_command(const verify_options& options, std::ostream& out, std::ostream& err) {
  bool of_proof = is_proof_file(options.journal);
  if (of_proof && (options.head || options.keys)) {
    err << "--head et --keys ne vont pas avec un dossier de preuve.\n";
    return exit_usage;
  }
  if (!of_proof && !options.cited.empty()) {
    err << "--cited ne va qu'avec un dossier de preuve.\n";
    return exit_usage;
  }
  return of_proof ? verify_proof_file({options.journal, options.cited, options.signers, options.json}, out, err)
                  : verification{options, out, err}.run();
}

} // namespace toit::nodes
