// SPDX-License-Identifier: Apache-2.0
// A decision for people: on a terminal, in a pull request, as a page of its own.
//
// First the answer, then why, then what to do. All foreign text is made safe here, for the form in
// which it is shown. As JSON a decision is its record (gate/record.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/record.h"

namespace sluice::gate {

struct TextOptions {
  bool colour = false;
  std::string signed_file = {};  // where the signed decision went; empty: nowhere
  bool stored = true;            // can `sluice gate explain ID` find it?
  std::vector<store::Outcome> outcomes = {};
  std::optional<store::Skip> skipped = {};
};

// At most 80 columns and 24 lines, however many signals there are and whatever they say.
std::string as_text(const Record& record, const TextOptions& options);
// With every detail, for a pull request: GitHub's and GitLab's Markdown.
std::string as_markdown(const Record& record, const std::vector<store::Outcome>& outcomes = {},
                        const std::optional<store::Skip>& skipped = {});
// One file, no scripts, nothing loaded from anywhere.
std::string as_html(const Record& record, const std::vector<store::Outcome>& outcomes = {},
                    const std::optional<store::Skip>& skipped = {});

// Foreign text that stays text in Markdown and in HTML: one line, nothing in it is markup.
std::string markdown_escaped(std::string_view text);
std::string html_escaped(std::string_view text);

// The front of the text in so many columns of a terminal, with an ellipsis where it was cut; wide
// characters count twice. The text has to be printable.
std::string fitted(std::string_view text, std::size_t columns);

}  // namespace sluice::gate
