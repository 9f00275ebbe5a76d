// SPDX-License-Identifier: Apache-2.0
// Public keys as `gpg --export` writes them (RFC 4880 4.2, 5.5.2) and `gpg --with-colons` lists
// them: a master key and its subkeys.
//
// The numbers are read from the export; ids, expiry, and what gpg thinks of a key are its
// listing's. The two have to agree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "json/value.h"

namespace sluice::intoto {

struct GpgListed {
  bool master = false;
  std::string fingerprint = {};
  char validity = '-';  // 'r' revoked, 'e' expired, 'i' invalid, 'd' disabled, others are good
  std::uint64_t algorithm = 0;
  std::int64_t created = 0;
  std::optional<std::int64_t> expires = {};
  bool signs = false;
  bool usable() const;
};

// Of `gpg --with-colons --fingerprint --fingerprint`: "pub", "sub" and their "fpr" lines.
[[nodiscard]] Result<std::vector<GpgListed>> gpg_listing(std::string_view text);

// The key object of a layout, as python in-toto writes it. Of subkeys there are those that sign and
// are good. Errc::denied where the master key is revoked or expired, Errc::unsupported where it is
// neither RSA nor Ed25519.
[[nodiscard]] Result<json::Value> gpg_key_object(ByteView exported,
                                                 const std::vector<GpgListed>& listed);

}  // namespace sluice::intoto
