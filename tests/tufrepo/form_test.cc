// SPDX-License-Identifier: Apache-2.0
// What clients of others refuse, and its smallest neighbours that they read.
#include "tufrepo/form.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;
using Edit = std::function<void(json::Value& head)>;

json::Value& at(json::Value& value, const std::string& path) {
  json::Value* out = &value;
  for (const auto part : split(path, '/')) out = member_in(*out, part);
  return *out;
}

void erase(json::Value& object, std::string_view key) {
  std::erase_if(*object.object(), [&](const json::Member& each) { return each.first == key; });
}

class Form : public testing::Test {
 protected:
  Form() {
    work.init();
    work.add("app.txt", "hello");
    work.change([&](Repository& r) {
      return delegate_paths(
          r, {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"ann"})},
          work.clock.now());
    });
    EXPECT_EQ(work.problem, "");
    auto repository = work.open();
    root = (*repository.latest(RoleName("root")))->head();
    targets = (*repository.latest(RoleName("targets")))->head();
  }
  Draft draft_of(const json::Value& head, const std::string& entries) const {
    json::Value part = head;
    if (!entries.empty()) part.set("targets", json::parse_strict(entries).value());
    return Draft::parse(cat(R"({"signatures":[],"signed":)", json::write(part), "}")).value();
  }
  static std::string defects(const Draft* before, const Draft& after,
                             std::vector<const Draft*> known = {}) {
    const auto found = defects_of_form(before, after, {.foreign = {}, .known = std::move(known)});
    EXPECT_TRUE(found);
    return found ? join(*found, "; ") : "";
  }
  // Of a first version, in which all is new.
  std::string of_root(const Edit& edit) { return of(root, edit, ""); }
  std::string of_targets(const Edit& edit) { return of(targets, edit, "{}"); }
  std::string of_entry(const std::string& entry) {
    return of(targets, [](json::Value&) {}, cat(R"({"a b":)", entry, "}"));
  }
  std::string of(json::Value head, const Edit& edit, const std::string& entries) {
    edit(head);
    const Draft after = draft_of(head, entries);
    const std::string out = defects(nullptr, after);
    // The same as it was published is no defect, wherever it is.
    EXPECT_EQ(defects(&after, after), "");
    return out;
  }
  std::string keyid(const std::string& person) { return work.key(person).keyid.str(); }

  WorkFolder work;
  json::Value root;
  json::Value targets;
};

TEST_F(Form, WhatSluiceMakesHasIt) {
  EXPECT_EQ(of_root([](json::Value&) {}), "");
  EXPECT_EQ(of_targets([](json::Value&) {}), "");
}

TEST_F(Form, WhatNobodyKnowsIsNoDefect) {
  EXPECT_EQ(of_root([&](json::Value& head) {
              head.set("x-note", json::Array{});
              at(head, "roles/root").set("name", "root");
              head.set("delegations", json::Object{});
            }),
            "");
  EXPECT_EQ(of_targets([&](json::Value& head) {
              head.set("roles", "x");
              at(head, "delegations").set("x-note", 1);
              at(head, "delegations/roles").array()->front().set("x-note", 1);
            }),
            "");
}

TEST_F(Form, ExpiresIsWrittenInOneWay) {
  const auto with = [&](const std::string& text) {
    return of_targets([&](json::Value& head) { head.set("expires", text); });
  };
  EXPECT_EQ(with("2030-01-01T00:00:00Z"), "");
  EXPECT_EQ(with("2030-01-01T00:00:00.5Z"),
            R"("expires" is "2030-01-01T00:00:00.5Z", not in the form 2030-01-01T00:00:00Z)");
  for (const std::string other : {"2030-01-01T00:00:00+00:00", "2030-01-01t00:00:00Z",
                                  "2030-01-01T00:00:00z", "2030-01-01T01:00:00+01:00"}) {
    EXPECT_TRUE(with(other).starts_with("\"expires\" is ")) << other;
  }
}

