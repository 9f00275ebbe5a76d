// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: initialize, and whom to trust afterwards.
//
// What it gets lies in a folder of its own below the one that cosign uses ($TUF_ROOT, else
// ~/.sigstore/root): cosign's own files there stay as they are.
#include "base/text.h"
#include "cosign.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "sigstore/embedded.h"
#include "trust_material.h"
#include "tuf/checks.h"
#include "tuf/client.h"

namespace sluice::cli {

namespace {

using sigstore::Instance;
using sigstore::SigningConfig;
using sigstore::TrustRoot;

constexpr std::string_view kProductionMirror = "https://tuf-repo-cdn.sigstore.dev";
constexpr std::string_view kStagingMirror = "https://tuf-repo-cdn.sigstage.dev";
constexpr std::string_view kTrustTarget = "trusted_root.json";
constexpr std::string_view kConfigTarget = "signing_config.v0.2.json";
constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kOurFolder = "sluice";  // below cosign's
constexpr std::size_t kNameOfCache = 32;           // of hex

// A repository in a folder, as a mirror that is carried over is one.
class FolderHttp final : public Http {
 public:
  explicit FolderHttp(Files& files) : files_(files) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    HttpResponse out;
    out.url = request.url;
    auto text = files_.read_plain(request.url.substr(kFileScheme.size()), request.budget.max_body,
                                  Links::followed);
    if (!text && text.error().code != Errc::not_found) return fail(std::move(text).error());
    out.status = text ? 200 : 404;
    if (text) out.body = *std::move(text);
    return out;
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    std::vector<Result<HttpResponse>> out;
    out.reserve(requests.size());
    for (const HttpRequest& one : requests) out.push_back(send(one));
    return out;
  }

 private:
  Files& files_;
};

std::optional<Path> cosign_folder(const Environment& environment) {
  if (const auto folder = environment.get("TUF_ROOT"); folder && folder->starts_with('/')) {
    return Path(*folder) / kOurFolder;
  }
  if (const auto home = environment.get("HOME"); home && home->starts_with('/')) {
    return Path(*home) / ".sigstore/root" / kOurFolder;
  }
  return std::nullopt;
}

// What `initialize` stored under that name; nothing where it was not called.
Result<std::optional<std::string>> stored(const Invocation& in, std::string_view name,
                                          std::size_t most) {
  const auto folder = cosign_folder(in.world.environment);
  if (!folder) return std::nullopt;
  auto text = in.world.files.read(*folder / name, most);
  if (!text && text.error().code == Errc::not_found) return std::nullopt;
  if (!text) return fail(std::move(text).error().in("reading what cosign initialize stored"));
  return std::optional(*std::move(text));
}

bool is_http(std::string_view word) {
  return word.starts_with("http://") || word.starts_with("https://");
}

Result<std::string> mirror_of(const Invocation& in) {
  const bool staging = in.args.has("--staging");
  std::string mirror =
      in.args.get("--mirror").value_or(std::string(staging ? kStagingMirror : kProductionMirror));
  if (!is_http(mirror) && !mirror.starts_with(cat(kFileScheme, "/"))) {
    return fail(
        Error{Errc::unsupported,
              cat("sluice, called as cosign, does not cover the mirror ", printable(mirror, 100)),
              {},
              "it is an http or https URL, or file:///FOLDER"});
  }
  while (mirror.ends_with('/')) mirror.pop_back();
  return mirror;
}

Result<std::string> fetched_root(Invocation& in, Http& http, const std::string& url) {
  if (!in.args.has("--root-checksum")) {
    return fail(Error{Errc::usage,
                      "a root that comes over the network has to be known: --root-checksum",
                      {},
                      "or fetch it, look at it, and name the file"});
  }
  HttpRequest request;
  request.url = url;
  request.budget.max_body = tuf::Limits{}.root;
  request.budget.total = in.settings.get(config::kNetTimeout).value;
  SLUICE_TRY(auto answer, within(http.send(request), "fetching the root"));
  if (answer.status == 200) return std::move(answer.body);
  return fail(Errc::network,
              cat("fetching the root: ", printable(url, 200), " answered ", answer.status));
}

// The root that everything begins with.
Result<std::string> first_root(Invocation& in, Http& http) {
  const auto given = in.args.get("--root");
  if (!given) {
    const Instance instance = in.args.has("--staging") ? Instance::staging : Instance::production;
    return std::string(sigstore::embedded_material(instance).tuf_root);
  }
  SLUICE_TRY(std::string text, is_http(*given) ? fetched_root(in, http, *given)
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

// One run of initialize.
class Initializing {
 public:
  Initializing(Invocation& in, Path folder, std::string mirror)
      : in_(in), folder_(std::move(folder)), mirror_(std::move(mirror)), report_(mirror_) {
    if (mirror_.starts_with(kFileScheme)) {
      http_ = std::make_unique<FolderHttp>(in.world.files);
    } else {
      http_ = net::make_client(in.world, client_options(in.settings));
    }
  }

  Result<int> run() {
    SLUICE_TRY(const auto web, for_the_root());
    SLUICE_TRY(const std::string root, first_root(in_, web ? *web : *http_));
    SLUICE_TRY(const bool fresh, refresh(root));
    if (!fresh) return refused();
    SLUICE_TRY(const auto trust, fetch(kTrustTarget));
    if (!trust) return refused();
    SLUICE_TRY(const auto config, fetch(kConfigTarget));
    const Check* failure = report_.first_failure();
    const bool absent = failure != nullptr && failure->id == "tuf.target.unknown";
    if (failure != nullptr && !absent) return refused();
    SLUICE_CHECK(store(*trust, config));
    tell(config.has_value());
    return kDone;
  }

 private:
  // The root may be on the web where the mirror is a folder.
  Result<std::unique_ptr<Http>> for_the_root() {
    if (!mirror_.starts_with(kFileScheme)) return nullptr;
    return net::make_client(in_.world, client_options(in_.settings));
  }

  Result<bool> refresh(const std::string& root) {
    const auto name =
        crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat(mirror_, "\n", root)));
    cache_ = folder_ / name.hex().substr(0, kNameOfCache);
    tuf::ClientOptions options;
    options.folder = cache_;
    options.metadata_urls = {mirror_};
    options.target_urls = {cat(mirror_, "/targets")};
    options.request_time = in_.settings.get(config::kNetTimeout).value;
    client_ = std::make_unique<tuf::Client>(in_.world.files, in_.world.clock, http_.get(),
                                            std::move(options));
    SLUICE_TRY(const auto begun, client_->init(root));
    tuf::append(report_, begun.report());
    if (!begun.passed()) return false;
    SLUICE_TRY(const auto refreshed, client_->refresh());
    tuf::append(report_, refreshed.report());
    if (refreshed.passed()) state_ = *refreshed.value();
    return refreshed.passed();
  }

  // Nothing: refused, or not there, as the report says.
  Result<std::optional<std::string>> fetch(std::string_view target) {
    SLUICE_TRY(const auto found, client_->find(std::string(target)));
    tuf::append(report_, found.report());
    if (!found.passed()) return std::nullopt;
    SLUICE_TRY(const auto got, client_->download({*found.value()}, cache_ / "targets"));
    tuf::append(report_, got.report());
    if (!got.passed()) return std::nullopt;
    SLUICE_TRY(std::string text,
               in_.world.files.read(got.value()->front().path, sigstore::kTrustedRootMost));
    return std::optional(std::move(text));
  }

  Result<int> refused() {
    in_.console.talk(report::as_text(report_, {}));
    return kRefused;
  }

  // Both of one repository, and only what can be read: nothing of an older one stays beside it.
  Result<void> store(const std::string& trust, const std::optional<std::string>& config) {
    SLUICE_TRY(const auto root, TrustRoot::parse(trust, std::string(kTrustTarget)));
    SLUICE_CHECK(within(root.prove(), "examining what the repository trusts"));
    if (config) {
      SLUICE_TRY(const auto read, within(SigningConfig::parse(*config), "reading its services"));
    }
    Files& files = in_.world.files;
    auto gone = files.remove(folder_ / kConfigTarget);
    if (!gone && gone.error().code != Errc::not_found) return gone;
    SLUICE_CHECK(files.replace(folder_ / kTrustTarget, trust));
    return config ? files.replace(folder_ / kConfigTarget, *config) : Result<void>();
  }

  // cosign says nothing on standard output.
  void tell(bool config) {
    in_.console.talk(cat("From ", printable(mirror_, 300), ", root version ", state_.root.version,
                         ", good until ", human_time(state_.timestamp.expires), ": ", kTrustTarget,
                         config ? cat(", ", kConfigTarget) : std::string(), "\nKept in ",
                         shown(folder_), "\n"));
  }

  Invocation& in_;
  Path folder_;
  std::string mirror_;
  Report report_;
  Path cache_;
  std::unique_ptr<Http> http_;
  std::unique_ptr<tuf::Client> client_;
  tuf::State state_;
};

Result<int> run_initialize(Invocation& in) {
  const auto folder = cosign_folder(in.world.environment);
  if (!folder) {
    return fail(Error{Errc::usage, "there is no home folder to keep it in", {}, "set TUF_ROOT"});
  }
  SLUICE_TRY(std::string mirror, mirror_of(in));
  return Initializing(in, *folder, std::move(mirror)).run();
}

}  // namespace

