// SPDX-License-Identifier: Apache-2.0
// What metadata may look like, and what is refused before any of it counts.
#include "tuf/metadata.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tuf/fake_repo.h"
#include "tuf/canonical.h"
#include "tuf/limits.h"
#include "tuf/targets.h"

namespace sluice::tuf {
namespace {

constexpr std::size_t kMax = 1U << 20;

std::string timestamp(std::string_view version = "1",
                      std::string_view expires = "\"2030-02-01T00:00:00Z\"",
                      std::string_view spec = "\"1.0.34\"",
                      std::string_view meta = R"({"snapshot.json":{"version":1}})") {
  return cat(R"({"_type":"timestamp","expires":)", expires, R"(,"meta":)", meta,
             R"(,"spec_version":)", spec, R"(,"version":)", version, "}");
}
std::string outcome(const std::string& text) {
  const auto parsed = parse_timestamp(text);
  return parsed ? "good" : parsed.error().what;
}

TEST(Timestamps, VersionsAreIntegersAboveZero) {
  EXPECT_EQ(outcome(timestamp("1")), "good");
  EXPECT_EQ(outcome(timestamp("9223372036854775807")), "good");
  for (const auto* bad : {"0", "-1", "true", "1.0", "1e3", "\"1\"", "null", "9223372036854775808",
                          "99999999999999999999999999"}) {
    EXPECT_NE(outcome(timestamp(bad)), "good") << bad;
    EXPECT_NE(outcome(timestamp("1", "\"2030-02-01T00:00:00Z\"", "\"1.0\"",
                                cat(R"({"snapshot.json":{"version":)", bad, "}}"))),
              "good")
        << bad;
  }
}

TEST(Timestamps, ExpiryIsAWholeDateInUtcOrWithItsOffset) {
  for (const auto* good : {"\"2030-02-01T00:00:00Z\"", "\"2021-12-18T13:28:12.99008-06:00\""}) {
    EXPECT_EQ(outcome(timestamp("1", good)), "good") << good;
  }
  for (const auto* bad :
       {"\"\"", "\"2030-02-01\"", "\"2030-02-30T00:00:00Z\"", "1900000000",
        "\"2030-02-01T00:00:00\"", "\"2030-02-01 00:00:00Z\"", "\"2030-02-01T24:00:01Z\"",
        "\"30-02-01T00:00:00Z\"", "null", "\"2030-02-01T00:00:00Z \""}) {
    EXPECT_NE(outcome(timestamp("1", bad)), "good") << bad;
  }
}

TEST(Timestamps, AnotherMajorVersionOfTheFormatIsRefused) {
  const auto with = [](const char* spec) {
    return outcome(timestamp("1", "\"2030-02-01T00:00:00Z\"", spec));
  };
  EXPECT_EQ(with("\"1\""), "good");
  EXPECT_EQ(with("\"1.0\""), "good");
  EXPECT_NE(with("\"2.0\""), "good");
  EXPECT_NE(with("\"10.0\""), "good");
  EXPECT_NE(with("\"\""), "good");
}

TEST(Timestamps, SpeakOfTheSnapshotAndNothingElse) {
  const auto with = [](std::string_view meta) {
    return outcome(timestamp("1", "\"2030-02-01T00:00:00Z\"", "\"1.0\"", meta));
  };
  EXPECT_EQ(with(R"({"snapshot.json":{"version":1,"more":[1]}})"), "good");
  EXPECT_NE(with("{}"), "good");
  EXPECT_NE(with(R"({"targets.json":{"version":1}})"), "good");
  EXPECT_NE(with(R"({"snapshot.json":{"length":-1,"version":1}})"), "good");
  EXPECT_NE(with(R"({"snapshot.json":{"hashes":{},"version":1}})"), "good");
  EXPECT_NE(with(R"({"snapshot.json":{"hashes":{"sha256":"00"},"version":1}})"), "good");
  EXPECT_NE(with(R"({"snapshot.json":{"hashes":[],"version":1}})"), "good");
}

std::string snapshot(std::string_view meta) {
  return cat(R"({"_type":"snapshot","expires":"2030-02-01T00:00:00Z","meta":)", meta,
             R"(,"spec_version":"1.0.34","version":3})");
}

TEST(Snapshots, ListFilesInTheirOrderWithWhatIsStated) {
  const std::string hash(64, 'a');
  const std::string text = snapshot(
      cat(R"({"targets.json":{"version":2},"b\u0061.json":{"length":5,"version":7},"a.json":)",
          R"({"hashes":{"sha256":")", hash, R"("},"version":9},"c.json":{"version":4,"x":[1]}})"));
  const auto read = parse_snapshot(text);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->header().version, 3);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < read->count(); ++i) {
    const auto [name, version] = read->file(i);
    names.push_back(cat(name, " ", version));
  }
  EXPECT_EQ(join(names, ", "), "a.json 9, ba.json 7, c.json 4, targets.json 2");
  EXPECT_EQ(read->find(RoleName("ba"))->length, 5U);
  EXPECT_FALSE(read->find(RoleName("ba"))->hashes.stated);
  ASSERT_EQ(read->find(RoleName("a"))->hashes.known.size(), 1U);
  EXPECT_EQ(read->find(RoleName("a"))->hashes.known[0].hex(), hash);
  EXPECT_EQ(read->find(RoleName("a"))->version, 9);
  EXPECT_EQ(read->find(RoleName("targets"))->version, 2);
  EXPECT_FALSE(read->find(RoleName("targets"))->length);
  EXPECT_FALSE(read->find(RoleName("d")));
  EXPECT_FALSE(read->find(RoleName("")));
  EXPECT_EQ(parse_snapshot(snapshot("{}"))->count(), 0U);
}

