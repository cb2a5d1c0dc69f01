#include "journal/keys.hpp"

#include <sodium.h>

namespace toit::journal {

namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
static_assert(nonce_bytes == entry_nonce_bytes);
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

/// What an entry's ciphertext is bound to: moved to another stream, epoch or subject, it no longer opens.
bytes place_of(const ports::stream_id& stream, std::uint32_t epoch, law::subject_id subject) {
  constexpr std::size_t longest = 64;
  bytes place;
  place.reserve(longest);
  put(place, view_of("toit.entry.1"));
  place.push_back(static_cast<std::uint8_t>(stream.view().size()));
  put(place, view_of(stream.view()));
  put_u32(place, epoch);
  put(place, subject.bytes);
  return place;
}

bytes encrypt_under(const bytes32& key, byte_view nonce, byte_view plain, byte_view bound_to) {
  bytes content(plain.size() + tag_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(content.data(), nullptr, plain.data(), plain.size(), bound_to.data(),
                                             bound_to.size(), nullptr, nonce.data(), key.data());
  return content;
}

std::optional<bytes> decrypt_under(const bytes32& key, byte_view nonce, byte_view content, byte_view bound_to) {
  if (nonce.size() != nonce_bytes || content.size() < tag_bytes)
    return std::nullopt;
  bytes plain(content.size() - tag_bytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, content.data(), content.size(),
                                                 bound_to.data(), bound_to.size(), nonce.data(), key.data()) != 0)
    return std::nullopt;
  return plain;
}

} // namespace

node_keys node_keys::generate() {
  node_keys keys;
  randombytes_buf(keys.signing_seed.data(), keys.signing_seed.size());
  randombytes_buf(keys.operating_secret.data(), keys.operating_secret.size());
  return keys;
}

node_keys node_keys::following(const node_keys& before) const {
  auto keys = *this;
  keys.former = before.former;
  keys.former.insert(keys.former.begin(), {before.signing_seed, before.operating_secret});
  return keys;
}

std::vector<public_key> signing_publics(const node_keys& keys) {
  std::vector publics{signing_key{keys.signing_seed}.public_half()};
  for (const auto& before : keys.former)
    publics.push_back(signing_key{before.signing_seed}.public_half());
  return publics;
}

std::vector<bytes32> operating_secrets(const node_keys& keys) {
  std::vector secrets{keys.operating_secret};
  for (const auto& before : keys.former)
    secrets.push_back(before.operating_secret);
  return secrets;
}

bytes32 operating_public(const bytes32& operating_secret) {
  bytes32 half;
  crypto_scalarmult_base(half.data(), operating_secret.data());
  return half;
}

bytes32 link_secret(const node_keys& keys) { return hash("toit.link.key", {}, keys.operating_secret); }

bytes32 link_public(const node_keys& keys) { return operating_public(link_secret(keys)); }

namespace {

bytes key_message(const sealed_key& sealed) {
  bytes message;
  put(message, view_of("toit.sealed-key.1"));
  message.push_back(static_cast<std::uint8_t>(sealed.stream.view().size()));
  put(message, view_of(sealed.stream.view()));
  put_u32(message, sealed.epoch);
  message.push_back(static_cast<std::uint8_t>(sealed.purpose));
  put(message, sealed.recipient);
  put(message, sealed.box);
  return message;
}

} // namespace

sealed_key seal_key(const ports::stream_id& stream, std::uint32_t epoch, key_purpose purpose, const bytes32& secret,
                    const bytes32& recipient, const signing_key& signer) {
  sealed_key sealed{stream, epoch, purpose, recipient, bytes(secret.size() + crypto_box_SEALBYTES), {}, {}};
  law::require(crypto_box_seal(sealed.box.data(), secret.data(), secret.size(), recipient.data()) == 0,
               "a recipient's public key is a point of the curve");
  sign(sealed, signer);
  return sealed;
}

void sign(sealed_key& sealed, const signing_key& signer) {
  sealed.key_id = id_of(signer.public_half());
  sealed.signature = signer.sign(key_message(sealed));
}

bool verify(const sealed_key& sealed, const public_key& signer) {
  return sealed.key_id == id_of(signer) && verify(key_message(sealed), sealed.signature, signer);
}

std::optional<bytes32> open_key(const sealed_key& sealed, const bytes32& operating_secret) {
  bytes32 secret;
  if (sealed.box.size() != secret.size() + crypto_box_SEALBYTES)
    return std::nullopt;
  if (crypto_box_seal_open(secret.data(), sealed.box.data(), sealed.box.size(), sealed.recipient.data(),
                           operating_secret.data()) != 0)
    return std::nullopt;
  return secret;
}

std::string seal_box(const bytes32& recipient, byte_view plain) {
  bytes sealed(plain.size() + crypto_box_SEALBYTES);
  law::require(crypto_box_seal(sealed.data(), plain.data(), plain.size(), recipient.data()) == 0,
               "a recipient's public key is a point of the curve");
  constexpr int alphabet = sodium_base64_VARIANT_ORIGINAL;
  std::string text(sodium_base64_encoded_len(sealed.size(), alphabet), '\0');
  sodium_bin2base64(text.data(), text.size(), sealed.data(), sealed.size(), alphabet);
  text.pop_back(); // its final zero
  return text;
}

