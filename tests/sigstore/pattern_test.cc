// SPDX-License-Identifier: Apache-2.0
#include "sigstore/pattern.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::sigstore {
namespace {

using namespace std::string_literals;

Pattern exactly(const std::string& text) { return Pattern::exact(text).value(); }
Pattern glob(const std::string& text) { return Pattern::glob(text).value(); }
Pattern regexp(const std::string& text) { return Pattern::regexp(text, About::subject).value(); }

TEST(Pattern, ExactIsEqualInEveryByte) {
  const std::string name = "https://ci.test/org/app";
  EXPECT_TRUE(exactly(name).matches(name));
  for (const auto& other :
       {name + "-evil", name + "/", name + "\n", name + "\0"s, name + "\0.evil"s, name + " ",
        " " + name, "\n" + name, "https://ci.test/org/App"s, "HTTPS://ci.test/org/app"s,
        "https://ci.test/org%2Fapp"s, "https://ci.test/org/ap"s, "https://ci.test//org/app"s,
        "https://ci.test:443/org/app"s, "https://ci.test/org/./app"s, ""s}) {
    EXPECT_FALSE(exactly(name).matches(other)) << printable(other);
  }
}

TEST(Pattern, ExactHasNoWildcards) {
  EXPECT_TRUE(exactly("a*").matches("a*"));
  EXPECT_FALSE(exactly("a*").matches("ab"));
  EXPECT_FALSE(exactly("a.c").matches("abc"));
}

TEST(Pattern, NoKindTakesWhatCannotBeAName) {
  const std::string longest(kPatternMost, 'a');
  for (const auto& text : {""s, "a\nb"s, "a\0b"s, "a\x7f"s, "\xff"s, "a\u202eb"s, longest + "a"}) {
    EXPECT_FALSE(Pattern::exact(text)) << printable(text, 20);
    EXPECT_FALSE(Pattern::glob(text)) << printable(text, 20);
    EXPECT_FALSE(Pattern::regexp(text, About::subject)) << printable(text, 20);
  }
  EXPECT_TRUE(Pattern::exact(longest));
  EXPECT_TRUE(Pattern::glob(longest));
  EXPECT_TRUE(Pattern::regexp(longest, About::subject));
  EXPECT_EQ(Pattern::exact("").error().code, Errc::usage);
}

struct Fit {
  std::string pattern;
  std::vector<std::string> fits;
  std::vector<std::string> others;
};

TEST(Pattern, GlobStarStaysBetweenSlashes) {
  const std::vector<Fit> table{
      {"refs/tags/v*",
       {"refs/tags/v", "refs/tags/v1", "refs/tags/v1.2.3"},
       {"refs/tags/v1/x", "refs/tags/1", "refs/heads/v1", "xrefs/tags/v1", "refs/tags/v1\n",
        "refs/tags/V1", "refs/tags/v\0"s}},
      {"https://ci.test/org/*",
       {"https://ci.test/org/app", "https://ci.test/org/"},
       {"https://ci.test/org", "https://ci.test/org/a/b", "https://ci.test/org-evil/app"}},
      {"a/**", {"a/", "a/b", "a/b/c"}, {"a", "b/a/c", "a/b\nc"}},
      {"a**z", {"az", "a/z", "a/b/z"}, {"az/", "za"}},
      {"a***z", {"az", "a/z"}, {"a"}},
      {"v?", {"v1", "vx", "vé"}, {"v", "v/", "v12"}},
      {"v?.?", {"v1.2"}, {"v1x2", "v1.", "v.2"}},
      {R"(a\*)", {"a*"}, {"a", "ab", R"(a\*)"}},
      {R"(a\?\\)", {R"(a?\)"}, {R"(ab\)"}},
      {"a.b", {"a.b"}, {"axb"}},
      {"(a|b)[c]+$", {"(a|b)[c]+$"}, {"a", "ac"}},
      {"*é*", {"é", "xéy"}, {"e", "/é"}},
  };
  for (const auto& row : table) {
    for (const auto& text : row.fits) {
      EXPECT_TRUE(glob(row.pattern).matches(text)) << row.pattern << " " << text;
    }
    for (const auto& text : row.others) {
      EXPECT_FALSE(glob(row.pattern).matches(text)) << row.pattern << " " << printable(text);
    }
  }
}

TEST(Pattern, GlobHasToNameSomething) {
  for (const auto* const text : {"*", "**", "*/*", "?", "**/*", "-*", R"(\*)", "***", "?*"}) {
    EXPECT_FALSE(Pattern::glob(text)) << text;
  }
  for (const auto* const text : {"a", "*a", "*1*", "*_", "**/x/**"}) {
    EXPECT_TRUE(Pattern::glob(text)) << text;
  }
}

TEST(Pattern, GlobBackslashStandsBeforeAWildcardAlone) {
  for (const auto* const text : {R"(a\)", R"(a\b)", R"(a\/)", R"(a\[)"}) {
    EXPECT_FALSE(Pattern::glob(text)) << text;
  }
  EXPECT_TRUE(Pattern::glob(R"(a\\)"));
}

// The definition, one character after the other.
bool fits(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob.starts_with("**")) {
    return fits(glob.substr(1 + static_cast<std::size_t>(glob.size() == 2 || glob[2] != '*')),
                text) ||
           (!text.empty() && fits(glob, text.substr(1)));
  }
  if (glob[0] == '*') {
    return fits(glob.substr(1), text) ||
           (!text.empty() && text[0] != '/' && fits(glob, text.substr(1)));
  }
  if (text.empty()) return false;
  const bool one = glob[0] == '?' ? text[0] != '/' : glob[0] == text[0];
  return one && fits(glob.substr(1), text.substr(1));
}

