// SPDX-License-Identifier: Apache-2.0
// sluice tuf add, remove.
#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <span>

#include "base/parallel.h"
#include "base/text.h"
#include "commands.h"
#include "crypto/digest.h"
#include "exit.h"
#include "json/tokenizer.h"
#include "settings.h"
#include "tuf_repo.h"
#include "tufrepo/published_check.h"
#include "tufrepo/store.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxTargetLine = 1U << 20;
constexpr std::size_t kListBlock = 4U << 20;  // of a list, read at once
constexpr std::size_t kLinesAtATime = 512;    // that a thread takes
constexpr std::size_t kFilesAtATime = 4'096;

// One target on its way in: what it is, and the file that it comes from (none: only listed).
struct Incoming {
  tuf::NewTarget target;
  Path file = {};
};
// Some of a list, in their order but for this: those without a file are ready.
struct Taken {
  tuf::TargetBatch::Ready ready;
  std::vector<Incoming> with_file;
  std::size_t lines = 0;  // that were read
};

Result<crypto::Digest> digest_given(const std::string& kind, const std::string& hex) {
  return crypto::Digest::parse(cat(kind, ":", hex));
}

Result<std::vector<crypto::Digest>> digests_given(json::Tokenizer& in) {
  std::vector<crypto::Digest> out;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return out;
    const std::string kind(*key);
    SLUICE_TRY(const auto hex, in.read_string());
    SLUICE_TRY(auto digest, digest_given(kind, std::string(hex)));
    out.push_back(std::move(digest));
  }
}

// The usual line of a long list, {"path":…,"length":…,"hashes":{…}}. What it refuses may be good:
// the reader of all lines says so, or why not.
Result<tuf::NewTarget> plain_target(std::string_view line) {
  json::Tokenizer in(line, {.bytes = kMaxTargetLine});
  tuf::NewTarget out;
  std::optional<std::uint64_t> length;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "path") {
      SLUICE_TRY(const auto path, in.read_string());
      out.path = std::string(path);
    } else if (*key == "length") {
      SLUICE_TRY(length, tuf::read_length(in));
    } else if (*key == "hashes") {
      SLUICE_TRY(out.hashes, digests_given(in));
    } else {
      return fail(Errc::unsupported, "not the usual line");
    }
  }
  SLUICE_CHECK(in.finish());
  if (out.path.empty() || !length || out.hashes.empty()) {
    return fail(Errc::unsupported, "not the usual line");
  }
  out.length = *length;
  return out;
}

// {"path":…, "file":…, "length":…, "hashes":{…}, "custom":{…}}
Result<Incoming> incoming_of_line(std::string_view line) {
  if (auto plain = plain_target(line)) return Incoming{*std::move(plain)};
  SLUICE_TRY(const auto value, json::parse_strict(line, {.bytes = kMaxTargetLine}));
  const json::Fields fields(value, "target");
  SLUICE_CHECK(fields.only({"path", "file", "length", "hashes", "custom"}));
  Incoming out;
  if (fields.has("file")) {
    SLUICE_TRY(const auto file, fields.string("file"));
    out.file = file;
  }
  if (fields.has("path") || out.file.empty()) {
    SLUICE_TRY(out.target.path, fields.string("path"));
  } else {
    out.target.path = out.file.filename().native();
  }
  if (const auto* custom = fields.optional("custom")) out.target.custom = json::write(*custom);
  if (!out.file.empty()) return out;
  SLUICE_TRY(const auto length, fields.integer("length"));
  if (length < 0) return fail(Errc::malformed, "a negative length");
  out.target.length = static_cast<std::uint64_t>(length);
  SLUICE_TRY(const auto hashes, fields.object("hashes"));
  for (const auto& [kind, hex] : *hashes.value().object()) {
    if (hex.string() == nullptr) return fail(Errc::malformed, "a hash that is no string");
    SLUICE_TRY(auto digest, digest_given(kind, *hex.string()));
    out.target.hashes.push_back(std::move(digest));
  }
  return out;
}

