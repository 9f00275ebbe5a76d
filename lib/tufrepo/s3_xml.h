// SPDX-License-Identifier: Apache-2.0
// The answers of object stores: XML of the kind that they write, and no other. Elements, attributes
// (which are read over), text, the five named references and numbers of characters. Refuses
// document types, processing instructions, comments, CDATA, text that is no UTF-8, and more than
// the bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::tuf {

struct XmlLimits {
  std::size_t bytes = 8U << 20;
  std::size_t depth = 8;
  std::size_t elements = 20'000;
};

struct XmlElement {
  std::string name;
  std::string text;  // of its own, references resolved
  std::vector<XmlElement> children;

  const XmlElement* find(std::string_view name) const;  // the first; nullptr: none
  std::string text_of(std::string_view name) const;     // empty: none
};
[[nodiscard]] Result<XmlElement> parse_xml(std::string_view text, const XmlLimits& limits = {});

// ListBucketResult of ListObjectsV2 with encoding-type=url; names are decoded.
struct S3Listing {
  struct Entry {
    std::string key;
    std::uint64_t size = 0;
  };
  std::vector<Entry> entries;
  std::optional<std::string> next;  // the continuation token; none: this was all
};
[[nodiscard]] Result<S3Listing> parse_listing(std::string_view text);

struct S3Error {
  std::string code;  // "NoSuchKey"; empty where the answer is no such document
  std::string message;
  std::string region;  // where the bucket is, if it said so
};
S3Error parse_s3_error(std::string_view text);

}  // namespace sluice::tuf
