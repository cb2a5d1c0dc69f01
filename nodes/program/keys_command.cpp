#include "nodes/program/keys_command.hpp"

#include "journal/signers.hpp"
#include "journal/sqlite_store.hpp"
#include "law/time_zone.hpp"
#include "nodes/host/opened_node.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/teller.hpp"

#include <ostream>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;

struct not_changed {
  std::string why;
  exit_code code = exit_refused;
};

[[noreturn]] void give_up(std::string why, exit_code code = exit_refused) { throw not_changed{std::move(why), code}; }

std::string public_halves(const journal::node_keys& keys) {
  return "signing_key   = " + law::to_hex(journal::signing_key{keys.signing_seed}.public_half()) +
         "\noperating_key = " + law::to_hex(journal::operating_public(keys.operating_secret)) +
         "\nlink_key      = " + law::to_hex(journal::link_public(keys));
}

nlohmann::ordered_json in_json(const char* what, const journal::node_keys& keys) {
  return {{what, true},
          {"signing_key", law::to_hex(journal::signing_key{keys.signing_seed}.public_half())},
          {"operating_key", law::to_hex(journal::operating_public(keys.operating_secret))},
          {"link_key", law::to_hex(journal::link_public(keys))}};
}

journal::node_keys keys_in(const fs::path& file) {
  auto keys = read_keys(file);
  if (!keys)
    give_up(file.string() + " : " + std::string{in_words(keys.error())});
  return *keys;
}

class rotation {
public:
  rotation(const rotate_options& options, const configuration& with, const territory_map& map)
      : options_{options}, with_{with}, place_{place_of(with, map)}, next_{with.keys} {
    next_ += ".next";
  }

  journal::node_keys prepare() const {
    if (!fs::exists(next_))
      create_keys(next_);
    return keys_in(next_);
  }

  journal::node_keys change() {
    auto keys = keys_in(with_.keys);
    data_directory held{with_.data};
    if (!fs::exists(held.journal()))
      give_up("Il n'y a pas de journal ici : " + with_.data.string());
    if (with_.federation && fs::exists(held.marks() / data_directory::restored_mark))
      give_up("Ce nœud vient d'être remis d'une sauvegarde : qu'il reprenne d'abord ce que ses voisins tiennent.");
    if (open(held, keys)->can_sign(with_.stream()))
      keys = take_next(held, keys);
    auto journal = open(held, keys);
    auto clock = clock_of(held);
    bool endorsed = !options_.stolen && !is_revoked(held, keys);
    if (journal->change_key(with_.stream(), endorsed, law::local_date(place_.departement, clock->now())))
      seq_ = journal->writer().last_seq(with_.stream());
    if (fs::exists(next_) && keys_in(next_).signing_seed == keys.signing_seed)
      fs::remove(next_);
    return keys;
  }

  std::uint64_t seq() const { return seq_; }

private:
  /// The next keys in the place of the present ones, which stay beside them: until the entry is written, and to read
  /// what is older.
  journal::node_keys take_next(const data_directory& held, const journal::node_keys& now) const {
    if (now.former.size() == former_keys_limit)
      give_up("Ce fichier de clés en tient déjà trop d'anciennes.");
    // Interrupted once all was done but this.
    if (fs::exists(next_) && keys_in(next_).signing_seed == now.signing_seed)
      fs::remove(next_);
    if (with_.federation && !fs::exists(next_))
      give_up("Préparez d'abord les clés (--prepare), et faites-les inscrire à l'annuaire.");
    auto next = fs::exists(next_) ? keys_in(next_) : journal::node_keys::generate();
    if (with_.federation)
      check_directory(held, next);
    next = next.following(now);
    replace_keys(with_.keys, next);
    return next;
  }

  /// Neighbours would let nobody in under keys that the directory does not name.
  void check_directory(const data_directory& held, const journal::node_keys& next) const {
    auto newest = newest_directory(*with_.federation, with_.purpose, held.path());
    const auto* self = newest ? newest->directory.find(with_.federation->name) : nullptr;
    if (!self)
      give_up("L'annuaire ne se lit pas, ou ne nomme pas ce nœud.");
    auto now = system_clock{}.now();
    auto lists = [&](const auto& keys, const law::bytes32& key) {
      return std::ranges::any_of(keys,
                                 [&](const federation::dated_key& one) { return one.key == key && one.in_force(now); });
    };
    if (!lists(self->signing_keys, journal::signing_key{next.signing_seed}.public_half()) ||
        !lists(self->link_keys, journal::link_public(next)))
      give_up("L'annuaire n'inscrit pas encore ces clés, ou pas encore aujourd'hui :\n" + public_halves(next));
  }

