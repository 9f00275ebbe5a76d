// SPDX-License-Identifier: Apache-2.0
// sluice tuf add, remove.
#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "commands.h"
#include "crypto/digest.h"
#include "exit.h"
#include "settings.h"
#include "tuf_repo.h"
#include "tuf_target_list.h"
#include "tufrepo/published_check.h"
#include "tufrepo/store.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kFilesAtATime = 4'096;
constexpr int kMostFoldersUp = 1'024;

// Those that have a file, which is hashed first; and what is known of the others, which are in the
// batch by then.
struct GivenTargets {
  std::vector<IncomingTarget> with_file;
  TargetLines lines;
  std::size_t links = 0;  // that were passed over
};

// Whether it is the folder, or lies in it: by what the file system numbers them by.
bool lies_in(Files& files, Path path, const FileInfo& folder) {
  auto at = files.info(path);
  for (int i = 0; at && i < kMostFoldersUp; ++i) {
    if (at->device == folder.device && at->number == folder.number) return true;
    path /= "..";
    const auto above = files.info(path);
    if (above && above->device == at->device && above->number == at->number) break;
    at = above;
  }
  return false;
}

// What a repository is kept in never becomes targets of it, nor does what lies beside that, say
// .git: who names such a folder means something else.
Result<void> refuse_own_folder(const tuf::Repository& repository, const Path& path,
                               const FileInfo& info) {
  Files& files = repository.files();
  const auto refuse = [&](std::string_view why) {
    return fail(Error{Errc::usage, cat(shown(path), why)}.advise(
        "name the files, or a folder that has nothing else in it"));
  };
  if (lies_in(files, repository.folder(), info)) {
    return refuse(" is the repository, or has it in it: its own files would become targets");
  }
  for (const char* const own : {"keys", "metadata", "staging", "targets"}) {
    const auto folder = files.info(repository.folder() / own);
    if (folder && lies_in(files, path, *folder)) {
      return refuse(cat(" is in ", own, "/ of the repository, which is its own"));
    }
  }
  return {};
}

// A file by its name, a folder by all files in it and their way from there.
Result<std::vector<IncomingTarget>> targets_at(const tuf::Repository& repository, const Path& path,
                                               std::size_t& links) {
  std::vector<IncomingTarget> out;
  const auto take = [&](const Path& file, std::string name) {
    out.emplace_back().file = file;
    out.back().target.path = std::move(name);
  };
  SLUICE_TRY(const auto info, repository.files().info(path));
  if (info.kind != FileKind::folder) {
    take(path, path.filename().native());
    return out;
  }
  SLUICE_CHECK(refuse_own_folder(repository, path, info));
  std::size_t passed_over = 0;
  SLUICE_TRY(const auto files, walk(repository.files(), path, {.links = &passed_over}));
  links += passed_over;
  for (const auto& file : files) take(file, file.lexically_relative(path).generic_string());
  return out;
}

Result<json::Value> custom_object(Invocation& in) {
  const auto given = in.args.get("--custom");
  if (!given) return json::Value();
  std::string text = *given;
  if (text.starts_with('@')) {
    SLUICE_TRY(text, in.world.files.read(text.substr(1), kMaxTargetLine));
  }
  auto out = json::parse_strict(text, {.bytes = kMaxTargetLine});
  if (!out) return fail(Errc::usage, cat("--custom takes a JSON object: ", out.error().text()));
  if (out->object() == nullptr) return fail(Errc::usage, "--custom takes a JSON object");
  return out;
}

Result<void> check_custom(const std::string& option, const std::string& value) {
  const auto refuse = [&](std::string_view wanted) {
    return fail(Errc::usage, cat(option, " takes ", wanted, ", not ", printable(value, 80)));
  };
  if (option == "--sbom-digest" && !crypto::Digest::parse(value)) {
    return refuse("a digest (sha256:…)");
  }
  const bool is_time = parse_rfc3339(value) || parse_rfc3339(cat(value, "T00:00:00Z"));
  if (option == "--release-date" && !is_time) {
    return refuse("a date (2026-11-20), or a time (2026-11-20T14:02:11Z)");
  }
  return {};
}

