// SPDX-License-Identifier: Apache-2.0
#include "x509/fulcio.h"

#include <array>

#include "base/text.h"
#include "x509/der.h"
#include "x509/name.h"

namespace sluice::x509 {

namespace {

constexpr unsigned kLastRaw = 6;
constexpr unsigned kUsername = 7;
constexpr std::size_t kClaimMost = 4096;

constexpr std::array<std::string_view, 25> kFieldNames{
    "",
    "issuer (v1)",
    "GitHub workflow trigger",
    "GitHub workflow SHA",
    "GitHub workflow name",
    "GitHub workflow repository",
    "GitHub workflow ref",
    "",
    "issuer",
    "build signer URI",
    "build signer digest",
    "runner environment",
    "source repository URI",
    "source repository digest",
    "source repository ref",
    "source repository identifier",
    "source repository owner URI",
    "source repository owner identifier",
    "build config URI",
    "build config digest",
    "build trigger",
    "run invocation URI",
    "source repository visibility at signing",
    "deployment environment",
    "token subject",
};

// The number of a direct child; nothing for what lies deeper.
unsigned number_of(ByteView below) {
  if (below.size() == 1) return below[0];
  if (below.size() == 2 && below[0] > 0x80) return ((below[0] & 0x7fU) << 7) | below[1];
  return 0;
}

Result<std::string> claim_text(unsigned number, ByteView value) {
  if (value.size() > kClaimMost) return fail(Errc::limit, "a text that is too long");
  if (number <= kLastRaw) return clean_text(value);
  DerReader in(value);
  SLUICE_TRY(const ByteView text, in.content(tag::kUtf8));
  SLUICE_CHECK(in.finish());
  return clean_text(text);
}

}  // namespace

std::string oid_text(FulcioField field) {
  return cat("1.3.6.1.4.1.57264.1.", static_cast<unsigned>(field));
}

std::string_view name(FulcioField field) {
  const auto number = static_cast<std::size_t>(field);
  return number < kFieldNames.size() ? kFieldNames.at(number) : std::string_view();
}

const std::string* FulcioClaims::find(FulcioField field) const {
  const auto at = all_.find(field);
  return at == all_.end() ? nullptr : &at->second;
}

const std::string* FulcioClaims::issuer() const {
  const std::string* newer = find(FulcioField::issuer);
  return newer != nullptr ? newer : find(FulcioField::issuer_v1);
}

Result<void> FulcioClaims::add(ByteView below, ByteView value) {
  const unsigned number = number_of(below);
  // Deeper identifiers are somebody's extension of the scheme; .7 belongs into a name.
  if (number == 0 || number == kUsername) return {};
  const auto field = static_cast<FulcioField>(number);
  SLUICE_TRY(auto text, within(claim_text(number, value), cat("reading ", oid_text(field))));
  all_.emplace(field, std::move(text));
  return {};
}

Result<void> FulcioClaims::finish() const {
  const std::string* older = find(FulcioField::issuer_v1);
  const std::string* newer = find(FulcioField::issuer);
  if (older == nullptr || newer == nullptr || *older == *newer) return {};
  return fail(Errc::malformed, cat("two issuers that contradict each other: ",
                                   printable(*older, 200), " and ", printable(*newer, 200)));
}

}  // namespace sluice::x509
