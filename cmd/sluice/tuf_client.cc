// SPDX-License-Identifier: Apache-2.0
// sluice tuf client: what a TUF repository vouches for, fetched and checked.
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "trust_material.h"
#include "tuf/checks.h"
#include "tuf/map.h"
#include "tuf_identity.h"
#include "tuf_map.h"
#include "tuf_repo.h"
#include "tuf_session.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxListed = 1'000'000;

Result<TufSession> tuf_session(Invocation& in) {
  tuf::ClientOptions options;
  options.folder = *in.args.get("--cache");
  options.offline = in.args.has("--offline");
  options.metadata_urls = in.args.all("--metadata-url");
  options.target_urls = in.args.all("--target-url");
  if (!options.offline && options.metadata_urls.empty()) {
    return fail(Error{Errc::usage, "say where the metadata is: --metadata-url URL"}.advise(
        "or use what the cache has, with --offline"));
  }
  SLUICE_TRY(options.headers, tuf_headers(in));
  options.foreign = identity_keys(in);
  options.write_behind = true;
  if (const auto file = in.args.get("--root")) {
    SLUICE_TRY(options.root, in.world.files.read(*file, options.limits.root));
  }
  return open_tuf(in, std::move(options));
}

Result<int> run_tuf_init(Invocation& in) {
  tuf::ClientOptions options;
  options.folder = *in.args.get("--cache");
  if (const auto name = in.args.get("--repository")) {
    options.folder /= tuf::repository_folder(*name);
  }
  const std::string folder = shown(options.folder);
  SLUICE_TRY(const auto root, in.world.files.read(in.args.positionals()[0], options.limits.root));
  tuf::Client client(in.world.files, in.world.clock, nullptr, std::move(options));
  SLUICE_TRY(const auto verdict, client.init(root));
  Report report(shown(Path(in.args.positionals()[0])));
  tuf::append(report, verdict.report());
  if (verdict.passed()) {
    report.fact("root", cat(verdict.value()->version, ", good until ",
                            human_time(verdict.value()->expires)));
    report.fact("cache", folder);
  }
  return tuf_answer(in, report, nullptr, {});
}

Result<int> run_tuf_refresh(Invocation& in) {
  SLUICE_TRY(const auto session, tuf_session(in));
  SLUICE_TRY(const auto verdict, session.client->refresh());
  Report report = verdict.report();
  if (!verdict.passed()) return tuf_answer(in, report, nullptr, {});
  SLUICE_CHECK(session.client->settle());
  const tuf::State state = *verdict.value();
  add_tuf_facts(report, state);
  return tuf_answer(in, report, &state, {});
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

// What a command about targets begins with.
struct Refreshed {
  TufSession session;
  Report report;
  std::optional<tuf::State> state = {};  // none: refused
};
Result<Refreshed> refreshed_session(Invocation& in) {
  SLUICE_TRY(auto session, tuf_session(in));
  SLUICE_TRY(const auto verdict, session.client->refresh());
  Refreshed out{std::move(session), Report(subject_given(in, verdict.report().subject()))};
  tuf::append(out.report, verdict.report());
  if (verdict.passed()) out.state = *verdict.value();
  return out;
}

Result<int> run_tuf_download(Invocation& in) {
  if (in.args.has("--map")) return download_by_map(in);
  SLUICE_TRY(auto refreshed, refreshed_session(in));
  auto& [session, report, state] = refreshed;
  if (!state) return tuf_answer(in, report, nullptr, {});
  std::optional<Error> stopped;
  SLUICE_TRY(const auto found, find_targets(in, *session.client, report, stopped));
  // Those before the one that was refused are good: they are fetched all the same.
  json::Array files;
  if (!found.empty()) {
    SLUICE_TRY(const auto fetched, session.client->download(found, *in.args.get("--to")));
    tuf::append(report, fetched.report());
    if (fetched.passed()) {
      for (const auto& each : *fetched.value()) {
        files.push_back(fetched_json(each));
        add_fetched_facts(report, each);
      }
    }
  }
  SLUICE_CHECK(session.client->settle());
  if (stopped) return fail(*std::move(stopped));
  return tuf_answer(in, report, &*state, std::move(files));
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
      text += cat(listed_digest(file), "  ", file.length, "  ", printable(file.path, 4096), "\n");
    }
    return {};
  }));
  if (in.json) return tuf_answer(in, report, &state, std::move(files));
  SLUICE_CHECK(in.console.print(text));
  if (state.delegations > 0) {
    in.console.talk(cat(state.delegations, " delegated ", state.delegations == 1 ? "role" : "roles",
                        " may list more; ask for a target by its path\n"));
  }
  return kDone;
}

Result<int> run_tuf_targets(Invocation& in) {
  SLUICE_TRY(auto refreshed, refreshed_session(in));
  auto& [session, report, state] = refreshed;
  if (!state) return tuf_answer(in, report, nullptr, {});
  if (in.args.positionals().empty()) {
    SLUICE_CHECK(session.client->settle());
    return list_targets(in, *session.client, report, *state);
  }
  std::optional<Error> stopped;
  SLUICE_TRY(const auto found, find_targets(in, *session.client, report, stopped));
  SLUICE_CHECK(session.client->settle());
  if (stopped) return fail(*std::move(stopped));
  json::Array files;
  for (const auto& each : found) {
    files.push_back(found_json(each));
    report.fact("target", cat(printable(each.file.path, 300), ", ", human_bytes(each.file.length)));
    report.fact("digest", listed_digest(each.file));
    report.fact("listed by", printable(each.role.str(), 300));
  }
  return tuf_answer(in, report, &*state, std::move(files));
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
  std::ranges::move(own, std::back_inserter(out));
  for (Option each : std::vector<Option>{
           {"--root", "FILE", "begin with this root, not with the one that init was given"},
           {"--offline", "", "make no requests: what the cache has, until it expires"},
           {"--headers", "FILE",
            "send these headers to all of these servers, but past no redirect to another: one "
            "Name: value a line"}}) {
    out.push_back(std::move(each));
  }
  for (auto& each : trust_options()) out.push_back(std::move(each));
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
          .options = {{"--cache", "DIR", "the folder to make", {}, true},
                      {"--repository", "NAME", "which one of a map this root is of"}},
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
  return {
      .words = {"tuf", "client", "download"},
      .summary = "fetch targets, checked",
      .description =
          "Refreshes first. A target appears under its name below the folder when it is whole "
          "and has the hashes that a trusted role lists; one that is there already is not "
          "asked for again. Large ones come in pieces, and go on where they were interrupted.\n"
          "Stops at the first that is refused; those named before it are fetched.\n"
          "With --map several repositories have to list the same length and hashes, as many as "
          "the map says for that path; each has its cache below the folder, made by "
          "`sluice tuf client init --repository NAME`.",
      .examples = {{"one target",
                    "sluice tuf client download --cache tuf --metadata-url "
                    "https://repo.example.org/metadata --target-url "
                    "https://repo.example.org/targets --to out app/app-1.2.tar.gz"},
                   {"one on which repositories agree",
                    "sluice tuf client download --cache tuf --map map.json --to out app.tar.gz"}},
      .options = with_tuf_options({{"--map", "FILE",
                                    "the repositories, and how many of them have to agree "
                                    "(TAP 4)"},
                                   {"--target-url",
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
