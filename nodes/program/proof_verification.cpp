#include "nodes/program/proof_verification.hpp"

#include "law/scalar_text.hpp"
#include "nodes/program/evidence_verification.hpp"
#include "nodes/program/exit_code.hpp"
#include "web/server/event_json.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using journal::proof_content;
using nlohmann::ordered_json;

std::string_view sentence_of_proof(journal::proof_fault_reason reason) {
  static constexpr auto sentences =
      std::to_array<std::string_view>({"le dossier de preuve n'est pas construit comme il doit l'être",
                                       "l'écriture est d'un autre dossier",
                                       "l'écriture ne suit pas la précédente du même dossier",
                                       "l'époque recule",
                                       "la date d'enregistrement recule",
                                       "le contenu n'est pas celui qui a été écrit",
                                       "la clé révélée n'ouvre pas le contenu",
                                       "le contenu n'est d'aucune sorte connue",
                                       "le flux ne commence pas par son ouverture",
                                       "la signature est d'un autre flux",
                                       "la tête signée n'est pas celle de la chaîne",
                                       "la signature de la tête ne correspond pas",
                                       "la marque du témoin n'est pas celle de la chaîne",
                                       "la signature du témoin ne correspond pas",
                                       "la signature n'est d'aucune des clés données",
                                       "aucune tête signée ne couvre l'écriture",
                                       "le contenu manque et aucun effacement ne le dit",
                                       "un effacement dit que le contenu est détruit, et il est là",
                                       "une époque commence sans que le journal y ait été repris",
                                       "la reprise du journal ne suit pas ce qu'elle cite"});
  static_assert(sentences.size() == law::enum_count<journal::proof_fault_reason>);
  return sentences[static_cast<std::size_t>(reason)];
}

std::string_view sentence_of_proof(journal::proof_refusal refusal) {
  using enum journal::proof_refusal;
  switch (refusal) {
  case newer_version:
    return "Ce dossier de preuve est d'une version plus récente que ce programme.";
  case too_large:
    return "Ce dossier de preuve est plus grand qu'aucun ne peut l'être.";
  default:
    return "Ce fichier n'est pas un dossier de preuve, ou il est altéré.";
  }
}

std::vector<std::uint8_t> read_up_to(const fs::path& file, std::size_t limit) {
  std::ifstream in{file, std::ios::binary};
  std::vector<std::uint8_t> content(std::min<std::size_t>(limit, fs::is_regular_file(file) ? fs::file_size(file) : 0));
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return content;
}

std::string name_of(const law::party& who) { return who.is_demandeur() ? "le demandeur" : who.legal_person().text(); }

// -- for a reader ---------------------------------------------------------------------------------------------------

class proof_teller {
public:
  proof_teller(const journal::proof_report& report, const std::vector<evidence_report>& evidence, std::ostream& out)
      : report_{report}, evidence_{evidence}, out_{out} {}

  void tell() {
    out_ << "Dossier de preuve : flux " << report_.stream.text();
    if (report_.opening)
      out_ << " (" << report_.opening->name.str() << ", " << report_.opening->purpose.str() << ")";
    out_ << ", dossier " << law::to_hex(report_.subject.bytes) << "\n\n";
    for (const auto& entry : report_.entries)
      tell(entry);
    for (const auto& one : evidence_)
      tell(one);
    for (const auto& fault : report_.faults)
      out_ << "Écriture " << fault.seq << " : " << sentence_of_proof(fault.reason) << ".\n";
    if (report_.accepted())
      tell_signers();
    tell_verdict();
  }

private:
  void tell(const journal::proved_entry& entry) {
    out_ << "Écriture " << entry.seq << " : ";
    if (entry.record) {
      const auto& kind = law::kind_of(entry.record->event);
      out_ << kind.title << " (" << kind.article << "), fait du " << law::to_text(entry.record->occurred_on)
           << ", à l'origine : " << name_of(entry.record->originator) << "\n";
    } else {
      out_ << (entry.content == proof_content::erased ? "effacée, seule son existence est prouvée\n"
                                                      : "au contenu non révélé, seule son existence est prouvée\n");
    }
    out_ << "  enregistrée le " << law::to_text(entry.recorded_at) << "\n";
    for (const auto& seen : entry.witnesses)
      out_ << "  vue au plus tard le " << law::to_text(seen.at) << " par le témoin " << seen.witness.text() << "\n";
    if (entry.witnesses.empty())
      out_ << "  sans témoin vérifié\n";
  }

