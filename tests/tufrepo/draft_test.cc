// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/draft.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "support/tuf/fake_repo.h"
#include "tuf/canonical.h"

namespace sluice::tuf {
namespace {

const std::string kTargets =
    R"({"signed":{"version":3,"x-unknown":{"b":1,"a":[true,null]},"_type":"targets",)"
    R"("targets":{"b":{"length":2,"hashes":{"sha256":"00"},"custom":{"note":"a\nb"}},)"
    R"("a":{"hashes":{"sha256":"00"},"length":1}},"spec_version":"1.0.0",)"
    R"("expires":"2030-01-01T00:00:00Z"},"signatures":[]})";

TEST(Draft, KeepsWhatItDoesNotKnowAndSortsWhatItWrites) {
  const auto draft = Draft::parse(kTargets);
  ASSERT_TRUE(draft) << draft.error().text();
  EXPECT_EQ(draft->version(), 3);
  EXPECT_EQ(draft->count(), 2U);
  EXPECT_EQ(draft->document().value(),
            R"({"signatures":[],"signed":{"_type":"targets","expires":"2030-01-01T00:00:00Z",)"
            R"("spec_version":"1.0.0","targets":{"a":{"hashes":{"sha256":"00"},"length":1},)"
            R"("b":{"custom":{"note":"a\nb"},"hashes":{"sha256":"00"},"length":2}},)"
            R"("version":3,"x-unknown":{"a":[true,null],"b":1}}})");
}

TEST(Draft, TheMessageIsTheCanonicalFormOfWhatWasRead) {
  const auto draft = Draft::parse(kTargets);
  const auto envelope = open_envelope(kTargets, 1U << 20);
  ASSERT_TRUE(draft && envelope);
  EXPECT_EQ(draft->message().value(), envelope->message());
  // It has a line break where JSON has an escape.
  EXPECT_NE(draft->message().value().find("a\nb"), std::string::npos);
}

// A snapshot's text is kept for whoever asks next, and given away with the document.
TEST(Draft, ASnapshotIsWrittenTheSameHoweverOftenAndWhoeverHoldsItsText) {
  Draft draft = Draft::fresh(RoleType::snapshot);
  for (int i = 0; i < 300; ++i) draft.put(cat("role-", 1000 + i, ".json"), R"({"version":1})");
  const auto held = draft.message_text().value();
  draft.add_signature("0123", "abcd");
  const std::string first = draft.document().value();
  const auto copy = draft;
  EXPECT_EQ(draft.document().value(), first);
  EXPECT_EQ(first, cat(R"({"signatures":[{"keyid":"0123","sig":"abcd"}],"signed":)", *held, "}"));
  draft.clear_signatures();
  const std::string bare = cat(R"({"signatures":[],"signed":)", *held, "}");
  EXPECT_EQ(draft.document().value(), bare);
  EXPECT_EQ(draft.document().value(), bare);
  EXPECT_EQ(draft.message().value(), *held);
  EXPECT_EQ(copy.document().value(), first);
}

// Around a text that somebody looks into, where there is room for what comes before it; elsewhere
// in memory of its own. What was handed out stays as it is.
TEST(Draft, ASnapshotsDocumentIsMadeAroundItsTextOnce) {
  for (const std::size_t size : {128U, 96U, 140U}) {
    Draft draft = Draft::fresh(RoleType::snapshot);
    for (int i = 0; i < 300; ++i) draft.put(cat("role-", 1000 + i, ".json"), R"({"version":1})");
    const auto held = draft.message_text().value();
    const std::string message(*held);
    draft.add_signature(std::string(64, 'a'), std::string(size, 'b'));
    const auto other = draft;
    const std::string expected = draft.document().value();
    const auto document = draft.shared_document().value();
    EXPECT_EQ(*document, expected);
    EXPECT_EQ(*held, message);
    EXPECT_EQ(held.text.data() - document->data() ==
                  static_cast<std::ptrdiff_t>(expected.size() - message.size() - 1),
              size == 128)
        << size;
    EXPECT_EQ(draft.message().value(), message);
    draft.clear_signatures();
    EXPECT_EQ(*draft.shared_document().value(), draft.document().value());
    EXPECT_EQ(*other.shared_document().value(), expected);
    EXPECT_EQ(*document, expected);
  }
  // Nobody looks: it is moved.
  Draft alone = Draft::fresh(RoleType::snapshot);
  alone.put("a.json", R"({"version":1})");
  const std::string message = alone.message().value();
  EXPECT_EQ(*alone.shared_document().value(), cat(R"({"signatures":[],"signed":)", message, "}"));
  EXPECT_EQ(alone.message().value(), message);
  EXPECT_EQ(*Draft::fresh(RoleType::targets).shared_document().value(),
            Draft::fresh(RoleType::targets).document().value());
}

// A snapshot that was read by the client's reader, and one that is read here, are the same to
// change, however odd they are written.
TEST(Draft, OfASnapshotThatIsReadAlready) {
  const std::string head = R"({"x-more":{"meta":{"not":"this"}},"signatures":[{"keyid":"00",)"
                           R"("sig":"11"}], "signed":{"_type":"snapshot","meta":)";
  const std::string tail = R"(,"expires":"2030-01-01T00:00:00Z","spec_version":"1.0.31",)"
                           R"("version":7,"x-unknown":[1,{"meta":{}}]}})";
  for (const std::string list :
       {"{}", R"({"a.json":{"version":1},"b.json":{"version":2}})",
        R"({"b.json" : {"version":2},"a\"b.json":{"version":1},"\u0061.json":{"version":3}})",
        R"({"b.json":{"version":2,"length":9},"a.json":{ "version":1}})"}) {
    const auto document = std::make_shared<const std::string>(cat(head, list, tail));
    const auto opened = open_snapshot(document, 1U << 20);
    ASSERT_TRUE(opened) << list;
    auto read = *Draft::parse(document);
    auto taken = Draft::of(opened->snapshot);
    ASSERT_TRUE(taken) << taken.error().text();
    EXPECT_EQ(taken->source(), document);
    EXPECT_EQ(taken->type(), RoleType::snapshot);
    EXPECT_EQ(taken->document().value(), read.document().value()) << list;
    for (Draft* draft : {&read, &*taken}) {
      draft->put("b.json", R"({"version":5})");
      draft->put("c.json", R"({"version":6})");
      draft->set_version(8);
    }
    EXPECT_EQ(taken->count(), read.count());
    EXPECT_EQ(taken->document().value(), read.document().value()) << list;
    EXPECT_EQ(taken->message().value(), read.message().value()) << list;
  }
}

