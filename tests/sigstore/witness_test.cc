// SPDX-License-Identifier: Apache-2.0
#include "sigstore/witness.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/private_key.h"
#include "json/value.h"
#include "support/temp_folder.h"

namespace sluice::sigstore {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

constexpr std::string_view kText =
    "log.test\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
constexpr std::uint64_t kTime = 1'679'315'147;

// A key under a name: it signs as a log, or as a witness.
class Party {
 public:
  explicit Party(std::string name, KeyType type = KeyType::ed25519)
      : name_(std::move(name)), key_(PrivateKey::generate(type).value()) {}

  NoteKey key(NoteKind kind) const { return note_key(name_, kind, key_.public_key()).value(); }
  std::string vkey(NoteKind kind = NoteKind::cosignature) const {
    return write_verifier_key({kind, key(kind)});
  }
  std::string log_vkey() const {
    return vkey(key_.public_key().type() == KeyType::ed25519 ? NoteKind::ed25519 : NoteKind::ecdsa);
  }
  std::string line(NoteKind kind, ByteView signature) const {
    const NoteKeyId id = key(kind).id;
    Bytes payload(id.begin(), id.end());
    payload.insert(payload.end(), signature.begin(), signature.end());
    return cat("— ", name_, " ", to_base64(payload), "\n");
  }
  Bytes signature(std::string_view text) const {
    return key_.sign(crypto::Message::of(key_.scheme(), bytes_of(text)).value()).value();
  }
  std::string log_line(std::string_view text = kText) const {
    return line(key_.public_key().type() == KeyType::ed25519 ? NoteKind::ed25519 : NoteKind::ecdsa,
                signature(text));
  }
  Bytes cosignature(std::uint64_t time = kTime, std::string_view text = kText) const {
    Bytes out;
    for (int shift = 56; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(time >> shift));
    const Bytes bytes = signature(cat("cosignature/v1\ntime ", time, "\n", text));
    out.insert(out.end(), bytes.begin(), bytes.end());
    return out;
  }
  std::string witness_line(std::uint64_t time = kTime, std::string_view text = kText) const {
    return line(NoteKind::cosignature, cosignature(time, text));
  }

 private:
  std::string name_;
  PrivateKey key_;
};

Checkpoint cosigned(std::string_view lines) {
  return parse_checkpoint(cat(kText, "\n", lines)).value();
}

struct Parties {
  Party log{"log.test"};
  Party a{"a.test/w"};
  Party b{"b.test/w"};
  Party c{"c.test/w"};
};
const Parties& parties() {
  static const Parties parties;
  return parties;
}

std::string witness_lines() {
  return cat("witness A ", parties().a.vkey(), "\nwitness B ", parties().b.vkey(), "\nwitness C ",
             parties().c.vkey(), "\n");
}

WitnessPolicy policy_of(std::string_view rules) {
  return parse_witness_policy(cat(witness_lines(), rules)).value();
}

// "line 4: …" without the reason, or "ok".
std::string error_place(std::string_view text) {
  const auto policy = parse_witness_policy(text);
  if (policy) return "ok";
  EXPECT_EQ(policy.error().code, Errc::malformed) << policy.error().text();
  return policy.error().what.substr(0, policy.error().what.find(':'));
}

TEST(Cosignature, IsOverATimeAndTheText) {
  const Party& a = parties().a;
  const NoteKey key = a.key(NoteKind::cosignature);
  const auto one = verify_cosignature(cosigned(a.witness_line()), key);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->match, NoteMatch::yes);
  EXPECT_EQ(one->time, Time(std::chrono::seconds(kTime)));
  EXPECT_EQ(verify_cosignature(cosigned(a.witness_line(kTime, "other\n")), key)->match,
            NoteMatch::no);
  EXPECT_EQ(verify_cosignature(cosigned(parties().b.witness_line()), key)->match,
            NoteMatch::absent);
}

