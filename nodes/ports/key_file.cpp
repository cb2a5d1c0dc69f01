#include "nodes/ports/key_file.hpp"

#include "nodes/ports/file_descriptor.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sodium.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace toit::nodes {

namespace {

std::string line_of(std::string_view name, const journal::bytes32& secret) {
  std::string hex(2 * secret.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), secret.data(), secret.size());
  hex.pop_back();
  return std::string{name} + " = " + hex + "\n";
}

bool read_line(std::istream& in, std::string_view name, journal::bytes32& secret) {
  std::string line;
  std::getline(in, line);
  auto prefix = std::string{name} + " = ";
  if (!line.starts_with(prefix) || line.size() != prefix.size() + 2 * secret.size())
    return false;
  std::size_t length = 0;
  return sodium_hex2bin(secret.data(), secret.size(), line.data() + prefix.size(), 2 * secret.size(), nullptr, &length,
                        nullptr) == 0 &&
         length == secret.size();
}

} // namespace

std::string_view in_words(key_file_fault fault) {
  switch (fault) {
  case key_file_fault::missing:
    return "le fichier manque : « toit keys create » le fait";
  case key_file_fault::open_to_others:
    return "le fichier est ouvert à d'autres : chmod 600";
  case key_file_fault::malformed:
    return "le fichier n'est pas un fichier de clés";
  }
  std::unreachable();
}

std::expected<journal::node_keys, key_file_fault> read_keys(const std::filesystem::path& file) {
  struct stat about{};
  if (::stat(file.c_str(), &about) != 0)
    return std::unexpected{key_file_fault::missing};
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return std::unexpected{key_file_fault::open_to_others};
  std::ifstream in{file};
  journal::node_keys keys;
  if (!read_line(in, "signing_seed", keys.signing_seed) || !read_line(in, "operating_secret", keys.operating_secret))
    return std::unexpected{key_file_fault::malformed};
  while (in.peek() != std::ifstream::traits_type::eof()) {
    journal::former_keys before;
    if (keys.former.size() == former_keys_limit || !read_line(in, "former_signing_seed", before.signing_seed) ||
        !read_line(in, "former_operating_secret", before.operating_secret))
      return std::unexpected{key_file_fault::malformed};
    keys.former.push_back(before);
  }
  return keys;
}

namespace {

void write_keys(const std::filesystem::path& file, const journal::node_keys& keys) {
  file_descriptor made{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  auto fail = [&] { throw std::system_error{errno, std::generic_category(), file.string()}; };
  if (!made)
    fail();
  auto text = line_of("signing_seed", keys.signing_seed) + line_of("operating_secret", keys.operating_secret);
  for (const auto& before : keys.former)
    text += line_of("former_signing_seed", before.signing_seed) +
            line_of("former_operating_secret", before.operating_secret);
  if (::write(made.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(made.get()) != 0)
    fail();
}

/// What stands there after a power cut too.
void sync_folder_of(const std::filesystem::path& file) {
  auto folder = std::filesystem::absolute(file).parent_path();
  file_descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened || ::fsync(opened.get()) != 0)
    throw std::system_error{errno, std::generic_category(), folder.string()};
}

std::filesystem::path write_aside(const std::filesystem::path& file, const journal::node_keys& keys) {
  auto aside = file;
  aside += ".part";
  // Left by a crash, or put there by somebody: in no case is it written into.
  std::filesystem::remove(aside);
  write_keys(aside, keys);
  return aside;
}

} // namespace

journal::node_keys create_keys(const std::filesystem::path& file) {
  auto keys = journal::node_keys::generate();
  auto aside = write_aside(file, keys);
  // Never in the place of what is there.
  bool made = ::link(aside.c_str(), file.c_str()) == 0;
  auto why = errno;
  std::filesystem::remove(aside);
  if (!made)
    throw std::system_error{why, std::generic_category(), file.string()};
  sync_folder_of(file);
  return keys;
}

void replace_keys(const std::filesystem::path& file, const journal::node_keys& keys) {
  auto aside = write_aside(file, keys);
  if (::rename(aside.c_str(), file.c_str()) != 0)
    throw std::system_error{errno, std::generic_category(), file.string()};
  sync_folder_of(file);
}

} // namespace toit::nodes
