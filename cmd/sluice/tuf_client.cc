// SPDX-License-Identifier: Apache-2.0
// sluice tuf client: what a TUF repository vouches for, fetched and checked.
#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "tuf/checks.h"
#include "tuf/client.h"
#include "tuf_repo.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxListed = 1'000'000;

// Lines of a file, as "Name: value": values may be secret, and arguments are seen by others.
Result<Headers> headers_given(const Invocation& in) {
  Headers out;
  const auto file = in.args.get("--headers");
  if (!file) return out;
  SLUICE_TRY(const auto text, in.world.files.read(*file, limits::kConfigFile));
  for (const auto line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return fail(Errc::usage, "--headers: a line is not of the form Name: value");
    }
    out.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return out;
}

// The client with what it stands on.
struct TufSession {
  std::unique_ptr<Http> http;
  std::unique_ptr<tuf::Client> client;
};

Result<TufSession> tuf_session(Invocation& in) {
  TufSession out;
  tuf::ClientOptions options;
  options.folder = *in.args.get("--cache");
  options.offline = in.args.has("--offline");
  options.metadata_urls = in.args.all("--metadata-url");
  options.target_urls = in.args.all("--target-url");
  if (!options.offline && options.metadata_urls.empty()) {
    return fail(Error{Errc::usage, "say where the metadata is: --metadata-url URL"}.advise(
        "or use what the cache has, with --offline"));
  }
  SLUICE_TRY(options.headers, headers_given(in));
  options.request_time = in.settings.get(config::kNetTimeout).value;
  if (const auto file = in.args.get("--root")) {
    SLUICE_TRY(options.root, in.world.files.read(*file, options.limits.root));
  }
  options.note = [&in](const std::string& what) {
    in.log.write(LogLevel::warning, "overcome", {{"what", what}});
  };
  if (in.console.terminal_out() && !in.json) {
    options.progress = [&in](const tuf::Progress& progress) {
      in.console.talk(cat("\r\x1b[K", "fetching   ", human_bytes(progress.done), " of ",
                          human_bytes(progress.total), "   ", printable(progress.what, 40),
                          progress.done == progress.total ? "\r\x1b[K" : ""));
    };
  }
  if (!options.offline) out.http = net::make_client(in.world, client_options(in.settings));
  out.client = std::make_unique<tuf::Client>(in.world.files, in.world.clock, out.http.get(),
                                             std::move(options));
  return out;
}

// The report with everything that tools want to know beside it.
json::Value tuf_json(const Report& report, const tuf::State* state, json::Array targets) {
  json::Value checked = report::as_json(report);
  json::Value out;
  out.set("kind", "sluice.tuf-client/v1");
  out.set("subject", *checked.find("subject"));
  out.set("verdict", *checked.find("verdict"));
  if (state != nullptr) {
    json::Value roles;
    const auto role = [&](const char* name, const tuf::RoleState& of) {
      json::Value entry;
      entry.set("version", of.version);
      entry.set("expires", rfc3339(of.expires));
      roles.set(name, std::move(entry));
    };
    role("root", state->root);
    role("timestamp", state->timestamp);
    role("snapshot", state->snapshot);
    role("targets", state->targets);
    out.set("roles", std::move(roles));
  }
  out.set("targets", json::Value(std::move(targets)));
  out.set("checks", *checked.find("checks"));
  return out;
}

json::Value target_json(const tuf::TargetFile& file) {
  json::Value out;
  out.set("path", printable(file.path, tuf::kMaxTargetPath * 4));
  out.set("length", static_cast<std::int64_t>(file.length));
  json::Value hashes{json::Object{}};
  for (const auto& each : file.hashes.known) {
    hashes.set(std::string(crypto::name(each.algorithm())), each.hex());
  }
  out.set("hashes", std::move(hashes));
  return out;
}

std::string first_hash(const tuf::TargetFile& file) {
  return file.hashes.known.empty() ? "a hash of an unknown kind" : file.hashes.known[0].text();
}

Result<int> answer(Invocation& in, const Report& report, const tuf::State* state,
                   json::Array targets) {
  SLUICE_CHECK(in.json ? in.print_json(tuf_json(report, state, std::move(targets)))
                       : in.console.print(report::as_text(report, {in.colour, false})));
  return report.passed() ? kDone : kRefused;
}

Result<int> run_tuf_init(Invocation& in) {
  tuf::ClientOptions options;
  options.folder = *in.args.get("--cache");
  SLUICE_TRY(const auto root, in.world.files.read(in.args.positionals()[0], options.limits.root));
  tuf::Client client(in.world.files, in.world.clock, nullptr, std::move(options));
  SLUICE_TRY(const auto verdict, client.init(root));
  Report report(shown(Path(in.args.positionals()[0])));
  tuf::append(report, verdict.report());
  if (verdict.passed()) {
    report.fact("root", cat(verdict.value()->version, ", good until ",
                            human_time(verdict.value()->expires)));
    report.fact("cache", shown(Path(*in.args.get("--cache"))));
  }
  return answer(in, report, nullptr, {});
}

