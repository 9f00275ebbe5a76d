// SPDX-License-Identifier: Apache-2.0
// GitHub's API, as far as a gate needs it: one comment on a pull request, kept up to date.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/http.h"

namespace sluice::forge {

struct PullRequest {
  std::string api;         // "https://api.github.com"
  std::string repository;  // "owner/name"
  std::int64_t number = 0;
  std::shared_ptr<const SecretBytes> token = {};
};

enum class Comment : std::uint8_t { created, updated, unchanged };
std::string_view name(Comment done);

// GitHub takes 65,536 characters; what is longer is cut at a line end, and says so.
inline constexpr std::size_t kMaxComment = 60'000;

// Writes the comment that begins with the marker (an HTML comment on a line of its own), or brings
// it up to date: however often it is called, there is one. Only a comment of a program or of
// somebody who may write to the repository is taken for ours; others may have copied the marker.
// Errc::denied: the token may not comment, which is so for forks.
[[nodiscard]] Result<Comment> put_comment(Http& http, const PullRequest& pull,
                                          std::string_view marker, std::string_view text);

}  // namespace sluice::forge
