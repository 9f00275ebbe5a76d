// SPDX-License-Identifier: Apache-2.0
#include "evidence/predicate.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::evidence {

namespace {

// A scheme, a colon, and something behind it, in visible ASCII (RFC 3986 3).
bool is_absolute_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return text.size() <= 1024 && letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

const std::vector<PredicateName>& predicate_names() {
  static const std::vector<PredicateName> all = {
      {"custom", "https://cosign.sigstore.dev/attestation/v1"},
      {"slsaprovenance", "https://slsa.dev/provenance/v0.2"},
      {"slsaprovenance02", "https://slsa.dev/provenance/v0.2"},
      {"slsaprovenance1", "https://slsa.dev/provenance/v1"},
      {"link", "https://in-toto.io/Link/v1"},
      {"spdx", "https://spdx.dev/Document"},
      {"spdxjson", "https://spdx.dev/Document"},
      {"cyclonedx", "https://cyclonedx.org/bom"},
      {"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
      {"openvex", "https://openvex.dev/ns"}};
  return all;
}

Result<std::string> predicate_type_named(std::string_view text) {
  const auto at = std::ranges::find(predicate_names(), text, &PredicateName::name);
  if (at != predicate_names().end()) return std::string(at->type);
  if (is_absolute_uri(text)) return std::string(text);
  std::vector<std::string_view> names;
  for (const auto& one : predicate_names()) names.push_back(one.name);
  const auto likely = closest(text, names);
  return fail(Errc::usage,
              cat("\"", printable(text, 80), "\" is neither a URI nor a predicate type known by ",
                  "name", likely.empty() ? "" : cat(" (did you mean \"", likely, "\"?)")));
}

std::string write_statement(const std::vector<StatementSubject>& subjects,
                            std::string_view predicate_type, json::Value predicate,
                            std::string_view statement_type) {
  json::Array rows;
  for (const auto& subject : subjects) {
    json::Value digest;
    digest.set(std::string(crypto::name(subject.digest.algorithm())), subject.digest.hex());
    json::Value row;
    row.set("name", subject.name);
    row.set("digest", std::move(digest));
    rows.push_back(std::move(row));
  }
  json::Value out;
  out.set("_type", statement_type);
  out.set("subject", std::move(rows));
  out.set("predicateType", predicate_type);
  out.set("predicate", std::move(predicate));
  return json::write(out);
}

}  // namespace sluice::evidence