// Keys that are written with escapes come from files, and from lists that are put in.
TEST(Draft, KeysWithEscapesAreFoundAsTheyAreAndWrittenAsTheyMustBe) {
  auto draft = *Draft::parse(kTargets);
  const auto pieces = std::make_shared<std::deque<std::string>>();
  std::vector<Listed> added;
  for (const std::string key : {"say \"hi\"", "plain", "\xc3\xa4", ""}) {
    added.push_back(keep_listed(*pieces, key, R"({"length":1})"));
    EXPECT_EQ(added.back().key(), key);
    EXPECT_EQ(added.back().text(), R"({"length":1})");
  }
  EXPECT_FALSE(added[0].as_written());
  EXPECT_TRUE(added[1].as_written());
  std::ranges::sort(added, {}, &Listed::key);
  EXPECT_EQ(draft.put_all(added, pieces), 0U);
  EXPECT_EQ(draft.find("say \"hi\""), R"({"length":1})");
  const auto again = Draft::parse(draft.document().value());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->count(), 6U);
  EXPECT_EQ(again->find("say \"hi\""), R"({"length":1})");
  EXPECT_EQ(again->document().value(), draft.document().value());
  EXPECT_NE(again->document().value().find(R"("say \"hi\"":{"length":1})"), std::string::npos);
}

TEST(Draft, ManyThatArePutTellHowManyStoodThereSo) {
  auto draft = *Draft::parse(kTargets);
  const std::string a(*draft.find("a"));
  const std::string b(*draft.find("b"));
  draft.put("c", R"({"length":1})");
  draft.put("d", R"({"length":1})");
  EXPECT_TRUE(draft.erase("b"));
  const auto pieces = std::make_shared<std::deque<std::string>>();
  const std::vector<Listed> added{keep_listed(*pieces, "a", a), keep_listed(*pieces, "b", b),
                                  keep_listed(*pieces, "c", R"({"length":1})"),
                                  keep_listed(*pieces, "d", R"({"length":2})"),
                                  keep_listed(*pieces, "e", R"({"length":1})")};
  EXPECT_EQ(draft.put_all(added, pieces), 2U);  // a, and c, which was put; b had been erased
  EXPECT_EQ(draft.count(), 5U);
  EXPECT_EQ(draft.find("b"), b);
  EXPECT_EQ(draft.find("d"), R"({"length":2})");
  EXPECT_EQ(draft.put_all(added, pieces), 5U);
}

TEST(Draft, WhatItWritesIsReadBackAsTheSame) {
  const auto draft = Draft::parse(kTargets);
  const auto again = Draft::parse(draft->document().value());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->document().value(), draft->document().value());
  const auto pretty = Draft::parse(draft->for_review().value());
  ASSERT_TRUE(pretty);
  EXPECT_EQ(pretty->message().value(), draft->message().value());
}

