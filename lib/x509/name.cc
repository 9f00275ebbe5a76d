// SPDX-License-Identifier: Apache-2.0
#include "x509/name.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "x509/oid.h"

namespace sluice::x509 {

namespace {

constexpr std::size_t kPartsMost = 64;
constexpr std::size_t kLabelMost = 63;
constexpr std::size_t kHostMost = 253;

struct AttributeName {
  Oid oid;
  std::string_view name;
};
constexpr std::array kAttributeNames{
    AttributeName{Oid("2.5.4.3"), "CN"},
    AttributeName{Oid("2.5.4.5"), "serialNumber"},
    AttributeName{Oid("2.5.4.6"), "C"},
    AttributeName{Oid("2.5.4.7"), "L"},
    AttributeName{Oid("2.5.4.8"), "ST"},
    AttributeName{Oid("2.5.4.9"), "street"},
    AttributeName{Oid("2.5.4.10"), "O"},
    AttributeName{Oid("2.5.4.11"), "OU"},
    AttributeName{Oid("2.5.4.17"), "postalCode"},
    AttributeName{oid::kEmailAddress, "emailAddress"},
    AttributeName{Oid("0.9.2342.19200300.100.1.25"), "DC"},
};

std::string attribute_name(ByteView oid) {
  for (const auto& known : kAttributeNames) {
    if (known.oid == oid) return std::string(known.name);
  }
  return dotted(oid);
}

struct Attribute {
  ByteView type;
  DerElement value;
};

Result<Attribute> read_attribute(DerReader& in) {
  SLUICE_TRY(DerReader inside, in.enter(tag::kSequence));
  SLUICE_TRY(const ByteView type, inside.oid());
  SLUICE_TRY(const DerElement value, inside.any());
  SLUICE_CHECK(inside.finish());
  return Attribute{type, value};
}

// Hands each attribute of the name to `use`; stops at what is malformed.
Result<void> for_each_attribute(ByteView der, auto use) {
  SLUICE_TRY(DerReader parts, enter_whole(der, tag::kSequence));
  for (std::size_t count = 0; !parts.done(); ++count) {
    if (count == kPartsMost) return fail(Errc::limit, "a name of too many parts");
    SLUICE_TRY(DerReader attributes, parts.enter(tag::kSet));
    if (attributes.done()) return fail(Errc::malformed, "an empty part of a name");
    while (!attributes.done()) {
      SLUICE_TRY(const Attribute attribute, read_attribute(attributes));
      use(attribute);
    }
  }
  return {};
}

bool is_shown_as_text(std::uint8_t tag) {
  return tag == tag::kUtf8 || tag == tag::kPrintable || tag == tag::kIa5 || tag == tag::kTeletex;
}

bool is_visible_ascii(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelMost && std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

bool is_mailbox(std::string_view text) {
  const auto at = text.find('@');
  return is_visible_ascii(text) && at != 0 && at != std::string_view::npos &&
         at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos;
}

bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (!is_visible_ascii(text) || colon == std::string_view::npos || colon + 1 == text.size()) {
    return false;
  }
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const std::string_view scheme = text.substr(0, colon);
  return !scheme.empty() && letter(scheme[0]) && std::ranges::all_of(scheme, [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

Result<GeneralName> read_other_name(ByteView content) {
  DerReader inside(content);
  SLUICE_TRY(const ByteView type, inside.oid());
  SLUICE_TRY(const ByteView value, inside.content(tag::constructed(0)));
  SLUICE_CHECK(inside.finish());
  return GeneralName{NameKind::other, value, type};
}

Result<GeneralName> read_directory_name(ByteView content) {
  DerReader inside(content);
  SLUICE_TRY(const Name name, Name::read(inside));
  SLUICE_CHECK(inside.finish());
  return GeneralName{NameKind::directory, name.der()};
}

}  // namespace

Result<Name> Name::read(DerReader& in) {
  SLUICE_TRY(const DerElement outer, in.element(tag::kSequence));
  SLUICE_CHECK(for_each_attribute(outer.whole, [](const Attribute&) {}));
  return Name(outer.whole);
}

std::string Name::text() const {
  std::vector<std::string> parts;
  // It was read before, and reads again.
  static_cast<void>(for_each_attribute(der_, [&](const Attribute& attribute) {
    const std::string value = is_shown_as_text(attribute.value.tag)
                                  ? printable(text_of(attribute.value.content), 200)
                                  : printable(cat("#", to_hex(attribute.value.whole)), 200);
    parts.push_back(cat(attribute_name(attribute.type), "=", value));
  }));
  return parts.empty() ? "(no name)" : join(parts, ", ");
}

std::vector<ByteView> Name::parts() const {
  std::vector<ByteView> out;
  auto parts = enter_whole(der_, tag::kSequence);
  while (parts && !parts->done()) {
    const auto part = parts->element(tag::kSet);
    if (!part) break;
    out.push_back(part->whole);
  }
  return out;
}

std::vector<std::string_view> Name::emails() const {
  std::vector<std::string_view> out;
  static_cast<void>(for_each_attribute(der_, [&](const Attribute& attribute) {
    if (oid::kEmailAddress == attribute.type) out.push_back(text_of(attribute.value.content));
  }));
  return out;
}

std::string_view name(NameKind kind) {
  constexpr std::array<std::string_view, kNameKinds> kNames{
      "other name",    "e-mail address", "DNS name",
      "X.400 address", "directory name", "EDI party name",
      "URI",           "IP address",     "registered id"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Result<GeneralName> read_general_name(DerReader& in) {
  SLUICE_TRY(const DerElement found, in.any());
  const unsigned number = found.tag & 0x1fU;
  if ((found.tag & 0xc0U) != 0x80 || number >= kNameKinds) {
    return fail(Errc::malformed, "a name of no known kind");
  }
  const auto kind = static_cast<NameKind>(number);
  const bool nested = kind == NameKind::other || kind == NameKind::x400 ||
                      kind == NameKind::directory || kind == NameKind::edi_party;
  if (((found.tag & 0x20U) != 0) != nested) {
    return fail(Errc::malformed, cat("a ", name(kind), " that is not written as one"));
  }
  if (kind == NameKind::other) return read_other_name(found.content);
  if (kind == NameKind::directory) return read_directory_name(found.content);
  return GeneralName{kind, found.content};
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > kHostMost) return false;
  const auto labels = split(text, '.');
  return std::ranges::all_of(labels, is_label);
}

Result<void> check_alternative_name(const GeneralName& given) {
  const std::string_view text = given.text();
  const auto holds = [&] {
    switch (given.kind) {
      case NameKind::email:
        return is_mailbox(text);
      case NameKind::dns:
        return is_host_name(text.starts_with("*.") ? text.substr(2) : text);
      case NameKind::uri:
        return is_uri(text);
      case NameKind::ip:
        return text.size() == 4 || text.size() == 16;
      default:
        return true;
    }
  };
  if (holds()) return {};
  const std::string found = given.kind == NameKind::ip ? to_hex(given.value) : std::string(text);
  return fail(Errc::malformed, cat("\"", printable(found, 100), "\" is no ", name(given.kind)));
}

std::string ip_text(ByteView address) {
  std::vector<std::string> parts;
  if (address.size() == 4) {
    for (const std::uint8_t byte : address) parts.push_back(std::to_string(byte));
    return join(parts, ".");
  }
  for (std::size_t at = 0; at + 1 < address.size(); at += 2) {
    parts.push_back(to_hex(address.subspan(at, 2)));
  }
  return join(parts, ":");
}

Result<std::string> clean_text(ByteView bytes) {
  const std::string_view text = text_of(bytes);
  // What would have to be escaped for people is not there to begin with.
  if (printable(text, text.size() + 1) != text) {
    return fail(Errc::malformed,
                cat("\"", printable(text, 100), "\" has control characters, or is no UTF-8"));
  }
  return std::string(text);
}

}  // namespace sluice::x509
