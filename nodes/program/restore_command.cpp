#include "journal/codec.hpp"
#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/transfers.hpp"
#include "nodes/ports/data_directory.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "nodes/program/backup_command.hpp"
#include "nodes/program/backup_manifest.hpp"
#include "nodes/program/progress.hpp"
#include "nodes/program/teller.hpp"
#include "nodes/program/verify_command.hpp"

#include <ostream>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// Why nothing is put back, in French, and the code of exit.
struct not_restored {
  std::string why;
  exit_code code = exit_refused;
};

[[noreturn]] void stop(std::string why, exit_code code = exit_refused) { throw not_restored{std::move(why), code}; }

/// What the folder may hold before anything is put back into it.
bool is_free(const fs::path& data) {
  // What an interrupted restoration has left is put back again, but for a journal: it comes last.
  if (fs::exists(data / backed_up_journal))
    return false;
  if (fs::exists(data / data_directory::restoring_name))
    return true;
  return std::ranges::all_of(fs::directory_iterator{data}, [](const auto& entry) {
    auto name = entry.path().filename().string();
    return name == "lock" || name == "tls";
  });
}

/// Files of the documents that the journal's erasures name: of the node's own stream, and of those beside it.
std::vector<fs::path> erased_documents(journal::store_reader& rows, const ports::stream_id& own) {
  constexpr std::size_t chunk = 4096;
  std::vector<fs::path> files;
  for (const auto& stream : rows.streams()) {
    auto begin = stream == own ? fs::path{"documents"} / "" : fs::path{"replicas"} / (stream.text() + "-");
    for (std::uint64_t after = 0;;) {
      auto part = rows.entries(stream, after, chunk);
      for (const auto& row : part) {
        after = row.header.seq;
        auto record = !row.erased && row.nonce.empty() ? journal::decode(row.content) : std::nullopt;
        const auto* tombstone = record ? std::get_if<law::demande_erased>(&record->event) : nullptr;
        for (std::size_t i = 0; tombstone && i < tombstone->files.size(); ++i)
          files.push_back(fs::path{begin} += law::to_hex(tombstone->files[i].bytes) + ".document");
      }
      if (part.size() < chunk)
        break;
    }
  }
  return files;
}

class restoration {
public:
  restoration(const restore_options& options, const configuration& with, std::ostream& out, std::ostream& err)
      : options_{options}, with_{with}, out_{out}, err_{err} {}

  ordered_json run() {
    read();
    data_directory held{with_.data};
    if (!is_free(with_.data))
      stop("Ce dossier n'est pas vide, et rien n'y est remplacé : " + with_.data.string());
    aside_ = held.restoring();
    fs::remove_all(aside_);
    fs::create_directory(aside_);
    copy();
    verify();
    auto secrets = keys();
    take_newer(secrets);
    destroy_erased();
    auto told = stand();
    put_in_place(held);
    return told;
  }

private:
  void read() {
    auto manifest = read_manifest(options_.from);
    if (!manifest)
      stop("Ce n'est pas une sauvegarde entière (" + manifest.error() + ") : " + options_.from.string(),
           fs::exists(options_.from / manifest_name) ? exit_integrity : exit_refused);
    manifest_ = std::move(*manifest);
    if (manifest_.stream != with_.stream().text() || manifest_.purpose != law::name_of(with_.purpose))
      stop("Cette sauvegarde est celle d'un autre nœud : " + manifest_.stream + ", " + manifest_.purpose + ".");
    if (manifest_.journal_format > journal::store_format_version)
      stop("Cette sauvegarde est d'un programme plus récent.");
  }

  void copy() {
    std::uint64_t all = 0;
    for (const auto& file : manifest_.files)
      all += file.bytes;
    progress_line line{"copie", err_};
    std::uint64_t before = 0;
    for (const auto& file : manifest_.files) {
      auto to = aside_ / file.path;
      fs::create_directories(to.parent_path());
      auto copied =
          copy_durably(options_.from / file.path, to, [&](std::uint64_t bytes) { line.at(before + bytes, all); });
      if (!copied)
        stop("La sauvegarde est abîmée : il y manque " + file.path + ".", exit_integrity);
      if (copied->bytes != file.bytes || copied->hash != file.hash)
        stop("La sauvegarde est abîmée : " + file.path + " n'est pas ce qui y a été mis.", exit_integrity);
      before += file.bytes;
    }
  }