TEST(Draft, EntriesArePutReplacedAndErasedInTheirOrder) {
  auto draft = *Draft::parse(kTargets);
  draft.put("aa", R"({"hashes":{"sha256":"11"},"length":9})");
  draft.put("b", R"({"hashes":{"sha256":"22"},"length":8})");
  EXPECT_TRUE(draft.erase("a"));
  EXPECT_FALSE(draft.erase("none"));
  EXPECT_EQ(draft.count(), 2U);
  std::string order;
  EXPECT_TRUE(draft.each([&](std::string_view key, std::string_view) -> Result<void> {
    order += std::string(key) + ";";
    return {};
  }));
  EXPECT_EQ(order, "aa;b;");
  EXPECT_EQ(draft.find("a"), std::nullopt);
  EXPECT_NE(draft.find("b")->find("22"), std::string_view::npos);
  const auto again = Draft::parse(draft.document().value());
  EXPECT_EQ(again->message().value(), draft.message().value());
}

TEST(Draft, NamesThatNeedEscapesStayJson) {
  auto draft = Draft::fresh(RoleType::targets);
  draft.set_expires(test::kTufNow);
  draft.put("a\"b\\c", R"({"hashes":{"sha256":"11"},"length":9})");
  const auto again = Draft::parse(draft.document().value());
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_TRUE(again->find("a\"b\\c"));
  EXPECT_EQ(again->message().value(), draft.message().value());
}

// What is copied in one piece, and what ends a piece.
TEST(Draft, OneEntryOfManyIsReplacedAndTheOthersStayAsTheyAre) {
  const auto with = [](std::string_view c) {
    return cat(R"({"signatures":[],"signed":{"_type":"snapshot","expires":"2030-01-01T00:00:00Z",)",
               R"("meta":{"a.json":{"version":1},"b.json":{"hashes":{"sha256":"00"},"version":2},)",
               R"("c.json":)", c, R"(,"d.json":{"version":4},"e.json":{"version":5}},)",
               R"("spec_version":"1.0.31","version":7}})");
  };
  auto draft = *Draft::parse(with(R"({"version":3})"));
  EXPECT_EQ(draft.document().value(), with(R"({"version":3})"));
  draft.put("c.json", R"({"version":33})");
  EXPECT_EQ(draft.document().value(), with(R"({"version":33})"));
  const Draft copy = draft;
  EXPECT_TRUE(draft.erase("a.json"));
  draft.put("f.json", R"({"version":6})");
  const auto again = Draft::parse(draft.document().value());
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->count(), 5U);
  EXPECT_EQ(copy.document().value(), with(R"({"version":33})"));
}

TEST(Draft, WhatStandsApartOrNotSortedIsWrittenSideBySideAndSorted) {
  const auto draft = Draft::parse(
      R"({"signed":{"_type":"snapshot","expires":"2030-01-01T00:00:00Z","version":7,"meta":{)"
      R"("d.json":{"version":4}, "c.json":{"version":3},"a\u002ejson":{"version":1},)"
      R"("b.json": {"version":2},"e.json":{"version": 5}},"spec_version":"1.0.31"},"signatures":[]})");
  ASSERT_TRUE(draft) << draft.error().text();
  EXPECT_EQ(
      draft->document().value(),
      R"({"signatures":[],"signed":{"_type":"snapshot","expires":"2030-01-01T00:00:00Z",)"
      R"("meta":{"a.json":{"version":1},"b.json":{"version":2},"c.json":{"version":3},)"
      R"("d.json":{"version":4},"e.json":{"version":5}},"spec_version":"1.0.31","version":7}})");
}

TEST(Draft, ACopyOutlivesWhatItWasCopiedFrom) {
  std::optional<Draft> first = *Draft::parse(kTargets);
  Draft copy = *first;
  first.reset();
  EXPECT_EQ(copy.count(), 2U);
  EXPECT_NE(copy.find("b")->find("a\\nb"), std::string_view::npos);
}

TEST(Draft, RefusesWhatIsNoMetadata) {
  EXPECT_FALSE(Draft::parse("{}"));
  EXPECT_FALSE(Draft::parse(R"({"signed":{"_type":"other","version":1},"signatures":[]})"));
  EXPECT_FALSE(Draft::parse(
      R"({"signed":{"_type":"root","version":0,"expires":"2030-01-01T00:00:00Z"},"signatures":[]})"));
  EXPECT_TRUE(Draft::parse(
      R"({"signed":{"_type":"root","version":1,"expires":"2030-01-01T00:00:00Z"},"signatures":[]})"));
}

TEST(Draft, AFractionCanBeReadAndNotSigned) {
  const auto draft = Draft::parse(
      R"({"signed":{"_type":"root","version":1,"expires":"2030-01-01T00:00:00Z","x":1.5},)"
      R"("signatures":[]})");
  ASSERT_TRUE(draft);
  EXPECT_FALSE(draft->message());
}

}  // namespace
}  // namespace sluice::tuf
