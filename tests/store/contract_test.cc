// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "base/text.h"
#include "store/contract.h"
#include "store/sqlite.h"
#include "support/temp_folder.h"

namespace sluice::test {
namespace {

using store::Filter;
using store::OutcomeKind;
using store::Row;

const Time kStart = *parse_rfc3339("2026-11-20T15:00:00Z");

Row row(const std::string& id, int minute = 0, const std::string& verdict = "approve",
        const std::string& environment = "production") {
  return {.id = id,
          .at = kStart + std::chrono::minutes(minute),
          .environment = environment,
          .verdict = verdict,
          .subject = cat("web ", id),
          .summary = "because",
          .policy_digest = "sha256:00"};
}

std::vector<std::string> ids(store::DecisionStore& store, const Filter& filter) {
  std::vector<std::string> out;
  const auto rows = store.list(filter);
  EXPECT_TRUE(rows) << rows.error().text();
  for (const auto& each : *rows) out.push_back(each.id);
  return out;
}

TEST_P(StoreContract, WhatIsAppendedIsThereByteForByteWhenItIsOpenedAgain) {
  const std::string record = std::string("{\"a\":\"\\u0000 \xC3\xA9\"}\n") + "'); DROP TABLE x; --";
  ASSERT_TRUE(open()->append(row("one"), record));
  const auto stored = open()->get("one");
  ASSERT_TRUE(stored) << stored.error().text();
  EXPECT_EQ(stored->record, record);
  EXPECT_EQ(stored->row.id, "one");
  EXPECT_EQ(stored->row.at, kStart);
  EXPECT_EQ(stored->row.environment, "production");
  EXPECT_EQ(stored->row.verdict, "approve");
  EXPECT_EQ(stored->row.subject, "web one");
  EXPECT_EQ(stored->row.summary, "because");
  EXPECT_EQ(stored->row.policy_digest, "sha256:00");
}

TEST_P(StoreContract, AnIdIsUsedOnce) {
  const auto store = open();
  ASSERT_TRUE(store->append(row("one"), "first"));
  const auto again = store->append(row("one"), "second");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::denied);
  EXPECT_EQ(store->get("one")->record, "first");
}

TEST_P(StoreContract, TheNewestComesFirstAndFiltersHold) {
  const auto store = open();
  ASSERT_TRUE(store->append(row("b", 2, "block"), ""));
  ASSERT_TRUE(store->append(row("a", 1), ""));
  ASSERT_TRUE(store->append(row("c", 3, "approve", "staging"), ""));
  ASSERT_TRUE(store->append(row("d", 3), ""));
  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids(*store, {}), (Ids{"d", "c", "b", "a"}));
  EXPECT_EQ(ids(*store, {.limit = 2}), (Ids{"d", "c"}));
  EXPECT_EQ(ids(*store, {.environment = "staging"}), (Ids{"c"}));
  EXPECT_EQ(ids(*store, {.verdict = "block"}), (Ids{"b"}));
  EXPECT_EQ(ids(*store, {.subject = "web a"}), (Ids{"a"}));
  EXPECT_EQ(ids(*store, {.subject = "web"}), (Ids{}));
  EXPECT_EQ(ids(*store, {.since = kStart + std::chrono::minutes(2)}), (Ids{"d", "c", "b"}));
  EXPECT_EQ(ids(*store, {.until = kStart + std::chrono::minutes(2)}), (Ids{"a"}));
}

TEST_P(StoreContract, TheBeginningOfAnIdIsEnoughWhereItMeansOne) {
  const auto store = open();
  ASSERT_TRUE(store->append(row("2026-aa"), "x"));
  ASSERT_TRUE(store->append(row("2026-ab"), "y"));
  ASSERT_TRUE(store->append(row("2026-a"), "z"));
  EXPECT_EQ(store->get("2026-ab")->record, "y");
  EXPECT_EQ(store->get("2026-aa")->record, "x");
  EXPECT_EQ(store->get("2026-a")->record, "z") << "a whole id is that one, whatever begins with it";
  EXPECT_EQ(store->get("2026").error().code, Errc::malformed);
  for (const auto* none : {"2027", "", "%", "2026-a_", "_"}) {
    EXPECT_EQ(store->get(none).error().code, Errc::not_found) << none;
  }
}