Result<std::string> custom_given(Invocation& in) {
  SLUICE_TRY(auto out, custom_object(in));
  for (const char* const name : {"version", "release-date", "vulnerability-scan", "sbom-digest"}) {
    const std::string option = cat("--", name);
    const auto value = in.args.get(option);
    if (!value) continue;
    SLUICE_CHECK(check_custom(option, *value));
    std::string key = name;
    std::ranges::replace(key, '-', '_');
    out.set(key, *value);
  }
  return out.is(json::Value::Kind::null) ? std::string() : json::write(out);
}

// Files are kept for hashing; what is listed without one goes straight into the batch.
Result<GivenTargets> given_targets(Invocation& in, const tuf::Repository& repository,
                                   const std::vector<std::string>& paths, tuf::TargetBatch& batch) {
  GivenTargets out;
  SLUICE_TRY(const auto custom, custom_given(in));
  const std::string under = in.args.get("--under").value_or("");
  const auto as = in.args.get("--as");
  const CompleteTarget complete = [&](IncomingTarget& one,
                                      tuf::TargetBatch::Ready& ready) -> Result<void> {
    if (as) one.target.path = *as;
    if (!under.empty()) {
      one.target.path = cat(under, under.ends_with('/') ? "" : "/", one.target.path);
    }
    if (one.target.custom.empty()) one.target.custom = custom;
    if (!one.file.empty()) return tuf::check_target_path(one.target.path);
    if (repository.policy().targets_here) {
      return fail(
          Error{Errc::usage, cat(printable(one.target.path, 200), " is listed without a file")}
              .advise("say targets: elsewhere in tuf-repo.yaml where others keep the files"));
    }
    return ready.add(one.target);
  };
  const auto one_at_most = [&]() -> Result<void> {
    if (as && out.with_file.size() + batch.count() > 1) {
      return fail(Errc::usage, "--as names one target");
    }
    return {};
  };
  const UseTargets use = [&](TakenTargets some) -> Result<void> {
    out.lines.append(some.lines, batch.count(), some.lines_before);
    SLUICE_CHECK(batch.add(std::move(some.ready)));
    std::ranges::move(some.with_file, std::back_inserter(out.with_file));
    return one_at_most();
  };
  if (const auto list = in.args.get("--list")) {
    SLUICE_CHECK(read_target_list(in, *list, complete, use));
  }
  tuf::TargetBatch::Ready none;  // each of what paths lead to has a file
  for (const auto& path : paths) {
    SLUICE_TRY(auto found, targets_at(repository, path, out.links));
    for (auto& one : found) SLUICE_CHECK(complete(one, none));
    std::ranges::move(found, std::back_inserter(out.with_file));
    SLUICE_CHECK(one_at_most());
  }
  if (out.with_file.empty() && batch.count() == 0) {
    return fail(Errc::usage, "no target: name files, or a list with --list");
  }
  return out;
}

// All hashes of all files, on all cores; nothing of a file that changes meanwhile.
Result<void> hash_targets(Invocation& in, const tuf::RepoPolicy& policy,
                          std::vector<IncomingTarget>& incoming) {
  std::vector<Path> paths;
  for (auto& each : incoming) {
    SLUICE_TRY(const auto info, in.world.files.info(each.file));
    if (info.kind != FileKind::file) {
      return fail(Errc::usage, cat(shown(each.file), " is no plain file"));
    }
    each.target.length = info.size;
    paths.push_back(each.file);
  }
  for (const auto algorithm : policy.hashes) {
    auto digests = crypto::digest_files(in.world.files, paths, algorithm, threads(in.settings));
    for (std::size_t i = 0; i < incoming.size(); ++i) {
      SLUICE_TRY(auto digest, std::move(digests[i]));
      incoming[i].target.hashes.push_back(std::move(digest));
    }
  }
  for (const auto& each : incoming) {
    SLUICE_TRY(const auto info, in.world.files.info(each.file));
    if (info.size == each.target.length) continue;
    return fail(Errc::denied, cat(shown(each.file), " changed while it was read"));
  }
  return {};
}

