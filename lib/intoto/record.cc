// SPDX-License-Identifier: Apache-2.0
#include "intoto/record.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>

#include "base/text.h"
#include "crypto/digest.h"
#include "intoto/limits.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kExamples = 5;
constexpr std::int64_t kSecond = 1'000'000'000;

void note(LeftOut& into, std::string_view path) {
  ++into.count;
  if (into.examples.size() < kExamples) into.examples.emplace_back(path);
}

std::string_view reason_of(PassedOver why) {
  switch (why) {
    case PassedOver::unwanted:
      return "excluded by a pattern";
    case PassedOver::dangling:
      return "links to nothing";
    case PassedOver::loop:
      return "links back into their own folder";
    case PassedOver::folder_link:
      return "links to folders";
    case PassedOver::special:
      return "pipes, sockets and devices";
  }
  return "?";
}

// One file, before its prefix is taken off: two of one name are the same file where that prefix is
// the same, too.
struct FoundFile {
  std::string name;
  std::ptrdiff_t prefix = 0;  // which was taken off
  DigestSet digests;
};

// Files in the order in which they were found. Chunks, so that none is moved to make room.
using FoundFiles = std::vector<std::vector<FoundFile>>;
constexpr std::size_t kChunk = 1024;

void append(FoundFiles& files, FoundFile file) {
  if (files.empty() || files.back().size() == kChunk) files.emplace_back().reserve(kChunk);
  files.back().push_back(std::move(file));
}

// What one thread has found; no other one touches it before the walk has ended, nor what lies on
// the same line of the cache.
struct alignas(64) Share {
  FoundFiles files;
  std::vector<std::pair<FileInfo, DigestSet>> known;
  std::uint64_t bytes = 0;
  std::uint64_t reused = 0;
};

class ArtifactVisitor final : public TreeVisitor {
 public:
  // prefix: what paths begin with that is no part of names.
  ArtifactVisitor(const RecordOptions& options, const DigestReuse& reuse, std::string prefix,
                  Recorded& into)
      : options_(options), reuse_(reuse), prefix_(std::move(prefix)), into_(into) {
    shares_.resize(std::max(1U, options.threads));
  }

  bool wants(std::string_view path, bool folder) override {
    if (options_.excludes.empty()) return true;
    std::string_view name = name_of(path);
    while (name.starts_with('/')) name.remove_prefix(1);
    if (name.empty() || name == "." || name == "..") return true;
    return !options_.excludes.match(name, folder);
  }

  bool knows(unsigned worker, std::string_view path, const FileInfo& info) override {
    const DigestSet* digests = reuse_.reuse == nullptr ? nullptr : reuse_.reuse->find(info);
    if (digests == nullptr) return false;
    // A name that cannot be recorded is told where the file is read.
    if (!add(shares_[worker], path, *digests)) return false;
    ++shares_[worker].reused;
    return true;
  }

  Result<void> file(unsigned worker, std::string_view path, const FileInfo& info,
                    ByteSource& content) override {
    Share& share = shares_[worker];
    auto digest = crypto::digest_source(content, crypto::HashAlgorithm::sha256);
    if (!digest) return fail(std::move(digest).error().in(cat("hashing ", printable(path, 4096))));
    share.bytes += info.size;
    const DigestSet digests = DigestSet::of(*digest);
    if (reuse_.keep != nullptr) share.known.emplace_back(info, digests);
    return add(share, path, digests);
  }

  void passed_over(std::string_view path, PassedOver why) override {
    const std::scoped_lock lock(mutex_);
    note(into_.left_out[std::string(reason_of(why))], name_of(path));
  }

  void leads_out(std::string_view path) override {
    const std::scoped_lock lock(mutex_);
    note(into_.outside, name_of(path));
  }

  void hand_over(FoundFiles& files) {
    for (Share& share : shares_) {
      std::ranges::move(share.files, std::back_inserter(files));
      for (const auto& [info, digests] : share.known) reuse_.keep->add(info, digests, reuse_.now);
      into_.bytes += share.bytes;
      into_.reused += share.reused;
    }
  }

