// SPDX-License-Identifier: Apache-2.0
#include "intoto/inspect.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"
#include "base/text.h"
#include "intoto/link.h"

namespace sluice::intoto {

namespace {

constexpr std::string_view kBuiltIn = "sluice:";
constexpr std::string_view kFiles = "sluice:files";
constexpr std::string_view kArtifacts = "sluice:artifacts";
constexpr int kInspectedDepth = 256;
constexpr std::size_t kInspectedMost = 1'000'000;
constexpr std::size_t kOutputMost = 64U << 10;
constexpr std::size_t kNameBytes = 16;

// Lists links as well, which a walk leaves out.
class FolderList {
 public:
  FolderList(Files& files, const Path& root) : files_(files), root_(root) {}

  Result<void> add(const std::string& below, int depth) {
    if (depth > kInspectedDepth) return fail(Errc::limit, "the inspected folder is too deep");
    SLUICE_TRY(const auto entries, files_.list(below.empty() ? root_ : root_ / below));
    for (const FolderEntry& entry : entries) {
      const std::string name = below.empty() ? entry.name : cat(below, "/", entry.name);
      SLUICE_CHECK(take(name, entry.kind, depth));
    }
    return {};
  }
  std::vector<std::string>& names() { return names_; }

 private:
  Result<void> take(const std::string& name, FileKind kind, int depth) {
    if (!is_utf8(name)) {
      return fail(Errc::unsupported, cat("the name of ", printable(name, 200), " is no UTF-8"));
    }
    if (kind == FileKind::folder) return add(name, depth + 1);
    if (kind == FileKind::link) {
      const auto target = files_.info(root_ / name);
      if (!target || target->kind != FileKind::file) {
        return fail(Errc::denied, cat(printable(name, 200),
                                      " is a link to a folder or to nothing; it could hide files "
                                      "from the inspection"));
      }
    } else if (kind != FileKind::file) {
      return fail(Errc::denied, cat(printable(name, 200), " is neither a file nor a folder"));
    }
    if (names_.size() == kInspectedMost) {
      return fail(Errc::limit, cat("more than ", kInspectedMost, " files to inspect"));
    }
    names_.push_back(name);
    return {};
  }

  Files& files_;
  const Path& root_;
  std::vector<std::string> names_ = {};
};

// A copy of the folder, for as long as the command runs.
class ScratchFolder {
 public:
  static Result<ScratchFolder> of(const World& world, const Path& source, const Path& scratch) {
    Bytes name(kNameBytes);
    world.random.fill(name);
    const Path path = scratch / cat("sluice-inspection-", to_hex(name));
    SLUICE_CHECK(world.files.make_folders(path));
    ScratchFolder out(world, path);
    SLUICE_TRY(
        const auto copied,
        world.processes.run({.command = {"cp", "-a", "--", (source / ".").string(), path.string()},
                             .max_output = kOutputMost}));
    if (copied.exit_code != 0) {
      return fail(Errc::io, cat("cannot copy ", shown(source), ": ", printable(copied.err, 200)));
    }
    return out;
  }
  ScratchFolder(ScratchFolder&& other) noexcept
      : world_(other.world_), path_(std::exchange(other.path_, Path())) {}
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    if (path_.empty()) return;
    // What is left behind there is harmless, and nothing that a verdict could depend on.
    static_cast<void>(world_.processes.run({.command = {"rm", "-rf", "--", path_.string()}}));
  }
  const Path& path() const { return path_; }