Result<TrustRoot> cosign_trust_root(Invocation& in) {
  if (in.args.has("--trusted-root")) return trust_root_for(in);
  SLUICE_TRY(const auto text, stored(in, kTrustTarget, sigstore::kTrustedRootMost));
  return text ? TrustRoot::parse(*text, "cosign initialize") : trust_root_for(in);
}

Result<SigningConfig> cosign_signing_config(Invocation& in) {
  if (const auto file = in.args.get("--signing-config")) {
    return SigningConfig::read(in.world.files, *file);
  }
  SLUICE_TRY(const auto config, stored(in, kConfigTarget, sigstore::kSigningConfigMost));
  if (config) return SigningConfig::parse(*config);
  SLUICE_TRY(const auto trust, stored(in, kTrustTarget, sigstore::kTrustedRootMost));
  if (trust) {
    return fail(Error{Errc::not_found,
                      "the repository of cosign initialize names no services to sign with",
                      {},
                      "--signing-config FILE names them; cosign signing-config create makes one"});
  }
  return SigningConfig::embedded(Instance::production);
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
               "Follows the client workflow of the TUF specification, from the root that is given "
               "or built in, and keeps trusted_root.json and signing_config.v0.2.json below "
               "$TUF_ROOT, else ~/.sigstore/root, in the folder sluice. The other commands then "
               "use them, until they are told otherwise.",
           .examples = {{"Sigstore's public instance", "cosign initialize"},
                        {"another one, whose root came in another way",
                         "cosign initialize --mirror https://tuf.example.org --root root.json"}},
           .options = {{.name = "--mirror",
                        .value = "URL",
                        .help = "the repository: http, https or file:///FOLDER; default: that of "
                                "Sigstore"},
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
