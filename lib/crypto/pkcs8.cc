// SPDX-License-Identifier: Apache-2.0
// Encrypted PKCS#8 (PBES2, RFC 8018).
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <limits>
#include <memory>
#include <new>

#include "base/text.h"
#include "crypto/encrypted_key.h"
#include "crypto/kdf.h"
#include "crypto/openssl.h"

namespace sluice::crypto {

namespace {

using Envelope = Owned<X509_SIG, X509_SIG_free>;
using Pbes2 = Owned<PBE2PARAM, PBE2PARAM_free>;
using Pbkdf2 = Owned<PBKDF2PARAM, PBKDF2PARAM_free>;
using Scrypt = Owned<SCRYPT_PARAMS, SCRYPT_PARAMS_free>;
using KeyInfo = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using Cipher = Owned<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

constexpr int kRoundsWritten = 600'000;

std::unexpected<Error> broken(std::string_view what) {
  ERR_clear_error();
  return fail(Errc::malformed, cat("the encrypted key is damaged: ", what));
}

std::unexpected<Error> too_old(std::string_view what) {
  ERR_clear_error();
  return fail(Error{Errc::unsupported, cat("a key encrypted with ", what)}.advise(
      "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW"));
}

struct Identifier {
  int nid = NID_undef;
  std::string name;
  const ASN1_TYPE* parameter = nullptr;  // nullptr: absent
};

Identifier identifier_of(const X509_ALGOR* algorithm) {
  Identifier out;
  if (algorithm == nullptr) return out;
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  out.nid = OBJ_obj2nid(object);
  out.name = out.nid == NID_undef ? "an unknown algorithm" : OBJ_nid2sn(out.nid);
  out.parameter = algorithm->parameter;
  return out;
}

ByteView bytes_of_string(const ASN1_STRING* string) {
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// An octet string that is an algorithm's parameter (a salt, an IV); empty where it is none.
ByteView octets_of(const ASN1_TYPE* type) {
  if (type == nullptr || type->type != V_ASN1_OCTET_STRING) return {};
  return bytes_of_string(type->value.octet_string);
}

// A positive count; what does not fit is as large as can be, and so beyond every bound.
std::uint64_t count_of(const ASN1_INTEGER* number) {
  std::uint64_t out = 0;
  if (number == nullptr || ASN1_INTEGER_get_uint64(&out, number) != 1) {
    ERR_clear_error();
    return std::numeric_limits<std::uint64_t>::max();
  }
  return out;
}

template <class T>
T* unpack(const ASN1_ITEM* item, const ASN1_TYPE* parameter) {
  return static_cast<T*>(ASN1_TYPE_unpack_sequence(item, const_cast<ASN1_TYPE*>(parameter)));
}

struct CipherChoice {
  int nid;
  const char* name;
  std::size_t key_size;
};
constexpr CipherChoice kCiphers[] = {{NID_aes_256_cbc, "AES-256-CBC", 32},
                                     {NID_aes_192_cbc, "AES-192-CBC", 24},
                                     {NID_aes_128_cbc, "AES-128-CBC", 16}};

Result<CipherChoice> cipher_of(const Identifier& encryption) {
  for (const auto& one : kCiphers) {
    if (one.nid == encryption.nid) return one;
  }
  return too_old(encryption.name);
}

Result<PbkdfHash> prf_of(const X509_ALGOR* prf) {
  if (prf == nullptr) return PbkdfHash::sha1;
  const Identifier id = identifier_of(prf);
  switch (id.nid) {
    case NID_hmacWithSHA1:
      return PbkdfHash::sha1;
    case NID_hmacWithSHA256:
      return PbkdfHash::sha256;
    case NID_hmacWithSHA384:
      return PbkdfHash::sha384;
    case NID_hmacWithSHA512:
      return PbkdfHash::sha512;
    default:
      return too_old(id.name);
  }
}

// Both KDFs may state the length of the key; it must be the cipher's.
bool states_other_size(const ASN1_INTEGER* stated, std::size_t size) {
  return stated != nullptr && count_of(stated) != size;
}

Result<SecretBytes> derive(const Identifier& kdf, const SecretBytes& password, std::size_t size,
                           const KdfBudget& budget) {
  if (kdf.nid == NID_id_pbkdf2) {
    const Pbkdf2 params(unpack<PBKDF2PARAM>(ASN1_ITEM_rptr(PBKDF2PARAM), kdf.parameter));
    if (!params) return broken("no PBKDF2 parameters");
    if (states_other_size(params->keylength, size))
      return broken("PBKDF2 for another length of key");
    SLUICE_TRY(const PbkdfHash hash, prf_of(params->prf));
    return pbkdf2(password, octets_of(params->salt), count_of(params->iter), hash, size, budget);
  }
  if (kdf.nid == NID_id_scrypt) {
    const Scrypt params(unpack<SCRYPT_PARAMS>(ASN1_ITEM_rptr(SCRYPT_PARAMS), kdf.parameter));
    if (!params) return broken("no scrypt parameters");
    if (states_other_size(params->keyLength, size))
      return broken("scrypt for another length of key");
    return scrypt(password, bytes_of_string(params->salt),
                  {count_of(params->costParameter), count_of(params->blockSize),
                   count_of(params->parallelizationParameter)},
                  size, budget);
  }
  return too_old(kdf.name);
}

Result<SecretBytes> decrypt_cbc(const CipherChoice& choice, const SecretBytes& key, ByteView iv,
                                ByteView ciphertext) {
  const Cipher cipher(EVP_CIPHER_fetch(nullptr, choice.name, nullptr));
  const CipherContext context(EVP_CIPHER_CTX_new());
  if (!cipher || !context ||
      EVP_DecryptInit_ex2(context.get(), cipher.get(), key.reveal().data(), iv.data(), nullptr) !=
          1) {
    ERR_clear_error();
    return fail(Errc::internal, cat("OpenSSL cannot start ", choice.name));
  }
  SecretBytes out(ciphertext.size() + EVP_MAX_BLOCK_LENGTH);
  int size = 0;
  int last = 0;
  const bool right = EVP_DecryptUpdate(context.get(), out.reveal().data(), &size, ciphertext.data(),
                                       static_cast<int>(ciphertext.size())) == 1 &&
                     EVP_DecryptFinal_ex(context.get(), out.reveal().data() + size, &last) == 1;
  ERR_clear_error();
  if (!right) return fail(wrong_password());
  out.shrink(static_cast<std::size_t>(size) + static_cast<std::size_t>(last));
  return out;
}

// One wrong password in 256 leaves a padding that looks right; what comes out is no structure then.
bool holds_key_info(const SecretBytes& der) {
  const std::uint8_t* at = der.reveal().data();
  const KeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return info != nullptr;
}

}  // namespace

Error wrong_password() {
  return Error{Errc::denied, "the password does not open the key"}.advise(
      "check the password; a damaged key file looks the same");
}

Result<SecretBytes> decrypt_pkcs8(ByteView der, const SecretBytes& password,
                                  const KdfBudget& budget) {
  ready_openssl();
  const std::uint8_t* at = der.data();
  const Envelope envelope(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!envelope) return broken("no EncryptedPrivateKeyInfo");
  if (at != der.data() + der.size()) return broken("bytes after its end");

  const X509_ALGOR* scheme = nullptr;
  const ASN1_OCTET_STRING* ciphertext = nullptr;
  X509_SIG_get0(envelope.get(), &scheme, &ciphertext);
  const Identifier pbe = identifier_of(scheme);
  if (pbe.nid != NID_pbes2) return too_old(pbe.name);
  const Pbes2 params(unpack<PBE2PARAM>(ASN1_ITEM_rptr(PBE2PARAM), pbe.parameter));
  if (!params) return broken("no PBES2 parameters");

  const Identifier encryption = identifier_of(params->encryption);
  SLUICE_TRY(const CipherChoice choice, cipher_of(encryption));
  const ByteView iv = octets_of(encryption.parameter);
  if (iv.size() != 16) return broken("no IV of 16 bytes");
  SLUICE_TRY(const SecretBytes key,
             derive(identifier_of(params->keyfunc), password, choice.key_size, budget));
  SLUICE_TRY(SecretBytes out, decrypt_cbc(choice, key, iv, bytes_of_string(ciphertext)));
  if (!holds_key_info(out)) return fail(wrong_password());
  return out;
}

Result<Bytes> encrypt_pkcs8(const SecretBytes& pkcs8, const SecretBytes& password) {
  ready_openssl();
  const std::uint8_t* at = pkcs8.reveal().data();
  const KeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(pkcs8.size())));
  // Salt and IV come from OpenSSL's random source.
  X509_ALGOR* scheme = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kRoundsWritten, nullptr, 16, nullptr,
                                         NID_hmacWithSHA256);
  const std::string_view secret = password.reveal_text();
  Envelope envelope;
  if (info && scheme != nullptr) {
    envelope.reset(PKCS8_set0_pbe(secret.empty() ? "" : secret.data(),
                                  static_cast<int>(secret.size()), info.get(), scheme));
  }
  if (!envelope) {
    X509_ALGOR_free(scheme);
    ERR_clear_error();
    return fail(Errc::internal, "OpenSSL cannot encrypt the key");
  }
  Bytes out(static_cast<std::size_t>(std::max(0, i2d_X509_SIG(envelope.get(), nullptr))));
  std::uint8_t* to = out.data();
  if (out.empty() || i2d_X509_SIG(envelope.get(), &to) != static_cast<int>(out.size())) {
    ERR_clear_error();
    return fail(Errc::internal, "OpenSSL cannot write the encrypted key");
  }
  return out;
}

}  // namespace sluice::crypto
