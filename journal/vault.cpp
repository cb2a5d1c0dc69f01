#include "journal/vault.hpp"

#include <sodium.h>

namespace toit::journal {

namespace {

constexpr std::string_view suffix = ".document";

std::string file_of(law::document_id id) { return law::to_text(id) + std::string{suffix}; }

class vault : public ports::document_vault {
public:
  vault(std::shared_ptr<ports::files> folder, std::shared_ptr<const key_ring> keys)
      : folder_{std::move(folder)}, keys_{std::move(keys)} {}

  ports::stored_document store(const ports::stream_id& stream, law::dossier_id dossier, byte_view content) override {
    ports::stored_document stored;
    randombytes_buf(stored.id.bytes.data(), stored.id.bytes.size());
    randombytes_buf(stored.key.data(), stored.key.size());
    stored.digest = keys_->of(stream)->document_digest(dossier, content);
    stored.size_bytes = content.size();
    auto file = folder_->create(file_of(stored.id));
    file->append(encrypt_with(stored.key, content, stored.id.bytes));
    file->commit();
    return stored;
  }

  std::optional<bytes> open(law::document_id id, const bytes32& key) override {
    // One more byte would show a file that has grown.
    constexpr auto most = ports::document_limit_bytes + ports::document_overhead_bytes;
    auto sealed = folder_->read(file_of(id), 0, most + 1);
    if (!sealed)
      return std::nullopt;
    return decrypt_with(key, *sealed, id.bytes);
  }

  void destroy(law::document_id id) override { folder_->remove(file_of(id)); }

  std::vector<law::document_id> list() override {
    std::vector<law::document_id> found;
    for (const auto& name : folder_->list()) {
      law::document_id id;
      if (name.ends_with(suffix) &&
          law::parse_hex(std::string_view{name}.substr(0, name.size() - suffix.size()), id.bytes))
        found.push_back(id);
    }
    return found;
  }

private:
  std::shared_ptr<ports::files> folder_;
  std::shared_ptr<const key_ring> keys_;
};

} // namespace

std::shared_ptr<ports::document_vault> open_vault(std::shared_ptr<ports::files> folder,
                                                  std::shared_ptr<const key_ring> keys) {
  return std::make_shared<vault>(std::move(folder), std::move(keys));
}

} // namespace toit::journal