std::vector<std::string> words(std::string_view alphabet, std::size_t most) {
  std::vector<std::string> out{""};
  for (std::size_t from = 0, length = 0; length < most; ++length) {
    const std::size_t end = out.size();
    for (; from < end; ++from) {
      for (const char c : alphabet) out.push_back(out[from] + c);
    }
  }
  return out;
}

TEST(Pattern, GlobAgreesWithItsDefinitionOnAllShortWords) {
  const auto texts = words("ab/", 5);
  std::size_t compared = 0;
  for (const auto& pattern : words("a*?/", 5)) {
    const auto compiled = Pattern::glob(pattern);
    ASSERT_EQ(compiled.has_value(), pattern.contains('a')) << pattern;
    if (!compiled) continue;
    for (const auto& text : texts) {
      ASSERT_EQ(compiled->matches(text), fits(pattern, text)) << pattern << " " << text;
      ++compared;
    }
  }
  EXPECT_EQ(compared, std::size_t{1001} * 364);
}

TEST(Pattern, RegexpFitsTheWholeText) {
  const std::vector<Fit> table{
      {"https://ci.test/org/app",
       {"https://ci.test/org/app"},
       {"https://ci.test/org/app-evil", "https://ci.test/org/app/", "xhttps://ci.test/org/app",
        "https://ci.test/org/app\n", "https://ci.test/org/app\0"s, "https://ci.test/org/app\nx"}},
      {"^https://ci\\.test/org/.*$",
       {"https://ci.test/org/app"},
       {"https://ci-test/org/app", "https://evil.test/https://ci.test/org/app"}},
      {"a|b", {"a", "b"}, {"ab", "ax", "xb"}},
      {"a|b.*", {"a", "bcd"}, {"ab"}},
      {"(?i)me@a\\.test", {"ME@a.test"}, {"me@a.test.evil", "me@a-test"}},
      {"(?s)a.*", {"ab"}, {"a\n", "a\nb"}},
      {"(?m)^a$", {"a"}, {"a\nb", "b\na"}},
      {"a\\z", {"a"}, {"a\n"}},
      {"a[^x]*", {"ab"}, {"a\n", "a\0"s}},
      {"é.", {"éa", "éé"}, {"é", "\xc3"}},
  };
  for (const auto& row : table) {
    for (const auto& text : row.fits) {
      EXPECT_TRUE(regexp(row.pattern).matches(text)) << row.pattern << " " << text;
    }
    for (const auto& text : row.others) {
      EXPECT_FALSE(regexp(row.pattern).matches(text)) << row.pattern << " " << printable(text);
    }
  }
}