  void tell(const evidence_report& evidence) {
    out_ << "\nDossier arrêté le " << law::to_text(evidence.as_of) << " (écriture " << evidence.seq << "), empreinte "
         << law::to_hex(evidence.digest) << (evidence.whole ? "\n" : " : CE N'EST PAS CELLE DU DOSSIER\n");
    out_ << "  " << evidence.proved << " lignes prouvées par l'écriture qu'elles citent, " << evidence.elsewhere
         << " dont l'écriture est dans un dossier de preuve qui n'est pas donné (--cited), " << evidence.without_entry
         << " sans écriture : absences, ou ce que l'hôte a répondu\n";
    for (auto line : evidence.wrong)
      out_ << "  ligne " << line + 1 << " : L'ÉCRITURE CITÉE MANQUE, N'EST PAS CELLE-LÀ, OU DIT AUTRE CHOSE\n";
    for (auto carence : evidence.found)
      out_ << "  carence constatée au vu de ce dossier : écriture " << carence << "\n";
  }

  void tell_signers() {
    std::set<journal::public_key> signers;
    for (const auto& entry : report_.entries)
      signers.insert(entry.signer);
    out_ << "\n";
    for (const auto& key : signers)
      out_ << "Clé de signature : " << law::to_hex(key) << "\n";
    if (!report_.vouched)
      out_ << "Personne ne se porte garant de cette clé : comparez-la à celle que publie l'annuaire, ou donnez celle "
              "que vous connaissez (--signer).\n";
    for (const auto& witness : report_.witnesses_unknown)
      out_ << "Marques du témoin " << witness.text() << " non vérifiées : sa clé n'est pas donnée (--signer "
           << witness.text() << ":CLÉ).\n";
    if (report_.marks_left_out > 0)
      out_ << "D'après son auteur, ce fichier laisse de côté " << report_.marks_left_out
           << " marques de témoins, trop lointaines.\n";
  }

  void tell_verdict() {
    if (!report_.accepted())
      out_ << "Verdict : REFUSÉ, rien n'est prouvé.\n";
    else if (!std::ranges::all_of(evidence_, &evidence_report::accepted))
      out_ << "Verdict : REFUSÉ, un dossier ne dit pas ce que disent les écritures qu'il cite.\n";
    else
      out_ << "Verdict : accepté, " << report_.entries.size() << " écritures prouvées"
           << (report_.vouched ? "" : " sous cette clé") << ". Rien n'est dit de ce qui a pu suivre la dernière.\n";
  }

  const journal::proof_report& report_;
  const std::vector<evidence_report>& evidence_;
  std::ostream& out_;
};

// -- for a machine --------------------------------------------------------------------------------------------------

ordered_json in_json(const journal::proved_entry& entry) {
  ordered_json told{{"seq", entry.seq},
                    {"recorded_at", law::to_text(entry.recorded_at)},
                    {"content", law::name_of(entry.content)},
                    {"signer", law::to_hex(entry.signer)},
                    {"witnesses", ordered_json::array()}};
  for (const auto& seen : entry.witnesses)
    told["witnesses"].push_back({{"witness", seen.witness.text()}, {"at", law::to_text(seen.at)}, {"seq", seen.seq}});
  if (entry.record) {
    const auto& record = *entry.record;
    const auto& kind = law::kind_of(record.event);
    told["kind"] = kind.name;
    told["title"] = kind.title;
    told["article"] = kind.article;
    told["operation"] = law::name_of(record.operation);
    told["occurred_on"] = law::to_text(record.occurred_on);
    told["originator"] = record.originator.legal_person().text();
    told["introducer"] = record.introducer.legal_person().text();
    told["event"] = web::write_event(record.event);
  }
  return told;
}

ordered_json in_json(const evidence_report& evidence) {
  return {{"evidence", law::to_hex(evidence.digest)},
          {"seq", evidence.seq},
          {"as_of", law::to_text(evidence.as_of)},
          {"whole", evidence.whole},
          {"proved", evidence.proved},
          {"elsewhere", evidence.elsewhere},
          {"without_entry", evidence.without_entry},
          {"wrong", evidence.wrong},
          {"carences", evidence.found}};
}