void add_facts(Report& report, const tuf::State& state) {
  const auto role = [&](const char* name, const tuf::RoleState& of, const std::string& more = "") {
    report.fact(name, cat(of.version, ", good until ", human_time(of.expires), more));
  };
  role("root", state.root);
  role("timestamp", state.timestamp);
  role("snapshot", state.snapshot);
  std::string more =
      cat("; ", state.target_count, state.target_count == 1 ? " target" : " targets");
  if (state.delegations > 0) {
    more += cat(", ", state.delegations, " delegated ", state.delegations == 1 ? "role" : "roles");
  }
  role("targets", state.targets, more);
}

Result<int> run_tuf_refresh(Invocation& in) {
  SLUICE_TRY(const auto session, tuf_session(in));
  SLUICE_TRY(const auto verdict, session.client->refresh());
  Report report = verdict.report();
  if (!verdict.passed()) return answer(in, report, nullptr, {});
  const tuf::State state = *verdict.value();
  add_facts(report, state);
  return answer(in, report, &state, {});
}

// Those up to the first that is refused; the rows of all go into the report.
Result<std::vector<tuf::Found>> find_targets(const Invocation& in, tuf::Client& client,
                                             Report& report, std::optional<Error>& stopped) {
  std::vector<tuf::Found> out;
  for (const auto& name : in.args.positionals()) {
    auto found = client.find(name);
    if (!found) {
      stopped = std::move(found).error();
      return out;
    }
    tuf::append(report, found->report());
    if (!found->passed()) return out;
    out.push_back(*found->value());
  }
  return out;
}

std::string subject_given(const Invocation& in, const std::string& fallback) {
  const auto& names = in.args.positionals();
  if (names.empty()) return fallback;
  return names.size() == 1 ? printable(names[0], 300) : cat(names.size(), " targets");
}

Result<int> run_tuf_download(Invocation& in) {
  SLUICE_TRY(const auto session, tuf_session(in));
  SLUICE_TRY(const auto refreshed, session.client->refresh());
  Report report(subject_given(in, refreshed.report().subject()));
  tuf::append(report, refreshed.report());
  if (!refreshed.passed()) return answer(in, report, nullptr, {});
  const tuf::State state = *refreshed.value();
  std::optional<Error> stopped;
  SLUICE_TRY(const auto found, find_targets(in, *session.client, report, stopped));
  // Those before the one that was refused are good: they are fetched all the same.
  json::Array files;
  if (!found.empty()) {
    SLUICE_TRY(const auto fetched, session.client->download(found, *in.args.get("--to")));
    tuf::append(report, fetched.report());
    if (fetched.passed()) {
      for (const auto& each : *fetched.value()) {
        json::Value entry = target_json(each.target.file);
        entry.set("role", printable(each.target.role.str(), 300));
        entry.set("file", shown(each.path));
        entry.set("present", each.present);
        files.push_back(std::move(entry));
        report.fact("file", cat(shown(each.path), each.present ? ", was there already" : ""));
        report.fact("digest", first_hash(each.target.file));
        report.fact("listed by", printable(each.target.role.str(), 300));
      }
    }
  }
  if (stopped) return fail(*std::move(stopped));
  return answer(in, report, &state, std::move(files));
}

Result<int> list_targets(Invocation& in, const tuf::Client& client, const Report& report,
                         const tuf::State& state) {
  const tuf::Targets* top = client.trusted()->targets(tuf::RoleName("targets"), nullptr);
  json::Array files;
  std::string text;
  std::size_t count = 0;
  SLUICE_CHECK(top->each([&](const tuf::TargetFile& file) -> Result<void> {
    if (++count > kMaxListed) return fail(Errc::limit, cat("more than ", kMaxListed, " targets"));
    if (in.json) {
      files.push_back(target_json(file));
    } else {
      text += cat(first_hash(file), "  ", file.length, "  ", printable(file.path, 4096), "\n");
    }
    return {};
  }));
  if (in.json) return answer(in, report, &state, std::move(files));
  SLUICE_CHECK(in.console.print(text));
  if (state.delegations > 0) {
    in.console.talk(cat(state.delegations, " delegated ", state.delegations == 1 ? "role" : "roles",
                        " may list more; ask for a target by its path\n"));
  }
  return kDone;
}

