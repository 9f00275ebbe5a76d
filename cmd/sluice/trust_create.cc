// SPDX-License-Identifier: Apache-2.0
// sluice trust create: the trust material of a private Sigstore, from its services and files.
#include <algorithm>
#include <charconv>
#include <map>

#include "base/limits.h"
#include "base/text.h"
#include "exit.h"
#include "keyfile.h"
#include "net/url.h"
#include "settings.h"
#include "sigstore/signing_config.h"
#include "sigstore/trust_make.h"
#include "trust_material.h"

namespace sluice::cli {

namespace {

using sigstore::EntryFacts;
using sigstore::RawLog;
using sigstore::RawTrust;
using sigstore::Selector;
using sigstore::Service;
using sigstore::SigningConfig;
using sigstore::TrustRoot;

constexpr std::size_t kChainFileMost = 256U << 10;

// "VALUE,name=value,…", as --rekor-key and its like are given.
struct Spec {
  std::string option;
  std::string value;  // what stands in front, where the option has that
  std::map<std::string, std::string, std::less<>> names;

  std::string get(std::string_view name) const {
    const auto found = names.find(name);
    return found == names.end() ? std::string() : found->second;
  }
};

std::unexpected<Error> wrong_spec(const Spec& spec, std::string_view what) {
  return fail(
      Error{Errc::usage, cat(spec.option, ": ", what)}.advise("sluice trust create --help"));
}

Result<Spec> parse_spec(const std::string& option, std::string_view text, bool with_value,
                        const std::vector<std::string_view>& allowed) {
  Spec out{.option = option, .value = {}, .names = {}};
  bool first = true;
  for (const std::string_view piece : split(text, ',')) {
    if (std::exchange(first, false) && with_value) {
      out.value = std::string(piece);
      if (out.value.empty()) return wrong_spec(out, "nothing stands in front");
      continue;
    }
    const std::size_t equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    if (equals == std::string_view::npos || equals + 1 == piece.size() ||
        std::ranges::find(allowed, name) == allowed.end()) {
      return wrong_spec(out, cat("\"", printable(piece, 60), "\" is none of ",
                                 join({allowed.begin(), allowed.end()}, "=…, "), "=…"));
    }
    if (!out.names.emplace(name, piece.substr(equals + 1)).second) {
      return wrong_spec(out, cat(name, "= is given twice"));
    }
  }
  return out;
}

Result<EntryFacts> facts_of(const Spec& spec, std::string url) {
  EntryFacts out{std::move(url), printable(spec.get("operator"), 200), {}, {}};
  if (!out.url.empty()) {
    if (auto parsed = net::parse_url(out.url); !parsed) {
      return wrong_spec(spec, parsed.error().what);
    }
    while (out.url.ends_with('/')) out.url.pop_back();
  }
  for (const auto& [name, into] : {std::pair{"start", &out.start}, std::pair{"end", &out.end}}) {
    const std::string text = spec.get(name);
    if (text.empty()) continue;
    auto time = parse_rfc3339(text);
    if (!time) return wrong_spec(spec, cat(name, "=: ", time.error().what));
    *into = *time;
  }
  return out;
}

struct Created {
  RawTrust raw;
  SigningConfig config;
  std::vector<std::string> proven;  // one clause each
};

// Collects the entries in the order of the file, and what was proven about them.
class Creation {
 public:
  Creation(Invocation& in, Http& http)
      : in_(in), services_(http, in.settings.get(config::kNetTimeout).value) {}

  Result<Created> all() {
    SLUICE_CHECK(each("--fulcio", true, {"start", "end", "operator"}, &Creation::fulcio));
    SLUICE_CHECK(each("--certificate-chain", true, {"url", "start", "end", "operator"},
                      &Creation::certificates));
    SLUICE_CHECK(each("--rekor-v1", true, {"start", "end", "operator"}, &Creation::rekor_v1));
    SLUICE_CHECK(each("--rekor-key", false,
                      {"url", "key", "read", "version", "start", "end", "operator"},
                      &Creation::rekor_key));
    SLUICE_CHECK(
        each("--ctfe-key", true, {"url", "start", "end", "operator"}, &Creation::ctfe_key));
    SLUICE_CHECK(each("--tsa", true, {"start", "end", "operator"}, &Creation::tsa));
    SLUICE_CHECK(each("--tsa-chain", true, {"url", "start", "end", "operator"},
                      &Creation::tsa_certificates));
    SLUICE_CHECK(each("--oidc-issuer", true, {"start", "end", "operator"}, &Creation::oidc));
    const RawTrust& raw = made_.raw;
    if (!raw.logs.empty() || !raw.issuers.empty() || !raw.ct_logs.empty() ||
        !raw.stampers.empty()) {
      return std::move(made_);
    }
    return fail(
        Error{Errc::usage, "nothing to trust is named"}.advise("sluice trust create --help"));
  }

