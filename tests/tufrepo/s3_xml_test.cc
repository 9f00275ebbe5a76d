// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/s3_xml.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::tuf {
namespace {

constexpr std::string_view kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string listing(std::string_view middle) {
  return cat(kHead, "<ListBucketResult xmlns=\"http://s3.example/doc/\"><Name>b</Name>", middle,
             "</ListBucketResult>");
}

TEST(S3Xml, ReadsElementsTextAndReferences) {
  const auto root = parse_xml(cat(kHead,
                                  "<a b='1' c=\"2\"> x &lt;&amp;&gt;&quot;&apos;&#65;&#xe9; "
                                  "<d/><e >y</e ></a>\n"));
  ASSERT_TRUE(root) << root.error().text();
  EXPECT_EQ(root->text, " x <&>\"'A\xc3\xa9 ");
  EXPECT_EQ(root->text_of("e"), "y");
  EXPECT_NE(root->find("d"), nullptr);
  EXPECT_EQ(root->find("f"), nullptr);
}

TEST(S3Xml, RefusesEverythingElse) {
  for (const char* text : {"",
                           "x",
                           "<a>",
                           "<a></b>",
                           "<a></a><b/>",
                           "<a></a>x",
                           "<!DOCTYPE a><a/>",
                           "<a><!-- c --></a>",
                           "<a><![CDATA[x]]></a>",
                           "<a><?pi?></a>",
                           "<a>&b;</a>",
                           "<a>&#0;</a>",
                           "<a>&#xD800;</a>",
                           "<a>&#x110000;</a>",
                           "<a>&amp</a>",
                           "<a b></a>",
                           "<a b=c></a>",
                           "<a b='c></a>",
                           "<a b='<'></a>",
                           "<a b='1'c='2'/>",
                           "<1/>",
                           "< a/>",
                           "<a>\xff</a>",
                           "<?xml <a/>?><a/>",
                           "\xef\xbb\xbf<a/>",
                           "<a>&#x;</a>",
                           "<a>&;</a>"}) {
    const auto parsed = parse_xml(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::malformed) << text;
  }
}

TEST(S3Xml, KeepsToItsBounds) {
  const XmlLimits limits{.bytes = 40, .depth = 2, .elements = 3};
  EXPECT_TRUE(parse_xml("<a><b/><c/></a>", limits));
  for (const char* text : {"<a><b/><c/><d/></a>", "<a><b><c/></b></a>",
                           "<a>012345678901234567890123456789012345</a>"}) {
    EXPECT_EQ(parse_xml(text, limits).error().code, Errc::limit) << text;
  }
}

TEST(S3Listings, AreReadPageByPage) {
  const auto page = parse_listing(listing(
      "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>t&amp;1</NextContinuationToken>"
      "<Contents><Key>a%2Fb+c%C3%A9</Key><Size>12</Size><ETag>&quot;x&quot;</ETag></Contents>"
      "<Contents><Key>d</Key><Size>0</Size></Contents>"));
  ASSERT_TRUE(page) << page.error().text();
  ASSERT_EQ(page->entries.size(), 2U);
  EXPECT_EQ(page->entries[0].key, "a/b c\xc3\xa9");
  EXPECT_EQ(page->entries[0].size, 12U);
  EXPECT_EQ(page->next, "t&1");
  const auto last = parse_listing(listing(
      "<IsTruncated>false</IsTruncated><Contents><Key>a+%41</Key><Size>1</Size></Contents>"));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->entries[0].key, "a+%41");  // not encoded, then
  EXPECT_FALSE(last->next);
}

TEST(S3Listings, RefuseWhatTheyCannotRelyOn) {
  constexpr std::string_view kAll = "<IsTruncated>false</IsTruncated>";
  EXPECT_TRUE(parse_listing(listing(kAll)));
  for (const std::string& text :
       {listing(""), listing("<IsTruncated>perhaps</IsTruncated>"),
        listing("<IsTruncated>true</IsTruncated>"),
        listing(cat(kAll, "<Contents><Key></Key><Size>1</Size></Contents>")),
        listing(cat(kAll, "<Contents><Key>a</Key></Contents>")),
        listing(cat(kAll, "<Contents><Key>a</Key><Size>1x</Size></Contents>")),
        listing(cat(kAll, "<Contents><Key>a</Key><Size>-1</Size></Contents>")),
        listing(cat(kAll,
                    "<EncodingType>url</EncodingType>"
                    "<Contents><Key>a%4</Key><Size>1</Size></Contents>")),
        std::string("<html><body>no</body></html>")}) {
    EXPECT_FALSE(parse_listing(text)) << text;
  }
}

TEST(S3Errors, AreToldWhereTheyAreSome) {
  const auto error =
      parse_s3_error(cat(kHead,
                         "<Error><Code>SlowDown</Code><Message>reduce\x1b your rate</Message>"
                         "<Region>eu-west-1</Region></Error>"));
  EXPECT_EQ(error.code, "SlowDown");
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_EQ(parse_s3_error("<html>").code, "");
  EXPECT_EQ(parse_s3_error("").code, "");
}

}  // namespace
}  // namespace sluice::tuf