std::optional<bytes> open_box(std::string_view box, const bytes32& operating_secret) {
  bytes sealed(box.size() / 4 * 3);
  std::size_t size = 0;
  if (sodium_base642bin(sealed.data(), sealed.size(), box.data(), box.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size < crypto_box_SEALBYTES)
    return std::nullopt;
  bytes plain(size - crypto_box_SEALBYTES);
  auto recipient = operating_public(operating_secret);
  if (crypto_box_seal_open(plain.data(), sealed.data(), size, recipient.data(), operating_secret.data()) != 0)
    return std::nullopt;
  return plain;
}

std::optional<bytes32> open_key(const sealed_key& sealed, const node_keys& keys) {
  for (const auto& secret : operating_secrets(keys))
    if (auto opened = open_key(sealed, secret))
      return opened;
  return std::nullopt;
}

void stream_keys::add(std::uint32_t epoch, const bytes32& secret) {
  secrets_[epoch] = {secret, hash("toit.entry.key", {}, secret)};
}

std::uint32_t stream_keys::latest_epoch() const {
  law::require(!secrets_.empty(), "a stream that is written has a key");
  return secrets_.rbegin()->first;
}

const stream_keys::epoch_keys& stream_keys::keys_of(std::uint32_t epoch) const {
  auto found = secrets_.find(epoch);
  law::require(found != secrets_.end(), "who encrypts or decrypts has checked that the epoch's key is there");
  return found->second;
}

ports::sealed_payload stream_keys::encrypt(std::uint32_t epoch, law::subject_id subject, byte_view plain) const {
  ports::sealed_payload sealed;
  sealed.nonce.resize(nonce_bytes);
  randombytes_buf(sealed.nonce.data(), sealed.nonce.size());
  sealed.content = encrypt_under(keys_of(epoch).entries, sealed.nonce, plain, place_of(stream_, epoch, subject));
  return sealed;
}

std::optional<bytes> stream_keys::decrypt(std::uint32_t epoch, law::subject_id subject, byte_view nonce,
                                          byte_view content) const {
  if (!has(epoch))
    return std::nullopt;
  return decrypt_under(keys_of(epoch).entries, nonce, content, place_of(stream_, epoch, subject));
}

std::optional<bytes32> stream_keys::disclosure_key(std::uint32_t epoch, byte_view nonce) const {
  auto found = secrets_.find(epoch);
  if (found == secrets_.end() || nonce.size() != nonce_bytes)
    return std::nullopt;
  // The first half of XChaCha20: nonces are random, so that no other payload has this key.
  bytes32 key;
  crypto_core_hchacha20(key.data(), nonce.data(), found->second.entries.data(), nullptr);
  return key;
}

std::optional<bytes> open_disclosed(const bytes32& disclosed, const ports::stream_id& stream, std::uint32_t epoch,
                                    law::subject_id subject, byte_view nonce, byte_view content) {
  if (nonce.size() != nonce_bytes || content.size() < tag_bytes)
    return std::nullopt;
  std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> rest{};
  std::ranges::copy(nonce.last(8), rest.begin() + 4);
  auto place = place_of(stream, epoch, subject);
  bytes plain(content.size() - tag_bytes);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, content.data(), content.size(),
                                                place.data(), place.size(), rest.data(), disclosed.data()) != 0)
    return std::nullopt;
  return plain;
}

const bytes32& stream_keys::index_key() const {
  law::require(index_.has_value(), "a stream that is hosted has its index key");
  return *index_;
}

bytes32 stream_keys::number_key(law::nud number) const {
  return hash("toit.number", {view_of(number.view())}, index_key());
}

bytes32 stream_keys::document_digest(law::dossier_id dossier, byte_view content) const {
  return hash("toit.document", {dossier.bytes, content}, index_key());
}

bytes32 stream_keys::digest(std::string_view purpose, byte_view content) const {
  std::uint8_t separator = 0;
  return hash("toit.digest", {view_of(purpose), {&separator, 1}, content}, index_key());
}

bytes stream_keys::seal_local(hash_purpose purpose, byte_view plain) const {
  return encrypt_with(hash(purpose, {}, keys_of(latest_epoch()).secret), plain, view_of(stream_.view()));
}

std::optional<bytes> stream_keys::open_local(hash_purpose purpose, byte_view sealed) const {
  // Rows and files outlive the epoch in which they were sealed.
  for (auto it = secrets_.rbegin(); it != secrets_.rend(); ++it)
    if (auto plain = decrypt_with(hash(purpose, {}, it->second.secret), sealed, view_of(stream_.view())))
      return plain;
  return std::nullopt;
}

bytes encrypt_with(const bytes32& key, byte_view plain, byte_view bound_to) {
  bytes sealed(nonce_bytes);
  randombytes_buf(sealed.data(), nonce_bytes);
  auto content = encrypt_under(key, byte_view{sealed}.first(nonce_bytes), plain, bound_to);
  put(sealed, content);
  return sealed;
}

std::optional<bytes> decrypt_with(const bytes32& key, byte_view sealed, byte_view bound_to) {
  if (sealed.size() < nonce_bytes + tag_bytes)
    return std::nullopt;
  return decrypt_under(key, sealed.first(nonce_bytes), sealed.subspan(nonce_bytes), bound_to);
}

} // namespace toit::journal
