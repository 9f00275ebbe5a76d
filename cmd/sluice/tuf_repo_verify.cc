// SPDX-License-Identifier: Apache-2.0
// sluice tuf verify, diff, import.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "trust_material.h"
#include "tuf/names.h"
#include "tuf_identity.h"
#include "tuf_repo.h"
#include "tufrepo/audit.h"
#include "tufrepo/edit.h"
#include "tufrepo/import.h"
#include "tufrepo/published_check.h"
#include "tufrepo/store.h"

namespace sluice::cli {

namespace {

// A repository that is looked at from outside: a folder, a bucket, or a web server.
struct Outside {
  std::unique_ptr<Http> http;
  std::unique_ptr<tuf::Store> store;  // nullptr: a web server
  std::string url;
};

bool is_web(const std::string& place) {
  return place.starts_with("https://") || place.starts_with("http://");
}

Result<Outside> outside_at(Invocation& in, const std::string& place) {
  Outside out;
  out.http = net::make_client(in.world, client_options(in.settings));
  if (is_web(place)) {
    out.url = place;
    return out;
  }
  SLUICE_TRY(out.store, tuf::open_store(place, {}, in.world, out.http.get()));
  return out;
}

Result<std::optional<std::string>> read_web(Outside& from, const std::string& name,
                                            std::size_t max) {
  HttpRequest request;
  request.url = tuf::joined_url(from.url, name);
  request.compressed = false;
  request.budget.max_body = max;
  SLUICE_TRY(auto answer, from.http->send(request));
  if (answer.status == 404 || answer.status == 403) return std::nullopt;
  if (answer.status != 200) {
    return fail(Errc::network,
                cat("the answer ", answer.status, " to ", printable(request.url, 300)));
  }
  return std::move(answer.body);
}

Result<std::optional<std::string>> read_outside(Outside& from, const std::string& name,
                                                std::size_t max) {
  if (!from.store) return read_web(from, name, max);
  SLUICE_TRY(auto found, from.store->read(name, max));
  if (!found) return std::nullopt;
  return std::move(found->bytes);
}

// The files of targets by name and size; with --deep what is in them as well.
class TargetLooker {
 public:
  TargetLooker(Outside& from, bool deep) : from_(from), deep_(deep) {}

  Result<void> list() {
    if (!from_.store) return {};
    SLUICE_TRY(const auto files, from_.store->list("targets/"));
    for (const auto& each : files) sizes_[each.name] = each.size;
    return {};
  }

  Result<std::optional<std::string>> check(const tuf::TargetFile& file) {
    if (const auto plain = tuf::check_target_path(file.path); !plain) return plain.error().what;
    std::optional<std::string> wrong = "no hash of it is of a known kind";
    const auto names = tuf::target_files(file.path, file.hashes.known);
    for (std::size_t i = 0; i < names.size(); ++i) {
      SLUICE_TRY(wrong, check_file(names[i], file, file.hashes.known[i]));
      if (!wrong) return wrong;
    }
    return wrong;
  }

 private:
  Result<std::optional<std::string>> check_file(const std::string& name,
                                                const tuf::TargetFile& file,
                                                const crypto::Digest& digest) {
    if (from_.store) {
      const auto at = sizes_.find(name);
      if (at == sizes_.end()) return cat("there is no ", printable(name, 300));
      if (at->second != file.length) {
        return cat(printable(name, 300), " has ", at->second, " bytes, ", file.length,
                   " are listed");
      }
    }
    if (!deep_) return std::nullopt;
    const std::string url =
        from_.store ? name : cat("targets/", tuf::target_url(file.path, digest.hex()));
    SLUICE_TRY(const auto bytes, read_outside(from_, url, file.length + 1));
    if (!bytes) return cat("there is no ", printable(name, 300));
    if (crypto::digest_of(digest.algorithm(), bytes_of(*bytes)) == digest) return std::nullopt;
    return cat(printable(name, 300), " is not what is listed");
  }

