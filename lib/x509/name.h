// SPDX-License-Identifier: Apache-2.0
// Names in certificates: distinguished names, and the several kinds of general names. All of them
// are views of the certificate that they came from.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "x509/der.h"

namespace sluice::x509 {

// A distinguished name. Two are equal if their bytes are: issuers copy the subject of their own
// certificate, and anything cleverer would find equal what others find different.
class Name {
 public:
  [[nodiscard]] static Result<Name> read(DerReader& in);

  ByteView der() const { return der_; }
  bool empty() const { return der_.size() <= 2; }
  std::string text() const;  // for people: "O=sigstore.dev, CN=sigstore"
  // Its parts from the outermost on, each a whole set of attributes.
  std::vector<ByteView> parts() const;
  std::vector<std::string_view> emails() const;  // attributes of the kind emailAddress
  bool operator==(const Name& other) const { return equal(der_, other.der_); }

 private:
  explicit Name(ByteView der) : der_(der) {}
  ByteView der_;
};

// The alternatives of a GeneralName (RFC 5280 4.2.1.6), by their tag numbers.
enum class NameKind : std::uint8_t {
  other,
  email,
  dns,
  x400,
  directory,
  edi_party,
  uri,
  ip,
  registered_id
};
inline constexpr std::size_t kNameKinds = 9;
std::string_view name(NameKind kind);  // for people: "e-mail address"

struct GeneralName {
  NameKind kind;
  ByteView value;         // what is inside; a whole sequence for a directory name
  ByteView type_id = {};  // of an other name
  std::string_view text() const { return text_of(value); }
};
// The form of the tag and of other and directory names is checked, the rest is not.
[[nodiscard]] Result<GeneralName> read_general_name(DerReader& in);

// What RFC 5280 allows as a subject's name; NUL and everything else outside visible ASCII is
// malformed.
[[nodiscard]] Result<void> check_alternative_name(const GeneralName& name);
bool is_host_name(std::string_view text);  // letters, digits, "-", "_" in labels
std::string ip_text(ByteView address);     // of 4 or 16 bytes

// Text that people may see and rules compare: UTF-8 without control characters
// and marks that reverse it.
[[nodiscard]] Result<std::string> clean_text(ByteView bytes);

}  // namespace sluice::x509
