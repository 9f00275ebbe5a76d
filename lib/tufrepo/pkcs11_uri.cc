// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <set>

#include "base/codec.h"
#include "base/text.h"
#include "tufrepo/pkcs11.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kUriMost = 4'096;

Result<std::string> pct_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(lower_ascii(text.substr(i + 1, 2)));
    if (!byte || byte->size() != 1) return fail(Errc::usage, "a broken % in the pkcs11: URI");
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

Result<void> take_attribute(Pkcs11Uri& out, const std::string& name, const std::string& value) {
  const auto set = [&](std::string& into) -> Result<void> {
    into = value;
    return {};
  };
  if (name == "token") return set(out.token);
  if (name == "manufacturer") return set(out.manufacturer);
  if (name == "model") return set(out.model);
  if (name == "serial") return set(out.serial);
  if (name == "object") return set(out.object);
  if (name == "id") return set(out.id);
  if (name == "module-path") return set(out.module_path);
  if (name == "pin-source") return set(out.pin_source);
  if (name == "type") {
    if (value == "private") return {};
    return fail(Errc::usage, "the pkcs11: URI names something else than a private key");
  }
  if (name == "slot-id") {
    std::uint64_t slot = 0;
    const auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), slot);
    if (bad != std::errc() || end != value.data() + value.size() || value.empty()) {
      return fail(Errc::usage, "the slot-id of the pkcs11: URI is no number");
    }
    out.slot = slot;
    return {};
  }
  if (name == "pin-value") {
    return fail(Error{Errc::usage, "a PIN in the pkcs11: URI itself"}.advise(
        "other processes can read it there: use pin-source=file:PATH or pin-source=env:NAME"));
  }
  return fail(Errc::usage,
              cat("the pkcs11: URI has an attribute that is not known: ", printable(name, 60)));
}

}  // namespace

Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view text) {
  constexpr std::string_view kPkcs11Scheme = "pkcs11:";
  if (!text.starts_with(kPkcs11Scheme) || text.size() > kUriMost) {
    return fail(Errc::usage, "not a pkcs11: URI, or one that is too long");
  }
  text.remove_prefix(kPkcs11Scheme.size());
  const auto question = text.find('?');
  const auto path = text.substr(0, question);
  const auto query = question == std::string_view::npos ? "" : text.substr(question + 1);
  Pkcs11Uri out;
  std::set<std::string> seen;
  const auto take = [&](std::string_view part) -> Result<void> {
    if (part.empty()) return {};
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      return fail(Errc::usage, "the pkcs11: URI has an attribute without a value");
    }
    const std::string name(part.substr(0, equals));
    if (!seen.insert(name).second) {
      return fail(Errc::usage, cat("the pkcs11: URI names ", printable(name, 60), " twice"));
    }
    SLUICE_TRY(const std::string value, pct_decoded(part.substr(equals + 1)));
    return take_attribute(out, name, value);
  };
  for (const auto part : split(path, ';')) SLUICE_CHECK(take(part));
  for (const auto part : split(query, '&')) SLUICE_CHECK(take(part));
  return out;
}

}  // namespace sluice::tuf
