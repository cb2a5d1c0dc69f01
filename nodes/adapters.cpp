#include "nodes/adapters.hpp"

#include "journal/pack.hpp"

#include <sodium.h>

namespace toit::nodes {

namespace {

class sealed_accounts : public ports::account_sealer {
public:
  sealed_accounts(std::shared_ptr<const journal::key_ring> keys, ports::stream_id stream)
      : keys_{std::move(keys)}, stream_{stream} {}

  ports::account_row seal(const ports::account_secrets& secrets) override {
    auto sealed = keys_->of(stream_)->seal_local(journal::accounts_purpose, journal::pack_alone(secrets));
    auto subject = secrets.own_dossier ? law::subject_of(*secrets.own_dossier) : law::subject_of(secrets.account);
    return {secrets.account, std::move(sealed), subject};
  }

  std::optional<ports::account_secrets> open(const ports::account_row& row) override {
    auto plain = keys_->that_open(stream_)->open_local(journal::accounts_purpose, row.sealed);
    auto secrets = plain ? journal::unpack_alone<ports::account_secrets>(*plain) : std::nullopt;
    return secrets && secrets->account == row.account ? std::move(secrets) : std::nullopt;
  }

private:
  std::shared_ptr<const journal::key_ring> keys_;
  ports::stream_id stream_;
};

class keyed_digester : public ports::digester {
public:
  keyed_digester(std::shared_ptr<const journal::key_ring> keys, ports::stream_id stream)
      : keys_{std::move(keys)}, stream_{stream} {}

  law::bytes32 digest(std::string_view purpose, std::span<const std::uint8_t> content) const override {
    return keys_->of(stream_)->digest(purpose, content);
  }

  law::bytes32 plain_digest(std::span<const std::uint8_t> content) const override {
    return nodes::plain_digest(content);
  }

private:
  std::shared_ptr<const journal::key_ring> keys_;
  ports::stream_id stream_;
};

} // namespace

std::shared_ptr<ports::account_sealer> make_account_sealer(std::shared_ptr<const journal::key_ring> keys,
                                                           ports::stream_id stream) {
  return std::make_shared<sealed_accounts>(std::move(keys), stream);
}

std::shared_ptr<ports::digester> make_digester(std::shared_ptr<const journal::key_ring> keys, ports::stream_id stream) {
  return std::make_shared<keyed_digester>(std::move(keys), stream);
}

law::bytes32 plain_digest(std::span<const std::uint8_t> content) {
  law::bytes32 digest{};
  crypto_generichash(digest.data(), digest.size(), content.data(), content.size(), nullptr, 0);
  return digest;
}

} // namespace toit::nodes