 private:
  Result<void> each(const std::string& option, bool with_value,
                    const std::vector<std::string_view>& allowed,
                    Result<void> (Creation::*take)(const Spec&)) {
    for (const std::string& text : in_.args.all(option)) {
      SLUICE_TRY(const Spec spec, parse_spec(option, text, with_value, allowed));
      SLUICE_CHECK(
          within((this->*take)(spec), cat("taking in ", option, " ", printable(text, 80))));
    }
    return {};
  }

  static void add_service(std::vector<Service>& to, const EntryFacts& facts, std::string url,
                          std::uint32_t version, Time start) {
    if (!url.empty())
      to.push_back({std::move(url), version, {start, facts.end}, facts.operated_by});
  }

  Result<void> take_issuer(std::string_view pem, const EntryFacts& facts) {
    SLUICE_TRY(auto made, sigstore::make_authority(pem, facts));
    made_.proven.push_back(
        cat(made.path, ": its ", made.certificates.size(),
            made.certificates.size() == 1 ? " certificate is" : " certificates are",
            " read and linked"));
    add_service(made_.config.cas, facts, facts.url, 1, made.window.start);
    made_.raw.issuers.push_back(std::move(made));
    return {};
  }

  Result<void> fulcio(const Spec& spec) {
    SLUICE_TRY(const auto facts, facts_of(spec, spec.value));
    SLUICE_TRY(const auto chains, services_.fulcio_chains(facts.url));
    for (const std::string& pem : chains) SLUICE_CHECK(take_issuer(pem, facts));
    return {};
  }

  Result<void> certificates(const Spec& spec) {
    SLUICE_TRY(const auto facts, facts_of(spec, spec.get("url")));
    SLUICE_TRY(const std::string pem, in_.world.files.read(spec.value, kChainFileMost));
    return take_issuer(pem, facts);
  }

  // What keys do not say: nothing of this material is older than its first authority.
  Time first_start() const {
    Time out = in_.world.clock.now();
    for (const auto& one : made_.raw.issuers) out = std::min(out, one.window.start);
    return out;
  }

  Result<void> take_log(RawLog log, const EntryFacts& facts, std::uint32_t version,
                        const std::string& read) {
    if (in_.args.has("--offline")) {
      made_.proven.push_back(cat(log.url, ": NOT checked against its live checkpoint (--offline)"));
    } else {
      SLUICE_TRY(const auto checkpoint, version == 1 ? services_.rekor_checkpoint(read)
                                                     : services_.tiled_checkpoint(read));
      SLUICE_CHECK(sigstore::prove_checkpoint(log, checkpoint));
      made_.proven.push_back(cat(log.url, ": its live checkpoint \"",
                                 printable(checkpoint.origin, 200), "\" of size ", checkpoint.size,
                                 " is signed by its key"));
    }
    add_service(made_.config.logs, facts, log.url, version, log.window.start);
    made_.raw.logs.push_back(std::move(log));
    return {};
  }

  Result<void> rekor_v1(const Spec& spec) {
    SLUICE_TRY(const auto facts, facts_of(spec, spec.value));
    SLUICE_TRY(const auto key, services_.rekor_key(facts.url));
    SLUICE_TRY(auto log, sigstore::make_log(key, facts, first_start()));
    return take_log(std::move(log), facts, 1, facts.url);
  }

