// SPDX-License-Identifier: Apache-2.0
#include "signing/sign_journal.h"

#include <algorithm>

#include "base/text.h"
#include "json/value.h"

namespace sluice::sigstore {

namespace {

constexpr unsigned kOwnerOnly = 0600;
constexpr std::size_t kContentMost = 256;

Result<JournalItem> journal_item(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"content", "bundle"}));
  JournalItem out;
  SLUICE_TRY(out.content, fields.string("content"));
  if (out.content.size() > kContentMost) {
    return fail(Errc::malformed, cat(fields.path(), ".content is too long"));
  }
  SLUICE_TRY(const json::Fields bundle, fields.object("bundle"));
  out.bundle = json::write(bundle.value());
  SLUICE_CHECK(within(parse_bundle(out.bundle), cat("reading ", bundle.path())));
  return out;
}

}  // namespace

const JournalItem* Journal::find(std::string_view content) const {
  const auto at = std::ranges::find(items, content, &JournalItem::content);
  return at == items.end() ? nullptr : &*at;
}

Result<Journal> parse_journal(std::string_view text) {
  SLUICE_TRY(const json::Value value, json::parse_strict(text, {.bytes = kJournalMost}));
  const json::Fields root(value, "journal");
  SLUICE_TRY(const std::string kind, root.string("kind"));
  if (kind != kSignJournalV1) {
    return fail(Errc::unsupported, cat("a journal of the kind \"", printable(kind, 60), "\"; ",
                                       kSignJournalV1, " is known"));
  }
  SLUICE_CHECK(root.only({"kind", "items"}));
  SLUICE_TRY(const auto items, root.array("items", kJournalItemsMost));
  Journal out;
  for (const json::Fields& each : items) {
    SLUICE_TRY(out.items.emplace_back(), journal_item(each));
  }
  return out;
}

// The bundles are texts already: they are not taken apart again for each write.
std::string write_journal(const Journal& journal) {
  std::string out = cat(R"({"kind":")", kSignJournalV1, R"(","items":[)");
  for (std::size_t i = 0; i < journal.items.size(); ++i) {
    const JournalItem& item = journal.items[i];
    out += cat(i == 0 ? "" : ",", R"({"content":)", json::write(json::Value(item.content)),
               R"(,"bundle":)", item.bundle, "}");
  }
  return out += "]}\n";
}

Result<std::optional<Journal>> read_journal(Files& files, const Path& path) {
  auto text = files.read_plain(path, kJournalMost, Links::refused);
  if (!text && text.error().code == Errc::not_found) return std::nullopt;
  if (!text) return fail(std::move(text).error().in("reading the journal"));
  auto journal = parse_journal(*text);
  if (journal) return *std::move(journal);
  return fail(std::move(journal)
                  .error()
                  .in(cat("reading the journal ", shown(path)))
                  .advise("remove that file to begin anew"));
}

Result<void> keep_journal(Files& files, const Path& path, const Journal& journal) {
  return within(files.replace(path, write_journal(journal), kOwnerOnly), "keeping the journal");
}

}  // namespace sluice::sigstore
