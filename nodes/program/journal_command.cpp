#include "nodes/program/journal_command.hpp"

#include "journal/node_journal.hpp"
#include "journal/proof.hpp"
#include "journal/sqlite_store.hpp"
#include "law/procedures.hpp"
#include "law/scalar_text.hpp"
#include "nodes/ports/file_descriptor.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/exit_code.hpp"

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// Why no proof is made, and the code of exit.
struct no_proof {
  std::string why;
  exit_code code = exit_refused;
};

struct subject_place {
  ports::stream_id stream;
  law::subject_id subject;
};

/// Of the owner alone; never over a file that is there.
void write_new_file(const fs::path& file, journal::byte_view content) {
  file_descriptor made{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  auto fail = [&] { throw std::system_error{errno, std::generic_category(), file.string()}; };
  if (!made)
    fail();
  while (!content.empty()) {
    auto written = ::write(made.get(), content.data(), content.size());
    if (written < 0)
      fail();
    content = content.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(made.get()) != 0)
    fail();
}

std::string sentence_of(journal::proof_refusal refusal) {
  if (refusal == journal::proof_refusal::unknown_subject)
    return "Ce journal n'a rien de ce dossier.";
  return "Ce dossier a trop d'écritures, ou de trop grandes, pour un dossier de preuve.";
}

class proof_command {
public:
  explicit proof_command(const proof_options& options) : options_{options} {}

  /// Of each entry of the subject, the first mark of each witness that covers it.
  std::vector<ports::witness_mark> marks_around(const ports::stream_id& stream, law::subject_id subject) {
    std::vector<ports::witness_mark> marks;
    std::size_t entries = 0;
    for (auto seq = rows_->last_of(stream, subject); seq != 0 && entries < ports::subject_entries_limit; ++entries) {
      for (auto& mark : rows_->marks_from(stream, seq))
        if (std::ranges::find(marks, mark) == marks.end())
          marks.push_back(std::move(mark));
      auto row = rows_->entry(stream, seq);
      seq = row && row->header.previous < seq ? row->header.previous : 0;
    }
    return marks;
  }

  std::expected<ordered_json, no_proof> run() {
    if (auto wrong = open(); !wrong.why.empty())
      return std::unexpected{wrong};
    auto place = find();
    if (!place)
      return std::unexpected{place.error()};
    auto marks = marks_around(place->stream, place->subject);
    auto made = journal::make_proof(*rows_, place->stream, place->subject, keys_of(place->stream).get(), marks);
    if (!made)
      return std::unexpected{no_proof{sentence_of(made.error())}};
    auto content = journal::encode_proof(*made);
    if (!content)
      return std::unexpected{no_proof{sentence_of(content.error())}};
    auto report = journal::verify_proof(*made, {});
    if (!report.accepted())
      return std::unexpected{no_proof{"Le journal n'est pas celui qui a été écrit : écriture " +
                                          std::to_string(report.faults.front().seq) + " (" +
                                          std::string{law::name_of(report.faults.front().reason)} + ").",
                                      exit_integrity}};
    write_new_file(options_.out, *content);
    return told(report, content->size());
  }

private:
  /// An empty reason when all is open.
  no_proof open() {
    auto secrets = read_keys(options_.keys);
    if (!secrets)
      return {"Le fichier de clés ne se lit pas : " + options_.keys.string()};
    auto file = options_.data / "journal.sqlite";
    if (!fs::exists(file))
      return {"Il n'y a pas de journal ici : " + options_.data.string()};
    rows_ = journal::open_sqlite_reader(file.string());
    for (const auto& sealed : rows_->keys())
      ring_.add(sealed, *secrets);
    return {};
  }

  /// Null where none of the stream's keys opens with this node's.
  std::shared_ptr<const journal::stream_keys> keys_of(const ports::stream_id& stream) const {
    try {
      return ring_.of(stream);
    } catch (const journal::store_broken&) {
      return nullptr; // a replica that is held sealed
    }
  }

  std::expected<std::vector<ports::stream_id>, no_proof> streams() {
    auto all = rows_->streams();
    if (options_.stream.empty())
      return all;
    auto asked = ports::stream_id::parse(options_.stream);
    if (!asked)
      return std::unexpected{no_proof{"Ce n'est pas le nom d'un flux : " + options_.stream, exit_usage}};
    if (std::ranges::find(all, *asked) == all.end())
      return std::unexpected{no_proof{"Ce journal n'a pas le flux " + options_.stream + "."}};
    return std::vector{*asked};
  }

  /// Looks for what is asked for in one stream.
  using finder = std::function<std::optional<law::subject_id>(const ports::stream_id&)>;

  std::expected<finder, no_proof> what_to_find() {
    if (!options_.dossier.empty()) {
      law::subject_id subject;
      if (!law::parse_hex(options_.dossier, subject.bytes))
        return std::unexpected{no_proof{"Un dossier se nomme par 32 chiffres hexadécimaux.", exit_usage}};
      return [this, subject](const ports::stream_id& stream) { return find_subject(stream, subject); };
    }
    if (!options_.territory.empty()) {
      auto territory = law::siren::parse(options_.territory);
      if (!territory)
        return std::unexpected{no_proof{"Ce n'est pas un SIREN : " + options_.territory, exit_usage}};
      return
          [this, territory = *territory](const ports::stream_id& stream) { return find_territory(stream, territory); };
    }
    auto number = law::nud::parse(options_.number);
    if (!number)
      return std::unexpected{no_proof{"Ce n'est pas un numéro unique : " + options_.number, exit_usage}};
    return [this, number = *number](const ports::stream_id& stream) { return find_number(stream, number); };
  }

  std::expected<subject_place, no_proof> find() {
    auto find_in = what_to_find();
    if (!find_in)
      return std::unexpected{find_in.error()};
    auto within = streams();
    if (!within)
      return std::unexpected{within.error()};
    std::vector<subject_place> places;
    for (const auto& stream : *within)
      if (auto found = (*find_in)(stream))
        places.push_back({stream, *found});
    if (places.empty())
      return std::unexpected{no_proof{sentence_of(journal::proof_refusal::unknown_subject)}};
    if (places.size() > 1)
      return std::unexpected{no_proof{"Ce dossier est dans plusieurs flux : nommez-en un (--stream " +
                                          places[0].stream.text() + ", " + places[1].stream.text() + "…).",
                                      exit_usage}};
    return places.front();
  }

  std::optional<law::subject_id> find_number(const ports::stream_id& stream, law::nud number) {
    auto keys = keys_of(stream);
    return keys && keys->has_index() ? rows_->find_number(stream, keys->number_key(number)) : std::nullopt;
  }

  /// What a prefect has recorded of the territory, or what the territory itself has of its dispositif.
  // [L441-2-7-4-1]
  std::optional<law::subject_id> find_territory(const ports::stream_id& stream, law::siren territory) {
    if (stream.view().starts_with('S'))
      return find_subject(stream, law::subject_of_territory(territory));
    return stream == ports::stream_of(territory) ? find_subject(stream, law::subject_of_dispositif()) : std::nullopt;
  }

  std::optional<law::subject_id> find_subject(const ports::stream_id& stream, law::subject_id subject) {
    return rows_->last_of(stream, subject) > 0 ? std::optional{subject} : std::nullopt;
  }

  ordered_json told(const journal::proof_report& report, std::size_t size) const {
    auto count = [&](journal::proof_content content) {
      return std::ranges::count(report.entries, content, &journal::proved_entry::content);
    };
    return {{"proof", options_.out.string()},
            {"stream", report.stream.text()},
            {"dossier", law::to_hex(report.subject.bytes)},
            {"entries", report.entries.size()},
            {"erased", count(journal::proof_content::erased)},
            {"closed", count(journal::proof_content::closed)},
            {"marks_left_out", report.marks_left_out},
            {"bytes", size}};
  }

  const proof_options& options_;
  std::unique_ptr<journal::store_reader> rows_;
  journal::key_ring ring_;
};

} // namespace

int journal_proof_command(const proof_options& options, std::ostream& out, std::ostream& err) {
  auto refuse = [&](const no_proof& refused) {
    if (options.json)
      out << ordered_json{{"refused", refused.why}}.dump() << "\n";
    else
      err << refused.why << "\n";
    return refused.code;
  };
  try {
    auto made = proof_command{options}.run();
    if (!made)
      return refuse(made.error());
    if (options.json)
      out << made->dump() << "\n";
    else
      out << "Dossier de preuve : " << options.out.string() << ", " << (*made)["entries"] << " écritures du flux "
          << (*made)["stream"].get<std::string>() << ", dont " << (*made)["erased"] << " effacées.\n"
          << "Il se lit sans clé : remettez-le à son seul destinataire.\n";
    return exit_done;
  } catch (const journal::store_broken& broken) {
    return refuse({std::string{"Le journal n'est pas celui qui a été écrit : "} + broken.what(), exit_integrity});
  } catch (const std::system_error& failure) {
    return refuse({std::string{"Le dossier de preuve n'a pas été écrit : "} + failure.what()});
  }
}

} // namespace toit::nodes