// Where its value begins says how far, where its end; whether all of it is canonical JSON.
TEST(Snapshots, TellWhereTheirListStands) {
  const std::string list = R"({"a.json": {"version":1}, "\u0062.json":{"version":22}})";
  const std::string before = R"({"signatures":[],"signed":)";
  const auto document = std::make_shared<const std::string>(cat(before, snapshot(list), "}"));
  const auto whole = open_snapshot(document, kMax);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->snapshot.document(), document);
  EXPECT_EQ(whole->snapshot.meta().in(*document), list);
  const auto part = parse_snapshot(
      document, std::string_view(*document).substr(before.size(), snapshot(list).size()));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->meta().in(*document), list);
  const auto entries = part->canonical_entries();
  ASSERT_NE(entries, nullptr);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->at(1).key(), "b.json");
  EXPECT_EQ(entries->at(1).text(), R"({"version":22})");
  for (const std::string odd : {R"({"a":{"version": 1}})", R"({"a":{"version":1,"length":2}})",
                                R"({"b":{"version":2},"a":{"version":1,"x":1.5}})"}) {
    const auto read = parse_snapshot(snapshot(odd));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->canonical_entries(), nullptr) << odd;
    EXPECT_EQ(read->file(0).version, 1) << odd;
  }
}

TEST(Snapshots, OpenedInOnePassAreTheSame) {
  const std::string text =
      cat(R"({"signatures":[],"signed":)", snapshot(R"({"a.json":{"version":1}})"), "}");
  const auto open_snapshot = [](const std::string& bytes, std::size_t max) {
    return tuf::open_snapshot(std::make_shared<const std::string>(bytes), max);
  };
  const auto both = open_snapshot(text, kMax);
  ASSERT_TRUE(both);
  const auto envelope = open_envelope(text, kMax);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(both->envelope.signed_part, envelope->signed_part);
  EXPECT_EQ(both->snapshot.find(RoleName("a"))->version, 1);
  for (const std::string bad : {R"({"a.json":{"version":0}})", R"({"a.json":1})", "[]"}) {
    EXPECT_FALSE(open_snapshot(cat(R"({"signatures":[],"signed":)", snapshot(bad), "}"), kMax));
    EXPECT_FALSE(parse_snapshot(snapshot(bad)));
  }
  EXPECT_FALSE(open_snapshot(text, text.size() - 1));
}

