// SPDX-License-Identifier: Apache-2.0
#include "trust_update.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/digest.h"
#include "sigstore/embedded.h"
#include "trust_material.h"
#include "tuf/checks.h"
#include "tuf_session.h"

namespace sluice::cli {

namespace {

using sigstore::Instance;
using sigstore::TrustRoot;

constexpr std::string_view kKeptKind = "sluice.kept-trust/v1";
constexpr std::size_t kKeptMost = 4 * (sigstore::kTrustedRootMost + sigstore::kSigningConfigMost);
constexpr std::size_t kRootNameDigits = 16;
constexpr std::string_view kTrustedRootTarget = "trusted_root.json";
constexpr std::string_view kSigningConfigTarget = "signing_config.v0.2.json";

std::string instance_file(Instance instance) { return cat(sigstore::name(instance), ".json"); }

constexpr std::string_view kOwnFile = "own.json";
constexpr std::chrono::minutes kUpdateWait{2};  // for another one, which is at it

Result<Path> trust_folder(const Invocation& in) {
  const auto imported = imported_trust(in.world.environment);
  if (imported) return imported->parent_path() / "trust";
  return fail(Error{Errc::usage, "there is no home folder to keep trust material in"}.advise(
      "set XDG_DATA_HOME"));
}

std::string write_kept(const KeptTrust& kept) {
  json::Value out;
  out.set("kind", kKeptKind);
  out.set("mirror", kept.mirror);
  out.set("folder", kept.folder);
  out.set("updated", rfc3339(kept.updated));
  out.set("expires", rfc3339(kept.expires));
  out.set("trusted_root", kept.trusted_root);
  if (kept.signing_config) out.set("signing_config", *kept.signing_config);
  return json::write_pretty(out);
}

Result<KeptTrust> parse_kept(std::string_view text) {
  SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = kKeptMost, .values = 64}));
  const json::Fields fields(value, "kept trust");
  SLUICE_TRY(const auto kind, fields.string("kind"));
  if (kind != kKeptKind) return fail(Errc::unsupported, cat("it is not of the kind ", kKeptKind));
  KeptTrust out;
  SLUICE_TRY(out.mirror, fields.string("mirror"));
  SLUICE_TRY(out.folder, fields.string("folder"));
  SLUICE_CHECK(path_below("trust", out.folder));
  SLUICE_TRY(const auto updated, fields.string("updated"));
  SLUICE_TRY(out.updated, parse_rfc3339(updated));
  SLUICE_TRY(const auto expires, fields.string("expires"));
  SLUICE_TRY(out.expires, parse_rfc3339(expires));
  SLUICE_TRY(out.trusted_root, fields.string("trusted_root"));
  if (fields.has("signing_config")) {
    SLUICE_TRY(out.signing_config, fields.string("signing_config"));
  }
  return out;
}

// Nothing where there is no such file; one that is there and cannot be read is never passed over.
Result<std::optional<KeptTrust>> read_kept(const Invocation& in, const Path& file) {
  auto text = in.world.files.read(file, kKeptMost);
  if (!text && text.error().code == Errc::not_found) return std::nullopt;
  auto kept = text ? parse_kept(*text) : Result<KeptTrust>(fail(std::move(text).error()));
  if (kept) return *std::move(kept);
  return fail(std::move(kept)
                  .error()
                  .in(cat("reading ", shown(file)))
                  .advise("`sluice trust init` makes it anew"));
}

// What an update begins with and where it puts what it gets.
struct FetchPlan {
  Path folder;       // with everything in it
  std::string file;  // below it
  std::string cache;
  std::string mirror;
  std::optional<std::string> root = {};  // none: the cache knows it
  bool own = false;
};

Result<FetchPlan> plan_begin(const TrustWish& wish, Path folder) {
  FetchPlan out{.folder = std::move(folder), .file = {}, .cache = {}, .mirror = {}};
  if (!wish.root) {
    out.file = instance_file(wish.instance);
    out.cache = std::string(sigstore::name(wish.instance));
    out.mirror = wish.mirror.value_or(public_mirror(wish.instance));
    out.root = std::string(sigstore::embedded_material(wish.instance).tuf_root);
    return out;
  }
  if (!wish.mirror) {
    return fail(Errc::usage, "a root of one's own needs --mirror URL: where its repository is");
  }
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(*wish.root)).hex();
  out.own = true;
  out.file = std::string(kOwnFile);
  out.cache = cat("own-", digest.substr(0, kRootNameDigits));
  out.mirror = *wish.mirror;
  out.root = wish.root;
  return out;
}

Result<FetchPlan> plan_going_on(const Invocation& in, const TrustWish& wish, Path folder) {
  if (wish.root) return fail(Errc::usage, "a root is given to `sluice trust init`");
  if (wish.instance == Instance::production) {
    SLUICE_TRY(const auto own, read_kept(in, folder / kOwnFile));
    if (own) {
      return FetchPlan{.folder = std::move(folder),
                       .file = std::string(kOwnFile),
                       .cache = own->folder,
                       .mirror = wish.mirror.value_or(own->mirror),
                       .own = true};
    }
  }
  SLUICE_TRY(FetchPlan out, plan_begin(wish, std::move(folder)));
  // A damaged one is replaced: what is built in begins it.
  const auto before = read_kept(in, out.folder / out.file);
  if (!wish.mirror && before && *before) out.mirror = (*before)->mirror;
  return out;
}