TEST(Pattern, RegexpThatIsNoneOrTooLargeIsRefused) {
  for (const auto* const text : {"a(", "a[", "a**", R"((a)\1)", "(?=a)a", "(?<!b)a", "a{2,1}",
                                 "(a{1000}){1000}", "((a{100}){100}){100}", "a{1001}", R"(a\)"}) {
    const auto compiled = Pattern::regexp(text, About::subject);
    ASSERT_FALSE(compiled) << text;
    EXPECT_EQ(compiled.error().code, Errc::usage) << text;
    EXPECT_TRUE(compiled.error().what.contains("RE2")) << text;
  }
  EXPECT_TRUE(Pattern::regexp("a{1000}", About::subject));
  EXPECT_FALSE(
      Pattern::regexp(std::string(kPatternMost / 2, '(') + "a" + std::string(kPatternMost / 2, ')'),
                      About::subject));
}

TEST(Pattern, BacktrackersWouldNotEndHere) {
  const std::string text = std::string(kMatchedMost - 1, 'a') + "b";
  for (const auto* const pattern :
       {"(a+)+", "(a|aa)+", "(a*)*", "(.*a){12}", "(a?){200}a{200}", "([a-z]+)*a", "(a|a)*a"}) {
    EXPECT_FALSE(regexp(pattern).matches(text)) << pattern;
    EXPECT_TRUE(regexp(pattern).matches(std::string(256, 'a'))) << pattern;
  }
  EXPECT_FALSE(glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a").matches(text));
  EXPECT_FALSE(glob("**a**a**a**a**a**a**a**a**a**a**a**a**a").matches(text));
}

TEST(Pattern, TextsOverTheLimitAreNeverMatched) {
  EXPECT_TRUE(regexp("a+").matches(std::string(kMatchedMost, 'a')));
  EXPECT_FALSE(regexp("a+").matches(std::string(kMatchedMost + 1, 'a')));
  EXPECT_FALSE(glob("a*").matches(std::string(kMatchedMost + 1, 'a')));
}

constexpr std::array kFitsEverybody{
    // nothing stands for itself
    ".*", ".+", "^.*$", "(?s).*", ".*.*", "(?i).*", "(.*)", "(?:.*)", "(?P<who>.*)", R"(\S+)",
    R"(\S+@\S+)", "[a-z./:@-]*", "[^x]*", R"([\s\S]*)", "(.|\\n)*", ".{0,}", ".{3,500}", "..*",
    R"(\pL.*)", R"(\p{Greek}*.*)", ".*@.*", R"(.*@.*\..*)", R"([[:alnum:]]+.*)", "[]a]*.*", "://",
    "",
    // it does, and yet everybody fits
    "|.*", "x|.*", "x?.*", "(x|.*)", ".*x*", "(?:abc)?.*", "https://.*", "https?://.*", "^h.*",
    "https://github\\.com/.*", "https://github.com/.*/.*@.*", ".*/\\.github/workflows/.*",
    "https://gitlab.com/.*", ".*//.*yml@refs/.*|.*yaml@.*", "[^@ ]+@[^@ ]+|nobody", R"(\x2e*.*)",
    R"(\Qabc\E|.*)"};

TEST(Pattern, RegexpThatFitsEverybodyIsRefused) {
  for (const auto* const text : kFitsEverybody) {
    const auto refused = Pattern::regexp(text, About::subject);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Errc::usage) << text;
  }
}

TEST(Pattern, ForCosignTheSameIsAWarning) {
  std::size_t warned = 0;
  for (const std::string_view text : kFitsEverybody) {
    const auto taken = Pattern::regexp(std::string(text), About::subject, Compat::cosign);
    if (text.empty()) {
      EXPECT_FALSE(taken);
      continue;
    }
    ASSERT_TRUE(taken) << text;
    EXPECT_TRUE(taken->warning().contains(text)) << text;
    ++warned;
  }
  EXPECT_EQ(warned, kFitsEverybody.size() - 1);
  EXPECT_TRUE(Pattern::regexp("a.*", About::subject, Compat::cosign)->warning().empty());
}

TEST(Pattern, RegexpThatNamesSomebodyIsTaken) {
  for (const auto* const text :
       {R"(.*@example\.org)", "release@.*", R"(https://github\.com/org/.*)",
        R"(https://github\.com/[^/]+/app/.*)", R"(https://gitlab\.com/group/.*)",
        R"(.*\.example\.org)", R"(\Qme@a.test\E)", R"(\x61@b)", "(?i)me@a[.]test",
        R"(https://ci\.test/.*)", "[x]{3}a", R"([\]]a)", "a{2}", "(?P<who>me)@.*", "a{"}) {
    EXPECT_TRUE(Pattern::regexp(text, About::subject)) << text;
  }
}

