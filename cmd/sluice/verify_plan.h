// SPDX-License-Identifier: Apache-2.0
// What `verify` was asked for, read once: who may have signed, what is trusted, what each artifact
// is compared with. Shared by the command, its batches and what it does under cosign's name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "invocation.h"
#include "sigstore/verifier.h"

namespace sluice::cli {

struct Plan {
  sigstore::Verifier verifier;
  std::optional<std::string> predicate_type;
  std::size_t signers = 1;  // that have to differ from each other
  unsigned threads = 1;     // files that may be read at a time
};

[[nodiscard]] Result<Plan> make_plan(Invocation& in);
// Those that make_plan reads.
std::vector<Option> plan_options();

// "sha256:…" is always a digest: a file that somebody gave that name must not stand in for it. Such
// a file is reached as ./sha256:…
[[nodiscard]] Result<sigstore::Artifact> artifact_named(const std::string& word);

struct BundleText {
  std::optional<std::string> text;  // none: nothing lies where it was expected
  std::string source;
  std::string named = {};  // as the user named it; empty: it was looked for beside the artifact
};
[[nodiscard]] Result<BundleText> named_bundle(const Invocation& in, const std::string& name);
// An artifact that nobody named by itself, with its bundle, may be a pipe that never ends: it has
// to be a digest or a plain file.
[[nodiscard]] Result<void> check_plain(const Invocation& in, const sigstore::Artifact& artifact);
// The one beside the artifact; Errc::usage for a digest, which nothing lies beside.
[[nodiscard]] Result<BundleText> bundle_beside(const Invocation& in,
                                               const sigstore::Artifact& artifact);

// The question about that bundle. It holds references to nothing but the call.
sigstore::VerifyRequest request_for(const Invocation& in, const Plan& plan,
                                    const std::optional<sigstore::Artifact>& artifact,
                                    BundleText bundle);

// Decides and prints nothing: several of these run at a time.
using Answer = Result<Verdict<sigstore::VerifiedContent>>;
Answer verify_one(const Invocation& in, const Plan& plan,
                  const std::optional<sigstore::Artifact>& artifact, BundleText bundle);

// Several bundles about one artifact, which is read once, of which enough have to be good, by
// different signers (sigstore::different_signers). The report has the checks of those that are, and
// says why the others do not count. (verify_together.cc)
[[nodiscard]] Result<Report> verify_together(const Invocation& in, const Plan& plan,
                                             const sigstore::Artifact& artifact,
                                             std::vector<BundleText> bundles);

// docs/schema/verification.v1.json: with the kind of refusal.
json::Value verification_json(const Report& report);

// sluice verify --batch (verify_batch.cc)
[[nodiscard]] Result<int> verify_batch(Invocation& in, const Plan& plan, const std::string& file);

}  // namespace sluice::cli
