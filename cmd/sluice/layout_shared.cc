// SPDX-License-Identifier: Apache-2.0
#include "layout_shared.h"

#include <charconv>
#include <map>
#include <mutex>

#include "base/text.h"
#include "crypto/digest.h"
#include "dsse/envelope.h"
#include "identity_options.h"
#include "intoto/limits.h"
#include "intoto/signed.h"
#include "json/tokenizer.h"
#include "keyfile.h"
#include "settings.h"
#include "sigstore/bundle.h"
#include "sigstore/verifier.h"
#include "trust_material.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle";

sigstore::IdentityWish wish_of(const intoto::IdentityKey& key) {
  const auto part = [&key](const char* name) -> std::optional<std::string> {
    const auto at = key.parts.find(name);
    if (at == key.parts.end()) return std::nullopt;
    return at->second;
  };
  return {.identity = part("identity"),
          .identity_regexp = part("identity_regexp"),
          .issuer = part("issuer"),
          .issuer_regexp = part("issuer_regexp"),
          .repo = part("repo"),
          .workflow = part("workflow"),
          .ref = part("ref"),
          .trigger = part("trigger")};
}

// Why nobody could be that identity: an issuer is missing, an expression fits everybody.
std::optional<std::string> identity_problem(const intoto::IdentityKey& key) {
  const auto rule = sigstore::make_identity_rule(wish_of(key));
  if (rule) return std::nullopt;
  return cat(key.describe(), " cannot be asked for: ", rule.error().text());
}

// Verifies bundles by identity. The trust material is read when the first one is met.
class SigstoreJudge final : public intoto::IdentityJudge {
 public:
  explicit SigstoreJudge(Invocation& in) : in_(in) {}

  bool is_one(std::string_view document) const override { return is_bundle(document); }

  using Judged = std::expected<intoto::IdentityEvidence, Check>;
  Result<Judged> judge(const std::string& document, const std::string& source,
                       const intoto::IdentityKey& who) const override {
    // What is no envelope cannot be verified without the file that it signs.
    const auto parsed = sigstore::parse_bundle(document);
    if (parsed && !std::holds_alternative<dsse::Envelope>(parsed->content)) {
      return refused("the bundle signs a file, and holds neither a link nor a layout", "");
    }
    if (auto problem = identity_problem(who)) return refused(*std::move(problem), "");
    SLUICE_TRY(const auto* verifier, verifier_for(who));
    SLUICE_TRY(const auto verdict, verifier->verify(in_.world.files, {.bundle = document,
                                                                      .bundle_source = source,
                                                                      .any_payload = true}));
    if (!verdict.passed()) {
      const Check* failure = verdict.report().first_failure();
      return Judged(std::unexpected(failure == nullptr ? Check{} : *failure));
    }
    const auto& content = *verdict.value();
    const auto& envelope = std::get<dsse::Envelope>(content.bundle.content);
    if (envelope.payload_type.str() != dsse::kInTotoPayload) {
      return refused("what the bundle signs is not in-toto's", envelope.payload_type.str());
    }
    return intoto::IdentityEvidence{.payload = std::string(text_of(envelope.payload)),
                                    .signer = content.signer,
                                    .times = content.times};
  }

 private:
  static Judged refused(std::string why, const std::string& found) {
    return std::unexpected(Check{.id = "link.format",
                                 .title = "link",
                                 .outcome = Outcome::fail,
                                 .detail = std::move(why),
                                 .found = printable(found, 100)});
  }
  Result<const sigstore::Verifier*> verifier_for(const intoto::IdentityKey& who) const {
    const std::scoped_lock lock(mutex_);
    const std::string key = intoto::material_of(who);
    if (const auto at = verifiers_.find(key); at != verifiers_.end()) return &at->second;
    SLUICE_TRY(auto rule, sigstore::make_identity_rule(wish_of(who)));
    if (!trust_) {
      SLUICE_TRY(trust_, trust_root_for(in_));
    }
    const auto at = verifiers_.emplace(
        key, sigstore::Verifier(
                 {.rules = {std::move(rule)}, .trust = trust_, .now = in_.world.clock.now()}));
    return &at.first->second;
  }

  Invocation& in_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::optional<sigstore::TrustRoot> trust_;
  mutable std::map<std::string, sigstore::Verifier> verifiers_;
};

Result<std::pair<std::string, std::string>> name_and_value(std::string_view option,
                                                           const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Errc::usage, cat(option, " is NAME=VALUE, not \"", printable(text, 60), "\""));
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<std::chrono::seconds> seconds_given(std::string_view option, const std::string& text) {
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::int64_t kMost = 10'000'000;
  if (status == std::errc{} && number > 0 && number < kMost) {
    if (unit == "s") return std::chrono::seconds(number);
    if (unit == "m") return std::chrono::minutes(number);
    if (unit == "h") return std::chrono::hours(number);
    if (unit == "d") return std::chrono::days(number);
  }
  return fail(Errc::usage, cat(option, " is a duration as 90s, 30m, 24h or 7d, not \"",
                               printable(text, 40), "\""));
}

