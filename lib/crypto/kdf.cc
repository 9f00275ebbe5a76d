// SPDX-License-Identifier: Apache-2.0
#include "crypto/kdf.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <bit>

#include "base/text.h"
#include "crypto/openssl.h"

namespace sluice::crypto {

namespace {

constexpr std::size_t kSaltLeast = 8;
constexpr std::size_t kSaltMost = 1024;

Result<void> check_salt(ByteView salt) {
  if (salt.size() >= kSaltLeast && salt.size() <= kSaltMost) return {};
  return fail(Errc::malformed, cat("the key file's salt has ", salt.size(), " bytes"));
}

const char* openssl_name(PbkdfHash hash) {
  switch (hash) {
    case PbkdfHash::sha1:
      return "SHA1";
    case PbkdfHash::sha256:
      return "SHA256";
    case PbkdfHash::sha384:
      return "SHA384";
    case PbkdfHash::sha512:
      return "SHA512";
  }
  return "";
}

}  // namespace

Result<SecretBytes> scrypt(const SecretBytes& password, ByteView salt, ScryptCost cost,
                           std::size_t size, const KdfBudget& budget) {
  SLUICE_CHECK(check_salt(salt));
  if (!std::has_single_bit(cost.n) || cost.n < 2 || cost.r == 0 || cost.p == 0) {
    return fail(Errc::malformed,
                cat("impossible scrypt cost: N=", cost.n, " r=", cost.r, " p=", cost.p));
  }
  // Each is bounded before they are multiplied.
  if (cost.n > budget.scrypt_work || cost.r > budget.scrypt_work / cost.n ||
      cost.p > budget.scrypt_work / (cost.n * cost.r) ||
      // libsodium takes all of it at once: the table, a block for each lane, and two to work in.
      128 * cost.r * (cost.n + cost.p + 2) > budget.scrypt_memory) {
    return fail(Errc::limit, cat("the key file asks for too much work: scrypt N=", cost.n,
                                 " r=", cost.r, " p=", cost.p));
  }
  ready_sodium();
  SecretBytes key(size);
  // An empty password has no address, and these functions want one.
  static constexpr std::uint8_t kNowhere = 0;
  const ByteView secret = password.reveal();
  if (crypto_pwhash_scryptsalsa208sha256_ll(
          secret.empty() ? &kNowhere : secret.data(), secret.size(), salt.data(), salt.size(),
          cost.n, static_cast<std::uint32_t>(cost.r), static_cast<std::uint32_t>(cost.p),
          key.reveal().data(), key.size()) != 0) {
    return fail(Errc::limit,
                cat("no memory for scrypt, which needs ", human_bytes(128 * cost.n * cost.r)));
  }
  return key;
}

Result<SecretBytes> pbkdf2(const SecretBytes& password, ByteView salt, std::uint64_t rounds,
                           PbkdfHash hash, std::size_t size, const KdfBudget& budget) {
  SLUICE_CHECK(check_salt(salt));
  if (rounds == 0) return fail(Errc::malformed, "impossible PBKDF2 cost: no rounds");
  if (rounds > budget.pbkdf2_rounds) {
    return fail(Errc::limit,
                cat("the key file asks for too much work: PBKDF2 with ", rounds, " rounds"));
  }
  ready_openssl();
  const Owned<EVP_MD, EVP_MD_free> digest(EVP_MD_fetch(nullptr, openssl_name(hash), nullptr));
  SecretBytes key(size);
  const std::string_view secret = password.reveal_text();
  if (!digest ||
      PKCS5_PBKDF2_HMAC(secret.empty() ? "" : secret.data(), static_cast<int>(secret.size()),
                        salt.data(), static_cast<int>(salt.size()), static_cast<int>(rounds),
                        digest.get(), static_cast<int>(size), key.reveal().data()) != 1) {
    ERR_clear_error();
    return fail(Errc::internal, "OpenSSL cannot do PBKDF2");
  }
  return key;
}

}  // namespace sluice::crypto