// A signed part that is read where it stands, before there is anything around it.
TEST(Snapshots, ReadBeforeTheyWereSignedAreTheSameOnceTheyAre) {
  const std::string before = R"({"signatures":[{"keyid":"aa","sig":"bb"}],"signed":)";
  const auto read_then = [&](const std::string& part, const std::string& head,
                             const std::string& tail) {
    auto document = std::make_shared<std::string>(cat(std::string(head.size(), ' '), part));
    document->reserve(head.size() + part.size() + tail.size());
    const auto read =
        parse_snapshot(document, std::string_view(*document).substr(head.size(), part.size()));
    EXPECT_TRUE(read) << part;
    if (!read) return std::optional<OpenedSnapshot>();
    document->replace(0, head.size(), head);
    *document += tail;
    return opened_around(*read, kMax);
  };
  const std::string part = snapshot(R"({"a.json":{"version":1}})");
  const auto around = read_then(part, before, "}");
  ASSERT_TRUE(around);
  const auto opened =
      open_snapshot(std::make_shared<const std::string>(cat(before, part, "}")), kMax);
  ASSERT_TRUE(opened);
  EXPECT_EQ(around->envelope.signatures, opened->envelope.signatures);
  EXPECT_EQ(around->envelope.message(), part);
  EXPECT_EQ(around->snapshot.find(RoleName("a"))->version, 1);
  for (const std::string head :
       {R"({"x":1,"signed":)", R"({"signatures":[],"signed": )", R"({"signatures":[{}],"signed":)",
        R"({"signatures":[],"sighed":)", R"({"signatures":[] "signed":)", "not JSON"}) {
    EXPECT_FALSE(read_then(part, head, "}")) << head;
  }
  for (const std::string tail : {"", "}}", " }", "} ", R"(,"x":{}})", R"(,"signed":{}})"}) {
    EXPECT_FALSE(read_then(part, before, tail)) << tail;
  }
  // What is signed then is another text than the one that stands there.
  EXPECT_FALSE(read_then(snapshot(R"({"a.json":{"version": 1}})"), before, "}"));
  EXPECT_FALSE(parse_snapshot(
      cat(R"({"x":)", std::string(63, '['), std::string(63, ']'), ",", part.substr(1))));
}

TEST(Metadata, UnknownMembersDoNotMatter) {
  std::string text = timestamp();
  text.insert(1, R"("x-new":{"a":[1,2,{"b":null}]},)");
  EXPECT_EQ(outcome(text), "good");
}

TEST(Metadata, RefusesOneKeyTwiceAndDepthAndTrailingBytes) {
  std::string twice = timestamp();
  twice.insert(1, R"("version":2,)");
  EXPECT_NE(outcome(twice), "good");
  const auto nested = [](int depth) {
    std::string text = timestamp();
    text.insert(1, cat("\"x\":", std::string(static_cast<std::size_t>(depth), '['),
                       std::string(static_cast<std::size_t>(depth), ']'), ","));
    return outcome(text);
  };
  EXPECT_EQ(nested(60), "good");
  EXPECT_NE(nested(64), "good");
  EXPECT_NE(nested(100'000), "good");
  EXPECT_NE(outcome(timestamp() + "{}"), "good");
}

std::string envelope(std::string_view signatures, std::string_view part = "{}") {
  return cat(R"({"signatures":[)", signatures, R"(],"signed":)", part, "}");
}

TEST(Envelopes, KeyidsOfSignaturesAreDifferent) {
  const std::string one = R"({"keyid":"a","sig":"00"})";
  EXPECT_TRUE(open_envelope(envelope(one), kMax));
  EXPECT_TRUE(open_envelope(envelope(one + R"(,{"keyid":"b","sig":""})"), kMax));
  EXPECT_FALSE(open_envelope(envelope(one + "," + one), kMax));
  EXPECT_FALSE(open_envelope(envelope(one + R"(,{"keyid":"\u0061","sig":"11"})"), kMax));
  EXPECT_FALSE(open_envelope(envelope(R"({"keyid":"a"})"), kMax));
  EXPECT_FALSE(open_envelope(R"({"signatures":[]})", kMax));
  EXPECT_FALSE(open_envelope(R"({"signatures":[],"signed":[]})", kMax));
}

TEST(Envelopes, AMillionSignaturesAreRefusedEarly) {
  std::string many;
  for (std::size_t i = 0; i < 1'000'000; ++i)
    many += cat(i == 0 ? "" : ",", R"({"keyid":")", i, R"(","sig":""})");
  const auto refused = open_envelope(envelope(many), 64U << 20);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::limit);
  std::string few;
  for (std::size_t i = 0; i < kMaxSignatures; ++i)
    few += cat(i == 0 ? "" : ",", R"({"keyid":")", i, R"(","sig":""})");
  EXPECT_TRUE(open_envelope(envelope(few), kMax));
}

TEST(Envelopes, TheMessageIsCanonicalWhateverTheFileLooksLike) {
  const std::string canonical = envelope("", R"({"a":1,"b":{"c":"x"}})");
  const auto plain = open_envelope(canonical, kMax);
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->canonical.empty());
  for (const auto* other :
       {R"({"b":{"c":"x"},"a":1})", "{ \"a\": 1,\n\"b\": {\"c\":\"\\u0078\"} }"}) {
    const std::string text = envelope("", other);
    const auto opened = open_envelope(text, kMax);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->message(), plain->message());
    EXPECT_EQ(opened->signed_part, other);
  }
}

