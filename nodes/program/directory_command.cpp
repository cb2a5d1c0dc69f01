#include "nodes/program/directory_command.hpp"

#include "nodes/ports/file_descriptor.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/directory_description.hpp"
#include "nodes/program/teller.hpp"
#include "web/server/shape.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <ostream>
#include <system_error>
#include <unistd.h>

namespace toit::nodes {

namespace {

using federation::directory;
using federation::directory_fault;
using ports::bytes;

/// Absent when it is not there or larger.
std::optional<std::string> read_bounded(const std::filesystem::path& file, std::size_t limit) {
  std::ifstream in{file, std::ios::binary};
  std::string text(limit + 1, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size())) && !in.eof())
    return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text.size() > limit ? std::nullopt : std::optional{std::move(text)};
}

/// Throws std::system_error when the file is there already or cannot be written whole.
void write_new(const std::filesystem::path& file, const bytes& content) {
  file_descriptor made{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  auto fail = [&](int code) { throw std::system_error{code, std::generic_category(), file.string()}; };
  if (!made)
    fail(errno);
  for (std::size_t done = 0; done < content.size();) {
    auto count = ::write(made.get(), content.data() + done, content.size() - done);
    if (count <= 0) {
      auto code = errno;
      ::unlink(file.c_str());
      fail(code);
    }
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(made.get()) != 0)
    fail(errno);
}

std::string counted(std::size_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count > 1 ? "s" : "");
}

std::string contents_of(const directory& in) {
  return counted(in.nodes.size(), "nœud") + ", " + counted(in.territories.size(), "territoire") + ", " +
         counted(in.competences.size(), "compétence");
}

int sign_and_write(const directory& issued, const issue_options& options, const teller& tell) {
  auto keys = read_keys(options.anchor);
  if (!keys)
    return tell.refuse(options.anchor.string() + " : " + std::string{in_words(keys.error())});
  journal::signing_key anchor{keys->signing_seed};
  auto signed_bytes = federation::sign_directory(issued, anchor);
  if (signed_bytes.size() > federation::directory_limit_bytes)
    return tell.refuse("L'annuaire signé serait trop grand : " + std::to_string(signed_bytes.size()) + " octets, " +
                       std::to_string(federation::directory_limit_bytes) + " au plus.");
  law::require(federation::open_directory(signed_bytes, anchor.public_half()) == issued,
               "a directory opens as it was signed");
  try {
    write_new(options.out, signed_bytes);
  } catch (const std::system_error& failure) {
    return tell.refuse(std::string{"L'annuaire n'a pas été écrit : "} + failure.what());
  }
  auto pinned = law::to_hex(anchor.public_half());
  return tell.done({{"issued", options.out.string()},
                    {"number", issued.number},
                    {"nodes", issued.nodes.size()},
                    {"territories", issued.territories.size()},
                    {"competences", issued.competences.size()},
                    {"valid_until", law::to_text(issued.valid_until)},
                    {"anchor", pinned}},
                   "Annuaire n° " + std::to_string(issued.number) + " signé : " + options.out.string() + "\n" +
                       contents_of(issued) + ", valable jusqu'au " + law::to_text(issued.valid_until) +
                       ".\nAncre, que chaque nœud doit connaître d'une autre source : " + pinned);
}

} // namespace

int issue_directory_command(const issue_options& options, law::instant now, std::ostream& out, std::ostream& err) {
  teller tell{options.json, out, err};
  auto text = read_bounded(options.description, description_limit_bytes);
  if (!text)
    return tell.refuse({{"", 0, "le fichier ne se lit pas, ou est trop grand"}}, options.description);
  auto map = territory_map::load();
  auto described = parse_directory_description(*text, map, now);
  if (!described)
    return tell.refuse(described.error(), options.description);
  return sign_and_write(*described, options, tell);
}

namespace {

std::optional<journal::public_key> key_in(std::string_view text) {
  journal::public_key key{};
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  return law::parse_hex(text, key) ? std::optional{key} : std::nullopt;
}

std::expected<journal::public_key, std::string> read_anchor(const std::string& given) {
  constexpr std::size_t limit = 4096;
  if (auto key = key_in(given))
    return *key;
  auto text = read_bounded(given, limit);
  if (!text)
    return std::unexpected{given + " : ni 64 chiffres hexadécimaux, ni un fichier qui se lise"};
  if (auto key = key_in(*text))
    return *key;
  auto keys = read_keys(given);
  if (!keys)
    return std::unexpected{given + " : " + std::string{in_words(keys.error())}};
  return journal::signing_key{keys->signing_seed}.public_half();
}

std::string_view in_words(federation::node_tier tier) {
  switch (tier) {
  case federation::node_tier::territory:
    return "territoire";
  case federation::node_tier::departement:
    return "département";
  case federation::node_tier::region:
    return "région";
  }
  std::unreachable();
}

std::string_view in_words(federation::matter matter) {
  switch (matter) {
  case federation::matter::dispositif:
    return "dispositif de gestion partagée";
  case federation::matter::thresholds:
    return "délais anormalement longs";
  case federation::matter::dalo:
    return "DALO";
  case federation::matter::cil:
    return "CIL";
  case federation::matter::cia:
    return "CIA";
  case federation::matter::plan:
    return "plan partagé";
  case federation::matter::registration:
    return "enregistrement des demandes";
  case federation::matter::obstruction:
    return "obstruction d'un bailleur";
  }
  std::unreachable();
}

template <class Codes>
std::string joined(const Codes& codes) {
  std::string text;
  for (const auto& code : codes)
    text += (text.empty() ? "" : ", ") + code.text();
  return text;
}

/// A directory for whoever reads it.
class directory_page {
public:
  directory_page(const directory& shown, std::ostream& out) : shown_{shown}, out_{out} {}