  /// The key before the present one endorses nothing when the directory says that it is revoked.
  bool is_revoked(const data_directory& held, const journal::node_keys& keys) const {
    auto newest = with_.federation ? newest_directory(*with_.federation, with_.purpose, held.path()) : std::nullopt;
    if (!newest || keys.former.empty())
      return false;
    auto before = journal::signing_key{keys.former.front().signing_seed}.public_half();
    auto now = system_clock{}.now();
    return std::ranges::any_of(
        newest->directory.signing_keys_of(with_.stream()),
        [&](const federation::dated_key& one) { return one.key == before && one.revoked && now >= *one.revoked; });
  }

  /// A demonstration's time stands still while it does not serve.
  std::shared_ptr<const ports::clock> clock_of(const data_directory& held) const {
    if (!with_.clock_is_steered())
      return std::make_shared<system_clock>();
    auto rows = journal::open_sqlite_reader(held.journal().string());
    auto head = rows->last_head(with_.stream());
    auto last = head ? rows->entry(with_.stream(), head->seq) : std::nullopt;
    if (!last)
      give_up("Ce journal n'a pas le flux de ce nœud.");
    return std::make_shared<steered_clock>(law::instant{std::chrono::milliseconds{last->header.recorded_at_ms}});
  }

  std::unique_ptr<journal::node_journal> open(const data_directory& held, const journal::node_keys& keys) const {
    journal::journal_setup setup;
    setup.open_store = [path = held.journal().string()] { return journal::open_sqlite_store(path); };
    setup.log_place = {held.logs().string(), {}};
    setup.log_folder = open_log_folder(held.logs());
    setup.snapshots = open_folder(held.snapshots());
    setup.keys = keys;
    setup.clock = clock_of(held);
    auto journal = std::make_unique<journal::node_journal>(std::move(setup));
    journal->load(with_.stream());
    return journal;
  }

  const rotate_options& options_;
  const configuration& with_;
  served_place place_;
  fs::path next_;
  std::uint64_t seq_ = 0;
};

int rotate(const rotate_options& options, const configuration& with, const territory_map& map, const teller& tell) {
  rotation work{options, with, map};
  if (options.prepare) {
    auto next = work.prepare();
    return tell.done(
        in_json("prepared", next),
        "Clés préparées, pas encore en service. À inscrire à l'annuaire, à côté des présentes (mais operating_key "
        "à la place de la présente, et une fois que le nœud sert avec les nouvelles) :\n" +
            public_halves(next));
  }
  auto keys = work.change();
  auto told = in_json("changed", keys);
  told["seq"] = work.seq();
  return tell.done(
      told, "Clés du nœud changées" + (work.seq() > 0 ? ", écriture " + std::to_string(work.seq()) : std::string{}) +
                " :\n" + public_halves(keys) +
                "\nCopiez de nouveau le fichier de clés hors de la machine : il tient aussi les anciennes, "
                "sans lesquelles ce qui précède ne se lit plus.");
}

} // namespace

int rotate_keys_command(const rotate_options& options, std::ostream& out, std::ostream& err) {
  teller tell{options.json, out, err};
  auto map = territory_map::load();
  auto with = read_configuration_text(options.configuration, map);
  if (!with)
    return tell.refuse(with.error(), options.configuration);
  try {
    return rotate(options, *with, map, tell);
  } catch (const not_changed& because) {
    return tell.refuse(because.why, because.code);
  } catch (const directory_in_use&) {
    return tell.refuse("Arrêtez d'abord le nœud : un autre processus tient ce dossier, " + with->data.string());
  } catch (const journal::store_broken& broken) {
    return tell.refuse(std::string{"Le journal n'est pas celui qui a été écrit : "} + broken.what(), exit_integrity);
  } catch (const std::exception& failure) {
    return tell.refuse(std::string{"Les clés n'ont pas été changées : "} + failure.what());
  }
}

} // namespace toit::nodes