Result<std::vector<intoto::Artifact>> artifacts_given(const Invocation& in) {
  std::vector<intoto::Artifact> out;
  for (const auto& text : in.args.all("--artifact")) {
    SLUICE_TRY(auto pair, name_and_value("--artifact", text));
    SLUICE_TRY(const auto digest, within(crypto::Digest::parse(pair.second), "--artifact"));
    out.push_back({std::move(pair.first), intoto::DigestSet::of(digest)});
  }
  return out;
}

intoto::LayoutCompat compat_given(const Invocation& in) {
  const auto word = in.args.get("--compat").value_or("");
  if (word == "python") return intoto::LayoutCompat::python;
  if (word == "go") return intoto::LayoutCompat::go;
  return intoto::LayoutCompat::strict;
}

Result<void> inspections_given(const Invocation& in, intoto::InspectionOptions& out) {
  out.commands = in.args.has("--run-inspections");
  out.threads = threads(in.settings);
  if (const auto folder = in.args.get("--inspect")) out.folder = *folder;
  out.scratch = in.world.environment.get("TMPDIR").value_or("/tmp");
  if (const auto limit = in.args.get("--inspection-timeout")) {
    SLUICE_TRY(out.time_limit, seconds_given("--inspection-timeout", *limit));
  }
  SLUICE_TRY(out.artifacts, artifacts_given(in));
  return {};
}

// How the queue of a step is explained, with the same arguments.
std::string explaining(const Invocation& in) {
  std::string out = cat("sluice layout explain ", in.args.positionals().front());
  std::vector<std::string> names{"--key", "--gpg", "--gpg-home"};
  for (const auto& option : layout_identity_options()) names.push_back(option.name.str());
  for (const auto* const name : {"--trusted-root", "--links", "--parameter", "--compat"}) {
    names.emplace_back(name);
  }
  for (const auto& name : names) {
    for (const auto& value : in.args.all(name)) {
      out += cat(" ", name, " ", sigstore::shell_word(value));
    }
  }
  return out;
}

// Who owns the layout, where it is somebody without a key.
Result<std::optional<intoto::IdentityKey>> identity_owner(const Invocation& in) {
  SLUICE_TRY(const auto wish, identity_wish(in.args));
  if (!wish) return std::optional<intoto::IdentityKey>();
  SLUICE_CHECK(sigstore::make_identity_rule(*wish));
  return std::optional(intoto::IdentityKey{.id = "owner", .parts = identity_parts(*wish)});
}

}  // namespace

std::map<std::string, std::string> identity_parts(const sigstore::IdentityWish& wish) {
  std::map<std::string, std::string> out;
  const auto put = [&out](const char* name, const std::optional<std::string>& value) {
    if (value) out.emplace(name, *value);
  };
  put("identity", wish.identity);
  put("identity_regexp", wish.identity_regexp);
  put("issuer", wish.issuer);
  put("issuer_regexp", wish.issuer_regexp);
  put("ref", wish.ref);
  put("repo", wish.repo);
  put("trigger", wish.trigger);
  put("workflow", wish.workflow);
  return out;
}

std::vector<Option> layout_identity_options() {
  std::vector<Option> out;
  for (auto& each : identity_options()) {
    if (each.name != "--sha") out.push_back(std::move(each));
  }
  return out;
}

// A member "mediaType" of the document itself: the words alone may stand in any link's output.
bool is_bundle(std::string_view document) {
  if (document.find(kBundleType) == std::string_view::npos) return false;
  json::Tokenizer in(document, {.bytes = intoto::limits::kMetadataFile});
  if (!in.enter_object()) return false;
  for (;;) {
    const auto key = in.next_key();
    if (!key || !*key) return false;
    if (**key != "mediaType") {
      if (!in.skip()) return false;
      continue;
    }
    const auto type = in.read_string();
    return type && type->starts_with(kBundleType);
  }
}

Result<std::string> layout_payload(const std::string& text) {
  if (is_bundle(text)) {
    SLUICE_TRY(const auto bundle, sigstore::parse_bundle(text));
    const auto* envelope = std::get_if<dsse::Envelope>(&bundle.content);
    if (envelope == nullptr) return fail(Errc::malformed, "the bundle signs a file, no layout");
    return std::string(text_of(envelope->payload));
  }
  const auto value = json::parse_strict(text);
  if (value && value->find("signed") == nullptr && value->find("payload") == nullptr) return text;
  SLUICE_TRY(const auto metadata, intoto::SignedMetadata::parse(text));
  return std::string(metadata.payload());
}

