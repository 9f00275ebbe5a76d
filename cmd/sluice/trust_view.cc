// SPDX-License-Identifier: Apache-2.0
// Trust material as text and as JSON.
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "trust_material.h"

namespace sluice::cli {

namespace {

using sigstore::TrustEntry;
using sigstore::TrustKind;
using sigstore::TrustRoot;

constexpr std::array kTrustKinds{TrustKind::certificate_authority, TrustKind::log,
                                 TrustKind::ct_log, TrustKind::timestamp_authority};
constexpr std::chrono::days kOld{180};

std::string_view kind_word(TrustKind kind) {
  switch (kind) {
    case TrustKind::certificate_authority:
      return "certificate-authority";
    case TrustKind::log:
      return "log";
    case TrustKind::ct_log:
      return "certificate-log";
    case TrustKind::timestamp_authority:
      return "timestamp-authority";
  }
  return {};
}

std::string_view heading(TrustKind kind) {
  switch (kind) {
    case TrustKind::certificate_authority:
      return "certificate authorities";
    case TrustKind::log:
      return "transparency logs";
    case TrustKind::ct_log:
      return "certificate logs";
    case TrustKind::timestamp_authority:
      return "timestamp authorities";
  }
  return {};
}

std::string_view state_word(const TrustEntry& entry, Time now) {
  if (entry.unusable) {
    return entry.unusable->code == Errc::unsupported ? "unsupported" : "broken";
  }
  if (now < entry.window.start) return "not-yet";
  return entry.window.contains(now) ? "trusted" : "past";
}

bool counts_now(const TrustEntry& entry, Time now) { return state_word(entry, now) == "trusted"; }

std::string text_digest(const TrustRoot& root) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(root.text())).text();
}

// A CA's certificates may end before the time for which it is trusted does.
std::vector<std::string> ended_certificates(const TrustEntry& entry, Time now) {
  std::vector<std::string> out;
  if (!entry.chain) return out;
  for (const auto& one : entry.chain->chain()) {
    if (one->validity.not_after >= now) continue;
    out.push_back(cat("the certificate of ", one.describe(), " ended ",
                      human_time(one->validity.not_after),
                      "; what it signed before still verifies"));
  }
  return out;
}

std::vector<std::string> trust_warnings(const TrustRoot& root,
                                        const std::vector<TrustEntry>& entries, Time now) {
  std::vector<std::string> out;
  for (const TrustEntry& one : entries) {
    const std::string about = one.url.empty() ? std::string(name(one.kind)) : one.url;
    if (one.unusable) {
      out.push_back(cat(about, " never counts: ", one.unusable->what));
    } else if (counts_now(one, now)) {
      for (const auto& ended : ended_certificates(one, now)) out.push_back(cat(about, ": ", ended));
    }
  }
  for (const TrustKind kind : kTrustKinds) {
    const bool any = std::ranges::any_of(
        entries, [&](const TrustEntry& one) { return one.kind == kind && counts_now(one, now); });
    if (!any) out.push_back(cat("no ", name(kind), " is trusted now: new signatures need one"));
  }
  for (const std::string& path : root.unknown_members()) {
    out.push_back(cat(path, " is not known to this program and was skipped"));
  }
  if (root.dated() && now - *root.dated() > kOld) {
    out.push_back(cat("the material is ", trust_age(root, now), ": keys may have changed since"));
  }
  return out;
}