  Result<void> rekor_key(const Spec& spec) {
    const std::string version = spec.names.contains("version") ? spec.get("version") : "2";
    if (version != "1" && version != "2") return wrong_spec(spec, "version= is 1 or 2");
    if (spec.get("url").empty() || spec.get("key").empty()) {
      return wrong_spec(spec, "url= and key= are needed");
    }
    SLUICE_TRY(const auto facts, facts_of(spec, spec.get("url")));
    SLUICE_TRY(const auto key, load_public_key(in_, spec.get("key")));
    SLUICE_TRY(auto log, version == "1" ? sigstore::make_log(key, facts, first_start())
                                        : sigstore::make_note_log(key, facts, first_start()));
    const std::string read = spec.names.contains("read") ? spec.get("read") : facts.url;
    return take_log(std::move(log), facts, version == "1" ? 1 : 2, read);
  }

  Result<void> ctfe_key(const Spec& spec) {
    SLUICE_TRY(const auto facts, facts_of(spec, spec.get("url")));
    SLUICE_TRY(const auto key, load_public_key(in_, spec.value));
    SLUICE_TRY(auto log, sigstore::make_log(key, facts, first_start()));
    made_.proven.push_back(
        cat(log.url.empty() ? spec.value : log.url, ": its ", key.describe(), " key is read"));
    made_.raw.ct_logs.push_back(std::move(log));
    return {};
  }

  Result<void> take_stamper(std::string_view pem, const EntryFacts& facts,
                            const std::string& service) {
    SLUICE_TRY(auto made, sigstore::make_authority(pem, facts));
    made_.proven.push_back(
        cat(made.path, ": its ", made.certificates.size(),
            made.certificates.size() == 1 ? " certificate is" : " certificates are",
            " read and linked"));
    add_service(made_.config.stampers, facts, service, 1, made.window.start);
    made_.raw.stampers.push_back(std::move(made));
    return {};
  }

  // In the trust material and in signing configs a TSA's URL is the whole one, here its base.
  Result<void> tsa(const Spec& spec) {
    constexpr std::string_view kPath = "/api/v1/timestamp";
    SLUICE_TRY(auto facts, facts_of(spec, spec.value));
    if (facts.url.ends_with(kPath)) facts.url.resize(facts.url.size() - kPath.size());
    SLUICE_TRY(const std::string pem, services_.tsa_chain(facts.url));
    facts.url += kPath;
    return take_stamper(pem, facts, facts.url);
  }

  Result<void> tsa_certificates(const Spec& spec) {
    SLUICE_TRY(const auto facts, facts_of(spec, spec.get("url")));
    SLUICE_TRY(const std::string pem, in_.world.files.read(spec.value, kChainFileMost));
    return take_stamper(pem, facts, facts.url);
  }

  Result<void> oidc(const Spec& spec) {
    SLUICE_TRY(const auto facts, facts_of(spec, spec.value));
    add_service(made_.config.issuers, facts, facts.url, 1, facts.start.value_or(first_start()));
    return {};
  }

