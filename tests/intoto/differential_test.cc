// SPDX-License-Identifier: Apache-2.0
// Where python in-toto and in-toto-golang disagree, or agree on what must not pass: our verdict on
// each, with its smallest accepted neighbour. What was found to differ among 213 cases, and where
// it is held:
//
//   Go alone accepts
//     duplicate step names; an inspection named like a step; MATCH with a bad
//     PythonRefusesAndGoAccepts type, MATCH IN p outside of p; DISALLOW with a malformed class (3)
//     or a backslash; \* as an escape; a foreign scheme; a fraction in expires; null materials; a
//     float among byproducts; the prefixes . and x/../p;
//     ./a, a//b, a/../b, dir/, x/../a in a rule or a path
//     a link to a folder that hides files from an inspection VerifyChain.ALinkToAFolderHidesNothing
//     one junk link among three VerifyChain.WhatDoesNotParseDoesNotCount
//   python alone accepts
//     "private":""; integers above 2^53; threshold true; MODIFY ./a; PythonAcceptsAndGoRefuses
//     DISALLOW evil and ./evil; the classes []a], [a-], [; step ../x;
//     rsa-pkcs1v15; key ids that share eight digits
//     two links that disagree, at a threshold of 1 VerifyChain.LinksThatDisagreeAreRefusedAlsoAt...
//     .link, .git, .pyc in the product folder        NothingIsLeftOutOfAnInspectedFolder
//     a link to nothing          RecordArtifacts.*, VerifyChain.ALinkToAFolderHidesNothing
//   Go panics: threshold 0, -1; an empty rule        GoPanics
//   both accept
//     equal members; empty digests; MD5 alone; an empty step name; payload and
//     BothAcceptWhatWeRefuse signed in one file; a private key inside; a key of small order; a link
//     of another step (as a link, as a statement)
//     one key under two ids for a threshold of 2     VerifyChain.OneKeyUnderTwoIdsIsOneFunctionary
#include <gtest/gtest.h>

#include <functional>

#include "base/codec.h"
#include "intoto/chain_builder.h"

namespace sluice::intoto {
namespace {

using test::ChainBuilder;
using test::Files1;
using test::refusal;

constexpr auto kEnd = "DISALLOW *";

// One step "it" by one key, and its link.
struct One : ChainBuilder {
  std::string text;  // the layout
  One(const std::vector<std::string>& product_rules, const Files1& products,
      const std::vector<std::string>& material_rules = {}, const Files1& materials = {}) {
    step({.name = "it", .materials = material_rules, .products = product_rules});
    write(link("it", materials, products));
    text = json::write(layout());
  }
  One() : One({"CREATE app", kEnd}, {{"app", '1'}}) {}

