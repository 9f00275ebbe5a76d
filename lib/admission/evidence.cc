// SPDX-License-Identifier: Apache-2.0
#include "admission/evidence.h"

#include <algorithm>

#include "base/text.h"
#include "sigstore/bundle.h"
#include "sigstore/verify_key.h"

namespace sluice::admission {

namespace {

// As long as a hint that names a key: base64 of SHA-256.
constexpr std::size_t kHintSize = 44;

std::string first_failure_of(const Report& report) {
  const Check* failure = report.first_failure();
  return failure == nullptr ? std::string("the bundle proves nothing") : failure->detail;
}

bool same_file(const FileInfo& a, const FileInfo& b) {
  return a.kind == b.kind && a.size == b.size && a.number == b.number && a.changed == b.changed;
}

// A file that is there: its bundle, or none where it holds nothing for us.
std::shared_ptr<const Bundle> bundle_in(Files& files, const Path& path, const std::string& name,
                                        const FileInfo& info, const EvidenceLimits& limits) {
  if (info.kind != FileKind::file || info.size > limits.file) return nullptr;
  auto text = files.read_plain(path, limits.file, Links::followed);
  if (!text) return nullptr;
  auto bundle = Bundle::read(name, *std::move(text));
  if (!bundle || (*bundle)->claims().size() > limits.claims) return nullptr;
  return *std::move(bundle);
}

void add(Evidence& evidence, std::shared_ptr<const Bundle> bundle) {
  evidence.bytes += bundle->size();
  ++evidence.bundles;
  for (const auto& claim : bundle->claims()) evidence.by_image[claim].push_back(bundle);
}

}  // namespace

Result<std::shared_ptr<const Bundle>> Bundle::read(std::string name, std::string text) {
  SLUICE_TRY(const auto bundle, sigstore::parse_bundle(text));
  const auto* envelope = std::get_if<dsse::Envelope>(&bundle.content);
  if (envelope == nullptr) return fail(Errc::unsupported, "the bundle signs a file");
  SLUICE_TRY(const auto statement, dsse::parse_statement(envelope->payload));
  if (statement.predicate_type != evidence::kVsaPredicate) {
    return fail(Errc::unsupported, "the bundle holds no verification summary");
  }
  std::shared_ptr<Bundle> out(new Bundle(std::move(name), std::move(text)));
  if (const auto* key = std::get_if<sigstore::PublicKeyHint>(&bundle.material)) {
    out->hint_ = key->hint;
  }
  for (const auto& subject : statement.subjects) {
    SLUICE_TRY(const auto digests, subject.known_digests());
    for (const auto& digest : digests) out->claims_.push_back(digest.text());
  }
  std::ranges::sort(out->claims_);
  out->claims_.erase(std::ranges::unique(out->claims_).begin(), out->claims_.end());
  const json::Value* time = statement.predicate.find("timeVerified");
  if (time != nullptr && time->string() != nullptr) out->claimed_time_ = *time->string();
  return out;
}

Result<std::shared_ptr<const Testimony>> Bundle::testimony(const Signatory& signatory,
                                                           const crypto::Digest& image,
                                                           bool& known) const {
  const auto place = std::pair(signatory.fingerprint, image.text());
  {
    const std::lock_guard hold(mutex_);
    const auto at = heard_.find(place);
    known = at != heard_.end();
    if (known) return at->second;
  }
  // Two may verify the same at once: both come to the same result.
  SLUICE_TRY(auto testimony, verify(signatory, image));
  const std::lock_guard hold(mutex_);
  heard_.insert_or_assign(place, testimony);
  return testimony;
}

Result<std::shared_ptr<const Testimony>> Bundle::verify(const Signatory& signatory,
                                                        const crypto::Digest& image) const {
  const auto nothing = [](std::string why) {
    return std::make_shared<const Testimony>(
        Testimony{.decision = std::nullopt, .why = std::move(why)});
  };
  if (hint_.size() == kHintSize && hint_ != sigstore::key_hint(signatory.key)) {
    return nothing("the bundle names another key");
  }
  SLUICE_TRY(auto verdict,
             sigstore::verify_with_key(system_files(),  // the image is a digest: none is opened
                                       {.key = signatory.key,
                                        .bundle = text_,
                                        .bundle_source = name_,
                                        .artifact = image,
                                        .predicate_type = std::string(evidence::kVsaPredicate)}));
  if (!verdict.passed()) return nothing(first_failure_of(verdict.report()));
  const auto& statement = verdict.value()->statement;
  if (!statement) return nothing("the bundle holds no statement");
  auto decision = gate::read_decision(*statement);
  if (!decision) return nothing(decision.error().text());
  Testimony testimony{.decision = *std::move(decision)};
  for (const auto& subject : statement->subjects) {
    if (const auto digests = subject.known_digests()) {
      for (const auto& digest : *digests) testimony.subjects.push_back(digest.text());
    }
  }
  return std::make_shared<const Testimony>(std::move(testimony));
}

Result<Evidence> scan_evidence(Files& files, const Path& folder, const Evidence& before,
                               const EvidenceLimits& limits) {
  SLUICE_TRY(const auto entries, within(files.list(folder), "reading the folder of evidence"));
  Evidence now;
  for (const auto& entry : entries) {
    // Hidden: what is being written, and Kubernetes's own links.
    if (entry.kind == FileKind::folder || entry.name.starts_with('.')) continue;
    const auto info = files.info(folder / entry.name);
    if (!info || info->kind != FileKind::file || now.files.size() >= limits.files ||
        now.bytes + info->size > limits.bytes) {
      ++now.ignored;
      continue;
    }
    const auto old = before.files.find(entry.name);
    const bool same = old != before.files.end() && same_file(old->second.info, *info);
    auto bundle = same ? old->second.bundle
                       : bundle_in(files, folder / entry.name, entry.name, *info, limits);
    if (bundle) {
      add(now, bundle);
    } else {
      ++now.ignored;
    }
    now.files.emplace(entry.name, Evidence::Entry{*info, std::move(bundle)});
  }
  for (auto& [image, bundles] : now.by_image) {
    std::ranges::stable_sort(bundles, [](const auto& a, const auto& b) {
      return a->claimed_time() > b->claimed_time();
    });
  }
  return now;
}

}  // namespace sluice::admission
