// SPDX-License-Identifier: Apache-2.0
#include "intoto/link.h"

#include <algorithm>

#include "base/text.h"
#include "intoto/limits.h"

namespace sluice::intoto {

std::string_view name(LinkForm form) { return form == LinkForm::link ? "link" : "statement"; }

std::optional<std::int64_t> Link::return_value() const {
  const json::Value* value = byproducts.find("return-value");
  return value == nullptr ? std::nullopt : value->integer();
}

Result<void> check_step_name(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::usage, cat("the step's name \"", printable(name, 80), "\" ", why));
  };
  if (name.empty()) return fail(Errc::usage, "the step has no name");
  if (name.size() > limits::kStepName) {
    return refuse(cat("is longer than ", limits::kStepName, " bytes"));
  }
  if (!is_utf8(name)) return refuse("is no UTF-8");
  if (name.front() == '.') return refuse("begins with a dot");
  const bool unsafe = std::ranges::any_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '/' || c == '\\' || byte < 0x20 || byte == 0x7F;
  });
  if (unsafe) return refuse("has a character that the name of a link's file cannot have");
  return {};
}

std::string link_file_name(std::string_view step, std::string_view keyid) {
  return cat(step, ".", keyid.substr(0, 8), ".link");
}

std::string unfinished_file_name(std::string_view step, std::string_view keyid) {
  return cat(".", step, ".", keyid.substr(0, 8), ".link-unfinished");
}

}  // namespace sluice::intoto
