// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "intoto/link.h"
#include "json/text_out.h"

namespace sluice::intoto {

namespace {

void append_words(std::string& out, const std::vector<std::string>& words) {
  out += '[';
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += ',';
    json::append_quoted(out, words[i]);
  }
  out += ']';
}

void append_by_name(std::string& out, const Artifacts& artifacts) {
  out += '{';
  for (const Artifact& each : artifacts) {
    if (&each != &artifacts[0]) out += ',';
    json::append_quoted(out, each.name);
    out += ':';
    each.digests.append_json(out);
  }
  out += '}';
}

void append_descriptors(std::string& out, const Artifacts& artifacts) {
  out += '[';
  for (const Artifact& each : artifacts) {
    if (&each != &artifacts[0]) out += ',';
    out += "{\"digest\":";
    each.digests.append_json(out);
    out += ",\"name\":";
    json::append_quoted(out, each.name);
    out += '}';
  }
  out += ']';
}

// Members in the order of their names, at every depth, so that the text is canonical.
json::Value in_order(const json::Value& value) {
  if (const json::Array* elements = value.array()) {
    json::Array out;
    for (const auto& each : *elements) out.push_back(in_order(each));
    return out;
  }
  const json::Object* members = value.object();
  if (members == nullptr) return value;
  json::Object out;
  for (const auto& [key, inner] : *members) out.emplace_back(key, in_order(inner));
  std::ranges::sort(out, {}, &json::Member::first);
  return out;
}

std::size_t room_for(const Link& link) {
  constexpr std::size_t kEach = 100;  // digest and marks
  std::size_t room = 4096;
  for (const Artifacts* side : {&link.materials, &link.products}) {
    for (const Artifact& each : *side) room += each.name.size() + kEach;
  }
  return room;
}

}  // namespace

std::string write_link(const Link& link) {
  std::string out;
  out.reserve(room_for(link));
  out += R"({"_type":"link","byproducts":)";
  out += json::write(in_order(link.byproducts));
  out += ",\"command\":";
  append_words(out, link.command);
  out += ",\"environment\":";
  out += json::write(in_order(link.environment));
  out += ",\"materials\":";
  append_by_name(out, link.materials);
  out += ",\"name\":";
  json::append_quoted(out, link.name);
  out += ",\"products\":";
  append_by_name(out, link.products);
  out += '}';
  return out;
}

std::string write_link_statement(const Link& link) {
  std::string out;
  out.reserve(room_for(link));
  out += R"({"_type":"https://in-toto.io/Statement/v1","predicate":{"byproducts":)";
  out += json::write(in_order(link.byproducts));
  out += ",\"command\":";
  append_words(out, link.command);
  out += ",\"environment\":";
  out += json::write(in_order(link.environment));
  out += ",\"materials\":";
  append_descriptors(out, link.materials);
  out += ",\"name\":";
  json::append_quoted(out, link.name);
  out += cat("},\"predicateType\":\"", kLinkPredicate, "\",\"subject\":");
  append_descriptors(out, link.products);
  out += '}';
  return out;
}

}  // namespace sluice::intoto
