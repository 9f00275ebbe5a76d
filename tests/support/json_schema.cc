// SPDX-License-Identifier: Apache-2.0
#include "support/json_schema.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <regex>

#include "base/text.h"
#include "support/temp_folder.h"

namespace sluice::test {

namespace {

std::string misfit_of_list(const json::Value& schema, const json::Array& list,
                           const std::string& path) {
  const json::Value* least = schema.find("minItems");
  if (least != nullptr && static_cast<std::int64_t>(list.size()) < least->integer().value_or(0))
    return path + " is too short";
  for (const auto& each : list) {
    if (auto found = misfit(*schema.find("items"), each, path + "[]"); !found.empty()) return found;
  }
  return "";
}

std::string misfit_of_object(const json::Value& schema, const json::Value& value,
                             const std::string& path) {
  const json::Value* properties = schema.find("properties");
  const json::Value* others = schema.find("additionalProperties");
  for (const auto& [key, member] : *value.object()) {
    const json::Value* known = properties == nullptr ? nullptr : properties->find(key);
    if (known == nullptr && others != nullptr && others->object() != nullptr) known = others;
    if (known == nullptr) return cat(path, ".", key);
    if (auto found = misfit(*known, member, cat(path, ".", key)); !found.empty()) return found;
  }
  const json::Value* required = schema.find("required");
  for (const auto& key : required == nullptr ? json::Array{} : *required->array()) {
    if (value.find(*key.string()) == nullptr) return cat(path, " lacks ", *key.string());
  }
  return "";
}

}  // namespace

json::Value published_schema(const std::string& name) {
  auto schema =
      json::parse_strict(read_file(cat(SLUICE_SOURCE_DIR "/docs/schema/", name, ".json")));
  if (!schema) {
    std::cerr << "docs/schema has no " << name << '\n';
    std::abort();
  }
  return *std::move(schema);
}

std::string misfit(const json::Value& schema, const json::Value& value, const std::string& path) {
  using Kind = json::Value::Kind;
  const json::Value* type = schema.find("type");
  const std::map<std::string, Kind> kinds = {{"object", Kind::object},
                                             {"array", Kind::array},
                                             {"string", Kind::string},
                                             {"integer", Kind::integer},
                                             {"boolean", Kind::boolean}};
  if (type != nullptr && !value.is(kinds.at(*type->string()))) return path;
  const json::Value* constant = schema.find("const");
  if (constant != nullptr && *constant != value) return path;
  const json::Value* choices = schema.find("enum");
  if (choices != nullptr && std::ranges::find(*choices->array(), value) == choices->array()->end())
    return path;
  const json::Value* pattern = schema.find("pattern");
  if (pattern != nullptr && !std::regex_search(*value.string(), std::regex(*pattern->string())))
    return path;
  if (const json::Array* list = value.array(); list != nullptr && schema.find("items") != nullptr)
    return misfit_of_list(schema, *list, path);
  if (value.object() != nullptr && type != nullptr) return misfit_of_object(schema, value, path);
  return "";
}

}  // namespace sluice::test
