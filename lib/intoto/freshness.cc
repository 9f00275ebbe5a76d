// SPDX-License-Identifier: Apache-2.0
#include "intoto/freshness.h"

#include <algorithm>

#include "base/text.h"
#include "json/value.h"

namespace sluice::intoto {

namespace {

constexpr std::string_view kMember = "sluice";
constexpr std::string_view kMemoryKind = "sluice.layout-version/v1";
constexpr std::size_t kMemoryFileMost = 4096;
constexpr std::chrono::seconds kLockWait{10};

std::optional<std::string> text_member(const json::Value& value, std::string_view key) {
  const auto* found = value.find(key);
  if (found == nullptr || found->string() == nullptr || found->string()->empty()) {
    return std::nullopt;
  }
  return *found->string();
}

void judge_name(std::string_view what, const std::string& wanted,
                const std::optional<std::string>& found, const StepLink& link,
                const std::string& step, Report& report) {
  const std::string id = cat("fresh.", what);
  const std::string title = cat("step ", step);
  if (found == wanted) {
    report.pass(id, title, cat("of the ", what, " ", printable(wanted, 100)));
    return;
  }
  auto& row = report.fail(
      id, title,
      found ? cat("the link of step ", step, " is of another ", what)
            : cat("the link of step ", step, " does not say of which ", what, " it is"));
  row.expected = printable(wanted, 200);
  if (found) row.found = printable(*found, 200);
  row.source = link.file;
  row.advice = "An older complete set of links would look like this; take those of this run.";
}

}  // namespace

LinkOrigin origin_of(const Link& link) {
  LinkOrigin out;
  const auto* ours = link.environment.find(kMember);
  if (ours == nullptr) return out;
  out.run = text_member(*ours, "run");
  out.commit = text_member(*ours, "commit");
  if (const auto text = text_member(*ours, "finished")) {
    if (const auto time = parse_rfc3339(*text)) out.finished = *time;
  }
  return out;
}

void set_origin(Link& link, const LinkOrigin& origin) {
  json::Value ours{json::Object{}};
  if (origin.run) ours.set("run", *origin.run);
  if (origin.commit) ours.set("commit", *origin.commit);
  if (origin.finished) ours.set("finished", rfc3339(*origin.finished));
  link.environment.set(std::string(kMember), std::move(ours));
}

void judge_freshness(const Freshness& demanded, const StepLink& link, const std::string& step,
                     Time now, Report& report) {
  const LinkOrigin origin = link.link ? origin_of(*link.link) : LinkOrigin{};
  if (demanded.run) judge_name("run", *demanded.run, origin.run, link, step, report);
  if (demanded.commit) judge_name("commit", *demanded.commit, origin.commit, link, step, report);
  if (!demanded.max_age) return;
  const std::string title = cat("step ", step);
  std::optional<Time> time = origin.finished;
  std::string_view who = "by its signer's word";
  if (!link.times.empty()) {
    time = *std::ranges::min_element(link.times);
    who = "proven";
  }
  if (!time) {
    auto& row = report.fail("fresh.age", title,
                            cat("the link of step ", step, " does not say when it was made"));
    row.expected = cat("at most ", human_duration(*demanded.max_age), " old");
    row.source = link.file;
    return;
  }
  if (*time > now + kClockSkew) {
    auto& row =
        report.fail("fresh.age", title, cat("the link of step ", step, " is from the future"));
    row.found = human_time(*time);
    row.source = link.file;
    return;
  }
  if (now - *time > *demanded.max_age) {
    auto& row = report.fail("fresh.age", title, cat("the link of step ", step, " is too old"));
    row.expected = cat("at most ", human_duration(*demanded.max_age), " old");
    row.found = cat(human_time(*time), ", ", who, ", ", human_duration(now - *time), " ago");
    row.source = link.file;
    return;
  }
  report.pass("fresh.age", title, cat("made ", human_time(*time), ", ", who));
}

Path VersionMemory::file_of(const Layout& layout, const std::string& owners) const {
  const auto digest =
      crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat(layout.name, "\n", owners)));
  return folder_ / cat("layout-", digest.hex(), ".json");
}

Result<std::optional<std::int64_t>> VersionMemory::highest(const Path& file) {
  auto text = files_.read_plain(file, kMemoryFileMost, Links::refused);
  if (!text && text.error().code == Errc::not_found) return std::optional<std::int64_t>();
  if (!text) return std::unexpected(std::move(text).error());
  SLUICE_TRY(const auto value, within(json::parse_strict(*text), shown(file)));
  const json::Fields fields(value, "remembered version");
  SLUICE_TRY(const auto kind, fields.string("kind"));
  if (kind != kMemoryKind) {
    return fail(Errc::unsupported, cat(shown(file), " is of the kind ", printable(kind, 60)));
  }
  SLUICE_TRY(const auto version, fields.integer("version"));
  return std::optional(version);
}

Result<void> VersionMemory::judge(const Layout& layout, const std::string& owners, Report& report) {
  if (!layout.version) {
    report
        .fail("layout.version", "layout's version",
              "the layout has no version, and versions are to be remembered")
        .advice = "Give it one: \"sluice\": {\"name\": ..., \"version\": 1}";
    return {};
  }
  SLUICE_TRY(const auto before, highest(file_of(layout, owners)));
  if (before && *layout.version < *before) {
    auto& row = report.fail("layout.version", "layout's version",
                            cat("an older layout of ", printable(layout.name, 60),
                                " than one that was accepted before"));
    row.expected = cat("at least ", *before);
    row.found = cat(*layout.version);
    row.advice = "Somebody may have put an old layout in place; fetch the newest one.";
    return {};
  }
  report.pass("layout.version", "layout's version",
              cat(*layout.version, before ? cat(", accepted before: ", *before) : ", the first"));
  return {};
}

Result<void> VersionMemory::accept(const Layout& layout, const std::string& owners) {
  if (!layout.version) return {};
  SLUICE_CHECK(files_.make_folders(folder_));
  SLUICE_TRY(const auto lock, files_.lock(folder_ / ".lock", kLockWait));
  const Path file = file_of(layout, owners);
  SLUICE_TRY(const auto before, highest(file));
  if (before && *before >= *layout.version) return {};
  json::Value value;
  value.set("kind", kMemoryKind);
  value.set("name", layout.name);
  value.set("version", *layout.version);
  return files_.replace(file, json::write_pretty(value));
}

}  // namespace sluice::intoto
