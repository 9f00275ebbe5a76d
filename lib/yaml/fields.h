// SPDX-License-Identifier: Apache-2.0
// Typed access to a YAML tree: each refusal says file, line and column.
//
//   const Fields root(node, "sluice.yaml");
//   SLUICE_CHECK(root.only({"signals", "limits"}));
//   SLUICE_TRY(auto limits, root.mapping("limits"));
//   SLUICE_TRY(auto days, limits.integer("days"));
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.h"

namespace sluice::yaml {

class Fields {
 public:
  Fields(const Node& node, std::string file, std::string path = "")
      : node_(&node), file_(std::move(file)), path_(std::move(path)) {}

  // A member of this mapping. Any scalar but a plain null can be read as a string.
  [[nodiscard]] Result<std::string> string(std::string_view key) const;
  [[nodiscard]] Result<std::int64_t> integer(std::string_view key) const;
  [[nodiscard]] Result<double> number(std::string_view key) const;
  [[nodiscard]] Result<bool> boolean(std::string_view key) const;
  // One of the words; what they are ("signal") begins the message: unknown signal "carbn".
  [[nodiscard]] Result<std::string> choice(std::string_view key, std::string_view what,
                                           std::initializer_list<std::string_view> words) const;
  [[nodiscard]] Result<Fields> mapping(std::string_view key) const;
  [[nodiscard]] Result<std::vector<Fields>> sequence(std::string_view key, std::size_t max) const;

  // This node itself.
  [[nodiscard]] Result<std::string> as_string() const;
  [[nodiscard]] Result<std::int64_t> as_integer() const;
  [[nodiscard]] Result<double> as_number() const;
  [[nodiscard]] Result<bool> as_boolean() const;
  [[nodiscard]] Result<std::string> as_choice(std::string_view what,
                                              std::initializer_list<std::string_view> words) const;
  [[nodiscard]] Result<std::vector<Fields>> elements(std::size_t max) const;

  // nullptr where the member is absent or a plain null.
  const Node* optional(std::string_view key) const;
  bool has(std::string_view key) const { return optional(key) != nullptr; }
  // The member, or where it is not there an error at this mapping.
  [[nodiscard]] Result<Fields> at(std::string_view key) const;
  // Refuses members that are not in the list, naming the first (with a suggestion).
  [[nodiscard]] Result<void> only(std::initializer_list<std::string_view> known) const;

  // "sluice.yaml:14:11: what", for refusals of the caller's own.
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const;
  // The same at a key of this mapping.
  [[nodiscard]] std::unexpected<Error> refuse(const Member& member, std::string_view what) const;

  const Node& node() const { return *node_; }
  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }  // "limits.days", "signals[2]"

 private:
  [[nodiscard]] std::unexpected<Error> mismatch(std::string_view wanted) const;
  const Node* node_;
  std::string file_;
  std::string path_;
};

}  // namespace sluice::yaml