tuf::ClientOptions client_for(const FetchPlan& plan, bool offline) {
  tuf::ClientOptions out;
  out.folder = plan.folder / plan.cache;
  out.metadata_urls = {plan.mirror};
  out.target_urls = {cat(plan.mirror, plan.mirror.ends_with('/') ? "" : "/", "targets")};
  out.offline = offline;
  // A Sigstore of one's own is begun by init(), once.
  if (!plan.own) out.root = plan.root;
  return out;
}

// A target's text; nothing where the repository lists none, or where the report says why not.
Result<std::optional<std::string>> fetch_target(Invocation& in, tuf::Client& client,
                                                const Path& folder, std::string_view name,
                                                Report& report) {
  const std::string_view label = name == kTrustedRootTarget ? "trusted root" : "services";
  SLUICE_TRY(const auto found, client.find(std::string(name)));
  const Check* failure = found.report().first_failure();
  if (failure != nullptr && failure->id == "tuf.target.unknown" && name != kTrustedRootTarget) {
    report.fact(std::string(label), "the repository lists none");
    return std::nullopt;
  }
  tuf::append(report, found.report());
  if (!found.passed()) return std::nullopt;
  SLUICE_TRY(const auto fetched, client.download({*found.value()}, folder));
  tuf::append(report, fetched.report());
  if (!fetched.passed()) return std::nullopt;
  report.fact(std::string(label), listed_digest(found.value()->file));
  SLUICE_TRY(auto text,
             in.world.files.read(fetched.value()->front().path, sigstore::kTrustedRootMost));
  return text;
}

// Everything in it, at once: a verification meets only parts of it.
void examine_material(const KeptTrust& kept, Report& report) {
  const auto root = [&]() -> Result<void> {
    SLUICE_TRY(const auto parsed, TrustRoot::parse(kept.trusted_root, kept.mirror));
    SLUICE_CHECK(parsed.prove());
    if (parsed.entries().empty()) return fail(Errc::malformed, "there is nobody in it to trust");
    return {};
  }();
  if (root) {
    report.pass("trust.material", "trust material", "each key and each chain can be read");
  } else {
    report.fail("trust.material", "trust material", root.error().text()).source =
        kTrustedRootTarget;
  }
  if (!kept.signing_config) return;
  const auto config = sigstore::SigningConfig::parse(*kept.signing_config);
  if (config) {
    report.pass("trust.services", "services", "the signing config can be read");
  } else {
    report.fail("trust.services", "services", config.error().text()).source = kSigningConfigTarget;
  }
}

Time first_expiry(const tuf::State& state) {
  return std::min(
      {state.root.expires, state.timestamp.expires, state.snapshot.expires, state.targets.expires});
}

// Into the report; nothing where that refuses.
Result<std::optional<KeptTrust>> fetch_material(Invocation& in, const FetchPlan& plan, bool offline,
                                                Report& report) {
  const auto session = open_tuf(in, client_for(plan, offline));
  if (plan.own && plan.root) {
    SLUICE_TRY(const auto begun, session.client->init(*plan.root));
    tuf::append(report, begun.report());
    if (!begun.passed()) return std::nullopt;
  }
  SLUICE_TRY(const auto refreshed, session.client->refresh());
  tuf::append(report, refreshed.report());
  if (!refreshed.passed()) return std::nullopt;
  const tuf::State& state = *refreshed.value();
  KeptTrust out{.mirror = plan.mirror,
                .folder = plan.cache,
                .updated = in.world.clock.now(),
                .expires = first_expiry(state),
                .trusted_root = {}};
  const Path folder = plan.folder / plan.cache / "targets";
  SLUICE_TRY(auto trusted_root,
             fetch_target(in, *session.client, folder, kTrustedRootTarget, report));
  if (!trusted_root) return std::nullopt;
  out.trusted_root = *std::move(trusted_root);
  SLUICE_TRY(out.signing_config,
             fetch_target(in, *session.client, folder, kSigningConfigTarget, report));
  if (report.first_failure() != nullptr) return std::nullopt;
  examine_material(out, report);
  report.fact("root", cat(state.root.version));
  report.fact("good until", human_time(out.expires));
  return out;
}

// Others that come before it in trust_root_for().
void say_what_comes_first(const Invocation& in, Report& report) {
  if (const auto setting = in.settings.get(config::kTrustRoot); setting.value) {
    report.fact("not in use", cat("the setting trust.root comes first: ", shown(*setting.value)));
    return;
  }
  const auto imported = imported_trust(in.world.environment);
  if (imported && in.world.files.info(*imported)) {
    report.fact("not in use",
                cat("what was imported comes first; remove ", shown(*imported), " to use this"));
  }
}

