// SPDX-License-Identifier: Apache-2.0
// Explanations: golden files (testdata/golden; SLUICE_UPDATE_GOLDEN=1 writes them anew), the size
// of a terminal, and that foreign text stays text.
#include "gate/explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "gate/builders.h"
#include "support/temp_folder.h"

namespace sluice {
namespace {

using gate::Health;
using policy::Level;

const Path kGolden = Path(SLUICE_SOURCE_DIR) / "testdata/golden";

void expect_golden(const std::string& name, const std::string& text) {
  if (std::getenv("SLUICE_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(system_files().replace(kGolden / name, text));
  }
  EXPECT_EQ(test::read_file(kGolden / name), text) << name;
}

gate::Record approved() {
  return test::record({test::risk(Level::low, "1 file outside of what is watched"),
                       test::health(Health::healthy, "checkout: 5 of 5 golden signals"),
                       test::carbon(120)});
}
gate::Record with_conditions() {
  return test::record({test::risk(Level::medium, "2 k8s files"),
                       test::health(Health::warning, "checkout: p95 1.1 s (0.8 s expected)"),
                       test::carbon(120)});
}
gate::Record delayed() {
  auto grid = test::carbon(412.4);
  grid.value = gate::Carbon{412.4, gate::Window{test::kNow + std::chrono::hours(2), 300, 27.3}};
  return test::record(
      {test::risk(Level::medium, "2 k8s files, 1 migration"),
       test::health(Health::incident, "checkout: error rate 4.1 % (0.3 % expected), p95 2.9 s"),
       grid});
}
gate::Record blocked() {
  auto risk = test::risk(Level::high, "4 k8s files, 1 migration");
  risk.details = {{"k8s/web.yaml", "3"}, {"db/migration/7.sql", "5"}};
  return test::record({risk, test::health(Health::healthy), test::carbon(120)});
}
gate::Record undecided() {
  gate::Signal health{.id = "health",
                      .value = gate::Unknown::unreachable,
                      .text = "no answer within 5 s",
                      .source = "http://prometheus.example:9090"};
  auto risk = test::risk(Level::low, "1 file");
  risk.asserted = true;
  return test::record({risk, health},
                      std::string(test::kPolicy) + "signals: {risk: {asserted: accept}}\n");
}

// Everything that a name can do to whoever shows it.
constexpr const char* kHostile =
    "a|b\n\x1b[2J<script>alert(1)</script>`x` [l](javascript:1) *b* @all www.evil.example "
    "https://evil.example \xE2\x80\xAE\xFF &amp; \"q\" 'q' #1 $x$";

gate::Record hostile(int signals) {
  std::vector<gate::Signal> all;
  for (int i = 0; i < signals; ++i) {
    auto risk = test::risk(Level::medium, cat(kHostile, std::string(300, 'x')));
    risk.source = kHostile;
    risk.details = {{kHostile, kHostile}};
    all.push_back(risk);
  }
  auto inputs = test::inputs(std::move(all));
  inputs.change = kHostile;
  inputs.policy.source = kHostile;
  inputs.subjects[0].name = kHostile;
  return *gate::judge(std::move(inputs), "20261120T150000Z-0011223344556677", "sluice 0.1.0");
}

void expect_fits_a_terminal(const std::string& text) {
  const auto lines = split(text, '\n');
  EXPECT_LE(lines.size() - 1, 24U) << text;
  for (const auto line : lines) {
    std::size_t columns = 0;
    for (const char c : line) columns += (c & 0xC0) == 0x80 ? 0 : 1;
    EXPECT_LE(columns, 80U) << line;
  }
}

TEST(ExplainText, LooksAsInTheGoldenFiles) {
  expect_golden("gate-approve.txt", gate::as_text(approved(), {.signed_file = "decision.json"}));
  expect_golden("gate-conditions.txt", gate::as_text(with_conditions(), {}));
  expect_golden("gate-delay.txt", gate::as_text(delayed(), {}));
  expect_golden("gate-block.txt",
                gate::as_text(blocked(), {.outcomes = {{store::OutcomeKind::incident, test::kNow,
                                                        "pushed past the gate"}}}));
  expect_golden("gate-undecided.txt", gate::as_text(undecided(), {}));
  expect_golden("gate-hostile.txt", gate::as_text(hostile(1), {}));
}

TEST(ExplainText, FitsATerminalWhateverItSays) {
  for (const auto& record : {approved(), with_conditions(), delayed(), blocked(), undecided()}) {
    expect_fits_a_terminal(gate::as_text(record, {}));
  }
  for (const int signals : {1, 5, 6, 64}) {
    const std::string text = gate::as_text(
        hostile(signals), {.signed_file = std::string(300, 'f'),
                           .outcomes = {{store::OutcomeKind::ok, test::kNow, kHostile}},
                           .skipped = store::Skip{test::kNow, kHostile, kHostile}});
    expect_fits_a_terminal(text);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
}

TEST(ExplainText, ASkipSaysWhoAndWhyInEveryForm) {
  const store::Skip skip{test::kNow, "T <t@example.org>", "hotfix | @all"};
  EXPECT_NE(gate::as_text(blocked(), {.skipped = skip})
                .find("\nSkipped by T <t@example.org>: hotfix | @all\n"),
            std::string::npos);
  const std::string markdown = gate::as_markdown(blocked(), {}, skip);
  EXPECT_NE(markdown.find("- skipped: by T &#60;t&#64;example"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("hotfix &#124; &#64;all"), std::string::npos) << markdown;
  EXPECT_NE(gate::as_html(blocked(), {}, skip).find("by T &lt;t@example.org&gt;"),
            std::string::npos);
}

TEST(ExplainText, TheWorstIsShownWhereNotAllCanBe) {
  std::vector<gate::Signal> signals(20, test::risk(Level::low));
  signals.push_back(test::risk(Level::high, "the one that matters"));
  const std::string text = gate::as_text(test::record(std::move(signals)), {});
  EXPECT_NE(text.find("BLOCK   risk"), std::string::npos) << text;
}

TEST(ExplainText, ColourIsOnTheVerdictAlone) {
  const std::string text = gate::as_text(blocked(), {.colour = true});
  EXPECT_TRUE(text.starts_with("\x1b[31mBLOCK\x1b[0m")) << text;
  EXPECT_EQ(std::ranges::count(text, '\x1b'), 2);
}

TEST(ExplainText, CutsBetweenCharactersAndCountsWideOnesTwice) {
  EXPECT_EQ(gate::fitted("abc", 3), "abc");
  EXPECT_EQ(gate::fitted("abcd", 3), "ab…");
  EXPECT_EQ(gate::fitted("äöü", 3), "äöü");
  EXPECT_EQ(gate::fitted("äöüß", 3), "äö…");
  EXPECT_EQ(gate::fitted("水水", 4), "水水");
  EXPECT_EQ(gate::fitted("水水水", 4), "水…");
  EXPECT_EQ(gate::fitted("abc", 0), "");
}

TEST(ExplainPages, LookAsInTheGoldenFiles) {
  expect_golden("gate-block.md", gate::as_markdown(blocked()));
  expect_golden("gate-delay.html", gate::as_html(delayed()));
  expect_golden("gate-hostile.md", gate::as_markdown(hostile(1)));
  expect_golden("gate-hostile.html", gate::as_html(hostile(1)));
}

TEST(ExplainPages, ForeignTextStaysText) {
  const std::string markdown = gate::as_markdown(hostile(2));
  for (const auto* raw :
       {"<script", "`x`", "[l]", "*b*", "@all", "www.", "https:", "\x1b", "a|b"}) {
    EXPECT_EQ(markdown.find(raw), std::string::npos) << raw;
  }
  const std::string html = gate::as_html(hostile(2));
  for (const auto* raw : {"<script", "\x1b", "&amp;amp; \"", "\xFF", "\xE2\x80\xAE"}) {
    EXPECT_EQ(html.find(raw), std::string::npos) << raw;
  }
  EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
}

TEST(ExplainPages, EveryRowOfTheTableHasItsCells) {
  const std::string markdown = gate::as_markdown(hostile(3));
  for (const auto line : split(markdown, '\n')) {
    if (!line.starts_with("|")) continue;
    EXPECT_EQ(std::ranges::count(line, '|'), 8) << line;
  }
}

TEST(ExplainPages, LoadNothingFromAnywhere) {
  const std::string html = gate::as_html(delayed());
  for (const auto* word : {"<script", "src=", "href=", "url(", "@import"}) {
    EXPECT_EQ(html.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace sluice