  void verify() {
    verify_options options;
    options.journal = aside_;
    options.signers = signers_known_to(with_, key_file(), aside_);
    options.hosted = with_.stream();
    options.json = options_.json;
    if (verify_command(options, out_, err_) != exit_done)
      stop("La sauvegarde n'est pas ce qui a été écrit : rien n'a été remis.", exit_integrity);
    auto rows = journal::open_sqlite_reader((aside_ / backed_up_journal).string());
    for (const auto& one : manifest_.streams) {
      auto stream = ports::stream_id::parse(one.stream);
      auto head = stream ? rows->last_head(*stream) : std::nullopt;
      if (!head || head->seq != one.seq || law::to_hex(head->link) != one.link)
        stop("La sauvegarde n'est pas celle de son manifeste : " + one.stream + ".", exit_integrity);
    }
  }

  /// That of the backup where the node has none.
  fs::path key_file() const {
    return manifest_.with_keys && !fs::exists(with_.keys) ? aside_ / backed_up_keys : with_.keys;
  }

  journal::node_keys keys() {
    auto file = key_file();
    keys_come_back_ = file != with_.keys;
    auto secrets = read_keys(file);
    if (!secrets)
      stop(file.string() + " : " + std::string{in_words(secrets.error())});
    auto rows = journal::open_sqlite_reader((aside_ / backed_up_journal).string());
    journal::key_ring ring;
    for (const auto& sealed : rows->keys())
      ring.add(sealed, *secrets);
    if (!ring.that_open(with_.stream())->has_index())
      stop("Ces clés ne sont pas celles de ce journal : " + file.string());
    return *secrets;
  }

  /// As from a neighbour: what goes on where the backup ends, under the node's own signature, erasures included.
  void take_newer(const journal::node_keys& secrets) {
    auto node = open(secrets);
    node->load(with_.stream());
    if (!options_.newer)
      return;
    constexpr std::size_t part_bytes = std::size_t{4} << 20;
    auto& writer = node->writer();
    writer.hold_back(with_.stream(), true);
    auto source = journal::open_transfers(journal::open_sqlite_reader(newer_file().string()));
    auto after = writer.last_seq(with_.stream());
    auto end = source->position(with_.stream());
    auto ours = node->open_transfers()->position(with_.stream());
    if (end && ours && end->seq >= ours->seq && source->link_at(with_.stream(), ours->seq) != ours->link)
      stop("Le journal plus récent a une autre histoire que la sauvegarde.", exit_integrity);
    progress_line line{"reprise", err_};
    while (end && after < end->seq) {
      auto read = source->read(with_.stream(), after, part_bytes);
      if (!read)
        break;
      auto brought = *read;
      brought.signers = journal::signing_publics(secrets);
      name_hosts(brought, *source);
      auto result = writer.stage_transfer(brought);
      if (result.status == ports::transfer_status::read_only || !writer.sync().entries)
        stop("Le disque est plein.");
      if (result.status != ports::transfer_status::stored)
        stop("Le journal plus récent n'est pas ce qui a été écrit : écriture " + std::to_string(result.at) + " (" +
                 std::string{law::name_of(result.status)} + ").",
             exit_integrity);
      taken_ += result.now.seq - after;
      after = result.now.seq;
      line.at(after, end->seq);
    }
  }

  /// A stream that has passed is signed by others too: whoever its own cuts name.
  // [L441-2-7-4-1]
  void name_hosts(ports::transfer& brought, ports::transfer_source& source) const {
    auto cuts = source.cuts(with_.stream());
    if (cuts.empty())
      return;
    brought.epoch = cuts.back().epoch;
    auto named = source.signers(with_.stream());
    for (const auto& cut : cuts)
      brought.former.push_back({cut.epoch, named, {}});
    brought.signers = std::move(named);
  }

  std::unique_ptr<journal::node_journal> open(const journal::node_keys& secrets) const {
    journal::journal_setup setup;
    setup.open_store = [this] { return journal::open_sqlite_store((aside_ / backed_up_journal).string()); };
    setup.log_place = {(aside_ / "log").string(), {}};
    setup.log_folder = open_log_folder(aside_ / "log");
    setup.snapshots = open_folder(aside_ / "snapshots");
    setup.keys = secrets;
    setup.clock = std::make_shared<system_clock>();
    return std::make_unique<journal::node_journal>(std::move(setup));
  }

