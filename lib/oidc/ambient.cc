// SPDX-License-Identifier: Apache-2.0
#include "oidc/ambient.h"

#include <array>

#include "base/text.h"
#include "oidc/ambient_parts.h"

namespace sluice::oidc {

namespace {

using ambient::Surroundings;

bool is_set(const World& world, const std::string& name) {
  return world.environment.get(name).has_value();
}

// CI systems write "true"; an empty text counts as unset, "false" as what it says.
bool is_true(const World& world, const std::string& name) {
  const auto value = world.environment.get(name);
  return value && *value != "false" && *value != "0";
}

bool on_google(const World& world, const AmbientWish& wish) {
  if (is_set(world, "GCE_METADATA_HOST")) return true;
  const auto product = world.files.read_plain(wish.product_name, 4096, Links::followed);
  if (!product) return false;
  const auto name = trim(*product);
  return name == "Google" || name == "Google Compute Engine";
}

struct Row {
  Ambient kind;
  bool (*here)(const World& world, const AmbientWish& wish);
  Result<Token> (*fetch)(const Surroundings& here);
};

constexpr std::array kRows{
    Row{{"file", "the token's file"},
        [](const World&, const AmbientWish& wish) { return !wish.token_file.empty(); },
        ambient::from_named_file},
    Row{{"variable", "SIGSTORE_ID_TOKEN"},
        [](const World& world, const AmbientWish&) { return is_set(world, "SIGSTORE_ID_TOKEN"); },
        ambient::from_variable},
    Row{{"jenkins", "SIGSTORE_ID_TOKEN_FILE"},
        [](const World& world, const AmbientWish&) {
          return is_set(world, "SIGSTORE_ID_TOKEN_FILE");
        },
        ambient::from_file_in_variable},
    Row{{"github", "GitHub Actions"},
        [](const World& world, const AmbientWish&) { return is_true(world, "GITHUB_ACTIONS"); },
        ambient::from_github},
    Row{{"gitlab", "GitLab CI"},
        [](const World& world, const AmbientWish&) { return is_true(world, "GITLAB_CI"); },
        ambient::from_gitlab},
    Row{{"buildkite", "Buildkite"},
        [](const World& world, const AmbientWish&) { return is_true(world, "BUILDKITE"); },
        ambient::from_buildkite},
    Row{{"circleci", "CircleCI"},
        [](const World& world, const AmbientWish&) { return is_true(world, "CIRCLECI"); },
        ambient::from_circleci},
    Row{{"azure", "Azure DevOps"},
        [](const World& world, const AmbientWish&) {
          return is_set(world, "SYSTEM_OIDCREQUESTURI");
        },
        ambient::from_azure},
    Row{{"spiffe", "SPIFFE"},
        [](const World& world, const AmbientWish&) {
          return is_set(world, "SPIFFE_ENDPOINT_SOCKET");
        },
        ambient::from_spiffe},
    Row{{"google", "Google Cloud"}, on_google, ambient::from_google},
};

constexpr auto kKinds = [] {
  std::array<Ambient, kRows.size()> kinds{};
  for (std::size_t i = 0; i < kRows.size(); ++i) kinds.at(i) = kRows.at(i).kind;
  return kinds;
}();

const Row* row_here(const World& world, const AmbientWish& wish) {
  for (const Row& row : kRows) {
    if (row.here(world, wish)) return &row;
  }
  return nullptr;
}

}  // namespace

std::span<const Ambient> ambient_kinds() { return kKinds; }

std::optional<Ambient> detect_ambient(const World& world, const AmbientWish& wish) {
  const Row* row = row_here(world, wish);
  return row == nullptr ? std::nullopt : std::optional(row->kind);
}

Result<std::optional<Token>> ambient_token(const World& world, Http& http,
                                           const AmbientWish& wish) {
  const Row* row = row_here(world, wish);
  if (row == nullptr) return std::nullopt;
  SLUICE_TRY(auto token, within(row->fetch({world, http, wish, row->kind.title}),
                                cat("getting an identity token from ", row->kind.title)));
  return token;
}

}  // namespace sluice::oidc