 private:
  ScratchFolder(const World& world, Path path) : world_(world), path_(std::move(path)) {}
  World world_;
  Path path_;
};

Check& failed(Report& report, const Inspection& inspection, std::string what) {
  return report.fail("inspection.run", cat("inspection ", inspection.name), std::move(what));
}

// The folder's files; nothing, with a failed row, where there is something in it that hides others
// or cannot be named.
Result<std::optional<Artifacts>> looked_at(const World& world, const Inspection& inspection,
                                           const Path& folder, unsigned threads, Report& report) {
  auto found = folder_artifacts(world.files, folder, threads);
  if (found) return std::optional(*std::move(found));
  const Errc code = found.error().code;
  if (code != Errc::denied && code != Errc::unsupported && code != Errc::limit) {
    return std::unexpected(std::move(found).error());
  }
  failed(report, inspection, found.error().what);
  return std::optional<Artifacts>();
}

Result<std::optional<Inspected>> run_command(const World& world, const Inspection& inspection,
                                             const InspectionOptions& options, Report& report) {
  SLUICE_TRY(auto materials, looked_at(world, inspection, options.folder, options.threads, report));
  if (!materials) return std::optional<Inspected>();
  SLUICE_TRY(const auto copy, ScratchFolder::of(world, options.folder, options.scratch));
  const std::string path = world.environment.get("PATH").value_or("/usr/bin:/bin");
  const auto ran = world.processes.run({
      .command = inspection.run,
      .environment = {{{"PATH", path}, {"HOME", copy.path().string()}, {"LANG", "C.UTF-8"}}},
      .folder = copy.path(),
      .max_output = kOutputMost,
      .timeout = options.time_limit,
  });
  if (!ran && ran.error().code == Errc::timeout) {
    failed(
        report, inspection,
        cat("inspection ", inspection.name, " did not end within ",
            human_duration(std::chrono::duration_cast<std::chrono::seconds>(options.time_limit))));
    return std::optional<Inspected>();
  }
  if (!ran && (ran.error().code == Errc::not_found || ran.error().code == Errc::denied)) {
    failed(report, inspection,
           cat("inspection ", inspection.name, " cannot be run: ", ran.error().text()));
    return std::optional<Inspected>();
  }
  if (!ran) return fail(Error(ran.error()).in(cat("running the inspection ", inspection.name)));
  if (ran->exit_code != 0) {
    auto& row = failed(report, inspection, cat("inspection ", inspection.name, " failed"));
    row.expected = "exit code 0";
    row.found = cat("exit code ", ran->exit_code,
                    ran->err.empty() ? "" : cat(": ", printable(trim(ran->err), 300)));
    row.source = join(inspection.run, " ");
    return std::optional<Inspected>();
  }
  SLUICE_TRY(auto products, looked_at(world, inspection, copy.path(), options.threads, report));
  if (!products) return std::optional<Inspected>();
  report.pass("inspection.run", cat("inspection ", inspection.name),
              cat("ran ", printable(join(inspection.run, " "), 100)));
  return std::optional(Inspected{*std::move(materials), *std::move(products)});
}

}  // namespace

bool runs_a_command(const Inspection& inspection) {
  return !inspection.run.empty() && !inspection.run.front().starts_with(kBuiltIn);
}

Result<Artifacts> folder_artifacts(Files& files, const Path& folder, unsigned threads) {
  FolderList list(files, folder);
  SLUICE_CHECK(within(list.add("", 0), cat("inspecting ", shown(folder))));
  std::vector<Path> paths;
  for (const std::string& name : list.names()) paths.push_back(folder / name);
  const auto digests = crypto::digest_files(files, paths, crypto::HashAlgorithm::sha256, threads);
  std::vector<Artifact> out;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!digests[i]) return std::unexpected(Error(digests[i].error()));
    out.push_back({list.names()[i], DigestSet::of(*digests[i])});
  }
  return Artifacts::of(std::move(out));
}

Result<std::optional<Inspected>> inspect(const World& world, const Inspection& inspection,
                                         const InspectionOptions& options, Report& report) {
  if (runs_a_command(inspection)) return run_command(world, inspection, options, report);
  const std::string_view what = inspection.run.empty() ? kFiles : inspection.run.front();
  Inspected out;
  if (what == kFiles) {
    SLUICE_TRY(auto found, looked_at(world, inspection, options.folder, options.threads, report));
    if (!found) return std::optional<Inspected>();
    out.materials = *std::move(found);
  } else if (what == kArtifacts) {
    if (options.artifacts.empty()) {
      failed(report, inspection, "no artifact was named to inspect").advice =
          "Name it: --artifact NAME=sha256:HEX";
      return std::optional<Inspected>();
    }
    SLUICE_TRY(out.materials, Artifacts::of(options.artifacts));
  } else {
    failed(report, inspection,
           cat(printable(what, 60), " is no inspection that is known here; there are ", kFiles,
               " and ", kArtifacts));
    return std::optional<Inspected>();
  }
  out.products = out.materials;
  report.pass("inspection.run", cat("inspection ", inspection.name),
              cat(out.materials.size(), " artifacts, no command"));
  return std::optional(std::move(out));
}

}  // namespace sluice::intoto
