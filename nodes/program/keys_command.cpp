#include "nodes/program/keys_command.hpp"

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
};

[[noreturn]] void give_up(std::string why) { throw not_changed{std::move(why)}; }

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
  explicit rotation(const configuration& with) : with_{with}, next_{with.keys} { next_ += ".next"; }

  journal::node_keys prepare() const {
    if (!fs::exists(next_))
      create_keys(next_);
    return keys_in(next_);
  }

  /// The next keys in the place of the present ones, which stay beside them: to read what is older, and to sign one
  /// thing, that these are the keys now.
  journal::node_keys change() {
    data_directory held{with_.data};
    if (!fs::exists(held.journal()))
      give_up("Il n'y a pas de journal ici : " + with_.data.string());
    auto now = keys_in(with_.keys);
    if (now.former.size() == former_keys_limit)
      give_up("Ce fichier de clés en tient déjà trop d'anciennes.");
    // Interrupted once all was done but this.
    if (fs::exists(next_) && keys_in(next_).signing_seed == now.signing_seed) {
      fs::remove(next_);
      return now;
    }
    if (with_.federation && !fs::exists(next_))
      give_up("Préparez d'abord les clés (--prepare), et faites-les inscrire à l'annuaire.");
    auto next = (fs::exists(next_) ? keys_in(next_) : journal::node_keys::generate()).following(now);
    if (with_.federation)
      check_directory(held, next);
    replace_keys(with_.keys, next);
    fs::remove(next_);
    return next;
  }

private:
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

  const configuration& with_;
  fs::path next_;
};

int rotate(const rotate_options& options, const configuration& with, const teller& tell) {
  rotation work{with};
  if (options.prepare) {
    auto next = work.prepare();
    return tell.done(
        in_json("prepared", next),
        "Clés préparées, pas encore en service. À inscrire à l'annuaire, à côté des présentes (mais operating_key "
        "à la place de la présente, et une fois que le nœud sert avec les nouvelles) :\n" +
            public_halves(next));
  }
  auto keys = work.change();
  return tell.done(in_json("changed", keys),
                   "Clés du nœud changées ; son flux le dira dès que le nœud servira :\n" + public_halves(keys) +
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
    return rotate(options, *with, tell);
  } catch (const not_changed& because) {
    return tell.refuse(because.why);
  } catch (const directory_in_use&) {
    return tell.refuse("Arrêtez d'abord le nœud : un autre processus tient ce dossier, " + with->data.string());
  } catch (const std::exception& failure) {
    return tell.refuse(std::string{"Les clés n'ont pas été changées : "} + failure.what());
  }
}

} // namespace toit::nodes
