// SPDX-License-Identifier: Apache-2.0
// cosign's encrypted private key: one small JSON object of a fixed shape, read here by a reader for
// that shape alone, so that this room needs no JSON library.
#include <sodium.h>

#include <array>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/encrypted_key.h"
#include "crypto/kdf.h"
#include "crypto/openssl.h"

namespace sluice::crypto {

namespace {

// The middle one of the three costs that cosign reads.
constexpr ScryptCost kCostWritten{65536, 8, 1};
constexpr std::size_t kSaltSize = 32;
constexpr std::size_t kCosignKeyMost = 16U << 10;

struct CosignFile {
  std::string_view kdf;
  ScryptCost cost;
  std::string_view salt;
  std::string_view cipher;
  std::string_view nonce;
  std::string_view ciphertext;
};

// Objects with exactly the members that the caller names, in any order; strings without escapes;
// whole numbers. Each call either advances or fails.
class CosignReader {
 public:
  explicit CosignReader(std::string_view text) : rest_(text) {}

  struct Member {
    std::string_view name;
    std::function<Result<void>()> read;
  };

  Result<void> object(std::initializer_list<Member> members) {
    SLUICE_CHECK(take('{'));
    unsigned seen = 0;
    for (std::size_t left = members.size(); left > 0; --left) {
      SLUICE_TRY(const std::string_view key, string());
      SLUICE_CHECK(take(':'));
      unsigned bit = 1;
      const Member* found = nullptr;
      for (const auto& member : members) {
        if (member.name == key) {
          found = &member;
          break;
        }
        bit <<= 1U;
      }
      if (found == nullptr)
        return wrong(cat("the member \"", printable(key, 40), "\" is not known"));
      if ((seen & bit) != 0) return wrong(cat("the member \"", key, "\" is there twice"));
      seen |= bit;
      SLUICE_CHECK(found->read());
      if (left > 1) SLUICE_CHECK(take(','));
    }
    return take('}');
  }

  Result<std::string_view> string() {
    SLUICE_CHECK(take('"'));
    const auto end = rest_.find('"');
    if (end == std::string_view::npos) return wrong("it is cut short");
    const auto out = rest_.substr(0, end);
    for (const char c : out) {
      if (c == '\\' || c < ' ' || c == '\x7f') return wrong("a string holds escapes");
    }
    rest_.remove_prefix(end + 1);
    return out;
  }

  Result<std::uint64_t> number() {
    skip_blanks();
    std::uint64_t out = 0;
    const bool leading_zero = rest_.size() > 1 && rest_[0] == '0' && is_digit(rest_[1]);
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc() || leading_zero) return wrong("a whole number is due");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return out;
  }

  Result<void> finish() {
    skip_blanks();
    if (rest_.empty()) return {};
    return wrong("there is more after its end");
  }

  CosignReader::Member text(std::string_view name, std::string_view& into) {
    return {name, [this, &into]() -> Result<void> {
              SLUICE_TRY(into, string());
              return {};
            }};
  }
  CosignReader::Member count(std::string_view name, std::uint64_t& into) {
    return {name, [this, &into]() -> Result<void> {
              SLUICE_TRY(into, number());
              return {};
            }};
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  Result<void> take(char wanted) {
    skip_blanks();
    if (rest_.empty()) return wrong("it is cut short");
    if (rest_.front() != wanted) return wrong(cat("\"", wanted, "\" is due"));
    rest_.remove_prefix(1);
    return {};
  }

  static std::unexpected<Error> wrong(std::string_view what) {
    return fail(Errc::malformed, cat("the encrypted key is not as cosign writes it: ", what));
  }

  std::string_view rest_;
};

Result<CosignFile> parse_cosign(std::string_view json) {
  CosignFile out;
  CosignReader in(json);
  const auto params = [&] {
    return in.object(
        {in.count("N", out.cost.n), in.count("r", out.cost.r), in.count("p", out.cost.p)});
  };
  const auto kdf = [&] {
    return in.object({in.text("name", out.kdf), {"params", params}, in.text("salt", out.salt)});
  };
  const auto cipher = [&] {
    return in.object({in.text("name", out.cipher), in.text("nonce", out.nonce)});
  };
  SLUICE_CHECK(
      in.object({{"kdf", kdf}, {"cipher", cipher}, in.text("ciphertext", out.ciphertext)}));
  SLUICE_CHECK(in.finish());
  return out;
}

}  // namespace

Result<SecretBytes> decrypt_cosign(std::string_view json, const SecretBytes& password,
                                   const KdfBudget& budget) {
  if (json.size() > kCosignKeyMost) return fail(Errc::limit, "a cosign key of more than 16 KiB");
  SLUICE_TRY(const CosignFile file, parse_cosign(json));
  if (file.kdf != "scrypt" || file.cipher != "nacl/secretbox") {
    return fail(Errc::unsupported, cat("a cosign key encrypted with ", printable(file.kdf, 40),
                                       " and ", printable(file.cipher, 40)));
  }
  SLUICE_TRY(const Bytes salt, within(from_base64(file.salt), "reading the salt"));
  SLUICE_TRY(const Bytes nonce, within(from_base64(file.nonce), "reading the nonce"));
  SLUICE_TRY(const Bytes box, within(from_base64(file.ciphertext), "reading the ciphertext"));
  if (nonce.size() != crypto_secretbox_NONCEBYTES || box.size() <= crypto_secretbox_MACBYTES) {
    return fail(Errc::malformed,
                "the encrypted key has a nonce or a ciphertext of an impossible size");
  }
  SLUICE_TRY(const SecretBytes key,
             scrypt(password, salt, file.cost, crypto_secretbox_KEYBYTES, budget));
  SecretBytes out(box.size() - crypto_secretbox_MACBYTES);
  if (crypto_secretbox_open_easy(out.reveal().data(), box.data(), box.size(), nonce.data(),
                                 key.reveal().data()) != 0) {
    return fail(wrong_password());
  }
  return out;
}

Result<std::string> encrypt_cosign(const SecretBytes& pkcs8, const SecretBytes& password,
                                   Random& random) {
  std::array<std::uint8_t, kSaltSize> salt{};
  std::array<std::uint8_t, crypto_secretbox_NONCEBYTES> nonce{};
  random.fill(salt);
  random.fill(nonce);
  SLUICE_TRY(const SecretBytes key,
             scrypt(password, salt, kCostWritten, crypto_secretbox_KEYBYTES, {}));
  Bytes box(pkcs8.size() + crypto_secretbox_MACBYTES);
  const ByteView plain = pkcs8.reveal();
  crypto_secretbox_easy(box.data(), plain.data(), plain.size(), nonce.data(), key.reveal().data());
  return cat(R"({"kdf":{"name":"scrypt","params":{"N":)", kCostWritten.n, R"(,"r":)",
             kCostWritten.r, R"(,"p":)", kCostWritten.p, R"(},"salt":")", to_base64(salt),
             R"("},"cipher":{"name":"nacl/secretbox","nonce":")", to_base64(nonce),
             R"("},"ciphertext":")", to_base64(box), R"("})");
}

}  // namespace sluice::crypto
