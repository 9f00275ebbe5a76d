// SPDX-License-Identifier: Apache-2.0
#include "crypto/pem.h"

#include <sodium.h>

#include <algorithm>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"

namespace sluice::crypto {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLabelSize = 64;
constexpr std::size_t kLine = 64;

struct Armour {
  std::string_view label;
  std::string_view body;
};

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kLabelSize && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
  });
}

// "-----BEGIN X-----", and what follows it.
Result<Armour> open_armour(std::string_view text) {
  if (text.size() > limits::kKeyFile) {
    return fail(Errc::limit, cat("a key file of more than ", human_bytes(limits::kKeyFile)));
  }
  text = trim(text);
  if (text.empty()) return fail(Errc::malformed, "the key file is empty");
  if (!text.starts_with(kBegin)) {
    return fail(Errc::malformed, text.find(kBegin) == std::string_view::npos
                                     ? "no PEM block (a line \"-----BEGIN ...-----\")"
                                     : "text before the PEM block");
  }
  text.remove_prefix(kBegin.size());
  const auto close = text.find(kDashes);
  const auto label = text.substr(0, close);
  if (close == std::string_view::npos || !is_label(label)) {
    return fail(Errc::malformed, "the first line of the PEM block is broken");
  }
  text.remove_prefix(close + kDashes.size());
  return Armour{label, text};
}

Result<Armour> open_and_close(std::string_view text) {
  SLUICE_TRY(Armour armour, open_armour(text));
  const auto dashes = armour.body.find(kDashes);
  if (dashes == std::string_view::npos) {
    return fail(Errc::malformed, "the PEM block has no end: the file is cut short");
  }
  const auto tail = armour.body.substr(dashes);
  armour.body = armour.body.substr(0, dashes);
  if (armour.body.empty() || armour.body.back() != '\n') {
    return fail(Errc::malformed, "the last line of the PEM block does not stand alone");
  }
  const std::string end = cat(kEnd, armour.label, kDashes);
  if (!tail.starts_with(end)) {
    return fail(Errc::malformed,
                cat("the PEM block ", armour.label, " does not end with \"", end, "\""));
  }
  if (tail.size() != end.size()) {
    return fail(Error{Errc::malformed, "there is more in the file than one PEM block"}.advise(
        "keep one key in one file; openssl's \"EC PARAMETERS\" block can be deleted"));
  }
  return armour;
}

// Without the headers of old encryption.
Result<Armour> plain_armour(std::string_view text) {
  SLUICE_TRY(const Armour armour, open_and_close(text));
  if (armour.body.find(':') == std::string_view::npos) return armour;
  return fail(Error{Errc::unsupported, cat("the PEM block ", armour.label,
                                           " has header lines: the old way to encrypt a key")}
                  .advise("convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW"));
}

std::unexpected<Error> no_base64(const Armour& armour) {
  return fail(Errc::malformed, cat("the PEM block ", armour.label, " holds no valid base64"));
}

std::size_t armoured_size(std::string_view label, std::size_t content) {
  const std::size_t base64 = (content + 2) / 3 * 4;
  return kBegin.size() + kEnd.size() + 2 * (label.size() + kDashes.size() + 1) + base64 +
         (base64 + kLine - 1) / kLine;
}

char* put(char* at, std::string_view text) { return std::ranges::copy(text, at).out; }

// Fills exactly armoured_size() characters. A line at a time, so that no second copy of a secret
// lies about.
void write_armour(char* at, std::string_view label, ByteView content) {
  at = put(put(put(put(at, kBegin), label), kDashes), "\n");
  constexpr std::size_t kBytesInLine = kLine / 4 * 3;
  char line[kLine + 1] = {};
  while (!content.empty()) {
    const auto piece = content.first(std::min(content.size(), kBytesInLine));
    content = content.subspan(piece.size());
    sodium_bin2base64(line, sizeof line, piece.data(), piece.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    at = put(put(at, line), "\n");
  }
  sodium_memzero(line, sizeof line);
  put(put(put(put(at, kEnd), label), kDashes), "\n");
}

}  // namespace

Result<std::string_view> pem_label(std::string_view text) {
  SLUICE_TRY(const Armour armour, open_armour(text));
  return armour.label;
}

Result<PemBlock> read_pem(std::string_view text) {
  SLUICE_TRY(const Armour armour, plain_armour(text));
  SecretBytes content(armour.body.size() / 4 * 3 + 3);
  std::size_t size = 0;
  // libsodium would skip a zero byte along with the line ends, and takes some bytes above 127 for
  // letters.
  const bool ascii = std::ranges::all_of(
      armour.body, [](char c) { return c != 0 && (static_cast<unsigned char>(c) & 0x80U) == 0; });
  if (!ascii || sodium_base642bin(content.reveal().data(), content.size(), armour.body.data(),
                                  armour.body.size(), "\r\n", &size, nullptr,
                                  sodium_base64_VARIANT_ORIGINAL) != 0) {
    return no_base64(armour);
  }
  if (size == 0) return fail(Errc::malformed, cat("the PEM block ", armour.label, " is empty"));
  content.shrink(size);
  return PemBlock{armour.label, std::move(content)};
}

Result<PublicPem> read_public_pem(std::string_view text) {
  SLUICE_TRY(const Armour armour, plain_armour(text));
  if (armour.label.contains("PRIVATE")) return PublicPem{armour.label, {}};
  std::string base64(armour.body);
  std::erase_if(base64, [](char one) { return one == '\r' || one == '\n'; });
  auto content = from_base64(base64);
  if (!content) return no_base64(armour);
  if (content->empty()) {
    return fail(Errc::malformed, cat("the PEM block ", armour.label, " is empty"));
  }
  return PublicPem{armour.label, *std::move(content)};
}

std::string write_pem(std::string_view label, ByteView content) {
  std::string out(armoured_size(label, content.size()), '\0');
  write_armour(out.data(), label, content);
  return out;
}

SecretBytes write_secret_pem(std::string_view label, ByteView content) {
  SecretBytes out(armoured_size(label, content.size()));
  write_armour(reinterpret_cast<char*>(out.reveal().data()), label, content);
  return out;
}

}  // namespace sluice::crypto