TEST_P(StoreContract, OutcomesFollowADecision) {
  const auto store = open();
  ASSERT_TRUE(store->append(row("one"), ""));
  EXPECT_TRUE(store->outcomes("one")->empty());
  ASSERT_TRUE(store->add_outcome("one", {OutcomeKind::ok, kStart, ""}));
  ASSERT_TRUE(store->add_outcome("on", {OutcomeKind::rolled_back, kStart, "p95\n'doubled'"}));
  const auto outcomes = store->outcomes("one");
  ASSERT_TRUE(outcomes);
  ASSERT_EQ(outcomes->size(), 2U);
  EXPECT_EQ((*outcomes)[1].kind, OutcomeKind::rolled_back);
  EXPECT_EQ((*outcomes)[1].note, "p95\n'doubled'");
  EXPECT_EQ(store->add_outcome("two", {}).error().code, Errc::not_found);
}

TEST_P(StoreContract, TheLastSkipOfADecisionIsShownWithIt) {
  const auto store = open();
  ASSERT_TRUE(store->append(row("one"), "record"));
  ASSERT_TRUE(store->append(row("two", 1), ""));
  EXPECT_FALSE(store->get("one")->row.skipped);
  ASSERT_TRUE(store->add_skip("one", {kStart, "A <a@example.org>", "first"}));
  ASSERT_TRUE(store->add_skip("on", {kStart + std::chrono::minutes(1), "B", "'it\nburns'; --"}));
  const auto stored = store->get("one");
  ASSERT_TRUE(stored && stored->row.skipped);
  EXPECT_EQ(stored->record, "record");
  EXPECT_EQ(stored->row.skipped->at, kStart + std::chrono::minutes(1));
  EXPECT_EQ(stored->row.skipped->who, "B");
  EXPECT_EQ(stored->row.skipped->reason, "'it\nburns'; --");
  const auto rows = store->list({});
  ASSERT_EQ(rows->size(), 2U) << "a decision is one row, however often it was skipped";
  EXPECT_FALSE((*rows)[0].skipped);
  ASSERT_TRUE((*rows)[1].skipped);
  EXPECT_EQ((*rows)[1].skipped->who, "B");
  EXPECT_EQ(store->add_skip("three", {}).error().code, Errc::not_found);
}

TEST_P(StoreContract, ManyWritersAtOnceLoseNothing) {
  constexpr int kWriters = 6;
  constexpr int kEach = 10;
  std::vector<std::jthread> writers;
  std::vector<std::string> problems(kWriters);
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([this, w, &problems] {
      const auto store = place_->open();  // also the making of the store is a race
      if (!store) {
        problems[static_cast<std::size_t>(w)] = store.error().text();
        return;
      }
      for (int i = 0; i < kEach; ++i) {
        const auto done = (*store)->append(row(cat(w, "-", i)), "record");
        if (!done) problems[static_cast<std::size_t>(w)] = done.error().text();
      }
    });
  }
  writers.clear();
  for (const auto& problem : problems) EXPECT_EQ(problem, "");
  EXPECT_EQ(ids(*open(), {.limit = 1000}).size(), std::size_t{kWriters} * kEach);
}

// A child appends and acknowledges each on a pipe; it is killed in the middle of its work.
TEST_P(StoreContract, KillingTheProgramLosesNoAcknowledgedDecision) {
  open().reset();
  for (int round = 0; round < 3; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      const auto store = place_->open();
      for (int i = 0; store; ++i) {
        const std::string id = cat(round, "-", i, "\n");
        if (!(*store)->append(row(id.substr(0, id.size() - 1)), std::string(5000, 'x'))) break;
        if (::write(ends[1], id.data(), id.size()) < 0) break;
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    std::string acknowledged;
    char piece[256];
    while (std::ranges::count(acknowledged, '\n') < 7 + round * 5) {
      const auto got = ::read(ends[0], piece, sizeof piece);
      ASSERT_GT(got, 0);
      acknowledged.append(piece, static_cast<std::size_t>(got));
    }
    ::kill(child, SIGKILL);
    for (;;) {  // what it acknowledged before it died
      const auto got = ::read(ends[0], piece, sizeof piece);
      if (got <= 0) break;
      acknowledged.append(piece, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    const auto store = open();
    auto lines = split(acknowledged, '\n');
    lines.pop_back();
    for (const auto id : lines) {
      const auto stored = store->get(id);
      ASSERT_TRUE(stored) << stored.error().text();
      EXPECT_EQ(stored->record.size(), 5000U);
    }
    ASSERT_TRUE(store->append(row(cat("after-", round)), ""));
  }
}

class SqlitePlace final : public StorePlace {
 public:
  Result<std::unique_ptr<store::DecisionStore>> open() override {
    return store::open_sqlite(folder_ / "decisions.db", store::Access::write,
                              std::chrono::seconds(30));
  }

 private:
  TempFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Each, StoreContract,
                         testing::Values(StoreMaker{
                             "Sqlite", [] { return std::make_unique<SqlitePlace>(); }}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace sluice::test