TEST_F(Form, SpecVersionHasThreeNumbers) {
  const auto with = [&](const json::Value& value) {
    return of_root([&](json::Value& head) { head.set("spec_version", value); });
  };
  for (const std::string good : {"1.0.0", "1.0.31", "1.1.999999999"}) EXPECT_EQ(with(good), "");
  EXPECT_EQ(with("1"), R"("spec_version" is "1", not in the form 1.0.31)");
  for (const json::Value& bad :
       std::vector<json::Value>{"1.0", "1.0.31-x", "1.0.", "1..0", "01.0.0", "2.0.0", "1.0.31.0",
                                "1.0.+1", "1.0.0000000000", "", 1, nullptr}) {
    EXPECT_TRUE(with(bad).starts_with("\"spec_version\" is ")) << json::write(bad);
  }
  EXPECT_EQ(of_root([](json::Value& head) { erase(head, "spec_version"); }),
            "\"spec_version\" is missing, not in the form 1.0.31");
}

TEST_F(Form, ARootHasItsFourRolesAndNoOther) {
  for (const json::Value& value : std::vector<json::Value>{
           "x", json::Object{{"keyids", json::Array{}}}, json::Object{}, nullptr}) {
    EXPECT_EQ(of_root([&](json::Value& head) { at(head, "roles").set("mirrors", value); }),
              "\"roles\" has mirrors, which is none of root, timestamp, snapshot and targets");
  }
  EXPECT_EQ(of_root([&](json::Value& head) { erase(at(head, "roles/root"), "keyids"); }),
            "the role root has no \"keyids\"");
  EXPECT_EQ(of_root([](json::Value& head) { erase(head, "consistent_snapshot"); }),
            "\"consistent_snapshot\" is missing");
}

TEST_F(Form, KeysAreOfKindsThatAreKnown) {
  const auto with = [&](const json::Value& key) {
    return of_root([&](json::Value& head) { at(head, "keys").set("zz", key); });
  };
  EXPECT_EQ(with(json::Object{{"keytype", "x"}, {"scheme", "y"}, {"keyval", json::Object{}}}),
            "the key zz: clients cannot read it: unsupported: keytype x, scheme y");
  EXPECT_EQ(with(json::Object{{"keytype", "ed25519"},
                              {"scheme", "ed25519"},
                              {"keyval", json::Object{{"public", "abc"}}}})
                .substr(0, 36),
            "the key zz: clients cannot read it: ");
  EXPECT_TRUE(with("x").starts_with("the key zz: "));
  EXPECT_EQ(of_targets([&](json::Value& head) {
              at(head, "delegations/keys")
                  .set("zz",
                       json::Object{{"keytype", "x"}, {"scheme", "y"}, {"keyval", json::Object{}}});
            }),
            "the key zz: clients cannot read it: unsupported: keytype x, scheme y");
  // Identities are known (TAP 18), whoever reads this or not.
  const auto ann = identity_key("ann@example.org", "https://accounts.example.org").value();
  EXPECT_EQ(of_root([&](json::Value& head) { at(head, "keys").set(ann.keyid.str(), ann.json()); }),
            "");
}

TEST_F(Form, KeysStandUnderTheirOwnKeyids) {
  const auto dora = work.key("dora");
  const auto with = [&](const std::string& id, const json::Value& key) {
    return of_targets([&](json::Value& head) { at(head, "delegations/keys").set(id, key); });
  };
  EXPECT_EQ(with(dora.keyid.str(), dora.json()), "");
  EXPECT_EQ(with("dora", dora.json()), cat("the key dora: its own keyid is ", dora.keyid.str(),
                                           ", and another key could stand there next time"));
  // One that was made over all members, as they were once.
  json::Value old = dora.json();
  old.set("keyid_hash_algorithms", json::Array{json::Value("sha256"), json::Value("sha512")});
  const auto over_all =
      crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(json::canonical_olpc(old).value()));
  EXPECT_EQ(with(over_all.hex(), old), "");
  EXPECT_EQ(with(dora.keyid.str(), old), "");
  EXPECT_NE(with(over_all.hex(), dora.json()), "");
}