  void write(law::instant now) const {
    out_ << "Annuaire n° " << shown_.number << " (" << shown_.purpose.str() << ") : " << contents_of(shown_)
         << "\némis le " << law::to_text(shown_.issued_at) << ", "
         << (shown_.expired(now) ? "EXPIRÉ depuis le " : "valable jusqu'au ") << law::to_text(shown_.valid_until)
         << "\n";
    for (const auto& node : shown_.nodes)
      write(node);
    for (const auto& territory : shown_.territories)
      write(territory);
    if (!shown_.competences.empty())
      out_ << "\nCompétences\n";
    for (const auto& row : shown_.competences)
      out_ << "  " << row.territory.view() << (row.departement ? " (" + row.departement->text() + ")" : "") << ", "
           << in_words(row.matter) << " : " << row.authority.view() << "  (" << row.source.str() << ")\n";
  }

private:
  void write(const federation::node_entry& node) const {
    out_ << "\nNœud " << node.name.view() << " (" << in_words(node.tier) << ") : " << node.title.str()
         << "\n  répond du nœud  " << node.legal_person.view() << "\n  adresse         "
         << (node.endpoint.empty() ? "aucune : il va vers les autres" : node.endpoint.str()) << "\n  flux            "
         << (node.streams.empty() ? "aucun" : joined(node.streams)) << "\n";
    for (const auto& key : node.link_keys)
      write("  clé de lien     ", key);
    for (const auto& key : node.signing_keys)
      write("  clé signataire  ", key);
    if (node.operating_key)
      out_ << "  clé du nœud     " << law::to_hex(*node.operating_key) << "\n";
    if (node.escrow_key)
      out_ << "  clé séquestre   " << law::to_hex(*node.escrow_key) << "\n";
  }

  void write(std::string_view what, const federation::dated_key& key) const {
    out_ << what << law::to_hex(key.key) << " du " << law::to_text(key.from)
         << (key.revoked ? ", RÉVOQUÉE le " + law::to_text(*key.revoked) : "") << "\n";
  }

  void write(const federation::territory_entry& territory) const {
    const auto* host = shown_.host_of(territory.stream);
    out_ << "\nTerritoire " << territory.territory.view() << " " << territory.name.str() << " ("
         << joined(territory.departements) << "), du " << law::to_text(territory.from)
         << (territory.until ? " au " + law::to_text(*territory.until) : "") << "\n  nœud            "
         << (host ? host->name.view() : "pas encore") << "\n  dispositif      " << territory.ordering.view()
         << "\n  suivi par       " << joined(territory.supervisors) << "\n";
  }

  const directory& shown_;
  std::ostream& out_;
};

std::string why_not_opened(directory_fault fault) {
  switch (fault) {
  case directory_fault::malformed:
    return "Ce fichier n'est pas un annuaire signé.";
  case directory_fault::inconsistent:
    return "Cet annuaire se contredit : il n'aurait pas dû être émis.";
  case directory_fault::bad_signature:
    return "Cet annuaire n'est pas signé par cette ancre, ou a été altéré depuis.";
  }
  std::unreachable();
}

} // namespace

int show_directory_command(const show_options& options, law::instant now, std::ostream& out, std::ostream& err) {
  teller tell{options.json, out, err};
  auto anchor = read_anchor(options.anchor);
  if (!anchor)
    return tell.refuse(anchor.error());
  auto content = read_bounded(options.file, federation::directory_limit_bytes);
  if (!content)
    return tell.refuse(options.file.string() + " : le fichier ne se lit pas, ou est trop grand");
  auto opened = federation::open_directory(journal::view_of(*content), *anchor);
  if (!opened)
    return tell.refuse(why_not_opened(opened.error()),
                       opened.error() == directory_fault::bad_signature ? exit_integrity : exit_refused);
  if (options.json) {
    auto shown = web::wire<directory>::write(*opened);
    shown["expired"] = opened->expired(now);
    out << web::to_text(shown) << std::endl;
  } else {
    directory_page{*opened, out}.write(now);
  }
  return exit_done;
}

int show_keys_command(const std::filesystem::path& file, bool json, std::ostream& out, std::ostream& err) {
  teller tell{json, out, err};
  auto keys = read_keys(file);
  if (!keys)
    return tell.refuse(file.string() + " : " + std::string{in_words(keys.error())});
  auto signing = law::to_hex(journal::signing_key{keys->signing_seed}.public_half());
  auto operating = law::to_hex(journal::operating_public(keys->operating_secret));
  auto link = law::to_hex(journal::link_public(*keys));
  return tell.done({{"signing_key", signing}, {"operating_key", operating}, {"link_key", link}},
                   "signing_key   = " + signing + "\noperating_key = " + operating + "\nlink_key      = " + link +
                       "\nCe sont les moitiés publiques : elles se donnent à l'autorité qui émet l'annuaire.");
}

} // namespace toit::nodes
