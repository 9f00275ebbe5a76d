// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree that knows the line and column of everything in it.
//
// Promises bounds on bytes, depth and nodes. Refuses equal keys in one mapping, keys that are no
// scalars, a second document, tags outside the core schema, and anchors and aliases unless the
// caller asks for them. A plain scalar is text until somebody asks for another type: "no" and
// "1.10" stay what they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace sluice::yaml {

struct Member;

struct Node {
  enum class Kind : std::uint8_t { scalar, sequence, mapping };

  Kind kind = Kind::scalar;
  bool quoted = false;  // a scalar that is a string whatever it looks like
  std::string text = {};
  std::size_t line = 1;
  std::size_t column = 1;
  std::vector<Node> elements;   // of a sequence
  std::vector<Member> members;  // of a mapping, in the order of the document

  // The value of a mapping's key; nullptr where there is none or this is no mapping.
  const Node* find(std::string_view key) const;
};

struct Member {
  std::string key;
  std::size_t line = 1;
  std::size_t column = 1;
  Node value;
};

// refused: our own files. expanded: pipeline files of others; each use counts in full against
// Limits::nodes. A merge key ("<<") stays an ordinary key.
enum class Aliases : std::uint8_t { refused, expanded };

struct Limits {
  std::size_t bytes = limits::kConfigFile;
  int depth = limits::kJsonDepth;
  std::size_t nodes = 100'000;
  Aliases aliases = Aliases::refused;
};

// The file's name begins each message: "sluice.yaml:14:11: ...". An empty document is an empty
// plain scalar.
[[nodiscard]] Result<Node> parse(std::string_view text, std::string_view file,
                                 const Limits& limits = {});

// What a scalar is in the core schema of YAML 1.2 (10.3.2): "no" and "0o8" are strings.
enum class Scalar : std::uint8_t { null, boolean, integer, floating, string };
Scalar resolve(const Node& scalar);

}  // namespace sluice::yaml
