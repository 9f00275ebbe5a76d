// SPDX-License-Identifier: Apache-2.0
#include "sign_services.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "crypto/digest.h"
#include "exit.h"
#include "keyfile.h"
#include "net/client.h"
#include "oidc/ambient.h"
#include "oidc/browser.h"
#include "oidc/callback.h"
#include "oidc/device.h"
#include "report/report.h"
#include "settings.h"
#include "trust_material.h"

namespace sluice::cli {

namespace {

using sigstore::SigningConfig;

// Rekor's servers answer all that came since their last beat together, about once a second: fewer
// at a time would wait for one beat after the other.
constexpr std::size_t kItemsAtOnce = 128;
constexpr std::chrono::seconds kDeadlineLeast{5};
constexpr std::chrono::seconds kDeadlineMost{3600};

Result<std::string> issuer_for(const Invocation& in, const SigningConfig& config) {
  if (const auto given = in.args.get("--oidc-issuer")) return *given;
  constexpr std::array<std::uint32_t, 1> kVersions{1};
  auto chosen = sigstore::choose_services(config, sigstore::ServiceKind::oidc, kVersions,
                                          in.world.clock.now());
  if (!chosen) {
    return fail(std::move(chosen).error().in("looking for who could say who you are"));
  }
  return chosen->chosen.front().url;
}

// Asks a person, on this machine or on another one.
Result<oidc::Token> sign_in(Invocation& in, Http& http, const SigningConfig& config) {
  SLUICE_TRY(std::string issuer, issuer_for(in, config));
  const oidc::Client client{.issuer = std::move(issuer),
                            .id = in.args.get("--oidc-client-id").value_or("sigstore")};
  if (in.args.has("--device")) {
    return oidc::sign_in_with_device(
        in.world, http,
        {.client = client, .show = [&](const oidc::DevicePrompt& prompt) {
           in.console.talk(cat("sluice: open ", prompt.url, " and enter ", prompt.code,
                               " (good for ", human_duration(prompt.good_for), ")\n"));
         }});
  }
  SLUICE_TRY(const auto callback, oidc::open_callback());
  return oidc::sign_in_with_browser(
      in.world, http, *callback,
      {.client = client, .person = true, .show = [&](std::string_view url) {
         in.console.talk(
             cat("sluice: sign in with your browser; if none opens, go to\n  ", url, "\n"));
       }});
}

// What the surroundings give; else a person is asked, if one is there.
Result<oidc::Token> fetch_token(Invocation& in, Http& http, const SigningConfig& config) {
  oidc::AmbientWish wish;
  if (const auto audience = in.args.get("--oidc-client-id")) wish.audience = *audience;
  if (const auto file = in.args.get("--identity-token-file")) wish.token_file = *file;
  SLUICE_TRY(auto token, oidc::ambient_token(in.world, http, wish));
  if (token) return *std::move(token);
  if (in.args.has("--device") || in.console.terminal_in()) return sign_in(in, http, config);
  return fail(
      Error{Errc::denied, "nothing here says who signs, and there is no terminal to ask a person"}
          .advise("in a CI job, give it the right to ask for an ID token (GitHub: permissions: "
                  "id-token: write; GitLab: id_tokens: SIGSTORE_ID_TOKEN); or "
                  "--identity-token-file FILE, --device, or --key FILE"));
}

Result<std::chrono::milliseconds> deadline_for(const Invocation& in) {
  const auto text = in.args.get("--deadline");
  if (!text) return sigstore::BadDays{}.deadline;
  std::int64_t seconds = 0;
  const char* end = text->data() + text->size();
  const auto [at, status] = std::from_chars(text->data(), end, seconds);
  if (status != std::errc{} || at != end || seconds < kDeadlineLeast.count() ||
      seconds > kDeadlineMost.count()) {
    return fail(Errc::usage, cat("--deadline wants seconds from ", kDeadlineLeast.count(), " to ",
                                 kDeadlineMost.count(), ", not \"", printable(*text, 40), "\""));
  }
  return std::chrono::seconds(seconds);
}

void show_progress(Invocation& in, sigstore::SignOptions& options) {
  if (!in.console.terminal_out() || in.json) return;
  options.progress = [&in](const sigstore::SignProgress& progress) {
    if (progress.all < 2 || progress.step != sigstore::SignProgress::Step::finished) return;
    in.console.talk(cat("\rsigning   ", progress.done, " of ", progress.all,
                        progress.done == progress.all ? "\n" : ""));
  };
}

json::Value signed_json(const sigstore::SignResult& item, const Path& target) {
  const sigstore::SignedBundle& bundle = *item.outcome->value();
  json::Value row;
  row.set("file", printable(item.name));
  row.set("bundle", shown(target));
  if (bundle.digest) row.set("digest", bundle.digest->text());
  row.set("signer", printable(bundle.signer));
  json::Array entries;
  for (const auto& [log, index] : bundle.entries) {
    json::Value entry;
    entry.set("log", printable(log));
    entry.set("index", static_cast<std::int64_t>(index));
    entries.push_back(std::move(entry));
  }
  row.set("log_entries", std::move(entries));
  row.set("timestamps", static_cast<std::int64_t>(bundle.timestamps));
  json::Array times;
  for (const Time time : bundle.times) times.emplace_back(rfc3339(time));
  row.set("times", std::move(times));
  json::Array notes;
  for (const auto& note : bundle.notes) notes.emplace_back(printable(note));
  row.set("notes", std::move(notes));
  return row;
}

std::string signed_text(const sigstore::SignResult& item, const Path& target) {
  const sigstore::SignedBundle& bundle = *item.outcome->value();
  std::string out = cat("signed  ", printable(item.name), "  ->  ", shown(target), "\n");
  std::string where;
  for (const auto& [log, index] : bundle.entries) {
    where += cat(where.empty() ? "" : "; ", printable(log), ", entry ", index);
  }
  if (bundle.timestamps > 0) {
    where += cat(where.empty() ? "" : "; ", bundle.timestamps,
                 bundle.timestamps == 1 ? " timestamp" : " timestamps");
  }
  if (!where.empty()) out += cat("  recorded  ", where, "\n");
  for (const auto& note : bundle.notes) out += cat("  note      ", printable(note), "\n");
  return out;
}

// What could not be signed, each with its reason. A refusal weighs more than an outage.
Result<int> print_failures(Invocation& in, const sigstore::SignReport& report) {
  int worst = kDone;
  if (!report.shared.passed() && report.shared.first_failure() != nullptr) {
    SLUICE_CHECK(in.json ? in.print_json(report::as_json(report.shared))
                         : in.console.print(report::as_text(report.shared, {in.colour, false})));
    return kRefused;
  }
  std::string last;
  for (const auto& item : report.items) {
    if (!item.outcome) {
      if (worst == kDone) worst = exit_code(item.outcome.error().code);
      const std::string text = report::as_text(item.outcome.error());
      const bool named = text.find(printable(item.name)) != std::string::npos;
      const std::string of = named ? std::string() : cat(printable(item.name), ": ");
      if (text != last) in.console.talk(cat("sluice: ", of, text));
      last = text;
    } else if (!item.outcome->passed()) {
      worst = kRefused;
      const Report& rows = item.outcome->report();
      SLUICE_CHECK(in.json ? in.print_json(report::as_json(rows))
                           : in.console.print(report::as_text(rows, {in.colour, false})));
    }
  }
  return worst;
}

std::string signer_of(const sigstore::SignReport& report) {
  return report.items.empty() ? "" : (*report.items.front().outcome).value()->signer;
}

// A CA or a log of a Sigstore that is not trusted is not asked: its answer would be refused, but by
// then it has the token, and the entry is public for ever.
Result<void> check_services(const sigstore::SignServices& services,
                            const sigstore::TrustRoot& trust) {
  const auto known = [&](sigstore::TrustKind kind, std::string_view url) {
    const auto plain = [](std::string_view text) {
      return text.substr(0, text.find_last_not_of('/') + 1);
    };
    return std::ranges::any_of(trust.urls(kind),
                               [&](const auto& each) { return plain(each) == plain(url); });
  };
  const auto stranger = [&](std::string_view url) {
    return fail(Error{
        Errc::usage,
        cat(printable(url, 200), " would be used to sign, and is not trusted by ", trust.source()),
        {},
        "--signing-config FILE names the services of that Sigstore"});
  };
  if (!services.ca.empty() && !known(sigstore::TrustKind::certificate_authority, services.ca)) {
    return stranger(services.ca);
  }
  for (const auto& log : services.logs) {
    if (!known(sigstore::TrustKind::log, log.url)) return stranger(log.url);
  }
  return {};
}

Result<void> complete_givens(Invocation& in, SignGivens& given) {
  if (!given.config && !in.args.has("--signing-config")) given.services_apart = trust_is_named(in);
  if (!given.config) {
    SLUICE_TRY(given.config, signing_config_for(in));
  }
  if (!given.trust) {
    SLUICE_TRY(given.trust, trust_root_for(in));
  }
  const auto key = given.keyless ? std::nullopt : in.args.get("--key");
  if (key && !given.key) {
    SLUICE_TRY(given.key, load_private_key(in, *key));
  }
  return {};
}

oidc::TokenSource::Fetch token_fetcher(Invocation& in, Http& http, SignGivens& given) {
  if (!given.token) {
    return [&in, &http, config = *given.config] { return fetch_token(in, http, config); };
  }
  return [token = std::make_shared<SecretBytes>(*std::move(given.token))] {
    return oidc::Token::parse(token->reveal_text(), "the command line");
  };
}

}  // namespace

Result<std::unique_ptr<SignSetup>> make_sign_setup(Invocation& in, SignGivens given) {
  keep_out_of_cores();
  auto setup = std::make_unique<SignSetup>();
  SLUICE_CHECK(complete_givens(in, given));
  setup->key = std::move(given.key);
  SLUICE_TRY(
      setup->options.services,
      sigstore::choose_sign_services(*given.config, in.world.clock.now(), setup->key.has_value()));
  setup->options.trust = *std::move(given.trust);
  if (given.services_apart) {
    SLUICE_CHECK(check_services(setup->options.services, *setup->options.trust));
  }
  setup->options.key_type = given.key_type;
  setup->options.at_once = kItemsAtOnce;
  net::ClientOptions client = client_options(in.settings);
  client.max_connections_per_host = setup->options.at_once;
  client.max_parallel = 2 * setup->options.at_once;
  setup->http = net::make_client(in.world, std::move(client));
  if (setup->key) {
    setup->options.key = &*setup->key;
  } else {
    setup->tokens = std::make_unique<oidc::TokenSource>(token_fetcher(in, *setup->http, given));
    setup->options.tokens = setup->tokens.get();
    if (const auto audience = in.args.get("--oidc-client-id")) {
      setup->options.ca_rules.audience = *audience;
    }
  }
  SLUICE_TRY(setup->options.bad_days.deadline, deadline_for(in));
  setup->options.bad_days.without_log = in.args.has("--allow-no-log");
  setup->options.bad_days.without_stamp = in.args.has("--allow-no-timestamp");
  setup->options.threads = threads(in.settings);
  if (const auto journal = in.args.get("--journal")) setup->options.journal = *journal;
  show_progress(in, setup->options);
  return setup;
}

Result<sigstore::SignItem> sign_item_of(const std::string& file) {
  if (file != "-") return sigstore::SignItem{file, Path(file)};
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  SLUICE_CHECK(within(crypto::read_pieces(*standard_input(),
                                          [&](ByteView piece) -> Result<void> {
                                            hasher.update(piece);
                                            return {};
                                          }),
                      "reading standard input"));
  return sigstore::SignItem{"standard input", hasher.finish()};
}

std::vector<Option> token_options() {
  return {
      {"--signing-config", "FILE",
       "the services to use; default: those that `trust update` fetched, else Sigstore's public "
       "ones, which are built in, where the trust material lists them"},
      {"--identity-token-file", "FILE", "a file with the identity token to sign with"},
      {"--device", "", "sign in on another device, by a code"},
      {"--oidc-issuer", "URL", "whom to ask who you are; default: as the signing config says"},
      {"--oidc-client-id", "ID", "what the token has to be for; default: sigstore"},
      {"--deadline", "SECONDS", "for everything together; default: 120"}};
}

std::vector<Option> sign_setup_options() {
  std::vector<Option> out = token_options();
  for (Option& option : std::vector<Option>{
           {"--journal", "FILE",
            "keep there what was obtained, so that a run that was killed goes on: without a second "
            "certificate or log entry"},
           {"--allow-no-log", "",
            "where no log answers, go on with a timestamp alone; verifiers have to be told to "
            "accept "
            "that"},
           {"--allow-no-timestamp", "",
            "where no timestamp authority answers, go on with the log's time (Rekor v1)"}}) {
    out.push_back(std::move(option));
  }
  for (Option& option : trust_options()) out.push_back(std::move(option));
  for (Option& option : network_options()) out.push_back(std::move(option));
  return out;
}

Result<int> write_signed_alone(Invocation& in, std::string_view verb, const crypto::PrivateKey& key,
                               const std::vector<SignedAlone>& all) {
  std::vector<Replacement> files;
  for (const SignedAlone& one : all) {
    if (one.target != "-") files.push_back({one.target, one.bundle});
  }
  SLUICE_CHECK(in.world.files.replace_all(files, Lasting::yes));
  json::Array rows;
  for (const SignedAlone& one : all) {
    if (one.target == "-") {
      SLUICE_CHECK(in.console.print(one.bundle + "\n"));
      return kDone;
    }
    json::Value row;
    row.set("file", printable(one.name));
    row.set("bundle", shown(one.target));
    rows.push_back(std::move(row));
    if (!in.json) {
      SLUICE_CHECK(in.console.print(
          cat(verb, "  ", printable(one.name), "  ->  ", shown(one.target), "\n")));
    }
  }
  const std::string signer = sigstore::key_hint(key.public_key());
  if (!in.json) {
    SLUICE_CHECK(in.console.print(cat("as  key ", signer, "\n")));
    return kDone;
  }
  json::Value out;
  out.set("kind", "sluice.signed/v1");
  out.set("key", signer);
  out.set("scheme", name(key.scheme()));
  out.set("signed", std::move(rows));
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

Result<int> sign_and_write(Invocation& in, SignSetup& setup,
                           const std::vector<sigstore::SignItem>& items,
                           const std::vector<Path>& targets) {
  sigstore::Signing signing(in.world, *setup.http, std::move(setup.options));
  SLUICE_TRY(const sigstore::SignReport report, signing.sign(items));
  for (const auto& note : report.notes) in.console.talk(cat("sluice: ", printable(note), "\n"));
  if (!report.complete()) {
    SLUICE_TRY(const int code, print_failures(in, report));
    in.console.talk(in.args.has("--journal")
                        ? "sluice: nothing was written; the journal has what was obtained: run "
                          "the same command again\n"
                        : "sluice: nothing was written\n");
    return code == kDone ? kUndecided : code;
  }
  // All or nothing: a bundle is written only where each could be made. What a journal can bring
  // back no more has to last; else a power failure leaves a bundle whole, or the old one.
  std::vector<Replacement> bundles;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (targets[i] == "-") break;
    bundles.push_back({targets[i], (*report.items[i].outcome).value()->text});
  }
  const bool journal = in.args.has("--journal");
  SLUICE_CHECK(in.world.files.replace_all(bundles, journal ? Lasting::yes : Lasting::whole));
  json::Array rows;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const sigstore::SignedBundle& bundle = *report.items[i].outcome->value();
    if (targets[i] == "-") {
      SLUICE_CHECK(in.console.print(bundle.text + "\n"));
      SLUICE_CHECK(signing.forget_journal());
      return kDone;
    }
    rows.push_back(signed_json(report.items[i], targets[i]));
    if (!in.json) SLUICE_CHECK(in.console.print(signed_text(report.items[i], targets[i])));
  }
  SLUICE_CHECK(signing.forget_journal());
  if (!in.json) {
    SLUICE_CHECK(in.console.print(cat("as  ", printable(signer_of(report)), "\n")));
    return kDone;
  }
  json::Value out;
  out.set("kind", "sluice.signed/v1");
  out.set("signer", printable(signer_of(report)));
  out.set("certificates", static_cast<std::int64_t>(report.certificates));
  out.set("signed", std::move(rows));
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

}  // namespace sluice::cli
