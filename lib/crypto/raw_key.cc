// SPDX-License-Identifier: Apache-2.0
#include "crypto/raw_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <new>

#include "base/text.h"
#include "crypto/openssl.h"

namespace sluice::crypto {

namespace {

using BigNumber = Owned<BIGNUM, BN_free>;
using ParamBuild = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = Owned<OSSL_PARAM, OSSL_PARAM_free>;

Result<PublicKey> key_from(const char* kind, OSSL_PARAM_BLD& build) {
  const Params params(OSSL_PARAM_BLD_to_param(&build));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  if (!params || !context) throw std::bad_alloc();
  EVP_PKEY* key = nullptr;
  const bool made = EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  const Pkey owned(key);
  std::uint8_t* der = nullptr;
  const int size = made ? i2d_PUBKEY(key, &der) : -1;
  ERR_clear_error();
  if (size <= 0) return fail(Errc::malformed, cat("numbers that are no public key of kind ", kind));
  auto out = PublicKey::from_der({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

BigNumber number_of(ByteView bytes) {
  BigNumber out(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  if (!out) throw std::bad_alloc();
  return out;
}

const char* group_of(KeyType type) {
  switch (type) {
    case KeyType::ecdsa_p256:
      return "P-256";
    case KeyType::ecdsa_p384:
      return "P-384";
    case KeyType::ecdsa_p521:
      return "P-521";
    case KeyType::ed25519:
    case KeyType::rsa:
      break;
  }
  return nullptr;
}

}  // namespace

Result<PublicKey> public_key_of_rsa(ByteView modulus, ByteView exponent) {
  ready_openssl();
  if (modulus.empty() || modulus.size() > 2'048 || exponent.empty() || exponent.size() > 64) {
    return fail(Errc::malformed, "numbers that are no public key of kind RSA");
  }
  const BigNumber n = number_of(modulus);
  const BigNumber e = number_of(exponent);
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    throw std::bad_alloc();
  }
  return key_from("RSA", *build);
}

Result<PublicKey> public_key_of_point(KeyType type, ByteView point) {
  if (type == KeyType::ed25519) return PublicKey::from_ed25519(point);
  const char* group = group_of(type);
  if (group == nullptr || point.empty() || point.size() > 256) {
    return fail(Errc::malformed, "no point of a curve");
  }
  ready_openssl();
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build ||
      OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    throw std::bad_alloc();
  }
  return key_from("EC", *build);
}

}  // namespace sluice::crypto