// Copies under their hashes. Nobody sees them before a metadata file lists them.
Result<void> copy_targets(Invocation& in, const tuf::Repository& repository,
                          const std::vector<IncomingTarget>& incoming) {
  if (incoming.empty()) return {};
  const auto store = tuf::folder_store(in.world.files, repository.folder());
  std::vector<tuf::NewFile> files;
  const auto flush = [&]() -> Result<void> {
    SLUICE_TRY(const auto put, store->write_new(files));
    for (std::size_t i = 0; i < put.size(); ++i) {
      if (put[i] != tuf::Put::other) continue;
      return fail(Errc::denied, cat(printable(files[i].name, 300),
                                    " is there already, and is not what its name says"));
    }
    files.clear();
    return {};
  };
  for (const auto& each : incoming) {
    const auto names = tuf::target_files(each.target.path, each.target.hashes);
    for (std::size_t i = 0; i < names.size(); ++i) {
      files.push_back({names[i], tuf::Content::of_file(in.world.files, each.file,
                                                       each.target.length, each.target.hashes[i])});
    }
    if (files.size() >= kFilesAtATime) SLUICE_CHECK(flush());
  }
  SLUICE_CHECK(flush());
  return store->sync();
}

// Publishing at once leaves what others proposed alone, so it must not be of the same roles.
Result<void> refuse_proposed(tuf::Repository& repository, const tuf::Edited& edited) {
  for (const auto& role : edited.roles) {
    if (!repository.files().info(repository.staged_file(role))) continue;
    return fail(
        Error{Errc::denied, cat(printable(role.str(), 80), " is part of a proposal")}.advise(
            "leave --publish out: the change becomes a part of it"));
  }
  return {};
}

// What would only expire later is nobody's signature worth.
Result<int> tell_unchanged(Invocation& in, const tuf::Edited& edited) {
  if (!in.json) {
    std::string text = "nothing changes\n";
    for (const auto& note : edited.notes) text += cat("  ", note, "\n");
    SLUICE_CHECK(in.console.print(text));
    return kDone;
  }
  json::Value out;
  const bool publish = in.args.has("--publish");
  out.set("kind", publish ? "sluice.tuf-published/v1" : "sluice.tuf-proposed/v1");
  if (publish) out.set("nothing_to_do", true);
  out.set("roles", json::Value(json::Array()));
  if (!publish) {
    out.set("signatures_dropped", std::int64_t{0});
    json::Array notes;
    for (const auto& note : edited.notes) notes.emplace_back(note);
    out.set("notes", json::Value(std::move(notes)));
  }
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

using EditTargets = std::function<Result<tuf::Edited>(tuf::Repository&)>;

Result<int> edit_targets(Invocation& in, const EditTargets& edit) {
  SLUICE_TRY(auto open, open_to_change(in));
  tuf::Repository& repository = open.repository;
  if (!in.args.has("--publish")) {
    SLUICE_TRY(const auto edited, edit(repository));
    if (edited.roles.empty()) return tell_unchanged(in, edited);
    return save_and_tell(in, repository, edited);
  }
  repository.ignore_staging();
  tuf::PublishedCheck published(repository);
  SLUICE_CHECK(published.begin());
  SLUICE_TRY(const auto edited, edit(repository));
  if (edited.roles.empty()) return tell_unchanged(in, edited);
  SLUICE_CHECK(refuse_proposed(repository, edited));
  return publish_and_tell(in, repository, {.edited = edited, .published = &published});
}

Result<int> run_tuf_add(Invocation& in) {
  return edit_targets(in, [&](tuf::Repository& repository) {
    return add_given_targets(in, repository, in.args.positionals());
  });
}

Result<int> run_tuf_remove(Invocation& in) {
  return edit_targets(in, [&](tuf::Repository& repository) -> Result<tuf::Edited> {
    std::vector<std::string> names = in.args.positionals();
    if (const auto list = in.args.get("--list")) {
      SLUICE_TRY(auto listed, read_target_names(in, *list));
      std::ranges::move(listed, std::back_inserter(names));
    }
    if (names.empty()) {
      return fail(Errc::usage, "no target: name some, or a list with --list");
    }
    SLUICE_TRY(auto edited, tuf::remove_targets(repository, names, in.world.clock.now()));
    edited.notes.emplace_back(
        "the files stay until `sluice tuf clean` finds nobody who needs them");
    return edited;
  });
}

void note_counts(const tuf::TargetBatch& batch, std::size_t links, tuf::Edited& edited) {
  const std::size_t count = batch.count();
  const std::size_t same = batch.unchanged();
  edited.notes.push_back(cat(count, count == 1 ? " target" : " targets"));
  if (same > 0) {
    edited.notes.push_back(
        cat(same, " of ", count, same == 1 ? " was" : " were", " listed so already"));
  }
  if (links > 0) {
    edited.notes.push_back(cat(links, links == 1 ? " link was" : " links were",
                               " passed over: name what they lead to, if it is to be a target"));
  }
}

Command add_command() {
  return {
      .words = {"tuf", "add"},
      .summary = "list files as targets",
      .description =
          "Hashes the files on all cores, copies them below targets/ under their hashes, and "
          "proposes the role that lists them in its next version. Which role that is, the "
          "delegations say, as they do to a client; a target that is listed already is listed "
          "anew where it is, and keeps its custom metadata unless there is new one. Where "
          "nothing changes nothing is proposed; two files that would be one target are "
          "refused.\n"
          "A file goes by its name, a folder by the ways of the files in it, hidden ones too, "
          "links not; never the folder of the repository itself. --list takes one "
          "file name a line, or one JSON object: {\"file\":…, \"path\":…, \"custom\":{…}}, and "
          "without a file, where targets are kept elsewhere, {\"path\":…, \"length\":…, "
          "\"hashes\":{\"sha256\":…}}.",
      .examples = {{"a release with what is known of it",
                    "sluice tuf add --under app/1.2 --version 1.2.0 --sbom-digest "
                    "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 "
                    "app.tar.gz"},
                   {"everything in a folder, published at once by online keys",
                    "sluice tuf add --publish dist"}},
      .options = with_publish_options(
          {{"--role", "ROLE", "the role that lists them"},
           {"--as", "PATH", "the path of the one target"},
           {"--under", "PATH", "goes before the path of each"},
           {"--list", "FILE", "more of them, one a line; - is standard input"},
           {"--custom", "JSON", "custom metadata, or @FILE with it"},
           {"--version", "TEXT", "custom metadata: version"},
           {"--release-date", "DATE", "custom metadata: release_date, 2026-11-20 or with a time"},
           {"--vulnerability-scan", "TEXT", "custom metadata: vulnerability_scan"},
           {"--sbom-digest", "DIGEST", "custom metadata: sbom_digest, sha256:…"},
           threads_option(),
           {"--publish", "", "sign with online keys, and publish now"}}),
      .positionals = {{"PATH", "a file or a folder", false, true}},
      .run = run_tuf_add};
}

Command remove_command() {
  return {.words = {"tuf", "remove"},
          .summary = "list targets no longer",
          .description =
              "Proposes the next version of each role that lists one of them. A name with a slash "
              "at its end is a folder: everything below it goes, whichever role lists it. --list "
              "takes one name a line, or lines as `sluice tuf add` has them. Where one is not "
              "listed at all, nothing is proposed.",
          .examples = {{"one", "sluice tuf remove app/1.1/app.tar.gz"},
                       {"a version", "sluice tuf remove app/1.1/"}},
          .options = with_publish_options(
              {{"--list", "FILE", "more of them, one a line; - is standard input"},
               {"--publish", "", "sign with online keys, and publish now"}}),
          .positionals = {{"TARGET", "the path of a target, or of a folder of them: app/1.1/",
                           false, true}},
          .run = run_tuf_remove};
}

}  // namespace

