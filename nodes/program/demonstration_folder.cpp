#include "nodes/program/demonstration_folder.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>

namespace toit::nodes {

void mark(const std::filesystem::path& file, const std::string& content) {
  // One of them holds a password.
  auto others = ::umask(077);
  std::ofstream out{file};
  ::umask(others);
  out << content << '\n';
  if (!out.flush())
    throw std::runtime_error{"cannot write " + file.string()};
}

std::string read_mark(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  return line;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

} // namespace toit::nodes
