// SPDX-License-Identifier: Apache-2.0
// A link: the evidence that a step was performed, with what and what came of it (in-toto 1.0,
// 4.3.1 and 4.4).
//
// Read strictly: no unknown member, no artifact without a strong digest, no name that is empty or
// too long. What is written, python in-toto and in-toto-golang read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "intoto/artifact.h"
#include "json/value.h"

namespace sluice::intoto {

inline constexpr std::string_view kLinkPredicate = "https://in-toto.io/attestation/link/v0.3";

enum class LinkForm : std::uint8_t {
  link,       // {"_type": "link", …}
  statement,  // an in-toto statement whose predicate is a link v0.3; its subjects are the products
};
std::string_view name(LinkForm form);  // "link", "statement"

struct Link {
  std::string name;  // of the step
  Artifacts materials;
  Artifacts products;
  std::vector<std::string> command;
  json::Value byproducts = json::Object{};   // "stdout", "stderr", "return-value", ours besides
  json::Value environment = json::Object{};  // an object, too
  LinkForm form = LinkForm::link;            // how it was read

  // Nothing where the step had no command, or the link does not say.
  std::optional<std::int64_t> return_value() const;
};

// Of either form. A statement may be v0.1 or v1.
[[nodiscard]] Result<Link> parse_link(std::string_view text);

// Compact, keys in order: where nothing in it needs an escape, its own canonical form.
std::string write_link(const Link& link);
std::string write_link_statement(const Link& link);

// A step's name stands in file names: refuses what is empty, longer than limits::kStepName, or has
// a slash, a backslash, a control character or a leading dot.
[[nodiscard]] Result<void> check_step_name(std::string_view name);

// "build.d8d1f2f5.link", as both python and Go look for it.
std::string link_file_name(std::string_view step, std::string_view keyid);
// ".build.d8d1f2f5.link-unfinished", between the start and the stop of a recording.
std::string unfinished_file_name(std::string_view step, std::string_view keyid);

}  // namespace sluice::intoto
