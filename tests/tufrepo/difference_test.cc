// SPDX-License-Identifier: Apache-2.0
// Nothing can be signed unseen: of every single edit of a file the difference tells, in words that
// are those of no other edit, or it is refused.
#include "tufrepo/difference.h"

#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "support/tufrepo/single_edits.h"
#include "support/tufrepo/work_folder.h"
#include "tufrepo/form.h"
#include "tufrepo/repository.h"
#include "tufrepo/word.h"

namespace sluice::tuf {
namespace {

using test::SingleEdit;
using test::WorkFolder;

json::Value signed_part(const Draft& draft) {
  return json::parse_strict(draft.signed_text().value()).value();
}

Result<Draft> draft_of(const json::Value& part) {
  return Draft::parse(cat(R"({"signatures":[],"signed":)", json::write(part), "}"));
}

// What a person is shown; nothing where it is refused before that.
std::optional<std::string> told(const Draft& before, const json::Value& edited,
                                Shown shown = Shown::whole) {
  const auto after = draft_of(edited);
  if (!after || !after->message() || after->type() != before.type()) return std::nullopt;
  if (after->type() == RoleType::root && !parse_root(after->signed_text().value(), {})) {
    return std::nullopt;
  }
  const auto defects = defects_of_form(&before, *after, {});
  EXPECT_TRUE(defects);
  if (!defects || !defects->empty()) return std::nullopt;
  std::string out = cat("version ", after->version(), "\n");
  const auto changes = difference(&before, *after, nullptr);
  EXPECT_TRUE(changes);
  for (const auto& change : *changes) out += cat(change.text(shown), "\n");
  return out;
}

class DifferenceOfSingleEdits : public testing::Test {
 protected:
  // Every edit that is not refused reads unlike every other one. How many those are.
  static std::size_t expect_all_told(const json::Value& document) {
    const auto before = draft_of(document);
    EXPECT_TRUE(before);
    if (!before) return 0;
    std::map<std::string, std::pair<std::string, std::string>> known;  // to the message, and what
    known[*told(*before, document)] = {before->message().value(), "nothing"};
    std::size_t out = 0;
    for (const auto& edit : test::single_edits(document)) {
      const auto text = told(*before, edit.document);
      if (!text) continue;
      ++out;
      const std::string message = draft_of(edit.document)->message().value();
      const auto [at, fresh] = known.try_emplace(*text, message, edit.what);
      EXPECT_TRUE(fresh || at->second.first == message)
          << edit.what << "\nreads like: " << at->second.second << "\n"
          << *text;
    }
    return out;
  }
  json::Value root() {
    Draft draft = Draft::fresh(RoleType::root);
    draft.set_expires(work.clock.now());
    json::Value keys{json::Object{}};
    json::Value roles{json::Object{}};
    const auto plan = work.plan();
    for (const auto type :
         {RoleType::root, RoleType::timestamp, RoleType::snapshot, RoleType::targets}) {
      const auto& set = plan.roles[static_cast<std::size_t>(type)];
      put_keys(keys, set);
      roles.set(std::string(name(type)), key_set_json(set));
    }
    keys.set("identity", identity_key("ann@example.org", "https://example.org").value().json());
    auto owned = work.key("ann").json();
    owned.set("x-owner", "@ann");
    keys.set(work.key("ann").keyid.str(), std::move(owned));
    member_in(roles, "root")->set("x-period", 7);
    draft.head().set("consistent_snapshot", true);
    draft.head().set("keys", std::move(keys));
    draft.head().set("roles", std::move(roles));
    draft.head().set("x-note", json::Object{{"a", json::Array{json::Value(1)}}});
    return signed_part(draft);
  }
  json::Value targets(json::Value delegations) {
    Draft draft = Draft::fresh(RoleType::targets);
    draft.set_expires(work.clock.now());
    delegations.set("keys", json::Value(json::Object{}));
    put_keys(*member_in(delegations, "keys"), work.keys({"ann", "ben"}));
    draft.head().set("delegations", std::move(delegations));
    const auto hash = [](crypto::HashAlgorithm algorithm) {
      return crypto::digest_of(algorithm, bytes_of("x")).hex();
    };
    draft.put("a/b.txt", cat(R"({"hashes":{"sha256":")", hash(crypto::HashAlgorithm::sha256),
                             R"("},"length":1})"));
    draft.put("c.txt", cat(R"({"custom":{"n":1},"hashes":{"sha256":")",
                           hash(crypto::HashAlgorithm::sha256), R"(","sha512":")",
                           hash(crypto::HashAlgorithm::sha512), R"("},"length":2000,"x":[]})"));
    return signed_part(draft);
  }
  json::Value delegation(const std::string& role, const std::string& kind,
                         const std::string& pattern) {
    json::Value out = key_set_json(work.keys({"ann", "ben"}));
    out.set("name", role);
    out.set("terminating", false);
    out.set(kind, json::Array{json::Value(pattern)});
    return out;
  }

  WorkFolder work;
};

TEST_F(DifferenceOfSingleEdits, OfARootAreAllTold) { EXPECT_GT(expect_all_told(root()), 300U); }

TEST_F(DifferenceOfSingleEdits, OfTargetsWithDelegationsAreAllTold) {
  json::Value delegations{json::Object{}};
  delegations.set("roles", json::Array{delegation("libs", "paths", "libs/*"),
                                       delegation("bin-0", "path_hash_prefixes", "0a")});
  EXPECT_GT(expect_all_told(targets(std::move(delegations))), 300U);
}

TEST_F(DifferenceOfSingleEdits, OfTargetsWithBinsAreAllTold) {
  json::Value delegations{json::Object{}};
  json::Value bins = key_set_json(work.keys({"ann", "ben"}));
  bins.set("bit_length", 3);
  bins.set("name_prefix", "bins");
  delegations.set("succinct_roles", std::move(bins));
  EXPECT_GT(expect_all_told(targets(std::move(delegations))), 200U);
}

TEST_F(DifferenceOfSingleEdits, OfTargetsWithoutDelegationsAreAllTold) {
  Draft draft = Draft::fresh(RoleType::targets);
  draft.set_expires(work.clock.now());
  EXPECT_GT(expect_all_told(signed_part(draft)), 50U);
}

}  // namespace
}  // namespace sluice::tuf
