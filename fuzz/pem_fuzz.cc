// SPDX-License-Identifier: Apache-2.0
// Everything that reads a key: PEM, SPKI, PKCS#8, and the encrypted forms under a budget so small
// that no key derivation takes time.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "crypto/encrypted_key.h"
#include "crypto/key.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"

namespace {

using namespace sluice;
using namespace sluice::crypto;

constexpr KdfBudget kTiny{.scrypt_memory = 64U << 10, .scrypt_work = 64, .pbkdf2_rounds = 4};

void require(bool holds) {
  if (!holds) std::abort();
}

// A key that was read can be written, is the same when it is read again, and refuses nonsense.
void use(const PublicKey& key) {
  const auto again = PublicKey::from_pem(key.pem());
  require(again && *again == key && !key.describe().empty());
  const auto message = Message::of(key.default_scheme(), bytes_of("message"));
  require(message.has_value());
  const auto match = verify(key, *message, Bytes(64, 1));
  require(match && *match == Match::no);
}

// What a private key signs, its public half verifies; a damaged RSA key says so.
void sign_with(const PrivateKey& key) {
  use(key.public_key());
  const auto message = Message::of(key.scheme(), bytes_of("message"));
  const auto signature = key.sign(*message);
  if (key.public_key().type() == KeyType::rsa && !signature) return;
  require(signature && verify(key.public_key(), *message, *signature) == Match::yes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const std::string_view text = text_of(bytes);
  static const SecretBytes password = SecretBytes::copy_of("x");
  const auto none = []() -> Result<SecretBytes> { return fail(Errc::denied, "none"); };

  if (const auto key = PublicKey::from_pem(text)) use(*key);
  if (const auto key = PublicKey::from_der(bytes)) use(*key);
  if (const auto key = PrivateKey::from_pem(text, none)) sign_with(*key);
  // The same bytes as what the armour holds: a mutation of base64 seldom leaves DER behind.
  for (const auto* label : {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"}) {
    if (bytes.empty() || bytes[0] != 0x30)
      break;  // no sequence: OpenSSL's decoders are slow to say no
    if (const auto key = PrivateKey::from_pem(write_pem(label, bytes), none)) sign_with(*key);
  }
  static_cast<void>(PrivateKey::format_of(text));
  static_cast<void>(decrypt_pkcs8(bytes, password, kTiny));
  static_cast<void>(decrypt_cosign(text, password, kTiny));
  if (const auto block = read_pem(text)) {
    const ByteView content = block->content.reveal();
    static_cast<void>(decrypt_pkcs8(content, password, kTiny));
    static_cast<void>(decrypt_cosign(text_of(content), password, kTiny));
    // The armour may be spelled in several ways; what it holds goes through unharmed.
    const auto again = read_pem(write_pem(block->label, content));
    require(again && equal(again->content.reveal(), content));
    const auto open = read_public_pem(text);
    const bool secret = block->label.contains("PRIVATE");
    require(open && equal(open->content, secret ? ByteView() : content));
  }
  return 0;
}