Result<int> run_tuf_targets(Invocation& in) {
  SLUICE_TRY(const auto session, tuf_session(in));
  SLUICE_TRY(const auto refreshed, session.client->refresh());
  Report report(subject_given(in, refreshed.report().subject()));
  tuf::append(report, refreshed.report());
  if (!refreshed.passed()) return answer(in, report, nullptr, {});
  const tuf::State state = *refreshed.value();
  if (in.args.positionals().empty()) return list_targets(in, *session.client, report, state);
  std::optional<Error> stopped;
  SLUICE_TRY(const auto found, find_targets(in, *session.client, report, stopped));
  if (stopped) return fail(*std::move(stopped));
  json::Array files;
  for (const auto& each : found) {
    json::Value entry = target_json(each.file);
    entry.set("role", printable(each.role.str(), 300));
    files.push_back(std::move(entry));
    report.fact("target", cat(printable(each.file.path, 300), ", ", human_bytes(each.file.length)));
    report.fact("digest", first_hash(each.file));
    report.fact("listed by", printable(each.role.str(), 300));
  }
  return answer(in, report, &state, std::move(files));
}

std::vector<Option> with_tuf_options(std::vector<Option> own) {
  std::vector<Option> out = {
      {"--cache", "DIR", "the folder that init made; processes may share it", {}, true},
      {"--metadata-url",
       "URL",
       "where the metadata is; more of them are mirrors",
       {},
       false,
       true}};
  std::move(own.begin(), own.end(), std::back_inserter(out));
  for (Option each : std::vector<Option>{
           {"--root", "FILE", "begin with this root, not with the one that init was given"},
           {"--offline", "", "make no requests: what the cache has, until it expires"},
           {"--headers", "FILE", "send these headers, one Name: value a line"}}) {
    out.push_back(std::move(each));
  }
  for (auto& each : network_options()) out.push_back(std::move(each));
  return out;
}

Command tuf_init_command() {
  return {.words = {"tuf", "client", "init"},
          .summary = "trust a root, in a cache of its own",
          .description =
              "ROOT is root.json as it came with the software, or in another way that "
              "you trust. It may be expired: the next refresh leads on from it. No "
              "request is made.",
          .examples = {{"begin", "sluice tuf client init --cache tuf root.json"}},
          .options = {{"--cache", "DIR", "the folder to make", {}, true}},
          .positionals = {{"ROOT", "the root metadata to trust"}},
          .run = run_tuf_init};
}

Command tuf_refresh_command() {
  return {.words = {"tuf", "client", "refresh"},
          .summary = "bring the metadata up to date",
          .description =
              "Follows the client workflow of the TUF specification: root, timestamp, snapshot, "
              "targets. What is refused is named with the attack that it would be and the clause "
              "that forbids it; what was trusted before stays.\n"
              "Exit code 0: up to date. 1: refused. 3: could not decide, say because no mirror "
              "answers.",
          .examples = {{"with a mirror",
                        "sluice tuf client refresh --cache tuf --metadata-url "
                        "https://repo.example.org/metadata --metadata-url "
                        "https://mirror.example.org/metadata"}},
          .options = with_tuf_options({}),
          .run = run_tuf_refresh};
}

Command tuf_download_command() {
  return {.words = {"tuf", "client", "download"},
          .summary = "fetch targets, checked",
          .description =
              "Refreshes first. A target appears under its name below the folder when it is whole "
              "and has the hashes that a trusted role lists; one that is there already is not "
              "asked for again. Large ones come in pieces, and go on where they were interrupted.\n"
              "Stops at the first that is refused; those named before it are fetched.",
          .examples = {{"one target",
                        "sluice tuf client download --cache tuf --metadata-url "
                        "https://repo.example.org/metadata --target-url "
                        "https://repo.example.org/targets --to out app/app-1.2.tar.gz"}},
          .options = with_tuf_options({{"--target-url",
                                        "URL",
                                        "where the targets are; more of them are mirrors",
                                        {},
                                        false,
                                        true},
                                       {"--to", "DIR", "the folder for them", {}, true}}),
          .positionals = {{"TARGET", "the path of a target", true, true}},
          .run = run_tuf_download};
}

Command tuf_targets_command() {
  return {.words = {"tuf", "client", "targets"},
          .summary = "say which targets there are",
          .description =
              "Refreshes first. Without a name: what the top-level role lists. With "
              "names: what each one is, and which role lists it, delegated roles "
              "included.",
          .examples = {{"what the cache knows", "sluice tuf client targets --cache tuf --offline"}},
          .options = with_tuf_options({}),
          .positionals = {{"TARGET", "the path of a target", false, true}},
          .run = run_tuf_targets};
}

}  // namespace

std::vector<Command> tuf_client_commands() {
  return {tuf_init_command(), tuf_refresh_command(), tuf_download_command(), tuf_targets_command()};
}

}  // namespace sluice::cli
