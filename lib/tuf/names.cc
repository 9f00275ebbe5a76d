// SPDX-License-Identifier: Apache-2.0
#include "tuf/names.h"

#include "base/text.h"
#include "tuf/targets.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kLongestFileName = 200;

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encoded_but(std::string_view text, std::string_view kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace

std::string percent_encoded(std::string_view text) { return encoded_but(text, ""); }

std::string role_file(const RoleName& role) {
  std::string name = percent_encoded(role.str());
  if (name.size() > kLongestFileName) name = cat("long-", path_hash(role.str()));
  return name + ".json";
}

std::string role_url(const RoleName& role, std::optional<Version> version) {
  const std::string name = percent_encoded(role.str()) + ".json";
  return version ? cat(*version, ".", name) : name;
}

std::string target_url(std::string_view path, std::string_view hash) {
  const auto slash = path.rfind('/');
  const std::size_t base = slash == std::string_view::npos ? 0 : slash + 1;
  constexpr std::string_view kKept = "/!$&'()*+,;=:@";
  return cat(encoded_but(path.substr(0, base), kKept), hash, hash.empty() ? "" : ".",
             encoded_but(path.substr(base), kKept));
}

std::string joined_url(std::string_view base, std::string_view path) {
  return cat(base, base.ends_with('/') ? "" : "/", path);
}

}  // namespace sluice::tuf