class Kept final : public sigstore::TrustSource {
 public:
  Kept(KeptTrust kept, std::string_view state) : kept_(std::move(kept)), state_(state) {}
  Result<TrustRoot> trust_root() override {
    const std::string good = cat("good until ", human_time(kept_.expires));
    return TrustRoot::parse(kept_.trusted_root,
                            cat("fetched through TUF from ", printable(kept_.mirror, 300), ", ",
                                state_.empty() ? good : state_),
                            kept_.updated);
  }

 private:
  KeptTrust kept_;
  std::string state_;
};

}  // namespace

std::string public_mirror(Instance instance) {
  return instance == Instance::staging ? "https://tuf-repo-cdn.sigstage.dev"
                                       : "https://tuf-repo-cdn.sigstore.dev";
}

Result<Verdict<KeptTrust>> update_trust(Invocation& in, const TrustWish& wish) {
  SLUICE_TRY(Path folder, wish.keep_in ? wish.keep_in->parent_path() : trust_folder(in));
  // From the plan to the file: an update that began earlier must not write what is older.
  std::unique_ptr<FileLock> lock;
  if (!wish.offline) {
    SLUICE_CHECK(in.world.files.make_folders(folder));
    SLUICE_TRY(lock, in.world.files.lock(folder / ".lock", kUpdateWait));
  }
  SLUICE_TRY(FetchPlan plan, wish.step == TrustStep::begin
                                 ? plan_begin(wish, std::move(folder))
                                 : plan_going_on(in, wish, std::move(folder)));
  if (wish.keep_in) plan.file = wish.keep_in->filename().native();
  Report report(printable(plan.mirror, 300));
  SLUICE_TRY(auto kept, fetch_material(in, plan, wish.offline, report));
  if (kept && report.passed()) {
    // Offline nothing is new: the repository vouched for it when it was fetched.
    if (!wish.offline) {
      SLUICE_CHECK(in.world.files.replace(plan.folder / plan.file, write_kept(*kept)));
      const bool back = wish.step == TrustStep::begin && !plan.own && !wish.keep_in;
      if (back && wish.instance == Instance::production) {
        auto gone = in.world.files.remove(plan.folder / kOwnFile);
        if (!gone && gone.error().code != Errc::not_found) return fail(std::move(gone).error());
      }
    }
    report.fact("kept in", shown(plan.folder / plan.file));
    if (wish.instance == Instance::production && !wish.keep_in) say_what_comes_first(in, report);
  }
  return Verdict<KeptTrust>::conclude(std::move(report), std::move(kept));
}

Result<KeptInUse> kept_in_use(const Invocation& in, Instance instance) {
  const auto folder = trust_folder(in);
  if (!folder) return KeptInUse{};
  const Time now = in.world.clock.now();
  const auto ago = [&](const KeptTrust& kept) { return human_duration(now - kept.expires); };
  if (instance == Instance::production) {
    SLUICE_TRY(auto own, read_kept(in, *folder / kOwnFile));
    if (own && own->expires > now) return KeptInUse{.kept = std::move(own)};
    if (own) {
      return fail(Error{Errc::denied, cat("the trust material of ", printable(own->mirror, 300),
                                          " expired ", ago(*own), " ago")}
                      .advise("sluice trust update; or, to trust Sigstore's public instance, "
                              "sluice trust init"));
    }
  }
  SLUICE_TRY(auto kept, read_kept(in, *folder / instance_file(instance)));
  if (!kept) return KeptInUse{};
  if (kept->expires > now) return KeptInUse{.kept = std::move(kept)};
  const std::string_view more = instance == Instance::staging ? " --staging" : "";
  // Whoever holds updates back must not lead to what is older still: it may trust keys that were
  // withdrawn since. What is built in never expires, so that the newer of the two serves.
  SLUICE_TRY(const Time built_in, parse_rfc3339(sigstore::embedded_material(instance).dated));
  if (kept->updated > built_in) {
    auto why = cat("expired ", ago(*kept), " ago, but is newer than what is built in: sluice ",
                   "trust update", more);
    return KeptInUse{.kept = std::move(kept), .why_not = std::move(why)};
  }
  return KeptInUse{
      .why_not = cat("what was fetched expired ", ago(*kept), " ago: sluice trust update", more)};
}

Result<std::optional<KeptTrust>> kept_in(const Invocation& in, const Path& file) {
  SLUICE_TRY(auto kept, read_kept(in, file));
  const Time now = in.world.clock.now();
  if (kept && kept->expires <= now) {
    return fail(Errc::denied, cat("the trust material of ", printable(kept->mirror, 300),
                                  " expired ", human_duration(now - kept->expires), " ago"));
  }
  return kept;
}

std::unique_ptr<sigstore::TrustSource> kept_trust(KeptTrust kept, std::string_view state) {
  return std::make_unique<Kept>(std::move(kept), state);
}

}  // namespace sluice::cli