void tell_in_json(const fs::path& file, const journal::proof_report& report,
                  const std::vector<evidence_report>& evidence, std::ostream& out) {
  for (const auto& entry : report.entries)
    out << in_json(entry).dump() << "\n";
  for (const auto& one : evidence)
    out << in_json(one).dump() << "\n";
  for (const auto& fault : report.faults)
    out << ordered_json{{"fault", law::name_of(fault.reason)}, {"seq", fault.seq}}.dump() << "\n";
  auto unknown = ordered_json::array();
  for (const auto& witness : report.witnesses_unknown)
    unknown.push_back(witness.text());
  out << ordered_json{{"proof", file.string()},
                      {"stream", report.stream.text()},
                      {"dossier", law::to_hex(report.subject.bytes)},
                      {"entries", report.entries.size()},
                      {"accepted", report.accepted()},
                      {"vouched", report.vouched},
                      {"witnesses_unknown", unknown},
                      {"marks_left_out", report.marks_left_out},
                      {"faults", report.faults.size()}}
             .dump()
      << "\n";
}

} // namespace

bool is_proof_file(const fs::path& file) { return journal::begins_a_proof(read_up_to(file, 16)); }

std::optional<journal::known_signer> parse_signer(std::string_view text, const ports::stream_id& stream) {
  journal::known_signer signer{stream, {}};
  if (auto colon = text.find(':'); colon != std::string_view::npos) {
    auto named = ports::stream_id::parse(text.substr(0, colon));
    if (!named)
      return std::nullopt;
    signer.stream = *named;
    text.remove_prefix(colon + 1);
  }
  return law::parse_hex(text, signer.key) ? std::optional{signer} : std::nullopt;
}

namespace {

/// Why nothing is verified, and the code of exit.
struct unread_proof {
  std::string why;
  exit_code code = exit_refused;
};

std::expected<journal::proof, unread_proof> read_proof(const fs::path& file) {
  auto given = journal::decode_proof(read_up_to(file, journal::proof_bytes_most + 1));
  if (given)
    return std::move(*given);
  bool newer = given.error() == journal::proof_refusal::newer_version;
  return std::unexpected{
      unread_proof{std::string{sentence_of_proof(given.error())}, newer ? exit_refused : exit_integrity}};
}

std::expected<std::vector<journal::known_signer>, unread_proof> read_signers(const std::vector<std::string>& texts,
                                                                             const ports::stream_id& stream) {
  std::vector<journal::known_signer> known;
  for (const auto& text : texts) {
    auto signer = parse_signer(text, stream);
    if (!signer)
      return std::unexpected{unread_proof{
          "Une clé se donne en 64 chiffres hexadécimaux, précédés du flux et de « : » pour un témoin : " + text,
          exit_usage}};
    known.push_back(*signer);
  }
  return known;
}

/// Of each cited dossier de preuve what it proves: one that proves nothing shows nothing.
std::expected<std::vector<journal::proof_report>, unread_proof>
read_cited(const std::vector<fs::path>& files, const std::vector<journal::known_signer>& known) {
  std::vector<journal::proof_report> reports;
  for (const auto& file : files) {
    auto given = read_proof(file);
    if (!given)
      return std::unexpected{given.error()};
    reports.push_back(journal::verify_proof(*given, known));
    if (!reports.back().accepted())
      return std::unexpected{unread_proof{"Ce dossier de preuve cité est refusé : " + file.string(), exit_integrity}};
  }
  return reports;
}

} // namespace

int verify_proof_file(const proof_reading& asked, std::ostream& out, std::ostream& err) {
  auto refuse = [&](const unread_proof& unread) {
    if (asked.json)
      out << ordered_json{{"refused", unread.why}}.dump() << "\n";
    else
      err << unread.why << "\n";
    return unread.code;
  };
  auto given = read_proof(asked.file);
  if (!given)
    return refuse(given.error());
  auto known = read_signers(asked.signers, given->stream);
  if (!known)
    return refuse(known.error());
  auto cited = read_cited(asked.cited, *known);
  if (!cited)
    return refuse(cited.error());
  auto report = journal::verify_proof(*given, *known);
  auto evidence = check_evidence(report, *cited);
  if (asked.json)
    tell_in_json(asked.file, report, evidence, out);
  else
    proof_teller{report, evidence, out}.tell();
  bool good = report.accepted() && std::ranges::all_of(evidence, &evidence_report::accepted);
  return good ? exit_done : exit_integrity;
}

} // namespace toit::nodes
