// SPDX-License-Identifier: Apache-2.0
// The functions behind the table of ambient.cc; for this room alone.
#pragma once

#include "oidc/ambient.h"

namespace sluice::oidc::ambient {

struct Surroundings {
  const World& world;
  Http& http;
  const AmbientWish& wish;
  std::string_view title;  // of the row, for messages and for the token's origin

  std::optional<std::string> variable(const std::string& name) const {
    return world.environment.get(name);
  }
};

// A token as text from outside, blanks around it cut off; the text is wiped.
[[nodiscard]] Result<Token> take_token(std::string text, const Surroundings& here);
// The standard output of a program that prints one token. Its other output is told where it fails.
[[nodiscard]] Result<std::string> output_of(const Surroundings& here,
                                            std::vector<std::string> command,
                                            std::string_view advice);

[[nodiscard]] Result<Token> from_named_file(const Surroundings& here);
[[nodiscard]] Result<Token> from_variable(const Surroundings& here);
[[nodiscard]] Result<Token> from_file_in_variable(const Surroundings& here);
[[nodiscard]] Result<Token> from_github(const Surroundings& here);
[[nodiscard]] Result<Token> from_gitlab(const Surroundings& here);
[[nodiscard]] Result<Token> from_buildkite(const Surroundings& here);
[[nodiscard]] Result<Token> from_circleci(const Surroundings& here);
[[nodiscard]] Result<Token> from_azure(const Surroundings& here);
[[nodiscard]] Result<Token> from_spiffe(const Surroundings& here);
[[nodiscard]] Result<Token> from_google(const Surroundings& here);

}  // namespace sluice::oidc::ambient
