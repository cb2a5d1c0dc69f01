#include "web/server/certificate.hpp"

#include <memory>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace toit::web {

namespace {

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509_free>>;
using memory_ptr = std::unique_ptr<BIO, freed<BIO_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed<X509_EXTENSION_free>>;

void must(bool done) {
  if (!done)
    throw std::runtime_error{"a certificate cannot be made"};
}

void add_extension(X509* certificate, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  extension_ptr extension{X509V3_EXT_conf_nid(nullptr, &context, id, value)};
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

certificate_ptr sign_itself(EVP_PKEY* key) {
  certificate_ptr made{X509_new()};
  must(made != nullptr && X509_set_version(made.get(), 2) == 1);
  std::int64_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  must(ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), serial & INT64_MAX) == 1);
  constexpr long ten_years_s = 10L * 365 * 24 * 3600;
  must(X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600) != nullptr);
  must(X509_gmtime_adj(X509_getm_notAfter(made.get()), ten_years_s) != nullptr);
  auto* name = X509_get_subject_name(made.get());
  const std::string common_name = "Toit Commun";
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.data()),
                                  static_cast<int>(common_name.size()), -1, 0) == 1);
  must(X509_set_issuer_name(made.get(), name) == 1 && X509_set_pubkey(made.get(), key) == 1);
  add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(made.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  must(X509_sign(made.get(), key, EVP_sha256()) > 0);
  return made;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

} // namespace

self_signed make_self_signed() {
  key_ptr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  must(key != nullptr);
  auto certificate = sign_itself(key.get());
  memory_ptr key_text{BIO_new(BIO_s_mem())};
  memory_ptr certificate_text{BIO_new(BIO_s_mem())};
  must(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  must(PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1);
  return {text_of(certificate_text.get()), text_of(key_text.get())};
}

} // namespace toit::web