TEST(Envelopes, AreGuessedWhereSignaturesComeFirstAndNothingFollows) {
  const std::string signatures = R"("signatures":[{"keyid":"a","sig":"00"}])";
  const auto guessed = [](const std::string& text) {
    return guess_envelope(text, kMax).has_value();
  };
  const std::string usual = cat("{", signatures, R"(,"signed":{"a":{}}})");
  const auto guess = guess_envelope(usual, kMax);
  ASSERT_TRUE(guess);
  const auto real = open_envelope(usual, kMax);
  ASSERT_TRUE(real);
  EXPECT_EQ(guess->signed_part, real->signed_part);
  EXPECT_EQ(guess->signatures, real->signatures);
  EXPECT_FALSE(guessed(cat(R"({"signed":{"a":{}},)", signatures, "}")));
  EXPECT_FALSE(guessed(cat("{", signatures, R"(,"x":1,"signed":{"a":{}}})")));
  EXPECT_FALSE(guessed(cat("{", signatures, R"(,"signed": {"a":{}}})")));
  EXPECT_FALSE(guessed(usual + "\n"));
  for (std::size_t size = 0; size + 1 < usual.size(); ++size) {
    EXPECT_FALSE(guessed(usual.substr(0, size))) << size;
  }
  EXPECT_FALSE(guess_envelope(usual, usual.size() - 1));
  EXPECT_TRUE(guess_envelope(usual, usual.size()));
}

TEST(Canonical, SortsByBytesOfWhatKeysMean) {
  EXPECT_EQ(canonical_form(R"({"b":1,"a":{"z":[],"y":{}},"\"":2,"!":3})"),
            R"({"!":3,"\"":2,"a":{"y":{},"z":[]},"b":1})");
  // The escaped key sorts by the backslash itself, which comes before "]".
  EXPECT_EQ(canonical_form(R"({"]":1,"\\":2,"[":3})"), R"({"[":3,"\\":2,"]":1})");
  EXPECT_EQ(canonical_form(R"([-0,12345678901234567890])"), "[0,12345678901234567890]");
  EXPECT_FALSE(canonical_form("[1.5]"));
  EXPECT_FALSE(canonical_form("[1e2]"));
  EXPECT_FALSE(canonical_form(R"({"a":1,"a":1})"));
}

TEST(Patterns, StarsAndQuestionMarksStayWithinAPart) {
  EXPECT_TRUE(path_matches("*.tgz", "a.tgz"));
  EXPECT_TRUE(path_matches("*", "anything"));
  EXPECT_FALSE(path_matches("*", "a/b"));
  EXPECT_TRUE(path_matches("a/*/c", "a/b/c"));
  EXPECT_FALSE(path_matches("a/*/c", "a/b/b/c"));
  EXPECT_FALSE(path_matches("a/*", "a"));
  EXPECT_TRUE(path_matches("a/*", "a/"));
  EXPECT_TRUE(path_matches("foo-?.tgz", "foo-1.tgz"));
  EXPECT_FALSE(path_matches("foo-?.tgz", "foo-12.tgz"));
  EXPECT_FALSE(path_matches("foo-?.tgz", "foo-.tgz"));
  EXPECT_TRUE(path_matches("?", "\xC3\xA9"));  // one character of two bytes
  EXPECT_FALSE(path_matches("A", "a"));
  EXPECT_TRUE(path_matches("[ab]", "[ab]"));
  EXPECT_FALSE(path_matches("[ab]", "a"));
  EXPECT_TRUE(path_matches("*a*b*c", "xxaxxbxxc"));
  EXPECT_FALSE(path_matches("*a*b*c", "xxaxxbxx"));
  EXPECT_TRUE(path_matches("", ""));
  EXPECT_FALSE(path_matches("", "a"));
  // A pattern that makes a careless matcher take exponential time.
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(path_matches(pattern + "b", std::string(2000, 'a')));
}

