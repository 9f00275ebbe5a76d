// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: trusted-root create, by way of sluice trust create; version.
#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/text.h"
#include "cosign.h"
#include "exit.h"
#include "net/url.h"
#include "trust_material.h"
#include "version.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kTrustedRootCommand = "trusted-root create";

// What every service may have; `needed` beside it.
Result<ServiceWords> trusted_service(std::string_view flag, std::string_view text,
                                     std::vector<std::string_view> needed) {
  return cosign_service(
      {kTrustedRootCommand, std::move(needed), {"start-time", "end-time", "origin"}}, flag, text);
}

std::string times_of(const ServiceWords& names) {
  std::string out;
  for (const auto& [theirs, ours] :
       {std::pair{"start-time", ",start="}, std::pair{"end-time", ",end="}}) {
    const auto at = names.find(theirs);
    if (at != names.end() && !at->second.empty()) out += cat(ours, at->second);
  }
  return out;
}

Result<void> add_authorities(const Invocation& in, const std::string& flag, const std::string& ours,
                             std::vector<std::string>& words) {
  for (const std::string& text : in.args.all(flag)) {
    SLUICE_TRY(const auto names, trusted_service(flag, text, {"url", "certificate-chain"}));
    if (names.contains("origin"))
      return wrong_service(kTrustedRootCommand, flag, "origin= is of logs");
    words.push_back(ours);
    words.push_back(cat(names.find("certificate-chain")->second, ",url=", names.find("url")->second,
                        times_of(names)));
  }
  return {};
}

// With an origin it is a log of Rekor v2, whose name is the host of its URL here.
Result<void> add_logs(const Invocation& in, std::vector<std::string>& words) {
  for (const std::string& text : in.args.all("--rekor")) {
    SLUICE_TRY(const auto names,
               trusted_service("--rekor", text, {"url", "public-key", "start-time"}));
    const std::string& url = names.find("url")->second;
    const auto origin = names.find("origin");
    if (origin != names.end()) {
      SLUICE_TRY(const auto parsed, within(net::parse_url(url), "reading the URL of --rekor"));
      if (parsed.host != origin->second) {
        return wrong_service(kTrustedRootCommand, "--rekor",
                             cat("sluice, called as cosign, does not cover an origin "
                                 "other than the URL's host, which is ",
                                 printable(parsed.host, 100)));
      }
    }
    words.emplace_back("--rekor-key");
    words.push_back(cat("url=", url, ",key=", names.find("public-key")->second,
                        ",version=", origin == names.end() ? "1" : "2", times_of(names)));
  }
  for (const std::string& text : in.args.all("--ctfe")) {
    SLUICE_TRY(const auto names,
               trusted_service("--ctfe", text, {"url", "public-key", "start-time"}));
    if (names.contains("origin")) {
      return wrong_service(kTrustedRootCommand, "--ctfe",
                           "sluice, called as cosign, does not cover origin= here");
    }
    words.emplace_back("--ctfe-key");
    words.push_back(
        cat(names.find("public-key")->second, ",url=", names.find("url")->second, times_of(names)));
  }
  return {};
}

Result<int> run_trusted_root_create(Invocation& in) {
  const auto out = in.args.get("--out");
  if (!out) return fail(Errc::usage, "--out FILE is needed");
  // cosign asks no service for it, either.
  std::vector<std::string> words = {"--out", *out, "--offline"};
  SLUICE_CHECK(add_authorities(in, "--fulcio", "--certificate-chain", words));
  SLUICE_CHECK(add_logs(in, words));
  SLUICE_CHECK(add_authorities(in, "--tsa", "--tsa-chain", words));
  const Command create = trust_create_command();
  SLUICE_TRY(Arguments args, parse(create, words));
  TalkingConsole talking(in.console);
  Invocation inner{std::move(args), in.world, talking, in.settings, in.log};
  return create.run(inner);
}