// Block by block, so that a list of any length takes little memory; each block's lines at once.
Result<void> each_lines(ByteSource& source,
                        const std::function<Result<void>(std::span<const std::string_view>)>& use) {
  std::string rest;
  std::vector<std::uint8_t> block(64U << 10);
  for (bool more = true; more;) {
    const std::size_t wanted = rest.size() + kListBlock;
    while (more && rest.size() < wanted) {
      SLUICE_TRY(const std::size_t got, source.read(block));
      rest.append(reinterpret_cast<const char*>(block.data()), got);
      more = got != 0;
    }
    std::vector<std::string_view> lines;
    const std::string_view text = rest;
    std::size_t at = 0;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', at)) {
      lines.push_back(trim(text.substr(at, end - at)));
      at = end + 1;
    }
    if (!more) lines.push_back(trim(text.substr(at)));
    SLUICE_CHECK(use(lines));
    rest.erase(0, at);
    if (rest.size() > kMaxTargetLine) {
      return fail(Errc::limit, cat("a line of more than ", kMaxTargetLine, " bytes"));
    }
  }
  return {};
}

using UseIncoming = std::function<Result<void>(Incoming)>;
using UseTaken = std::function<Result<void>(Taken)>;
// What the options say is added to each, on any thread; one without a file is ready then.
using Complete = std::function<Result<void>(Incoming&, tuf::TargetBatch::Ready&)>;

// An empty line is none.
Result<void> take_line(std::string_view line, const Complete& complete, Taken& out) {
  ++out.lines;
  if (line.empty()) return {};
  Incoming one;
  if (line.front() == '{') {
    SLUICE_TRY(one, incoming_of_line(line));
  } else {
    one.file = std::string(line);
    one.target.path = one.file.filename().native();
  }
  SLUICE_CHECK(complete(one, out.ready));
  if (!one.file.empty()) out.with_file.push_back(std::move(one));
  return {};
}

// On all cores, and handed on in the order of the list.
Result<void> read_target_list(Invocation& in, const std::string& from, const Complete& complete,
                              const UseTaken& use) {
  std::unique_ptr<ByteSource> source;
  if (from == "-") {
    source = standard_input();
  } else {
    SLUICE_TRY(source, in.world.files.open(from));
  }
  std::size_t before = 0;
  return each_lines(*source, [&](std::span<const std::string_view> lines) -> Result<void> {
    const std::size_t parts = (lines.size() + kLinesAtATime - 1) / kLinesAtATime;
    std::vector<Taken> taken(parts);
    std::vector<Result<void>> done(parts);
    for_each_parallel(parts, threads(in.settings), [&](std::size_t i) {
      const auto some = lines.subspan(i * kLinesAtATime);
      for (const auto line : some.first(std::min(some.size(), kLinesAtATime))) {
        done[i] = take_line(line, complete, taken[i]);
        if (!done[i]) return;
      }
    });
    for (std::size_t i = 0; i < parts; ++i) {
      before += taken[i].lines;
      SLUICE_CHECK(within(std::move(done[i]), cat("line ", before, " of the list")));
      SLUICE_CHECK(use(std::move(taken[i])));
    }
    return {};
  });
}

// A file by its name, a folder by all files in it and their way from there.
Result<void> take_path(Invocation& in, const Path& path, std::size_t& links,
                       const UseIncoming& use) {
  SLUICE_TRY(const auto info, in.world.files.info(path));
  if (info.kind != FileKind::folder) {
    Incoming one;
    one.file = path;
    one.target.path = path.filename().native();
    return use(std::move(one));
  }
  std::size_t passed_over = 0;
  SLUICE_TRY(const auto files, walk(in.world.files, path, {.links = &passed_over}));
  links += passed_over;
  for (const auto& file : files) {
    Incoming one;
    one.file = file;
    one.target.path = file.lexically_relative(path).generic_string();
    SLUICE_CHECK(use(std::move(one)));
  }
  return {};
}

