// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/legacy_key.h"
#include "json/tokenizer.h"
#include "tufrepo/pkcs11.h"
#include "tufrepo/role_key_parts.h"

namespace sluice::tuf {

namespace {

// Wipes text that held a secret when it goes.
class WipedText {
 public:
  explicit WipedText(std::string text = {}) : text_(std::move(text)) {}
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  ~WipedText() { wipe({reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()}); }
  std::string& text() { return text_; }

 private:
  std::string text_;
};

Result<crypto::PrivateKey> key_of_private_text(std::string_view text) {
  if (text.find("-----BEGIN ") != std::string_view::npos) {
    return crypto::PrivateKey::from_pem(text, {});
  }
  SLUICE_TRY(Bytes seed, from_hex(text));
  auto pem = crypto::ed25519_pem_from_seed(seed);
  wipe(seed);
  if (!pem) return fail(std::move(pem).error());
  return crypto::PrivateKey::from_pem(pem->reveal_text(), {});
}

// {"keytype": …, "keyval": {"public": …, "private": …}}; the rest is read over. Token by token, so
// that no copy of the secret is left behind.
Result<crypto::PrivateKey> key_of_json(std::string_view document) {
  json::Tokenizer in(document, {.bytes = limits::kKeyFile});
  std::optional<crypto::PrivateKey> found;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto outer, in.next_key());
    if (!outer) break;
    if (*outer != "keyval") {
      SLUICE_CHECK(in.skip());
      continue;
    }
    SLUICE_CHECK(in.enter_object());
    for (;;) {
      SLUICE_TRY(const auto inner, in.next_key());
      if (!inner) break;
      if (*inner != "private") {
        SLUICE_CHECK(in.skip());
        continue;
      }
      if (in.next() != json::Token::string) {
        return fail(Errc::malformed, "a private key that is no text");
      }
      WipedText buffer;
      SLUICE_TRY(found, key_of_private_text(in.text(buffer.text())));
    }
  }
  SLUICE_CHECK(in.finish());
  if (!found) return fail(Errc::malformed, "the file has no private key: it is the public half");
  return *std::move(found);
}

class HeldKeySigner final : public RoleSigner {
 public:
  HeldKeySigner(crypto::PrivateKey key, RoleKey role, std::string description)
      : private_(std::move(key)), key_(std::move(role)), description_(std::move(description)) {}

  const RoleKey& key() const override { return key_; }
  std::string describe() const override { return description_; }
  bool at_once() const override { return true; }
  Result<RoleSignature> sign(std::string_view message) override {
    SLUICE_TRY(const Bytes signature, private_.sign_bytes(bytes_of(message)));
    return RoleSignature{key_.keyid, to_hex(signature), ""};
  }

 private:
  crypto::PrivateKey private_;
  RoleKey key_;
  std::string description_;
};

Result<std::unique_ptr<RoleSigner>> text_signer(std::string text, const SignerOptions& options,
                                                const std::string& where) {
  WipedText held(std::move(text));
  SLUICE_TRY(const auto key, within(read_private_key(held.text(), options.password),
                                    cat("reading the key of ", printable(where, 300))));
  return role_signer(key, options, where);
}

}  // namespace

Result<crypto::PrivateKey> read_private_key(std::string_view text,
                                            const crypto::PasswordSource& password) {
  const auto ask = [&]() -> Result<SecretBytes> {
    if (password) return password();
    return fail(Errc::denied, "the key is encrypted and there is no password for it");
  };
  if (trim(text).starts_with('{')) return key_of_json(trim(text));
  if (crypto::is_securesystemslib_text(text)) {
    SLUICE_TRY(const SecretBytes secret, ask());
    SLUICE_TRY(const SecretBytes document, crypto::decrypt_securesystemslib(text, secret));
    return key_of_json(document.reveal_text());
  }
  if (crypto::is_traditional_encrypted_pem(text)) {
    SLUICE_TRY(const SecretBytes secret, ask());
    SLUICE_TRY(const SecretBytes pem, crypto::decrypt_traditional_pem(text, secret));
    return crypto::PrivateKey::from_pem(pem.reveal_text(), {});
  }
  return crypto::PrivateKey::from_pem(text, password);
}

Result<std::unique_ptr<RoleSigner>> role_signer(const crypto::PrivateKey& key,
                                                const SignerOptions& options,
                                                std::string description) {
  SLUICE_TRY(RoleKey role, settle_key(key.public_key(), options, description));
  SLUICE_TRY(const Key usable, usable_key(role));
  SLUICE_TRY(auto schemed, key.with_scheme(*usable.scheme));
  return std::make_unique<HeldKeySigner>(std::move(schemed), std::move(role),
                                         std::move(description));
}

Result<std::unique_ptr<RoleSigner>> open_role_signer(const std::string& location,
                                                     const SignerOptions& options,
                                                     const World& world) {
  const auto after = [&](std::string_view prefix) { return location.substr(prefix.size()); };
  if (location.starts_with("pkcs11:")) return pkcs11_signer(location, options, world);
  if (location.starts_with("cmd:")) {
    return command_signer(after("cmd:"), options, world);
  }
  if (location.starts_with("sigstore:")) {
    if (options.identities == nullptr) {
      return fail(Errc::unsupported, "an identity cannot sign here");
    }
    return options.identities->open(location, options.expected);
  }
  if (location.starts_with("env:")) {
    auto text = world.environment.get(after("env:"));
    if (!text) {
      return fail(Errc::usage, cat("the variable ", printable(after("env:"), 100), " is not set"));
    }
    return text_signer(*std::move(text), options, location);
  }
  SLUICE_TRY(std::string text, world.files.read_plain(location, limits::kKeyFile, Links::followed));
  return text_signer(std::move(text), options, printable(location, 300));
}

}  // namespace sluice::tuf
