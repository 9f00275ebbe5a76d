// SPDX-License-Identifier: Apache-2.0
// From names that a repository chose to file names and URLs, with nothing in them that means
// something to either.
#pragma once

#include <string>
#include <string_view>

#include "tuf/metadata.h"

namespace sluice::tuf {

// All but RFC 3986's unreserved characters as %XX: "../role" is "..%2Frole".
std::string percent_encoded(std::string_view text);

// "ROLE.json" in a folder; a name that is too long for one is a hash.
std::string role_file(const RoleName& role);
// "7.ROLE.json", or "ROLE.json" where the version is none.
std::string role_url(const RoleName& role, std::optional<Version> version);
// "a/b/HASH.c" (TUF 6.2); the hash is left out where it is empty.
std::string target_url(std::string_view path, std::string_view hash);
std::string joined_url(std::string_view base, std::string_view path);

}  // namespace sluice::tuf
