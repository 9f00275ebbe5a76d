// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: signing-config create.
#include <charconv>

#include "base/text.h"
#include "cosign.h"
#include "exit.h"
#include "keyfile.h"
#include "sigstore/trust_raw.h"

namespace sluice::cli {

namespace {

using sigstore::Selection;
using sigstore::Selector;
using sigstore::Service;
using sigstore::SigningConfig;

constexpr std::string_view kConfigCommand = "signing-config create";

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number out{};
  const auto [at, status] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (status != std::errc{} || at != text.data() + text.size()) return std::nullopt;
  return out;
}

// "url=URL,api-version=N,start-time=TIME,operator=NAME[,end-time=TIME]"
Result<Service> service_as_given(std::string_view flag, const std::string& text) {
  const ServiceForm form{
      kConfigCommand, {"url", "api-version", "start-time", "operator"}, {"end-time"}};
  SLUICE_TRY(const ServiceWords words, cosign_service(form, flag, text));
  const auto version = whole_number<std::uint32_t>(words.at("api-version"));
  if (!version || *version == 0) {
    return wrong_service(kConfigCommand, flag,
                         cat("api-version is no number: ", printable(words.at("api-version"), 40)));
  }
  std::optional<std::string> end;
  if (const auto at = words.find("end-time"); at != words.end()) end = at->second;
  SLUICE_TRY(auto window,
             within(sigstore::parse_window(words.at("start-time"), end), cat("reading ", flag)));
  return Service{.url = words.at("url"),
                 .version = *version,
                 .window = window,
                 .operated_by = words.at("operator")};
}

// ANY, ALL, EXACT:N
Result<void> read_selection(const Invocation& in, const std::string& flag, Selection& out) {
  const auto text = in.args.get(flag);
  if (!text) return {};
  constexpr std::string_view kExact = "EXACT:";
  if (*text == "ANY" || *text == "ALL") {
    out = {*text == "ANY" ? Selector::any : Selector::all, 0};
    return {};
  }
  const auto count =
      text->starts_with(kExact)
          ? whole_number<std::uint32_t>(std::string_view(*text).substr(kExact.size()))
          : std::nullopt;
  if (!count || *count == 0) {
    return wrong_service(kConfigCommand, flag,
                         cat("it is ANY, ALL or EXACT:NUMBER, not \"", printable(*text, 40), "\""));
  }
  out = {Selector::exact, *count};
  return {};
}

struct ServiceFlag {
  const char* flag;
  const char* without;    // of the defaults
  const char* selection;  // that has to come with it; nullptr: none
  std::vector<Service> SigningConfig::* services;
  Selection SigningConfig::* selected;
};
const std::vector<ServiceFlag>& service_flags() {
  static const std::vector<ServiceFlag> all = {
      {"--fulcio", "--no-default-fulcio", nullptr, &SigningConfig::cas, nullptr},
      {"--oidc-provider", "--no-default-oidc", nullptr, &SigningConfig::issuers, nullptr},
      {"--rekor", "--no-default-rekor", "--rekor-config", &SigningConfig::logs,
       &SigningConfig::log_selection},
      {"--tsa", "--no-default-tsa", "--tsa-config", &SigningConfig::stampers,
       &SigningConfig::stamper_selection}};
  return all;
}

Result<void> replace_services(const Invocation& in, const ServiceFlag& flag, SigningConfig& out) {
  const auto given = in.args.all(flag.flag);
  if (flag.selected != nullptr && !given.empty() && !in.args.has(flag.selection)) {
    return wrong_service(kConfigCommand, flag.flag,
                         cat(flag.selection, " says how many of them are to be used"));
  }
  if (!given.empty() || in.args.has(flag.without)) (out.*flag.services).clear();
  for (const std::string& text : given) {
    SLUICE_TRY(auto service, service_as_given(flag.flag, text));
    (out.*flag.services).push_back(std::move(service));
  }
  if (flag.selected == nullptr) return {};
  if (in.args.has(flag.without)) out.*flag.selected = {};
  return read_selection(in, flag.selection, out.*flag.selected);
}

Result<SigningConfig> base_config(const Invocation& in) {
  const auto file = in.args.get("--base-config");
  const bool defaults = in.args.has("--with-default-services");
  if (file && defaults) {
    return fail(Errc::usage, "--base-config or --with-default-services, not both of them");
  }
  if (file) return SigningConfig::read(in.world.files, *file);
  if (defaults) return SigningConfig::embedded(sigstore::Instance::production);
  return SigningConfig{};
}

Result<int> run_signing_config_create(Invocation& in) {
  SLUICE_CHECK(refuse_to_overwrite(in, {"--out"}, {"--base-config"}));
  SLUICE_TRY(SigningConfig config, base_config(in));
  for (const ServiceFlag& flag : service_flags()) {
    SLUICE_CHECK(replace_services(in, flag, config));
  }
  const std::string text = config.write();
  // What is written is what signing will read.
  SLUICE_TRY(const auto read, SigningConfig::parse(text));
  if (const auto out = in.args.get("--out")) {
    SLUICE_CHECK(in.world.files.replace(*out, text));
    return kDone;
  }
  SLUICE_CHECK(in.console.print(text));
  return kDone;
}

std::vector<Option> signing_config_options() {
  std::vector<Option> out = {
      {.name = "--out", .value = "FILE", .help = "otherwise standard output"},
      {.name = "--base-config",
       .value = "FILE",
       .help = "begin with this one; services that are named take the place "
               "of those of their kind"},
      {.name = "--with-default-services",
       .help = "begin with Sigstore's public services, which are built in"}};
  for (const ServiceFlag& each : service_flags()) {
    out.push_back({.name = each.flag,
                   .value = "url=URL,api-version=N,start-time=TIME,operator=NAME[,end-time=TIME]",
                   .help = "a service",
                   .repeated = true});
    out.push_back({.name = each.without, .help = "none of those that it begins with"});
    if (each.selection == nullptr) continue;
    out.push_back({.name = each.selection,
                   .value = "ANY|ALL|EXACT:N",
                   .help = cat("how many of ", each.flag, " are to be used")});
  }
  out.push_back({.name = "--with-default-rekor-v2",
                 .help = "",
                 .not_covered = "no public config of Rekor v2 is built in; --rekor names its log"});
  return out;
}

}  // namespace

std::vector<Command> cosign_signing_config_commands() {
  return {{.words = {"signing-config", "create"},
           .summary = "say which services to sign with",
           .description = "Writes a signing config 0.2. Without any service, it is that of a key "
                          "alone. No connection is opened.",
           .examples = {{"a CA, and a timestamp authority",
                         "cosign signing-config create --fulcio "
                         "url=https://ca.example.org,api-version=1,start-time=2026-01-01T00:00:00Z,"
                         "operator=example.org --tsa "
                         "url=https://tsa.example.org/api/v1/timestamp,api-version=1,start-time="
                         "2026-01-01T00:00:00Z,operator=example.org --tsa-config ANY --out "
                         "signing.json"}},
           .options = signing_config_options(),
           .output = false,
           .run = run_signing_config_create}};
}

}  // namespace sluice::cli