  One& replaced(std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << text;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    return *this;
  }
  std::string verdict() { return refusal(verify_payload(text)); }
  // The link's text, changed before it is signed.
  std::string with_link(std::string_view from, std::string_view to,
                        Wrapping wrapping = Wrapping::metablock) {
    std::string payload = write_link(link("it", {}, {{"app", '1'}}));
    const auto at = payload.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << payload;
    payload.replace(at, from.size(), to);
    const auto made = sign_metadata(wrapping, payload, {&key("ci")});
    EXPECT_TRUE(made) << made.error().text();
    EXPECT_TRUE(system_files().replace(links / link_file_name("it", id("ci")), made.value_or("")));
    return verdict();
  }
};

std::string rules_verdict(const std::vector<std::string>& lines, const Files1& products) {
  return One(lines, products).verdict();
}

struct Row {
  std::string_view name;
  std::string wanted;  // "": accepted; else the check that refuses it
  std::function<std::string()> run;
};

std::vector<Row> go_alone_accepts() {
  return {
      {"duplicate step names", "layout.steps",
       [] {
         One one;
         one.step({.name = "it"});
         one.text = json::write(one.layout());
         return one.verdict();
       }},
      {"inspection named like a step", "layout.steps",
       [] {
         One one;
         one.inspection("it", {}, {});
         one.text = json::write(one.layout());
         return one.verdict();
       }},
      {"MATCH with a bad destination type", "layout.rules",
       [] { return rules_verdict({"MATCH * WITH LINKS FROM it", kEnd}, {{"app", '1'}}); }},
      {"MATCH IN p and an artifact outside of p", "rule.products",
       [] {
         One one({"MATCH * IN p WITH MATERIALS FROM it", kEnd}, {{"app", '1'}}, {}, {{"app", '1'}});
         return one.verdict();
       }},
      {"DISALLOW with a bracket that nothing closes", "rule.products",
       [] { return rules_verdict({"DISALLOW evil["}, {{"evil[", '1'}}); }},
      {"DISALLOW with a class that is none", "rule.products",
       [] { return rules_verdict({"DISALLOW [!]"}, {{"[!]", '1'}}); }},
      {"DISALLOW with an empty class", "rule.products",
       [] { return rules_verdict({"DISALLOW []"}, {{"[]", '1'}}); }},
      {"DISALLOW with a literal backslash", "rule.products",
       [] { return rules_verdict({"DISALLOW ev\\il"}, {{"ev\\il", '1'}}); }},
      {"a backslash is no escape", "rule.products",
       [] { return rules_verdict({"ALLOW \\*", kEnd}, {{"*", '1'}}); }},
      {"a backslash and a star", "",
       [] { return rules_verdict({"ALLOW \\*", kEnd}, {{"\\x", '1'}}); }},
      {"key with a foreign scheme", "layout.keys",
       [] {
         return One()
             .replaced(R"("scheme":"ed25519")", R"("scheme":"ecdsa-sha2-nistp256")")
             .verdict();
       }},
      {"expires with a fraction", "layout.expires",
       [] { return One().replaced("2027-01-01T00:00:00Z", "2027-01-01T00:00:00.5Z").verdict(); }},
      {"expires with a fraction, read as Go does", "",
       [] {
         One one;
         one.options.compat = LayoutCompat::go;
         return one.replaced("2027-01-01T00:00:00Z", "2027-01-01T00:00:00.5Z").verdict();
       }},
      {"null materials", "link.format",
       [] { return One().with_link(R"("materials":{})", R"("materials":null)"); }},
      {"a float among byproducts of a Metablock, which has no canonical form", "link.format",
       [] {
         One one;
         const auto payload = write_link(One::link("it", {}, {{"app", '1'}}));
         const auto at = payload.find(R"("return-value":0)");
         std::string changed = payload;
         changed.insert(at, R"("load":0.5,)");
         const auto good = *sign_metadata(Wrapping::metablock, payload, {&one.key("ci")});
         std::string text = good;
         text.replace(text.find(payload), payload.size(), changed);
         one.links.write(link_file_name("it", one.id("ci")), text);
         return one.verdict();
       }},
      {"a float in an envelope, which needs none", "",
       [] {
         return One().with_link(R"("return-value":0)", R"("load":0.5,"return-value":0)",
                                Wrapping::dsse);
       }},
      {"the prefix .", "layout.rules",
       [] { return rules_verdict({"MATCH * IN . WITH MATERIALS FROM it", kEnd}, {{"app", '1'}}); }},
      {"the prefix x/../p", "layout.rules",
       [] {
         return rules_verdict({"MATCH * IN x/../p WITH MATERIALS FROM it", kEnd}, {{"app", '1'}});
       }},
      {"./a in a rule", "layout.rules",
       [] { return rules_verdict({"CREATE ./a", kEnd}, {{"a", '1'}}); }},
      {"a//b in a rule", "layout.rules",
       [] { return rules_verdict({"CREATE a//b", kEnd}, {{"a/b", '1'}}); }},
      {"a/../b in a rule", "layout.rules",
       [] { return rules_verdict({"CREATE a/../b", kEnd}, {{"b", '1'}}); }},
      {"dir/ in a rule", "layout.rules",
       [] { return rules_verdict({"CREATE dir/", kEnd}, {{"dir", '1'}}); }},
      {"x/../a in a link", "link.name",
       [] { return rules_verdict({"CREATE a", kEnd}, {{"x/../a", '1'}}); }},
      {"./a in a link", "link.name",
       [] { return rules_verdict({"CREATE a", kEnd}, {{"./a", '1'}}); }},
      {"a/../b in a link", "link.name",
       [] { return rules_verdict({"CREATE b", kEnd}, {{"a/../b", '1'}}); }},
      {"dir/ in a link", "link.name",
       [] { return rules_verdict({"CREATE dir", kEnd}, {{"dir/", '1'}}); }},
      {"a//b in a link", "link.name",
       [] { return rules_verdict({"CREATE a/b", kEnd}, {{"a//b", '1'}}); }},
      {"a clean name in a rule and a link", "",
       [] { return rules_verdict({"CREATE a/b", kEnd}, {{"a/b", '1'}}); }},
  };
}

std::vector<Row> python_alone_accepts() {
  return {
      {"functionary key with an empty private part", "",
       [] { return One().replaced(R"("keyval":{)", R"("keyval":{"private":"",)").verdict(); }},
      {"an integer above 2^53", "",
       [] {
         return One().with_link(R"("return-value":0)",
                                R"("size":9007199254740993,"return-value":0)");
       }},
      {"threshold true", "layout.thresholds",
       [] { return One().replaced(R"("threshold":1)", R"("threshold":true)").verdict(); }},
      {"MODIFY on ./a", "link.name",
       [] {
         One one({"ALLOW *"}, {{"./a", '2'}}, {"MODIFY a", kEnd}, {{"./a", '1'}});
         return one.verdict();
       }},
      {"DISALLOW evil and ./evil", "link.name",
       [] { return rules_verdict({"DISALLOW evil"}, {{"./evil", '1'}}); }},
      {"DISALLOW evil and ./evil, read as python does", "",
       [] {
         One one({"DISALLOW evil"}, {{"./evil", '1'}});
         one.options.compat = LayoutCompat::python;
         return one.verdict();
       }},
      {"the class []a]", "", [] { return rules_verdict({"CREATE []a]", kEnd}, {{"]", '1'}}); }},
      {"the class [a-]", "", [] { return rules_verdict({"CREATE [a-]", kEnd}, {{"-", '1'}}); }},
      {"a lone [", "", [] { return rules_verdict({"CREATE [", kEnd}, {{"[", '1'}}); }},
      {"a step named ../x", "layout.steps",
       [] { return One().replaced(R"("name":"it")", R"("name":"../x")").verdict(); }},
      {"keyids that share eight digits", "",
       [] {
         One one;
         const std::string first = one.id("ci").substr(0, 8) + std::string(56, 'a');
         auto value = *json::parse_strict(one.text);
         json::Value keys = *value.find("keys");
         keys.set(first, one.known("other").to_json(first));
         value.set("keys", keys);
         json::Value step = (*value.find("steps")->array())[0];
         step.set("pubkeys", json::Array{first, one.id("ci")});
         value.set("steps", json::Array{step});
         one.text = json::write(value);
         return one.verdict();
       }},
      {"rsa-pkcs1v15", "",
       [] {
         ChainBuilder chain;
         const auto key = *crypto::PrivateKey::generate(crypto::KeyType::rsa, 2048);
         const auto pkcs1 =
             *key.with_scheme({crypto::SchemeKind::rsa_pkcs1, crypto::HashAlgorithm::sha256});
         chain.step({.name = "it", .products = {"CREATE app", kEnd}});
         auto value = chain.layout();
         json::Value object = Key(key.public_key()).to_json(chain.id("ci"));
         object.set("scheme", "rsa-pkcs1v15-sha256");
         json::Value keys{json::Object{}};
         keys.set(chain.id("ci"), object);
         value.set("keys", keys);
         // We sign RSA with PSS, so this is put together here.
         const auto payload = write_link(ChainBuilder::link("it", {}, {{"app", '1'}}));
         const auto sig = pkcs1.sign(*crypto::Message::of(pkcs1.scheme(), bytes_of(payload)));
         EXPECT_TRUE(sig);
         const auto text = cat(R"({"signatures":[{"keyid":")", chain.id("ci"), R"(","sig":")",
                               to_hex(sig.value_or(Bytes{})), R"("}],"signed":)", payload, "}");
         chain.links.write(link_file_name("it", chain.id("ci")), text);
         return refusal(chain.verify_payload(json::write(value)));
       }},
  };
}

