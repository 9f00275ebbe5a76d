// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: initialize, by way of sluice trust init, and whom to trust afterwards.
#include "base/text.h"
#include "cosign.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "sigstore/embedded.h"
#include "trust_material.h"
#include "trust_update.h"
#include "tuf/limits.h"

namespace sluice::cli {

namespace {

using sigstore::Instance;
using sigstore::SigningConfig;
using sigstore::TrustRoot;

constexpr std::string_view kStagingMirror = "https://tuf-repo-cdn.sigstage.dev";

// cosign keeps trust material below $TUF_ROOT, where that is set: a script that keeps worlds apart
// by it gets them kept apart.
class TufRootEnvironment final : public Environment {
 public:
  explicit TufRootEnvironment(const Environment& outside) : outside_(outside) {}
  std::optional<std::string> get(const std::string& name) const override {
    if (name == "XDG_DATA_HOME") {
      if (auto folder = outside_.get("TUF_ROOT"); folder && folder->starts_with('/')) return folder;
    }
    return outside_.get(name);
  }

 private:
  const Environment& outside_;
};

template <class Use>
auto below_tuf_root(Invocation& in, Use use) {
  TufRootEnvironment environment(in.world.environment);
  const World world{in.world.clock, in.world.files, environment, in.world.random,
                    in.world.processes};
  Invocation inner{in.args, world, in.console, in.settings, in.log};
  return use(inner);
}

bool is_http(std::string_view word) {
  return word.starts_with("http://") || word.starts_with("https://");
}

Result<void> check_mirror(const Invocation& in) {
  const auto mirror = in.args.get("--mirror");
  if (!mirror || is_http(*mirror)) return {};
  return fail(
      Error{Errc::unsupported,
            cat("sluice, called as cosign, does not cover the mirror ", printable(*mirror, 100)),
            {},
            "it is an http or https URL; for closed networks, carry trusted_root.json over "
            "(sluice trust export, import)"});
}

Result<std::string> fetched_root(Invocation& in, const std::string& url) {
  if (!in.args.has("--root-checksum")) {
    return fail(Error{Errc::usage,
                      "a root that comes over the network has to be known: --root-checksum",
                      {},
                      "or fetch it, look at it, and name the file"});
  }
  const auto http = net::make_client(in.world, client_options(in.settings));
  HttpRequest request;
  request.url = url;
  request.budget.max_body = tuf::Limits{}.root;
  request.budget.total = in.settings.get(config::kNetTimeout).value;
  SLUICE_TRY(auto answer, within(http->send(request), "fetching the root"));
  if (answer.status == 200) return std::move(answer.body);
  return fail(Errc::network,
              cat("fetching the root: ", printable(url, 200), " answered ", answer.status));
}

// The root that everything begins with; none: the one that is built in, of the public instance.
Result<std::optional<std::string>> first_root(Invocation& in) {
  const auto given = in.args.get("--root");
  if (!given) {
    if (!in.args.has("--staging")) return std::nullopt;
    return std::string(sigstore::embedded_material(Instance::staging).tuf_root);
  }
  SLUICE_TRY(std::string text, is_http(*given) ? fetched_root(in, *given)
                                               : in.world.files.read(*given, tuf::Limits{}.root));
  const auto expected = in.args.get("--root-checksum");
  if (!expected) return text;
  const bool named = expected->find(':') != std::string::npos;
  SLUICE_TRY(const auto digest,
             within(crypto::Digest::parse(cat(named ? "" : "sha256:", lower_ascii(*expected))),
                    "reading --root-checksum"));
  const auto found = crypto::digest_of(digest.algorithm(), bytes_of(text));
  if (found == digest) return text;
  return fail(Errc::denied,
              cat("the root is not the one of --root-checksum: it has ", found.text()));
}

Result<int> run_initialize(Invocation& in) {
  SLUICE_CHECK(check_mirror(in));
  TrustWish wish{.step = TrustStep::begin, .mirror = in.args.get("--mirror")};
  SLUICE_TRY(wish.root, first_root(in));
  // The other commands know no --staging: it counts as a Sigstore of one's own.
  if (in.args.has("--staging") && !wish.mirror) wish.mirror = std::string(kStagingMirror);
  SLUICE_TRY(const auto verdict,
             below_tuf_root(in, [&](Invocation& inner) { return update_trust(inner, wish); }));
  // cosign says nothing on standard output.
  in.console.talk(report::as_text(verdict.report(), {}));
  return verdict.passed() ? kDone : kRefused;
}

}  // namespace

Result<TrustRoot> cosign_trust_root(Invocation& in) {
  return below_tuf_root(in, [](Invocation& inner) { return trust_root_for(inner); });
}

Result<SigningConfig> cosign_signing_config(Invocation& in) {
  return below_tuf_root(in, [](Invocation& inner) { return signing_config_for(inner); });
}

Result<void> refuse_trust_variables(const Invocation& in) {
  if (in.args.has("--trusted-root")) return {};
  for (const auto* const variable :
       {"SIGSTORE_ROOT_FILE", "SIGSTORE_REKOR_PUBLIC_KEY", "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
        "SIGSTORE_TSA_CERTIFICATE_FILE"}) {
    if (!in.world.environment.get(variable)) continue;
    return fail(Error{Errc::usage,
                      cat("sluice, called as cosign, does not cover the variable ", variable),
                      {},
                      "put what is trusted into one file, with cosign trusted-root create, and "
                      "name it with --trusted-root"});
  }
  return {};
}

std::vector<Command> cosign_trust_commands() {
  return {{.words = {"initialize"},
           .summary = "get whom to trust, and which services to use, from a TUF repository",
           .description =
               "As sluice trust init does it: from the root that is given or built in, "
               "trusted_root.json and signing_config.v0.2.json, checked and kept. The other "
               "commands, and sluice, then use them until they expire. With TUF_ROOT set, what is "
               "kept lies below it, and sluice itself does not look there.",
           .examples = {{"Sigstore's public instance", "cosign initialize"},
                        {"another one, whose root came in another way",
                         "cosign initialize --mirror https://tuf.example.org --root root.json"}},
           .options = {{.name = "--mirror",
                        .value = "URL",
                        .help = "the repository: http or https; default: that of Sigstore"},
                       {.name = "--root",
                        .value = "FILE",
                        .help = "the root to begin with: a file, or a URL with --root-checksum; "
                                "default: the one that is built in"},
                       {.name = "--root-checksum",
                        .value = "HEX",
                        .help = "of that root: SHA-256, or sha512:HEX"},
                       {.name = "--staging", .help = "Sigstore's staging instance"}},
           .output = false,
           .run = run_initialize}};
}

}  // namespace sluice::cli
