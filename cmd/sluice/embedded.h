// SPDX-License-Identifier: Apache-2.0
// Files of this repository that the program carries (cmake/Embed.cmake).
#pragma once

#include <string_view>

namespace sluice::embedded {

// integrations/github
extern const std::string_view kGithubGate;
extern const std::string_view kGithubSign;
extern const std::string_view kGithubSignByActions;

// integrations/gitlab
extern const std::string_view kGitlabGate;
extern const std::string_view kGitlabSign;
extern const std::string_view kGitlabAttest;
extern const std::string_view kGitlabVerify;

}  // namespace sluice::embedded
