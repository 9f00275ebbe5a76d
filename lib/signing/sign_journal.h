// SPDX-License-Identifier: Apache-2.0
// What a run of signing has obtained so far, so that a killed one goes on without a second
// certificate, and without a second entry for what it had signed.
//
// It holds no private key: what is signed needs none any more, and what is not gets a new one. Each
// item is a bundle that may still lack entries and timestamps. Nothing in the file is believed:
// what is taken from it is judged like a service's answer, and verified in the end. Its file is
// readable by its owner alone, and is opened as a plain file only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "sigstore/bundle.h"

namespace sluice::sigstore {

inline constexpr std::string_view kSignJournalV1 = "sluice.sign-journal/v1";
inline constexpr std::size_t kJournalMost = 256U << 20;  // bytes
inline constexpr std::size_t kJournalItemsMost = 10'000;

struct JournalItem {
  std::string content;  // "file sha256:…", "payload sha256:…": what was signed
  std::string bundle;   // its text, as far as it got
};
struct Journal {
  std::vector<JournalItem> items;
  const JournalItem* find(std::string_view content) const;
};

// Each bundle parses; nothing else is known of it.
[[nodiscard]] Result<Journal> parse_journal(std::string_view text);
std::string write_journal(const Journal& journal);

// Nothing where there is no such file. Errc::denied: it is no plain file.
[[nodiscard]] Result<std::optional<Journal>> read_journal(Files& files, const Path& path);
[[nodiscard]] Result<void> keep_journal(Files& files, const Path& path, const Journal& journal);

}  // namespace sluice::sigstore