Result<tuf::Edited> add_given_targets(Invocation& in, tuf::Repository& repository,
                                      const std::vector<std::string>& paths) {
  const auto role = in.args.get("--role");
  tuf::TargetBatch batch(repository, role ? std::optional(tuf::RoleName(*role)) : std::nullopt);
  SLUICE_TRY(auto given, given_targets(in, repository, paths, batch));
  SLUICE_CHECK(hash_targets(in, repository.policy(), given.with_file));
  const std::size_t listed = batch.count();
  tuf::TargetBatch::Ready ready;
  for (const auto& each : given.with_file) SLUICE_CHECK(ready.add(each.target));
  SLUICE_CHECK(batch.add(std::move(ready)));
  SLUICE_TRY(auto edited, batch.stage(in.world.clock.now(), [&](std::size_t number) {
    if (number < listed) return cat("line ", given.lines.line_of(number), " of the list");
    const auto& one = given.with_file[number - listed];
    return one.line == 0 ? shown(one.file)
                         : cat(shown(one.file), " (line ", one.line, " of the list)");
  }));
  // Nothing is saved yet: what is refused leaves no file behind.
  if (repository.policy().targets_here) {
    SLUICE_CHECK(copy_targets(in, repository, given.with_file));
  }
  note_counts(batch, given.links, edited);
  return edited;
}

std::vector<Command> tuf_target_commands() { return {add_command(), remove_command()}; }

}  // namespace sluice::cli
