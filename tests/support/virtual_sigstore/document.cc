// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/document.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::test {

namespace {

[[noreturn]] void nothing_at(std::string_view path) {
  std::fprintf(stderr, "a test changes \"%.*s\", and there is no such thing\n",
               static_cast<int>(path.size()), path.data());
  std::abort();
}

json::Value* step(json::Value& here, std::string_view key) {
  if (auto* members = here.object()) {
    const auto found = std::ranges::find(*members, key, &json::Member::first);
    return found == members->end() ? nullptr : &found->second;
  }
  auto* elements = here.array();
  if (elements == nullptr || key.find_first_not_of("0123456789") != key.npos) return nullptr;
  const auto index = std::stoull(std::string(key));
  return index < elements->size() ? &(*elements)[index] : nullptr;
}

// "a.b.c": "a.b" and "c".
std::pair<std::string_view, std::string_view> parent_of(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot == path.npos) return {{}, path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

}  // namespace

json::Value& at(json::Value& document, std::string_view path) {
  json::Value* here = &document;
  if (path.empty()) return *here;
  for (const std::string_view key : split(path, '.')) {
    here = step(*here, key);
    if (here == nullptr) nothing_at(path);
  }
  return *here;
}

const std::string& text_at(json::Value& document, std::string_view path) {
  const std::string* text = at(document, path).string();
  if (text == nullptr) nothing_at(path);
  return *text;
}

void erase(json::Value& document, std::string_view path) {
  at(document, path);
  const auto [parent, key] = parent_of(path);
  json::Value& here = at(document, parent);
  if (auto* members = here.object()) {
    std::erase_if(*members, [&](const json::Member& one) { return one.first == key; });
  } else {
    auto& elements = *here.array();
    elements.erase(elements.begin() + std::stol(std::string(key)));
  }
}

void set(json::Value& document, std::string_view path, json::Value value) {
  const auto [parent, key] = parent_of(path);
  json::Value& here = at(document, parent);
  if (json::Value* old = step(here, key)) {
    *old = std::move(value);
  } else {
    if (here.object() == nullptr) nothing_at(path);
    here.set(std::string(key), std::move(value));
  }
}

void change_base64(json::Value& document, std::string_view path, const ChangeBytes& change) {
  Bytes bytes = from_base64(text_at(document, path)).value();
  change(bytes);
  at(document, path) = to_base64(bytes);
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  const auto found = text.find(from);
  if (found == text.npos) nothing_at(from);
  text.replace(found, from.size(), to);
}

void flip_last(Bytes& bytes) { bytes.back() ^= 1U; }

json::Value object(json::Object members) { return json::Value(std::move(members)); }

std::string base64(std::string_view text) { return to_base64(bytes_of(text)); }

std::string pem_of_certificate(ByteView der) {
  const std::string text = to_base64(der);
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t from = 0; from < text.size(); from += 64) {
    out += cat(text.substr(from, 64), "\n");
  }
  return cat(out, "-----END CERTIFICATE-----\n");
}

}  // namespace sluice::test