TEST(Pattern, IssuersHaveStrangersOfTheirOwn) {
  for (const auto* const text : {".*", "https://.*", "https?://[a-z0-9./:-]+", "x|https.*",
                                 "https://(accounts|token|oauth2|gitlab)[.].*"}) {
    EXPECT_FALSE(Pattern::regexp(text, About::issuer)) << text;
    EXPECT_FALSE(Pattern::regexp(text, About::issuer, Compat::cosign)->warning().empty()) << text;
  }
  EXPECT_TRUE(
      Pattern::regexp(R"(https://token\.actions\.githubusercontent\.com(/.*)?)", About::issuer));
}

struct Anchoring {
  std::string pattern;
  std::string text;
  std::string anchored;  // empty: none is due
};

TEST(Pattern, AnchoredFormTakesThisTextAndNoLongerOne) {
  const std::vector<Anchoring> table{
      {"ci.test/org", "https://ci.test/org/app", R"(^https\:\/\/ci.test/org\/app$)"},
      {"^https://ci.test/org", "https://ci.test/org/app", R"(^https://ci.test/org\/app$)"},
      {R"(\.yml@refs/tags/v1$)", "a.yml@refs/tags/v1", R"(^a\.yml@refs/tags/v1$)"},
      {R"(a\$)", "a$b", R"(^a\$b$)"},
      {R"(a\\$)", R"(xa\)", R"(^xa\\$)"},
      {"org|app", "my app", R"(^my\ (?:org|app)$)"},
      {"^org|^app", "app/x", R"(^(?:^org|^app)\/x$)"},
      {"(?i)ORG", "org-evil", R"(^(?:(?i)ORG)\-evil$)"},
      {R"(\Qorg)", "org/x", R"(^org\/x$)"},
      {"é", "aéb", "^aéb$"},
      {"org", "it's org", R"(^it\'s\ org$)"},
      {"org", "org", ""},
      {"org", "app", ""},
      {"org", "org\nx", ""},
  };
  for (const auto& row : table) {
    const auto anchored = regexp(row.pattern).anchored_for(row.text);
    EXPECT_EQ(anchored.value_or(""), row.anchored) << row.pattern;
    if (!anchored) continue;
    EXPECT_TRUE(regexp(*anchored).matches(row.text)) << *anchored;
    EXPECT_FALSE(regexp(*anchored).matches(row.text + "x")) << *anchored;
    EXPECT_FALSE(regexp(*anchored).matches("x" + row.text)) << *anchored;
  }
  EXPECT_FALSE(exactly("a").anchored_for("ab"));
  EXPECT_FALSE(glob("a").anchored_for("ab"));
}

TEST(Pattern, AnchoredFormThatWouldBeTooLongIsNotOffered) {
  EXPECT_TRUE(regexp("org").anchored_for("org" + std::string(kPatternMost - 10, 'x')));
  EXPECT_FALSE(regexp("org").anchored_for("org" + std::string(kPatternMost, 'x')));
}

TEST(Pattern, EscapedGlobFitsItsTextAlone) {
  const std::string text = R"(a*b?c\d)";
  EXPECT_EQ(glob_escaped(text), R"(a\*b\?c\\d)");
  EXPECT_TRUE(glob(glob_escaped(text)).matches(text));
  EXPECT_FALSE(glob(glob_escaped(text)).matches("axb?c\\d"));
}

TEST(Pattern, ShellWordIsOneWord) {
  EXPECT_EQ(shell_word("refs/tags/v1.2-rc_3@x,y:z+%="), "refs/tags/v1.2-rc_3@x,y:z+%=");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("v*"), "'v*'");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
  EXPECT_EQ(shell_word("';rm -rf $HOME;'"), R"(''\'';rm -rf $HOME;'\''')");
  for (const auto* const text : {"~", "!x", "#x", "$(x)", "`x`", "a;b", "a&b", "a|b", "a>b",
                                 "{a,b}", "\"", "\\", "[a]", "é"}) {
    EXPECT_EQ(shell_word(text), cat("'", text, "'"));
  }
}

}  // namespace
}  // namespace sluice::sigstore