class TargetsFile : public testing::Test {
 protected:
  Result<Targets> parse() {
    std::string text = test::FakeRepo::sign(repo.part("targets"), {});
    const auto opened = open_envelope(text, kMax);
    if (!opened) return fail(opened.error());
    const auto begin = static_cast<std::size_t>(opened->signed_part.data() - text.data());
    const auto size = opened->signed_part.size();
    const std::string_view part = std::string_view(text).substr(begin, size);
    return parse_targets(std::make_shared<const std::string>(std::move(text)), part, {});
  }
  // With this as the value of "delegations".
  bool takes(const std::string& delegations) {
    repo.part("targets").set("version", std::int64_t{1});
    repo.part("targets").set("delegations", *json::parse_strict(delegations));
    return parse().has_value();
  }
  test::FakeRepo repo;
};

TEST_F(TargetsFile, FindsByTheDecodedPath) {
  repo.add_target("targets", "b.txt", "b");
  repo.add_target("targets", "a.txt", "aa");
  repo.add_target("targets", "quote\"d", "ccc");
  const auto targets = parse();
  ASSERT_TRUE(targets);
  EXPECT_EQ(targets->count(), 3U);
  EXPECT_EQ((*targets->find("a.txt"))->length, 2U);
  EXPECT_EQ((*targets->find("b.txt"))->length, 1U);
  EXPECT_EQ((*targets->find("quote\"d"))->length, 3U);
  EXPECT_FALSE(*targets->find("quote\\\"d"));
  EXPECT_FALSE(*targets->find("c.txt"));
}

TEST_F(TargetsFile, ATargetNeedsItsLengthAndAHash) {
  const auto with = [&](const char* value) {
    repo.part("targets").set("version", std::int64_t{1});
    repo.part("targets").set("targets", *json::parse_strict(cat(R"({"a":)", value, "}")));
    return parse().has_value();
  };
  const std::string hash(64, 'a');
  EXPECT_TRUE(with(cat(R"({"hashes":{"sha256":")", hash, R"("},"length":0})").c_str()));
  EXPECT_FALSE(with(R"({"hashes":{},"length":0})"));
  EXPECT_FALSE(with(R"({"length":0})"));
  EXPECT_FALSE(with(cat(R"({"hashes":{"sha256":")", hash, R"("},"length":-1})").c_str()));
  EXPECT_FALSE(with(cat(R"({"hashes":{"sha256":")", hash, R"("},"length":true})").c_str()));
  EXPECT_FALSE(with("[]"));
}

TEST_F(TargetsFile, DelegationsAreEitherRolesOrBins) {
  const std::string role =
      R"({"keyids":[],"name":"a","paths":["*"],"terminating":false,"threshold":1})";
  const std::string bins = R"({"bit_length":4,"keyids":[],"name_prefix":"b","threshold":1})";
  EXPECT_TRUE(takes(cat(R"({"keys":{},"roles":[)", role, "]}")));
  EXPECT_TRUE(takes(cat(R"({"keys":{},"succinct_roles":)", bins, "}")));
  EXPECT_FALSE(takes(cat(R"({"keys":{},"roles":[)", role, R"(],"succinct_roles":)", bins, "}")));
  EXPECT_FALSE(takes(R"({"keys":{}})"));
  EXPECT_FALSE(takes(cat(R"({"keys":{},"roles":[)", role, ",", role, "]}")));
}