TEST(Cosignature, StatesTheTimeThatWasSigned) {
  const Party& a = parties().a;
  const NoteKey key = a.key(NoteKind::cosignature);
  Bytes signature = a.cosignature();
  const auto match = [&] {
    return verify_cosignature(cosigned(a.line(NoteKind::cosignature, signature)), key)->match;
  };
  EXPECT_EQ(match(), NoteMatch::yes);
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_EQ(match(), NoteMatch::no) << bit;
    signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
}

TEST(Cosignature, HasSeventyTwoBytes) {
  const Party& a = parties().a;
  const NoteKey key = a.key(NoteKind::cosignature);
  const auto match = [&](Bytes signature) {
    return verify_cosignature(cosigned(a.line(NoteKind::cosignature, signature)), key)->match;
  };
  Bytes signature = a.cosignature();
  EXPECT_EQ(match(signature), NoteMatch::yes);
  signature.push_back(0);
  EXPECT_EQ(match(signature), NoteMatch::no);
  signature.resize(71);
  EXPECT_EQ(match(signature), NoteMatch::no);
  // A note's own signature under a witness's key id is none of a witness.
  EXPECT_EQ(match(a.signature(kText)), NoteMatch::no);
}

TEST(Cosignature, TimeEndsWithTheYear9999) {
  const Party& a = parties().a;
  const NoteKey key = a.key(NoteKind::cosignature);
  for (const std::uint64_t good : {std::uint64_t{0}, std::uint64_t{253'402'300'799}}) {
    const auto one = verify_cosignature(cosigned(a.witness_line(good)), key);
    EXPECT_EQ(one->match, NoteMatch::yes) << good;
    EXPECT_EQ(one->time, Time(std::chrono::seconds(good)));
  }
  for (const std::uint64_t bad : {std::uint64_t{253'402'300'800}, kTreeMost, kTreeMost + 1}) {
    EXPECT_EQ(verify_cosignature(cosigned(a.witness_line(bad)), key)->match, NoteMatch::no) << bad;
  }
}

TEST(Cosignature, OfOneWitnessMustAllHoldAndTheLatestCounts) {
  const Party& a = parties().a;
  const NoteKey key = a.key(NoteKind::cosignature);
  const std::string early = a.witness_line(1);
  const std::string late = a.witness_line(2);
  const std::string bad = a.line(NoteKind::cosignature, Bytes(72));
  for (const auto& lines : {early + late, late + early}) {
    EXPECT_EQ(verify_cosignature(cosigned(lines), key)->time, Time(std::chrono::seconds(2)));
  }
  for (const auto& lines : {early + bad, bad + early}) {
    EXPECT_EQ(verify_cosignature(cosigned(lines), key)->match, NoteMatch::no);
    EXPECT_FALSE(verify_cosignature(cosigned(lines), key)->time);
  }
}

TEST(WitnessPolicy, IsReadAsTheSpecificationShowsIt) {
  const auto policy = parse_witness_policy(cat(
      "# a comment\n\n \t \nlog ", parties().log.log_vkey(), " https://log.test/\n", "witness X1 ",
      parties().a.vkey(), "\n\twitness\tX2  ", parties().b.vkey(), " https://b.test \n",
      "  # and another\ngroup X-witnesses 2 X1 X2\nwitness Y1 ", parties().c.vkey(),
      "\ngroup Y-witnesses any Y1\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"));
  ASSERT_TRUE(policy) << policy.error().text();
  ASSERT_EQ(policy->logs.size(), 1U);
  EXPECT_EQ(policy->logs[0].url, "https://log.test/");
  ASSERT_EQ(policy->witnesses.size(), 3U);
  EXPECT_EQ(policy->witnesses[1].name, "X2");
  EXPECT_EQ(policy->witnesses[1].key.name, "b.test/w");
  EXPECT_EQ(policy->witnesses[1].url, "https://b.test");
  ASSERT_EQ(policy->groups.size(), 3U);
  EXPECT_EQ(policy->groups[0].threshold, 2U);
  EXPECT_EQ(policy->groups[1].threshold, 1U);
  EXPECT_EQ(policy->groups[2].threshold, 2U);
  ASSERT_TRUE(policy->quorum);
  EXPECT_TRUE(policy->quorum->is_group);
  EXPECT_EQ(policy->quorum->index, 2U);
}

TEST(WitnessPolicy, MayAskForNoWitness) {
  const auto policy = parse_witness_policy("quorum none\n");
  ASSERT_TRUE(policy);
  EXPECT_FALSE(policy->quorum);
  EXPECT_TRUE(judge(*policy, cosigned(parties().log.log_line()))->met);
}

TEST(WitnessPolicy, HasOneQuorumLine) {
  EXPECT_EQ(error_place("quorum none\n"), "ok");
  EXPECT_EQ(error_place(""), "the witness policy has no quorum line");
  EXPECT_EQ(error_place("quorum none\nquorum none\n"), "line 2");
  EXPECT_EQ(error_place("quorum\n"), "line 1");
  EXPECT_EQ(error_place("quorum none none\n"), "line 1");
}

TEST(WitnessPolicy, LinesEndWithANewlineAndHaveNoControlCharacters) {
  EXPECT_EQ(error_place("quorum\tnone\n# \xC3\xA8 \xFF\n"), "ok");
  EXPECT_EQ(error_place("quorum none"), "line 1");
  EXPECT_EQ(error_place("quorum none\n#"), "line 2");
  EXPECT_EQ(error_place("quorum none\r\n"), "line 1");
  EXPECT_EQ(error_place("quorum none\n# \x7F\n"), "line 2");
  EXPECT_EQ(error_place(std::string("quorum none\n#\0\n", 15)), "line 2");
}

TEST(WitnessPolicy, KnowsFourKindsOfLines) {
  for (const auto* bad :
       {"Quorum none\n", "witnesses\n", "quorum=none\n", "\xEF\xBB\xBFquorum none\n"}) {
    EXPECT_EQ(error_place(bad), "line 1") << bad;
  }
}

TEST(WitnessPolicy, LinesHaveTheirWords) {
  const std::string w = parties().a.vkey();
  const std::string l = parties().log.log_vkey();
  EXPECT_EQ(error_place(cat("log ", l, " u\nwitness A ", w, " u\ngroup G any A\nquorum G\n")),
            "ok");
  EXPECT_EQ(error_place("log\n"), "line 1");
  EXPECT_EQ(error_place(cat("log ", l, " u u\n")), "line 1");
  EXPECT_EQ(error_place("witness A\n"), "line 1");
  EXPECT_EQ(error_place(cat("witness A ", w, " u u\n")), "line 1");
  EXPECT_EQ(error_place(cat("witness A ", w, "\ngroup G any\n")), "line 2");
}

TEST(WitnessPolicy, KeysAreOfTheRightTypeAndOnceThere) {
  const Party rekor("rekor.test", KeyType::ecdsa_p256);
  const std::string w = parties().a.vkey();
  const std::string l = parties().log.log_vkey();
  EXPECT_EQ(error_place(cat("log ", rekor.log_vkey(), "\nlog ", l, "\nquorum none\n")), "ok");
  EXPECT_EQ(error_place(cat("log ", w, "\n")), "line 1");
  EXPECT_EQ(error_place(cat("witness A ", l, "\n")), "line 1");
  EXPECT_EQ(error_place(cat("log ", l, "\nlog ", l, "\n")), "line 2");
  EXPECT_EQ(error_place(cat("witness A ", w, "\nwitness B ", parties().b.vkey(), "\nquorum A\n")),
            "ok");
  EXPECT_EQ(error_place(cat("witness A ", w, "\nwitness B ", w, "\n")), "line 2");
  // The same key under another name, with the id that this name has.
  const auto key = parse_verifier_key(w)->key.key;
  const auto twin = write_verifier_key(
      {NoteKind::cosignature, note_key("twin.test", NoteKind::cosignature, key).value()});
  EXPECT_EQ(error_place(cat("witness T ", twin, "\nquorum T\n")), "ok");
  EXPECT_EQ(error_place(cat("witness A ", w, "\nwitness T ", twin, "\n")), "line 2");
  std::string broken = w;
  broken[broken.find('+') + 1] ^= 1;
  EXPECT_EQ(error_place(cat("witness A ", broken, "\n")), "line 1");
}

TEST(WitnessPolicy, KeysOfTheFutureAreUnsupported) {
  const auto policy = parse_witness_policy("quorum none\nwitness A a.test+01234567+BgAA\n");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().code, Errc::unsupported);
  EXPECT_TRUE(policy.error().what.starts_with("line 2: "));
}

TEST(WitnessPolicy, NamesAreDefinedOnceAndBeforeTheirUse) {
  const std::string w = witness_lines();  // lines 1 to 3
  EXPECT_EQ(error_place(cat(w, "group G any A B\nquorum G\n")), "ok");
  EXPECT_EQ(error_place(cat(w, "group A any B C\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "group G any A\ngroup G any B\n")), "line 5");
  EXPECT_EQ(error_place(cat(w, "group G any A D\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "group G any A G\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "group G any H\ngroup H any A\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "quorum G\ngroup G any A B\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "quorum D\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "group none any A\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "group G any none\n")), "line 4");
  EXPECT_EQ(error_place(cat("witness none ", parties().a.vkey(), "\n")), "line 1");
  EXPECT_EQ(error_place(cat(w, "witness A ", Party("d.test").vkey(), "\n")), "line 4");
}

TEST(WitnessPolicy, MembersAreInOneGroupAndOnceInIt) {
  const std::string w = witness_lines();
  EXPECT_EQ(error_place(cat(w, "group G any A B\ngroup H any C G\nquorum H\n")), "ok");
  EXPECT_EQ(error_place(cat(w, "group G any A A\n")), "line 4");
  EXPECT_EQ(error_place(cat(w, "group G any A B\ngroup H any B C\n")), "line 5");
  EXPECT_EQ(error_place(cat(w, "group G any A B\ngroup H any C G\ngroup I any G\n")), "line 6");
}

TEST(WitnessPolicy, ThresholdIsFromOneToTheNumberOfMembers) {
  for (const auto* good : {"any", "all", "1", "2", "3"}) {
    EXPECT_EQ(error_place(cat(witness_lines(), "group G ", good, " A B C\nquorum G\n")), "ok")
        << good;
  }
  for (const auto* bad : {"0", "4", "01", "-1", "+1", "1.0", "Any", "18446744073709551617"}) {
    EXPECT_EQ(error_place(cat(witness_lines(), "group G ", bad, " A B C\n")), "line 4") << bad;
  }
}

TEST(WitnessPolicy, HasLimits) {
  const auto with_groups = [](std::size_t count) {
    std::string text = cat("witness g0 ", parties().a.vkey(), "\n");
    for (std::size_t i = 1; i <= count; ++i) text += cat("group g", i, " any g", i - 1, "\n");
    return cat(text, "quorum g", count, "\n");
  };
  EXPECT_TRUE(parse_witness_policy(with_groups(kPolicyEntries)));
  EXPECT_EQ(parse_witness_policy(with_groups(kPolicyEntries + 1)).error().code, Errc::limit);
  const std::string start = "quorum none\n#";
  EXPECT_TRUE(
      parse_witness_policy(cat(start, std::string(kPolicyBytes - start.size() - 1, 'x'), "\n")));
  EXPECT_EQ(parse_witness_policy(cat(start, std::string(kPolicyBytes - start.size(), 'x'), "\n"))
                .error()
                .code,
            Errc::limit);
}

TEST(WitnessPolicy, ErrorsShowForeignTextSafely) {
  const auto policy = parse_witness_policy(
      "\xE2\x80\xAE"
      "evil\n");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().what.find("\xE2\x80\xAE"), std::string::npos);
}

TEST(Judgement, CountsThoseThatSigned) {
  const auto& [log, a, b, c] = parties();
  const WitnessPolicy two = policy_of("group G 2 A B C\nquorum G\n");
  const auto met = [&](std::string_view lines) {
    return judge(two, cosigned(cat(log.log_line(), lines)))->met;
  };
  EXPECT_FALSE(met(""));
  EXPECT_FALSE(met(a.witness_line()));
  EXPECT_TRUE(met(cat(a.witness_line(), b.witness_line())));
  EXPECT_TRUE(met(cat(c.witness_line(), a.witness_line())));
  EXPECT_TRUE(met(cat(a.witness_line(), b.witness_line(), c.witness_line())));
  EXPECT_FALSE(met(cat(a.witness_line(1), a.witness_line(2))));                // one witness
  EXPECT_FALSE(met(cat(a.witness_line(), Party("b.test/w").witness_line())));  // not b's key
  EXPECT_FALSE(met(cat(a.witness_line(), b.witness_line(kTime, "x\n"))));      // not this text
  EXPECT_FALSE(
      met(cat(a.witness_line(), b.witness_line(), b.line(NoteKind::cosignature, Bytes(72)))));
}

TEST(Judgement, FollowsTheGroups) {
  const auto& [log, a, b, c] = parties();
  const auto met = [&](std::string_view rules, std::string_view lines) {
    return judge(policy_of(rules), cosigned(cat(log.log_line(), lines)))->met;
  };
  EXPECT_TRUE(met("quorum A\n", a.witness_line()));
  EXPECT_FALSE(met("quorum A\n", b.witness_line()));
  EXPECT_TRUE(met("group G all A B C\nquorum G\n",
                  cat(a.witness_line(), b.witness_line(), c.witness_line())));
  EXPECT_FALSE(met("group G all A B C\nquorum G\n", cat(a.witness_line(), c.witness_line())));
  const std::string_view nested = "group G any A B\ngroup H all G C\nquorum H\n";
  EXPECT_TRUE(met(nested, cat(b.witness_line(), c.witness_line())));
  EXPECT_FALSE(met(nested, cat(a.witness_line(), b.witness_line())));
  EXPECT_FALSE(met(nested, c.witness_line()));
  // Groups that the quorum does not reach do not matter.
  EXPECT_TRUE(met("group G all A B\nquorum C\n", c.witness_line()));
}

TEST(Judgement, SaysWhatWasExpectedAndFound) {
  const auto& [log, a, b, c] = parties();
  const WitnessPolicy policy = policy_of("group G any A B\ngroup H all G C\nquorum H\n");
  const auto one = judge(policy, cosigned(cat(log.log_line(), a.witness_line(),
                                              b.line(NoteKind::cosignature, Bytes(72)))));
  ASSERT_TRUE(one);
  EXPECT_FALSE(one->met);
  EXPECT_EQ(one->expected, "all of (one of (A, B), C)");
  EXPECT_EQ(one->found, "A at 2023-03-20T12:25:47Z, B with a wrong signature, C not at all");
  ASSERT_EQ(one->findings.size(), 3U);
  EXPECT_EQ(one->findings[0].match, NoteMatch::yes);
  EXPECT_EQ(one->findings[0].time, Time(std::chrono::seconds(kTime)));
  EXPECT_EQ(one->findings[1].match, NoteMatch::no);
  EXPECT_EQ(one->findings[2].match, NoteMatch::absent);
  EXPECT_EQ(judge(policy_of("group G 2 A B C\nquorum G\n"), cosigned(log.log_line()))->expected,
            "2 of (A, B, C)");
}

TEST(PolicyLogs, AreFoundByTheirSignatureAndOrigin) {
  const Party& log = parties().log;
  const Party other("other.test");
  const auto policy = parse_witness_policy(cat("log ", other.log_vkey(), "\nlog ", log.log_vkey(),
                                               "\nquorum none\n"))
                          .value();
  const auto found = checkpoint_log(policy, cosigned(log.log_line()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->match, NoteMatch::yes);
  EXPECT_EQ(found->log, 1U);
  // Another log's signature under this origin, and none of a listed log.
  EXPECT_EQ(checkpoint_log(policy, cosigned(other.log_line()))->match, NoteMatch::absent);
  EXPECT_EQ(checkpoint_log(policy, cosigned(Party("third.test").log_line()))->match,
            NoteMatch::absent);
  const auto wrong = checkpoint_log(policy, cosigned(log.line(NoteKind::ed25519, Bytes(64))));
  EXPECT_EQ(wrong->match, NoteMatch::no);
  EXPECT_EQ(wrong->log, 1U);
}

TEST(PolicyLogs, OfRekorV1AreNamedWithoutTheTreeId) {
  const Party rekor("rekor.test", KeyType::ecdsa_p256);
  const auto policy =
      parse_witness_policy(cat("log ", rekor.log_vkey(), "\nquorum none\n")).value();
  const auto match = [&](std::string_view origin) {
    const std::string text = cat(origin, kText.substr(kText.find('\n')));
    return checkpoint_log(policy, parse_checkpoint(cat(text, "\n", rekor.log_line(text))).value())
        ->match;
  };
  EXPECT_EQ(match("rekor.test - 12"), NoteMatch::yes);
  EXPECT_EQ(match("rekor.test"), NoteMatch::yes);
  EXPECT_EQ(match("other.test - 12"), NoteMatch::absent);
  EXPECT_EQ(match("rekor.test - x"), NoteMatch::absent);
  // The policy's key, but as another log: its key id says nothing of the name.
  const std::string text = cat("other.test - 12", kText.substr(kText.find('\n')));
  const std::string line = rekor.log_line(text);
  const std::string renamed = cat("— other.test", line.substr(line.find(' ', sizeof("—"))));
  EXPECT_EQ(checkpoint_log(policy, parse_checkpoint(cat(text, "\n", renamed)).value())->match,
            NoteMatch::absent);
}

// Cosignatures that real witnesses made, in a bundle of the conformance corpus; their verifier keys
// are published by their operators.
TEST(Judgement, KnowsRealWitnesses) {
  const auto folder = test::shared_folder("conformance/sigstore/bundle-verify");
  if (!folder) GTEST_SKIP() << "the conformance corpus is not here";
  const auto bundle = json::parse_strict(
      test::read_file(*folder / "rekor2-dsse-happy-path" / "bundle.sigstore.json"));
  ASSERT_TRUE(bundle);
  const auto& entry = bundle->find("verificationMaterial")->find("tlogEntries")->array()->front();
  std::string text = *entry.find("inclusionProof")->find("checkpoint")->find("envelope")->string();
  const auto policy = parse_witness_policy(
      "log "
      "log2025-alpha3.rekor.sigstage.dev+d3d3a70c+AZQ93VXPMmj9uZj7U/7CefQ9yy8RgYFv6mKzOseipjqp\n"
      "witness stagemole witness.stagemole.eu+67f7aea0+"
      "BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv\n"
      "witness bells staging.witness.transparency.goog/ring-any-bells+2e1a8dc9+"
      "BG5JTpLc3FJtwzgh1Uv+Qelz9qeOH2bfWjS1s0s+y4rL\n"
      "witness navigli witness.navigli.sunlight.geomys.org+a3e00fe2+"
      "BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G\n"
      "group all-three all stagemole bells navigli\n"
      "quorum all-three\n");
  ASSERT_TRUE(policy) << policy.error().text();
  const auto good = parse_checkpoint(text).value();
  const auto judged = judge(*policy, good);
  EXPECT_TRUE(judged->met) << judged->found;
  EXPECT_EQ(judged->findings[0].time, parse_rfc3339("2026-05-13T19:23:34Z").value())
      << judged->found;
  EXPECT_EQ(checkpoint_log(*policy, good)->match, NoteMatch::yes);
  // One leaf more, which nobody signed.
  text.replace(text.find("4026479"), 7, "4026480");
  const auto forged = parse_checkpoint(text).value();
  EXPECT_FALSE(judge(*policy, forged)->met);
  EXPECT_EQ(checkpoint_log(*policy, forged)->match, NoteMatch::no);
}

}  // namespace
}  // namespace sluice::sigstore