TEST_F(Form, AKeyThatRootListsUnderAnotherKeyidMayBeListedSoElsewhere) {
  json::Value imported = root;
  at(imported, "keys").set("dora", work.key("dora").json());
  const Draft published = draft_of(imported, "");
  json::Value head = targets;
  at(head, "delegations/keys").set("dora", work.key("dora").json());
  EXPECT_EQ(defects(nullptr, draft_of(head, "{}"), {&published, nullptr}), "");
  at(head, "delegations/keys").set("dora", work.key("mallory").json());
  EXPECT_NE(defects(nullptr, draft_of(head, "{}"), {&published, nullptr}), "");
  // Nor does it become another one where it is.
  at(imported, "keys").set("dora", work.key("mallory").json());
  EXPECT_NE(defects(&published, draft_of(imported, "")), "");
}

TEST_F(Form, KeyidsInUseAreListed) {
  EXPECT_EQ(
      of_root([&](json::Value& head) { erase(at(head, "keys"), keyid("carla")); }),
      cat("the role targets has the keyid ", keyid("carla"), ", under which no key is listed"));
  EXPECT_EQ(
      of_targets([&](json::Value& head) { erase(at(head, "delegations/keys"), keyid("ann")); }),
      cat("the role libs has the keyid ", keyid("ann"), ", under which no key is listed"));
}

TEST_F(Form, DelegationsAreWhole) {
  EXPECT_TRUE(of_targets([](json::Value& head) {
                head.set("delegations", json::Object{});
              }).starts_with("\"delegations\" cannot be read: "));
  EXPECT_EQ(of_targets([](json::Value& head) {
              head.set("delegations", json::Object{{"roles", json::Array{}}});
            }),
            "\"delegations\" has no \"keys\"");
  EXPECT_EQ(of_targets([](json::Value& head) {
              head.set("delegations",
                       json::Object{{"keys", json::Object{}}, {"roles", json::Array{}}});
            }),
            "");
  const auto with = [&](const std::function<void(json::Value & role)>& edit) {
    return of_targets(
        [&](json::Value& head) { edit(at(head, "delegations/roles").array()->front()); });
  };
  EXPECT_EQ(with([](json::Value& role) { erase(role, "terminating"); }),
            "the delegation to libs has no \"terminating\"");
  EXPECT_EQ(with([](json::Value& role) { role.set("terminating", true); }), "");
  EXPECT_EQ(with([](json::Value& role) { erase(role, "keyids"); }),
            "the role libs has no \"keyids\"");
  const auto prefix = [&](const std::string& text) {
    return with([&](json::Value& role) {
      erase(role, "paths");
      role.set("path_hash_prefixes", json::Array{json::Value(text)});
    });
  };
  EXPECT_EQ(prefix("0a"), "");
  EXPECT_EQ(prefix("0A"),
            "the delegation to libs has the hash prefix 0A, which is not in lower case");
}

TEST_F(Form, BinsHaveKeyidsThatAreListed) {
  const auto with = [&](const std::function<void(json::Value & delegations)>& edit) {
    return of_targets([&](json::Value& head) {
      json::Value bins = key_set_json(work.keys({"ann"}));
      bins.set("bit_length", 3);
      bins.set("name_prefix", "bins");
      auto& delegations = at(head, "delegations");
      erase(delegations, "roles");
      delegations.set("succinct_roles", std::move(bins));
      edit(delegations);
    });
  };
  EXPECT_EQ(with([](json::Value&) {}), "");
  EXPECT_EQ(with([](json::Value& all) { all.set("keys", json::Object{}); }),
            cat("the role succinct_roles has the keyid ", keyid("ann"),
                ", under which no key is listed"));
}