std::string entry_text(const TrustEntry& entry, Time now) {
  std::string out = cat("  ", state_word(entry, now));
  out.append(out.size() < 14 ? 14 - out.size() : 1, ' ');
  out += cat(entry.url.empty() ? std::string("(no URL)") : entry.url, "\n");
  const std::string indent(14, ' ');
  out += cat(indent, entry.window.text());
  if (!entry.operated_by.empty()) out += cat(", by ", entry.operated_by);
  out += "\n";
  if (entry.unusable) return out += cat(indent, entry.unusable->what, "\n");
  if (entry.key) {
    out += cat(indent, entry.key->describe(), ", ", entry.key->fingerprint().text(), "\n", indent,
               "id ", to_base64(entry.id), "\n");
  }
  if (!entry.chain) return out;
  for (const auto& one : entry.chain->chain()) {
    out += cat(indent, one.describe(), "\n", indent, "  ", one->key.describe(), ", to ",
               human_time(one->validity.not_after), "\n", indent, "  ", one.fingerprint().text(),
               "\n");
  }
  return out;
}

json::Value certificate_json(const x509::Certificate& certificate) {
  json::Value out;
  out.set("subject", certificate->subject.text());
  out.set("not_before", rfc3339(certificate->validity.not_before));
  out.set("not_after", rfc3339(certificate->validity.not_after));
  out.set("key", certificate->key.describe());
  out.set("fingerprint", certificate.fingerprint().text());
  return out;
}

json::Value entry_json(const TrustEntry& entry, Time now) {
  json::Value out;
  out.set("kind", kind_word(entry.kind));
  out.set("state", state_word(entry, now));
  if (!entry.url.empty()) out.set("url", entry.url);
  if (!entry.operated_by.empty()) out.set("operator", entry.operated_by);
  out.set("start", rfc3339(entry.window.start));
  if (entry.window.end) out.set("end", rfc3339(*entry.window.end));
  if (!entry.id.empty()) out.set("id", to_base64(entry.id));
  if (!entry.key_details.empty()) out.set("key_details", entry.key_details);
  if (entry.key) {
    out.set("key", entry.key->describe());
    out.set("fingerprint", entry.key->fingerprint().text());
  }
  if (entry.chain) {
    json::Array certificates;
    for (const auto& one : entry.chain->chain()) certificates.push_back(certificate_json(one));
    out.set("certificates", std::move(certificates));
  }
  if (entry.unusable) out.set("reason", entry.unusable->text());
  return out;
}

}  // namespace

std::string trust_age(const TrustRoot& root, Time now) {
  if (!root.dated()) return "of unknown age";
  if (now < *root.dated()) return "dated in the future";
  return cat(human_duration(now - *root.dated()), " old");
}

std::string trust_text(const TrustRoot& root, Time now) {
  const auto entries = root.entries();
  std::string out = cat("source        ", root.source(), "\n", "dated         ");
  out += root.dated() ? cat(human_time(*root.dated()), ", ", trust_age(root, now)) : "unknown";
  out += cat("\ndigest        ", text_digest(root), "\n");
  for (const TrustKind kind : kTrustKinds) {
    out += cat("\n", heading(kind), "\n");
    bool any = false;
    for (const TrustEntry& one : entries) {
      if (one.kind == kind) out += entry_text(one, now), any = true;
    }
    if (!any) out += "  none\n";
  }
  const auto warnings = trust_warnings(root, entries, now);
  if (!warnings.empty()) out += "\n";
  for (const std::string& one : warnings) out += cat("warning: ", one, "\n");
  return out;
}

json::Value trust_json(const TrustRoot& root, Time now) {
  const auto entries = root.entries();
  json::Value out;
  out.set("kind", "sluice.trust/v1");
  out.set("source", root.source());
  out.set("media_type", root.media_type());
  out.set("digest", text_digest(root));
  if (root.dated()) {
    out.set("dated", rfc3339(*root.dated()));
    out.set("age_seconds", std::int64_t{(now - *root.dated()).count()});
  }
  json::Array list;
  for (const TrustEntry& one : entries) list.push_back(entry_json(one, now));
  out.set("entries", std::move(list));
  json::Array warnings;
  for (auto& one : trust_warnings(root, entries, now)) warnings.emplace_back(std::move(one));
  out.set("warnings", std::move(warnings));
  return out;
}

}  // namespace sluice::cli