std::vector<Row> go_panics() {
  return {{"threshold 0", "layout.thresholds",
           [] { return One().replaced(R"("threshold":1)", R"("threshold":0)").verdict(); }},
          {"threshold -1", "layout.thresholds",
           [] { return One().replaced(R"("threshold":1)", R"("threshold":-1)").verdict(); }},
          {"threshold above the functionaries", "layout.thresholds",
           [] { return One().replaced(R"("threshold":1)", R"("threshold":2)").verdict(); }},
          {"an empty rule", "layout.rules",
           [] { return One().replaced(R"([["CREATE")", R"([[],["CREATE")").verdict(); }}};
}

std::vector<Row> both_accept() {
  return {
      {"equal members in the layout", "layout.format",
       [] {
         One one;
         one.text.insert(1, R"("expires":"2027-01-01T00:00:00Z",)");
         const auto made = sign_metadata(Wrapping::dsse, one.text, {&one.key("owner")});
         return made ? refusal(one.verify_text(*made)) : "layout.format";
       }},
      {"equal members in a link", "link.format",
       [] {
         return One().with_link(R"("name":"it")", R"("name":"it","name":"it")", Wrapping::dsse);
       }},
      {"a link of another step", "link.name",
       [] { return One().with_link(R"("name":"it")", R"("name":"at")"); }},
      {"a statement of another step", "link.name",
       [] {
         One one;
         for (const std::string name : {"it", "at"}) {
           auto link = One::link(name, {}, {{"app", '1'}});
           const auto made =
               sign_metadata(Wrapping::dsse, write_link_statement(link), {&one.key("ci")});
           one.links.write(link_file_name("it", one.id("ci")), *made);
           EXPECT_EQ(one.verdict(), name == "it" ? "" : "link.name");
         }
         return one.verdict();
       }},
      {"an empty hash object", "link.format",
       [] { return One().with_link(R"({"sha256":")" + test::digest_text('1') + R"("})", "{}"); }},
      {"an MD5 alone", "link.format",
       [] {
         return One().with_link(R"({"sha256":")" + test::digest_text('1') + R"("})",
                                R"({"md5":")" + std::string(32, '1') + R"("})");
       }},
      {"an empty step name", "layout.steps",
       [] { return One().replaced(R"("name":"it")", R"("name":"")").verdict(); }},
      {"payload and signed in one file", "layout.envelope",
       [] {
         One one;
         auto text = one.signed_layout(one.text);
         text.insert(1, R"("payload":"e30=","payloadType":"application/vnd.in-toto+json",)");
         return refusal(one.verify_text(text));
       }},
      {"a private key inside", "layout.keys",
       [] { return One().replaced(R"("keyval":{)", R"("keyval":{"private":"00ff",)").verdict(); }},
      {"a key of small order", "layout.keys",
       [] {
         One one;
         const std::string own = to_hex(one.known("ci").material().ed25519());
         return one.replaced(own, "01" + std::string(62, '0')).verdict();
       }},
      {"unknown members", "layout.format",
       [] { return One().replaced(R"("readme":"")", R"("readmee":"")").verdict(); }},
      {"a functionary that is not there", "layout.functionaries",
       [] {
         One one;
         return one
             .replaced(R"("pubkeys":[")" + one.id("ci"), R"("pubkeys":[")" + std::string(64, '0'))
             .verdict();
       }},
  };
}

void run_rows(const std::vector<Row>& rows, std::size_t count) {
  EXPECT_EQ(rows.size(), count);
  for (const Row& row : rows) EXPECT_EQ(row.run(), row.wanted) << row.name;
}

TEST(Differential, PythonRefusesAndGoAccepts) { run_rows(go_alone_accepts(), 28); }
TEST(Differential, PythonAcceptsAndGoRefuses) { run_rows(python_alone_accepts(), 12); }
TEST(Differential, GoPanics) { run_rows(go_panics(), 4); }
TEST(Differential, BothAcceptWhatWeRefuse) { run_rows(both_accept(), 12); }
TEST(Differential, NothingAtAllIsWrong) { EXPECT_EQ(One().verdict(), ""); }

// .link, .git and .pyc in the product folder: python leaves them out, also for an attacker.
TEST(Differential, NothingIsLeftOutOfAnInspectedFolder) {
  for (const std::string name : {"evil.link", "evil.pyc", ".git"}) {
    One one;
    test::TempFolder delivered;
    one.inspection("look", {}, {"DISALLOW evil*", "DISALLOW .git"});
    one.text = json::write(one.layout());
    one.options.inspections.folder = delivered.path();
    EXPECT_EQ(one.verdict(), "");
    delivered.write(name, "x");
    EXPECT_EQ(one.verdict(), "inspection.materials") << name;
  }
}

}  // namespace
}  // namespace sluice::intoto