TEST_F(Form, TargetsHaveALengthAndHashesThatAllRead) {
  const std::string sha256(64, 'a');
  const std::string sha512(128, 'b');
  const auto entry = [&](const std::string& hashes, const std::string& length = "1",
                         const std::string& more = "") {
    return of_entry(cat("{\"hashes\":", hashes, ",\"length\":", length, more, "}"));
  };
  const std::string good = cat(R"({"sha256":")", sha256, R"("})");
  EXPECT_EQ(entry(good), "");
  EXPECT_EQ(entry(good, "9223372036854775807"), "");
  EXPECT_EQ(entry(good, "1", R"(,"custom":{"a":[]})"), "");
  EXPECT_EQ(entry(good, "1", R"(,"x":"y")"), "");
  EXPECT_EQ(entry(cat(R"({"sha256":")", sha256, R"(","sha512":")", sha512, R"("})")), "");
  EXPECT_EQ(entry(cat(R"({"sha512":")", sha512, R"("})")), "");
  EXPECT_EQ(entry(cat(R"({"md5":"ab","sha256":")", sha256, R"("})")), "");

  const std::string who = "the target \"a b\": ";
  EXPECT_EQ(entry(good, "-1"), who + "its length is -1");
  EXPECT_EQ(entry(good, R"("1")"), who + "its length is \"1\"");
  EXPECT_EQ(of_entry(cat("{\"hashes\":", good, "}")), who + "its length is missing");
  EXPECT_EQ(entry(good, "1", R"(,"custom":[])"), who + "its custom metadata is no object");
  EXPECT_EQ(of_entry(R"({"length":1})"), who + "it has no hashes");
  EXPECT_EQ(of_entry("[]"), who + "its length is missing");
  EXPECT_EQ(entry("{}"), who + "it has no hashes");
  for (const std::string hash : {"x", "abc", "AB", ""}) {
    EXPECT_EQ(entry(cat(R"({"md5":")", hash, R"(","sha256":")", sha256, R"("})")),
              who + "its hash md5 is no hex in lower case");
  }
  EXPECT_EQ(entry(R"({"md5":"ab"})"), who + "none of its hashes is of a known kind");
  EXPECT_EQ(entry(R"({"sha256":1})"), who + "its hash sha256 is no string");
  const std::string form = who + "its sha256 is not 64 digits of hex in lower case";
  EXPECT_EQ(entry(cat(R"({"sha256":")", std::string(64, 'A'), R"("})")), form);
  EXPECT_EQ(entry(cat(R"({"sha256":")", sha256, R"(a"})")), form);
  EXPECT_EQ(entry(cat(R"({"sha256":")", sha256.substr(1), R"("})")), form);
  EXPECT_EQ(entry(cat(R"({"sha256":")", sha512, R"("})")), form);
}

TEST_F(Form, OfManyDefectsSomeAreNamedAndTheOthersCounted) {
  std::string entries = "{";
  for (int i = 0; i < 30; ++i) entries += cat(i == 0 ? "" : ",", "\"", i, "\":{\"length\":1}");
  const Draft draft = draft_of(targets, entries + "}");
  const auto found = defects_of_form(nullptr, draft, {});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), kMostDefects + 1);
  EXPECT_EQ(found->back(), "and 10 more of the kind");
}

TEST_F(Form, OnlyWhatIsNewIsADefect) {
  const std::string bad = R"({"a":{"length":1}})";
  const Draft before = draft_of(targets, bad);
  json::Value later = targets;
  later.set("expires", "2031-01-01T00:00:00Z");
  EXPECT_EQ(defects(&before, draft_of(later, R"({"a":{"length":1},"b":{"length":1}})")),
            "the target b: it has no hashes");
  EXPECT_EQ(defects(&before, draft_of(later, R"({"a":{"length":2}})")),
            "the target a: it has no hashes");
}

}  // namespace
}  // namespace sluice::tuf