Result<std::string> custom_given(Invocation& in) {
  json::Value out;
  if (const auto given = in.args.get("--custom")) {
    std::string text = *given;
    if (text.starts_with('@')) {
      SLUICE_TRY(text, in.world.files.read(text.substr(1), kMaxTargetLine));
    }
    SLUICE_TRY(out,
               within(json::parse_strict(text, {.bytes = kMaxTargetLine}), "reading --custom"));
    if (out.object() == nullptr) return fail(Errc::usage, "--custom takes a JSON object");
  }
  for (const char* const name : {"version", "release-date", "vulnerability-scan", "sbom-digest"}) {
    const auto value = in.args.get(cat("--", name));
    if (!value) continue;
    std::string key = name;
    std::ranges::replace(key, '-', '_');
    if (key == "sbom_digest") SLUICE_CHECK(within(crypto::Digest::parse(*value), "--sbom-digest"));
    if (key == "release_date" && value->size() > 10) {
      SLUICE_CHECK(within(parse_rfc3339(*value), "--release-date"));
    }
    out.set(key, *value);
  }
  return out.is(json::Value::Kind::null) ? std::string() : json::write(out);
}

// Files are kept for hashing; what is listed without one goes straight into the batch.
Result<std::vector<Incoming>> incoming_targets(Invocation& in, const tuf::RepoPolicy& policy,
                                               const std::vector<std::string>& paths,
                                               tuf::TargetBatch& batch, std::size_t& links) {
  std::vector<Incoming> out;
  SLUICE_TRY(const auto custom, custom_given(in));
  const std::string under = in.args.get("--under").value_or("");
  const auto as = in.args.get("--as");
  const Complete complete = [&](Incoming& one, tuf::TargetBatch::Ready& ready) -> Result<void> {
    if (as) one.target.path = *as;
    if (!under.empty()) {
      one.target.path = cat(under, under.ends_with('/') ? "" : "/", one.target.path);
    }
    if (one.target.custom.empty()) one.target.custom = custom;
    if (!one.file.empty()) return tuf::check_target_path(one.target.path);
    if (policy.targets_here) {
      return fail(
          Error{Errc::usage, cat(printable(one.target.path, 200), " is listed without a file")}
              .advise("say targets: elsewhere in tuf-repo.yaml where others keep the files"));
    }
    return ready.add(one.target);
  };
  const auto one_at_most = [&]() -> Result<void> {
    if (as && out.size() + batch.count() > 1) return fail(Errc::usage, "--as names one target");
    return {};
  };
  const UseTaken use_some = [&](Taken some) -> Result<void> {
    SLUICE_CHECK(batch.add(std::move(some.ready)));
    std::ranges::move(some.with_file, std::back_inserter(out));
    return one_at_most();
  };
  tuf::TargetBatch::Ready none;  // each of what paths lead to has a file
  const UseIncoming use = [&](Incoming one) -> Result<void> {
    SLUICE_CHECK(complete(one, none));
    out.push_back(std::move(one));
    return one_at_most();
  };
  if (const auto list = in.args.get("--list")) {
    SLUICE_CHECK(read_target_list(in, *list, complete, use_some));
  }
  for (const auto& path : paths) SLUICE_CHECK(take_path(in, path, links, use));
  if (out.empty() && batch.count() == 0) {
    return fail(Errc::usage, "no target: name files, or a list with --list");
  }
  return out;
}

// All hashes of all files, on all cores; nothing of a file that changes meanwhile.
Result<void> hash_targets(Invocation& in, const tuf::RepoPolicy& policy,
                          std::vector<Incoming>& incoming) {
  std::vector<Path> paths;
  std::vector<Incoming*> those;
  for (auto& each : incoming) {
    if (each.file.empty()) continue;
    SLUICE_TRY(const auto info, in.world.files.info(each.file));
    if (info.kind != FileKind::file) {
      return fail(Errc::usage, cat(shown(each.file), " is no plain file"));
    }
    each.target.length = info.size;
    paths.push_back(each.file);
    those.push_back(&each);
  }
  for (const auto algorithm : policy.hashes) {
    auto digests = crypto::digest_files(in.world.files, paths, algorithm, threads(in.settings));
    for (std::size_t i = 0; i < those.size(); ++i) {
      SLUICE_TRY(auto digest, std::move(digests[i]));
      those[i]->target.hashes.push_back(std::move(digest));
    }
  }
  for (const auto* each : those) {
    SLUICE_TRY(const auto info, in.world.files.info(each->file));
    if (info.size == each->target.length) continue;
    return fail(Errc::denied, cat(shown(each->file), " changed while it was read"));
  }
  return {};
}