void judge_identities(const intoto::Layout& layout, Report& report) {
  for (const auto& [id, functionary] : layout.keys) {
    const auto* who = std::get_if<intoto::IdentityKey>(&functionary);
    const auto problem = who == nullptr ? std::nullopt : identity_problem(*who);
    if (problem) report.fail("layout.identities", "layout's identities", *problem);
  }
}

std::unique_ptr<intoto::IdentityJudge> identity_judge(Invocation& in) {
  return std::make_unique<SigstoreJudge>(in);
}

Result<intoto::Parameters> layout_parameters_given(const Invocation& in) {
  intoto::Parameters out;
  for (const auto& text : in.args.all("--parameter")) {
    SLUICE_TRY(auto pair, name_and_value("--parameter", text));
    if (!out.emplace(pair.first, pair.second).second) {
      return fail(Errc::usage, cat("the parameter ", printable(pair.first, 60), " is given twice"));
    }
  }
  return out;
}

Result<intoto::Functionary> owner_key(Invocation& in, const std::string& file) {
  SLUICE_TRY(const auto key, load_public_key(in, file));
  return intoto::Key(key);
}

Result<ChainPlan> chain_plan(Invocation& in) {
  const std::string& file = in.args.positionals().front();
  ChainPlan out;
  SLUICE_TRY(out.layout, in.world.files.read(file, intoto::limits::kMetadataFile));
  out.subject = cat("supply chain of ", file);
  out.links = in.args.get("--links").value_or(".");
  auto& options = out.options;
  for (const auto& key : in.args.all("--key")) {
    SLUICE_TRY(auto owner, owner_key(in, key));
    options.owners.push_back(std::move(owner));
  }
  for (const auto& id : in.args.all("--gpg")) {
    SLUICE_TRY(auto owner, gpg_owner(in, id));
    options.owners.push_back(std::move(owner));
  }
  SLUICE_TRY(auto identity, identity_owner(in));
  if (identity) options.owners.emplace_back(*std::move(identity));
  if (options.owners.empty()) {
    return fail(Error{Errc::usage,
                      "say who owns the layout",
                      {},
                      "--key FILE, the public key that signed it, or --certificate-identity NAME "
                      "and --certificate-oidc-issuer URL"});
  }
  SLUICE_TRY(options.parameters, layout_parameters_given(in));
  options.compat = compat_given(in);
  options.exact_commands = in.args.has("--require-commands");
  options.success = in.args.has("--require-success");
  options.freshness.run = in.args.get("--require-run");
  options.freshness.commit = in.args.get("--require-commit");
  if (const auto age = in.args.get("--max-age")) {
    SLUICE_TRY(options.freshness.max_age, seconds_given("--max-age", *age));
  }
  if (const auto folder = in.args.get("--state")) options.memory = *folder;
  SLUICE_CHECK(inspections_given(in, options.inspections));
  options.delegated_commands = in.args.has("--run-delegated-inspections");
  if (options.delegated_commands && !options.inspections.commands) {
    return fail(Errc::usage, "--run-delegated-inspections goes with --run-inspections");
  }
  options.threads = threads(in.settings);
  options.explain = explaining(in);
  out.identities = identity_judge(in);
  options.identities = out.identities.get();
  return out;
}

std::vector<Option> chain_options() {
  std::vector<Option> out = {
      {"--key",
       "FILE",
       "public key of the layout's owner; all that are given signed it",
       {},
       false,
       true},
      {"--gpg", "KEYID", "the same, from gpg's keyring", {}, false, true},
      {"--gpg-home", "DIR", "gpg's folder, where it is not the usual one"},
      {"--links", "DIR", "where the links are; this folder, if not given"},
      {"--parameter", "NAME=VALUE", "a value for {NAME} in the layout", {}, false, true},
      {"--compat",
       "PEER",
       "accept what python in-toto or in-toto-golang do besides",
       {"python", "go"}},
      {"--require-success", "", "each step's command has to have ended well"},
      {"--require-commands", "", "each step has to have run the expected command"},
      {"--require-run", "ID", "each link has to be of this run"},
      {"--require-commit", "HEX", "each link has to be of this commit"},
      {"--max-age", "DURATION", "no link may be older: 90m, 24h, 7d"},
      {"--state", "DIR", "remember the layout's version there, and refuse lower ones"},
      {"--run-inspections", "", "run the commands of the layout's inspections"},
      {"--run-delegated-inspections", "",
       "with it, run also those of layouts that steps are delegated to"},
      {"--inspect", "DIR", "what inspections look at; this folder, if not given"},
      {"--inspection-timeout", "DURATION", "time that one inspection may take; 60s"},
      {"--artifact",
       "NAME=sha256:HEX",
       "an artifact for the inspection sluice:artifacts",
       {},
       false,
       true}};
  for (auto& each : layout_identity_options()) out.push_back(std::move(each));
  for (auto& each : trust_options()) out.push_back(std::move(each));
  out.push_back(threads_option());
  return out;
}

}  // namespace sluice::cli
