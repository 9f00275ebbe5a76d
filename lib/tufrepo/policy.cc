// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/policy.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "json/value.h"
#include "yaml/fields.h"

namespace sluice::tuf {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kPolicyKind = "sluice.tuf-repo/v1";
constexpr std::string_view kDelegated = "delegated";
constexpr std::size_t kMaxOnline = 16;
constexpr std::int64_t kLongestPeriod = 36'600;  // days: a hundred years

struct DefaultPeriod {
  std::string_view role;
  days length;
};
constexpr std::array kDefaultPeriods{
    DefaultPeriod{"root", days(365)}, DefaultPeriod{"targets", days(90)},
    DefaultPeriod{"snapshot", days(7)}, DefaultPeriod{"timestamp", days(1)}};

seconds default_period(std::string_view role) {
  for (const auto& each : kDefaultPeriods) {
    if (each.role == role) return each.length;
  }
  return days(90);
}

Result<seconds> period_field(const yaml::Fields& fields, std::string_view key) {
  SLUICE_TRY(const auto text, fields.string(key));
  auto period = parse_period(text);
  if (!period) {
    SLUICE_TRY(const auto at, fields.at(key));
    return at.refuse(period.error().what);
  }
  return *period;
}

Result<RolePolicy> role_policy(const yaml::Fields& fields, std::string_view role) {
  SLUICE_CHECK(fields.only({"expires", "renew", "online"}));
  RolePolicy out{.expires = default_period(role)};
  if (fields.has("expires")) {
    SLUICE_TRY(out.expires, period_field(fields, "expires"));
  }
  out.renew = out.expires / 2;
  if (fields.has("renew")) {
    SLUICE_TRY(out.renew, period_field(fields, "renew"));
    if (out.renew >= out.expires) {
      SLUICE_TRY(const auto at, fields.at("renew"));
      return at.refuse("renew is not shorter than expires: every run would sign anew");
    }
  }
  const auto* online = fields.optional("online");
  if (online == nullptr) return out;
  if (online->kind == yaml::Node::Kind::sequence) {
    SLUICE_TRY(const auto list, fields.sequence("online", kMaxOnline));
    for (const auto& each : list) {
      SLUICE_TRY(out.online.emplace_back(), each.as_string());
    }
    return out;
  }
  SLUICE_TRY(out.online.emplace_back(), fields.string("online"));
  return out;
}

std::string quoted_scalar(const std::string& text) { return json::write(json::Value(text)); }

}  // namespace

RolePolicy RepoPolicy::of(const RoleName& role) const {
  if (const auto at = roles.find(role.str()); at != roles.end()) return at->second;
  if (!is_top_level(role.str())) {
    if (const auto at = roles.find(kDelegated); at != roles.end()) return at->second;
  }
  const auto period = default_period(role.str());
  return {.expires = period, .renew = period / 2, .online = {}};
}

Result<seconds> parse_period(std::string_view text) {
  std::int64_t count = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  std::optional<seconds> one;
  if (unit.empty() || unit == "d") one = days(1);
  if (unit == "h") one = hours(1);
  if (unit == "m") one = minutes(1);
  if (error != std::errc() || !one || count < 1 || count > seconds(days(kLongestPeriod)) / *one) {
    return fail(Error{Errc::usage, cat("\"", printable(text, 40), "\" is no period")}.advise(
        "say 90d, 12h or 30m"));
  }
  return *one * count;
}

std::string period_text(seconds period) {
  if (period % days(1) == seconds(0)) return cat(period / days(1), "d");
  if (period % hours(1) == seconds(0)) return cat(period / hours(1), "h");
  return cat(period / minutes(1), "m");
}

Result<RepoPolicy> parse_policy(std::string_view text, std::string_view file) {
  SLUICE_TRY(const auto node, yaml::parse(text, file));
  const yaml::Fields fields(node, std::string(file));
  SLUICE_CHECK(fields.only({"kind", "hashes", "roles", "targets", "publish"}));
  SLUICE_TRY(const auto kind, fields.string("kind"));
  if (kind != kPolicyKind) {
    SLUICE_TRY(const auto at, fields.at("kind"));
    return at.refuse(cat("this is no ", kPolicyKind));
  }
  RepoPolicy out;
  if (fields.has("hashes")) {
    out.hashes.clear();
    SLUICE_TRY(const auto list, fields.sequence("hashes", 2));
    for (const auto& each : list) {
      SLUICE_TRY(const auto word, each.as_choice("hash", {"sha256", "sha512"}));
      out.hashes.push_back(word == "sha256" ? crypto::HashAlgorithm::sha256
                                            : crypto::HashAlgorithm::sha512);
    }
    if (out.hashes.empty()) return fields.refuse("no hash at all");
  }
  if (fields.has("roles")) {
    SLUICE_TRY(const auto roles, fields.mapping("roles"));
    for (const auto& member : roles.node().members) {
      SLUICE_TRY(const auto role, roles.mapping(member.key));
      SLUICE_TRY(out.roles[member.key], role_policy(role, member.key));
    }
  }
  if (fields.has("targets")) {
    SLUICE_TRY(const auto where, fields.choice("targets", "place", {"here", "elsewhere"}));
    out.targets_here = where == "here";
  }
  if (fields.has("publish")) {
    SLUICE_TRY(const auto publish, fields.mapping("publish"));
    SLUICE_CHECK(publish.only({"to", "single-writer"}));
    SLUICE_TRY(out.publish_to, publish.string("to"));
    if (publish.has("single-writer")) {
      SLUICE_TRY(out.single_writer, publish.boolean("single-writer"));
    }
  }
  return out;
}

Result<std::string> write_policy(const RepoPolicy& policy) {
  std::string out = cat(
      "# How this repository is kept: sluice tuf reads this file, clients never see it.\nkind: ",
      kPolicyKind, "\nhashes: [");
  for (const auto each : policy.hashes) {
    out += cat(out.ends_with('[') ? "" : ", ", crypto::name(each));
  }
  out +=
      "]\n# expires: how long a new version is good. online: whose key signs without a person.\n"
      "roles:\n";
  for (const auto& [role, of] : policy.roles) {
    out += cat("  ", quoted_scalar(role), ": {expires: ", period_text(of.expires));
    if (of.renew != of.expires / 2) out += cat(", renew: ", period_text(of.renew));
    if (!of.online.empty()) {
      out += ", online: [";
      for (const auto& each : of.online) {
        out += cat(out.ends_with('[') ? "" : ", ", quoted_scalar(each));
      }
      out += "]";
    }
    out += "}\n";
  }
  if (!policy.targets_here) out += "targets: elsewhere\n";
  if (!policy.publish_to.empty()) {
    out += cat("publish: {to: ", quoted_scalar(policy.publish_to),
               policy.single_writer ? ", single-writer: true" : "", "}\n");
  }
  // What cannot be read again must not be written.
  SLUICE_CHECK(within(parse_policy(out, kPolicyFile), "writing the policy"));
  return out;
}

}  // namespace sluice::tuf