// Copies under their hashes. Nobody sees them before a metadata file lists them.
Result<void> copy_targets(Invocation& in, const tuf::Repository& repository,
                          const std::vector<Incoming>& incoming) {
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
  bool any = false;
  for (const auto& each : incoming) {
    if (each.file.empty()) continue;
    const auto names = tuf::target_files(each.target.path, each.target.hashes);
    for (std::size_t i = 0; i < names.size(); ++i) {
      files.push_back({names[i], tuf::Content::of_file(in.world.files, each.file,
                                                       each.target.length, each.target.hashes[i])});
      any = true;
    }
    if (files.size() >= kFilesAtATime) SLUICE_CHECK(flush());
  }
  if (!any) return {};
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

using EditTargets = std::function<Result<tuf::Edited>(tuf::Repository&)>;

Result<int> edit_targets(Invocation& in, const EditTargets& edit) {
  SLUICE_TRY(auto open, open_to_change(in));
  tuf::Repository& repository = open.repository;
  if (!in.args.has("--publish")) {
    SLUICE_TRY(const auto edited, edit(repository));
    return save_and_tell(in, repository, edited);
  }
  repository.ignore_staging();
  tuf::PublishedCheck published(repository);
  SLUICE_CHECK(published.begin());
  SLUICE_TRY(const auto edited, edit(repository));
  SLUICE_CHECK(refuse_proposed(repository, edited));
  return publish_and_tell(in, repository,
                          {.unsaved = true, .edited = edited, .published = &published});
}

Result<int> run_tuf_add(Invocation& in) {
  return edit_targets(in, [&](tuf::Repository& repository) {
    return add_given_targets(in, repository, in.args.positionals());
  });
}

Result<int> run_tuf_remove(Invocation& in) {
  return edit_targets(in, [&](tuf::Repository& repository) -> Result<tuf::Edited> {
    SLUICE_TRY(auto edited,
               tuf::remove_targets(repository, in.args.positionals(), in.world.clock.now()));
    edited.notes.emplace_back(
        "the files stay until `sluice tuf clean` finds nobody who needs them");
    return edited;
  });
}

Command add_command() {
  return {.words = {"tuf", "add"},
          .summary = "list files as targets",
          .description =
              "Hashes the files on all cores, copies them below targets/ under their hashes, and "
              "proposes the role that lists them in its next version. Which role that is, the "
              "delegations say, as they do to a client; a target that is listed already is listed "
              "anew where it is, and keeps its custom metadata unless there is new one.\n"
              "A file goes by its name, a folder by the ways of the files in it, hidden ones too, "
              "links "
              "not. --list takes one "
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
               {"--release-date", "DATE", "custom metadata: release_date"},
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
              "Proposes the next version of each role that lists one of them. Where one "
              "is not listed at all, nothing is proposed.",
          .examples = {{"one", "sluice tuf remove app/1.1/app.tar.gz"}},
          .options =
              with_publish_options({{"--publish", "", "sign with online keys, and publish now"}}),
          .positionals = {{"TARGET", "the path of a target", true, true}},
          .run = run_tuf_remove};
}

}  // namespace

Result<tuf::Edited> add_given_targets(Invocation& in, tuf::Repository& repository,
                                      const std::vector<std::string>& paths) {
  const auto role = in.args.get("--role");
  tuf::TargetBatch batch(repository, role ? std::optional(tuf::RoleName(*role)) : std::nullopt);
  std::size_t links = 0;
  SLUICE_TRY(auto incoming, incoming_targets(in, repository.policy(), paths, batch, links));
  SLUICE_CHECK(hash_targets(in, repository.policy(), incoming));
  if (repository.policy().targets_here) SLUICE_CHECK(copy_targets(in, repository, incoming));
  tuf::TargetBatch::Ready ready;
  for (const auto& each : incoming) SLUICE_CHECK(ready.add(each.target));
  SLUICE_CHECK(batch.add(std::move(ready)));
  const std::size_t count = batch.count();
  SLUICE_TRY(auto edited, batch.stage(in.world.clock.now()));
  edited.notes.push_back(cat(count, count == 1 ? " target" : " targets"));
  if (links > 0) {
    edited.notes.push_back(cat(links, links == 1 ? " link was" : " links were",
                               " passed over: name what they lead to, if it is to be a target"));
  }
  return edited;
}

std::vector<Command> tuf_target_commands() { return {add_command(), remove_command()}; }

}  // namespace sluice::cli