 private:
  std::string_view name_of(std::string_view path) const {
    if (!prefix_.empty() && path.starts_with(prefix_)) path.remove_prefix(prefix_.size());
    if (path.starts_with("./")) path.remove_prefix(2);
    return path;
  }

  Result<void> add(Share& share, std::string_view path, const DigestSet& digests) const {
    std::string_view name = name_of(path);
    if (!is_utf8(name)) {
      return fail(Error{Errc::unsupported,
                        cat("the name of the file ", printable(name, 4096),
                            " is no UTF-8; a link cannot hold it"),
                        {},
                        "rename the file, or leave it out by --exclude"});
    }
    const auto taken = std::ranges::find_if(
        options_.strip, [&](const std::string& prefix) { return name.starts_with(prefix); });
    const std::size_t cut = taken == options_.strip.end() ? 0 : taken->size();
    name.remove_prefix(cut);
    if (name.empty() || name.size() > limits::kArtifactName) {
      return fail(Errc::usage, cat("nothing is left of the name ", printable(path, 4096),
                                   " without its prefix, or too much"));
    }
    append(share.files, {std::string(name), taken - options_.strip.begin(), digests});
    return {};
  }

  const RecordOptions& options_;
  const DigestReuse& reuse_;
  std::string prefix_;
  std::vector<Share> shares_;
  std::mutex mutex_;  // of into_'s lists
  Recorded& into_;
};

// Files that were named, by what their paths begin with.
struct NamedPaths {
  std::vector<std::string> below_base;
  std::vector<std::string> absolute;
  std::vector<Artifact> resolved;
};

// The resolver and the reference of SCHEME:REFERENCE; nothing where it is a path.
std::optional<std::pair<ArtifactResolver*, std::string_view>> resolver_of(
    std::string_view named, const RecordOptions& options) {
  const auto colon = named.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  for (auto* each : options.resolvers) {
    if (each->scheme() == named.substr(0, colon)) return std::pair(each, named.substr(colon + 1));
  }
  return std::nullopt;
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::status(path, ignored));
}

Result<void> sort_path(std::string_view named, const RecordOptions& options, NamedPaths& into,
                       Recorded& recorded) {
  std::string_view path = named;
  if (path.starts_with("file:")) path.remove_prefix(5);
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    return fail(Errc::usage, cat("\"", printable(named, 200), "\" is no path"));
  }
  const std::string name = normal_name(path);
  const bool absolute = name.starts_with('/');
  const std::string base = normal_name(options.base.native());
  std::string at = name;
  if (!absolute && base != ".") at = name == "." ? base : cat(base, base == "/" ? "" : "/", name);
  if (!is_there(at)) {
    if (options.missing == Missing::refused) {
      return fail(Errc::not_found, cat("there is no ", printable(at, 4096)));
    }
    note(recorded.left_out["not there"], name);
    return {};
  }
  if (options.excludes.match_with_folders(name.substr(absolute ? 1 : 0), false) && name != ".") {
    note(recorded.left_out[std::string(reason_of(PassedOver::unwanted))], name);
    return {};
  }
  (absolute ? into.absolute : into.below_base).push_back(std::move(at));
  return {};
}

// What is named twice is read once, and so is what is below something that is named, too.
void drop_repeated(std::vector<std::string>& paths, const RecordOptions& options) {
  std::ranges::sort(paths);
  const auto twice = std::ranges::unique(paths);
  paths.erase(twice.begin(), twice.end());
  // A walk that leaves links out does not come to what is named behind one.
  if (options.folder_links == FolderLinks::left_out) return;
  const auto all = paths;
  std::erase_if(paths, [&](const std::string& path) {
    return std::ranges::any_of(all, [&](const std::string& above) {
      if (above == ".") return path != "." && path.front() != '/' && !path.starts_with("..");
      return path.size() > above.size() && path.starts_with(above) && path[above.size()] == '/';
    });
  });
}

