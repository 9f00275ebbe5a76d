// SPDX-License-Identifier: Apache-2.0
// From libyaml's events to the tree. libyaml's own document loader is not used: it expands aliases
// without a bound and forgets which of two equal keys came first.
#include <yaml.h>

#include <algorithm>
#include <map>
#include <new>
#include <utility>

#include "base/text.h"
#include "yaml/node.h"
#include "yaml/scalar.h"

namespace sluice::yaml {

namespace {

std::string_view text_at(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

struct Event {
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
  yaml_event_t raw{};
};

class TreeReader {
 public:
  TreeReader(std::string_view text, std::string_view file, const Limits& limits)
      : text_(text), file_(file), limits_(limits) {
    if (yaml_parser_initialize(&parser_) != 1) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  TreeReader(const TreeReader&) = delete;
  TreeReader& operator=(const TreeReader&) = delete;
  ~TreeReader() { yaml_parser_delete(&parser_); }

  Result<Node> read() {
    Node root;
    {
      Event event;
      SLUICE_CHECK(next(event));  // the start of the stream
    }
    Event start;
    SLUICE_CHECK(next(start));
    if (start.raw.type == YAML_STREAM_END_EVENT) return root;
    Event content;
    SLUICE_CHECK(next(content));
    SLUICE_CHECK(fill(root, content.raw, 0));
    Event end;
    SLUICE_CHECK(next(end));  // the end of the document
    Event last;
    SLUICE_CHECK(next(last));
    if (last.raw.type != YAML_STREAM_END_EVENT) {
      return refuse(last.raw.start_mark, "a second document, where one was expected");
    }
    return root;
  }

 private:
  std::unexpected<Error> refuse(const yaml_mark_t& mark, std::string_view what,
                                Errc code = Errc::malformed) const {
    return fail(code, located(file_, mark.line + 1, mark.column + 1, what));
  }

  Result<void> next(Event& event) {
    if (yaml_parser_parse(&parser_, &event.raw) == 1) return {};
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    const std::string_view problem =
        parser_.problem == nullptr ? "no YAML" : std::string_view(parser_.problem);
    if (parser_.error != YAML_READER_ERROR) return refuse(parser_.problem_mark, problem);
    const std::string_view before = text_.substr(0, parser_.problem_offset);
    const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    const auto line_start = before.rfind('\n');  // none: npos, and one more is 0
    return fail(Errc::malformed,
                located(file_, line, before.size() - (line_start + 1) + 1, problem));
  }

  Result<void> count(std::size_t nodes, const yaml_mark_t& mark) {
    if (nodes > limits_.nodes - count_) {
      return refuse(mark, cat("more than ", limits_.nodes, " nodes"), Errc::limit);
    }
    count_ += nodes;
    return {};
  }

  Result<void> fill(Node& into, const yaml_event_t& event, int depth) {
    SLUICE_CHECK(count(1, event.start_mark));
    into.line = event.start_mark.line + 1;
    into.column = event.start_mark.column + 1;
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return fill_alias(into, event, text_at(event.data.alias.anchor), depth);
      case YAML_SCALAR_EVENT:
        SLUICE_CHECK(fill_scalar(into, event));
        return keep(into, event, text_at(event.data.scalar.anchor));
      case YAML_SEQUENCE_START_EVENT:
        SLUICE_CHECK(check_container(event, text_at(event.data.sequence_start.tag), "seq", depth));
        SLUICE_CHECK(fill_sequence(into, depth + 1));
        return keep(into, event, text_at(event.data.sequence_start.anchor));
      case YAML_MAPPING_START_EVENT:
        SLUICE_CHECK(check_container(event, text_at(event.data.mapping_start.tag), "map", depth));
        SLUICE_CHECK(fill_mapping(into, depth + 1));
        return keep(into, event, text_at(event.data.mapping_start.anchor));
      default:
        return refuse(event.start_mark, "expected a value");
    }
  }

  std::unexpected<Error> refuse_tag(const yaml_event_t& event, std::string_view tag) const {
    return refuse(event.start_mark, cat("the tag \"", printable(tag, 64), "\" is not supported"),
                  Errc::unsupported);
  }

  // The short name of a tag of the core schema, empty for another one.
  static std::string_view core(std::string_view tag) {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    return tag.starts_with(kCore) ? tag.substr(kCore.size()) : std::string_view();
  }

  Result<void> check_container(const yaml_event_t& event, std::string_view tag,
                               std::string_view expected, int depth) const {
    if (depth >= limits_.depth) {
      return refuse(event.start_mark, cat("nested deeper than ", limits_.depth, " levels"),
                    Errc::limit);
    }
    if (!tag.empty() && core(tag) != expected) return refuse_tag(event, tag);
    return {};
  }

  Result<void> fill_scalar(Node& into, const yaml_event_t& event) const {
    const auto& scalar = event.data.scalar;
    into.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    into.quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
    const std::string_view tag = text_at(scalar.tag);
    if (tag.empty()) return {};
    const std::string_view type = core(tag);
    into.quoted = type == "str";
    const Scalar found = resolve(into);
    const bool fits = type == "str" || (type == "null" && found == Scalar::null) ||
                      (type == "bool" && found == Scalar::boolean) ||
                      (type == "int" && found == Scalar::integer) ||
                      (type == "float" && found == Scalar::floating);
    if (!fits) return refuse_tag(event, tag);
    return {};
  }

  Result<void> fill_sequence(Node& into, int depth) {
    into.kind = Node::Kind::sequence;
    for (;;) {
      Event event;
      SLUICE_CHECK(next(event));
      if (event.raw.type == YAML_SEQUENCE_END_EVENT) return {};
      SLUICE_CHECK(fill(into.elements.emplace_back(), event.raw, depth));
    }
  }

  Result<void> fill_mapping(Node& into, int depth) {
    into.kind = Node::Kind::mapping;
    for (;;) {
      Event event;
      SLUICE_CHECK(next(event));
      if (event.raw.type == YAML_MAPPING_END_EVENT) return check_keys(into);
      Node key;
      SLUICE_CHECK(fill(key, event.raw, depth));
      if (key.kind != Node::Kind::scalar) {
        return refuse(event.raw.start_mark, "a key that is no scalar");
      }
      Event value;
      SLUICE_CHECK(next(value));
      Member& member = into.members.emplace_back(std::move(key.text), key.line, key.column, Node());
      SLUICE_CHECK(fill(member.value, value.raw, depth));
    }
  }

  Result<void> check_keys(const Node& mapping) const {
    std::vector<const Member*> order;
    order.reserve(mapping.members.size());
    for (const Member& member : mapping.members) order.push_back(&member);
    const auto key = [](const Member* member) -> const std::string& { return member->key; };
    std::ranges::sort(order, [](const Member* a, const Member* b) {
      const int by_key = a->key.compare(b->key);
      return by_key != 0 ? by_key < 0 : a < b;  // equal keys: in the order of the document
    });
    const auto twin = std::ranges::adjacent_find(order, {}, key);
    if (twin == order.end()) return {};
    const Member& first = **twin;
    const Member& second = **std::next(twin);
    return fail(Errc::malformed,
                located(file_, second.line, second.column,
                        cat("the key \"", printable(second.key, 64),
                            "\" a second time in one mapping (first on line ", first.line, ")")));
  }

  // Remembers an anchored node. Its copy counts as well, so that anchors inside anchors are
  // bounded.
  Result<void> keep(const Node& node, const yaml_event_t& event, std::string_view anchor) {
    if (anchor.empty()) return {};
    if (limits_.aliases == Aliases::refused) {
      return refuse(event.start_mark,
                    cat("the anchor \"&", printable(anchor, 64),
                        "\": anchors and aliases are not supported here"),
                    Errc::unsupported);
    }
    const Size size = measure(node);
    SLUICE_CHECK(count(size.nodes, event.start_mark));
    anchors_.insert_or_assign(std::string(anchor), Anchored{node, size});
    return {};
  }

  Result<void> fill_alias(Node& into, const yaml_event_t& event, std::string_view anchor,
                          int depth) {
    if (limits_.aliases == Aliases::refused) {
      return refuse(event.start_mark,
                    cat("the alias \"*", printable(anchor, 64),
                        "\": anchors and aliases are not supported here"),
                    Errc::unsupported);
    }
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      return refuse(event.start_mark,
                    cat("the alias \"*", printable(anchor, 64), "\" names nothing before it"));
    }
    const Anchored& anchored = found->second;
    SLUICE_CHECK(count(anchored.size.nodes, event.start_mark));
    if (anchored.size.depth > limits_.depth - depth) {
      return refuse(event.start_mark, cat("nested deeper than ", limits_.depth, " levels"),
                    Errc::limit);
    }
    into = anchored.node;  // with the lines of the place where it was written
    return {};
  }

  struct Size {
    std::size_t nodes = 1;
    int depth = 0;
  };
  struct Anchored {
    Node node;
    Size size;
  };

  static Size measure(const Node& node) {
    Size size;
    const auto add = [&size](const Node& child) {
      const Size inner = measure(child);
      size.nodes += inner.nodes;
      size.depth = std::max(size.depth, inner.depth);
    };
    for (const Node& element : node.elements) add(element);
    for (const Member& member : node.members) add(member.value);
    if (node.kind != Node::Kind::scalar) ++size.depth;
    return size;
  }

  std::string_view text_;
  std::string_view file_;
  const Limits& limits_;
  yaml_parser_t parser_{};
  std::size_t count_ = 0;
  std::map<std::string, Anchored, std::less<>> anchors_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto at = std::ranges::find(members, key, &Member::key);
  return at == members.end() ? nullptr : &at->value;
}

Result<Node> parse(std::string_view text, std::string_view file, const Limits& limits) {
  if (text.size() > limits.bytes) {
    return fail(Errc::limit,
                cat(printable(file), ": ", text.size(), " bytes, more than ", limits.bytes));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return fail(Errc::malformed, located(file, 1, 1, "a byte-order mark"));
  }
  return TreeReader(text, file, limits).read();
}

}  // namespace sluice::yaml