TEST_F(TargetsFile, ADelegationHasAGoodNameAndOneKindOfPaths) {
  const auto with = [&](std::string_view name, std::string_view paths,
                        std::string_view threshold = "1") {
    return takes(cat(R"({"keys":{},"roles":[{"keyids":[],"name":")", name, "\",", paths,
                     R"("terminating":false,"threshold":)", threshold, "}]}"));
  };
  const std::string paths = R"("paths":["*"],)";
  EXPECT_TRUE(with("../up/there", paths));  // a name, never a path
  EXPECT_TRUE(with("a", R"("path_hash_prefixes":["0a"],)"));
  EXPECT_FALSE(with("a", R"("path_hash_prefixes":["0g"],)"));
  EXPECT_FALSE(with("a", R"("path_hash_prefixes":["0a"],"paths":["*"],)"));
  EXPECT_FALSE(with("a", ""));
  EXPECT_FALSE(with("", paths));
  for (const auto* top : {"root", "timestamp", "snapshot", "targets"})
    EXPECT_FALSE(with(top, paths));
  EXPECT_FALSE(with("a\\u0000b", paths));
  EXPECT_FALSE(with(std::string(kMaxName + 1, 'x'), paths));
  EXPECT_TRUE(with(std::string(kMaxName, 'x'), paths));
  EXPECT_FALSE(with("a", paths, "0"));
  EXPECT_FALSE(with("a", paths, "-3"));
}

TEST_F(TargetsFile, PathsAreBoundedInAllOfTheFile) {
  std::string full;
  for (std::size_t i = 0; i < kMaxPaths; ++i) full += i == 0 ? R"("")" : R"(,"")";
  std::string roles;
  for (std::size_t i = 0; i < kMaxAllPaths / kMaxPaths; ++i) {
    roles += cat(i == 0 ? "" : ",", R"({"keyids":[],"name":")", i, R"(","paths":[)", full,
                 R"(],"terminating":false,"threshold":1})");
  }
  const auto with = [&](const std::string& more) {
    std::string text = cat(
        R"({"_type":"targets","delegations":{"keys":{},"roles":[)", roles, more,
        R"(]},"expires":"2030-02-01T00:00:00Z","spec_version":"1.0","targets":{},"version":1})");
    const std::string_view part = text;
    const auto read = parse_targets(std::make_shared<const std::string>(std::move(text)), part, {});
    return read ? "good" : read.error().what;
  };
  EXPECT_EQ(with(""), "good");
  const std::string one =
      with(R"(,{"keyids":[],"name":"one","paths":["a"],"terminating":false,"threshold":1})");
  EXPECT_NE(one.find("more than 1048576 paths in all"), std::string::npos) << one;
}

TEST_F(TargetsFile, BinsGoByTheLeftmostBitsOfTheHash) {
  for (const auto* bad : {"0", "-1", "33", "true"}) {
    EXPECT_FALSE(takes(cat(R"({"keys":{},"succinct_roles":{"bit_length":)", bad,
                           R"(,"keyids":[],"name_prefix":"b","threshold":1}})")))
        << bad;
  }
  const auto bin = [](int bits, const char* hash) {
    return Bins{"b", bits, {}}.bin_of(hash).str();
  };
  // TAP 15: the suffix has as many hex digits as the last number needs.
  EXPECT_EQ(bin(1, "80000000"), "b-1");
  EXPECT_EQ(bin(1, "7fffffff"), "b-0");
  EXPECT_EQ(bin(4, "f0000000"), "b-f");
  EXPECT_EQ(bin(5, "f8000000"), "b-1f");
  EXPECT_EQ(bin(8, "0a000000"), "b-0a");
  EXPECT_EQ(bin(14, "ffff0000"), "b-3fff");
  EXPECT_EQ(bin(14, "00040000"), "b-0001");
  EXPECT_EQ(bin(32, "0123abcd"), "b-0123abcd");
  const Bins bins{"b", 14, {}};
  EXPECT_TRUE(bins.names(RoleName("b-3fff")));
  EXPECT_FALSE(bins.names(RoleName("b-4000")));
  EXPECT_FALSE(bins.names(RoleName("b-fff")));
  EXPECT_FALSE(bins.names(RoleName("b-3FFF")));
  EXPECT_FALSE(bins.names(RoleName("c-3fff")));
}

TEST_F(TargetsFile, HashPrefixesCoverPathsWhoseHashBeginsSo) {
  repo.delegate_by_hash("targets", "low", {path_hash("in").substr(0, 2)});
  repo.part("targets").set("version", std::int64_t{1});
  const auto targets = parse();
  ASSERT_TRUE(targets);
  EXPECT_EQ(targets->delegations().covering("in", path_hash("in")).size(), 1U);
  EXPECT_EQ(targets->delegations().covering("out", path_hash("out")).size(),
            path_hash("out").starts_with(path_hash("in").substr(0, 2)) ? 1U : 0U);
}

}  // namespace
}  // namespace sluice::tuf
