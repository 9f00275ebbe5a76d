// SPDX-License-Identifier: Apache-2.0
// openssl and Debian's python3-cryptography read our keys and check our signatures. (They write and
// we read in vectors_test.cc.) cosign does too, where it is installed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "base/process.h"
#include "base/text.h"
#include "crypto/private_key.h"
#include "support/temp_folder.h"

namespace sluice::crypto {
namespace {

constexpr std::string_view kText = "read by others\n";

struct Peer {
  KeyType type;
  Scheme scheme;
  const char* shown;
};
const Peer kPeers[] = {
    {KeyType::ecdsa_p256, {SchemeKind::ecdsa, HashAlgorithm::sha256}, "P256"},
    {KeyType::ecdsa_p384, {SchemeKind::ecdsa, HashAlgorithm::sha384}, "P384"},
    {KeyType::ecdsa_p521, {SchemeKind::ecdsa, HashAlgorithm::sha512}, "P521"},
    {KeyType::ed25519, {SchemeKind::ed25519, HashAlgorithm::sha512}, "Ed25519"},
    {KeyType::rsa, {SchemeKind::rsa_pkcs1, HashAlgorithm::sha256}, "RsaPkcs1"},
    {KeyType::rsa, {SchemeKind::rsa_pss, HashAlgorithm::sha512}, "RsaPss"},
};

// Loads both keys, checks that they belong together, and checks the signature.
constexpr const char* kPython = R"(
import sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
folder, scheme = sys.argv[1:]
read = lambda name: open(folder + "/" + name, "rb").read()
plain = serialization.load_pem_private_key(read("plain.key"), None)
locked = serialization.load_pem_private_key(read("locked.key"), b"secret word")
public = serialization.load_pem_public_key(read("key.pub"))
spki = lambda key: key.public_bytes(serialization.Encoding.DER,
                                    serialization.PublicFormat.SubjectPublicKeyInfo)
assert spki(plain.public_key()) == spki(locked.public_key()) == spki(public)
if scheme == "ed25519":
    public.verify(read("signature"), read("message"))
    sys.exit()
hash = getattr(hashes, scheme[-6:].upper())()
how = {"ecdsa": lambda: (ec.ECDSA(hash),),
       "rsa-pkcs1": lambda: (padding.PKCS1v15(), hash),
       "rsa-pss": lambda: (padding.PSS(padding.MGF1(hash), hash.digest_size), hash)}
public.verify(read("signature"), read("message"), *how[scheme[:-7]]())
)";

class ReadByOthers : public testing::TestWithParam<Peer> {
 protected:
  void SetUp() override {
    key_ =
        PrivateKey::generate(GetParam().type, 2048).value().with_scheme(GetParam().scheme).value();
    const Message message = Message::of(key_->scheme(), bytes_of(kText)).value();
    folder_.write("message", kText);
    folder_.write("signature", text_of(key_->sign(message).value()));
    folder_.write("key.pub", key_->public_key().pem());
    folder_.write("plain.key", key_->to_pkcs8_pem().value().reveal_text());
    folder_.write("locked.key",
                  key_->to_encrypted_pkcs8_pem(SecretBytes::copy_of("secret word")).value());
  }

  ProcessResult run(std::vector<std::string> command) const {
    return system_processes()
        .run({.command = std::move(command), .folder = folder_.path()})
        .value();
  }

  test::TempFolder folder_;
  std::optional<PrivateKey> key_;
};
INSTANTIATE_TEST_SUITE_P(Keys, ReadByOthers, testing::ValuesIn(kPeers),
                         [](const auto& one) { return one.param.shown; });

TEST_P(ReadByOthers, Openssl) {
  const std::string public_pem = key_->public_key().pem();
  EXPECT_EQ(run({"openssl", "pkey", "-in", "plain.key", "-pubout"}).out, public_pem);
  EXPECT_EQ(
      run({"openssl", "pkey", "-in", "locked.key", "-passin", "pass:secret word", "-pubout"}).out,
      public_pem);
  EXPECT_NE(run({"openssl", "pkey", "-in", "locked.key", "-passin", "pass:secret wood"}).exit_code,
            0);

  std::vector<std::string> check = {"openssl", "pkeyutl", "-verify",  "-pubin",
                                    "-inkey",  "key.pub", "-sigfile", "signature",
                                    "-rawin",  "-in",     "message"};
  const Scheme scheme = GetParam().scheme;
  if (scheme.kind != SchemeKind::ed25519) {
    check.insert(check.end(), {"-digest", std::string(name(scheme.hash))});
  }
  if (scheme.kind == SchemeKind::rsa_pss) {
    check.insert(check.end(),
                 {"-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"});
  }
  const ProcessResult checked = run(check);
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

TEST_P(ReadByOthers, PythonCryptography) {
  const ProcessResult checked =
      run({"/usr/bin/python3", "-c", kPython, folder_.path(), name(GetParam().scheme)});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

TEST_P(ReadByOthers, Cosign) {
  folder_.write("cosign.key",
                key_->to_cosign_pem(SecretBytes::copy_of("secret word"), system_random()).value());
  const char* path = std::getenv("PATH");
  const auto shown =
      system_processes().run({.command = {"cosign", "public-key", "--key", "cosign.key"},
                              .environment = {{{"PATH", path == nullptr ? "" : path},
                                               {"HOME", folder_.path()},
                                               {"COSIGN_PASSWORD", "secret word"}}},
                              .folder = folder_.path()});
  if (!shown && shown.error().code == Errc::not_found) GTEST_SKIP() << "no cosign in PATH";
  ASSERT_TRUE(shown) << shown.error().text();
  EXPECT_EQ(shown->exit_code, 0) << shown->err;
  EXPECT_EQ(shown->out, key_->public_key().pem());
}

}  // namespace
}  // namespace sluice::crypto