  fs::path newer_file() const {
    auto file = fs::is_directory(*options_.newer) ? *options_.newer / backed_up_journal : *options_.newer;
    if (!fs::exists(file))
      stop("Il n'y a pas de journal ici : " + options_.newer->string());
    return file;
  }

  void destroy_erased() {
    auto rows = journal::open_sqlite_reader((aside_ / backed_up_journal).string());
    for (const auto& file : erased_documents(*rows, with_.stream()))
      destroyed_ += fs::remove(aside_ / file) ? 1 : 0;
  }

  ordered_json stand() const {
    auto rows = journal::open_sqlite_reader((aside_ / backed_up_journal).string());
    auto head = rows->last_head(with_.stream());
    law::require(head.has_value(), "a journal that was verified has a head");
    return {{"restored", with_.data.string()},   {"made_at", manifest_.made_at},
            {"stream", manifest_.stream},        {"seq", head->seq},
            {"link", law::to_hex(head->link)},   {"taken", taken_},
            {"documents_destroyed", destroyed_}, {"keys", keys_come_back_}};
  }

  /// The journal last: without it the node would not begin, and would not begin another stream while the restoration
  /// is unfinished either.
  void put_in_place(const data_directory& held) {
    fs::remove_all(aside_ / "snapshots");
    fs::create_directories(aside_ / "marks");
    fs::remove(aside_ / "marks" / data_directory::restored_mark);
    write_durably(aside_ / "marks" / data_directory::restored_mark, manifest_.made_at);
    if (keys_come_back_ && !copy_durably(aside_ / backed_up_keys, with_.keys))
      stop("Les clés n'ont pas été remises.");
    fs::remove(aside_ / backed_up_keys);
    for (auto folder : backed_up_folders) {
      if (!fs::exists(aside_ / folder))
        continue;
      fs::remove_all(held.path() / folder);
      fs::rename(aside_ / folder, held.path() / folder);
    }
    sync_folder_of(held.path());
    measure_durably(aside_ / backed_up_journal);
    fs::rename(aside_ / backed_up_journal, held.journal());
    sync_folder_of(held.path());
    fs::remove_all(aside_);
    sync_folder_of(held.path());
  }

  const restore_options& options_;
  const configuration& with_;
  std::ostream& out_;
  std::ostream& err_;
  backup_manifest manifest_;
  fs::path aside_;
  std::uint64_t taken_ = 0;
  std::uint64_t destroyed_ = 0;
  bool keys_come_back_ = false;
};

std::string in_words(const ordered_json& told, const configuration& with, bool has_newer) {
  std::string text = "Sauvegarde du " + told["made_at"].get<std::string>() +
                     " vérifiée et remise : " + told["restored"].get<std::string>() + "\n" +
                     told["stream"].get<std::string>() + " : jusqu'à l'écriture " +
                     std::to_string(told["seq"].get<std::uint64_t>()) + ", " +
                     told["link"].get<std::string>().substr(0, 16) + "…";
  if (has_newer)
    text += "\n" + std::to_string(told["taken"].get<std::uint64_t>()) + " écritures reprises du journal plus récent.";
  if (with.federation)
    text += "\nLe nœud ne servira qu'une fois que ses voisins lui auront rendu ce qui lui manque, effacements compris.";
  else if (!has_newer)
    text += "\nAucun voisin ne dira ce qui a été effacé depuis : effacez-le de nouveau avant d'ouvrir le service.";
  text += "\nAssurez-vous que l'ancienne machine ne redémarre jamais.";
  return text;
}

} // namespace

int restore_command(const restore_options& options, std::ostream& out, std::ostream& err) {
  teller tell{options.json, out, err};
  auto with = read_configuration_text(options.configuration, territory_map::load());
  if (!with)
    return tell.refuse(with.error(), options.configuration);
  try {
    auto told = restoration{options, *with, out, err}.run();
    return tell.done(told, in_words(told, *with, options.newer.has_value()));
  } catch (const not_restored& because) {
    return tell.refuse(because.why, because.code);
  } catch (const directory_in_use&) {
    return tell.refuse("Un autre processus tient ce dossier : " + with->data.string());
  } catch (const journal::store_broken& broken) {
    return tell.refuse(std::string{"Le journal n'est pas celui qui a été écrit : "} + broken.what(), exit_integrity);
  } catch (const std::exception& failure) {
    return tell.refuse(std::string{"La sauvegarde n'a pas été remise : "} + failure.what());
  }
}

} // namespace toit::nodes
