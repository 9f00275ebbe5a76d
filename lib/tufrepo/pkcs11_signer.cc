// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/raw_key.h"
#include "tufrepo/pkcs11.h"
#include "tufrepo/pkcs11_module.h"
#include "tufrepo/role_key_parts.h"

namespace sluice::tuf {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;

// The DER of what CKA_EC_PARAMS holds: an OID, or a PrintableString with the name of a curve.
struct NamedCurve {
  std::string_view parameters;
  KeyType type;
};
constexpr std::array kNamedCurves{
    NamedCurve{"06082a8648ce3d030107", KeyType::ecdsa_p256},
    NamedCurve{"06052b81040022", KeyType::ecdsa_p384},
    NamedCurve{"06052b81040023", KeyType::ecdsa_p521},
    NamedCurve{"06032b6570", KeyType::ed25519},
    NamedCurve{"130c656477617264733235353139", KeyType::ed25519},
    NamedCurve{"06092b06010401da470f01", KeyType::ed25519},
};

// Points come inside of a DER octet string, as the standard has it, or bare.
ByteView bare_point(ByteView point) {
  if (point.size() > 2 && point[0] == 0x04 && point[1] == point.size() - 2 && point[1] < 0x80) {
    return point.subspan(2);
  }
  if (point.size() > 3 && point[0] == 0x04 && point[1] == 0x81 && point[2] == point.size() - 3) {
    return point.subspan(3);
  }
  return point;
}

std::optional<crypto::PublicKey> public_of(const Pkcs11Session& session, ck::Handle object) {
  const auto type = session.number(object, ck::kKeyType);
  if (!type) return std::nullopt;
  if (*type == ck::kRsaKey) {
    const auto modulus = session.attribute(object, ck::kModulus);
    const auto exponent = session.attribute(object, ck::kPublicExponent);
    if (!modulus || !exponent) return std::nullopt;
    auto key = crypto::public_key_of_rsa(*modulus, *exponent);
    return key ? std::optional(*std::move(key)) : std::nullopt;
  }
  const auto parameters = session.attribute(object, ck::kEcParams);
  const auto point = session.attribute(object, ck::kEcPoint);
  if (!parameters || !point) return std::nullopt;
  const std::string hex = to_hex(*parameters);
  const auto* const curve =
      std::ranges::find(kNamedCurves, std::string_view(hex), &NamedCurve::parameters);
  if (curve == kNamedCurves.end()) return std::nullopt;
  auto key = crypto::public_key_of_point(curve->type, bare_point(*point));
  return key ? std::optional(*std::move(key)) : std::nullopt;
}

// What RSA PKCS#1 v1.5 pads: the DigestInfo of RFC 8017 9.2.
Bytes digest_info(const crypto::Digest& digest) {
  std::string_view head;
  switch (digest.algorithm()) {
    case HashAlgorithm::sha256:
      head = "3031300d060960864801650304020105000420";
      break;
    case HashAlgorithm::sha384:
      head = "3041300d060960864801650304020205000430";
      break;
    case HashAlgorithm::sha512:
      head = "3051300d060960864801650304020305000440";
      break;
  }
  Bytes out = from_hex(head).value();
  out.insert(out.end(), digest.bytes().begin(), digest.bytes().end());
  return out;
}

ck::PssParameters pss_of(HashAlgorithm hash) {
  switch (hash) {
    case HashAlgorithm::sha256:
      return {ck::kSha256, ck::kMgfSha256, 32};
    case HashAlgorithm::sha384:
      return {ck::kSha384, ck::kMgfSha384, 48};
    case HashAlgorithm::sha512:
      return {ck::kSha512, ck::kMgfSha512, 64};
  }
  return {};
}

class TokenSigner final : public RoleSigner {
 public:
  TokenSigner(std::unique_ptr<Pkcs11Session> session, ck::Handle object, RoleKey key, Key usable)
      : session_(std::move(session)),
        object_(object),
        key_(std::move(key)),
        usable_(std::move(usable)),
        ask_again_(session_->number(object, ck::kAlwaysAuthenticate).value_or(0) != 0) {}

  const RoleKey& key() const override { return key_; }
  std::string describe() const override {
    return cat("the token ", printable(session_->label(), 60));
  }
  Result<RoleSignature> sign(std::string_view message) override {
    SLUICE_TRY(const Bytes signature, within(raw_signature(message), describe()));
    return checked_signature(key_, usable_, message, signature);
  }

