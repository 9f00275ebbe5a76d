// SPDX-License-Identifier: Apache-2.0
#include "admission/image.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::admission {

namespace {

constexpr std::size_t kMaxRepository = 255;
constexpr std::size_t kMaxTag = 128;

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_word(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// "web", "my-app", "a__b", "v1.2": lower case letters and digits, held together by one dot, one or
// two underscores, or any number of hyphens.
bool is_path_part(std::string_view part) {
  if (part.empty() || !is_lower(part.front()) || !is_lower(part.back())) return false;
  for (std::size_t i = 0; i < part.size();) {
    if (is_lower(part[i])) {
      ++i;
      continue;
    }
    const char joint = part[i];
    std::size_t end = i;
    while (end < part.size() && part[end] == joint) ++end;
    const std::size_t length = end - i;
    const bool good =
        joint == '-' || (joint == '.' && length == 1) || (joint == '_' && length <= 2);
    if (!good || end == part.size() || !is_lower(part[end])) return false;
    i = end;
  }
  return true;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    const std::string_view inside = host.substr(1, host.size() - 2);
    return host.ends_with(']') && !inside.empty() && std::ranges::all_of(inside, [](char c) {
             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
                    c == ':';
           });
  }
  const auto labels = split(host, '.');
  return std::ranges::all_of(labels, [](std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return (is_word(c) && c != '_') || c == '-'; });
  });
}

bool is_registry(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool bracketed = text.ends_with(']');
  if (colon == std::string_view::npos || bracketed) return is_host(text);
  return is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTag && is_word(tag.front()) &&
         std::ranges::all_of(tag, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// What comes before the first slash is a registry only if it looks like one: "a/b" is Docker Hub's.
bool names_registry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         std::ranges::any_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string full_repository(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return cat("docker.io/library/", name);
  const std::string_view first = name.substr(0, slash);
  if (!names_registry(first)) return cat("docker.io/", name);
  // Hosts are compared without regard to case; one that is only known by its capitals keeps them.
  std::string host = lower_ascii(first);
  if (!names_registry(host)) host = first;
  if (host == "index.docker.io") host = "docker.io";
  const std::string_view rest = name.substr(slash + 1);
  if (host == "docker.io" && rest.find('/') == std::string_view::npos) {
    return cat("docker.io/library/", rest);
  }
  return cat(host, "/", rest);
}

bool is_repository(std::string_view full) {
  const auto slash = full.find('/');
  if (slash == std::string_view::npos || full.size() > kMaxRepository) return false;
  const auto parts = split(full.substr(slash + 1), '/');
  return is_registry(full.substr(0, slash)) && std::ranges::all_of(parts, is_path_part);
}

// Cuts the tag off: a colon after the last slash.
std::string_view cut_tag(std::string_view& name) {
  const auto colon = name.rfind(':');
  const auto slash = name.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) {
    return {};
  }
  const std::string_view tag = name.substr(colon + 1);
  name = name.substr(0, colon);
  return tag;
}

}  // namespace

Result<ImageReference> parse_image(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return fail(Errc::malformed, cat("\"", printable(text, 200), "\" names no image: ", why));
  };
  if (text.empty()) return fail(Errc::malformed, "no image is named");
  if (text.size() > kMaxReference) return wrong("it is too long");
  ImageReference image;
  std::string_view name = text;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    name = text.substr(0, at);
    const std::string_view digest = text.substr(at + 1);
    if (!digest.starts_with("sha256:") && !digest.starts_with("sha512:")) {
      return fail(Errc::unsupported,
                  cat("the digest \"", printable(digest, 100), "\" is neither sha256 nor sha512"));
    }
    auto parsed = crypto::Digest::parse(digest);
    if (!parsed) return wrong(parsed.error().what);
    image.digest = *std::move(parsed);
  }
  const bool has_tag =
      name.find(':', name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/')) !=
      std::string_view::npos;
  image.tag = cut_tag(name);
  if (has_tag && !is_tag(image.tag)) return wrong("its tag is no tag");
  image.repository = full_repository(name);
  if (!is_repository(image.repository)) return wrong("its repository is no repository");
  return image;
}

bool same_repository(std::string_view resource, const ImageReference& image) {
  for (const std::string_view scheme : {"oci://", "docker://"}) {
    if (resource.starts_with(scheme)) {
      resource.remove_prefix(scheme.size());
      break;
    }
  }
  const auto parsed = parse_image(resource);
  return parsed && parsed->repository == image.repository;
}

}  // namespace sluice::admission