Result<NamedPaths> sort_named(const std::vector<std::string>& named, const RecordOptions& options,
                              Recorded& recorded) {
  NamedPaths out;
  for (const std::string& each : named) {
    if (each.starts_with("dir:")) {
      SLUICE_TRY(auto folder, hash_folder(std::string_view(each).substr(4), options, recorded));
      out.resolved.push_back(std::move(folder));
    } else if (const auto found = resolver_of(each, options)) {
      SLUICE_TRY(auto artifacts, within(found->first->resolve(found->second, options.base),
                                        cat("looking for ", printable(each, 200))));
      std::ranges::move(artifacts, std::back_inserter(out.resolved));
    } else {
      SLUICE_CHECK(sort_path(each, options, out, recorded));
    }
  }
  drop_repeated(out.below_base, options);
  drop_repeated(out.absolute, options);
  return out;
}

Result<void> check_prefixes(const std::vector<std::string>& strip) {
  for (const auto& a : strip) {
    if (a.empty()) return fail(Errc::usage, "an empty prefix to strip");
    for (const auto& b : strip) {
      if (&a != &b && a.starts_with(b)) {
        return fail(Errc::usage, cat("of the prefixes \"", printable(a, 100), "\" and \"",
                                     printable(b, 100), "\" one begins with the other"));
      }
    }
  }
  return {};
}

void add_notes(const Recorded& content, std::string_view folder, Recorded& notes) {
  const auto add = [&](const LeftOut& from, LeftOut& to) {
    for (const auto& example : from.examples) note(to, cat(folder, "/", example));
    to.count += from.count - from.examples.size();
  };
  for (const auto& [reason, left] : content.left_out) add(left, notes.left_out[reason]);
  add(content.outside, notes.outside);
  notes.bytes += content.bytes;
}

const std::string& name_of_found(const FoundFile* file) { return file->name; }

// Whether b is in the folder that a is in, itself.
bool in_one_folder(std::string_view a, std::string_view b) {
  const std::size_t front = a.rfind('/') + 1;
  return b.starts_with(a.substr(0, front)) && b.find('/', front) == std::string_view::npos;
}

// Stretches of files that are in the order of their names: the walk reads a folder's files so.
std::vector<std::span<FoundFile>> stretches(FoundFiles& files) {
  std::vector<std::span<FoundFile>> out;
  for (auto& chunk : files) {
    for (auto from = chunk.begin(); from != chunk.end();) {
      auto to = from + 1;
      while (to != chunk.end() && to[-1].name < to->name && in_one_folder(to[-1].name, to->name)) {
        ++to;
      }
      out.emplace_back(from, to);
      from = to;
    }
  }
  std::ranges::sort(out, {},
                    [](const auto& each) -> const std::string& { return each.front().name; });
  return out;
}

// All files in the order of their names. Of a tree most stretches follow one another already; those
// that do not are merged, two neighbours at a time.
std::vector<FoundFile*> in_order(FoundFiles& files) {
  std::vector<FoundFile*> out;
  std::vector<std::ptrdiff_t> ends{0};
  for (const auto stretch : stretches(files)) {
    if (out.empty() || name_of_found(out.back()) > stretch.front().name)
      ends.push_back(ends.back());
    for (FoundFile& each : stretch) out.push_back(&each);
    ends.back() = std::ssize(out);
  }
  while (ends.size() > 2) {
    std::vector<std::ptrdiff_t> merged{0};
    for (std::size_t i = 0; i + 1 < ends.size(); i += 2) {
      const std::size_t last = std::min(i + 2, ends.size() - 1);
      std::ranges::inplace_merge(out.begin() + ends[i], out.begin() + ends[i + 1],
                                 out.begin() + ends[last], {}, name_of_found);
      merged.push_back(ends[last]);
    }
    ends = std::move(merged);
  }
  return out;
}

