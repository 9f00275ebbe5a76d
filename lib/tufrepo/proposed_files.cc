// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/text.h"
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
  if (length < 0 || info->size != static_cast<std::uint64_t>(length)) {
    return cat("it has ", info->size, " bytes, ", length, " are listed");
  }
  SLUICE_TRY(const auto found, crypto::digest_file(files, file, digest.algorithm()));
  if (found == digest) return "";
  return "it is not what is listed: its hash is another one";
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

// Names that no client takes for a file below its own folder; what is published already is not
// asked again.
Result<std::vector<std::string>> paths_of_no_file(Repository& repository, const RoleName& role,
                                                  const Draft& draft) {
  std::vector<std::string> out;
  const auto look = [&](std::string_view path, std::string_view) -> Result<void> {
    const auto plain = check_target_path(path);
    if (plain) return {};
    SLUICE_TRY(const auto* published, repository.published(role));
    if (published == nullptr || !published->find(path)) out.push_back(plain.error().what);
    return {};
  };
  SLUICE_CHECK(draft.each(look));
  return out;
}

}  // namespace

Result<std::vector<Fault>> examine_paths(Repository& repository) {
  std::vector<Fault> out;
  SLUICE_TRY(const auto roles, repository.staged_roles());
  for (const auto& role : roles) {
    if (type_of_role(role) != RoleType::targets) continue;
    const auto staged = repository.staged(role);
    if (!staged || *staged == nullptr) continue;  // it cannot be read: a fault of its own
    SLUICE_TRY(const auto wrong, paths_of_no_file(repository, role, (*staged)->draft));
    for (std::size_t i = 0; i < wrong.size() && i < kMostNamed; ++i) {
      out.push_back({"target", role, wrong[i], "take it out with `sluice tuf remove`"});
    }
    if (wrong.size() > kMostNamed) {
      out.push_back({"target", role, cat("and ", wrong.size() - kMostNamed, " paths more"), ""});
    }
  }
  return out;
}

Result<std::vector<Fault>> examine_files(Repository& repository) {
  if (!repository.policy().targets_here) return std::vector<Fault>{};
  return FileExaminer(repository).run();
}

}  // namespace sluice::tuf
