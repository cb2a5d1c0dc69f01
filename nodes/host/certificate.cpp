#include "nodes/host/certificate.hpp"

#include "nodes/ports/disk_files.hpp"
#include "web/server/certificate.hpp"

namespace toit::nodes {

namespace fs = std::filesystem;

namespace {

void write(ports::files& folder, const fs::path& file, std::string_view text) {
  auto writer = folder.create(file.filename().string());
  writer->append({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  writer->commit();
}

} // namespace

certificate_files ensure_own_certificate(const fs::path& folder) {
  certificate_files files{folder / "certificate.pem", folder / "private_key.pem"};
  if (fs::exists(files.certificate) && fs::exists(files.private_key))
    return files;
  auto made = web::make_self_signed();
  auto opened = open_folder(folder);
  write(*opened, files.private_key, made.private_key);
  write(*opened, files.certificate, made.certificate);
  return files;
}

} // namespace toit::nodes
