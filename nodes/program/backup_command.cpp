#include "nodes/program/backup_command.hpp"

#include "journal/database_copy.hpp"
#include "journal/sqlite_store.hpp"
#include "nodes/ports/data_directory.hpp"
#include "nodes/ports/system_clock.hpp"
#include "nodes/program/backup_manifest.hpp"
#include "nodes/program/progress.hpp"
#include "nodes/program/teller.hpp"
#include "nodes/program/verify_command.hpp"

#include <ostream>
#include <sstream>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// The backup has been looked at, and is not what was written.
struct backup_damaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Removes what was made when it does not come to its end.
class folder_in_the_making {
public:
  explicit folder_in_the_making(fs::path folder) : folder_{std::move(folder)}, made_{fs::create_directories(folder_)} {
    if (made_)
      fs::permissions(folder_, fs::perms::owner_all);
  }
  ~folder_in_the_making() {
    if (done_)
      return;
    std::error_code ignored; // what is left has no manifest, and is no backup
    for (const auto& entry : fs::directory_iterator{folder_, ignored})
      fs::remove_all(entry.path(), ignored);
    if (made_)
      fs::remove(folder_, ignored);
  }
  folder_in_the_making(const folder_in_the_making&) = delete;
  folder_in_the_making& operator=(const folder_in_the_making&) = delete;

  void done() { done_ = true; }

private:
  fs::path folder_;
  bool made_ = false;
  bool done_ = false;
};

class backup {
public:
  backup(const backup_options& options, const configuration& with, std::ostream& err)
      : options_{options}, with_{with}, err_{err} {}

  /// The journal first: a document is on disk before the entry that names it.
  backup_manifest make() {
    made_.made_at = law::to_text(system_clock{}.now());
    made_.purpose = law::name_of(with_.purpose);
    made_.stream = with_.stream().text();
    made_.journal_format = journal::store_format_version;
    made_.with_keys = options_.with_keys;
    copy_base(with_.data / backed_up_journal, backed_up_journal);
    for (auto folder : backed_up_folders)
      copy_folder(std::string{folder});
    if (options_.with_keys)
      copy_file(with_.keys, backed_up_keys);
    tell_streams();
    verify();
    write_durably(options_.to / manifest_name, manifest_text(made_));
    sync_folder_of(options_.to);
    return made_;
  }

private:
  void copy_folder(const std::string& folder) {
    auto names = names_in(with_.data / folder);
    if (names.empty())
      return;
    fs::create_directory(options_.to / folder);
    progress_line line{folder, err_};
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto path = folder + "/" + names[i];
      line.at(i, names.size());
      if (folder != "log")
        copy_file(with_.data / path, path);
      else if (names[i].ends_with(".sqlite"))
        copy_base(with_.data / path, path);
    }
    sync_folder_of(options_.to / folder);
  }

  void copy_base(const fs::path& from, const std::string& path) {
    if (!journal::copy_database(from.string(), (options_.to / path).string()))
      return;
    auto copied = measure_durably(options_.to / path);
    copied.path = path;
    made_.files.push_back(std::move(copied));
  }

  void copy_file(const fs::path& from, const std::string& path) {
    auto copied = copy_durably(from, options_.to / path);
    // What has gone since the folder was listed has been erased, or was disposable.
    if (!copied)
      return;
    copied->path = path;
    made_.files.push_back(std::move(*copied));
  }

  void tell_streams() {
    auto rows = journal::open_sqlite_reader((options_.to / backed_up_journal).string());
    for (const auto& stream : rows->streams())
      if (auto head = rows->last_head(stream))
        made_.streams.push_back({stream.text(), head->epoch, head->seq, law::to_hex(head->link)});
  }

  void verify() const {
    std::ostringstream told;
    verify_options options;
    options.journal = options_.to;
    options.signers = signers_known_to(with_, with_.keys, with_.data);
    options.hosted = with_.stream();
    if (verify_command(options, told, err_) != exit_done)
      throw backup_damaged{"la copie du journal n'est pas ce qui a été écrit"};
  }

  const backup_options& options_;
  const configuration& with_;
  std::ostream& err_;
  backup_manifest made_;
};

std::string in_words(const backup_manifest& made, const fs::path& to) {
  std::string text =
      "Sauvegarde faite et vérifiée : " + to.string() + ", " + std::to_string(made.files.size()) + " fichiers.";
  for (const auto& one : made.streams)
    text +=
        "\n" + one.stream + " : jusqu'à l'écriture " + std::to_string(one.seq) + ", " + one.link.substr(0, 16) + "…";
  text += made.with_keys ? "\nLES CLÉS DU NŒUD Y SONT : qui a cette sauvegarde lit tout."
                         : "\nLes clés du nœud n'y sont pas : gardez-en une copie ailleurs.";
  return text;
}

ordered_json for_machines(const backup_manifest& made, const fs::path& to) {
  auto streams = ordered_json::array();
  for (const auto& one : made.streams)
    streams.push_back({{"stream", one.stream}, {"epoch", one.epoch}, {"seq", one.seq}, {"link", one.link}});
  return {{"backup", to.string()},
          {"files", made.files.size()},
          {"with_keys", made.with_keys},
          {"streams", std::move(streams)}};
}

int back_up(const backup_options& options, const configuration& with, const teller& tell, std::ostream& err) {
  if (!fs::exists(with.data / backed_up_journal))
    return tell.refuse("Il n'y a pas de journal ici : " + with.data.string());
  if (fs::exists(options.to) && (!fs::is_directory(options.to) || !fs::is_empty(options.to)))
    return tell.refuse("Une sauvegarde se fait dans un dossier vide, ou qui n'existe pas : " + options.to.string());
  try {
    folder_in_the_making folder{options.to};
    auto made = backup{options, with, err}.make();
    folder.done();
    return tell.done(for_machines(made, options.to), in_words(made, options.to));
  } catch (const backup_damaged& damaged) {
    return tell.refuse(std::string{"Rien n'a été gardé : "} + damaged.what() + ".", exit_integrity);
  } catch (const journal::store_broken& broken) {
    return tell.refuse(std::string{"Le journal n'est pas celui qui a été écrit : "} + broken.what(), exit_integrity);
  }
}

} // namespace

int backup_command(const backup_options& options, std::ostream& out, std::ostream& err) {
  teller tell{options.json, out, err};
  auto with = read_configuration_text(options.configuration, territory_map::load());
  if (!with)
    return tell.refuse(with.error(), options.configuration);
  try {
    return back_up(options, *with, tell, err);
  } catch (const std::exception& failure) {
    return tell.refuse(std::string{"La sauvegarde n'a pas été faite : "} + failure.what());
  }
}

} // namespace toit::nodes