 private:
  Result<Bytes> raw_signature(std::string_view message) {
    const crypto::Scheme scheme = *usable_.scheme;
    if (scheme.kind == crypto::SchemeKind::ed25519) {
      return session_->sign(object_, {ck::kEddsa, nullptr, 0}, bytes_of(message), ask_again_);
    }
    const crypto::Digest digest = crypto::digest_of(scheme.hash, bytes_of(message));
    if (scheme.kind == crypto::SchemeKind::rsa_pss) {
      ck::PssParameters pss = pss_of(scheme.hash);
      return session_->sign(object_, {ck::kRsaPss, &pss, sizeof pss}, digest.bytes(), ask_again_);
    }
    if (scheme.kind == crypto::SchemeKind::rsa_pkcs1) {
      return session_->sign(object_, {ck::kRsaPkcs, nullptr, 0}, digest_info(digest), ask_again_);
    }
    SLUICE_TRY(const Bytes raw,
               session_->sign(object_, {ck::kEcdsa, nullptr, 0}, digest.bytes(), ask_again_));
    return crypto::ecdsa_der_from_raw(usable_.key->type(), raw);
  }

  std::unique_ptr<Pkcs11Session> session_;
  ck::Handle object_;
  RoleKey key_;
  Key usable_;
  bool ask_again_;
};

Result<SecretBytes> pin_from(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return SecretBytes::copy_of(text);
}

PinSource pin_source(const Pkcs11Uri& uri, const SignerOptions& options, const World& world) {
  if (uri.pin_source.empty()) return options.pin;
  return [source = uri.pin_source, world]() -> Result<SecretBytes> {
    constexpr std::string_view kEnv = "env:";
    constexpr std::string_view kFile = "file:";
    if (source.starts_with(kEnv)) {
      const std::string name = source.substr(kEnv.size());
      const auto pin = world.environment.get(name);
      if (pin) return pin_from(*pin);
      return fail(Errc::usage, cat("the variable ", printable(name, 100), " is not set"));
    }
    const std::string path = source.starts_with(kFile) ? source.substr(kFile.size()) : source;
    SLUICE_TRY(std::string text,
               world.files.read_plain(path, limits::kPasswordFile, Links::followed));
    auto pin = pin_from(text);
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return pin;
  };
}

// One private key, and its public half from the token or, where that has none, from metadata.
struct TokenKey {
  ck::Handle handle;
  crypto::PublicKey half;
};
Result<TokenKey> find_key(const Pkcs11Session& session, const Pkcs11Uri& uri,
                          const SignerOptions& options) {
  SLUICE_TRY(const auto found, session.find(ck::kPrivateKeyClass, uri.object, uri.id));
  if (found.size() != 1) {
    return fail(Error{found.empty() ? Errc::not_found : Errc::denied,
                      cat(found.empty() ? "no private key" : "more than one private key",
                          " of the token fits the pkcs11: URI")}
                    .advise("name it by object= (its label) or id="));
  }
  const auto id = session.attribute(found.front(), ck::kId);
  const auto label = session.attribute(found.front(), ck::kLabel);
  const std::string id_text(id ? text_of(*id) : std::string_view());
  const std::string label_text(!id && label ? text_of(*label) : std::string_view());
  SLUICE_TRY(auto halves, session.find(ck::kPublicKeyClass, label_text, id_text));
  if (id_text.empty() && label_text.empty()) halves.clear();
  halves.push_back(found.front());  // RSA's private objects tell the public numbers
  for (const ck::Handle half : halves) {
    if (auto key = public_of(session, half)) return TokenKey{found.front(), *std::move(key)};
  }
  if (options.public_key) return TokenKey{found.front(), *options.public_key};
  if (options.expected) {
    SLUICE_TRY(const Key usable, usable_key(*options.expected));
    return TokenKey{found.front(), *usable.key};
  }
  return fail(Error{Errc::unsupported, "the token has no public half of the key"}.advise(
      "name its public key"));
}

}  // namespace

Result<std::unique_ptr<RoleSigner>> pkcs11_signer(const std::string& uri,
                                                  const SignerOptions& options,
                                                  const World& world) {
  SLUICE_TRY(const Pkcs11Uri place, parse_pkcs11_uri(uri));
  const std::string path = place.module_path.empty() ? options.pkcs11_module : place.module_path;
  if (path.empty()) {
    return fail(Error{Errc::usage, "no PKCS#11 module is named"}.advise(
        "add ?module-path=/path/to/module.so to the pkcs11: URI"));
  }
  SLUICE_TRY(const auto module, Pkcs11Module::load(path));
  SLUICE_TRY(const auto token, module->find_token(place));
  SLUICE_TRY(auto session, Pkcs11Session::open(module, token, pin_source(place, options, world)));
  SLUICE_TRY(const TokenKey found, find_key(*session, place, options));
  SLUICE_TRY(RoleKey key, settle_key(found.half, options,
                                     cat("the key in the token ", printable(token.label, 60))));
  SLUICE_TRY(Key usable, usable_key(key));
  return std::make_unique<TokenSigner>(std::move(session), found.handle, std::move(key),
                                       std::move(usable));
}

}  // namespace sluice::tuf
