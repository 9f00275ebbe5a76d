// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/s3_xml.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kS3KeyMost = 1'024;
constexpr std::size_t kS3PageMost = 1'000;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6U));
    put(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12U));
    put(0x80 | ((code >> 6U) & 0x3FU));
    put(0x80 | (code & 0x3FU));
  } else {
    put(0xF0 | (code >> 18U));
    put(0x80 | ((code >> 12U) & 0x3FU));
    put(0x80 | ((code >> 6U) & 0x3FU));
    put(0x80 | (code & 0x3FU));
  }
}

bool is_xml_character(std::uint32_t code) {
  return code == 9 || code == 10 || code == 13 || (code >= 0x20 && code <= 0xD7FF) ||
         (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

class XmlReader {
 public:
  XmlReader(std::string_view text, const XmlLimits& limits) : rest_(text), limits_(limits) {}

  Result<XmlElement> document() {
    SLUICE_CHECK(declaration());
    blanks();
    SLUICE_TRY(XmlElement root, element(1));
    blanks();
    if (!rest_.empty()) return broken("something after its end");
    return root;
  }

 private:
  static std::unexpected<Error> broken(std::string_view why) {
    return fail(Errc::malformed, cat("not the XML of an object store: ", why));
  }
  bool take(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  bool blanks() {
    const std::size_t before = rest_.size();
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    return rest_.size() != before;
  }

  Result<void> declaration() {
    if (!take("<?xml")) return {};
    const auto end = rest_.find("?>");
    if (end == std::string_view::npos || end > 200 || rest_.substr(0, end).find('<') < end) {
      return broken("a broken declaration");
    }
    rest_.remove_prefix(end + 2);
    return {};
  }

  Result<std::string_view> name() {
    if (rest_.empty() || !starts_name(rest_.front())) return broken("a name is missing");
    const auto end = std::ranges::find_if_not(rest_, in_name);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    if (size > 100) return broken("a name that is too long");
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }

  Result<void> attributes() {
    for (;;) {
      const bool apart = blanks();
      if (rest_.empty() || rest_.front() == '>' || rest_.starts_with("/>")) return {};
      if (!apart) return broken("an attribute that stands too close");
      SLUICE_CHECK(name());
      if (!take("=")) return broken("an attribute without a value");
      const char quote = rest_.empty() ? '\0' : rest_.front();
      if (quote != '"' && quote != '\'') return broken("an attribute without quotes");
      const auto end = rest_.find(quote, 1);
      if (end == std::string_view::npos || rest_.substr(0, end).find('<') < end) {
        return broken("an attribute without an end");
      }
      rest_.remove_prefix(end + 1);
    }
  }

  Result<XmlElement> element(std::size_t depth) {
    if (depth > limits_.depth) return fail(Errc::limit, "XML that is nested too deeply");
    if (++elements_ > limits_.elements) return fail(Errc::limit, "XML with too many elements");
    if (!take("<")) return broken("an element is missing");
    XmlElement out;
    SLUICE_TRY(const auto opened, name());
    out.name = std::string(opened);
    SLUICE_CHECK(attributes());
    if (take("/>")) return out;
    if (!take(">")) return broken("an element without an end");
    SLUICE_CHECK(content(out, depth));
    SLUICE_TRY(const auto closed, name());
    if (closed != out.name) return broken("an element that ends as another one");
    blanks();
    if (!take(">")) return broken("an element without an end");
    return out;
  }

  // Up to and including "</".
  Result<void> content(XmlElement& out, std::size_t depth) {
    for (;;) {
      const auto stop = rest_.find_first_of("<&");
      if (stop == std::string_view::npos) return broken("it is cut short");
      out.text += rest_.substr(0, stop);
      rest_.remove_prefix(stop);
      if (take("&")) {
        SLUICE_CHECK(reference(out.text));
      } else if (take("</")) {
        return {};
      } else {
        SLUICE_TRY(auto child, element(depth + 1));
        out.children.push_back(std::move(child));
      }
    }
  }

  Result<void> reference(std::string& out) {
    const auto end = rest_.find(';');
    if (end == std::string_view::npos || end > 10) return broken("a broken reference");
    const auto what = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    constexpr std::array<std::pair<std::string_view, char>, 5> kNamed{
        {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
    for (const auto& [named, meant] : kNamed) {
      if (what == named) {
        out += meant;
        return {};
      }
    }
    const bool hex = what.starts_with("#x");
    const auto digits = what.substr(std::min<std::size_t>(what.size(), hex ? 2 : 1));
    std::uint32_t code = 0;
    const auto [stop, bad] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
    if (!what.starts_with('#') || digits.empty() || bad != std::errc() ||
        stop != digits.data() + digits.size() || !is_xml_character(code)) {
      return broken("a reference that means nothing");
    }
    append_utf8(out, code);
    return {};
  }

  std::string_view rest_;
  const XmlLimits& limits_;
  std::size_t elements_ = 0;
};

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

// Some stores write a blank as a plus.
Result<std::string> url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return fail(Errc::malformed, "a name that is encoded in a broken way");
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return out;
}

Result<S3Listing::Entry> listing_entry(const XmlElement& element, bool encoded) {
  const std::string size = element.text_of("Size");
  S3Listing::Entry out;
  out.key = element.text_of("Key");
  if (encoded) {
    SLUICE_TRY(out.key, url_decoded(out.key));
  }
  const auto [end, bad] = std::from_chars(size.data(), size.data() + size.size(), out.size);
  if (out.key.empty() || out.key.size() > kS3KeyMost || size.empty() || bad != std::errc() ||
      end != size.data() + size.size()) {
    return fail(Errc::malformed, "a listing with an entry that has no good name or size");
  }
  return out;
}

}  // namespace

const XmlElement* XmlElement::find(std::string_view wanted) const {
  const auto at = std::ranges::find(children, wanted, &XmlElement::name);
  return at == children.end() ? nullptr : &*at;
}

std::string XmlElement::text_of(std::string_view wanted) const {
  const XmlElement* found = find(wanted);
  return found == nullptr ? std::string() : found->text;
}

Result<XmlElement> parse_xml(std::string_view text, const XmlLimits& limits) {
  if (text.size() > limits.bytes) {
    return fail(Errc::limit, cat("an answer of more than ", human_bytes(limits.bytes)));
  }
  if (!is_utf8(text)) return fail(Errc::malformed, "an answer that is no UTF-8");
  return XmlReader(text, limits).document();
}

Result<S3Listing> parse_listing(std::string_view text) {
  SLUICE_TRY(const XmlElement root, parse_xml(text));
  if (root.name != "ListBucketResult") {
    return fail(Errc::malformed, cat("<", printable(root.name, 60), "> instead of a listing"));
  }
  const bool encoded = root.text_of("EncodingType") == "url";
  S3Listing out;
  for (const auto& child : root.children) {
    if (child.name != "Contents") continue;
    if (out.entries.size() == kS3PageMost) {
      return fail(Errc::limit, cat("a page of a listing with more than ", kS3PageMost, " entries"));
    }
    SLUICE_TRY(auto entry, listing_entry(child, encoded));
    out.entries.push_back(std::move(entry));
  }
  const std::string more = root.text_of("IsTruncated");
  if (more == "true") {
    out.next = root.text_of("NextContinuationToken");
    if (out.next->empty()) return fail(Errc::malformed, "a listing that goes on nowhere");
  } else if (more != "false") {
    return fail(Errc::malformed, "a listing that does not say whether it is all");
  }
  return out;
}

S3Error parse_s3_error(std::string_view text) {
  const auto root = parse_xml(text);
  if (!root || root->name != "Error") return {};
  return {printable(root->text_of("Code"), 80), printable(root->text_of("Message"), 300),
          printable(root->text_of("Region"), 60)};
}

}  // namespace sluice::tuf