  Invocation& in_;
  sigstore::Services services_;
  Created made_;
};

// Who could sit between us and a service that is asked without TLS could choose whom we trust.
void warn_of_plain_http(Invocation& in) {
  if (in.args.has("--offline")) return;
  for (const auto* const option : {"--fulcio", "--rekor-v1", "--tsa"}) {
    for (const std::string& text : in.args.all(option)) {
      const auto url = net::parse_url(split(text, ',').front());
      if (!url || url->secure() || url->host == "127.0.0.1" || url->host == "[::1]" ||
          url->host == "localhost") {
        continue;
      }
      in.log.write(LogLevel::warning,
                   cat(url->shown(), " is asked without TLS: whoever is in between could answer"));
    }
  }
}

Result<void> refuse_to_ask_offline(const Invocation& in) {
  for (const auto* const option : {"--fulcio", "--rekor-v1", "--tsa"}) {
    if (in.args.has("--offline") && in.args.has(option)) {
      return fail(
          Error{Errc::usage, cat(option, " asks a service, and --offline forbids it")}.advise(
              "--certificate-chain, --rekor-key and --tsa-chain take files"));
    }
  }
  return {};
}

Result<void> write_signing_config(Invocation& in, SigningConfig config) {
  const auto path = in.args.get("--signing-config");
  if (!path) return {};
  config.log_selection = {Selector::any, 0};
  config.stamper_selection = {Selector::any, 0};
  return in.world.files.replace(*path, config.write());
}

Result<int> run_trust_create(Invocation& in) {
  SLUICE_CHECK(refuse_to_overwrite(in, {"--out", "--signing-config"}, {}));
  SLUICE_CHECK(refuse_to_ask_offline(in));
  if (in.args.has("--oidc-issuer") && !in.args.has("--signing-config")) {
    return fail(Errc::usage, "--oidc-issuer goes into a signing config: --signing-config FILE");
  }
  warn_of_plain_http(in);
  const auto http = in.args.has("--offline")
                        ? net::make_offline_client()
                        : net::make_client(in.world, client_options(in.settings));
  SLUICE_TRY(Created made, Creation(in, *http).all());
  const std::string out = *in.args.get("--out");
  const std::string text = sigstore::write_raw_trust(made.raw);
  const Time now = in.world.clock.now();
  SLUICE_TRY(const auto root, TrustRoot::parse(text, shown(Path(out)), now));
  SLUICE_CHECK(root.prove());
  SLUICE_CHECK(in.world.files.replace(out, text));
  SLUICE_CHECK(write_signing_config(in, std::move(made.config)));
  if (!in.json) {
    std::string shown_text = cat("created  ", shown(Path(out)), "\n");
    for (const std::string& one : made.proven) shown_text += cat("  ", one, "\n");
    SLUICE_CHECK(in.console.print(cat(shown_text, "\n", trust_text(root, now))));
    return kDone;
  }
  json::Value value = trust_json(root, now);
  value.set("written", shown(Path(out)));
  json::Array proven;
  for (auto& one : made.proven) proven.emplace_back(std::move(one));
  value.set("proven", std::move(proven));
  SLUICE_CHECK(in.print_json(value));
  return kDone;
}

}  // namespace

Command trust_create_command() {
  std::vector<Option> options = {
      {"--out", "FILE", "the trusted_root.json to write", {}, true},
      {"--fulcio", "URL", "a certificate authority, asked for its certificates", {}, false, true},
      {"--certificate-chain",
       "FILE[,url=URL]",
       "a certificate authority: its certificates in PEM, the issuing one first",
       {},
       false,
       true},
      {"--rekor-v1", "URL", "a log of version 1, asked for its key", {}, false, true},
      {"--rekor-key",
       "url=URL,key=FILE[,read=URL][,version=1]",
       "a log (version 2 unless said) by its public key; read=: where its checkpoint is served, if "
       "not at its URL",
       {},
       false,
       true},
      {"--ctfe-key", "FILE[,url=URL]", "a certificate log by its public key", {}, false, true},
      {"--tsa", "URL", "a timestamp authority, asked for its certificates", {}, false, true},
      {"--tsa-chain",
       "FILE[,url=URL]",
       "a timestamp authority: its certificates in PEM, its own first",
       {},
       false,
       true},
      {"--oidc-issuer", "URL", "who issues tokens; for --signing-config", {}, false, true},
      {"--signing-config", "FILE", "write a signing config of these services, too"},
      {"--offline", "", "open no socket: no log is checked against its live checkpoint"}};
  for (Option& one : network_options()) options.push_back(std::move(one));
  return {.words = {"trust", "create"},
          .summary = "make the trust material of a private Sigstore",
          .description =
              "From running services, and from files where a service publishes no key. Everything "
              "is proven before it is written: chains link, keys decode, and the live checkpoint "
              "of each log is signed by its key under the name that its URL tells; a mismatch is "
              "refused (a wrong one would only be seen when nothing verifies).\n"
              "Each of them may be followed by ,start=TIME ,end=TIME (RFC 3339, both belong to it) "
              "and ,operator=NAME. Without a start, certificates count from when the issuing one "
              "is valid, and logs from the first of these, or from now on.\n"
              "Nothing is fetched in a way that proves that a service is the one that you mean: "
              "compare fingerprints with those who run it.",
          .examples =
              {{"a CA and a timestamp authority that run, a log by its key",
                "sluice trust create --fulcio https://ca.example --tsa https://tsa.example "
                "--rekor-key url=https://log.example,key=log.pub --ctfe-key ct.pub "
                "--out trusted_root.json"},
               {"with a signing config for those who sign",
                "sluice trust create --fulcio https://ca.example --rekor-v1 https://rekor.example "
                "--ctfe-key ct.pub --oidc-issuer https://login.example --out trusted_root.json "
                "--signing-config signing_config.json"}},
          .options = std::move(options),
          .run = run_trust_create};
}

}  // namespace sluice::cli
