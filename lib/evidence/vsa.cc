// SPDX-License-Identifier: Apache-2.0
#include "evidence/vsa.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::evidence {

namespace {

constexpr std::size_t kMaxInputs = 1000;
constexpr std::size_t kMaxLevels = 64;
constexpr std::size_t kMaxDigests = 16;

bool is_extension(std::string_view key) {
  return key.find(':') != std::string_view::npos;  // no member of the specification has one
}

json::Value pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json::Value out{json::Object{}};
  for (const auto& [key, value] : pairs) out.set(key, value);
  return out;
}

json::Value descriptor_json(const ResourceDescriptor& resource) {
  json::Value out;
  out.set("uri", resource.uri);
  if (!resource.digest.empty()) out.set("digest", pairs_json(resource.digest));
  return out;
}

bool says_failed(const std::vector<std::string>& levels) {
  return std::ranges::find(levels, "FAILED") != levels.end();
}

Result<void> check_consistent(const std::vector<VsaSubject>& subjects, const Vsa& vsa) {
  const auto wrong = [](std::string what) { return fail(Errc::internal, std::move(what)); };
  if (subjects.empty()) return wrong("a VSA speaks of at least one artifact");
  if (vsa.verifier_id.empty() || vsa.resource_uri.empty() || vsa.policy.uri.empty()) {
    return wrong("a VSA names its verifier, its resource and its policy");
  }
  if (vsa.verified_levels.empty()) return wrong("a VSA states at least one level");
  if ((vsa.result == VsaResult::passed) == says_failed(vsa.verified_levels)) {
    return wrong("the VSA's result and its levels contradict each other");
  }
  for (const auto& level : vsa.verified_levels) {
    if (level.starts_with("SLSA_")) return wrong("levels of our own do not begin with SLSA_");
  }
  for (const auto& [key, value] : vsa.extensions) {
    if (!is_extension(key)) return wrong("a VSA's extension has a URI as its name");
  }
  return {};
}

json::Value predicate_json(const Vsa& vsa) {
  json::Value verifier;
  verifier.set("id", vsa.verifier_id);
  if (!vsa.verifier_version.empty()) verifier.set("version", pairs_json(vsa.verifier_version));
  json::Value out;
  out.set("verifier", std::move(verifier));
  out.set("timeVerified", rfc3339(vsa.time_verified));
  out.set("resourceUri", vsa.resource_uri);
  out.set("policy", descriptor_json(vsa.policy));
  if (!vsa.input_attestations.empty()) {
    json::Array inputs;
    for (const auto& each : vsa.input_attestations) inputs.push_back(descriptor_json(each));
    out.set("inputAttestations", std::move(inputs));
  }
  out.set("verificationResult", vsa.result == VsaResult::passed ? "PASSED" : "FAILED");
  json::Array levels;
  for (const auto& level : vsa.verified_levels) levels.emplace_back(level);
  out.set("verifiedLevels", std::move(levels));
  if (vsa.slsa_version) out.set("slsaVersion", *vsa.slsa_version);
  for (const auto& [key, value] : vsa.extensions) out.set(key, value);
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> read_pairs(const json::Fields& fields) {
  const json::Object* members = fields.value().object();
  if (members == nullptr || members->size() > kMaxDigests) {
    return fail(Errc::malformed,
                cat(fields.path(), " is no object of at most ", kMaxDigests, " members"));
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : *members) {
    SLUICE_TRY(std::string text, fields.string(key));
    out.emplace_back(key, std::move(text));
  }
  return out;
}

Result<ResourceDescriptor> read_descriptor(const json::Fields& fields) {
  ResourceDescriptor out;
  SLUICE_TRY(out.uri, fields.string("uri"));
  if (!fields.has("digest")) return out;
  SLUICE_TRY(const auto digest, fields.object("digest"));
  SLUICE_TRY(out.digest, read_pairs(digest));
  return out;
}

Result<void> read_verifier(const json::Fields& root, Vsa& into) {
  SLUICE_TRY(const auto verifier, root.object("verifier"));
  SLUICE_TRY(into.verifier_id, verifier.string("id"));
  if (into.verifier_id.empty()) return fail(Errc::malformed, "the VSA's verifier has an empty id");
  if (!verifier.has("version")) return {};
  SLUICE_TRY(const auto version, verifier.object("version"));
  SLUICE_TRY(into.verifier_version, read_pairs(version));
  return {};
}

Result<void> read_result(const json::Fields& root, Vsa& into) {
  SLUICE_TRY(const std::string word, root.string("verificationResult"));
  if (word != "PASSED" && word != "FAILED") {
    return fail(Errc::malformed, cat("verificationResult is \"", printable(word, 40),
                                     "\", neither PASSED nor FAILED"));
  }
  into.result = word == "PASSED" ? VsaResult::passed : VsaResult::failed;
  SLUICE_TRY(const auto levels, root.array("verifiedLevels", kMaxLevels));
  for (const auto& each : levels) {
    SLUICE_TRY(std::string level, each.as_string());
    into.verified_levels.push_back(std::move(level));
  }
  if (into.verified_levels.empty()) return fail(Errc::malformed, "verifiedLevels is empty");
  if (into.result == VsaResult::passed && says_failed(into.verified_levels)) {
    return fail(Errc::malformed, "verificationResult is PASSED and verifiedLevels says FAILED");
  }
  return {};
}

}  // namespace

Result<std::string> write_vsa(const std::vector<VsaSubject>& subjects, const Vsa& vsa) {
  SLUICE_CHECK(check_consistent(subjects, vsa));
  json::Array list;
  for (const auto& subject : subjects) {
    json::Value digest;
    digest.set(std::string(crypto::name(subject.digest.algorithm())), subject.digest.hex());
    json::Value row;
    if (!subject.name.empty()) row.set("name", subject.name);
    row.set("digest", std::move(digest));
    list.push_back(std::move(row));
  }
  json::Value out;
  out.set("_type", "https://in-toto.io/Statement/v1");
  out.set("subject", std::move(list));
  out.set("predicateType", kVsaPredicate);
  out.set("predicate", predicate_json(vsa));
  return json::write(out);
}

Result<Vsa> read_vsa(const dsse::Statement& statement) {
  if (statement.predicate_type != kVsaPredicate) {
    return fail(Errc::unsupported, cat("the statement's predicate is \"",
                                       printable(statement.predicate_type, 200), "\", no VSA v1"));
  }
  const json::Fields root(statement.predicate, "predicate");
  Vsa vsa;
  SLUICE_CHECK(read_verifier(root, vsa));
  SLUICE_TRY(const std::string time, root.string("timeVerified"));
  SLUICE_TRY(vsa.time_verified, within(parse_rfc3339(time), "reading timeVerified"));
  SLUICE_TRY(vsa.resource_uri, root.string("resourceUri"));
  SLUICE_TRY(const auto policy, root.object("policy"));
  SLUICE_TRY(vsa.policy, read_descriptor(policy));
  if (root.has("inputAttestations")) {
    SLUICE_TRY(const auto inputs, root.array("inputAttestations", kMaxInputs));
    for (const auto& each : inputs) {
      SLUICE_TRY(auto input, read_descriptor(each));
      vsa.input_attestations.push_back(std::move(input));
    }
  }
  SLUICE_CHECK(read_result(root, vsa));
  if (root.has("slsaVersion")) {
    SLUICE_TRY(vsa.slsa_version, root.string("slsaVersion"));
  }
  for (const auto& [key, value] : *statement.predicate.object()) {
    if (is_extension(key)) vsa.extensions.emplace_back(key, value);
  }
  return vsa;
}

}  // namespace sluice::evidence
