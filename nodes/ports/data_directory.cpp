#include "nodes/ports/data_directory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>

namespace toit::nodes {

namespace fs = std::filesystem;

data_directory::data_directory(fs::path path) : path_{std::move(path)} {
  if (fs::create_directories(path_))
    fs::permissions(path_, fs::perms::owner_all);
  auto name = path_ / "lock";
  lock_ = file_descriptor{::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!lock_)
    throw std::system_error{errno, std::generic_category(), name.string()};
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    throw directory_in_use{path_.string()};
}

} // namespace toit::nodes
