// SPDX-License-Identifier: Apache-2.0
#include "gate/simulation.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

using gate::SimulatedChange;
using gate::Simulation;
using gate::Verdict;

Simulation some(std::size_t count) {
  Simulation out{.policy = "sluice.yaml",
                 .policy_digest = "sha256:0123456789abcdef",
                 .environment = "production",
                 .changes = {}};
  for (std::size_t i = 0; i < count; ++i) {
    SimulatedChange change{.commit = cat("c", i), .subject = cat("change ", i)};
    change.at = Time(std::chrono::days(20'000 - i));
    change.verdict = i % 7 == 0 ? Verdict::block : i % 3 == 0 ? Verdict::delay : Verdict::approve;
    change.rule = i % 7 == 0 ? "risk.block" : i % 3 == 0 ? "risk.delay" : "risk.ok";
    change.text = "score 1";
    out.changes.push_back(change);
  }
  return out;
}

std::size_t occurrences(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Simulation, TheHeadlineCountsWhatWasHeldBack) {
  const std::string page = gate::as_html(some(22));
  // 0, 7, 14, 21 are blocked; 3, 6, 9, 12, 15, 18 delayed.
  EXPECT_NE(page.find("<h1>10 of 22 changes would have been held back</h1>"), std::string::npos);
  EXPECT_NE(page.find("<li class=\"block\"><b>4</b>blocked <span class=\"soft\">18 %"),
            std::string::npos);
  EXPECT_NE(page.find("<li class=\"delay\"><b>6</b>delayed"), std::string::npos);
  EXPECT_NE(page.find("<li class=\"approve\"><b>12</b>approved"), std::string::npos);
  EXPECT_NE(page.find("the risk is at the level that delays"), std::string::npos);
}

TEST(Simulation, EachChangeIsAColumnUntilThereAreTooMany) {
  EXPECT_EQ(occurrences(gate::as_html(some(22)), "<rect "), 22U);
  EXPECT_EQ(occurrences(gate::as_html(some(60)), "<rect "), 60U);
  const std::string many = gate::as_html(some(1000));
  EXPECT_EQ(occurrences(many, "<g><title>"), 59U);  // 17 each
  EXPECT_NE(many.find("Each column is up to 17 changes"), std::string::npos);
}

TEST(Simulation, TheTableHasTheNumbersOfTheChart) {
  const std::string page = gate::as_html(some(3));
  EXPECT_NE(page.find("<tr><td>c2</td><td class=\"n\">1</td><td class=\"n\">0</td><td class=\"n\">0"
                      "</td><td class=\"n\">0</td><td class=\"n\">0</td></tr>"),
            std::string::npos);
  EXPECT_NE(page.find("<tr><td>c0</td><td class=\"n\">0</td><td class=\"n\">0</td><td class=\"n\">0"
                      "</td><td class=\"n\">0</td><td class=\"n\">1</td></tr>"),
            std::string::npos);
}

TEST(Simulation, LongListsAreCutAndSaySo) {
  const std::string page = gate::as_html(some(5000));
  EXPECT_NE(page.find("The newest 300 of "), std::string::npos);
  EXPECT_LT(page.size(), 1U << 20);
}

TEST(Simulation, NothingAndOneArePagesToo) {
  EXPECT_NE(gate::as_html(some(0)).find("<h1>0 of 0 changes"), std::string::npos);
  auto one = some(1);
  one.changes[0].verdict = Verdict::approve;
  const std::string page = gate::as_html(one);
  EXPECT_NE(page.find("<h1>0 of 1 change would"), std::string::npos);
  EXPECT_NE(page.find("Nothing would have been held back."), std::string::npos);
}

TEST(Simulation, NothingForeignIsMarkup) {
  Simulation hostile = some(2);
  const std::string evil =
      "</title></svg></style><script>alert(1)</script><img src=x onerror=\"a\">'\x1b[31m\xff";
  hostile.policy = hostile.environment = evil;
  hostile.policy_digest = "<b>";
  for (auto& change : hostile.changes) {
    change.commit = change.subject = change.rule = change.text = evil;
    change.paths = {evil, "src/a b.cc"};
  }
  const std::string page = gate::as_html(hostile);
  for (const std::string_view raw :
       {"<script", "<img", "onerror=\"", "</svg></style>", "\x1b", "\xff", "<b><"})
    EXPECT_EQ(page.find(raw), std::string::npos) << raw;
  EXPECT_EQ(occurrences(page, "</title>"), 1U + 2U);
  EXPECT_EQ(occurrences(page, "</svg>"), 1U);
  EXPECT_EQ(occurrences(page, "</style>"), 1U);
  EXPECT_GT(occurrences(page, "&lt;script&gt;"), 8U);
}

TEST(Simulation, NothingIsLoadedFromAnywhere) {
  const std::string page = gate::as_html(some(30));
  for (const std::string_view word :
       {"http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link"})
    EXPECT_EQ(page.find(word), std::string::npos) << word;
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(page.find("prefers-color-scheme:dark"), std::string::npos);
  EXPECT_NE(page.find("name=\"viewport\""), std::string::npos);
}

}  // namespace
}  // namespace sluice