// The same file named twice is there once.
Result<Artifacts> gather(FoundFiles found, std::vector<Artifact> resolved) {
  const auto files = in_order(found);
  std::vector<Artifact> out;
  out.reserve(files.size() + resolved.size());
  const FoundFile* last = nullptr;
  for (FoundFile* each : files) {
    if (last != nullptr && out.back().name == each->name) {
      if (last->prefix == each->prefix) continue;
      return fail(Errc::usage, cat("two files come out under the name \"",
                                   printable(each->name, 4096), "\"; strip less of it"));
    }
    out.push_back({std::move(each->name), each->digests});
    last = each;
  }
  std::ranges::move(resolved, std::back_inserter(out));
  return Artifacts::of(std::move(out));
}

}  // namespace

std::string normal_name(std::string_view path) {
  std::string out = Path(path).lexically_normal().native();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  // Of two slashes at the front POSIX leaves the meaning open; Linux gives it none.
  while (out.starts_with("//")) out.erase(0, 1);
  return out.empty() ? "." : out;
}

const DigestSet* KnownDigests::find(const FileInfo& info) const {
  const auto at = known_.find({info.device, info.number});
  return at == known_.end() || at->second.info != info ? nullptr : &at->second.digests;
}

void KnownDigests::add(const FileInfo& info, const DigestSet& digests, std::int64_t hashed_at) {
  // Within a moment of its last change, a file can change again and keep its times.
  if (info.changed + 2 * kSecond > hashed_at) return;
  known_.insert_or_assign({info.device, info.number}, Entry{info, digests});
}

Result<Recorded> record_artifacts(const std::vector<std::string>& named,
                                  const RecordOptions& options, const DigestReuse& reuse) {
  Recorded out;
  SLUICE_CHECK(check_prefixes(options.strip));
  SLUICE_TRY(auto sorted, sort_named(named, options, out));
  TreeOptions tree{.threads = options.threads};
  tree.follow_folder_links = options.folder_links == FolderLinks::followed;
  tree.look_first = reuse.reuse != nullptr;
  FoundFiles files;
  const std::string base = normal_name(options.base.native());
  const std::string prefix = base == "." ? "" : base.ends_with('/') ? base : base + "/";
  for (const bool absolute : {false, true}) {
    const auto& roots = absolute ? sorted.absolute : sorted.below_base;
    if (roots.empty()) continue;
    ArtifactVisitor visitor(options, reuse, absolute ? "" : prefix, out);
    SLUICE_CHECK(read_tree(roots, visitor, tree));
    visitor.hand_over(files);
  }
  SLUICE_TRY(out.artifacts, gather(std::move(files), std::move(sorted.resolved)));
  return out;
}

Result<Artifact> hash_folder(std::string_view path, const RecordOptions& options, Recorded& notes) {
  const std::string name = normal_name(path);
  RecordOptions inside = options;
  inside.base = name.starts_with('/') ? Path(name) : options.base / name;
  inside.strip = {};
  inside.resolvers = {};
  if (path.empty() || !std::filesystem::is_directory(inside.base)) {
    return fail(Errc::not_found, cat("there is no folder ", shown(inside.base)));
  }
  SLUICE_TRY(const auto content, record_artifacts({"."}, inside));
  add_notes(content, name, notes);
  crypto::Hasher list(crypto::HashAlgorithm::sha256);
  for (const Artifact& each : content.artifacts) {
    const std::string digest = each.digests.text();
    list.update(bytes_of(
        cat(std::string_view(digest).substr(digest.find(':') + 1), "  ", each.name, "\n")));
  }
  std::string_view shown_name = name;
  for (const auto& prefix : options.strip) {
    if (shown_name.starts_with(prefix)) {
      shown_name.remove_prefix(prefix.size());
      break;
    }
  }
  return Artifact{cat("dir:", shown_name), DigestSet::of(list.finish())};
}

}  // namespace sluice::intoto
