// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/parallel.h"
#include "base/text.h"
#include "tuf/limits.h"
#include "tufrepo/edit.h"
#include "tufrepo/proposal.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMostNamed = 20;  // of one role: nobody reads more

std::optional<std::int64_t> length_of(std::string_view target) {
  const auto value = json::parse_strict(target, {.bytes = target.size()});
  const auto* length = value ? value->find("length") : nullptr;
  return length == nullptr ? std::nullopt : length->integer();
}

// What is wrong with the file; nothing where it is what is listed.
Result<std::string> wrong_with_file(Files& files, const Path& file, std::int64_t length,
                                    const crypto::Digest& digest) {
  const auto info = files.info(file);
  if (!info && info.error().code == Errc::not_found) return "there is no such file";
  if (!info) return fail(info.error());
  if (info->kind != FileKind::file) return "it is no plain file";
  SLUICE_TRY(const auto found, crypto::digest_file(files, file, digest.algorithm()));
  if (found != digest) return "it is not what is listed: its hash is another one";
  if (length >= 0 && info->size == static_cast<std::uint64_t>(length)) return "";
  return cat("it has ", info->size, " bytes, ", length, " are listed");
}

class FileExaminer {
 public:
  explicit FileExaminer(Repository& repository) : repository_(repository) {}

  Result<std::vector<Fault>> run() && {
    SLUICE_TRY(const auto roles, repository_.staged_roles());
    for (const auto& role : roles) {
      if (type_of_role(role) != RoleType::targets) continue;
      const auto staged = repository_.staged(role);
      if (!staged) continue;  // it cannot be read, which is a fault of its own
      named_ = 0;
      more_ = 0;
      SLUICE_CHECK(look_at(role, (*staged)->draft));
      if (more_ > 0) out_.push_back({"target", role, cat("and ", more_, " files more"), ""});
    }
    return std::move(out_);
  }

 private:
  Result<void> look_at(const RoleName& role, const Draft& draft) {
    SLUICE_TRY(const auto* published, repository_.published(role));
    return draft.each([&](std::string_view path, std::string_view text) -> Result<void> {
      const auto was = published == nullptr ? std::nullopt : published->find(path);
      if (was && *was == text) return {};
      return look_at_target(role, path, text);
    });
  }

  Result<void> look_at_target(const RoleName& role, std::string_view path, std::string_view text) {
    const auto add = [&](const std::string& what) {
      if (named_ == kMostNamed) {
        ++more_;
        return;
      }
      ++named_;
      out_.push_back(
          {"target", role, what, "put the file back, or list it anew with `sluice tuf add`"});
    };
    if (!check_target_path(path)) return {};  // examine_paths() says so
    const auto hashes = hashes_listed(text);
    const auto length = length_of(text);
    if (!hashes || hashes->empty() || !length) {
      add(cat(printable(path, 300), ": ",
              !hashes   ? hashes.error().what
              : !length ? "its length is not listed"
                        : "no hash of a known kind"));
      return {};
    }
    const auto names = target_files(path, *hashes);
    for (std::size_t i = 0; i < names.size(); ++i) {
      SLUICE_TRY(const auto wrong,
                 wrong_with_file(repository_.files(), repository_.folder() / names[i], *length,
                                 (*hashes)[i]));
      if (!wrong.empty()) add(cat(printable(names[i], 300), ": ", wrong));
    }
    return {};
  }

  Repository& repository_;
  std::vector<Fault> out_;
  std::size_t named_ = 0;  // of the role that is looked at
  std::size_t more_ = 0;
};

// Most are, and there may be a million.
bool surely_plain(std::string_view path) {
  constexpr std::size_t kPart = 180;
  std::size_t part = 0;
  for (const char c : path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '/' ? part == 0 : !letter && c != '-' && c != '_' && (c != '.' || part == 0)) {
      return false;
    }
    part = c == '/' ? 0 : part + 1;
    if (part > kPart) return false;
  }
  return part > 0 && path.size() <= kMaxTargetPath;
}

// Names that no client takes for a file below its own folder.
struct BadPath {
  std::string path;
  std::string why;
};
std::vector<BadPath> bad_paths(const Draft& draft) {
  std::vector<BadPath> out;
  (void)draft.each([&](std::string_view path, std::string_view) -> Result<void> {
    if (surely_plain(path)) return {};
    const auto plain = check_target_path(path);
    if (!plain) out.push_back({std::string(path), plain.error().what});
    return {};
  });
  return out;
}

// What is published already is not asked again.
Result<void> tell_bad_paths(Repository& repository, const RoleName& role,
                            const std::vector<BadPath>& bad, std::vector<Fault>& out) {
  SLUICE_TRY(const auto* published, repository.published(role));
  std::size_t count = 0;
  for (const auto& [path, why] : bad) {
    if ((published != nullptr && published->find(path)) || count++ >= kMostNamed) continue;
    out.push_back({"target", role, why, "take it out with `sluice tuf remove`"});
  }
  if (count <= kMostNamed) return {};
  out.push_back({"target", role, cat("and ", count - kMostNamed, " paths more"), ""});
  return {};
}

}  // namespace

Result<std::vector<Fault>> examine_paths(Repository& repository) {
  std::vector<Fault> out;
  SLUICE_TRY(const auto roles, repository.staged_roles());
  std::vector<const RoleName*> those;
  std::vector<const Draft*> drafts;
  for (const auto& role : roles) {
    if (type_of_role(role) != RoleType::targets) continue;
    const auto staged = repository.staged(role);
    if (!staged || *staged == nullptr) continue;  // it cannot be read: a fault of its own
    if (!(*staged)->saved) continue;              // this program made it, and looked at each
    those.push_back(&role);
    drafts.push_back(&(*staged)->draft);
  }
  std::vector<std::vector<BadPath>> bad(those.size());
  for_each_parallel(those.size(), hardware_threads(),
                    [&](std::size_t i) { bad[i] = bad_paths(*drafts[i]); });
  for (std::size_t i = 0; i < those.size(); ++i) {
    if (!bad[i].empty()) SLUICE_CHECK(tell_bad_paths(repository, *those[i], bad[i], out));
  }
  return out;
}

Result<std::vector<Fault>> examine_files(Repository& repository) {
  if (!repository.policy().targets_here) return std::vector<Fault>{};
  return FileExaminer(repository).run();
}

}  // namespace sluice::tuf
