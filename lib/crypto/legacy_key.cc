// SPDX-License-Identifier: Apache-2.0
#include "crypto/legacy_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <new>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/encrypted_key.h"
#include "crypto/hmac.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace sluice::crypto {

namespace {

using LegacyBio = Owned<BIO, BIO_free_all>;
using LegacyCipher = Owned<EVP_CIPHER, EVP_CIPHER_free>;
using LegacyContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

constexpr std::string_view kDelimiter = "@@@@";
constexpr std::string_view kEncryptedHeader = "Proc-Type: 4,ENCRYPTED";

struct SslibParts {
  Bytes salt;
  std::uint64_t rounds = 0;
  Bytes mac;
  Bytes iv;
  Bytes ciphertext;
};

std::unexpected<Error> no_sslib_key(std::string_view why) {
  return fail(Errc::malformed, cat("not an encrypted key of securesystemslib: ", why));
}

Result<SslibParts> split_sslib(std::string_view text) {
  if (text.size() > limits::kKeyFile) {
    return fail(Errc::limit, cat("a key file of more than ", human_bytes(limits::kKeyFile)));
  }
  std::vector<std::string_view> parts;
  for (text = trim(text);;) {
    const auto at = text.find(kDelimiter);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + kDelimiter.size());
  }
  if (parts.size() != 5) return no_sslib_key("it does not have five parts");
  SslibParts out;
  const auto rounds = parts[1];
  const auto [end, bad] = std::from_chars(rounds.data(), rounds.data() + rounds.size(), out.rounds);
  if (bad != std::errc() || end != rounds.data() + rounds.size()) {
    return no_sslib_key("no number of rounds");
  }
  SLUICE_TRY(out.salt, from_hex(parts[0]));
  SLUICE_TRY(out.mac, from_hex(parts[2]));
  SLUICE_TRY(out.iv, from_hex(parts[3]));
  SLUICE_TRY(out.ciphertext, from_hex(parts[4]));
  if (out.iv.size() != 16 || out.ciphertext.empty()) return no_sslib_key("a part is too short");
  return out;
}

Result<SecretBytes> decrypt_ctr(const SecretBytes& key, const SslibParts& parts) {
  const LegacyCipher cipher(EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr));
  const LegacyContext context(EVP_CIPHER_CTX_new());
  SecretBytes out(parts.ciphertext.size());
  int size = 0;
  const bool done =
      cipher && context &&
      EVP_DecryptInit_ex2(context.get(), cipher.get(), key.reveal().data(), parts.iv.data(),
                          nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), out.reveal().data(), &size, parts.ciphertext.data(),
                        static_cast<int>(parts.ciphertext.size())) == 1;
  ERR_clear_error();
  if (!done) return fail(Errc::internal, "OpenSSL cannot decrypt with AES-256-CTR");
  return out;
}

// What PEM_read_bio hands out, freed with its content wiped.
struct OpensslPem {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  OpensslPem() = default;
  OpensslPem(const OpensslPem&) = delete;
  OpensslPem& operator=(const OpensslPem&) = delete;
  ~OpensslPem() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size_at_first));
  }
  long size_at_first = 0;
};

int give_password(char* into, int room, int, void* password) {
  const auto& secret = *static_cast<const SecretBytes*>(password);
  if (secret.size() > static_cast<std::size_t>(room)) return -1;
  std::memcpy(into, secret.reveal().data(), secret.size());
  return static_cast<int>(secret.size());
}

bool is_cipher_of_old(int nid) {
  constexpr std::array kKnown{NID_aes_128_cbc, NID_aes_192_cbc, NID_aes_256_cbc, NID_des_ede3_cbc};
  return std::ranges::find(kKnown, nid) != kKnown.end();
}

}  // namespace

bool is_securesystemslib_text(std::string_view text) {
  text = trim(text);
  const auto at = text.find(kDelimiter);
  return at != std::string_view::npos && at != 0 && from_hex(text.substr(0, at)).has_value();
}

bool is_traditional_encrypted_pem(std::string_view text) {
  return trim(text).starts_with("-----BEGIN ") &&
         text.find(kEncryptedHeader) != std::string_view::npos;
}

Result<SecretBytes> decrypt_securesystemslib(std::string_view text, const SecretBytes& password,
                                             const KdfBudget& budget) {
  SLUICE_TRY(const SslibParts parts, split_sslib(text));
  SLUICE_TRY(const SecretBytes key,
             pbkdf2(password, parts.salt, parts.rounds, PbkdfHash::sha256, 32, budget));
  const SecretBytes mac = hmac_sha256(key.reveal(), parts.ciphertext);
  if (!equal_secrets(mac.reveal(), parts.mac)) return fail(wrong_password());
  return decrypt_ctr(key, parts);
}

Result<SecretBytes> decrypt_traditional_pem(std::string_view text, const SecretBytes& password) {
  ready_openssl();
  if (text.size() > limits::kKeyFile) {
    return fail(Errc::limit, cat("a key file of more than ", human_bytes(limits::kKeyFile)));
  }
  const LegacyBio in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!in) throw std::bad_alloc();
  OpensslPem pem;
  const bool read = PEM_read_bio(in.get(), &pem.name, &pem.header, &pem.data, &pem.size) == 1;
  ERR_clear_error();
  if (!read) return fail(Errc::malformed, "a broken PEM block");
  pem.size_at_first = pem.size;
  EVP_CIPHER_INFO cipher{};
  const bool known = PEM_get_EVP_CIPHER_INFO(pem.header, &cipher) == 1 && cipher.cipher != nullptr;
  ERR_clear_error();
  if (!known || !is_cipher_of_old(EVP_CIPHER_get_nid(cipher.cipher))) {
    return fail(Errc::unsupported, "a PEM block with an encryption that is not read here");
  }
  const bool opened = PEM_do_header(&cipher, pem.data, &pem.size, give_password,
                                    const_cast<SecretBytes*>(&password)) == 1;
  ERR_clear_error();
  // One wrong password in 256 looks right so far; what it gives is no key then.
  if (!opened) return fail(wrong_password());
  return write_secret_pem(pem.name, {pem.data, static_cast<std::size_t>(pem.size)});
}

Result<SecretBytes> ed25519_pem_from_seed(ByteView seed) {
  // RFC 8410 7: OneAsymmetricKey with the seed as an octet string within an octet string.
  constexpr std::array<std::uint8_t, 16> kHead{0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                               0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
  if (seed.size() != 32) return fail(Errc::malformed, "an Ed25519 key that has not 32 bytes");
  SecretBytes der(kHead.size() + seed.size());
  std::ranges::copy(kHead, der.reveal().begin());
  std::ranges::copy(seed, der.reveal().begin() + kHead.size());
  return write_secret_pem("PRIVATE KEY", der.reveal());
}

}  // namespace sluice::crypto