Result<int> run_cosign_version(Invocation& in) {
  const std::string version = cat("sluice-v", kVersion);
  if (!in.args.has("--json")) {
    SLUICE_CHECK(in.console.print(cat("sluice ", kVersion, ", called as cosign\n\nGitVersion:    ",
                                      version, "\nFollows:       cosign v3.1.3\n")));
    return kDone;
  }
  json::Value out;
  out.set("gitVersion", version);
  out.set("follows", "cosign v3.1.3");
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

std::vector<Option> trusted_root_options() {
  std::vector<Option> out = {{.name = "--out", .value = "FILE", .help = "the file to write"}};
  for (const auto& [name, value, help] : std::initializer_list<std::array<const char*, 3>>{
           {"--fulcio", "url=URL,certificate-chain=FILE", "a certificate authority"},
           {"--rekor", "url=URL,public-key=FILE,start-time=TIME[,origin=HOST]",
            "a log of signatures; with an origin it is of version 2"},
           {"--ctfe", "url=URL,public-key=FILE,start-time=TIME", "a log of certificates"},
           {"--tsa", "url=URL,certificate-chain=FILE", "a timestamp authority"}}) {
    out.push_back({.name = name, .value = value, .help = help, .repeated = true});
  }
  const std::string newer = "it has an older form; --fulcio, --rekor, --ctfe and --tsa are covered";
  for (const auto* const name :
       {"--certificate-chain", "--fulcio-uri", "--ctfe-key", "--ctfe-start-time", "--ctfe-end-time",
        "--ctfe-url", "--rekor-key", "--rekor-start-time", "--rekor-end-time", "--rekor-url",
        "--timestamp-certificate-chain", "--timestamp-uri"}) {
    out.push_back({.name = name, .value = "VALUE", .help = "", .not_covered = newer});
  }
  for (const auto* const name : {"--with-default-services", "--no-default-fulcio",
                                 "--no-default-rekor", "--no-default-ctfe", "--no-default-tsa"}) {
    out.push_back({.name = name,
                   .help = "",
                   .not_covered = "name every service; sluice trust export writes the defaults"});
  }
  return out;
}

}  // namespace

std::unexpected<Error> wrong_service(std::string_view command, std::string_view flag,
                                     std::string_view what) {
  return fail(Error{
      Errc::usage, cat(flag, ": ", what), {}, cat("cosign ", command, " --help has an example")});
}

Result<ServiceWords> cosign_service(const ServiceForm& form, std::string_view flag,
                                    std::string_view text) {
  ServiceWords out;
  const auto is_of = [](const std::vector<std::string_view>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (const std::string_view piece : split(text, ',')) {
    const std::size_t equals = piece.find('=');
    const std::string name(trim(piece.substr(0, equals)));
    const bool known = is_of(form.needed, name) || is_of(form.optional, name);
    if (equals == std::string_view::npos || !known) {
      return wrong_service(form.command, flag,
                           cat("\"", printable(piece, 60), "\" is not understood"));
    }
    out.insert_or_assign(name, std::string(trim(piece.substr(equals + 1))));
  }
  for (const std::string_view name : form.needed) {
    const auto at = out.find(name);
    if (at == out.end() || at->second.empty()) {
      return wrong_service(form.command, flag, cat(name, "= is needed"));
    }
  }
  return out;
}

std::vector<Command> cosign_other_commands() {
  return {{.words = {"trusted-root", "create"},
           .summary = "make the trust material of a private Sigstore, from files",
           .description =
               "As sluice trust create does it: chains have to link, keys to decode. Each service "
               "may have start-time= and end-time=. No connection is opened.",
           .examples = {{"a CA and a log",
                         "cosign trusted-root create --fulcio "
                         "url=https://ca.example.org,certificate-chain=ca.pem --rekor "
                         "url=https://log.example.org,public-key=log.pub,start-time="
                         "2026-01-01T00:00:00Z --out trusted_root.json"}},
           .options = trusted_root_options(),
           .output = false,
           .run = run_trusted_root_create},
          {.words = {"version"},
           .summary = "say what this is",
           .examples = {{"for a bug report", "cosign version"}},
           .options = {{.name = "--json", .help = "as JSON"}},
           .output = false,
           .run = run_cosign_version}};
}

}  // namespace sluice::cli