  Outside& from_;
  bool deep_;
  std::map<std::string, std::uint64_t> sizes_;
};

json::Value audit_json(const tuf::Audit& audit) {
  const json::Value checked = report::as_json(audit.report);
  json::Value out;
  out.set("kind", "sluice.tuf-audit/v1");
  out.set("verdict", *checked.find("verdict"));
  json::Array roles;
  for (const auto& each : audit.roles) {
    json::Value entry;
    entry.set("role", printable(each.role.str(), 200));
    entry.set("version", each.version);
    entry.set("expires", rfc3339(each.expires));
    entry.set("bytes", static_cast<std::int64_t>(each.bytes));
    entry.set("targets", static_cast<std::int64_t>(each.targets));
    roles.push_back(std::move(entry));
  }
  out.set("roles", json::Value(std::move(roles)));
  json::Array warnings;
  for (const auto& each : audit.warnings) {
    json::Value entry;
    entry.set("id", each.id);
    entry.set("role", printable(each.role.str(), 200));
    entry.set("what", each.what);
    entry.set("advice", each.advice);
    warnings.push_back(std::move(entry));
  }
  out.set("warnings", json::Value(std::move(warnings)));
  out.set("checks", *checked.find("checks"));
  return out;
}

Result<int> tell_audit(Invocation& in, tuf::Audit audit, bool elsewhere) {
  const bool strict = in.args.has("--fail-on-warning") && !audit.warnings.empty();
  if (in.json) {
    SLUICE_CHECK(in.print_json(audit_json(audit)));
    return audit.report.passed() && !strict ? kDone : kRefused;
  }
  audit.report.fact("roles", cat(audit.roles.size()));
  audit.report.fact("targets", cat(audit.targets, elsewhere ? ", whose files are elsewhere" : ""));
  std::string text = report::as_text(audit.report, {in.colour, false});
  for (const auto& each : audit.warnings) {
    text += cat("  warn     ", printable(each.role.str(), 80), ": ", each.what, "\n");
    if (!each.advice.empty()) text += cat("           ", each.advice, "\n");
  }
  SLUICE_CHECK(in.console.print(text));
  return audit.report.passed() && !strict ? kDone : kRefused;
}

// What the folder of its keepers says of itself.
bool keeps_targets_elsewhere(Invocation& in, const std::string& place) {
  if (is_web(place) || place.starts_with("s3://") || in.args.has("--deep")) return false;
  const auto repository = tuf::Repository::open(in.world.files, place);
  return repository && !repository->policy().targets_here;
}

Result<int> run_tuf_verify(Invocation& in) {
  const std::string place =
      in.args.positionals().empty() ? std::string(".") : in.args.positionals()[0];
  SLUICE_TRY(auto from, outside_at(in, place));
  tuf::AuditOptions options{.now = in.world.clock.now(), .foreign = identity_keys(in)};
  if (const auto root = in.args.get("--root")) {
    SLUICE_TRY(options.root, in.world.files.read(*root, tuf::Limits().root));
  }
  if (const auto period = in.args.get("--warn-within")) {
    SLUICE_TRY(options.warn_within, tuf::parse_period(*period));
  }
  TargetLooker targets(from, in.args.has("--deep"));
  const bool elsewhere = keeps_targets_elsewhere(in, place);
  const bool look =
      !in.args.has("--metadata-only") && !elsewhere && (from.store || in.args.has("--deep"));
  if (look) {
    SLUICE_CHECK(targets.list());
    options.check_target = [&](const tuf::TargetFile& file) { return targets.check(file); };
  }
  const tuf::ReadMetadata read = [&](const std::string& name, std::size_t max) {
    return read_outside(from, cat("metadata/", name), max);
  };
  SLUICE_TRY(auto audit, tuf::audit(read, options));
  return tell_audit(in, std::move(audit), elsewhere);
}

// --- diff

struct Compared {
  std::string role;
  tuf::Version from = 0;
  tuf::Version to = 0;
  std::vector<tuf::Change> changes;
};

Result<Compared> compare(const std::string& role, const tuf::Draft* before, const tuf::Draft& after,
                         const tuf::KeyNames* names) {
  Compared out{role, before == nullptr ? 0 : before->version(), after.version(), {}};
  SLUICE_TRY(out.changes, tuf::difference(before, after, names));
  return out;
}

Result<tuf::Draft> draft_in(Invocation& in, const Path& file) {
  SLUICE_TRY(auto bytes, in.world.files.read(file, tuf::Limits().stated));
  return within(tuf::Draft::parse(std::move(bytes)), cat("reading ", shown(file)));
}

Result<std::vector<Compared>> compare_files(Invocation& in) {
  if (in.args.positionals().size() != 2) return fail(Errc::usage, "diff takes two files, or none");
  SLUICE_TRY(const auto before, draft_in(in, in.args.positionals()[0]));
  SLUICE_TRY(const auto after, draft_in(in, in.args.positionals()[1]));
  if (before.type() != after.type()) {
    return fail(Errc::usage, cat("one is ", tuf::name(before.type()), " metadata, the other ",
                                 tuf::name(after.type())));
  }
  SLUICE_TRY(auto one, compare(std::string(tuf::name(after.type())), &before, after, nullptr));
  return std::vector{std::move(one)};
}

Result<std::vector<Compared>> compare_versions(Invocation& in, tuf::Repository& repository,
                                               const tuf::RoleName& role) {
  SLUICE_TRY(const auto* names, repository.names());
  SLUICE_TRY(const auto from, count_argument("--from", *in.args.get("--from")));
  tuf::Version to = 0;
  if (const auto given = in.args.get("--to")) {
    SLUICE_TRY(to, count_argument("--to", *given));
  } else {
    SLUICE_TRY(to, repository.version_of(role));
  }
  SLUICE_TRY(auto old_bytes, repository.published_file(role, from));
  SLUICE_TRY(const auto before, tuf::Draft::parse(std::move(old_bytes)));
  SLUICE_TRY(auto new_bytes, repository.published_file(role, to));
  SLUICE_TRY(const auto after, tuf::Draft::parse(std::move(new_bytes)));
  SLUICE_TRY(auto one, compare(role.str(), &before, after, names));
  return std::vector{std::move(one)};
}

Result<std::vector<Compared>> compare_proposed(Invocation& in, tuf::Repository& repository) {
  std::vector<Compared> out;
  SLUICE_TRY(const auto* names, repository.names());
  SLUICE_TRY(const auto staged, repository.staged_roles());
  const auto only = in.args.get("--role");
  if (only) SLUICE_CHECK(check_proposed(repository, {tuf::RoleName(*only)}));
  tuf::PublishedCheck published(repository);
  for (const auto& role : staged) {
    if (only && role.str() != *only) continue;
    SLUICE_TRY(const auto* after, repository.staged(role));
    SLUICE_TRY(const auto* before, repository.published(role));
    if (before != nullptr) {
      SLUICE_TRY(const auto answer, published.of(role));
      if (answer.standing == tuf::PublishedCheck::Standing::broken) {
        return fail(Error{Errc::denied, cat("what is published of ", printable(role.str(), 80),
                                            " here does not hold: ", answer.why)}
                        .advise("metadata/ was changed in this folder: take it from where it is "
                                "published"));
      }
      if (answer.standing == tuf::PublishedCheck::Standing::nobodys) before = nullptr;
    }
    SLUICE_TRY(out.emplace_back(), compare(role.str(), before, after->draft, names));
  }
  return out;
}

Result<std::vector<Compared>> compared(Invocation& in) {
  if (!in.args.positionals().empty()) return compare_files(in);
  SLUICE_TRY(auto repository, open_repository(in));
  if (!in.args.has("--from")) return compare_proposed(in, repository);
  if (!in.args.has("--role")) return fail(Errc::usage, "--from goes with --role");
  return compare_versions(in, repository, tuf::RoleName(*in.args.get("--role")));
}

Result<int> run_tuf_diff(Invocation& in) {
  SLUICE_TRY(const auto all, compared(in));
  if (in.json) {
    json::Value out;
    out.set("kind", "sluice.tuf-diff/v1");
    json::Array roles;
    for (const auto& each : all) {
      json::Value entry;
      entry.set("role", printable(each.role, 200));
      entry.set("from", each.from);
      entry.set("to", each.to);
      entry.set("changes", changes_json(each.changes));
      roles.push_back(std::move(entry));
    }
    out.set("roles", json::Value(std::move(roles)));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  std::string text;
  for (const auto& each : all) {
    text += cat(printable(each.role, 200), " ", each.from, " -> ", each.to, "\n");
    for (const auto& change : each.changes) {
      text += cat("  ", change.text(tuf::Shown::whole), "\n");
    }
  }
  SLUICE_CHECK(in.console.print(text.empty() ? "nothing is proposed\n" : text));
  return kDone;
}

// --- import

Result<int> run_tuf_import(Invocation& in) {
  const Path folder = in.args.positionals()[0];
  tuf::ImportPlan plan;
  plan.metadata = *in.args.get("--metadata");
  plan.targets = in.args.get("--targets").value_or("");
  plan.now = in.world.clock.now();
  SLUICE_CHECK(in.world.files.make_folders(folder));
  SLUICE_TRY(const auto done,
             tuf::import_repository(in.world.files, folder, plan, identity_keys(in)));
  if (in.json) {
    json::Value out;
    out.set("kind", "sluice.tuf-imported/v1");
    out.set("metadata", static_cast<std::int64_t>(done.metadata.size()));
    out.set("targets", static_cast<std::int64_t>(done.targets));
    const auto list = [&](const char* name, const std::vector<std::string>& texts) {
      json::Array array;
      for (const auto& each : texts) array.emplace_back(printable(each, 4'096));
      out.set(name, json::Value(std::move(array)));
    };
    list("missing", done.missing);
    list("left_out", done.left_out);
    list("notes", done.notes);
    SLUICE_CHECK(in.print_json(out));
    return done.missing.empty() ? kDone : kRefused;
  }
  std::string text =
      cat("imported  ", done.metadata.size(), " metadata files, ", done.targets, " targets\n");
  for (const auto& each : done.missing) text += cat("  missing   ", printable(each, 300), "\n");
  for (const auto& each : done.left_out) text += cat("  left out  ", printable(each, 300), "\n");
  for (const auto& each : done.notes) text += cat("  ", each, "\n");
  SLUICE_CHECK(in.console.print(text));
  return done.missing.empty() ? kDone : kRefused;
}

std::vector<Option> import_options() {
  std::vector<Option> out{{"--metadata", "DIR", "the folder with timestamp.json", {}, true},
                          {"--targets", "DIR", "the folder with the targets"}};
  std::ranges::move(trust_options(), std::back_inserter(out));
  return out;
}

Command repository_verify_command() {
  std::vector<Option> options{
      {"--root", "FILE", "begin with this root; otherwise with the first that is there"},
      {"--warn-within", "PERIOD",
       "warn of what expires within this time; 14d, of snapshot 1d, of timestamp 4h"},
      {"--deep", "", "read every target, and compare it with its hash"},
      {"--metadata-only", "", "look at no targets"},
      {"--fail-on-warning", "", "exit code 1 for warnings too"}};
  std::ranges::move(trust_options(), std::back_inserter(options));
  std::ranges::move(network_options(), std::back_inserter(options));
  return {
      .words = {"tuf", "verify"},
      .summary = "look at a whole repository as a client would",
      .description =
          "Walks from the first root over every root, timestamp, snapshot and targets to every "
          "delegated role, with the client's own checks, and looks for each target's file, where "
          "tuf-repo.yaml does not say that they are elsewhere. Warns of what will be a problem: "
          "what expires soon, files that clients of others refuse for "
          "their size, a root that one key can replace, online keys that sign root too.\n"
          "Exit code 0: a client accepts all of it. 1: it does not. For a monitor: "
          "--fail-on-warning.",
      .examples = {{"the folder that you are in", "sluice tuf verify"},
                   {"what is on the web, from a root that you trust",
                    "sluice tuf verify --root root.json https://releases.example.org/tuf"}},
      .options = std::move(options),
      .positionals = {{"PLACE", "DIR, s3://BUCKET/PREFIX or https://…; the current folder", false}},
      .run = run_tuf_verify};
}

}  // namespace

std::vector<Command> tuf_look_commands() {
  return {
      repository_verify_command(),
      {.words = {"tuf", "diff"},
       .summary = "say what a version changes",
       .description = "What is proposed against what is published; two versions of a role; or "
                      "two files of metadata. The JSON follows sluice.tuf-diff/v1.",
       .examples = {{"what is proposed", "sluice tuf diff"},
                    {"since a version", "sluice tuf diff --role targets --from 41"},
                    {"two files", "sluice tuf diff old/root.json new/root.json"}},
       .options = with_repository_options({{"--role", "ROLE", "only this one"},
                                           {"--from", "N", "a published version"},
                                           {"--to", "N", "another one; the newest"}}),
       .positionals = {{"FILE", "two files of metadata", false, true}},
       .run = run_tuf_diff},
      {.words = {"tuf", "import"},
       .summary = "take over a repository that others made",
       .description =
           "Repositories of python-tuf, tuf-on-ci and tuftool. Metadata keeps its bytes, and "
           "with them every signature; clients notice nothing. What a client would refuse is not "
           "taken over. Exit code 1: done, but targets are missing.",
       .examples = {{"from tuf-on-ci",
                     "sluice tuf import --metadata old/metadata --targets "
                     "old/targets repo"}},
       .options = import_options(),
       .positionals = {{"DIR", "the folder to make"}},
       .run = run_tuf_import}};
}

}  // namespace sluice::cli
