// SPDX-License-Identifier: Apache-2.0
// YAML with and without aliases: stays within its bounds, and is JSON where JSON can say it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "yaml/fields.h"
#include "yaml/node.h"
#include "yaml/to_json.h"

namespace {

using namespace sluice;
using namespace sluice::yaml;

void must(bool holds) {
  if (!holds) std::abort();
}

struct Counted {
  std::size_t nodes = 1;
  int depth = 0;
};

Counted count(const Node& node) {
  Counted out;
  const auto add = [&out](const Node& child) {
    const Counted inner = count(child);
    out.nodes += inner.nodes;
    out.depth = std::max(out.depth, inner.depth);
  };
  for (const Node& element : node.elements) add(element);
  for (const Member& member : node.members) {
    must(node.find(member.key) == &member.value);  // no other member has that key
    add(member.value);
  }
  if (node.kind != Node::Kind::scalar) ++out.depth;
  return out;
}

void touch(const Fields& fields) {
  (void)fields.as_string().has_value();
  (void)fields.as_integer().has_value();
  (void)fields.as_number().has_value();
  (void)fields.as_boolean().has_value();
  for (const Member& member : fields.node().members) {
    const auto field = fields.at(member.key);
    must(field.has_value());
    touch(*field);
  }
  const auto elements = fields.elements(1000);
  if (!elements) return;
  for (const Fields& element : *elements) touch(element);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Limits strict{.bytes = 1U << 16, .depth = 16, .nodes = 1000};
  Limits wide = strict;
  wide.aliases = Aliases::expanded;
  const auto plain = parse(text, "f", strict);
  const auto expanded = parse(text, "f", wide);
  if (plain) must(expanded.has_value());
  if (!expanded) return 0;
  const Counted counted = count(*expanded);
  must(counted.nodes <= wide.nodes && counted.depth <= wide.depth);
  touch(Fields(*expanded, "f"));
  if (const auto value = to_json(*expanded, "f")) {
    const auto again = json::parse_strict(json::write(*value));
    must(again && *again == *value);
  }
  return 0;
}
