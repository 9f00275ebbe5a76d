// SPDX-License-Identifier: Apache-2.0
#include "admission/image.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

using admission::parse_image;

const std::string kSha256 = "sha256:" + std::string(64, 'a');
const std::string kSha512 = "sha512:" + std::string(128, 'b');

struct Good {
  std::string text;
  std::string repository;
  std::string tag;
};

TEST(ImageReference, IsReadAsContainerRuntimesReadIt) {
  for (const auto& [text, repository, tag] : std::vector<Good>{
           {"nginx", "docker.io/library/nginx", ""},
           {"nginx:1.25", "docker.io/library/nginx", "1.25"},
           {"org/app", "docker.io/org/app", ""},
           {"docker.io/nginx", "docker.io/library/nginx", ""},
           {"index.docker.io/nginx", "docker.io/library/nginx", ""},
           {"registry.example/app", "registry.example/app", ""},
           {"Registry.Example/app", "registry.example/app", ""},
           {"Docker.io/nginx", "docker.io/library/nginx", ""},
           {"Capitals/a/b", "Capitals/a/b", ""},
           {"registry.example:5000/a/b/c:v1", "registry.example:5000/a/b/c", "v1"},
           {"localhost/app", "localhost/app", ""},
           {"localhost:5000/app:x_Y.z-1", "localhost:5000/app", "x_Y.z-1"},
           {"[2001:db8::1]:5000/app", "[2001:db8::1]:5000/app", ""},
           {"registry.example/a-b/c__d/e.f--g", "registry.example/a-b/c__d/e.f--g", ""}}) {
    const auto image = parse_image(text);
    ASSERT_TRUE(image) << text << ": " << image.error().text();
    EXPECT_EQ(image->repository, repository) << text;
    EXPECT_EQ(image->tag, tag) << text;
    EXPECT_FALSE(image->digest) << text;
    const auto pinned = parse_image(text + "@" + kSha256);
    ASSERT_TRUE(pinned) << text;
    EXPECT_EQ(pinned->digest->text(), kSha256);
    EXPECT_EQ(pinned->repository, repository);
  }
  EXPECT_EQ(parse_image("app@" + kSha512)->digest->text(), kSha512);
}

TEST(ImageReference, RefusesWhatNoRuntimeTakes) {
  for (const auto& text : std::vector<std::string>{"",
                                                   "@",
                                                   "@" + kSha256,
                                                   ":tag",
                                                   "app:",
                                                   "app@",
                                                   "app@sha256",
                                                   "app@sha256:",
                                                   "app@sha256:" + std::string(63, 'a'),
                                                   "app@sha256:" + std::string(65, 'a'),
                                                   "app@sha256:" + std::string(64, 'A'),
                                                   "app@sha256:" + std::string(64, 'g'),
                                                   "app@" + kSha256 + "@" + kSha256,
                                                   "app@" + kSha256 + ":tag",
                                                   "app@" + kSha256 + " ",
                                                   " app",
                                                   "app ",
                                                   "a b",
                                                   "App",
                                                   "registry.example/App",
                                                   "registry.example//app",
                                                   "registry.example/app/",
                                                   "/app",
                                                   "registry.example/",
                                                   "https://registry.example/app",
                                                   "registry.example:port/app",
                                                   "registry.example:123456/app",
                                                   "-a/b.c",
                                                   "a..b",
                                                   "a___b",
                                                   "-app",
                                                   "app-",
                                                   "app:-tag",
                                                   "app:" + std::string(129, 't'),
                                                   "a.-b.c/d",
                                                   "app:t@g",
                                                   "app\nx",
                                                   std::string("app\0x", 5),
                                                   std::string(300, 'a'),
                                                   std::string(5000, 'a'),
                                                   "caf\xc3\xa9",
                                                   "reg_istry.example/app",
                                                   "[::1/app",
                                                   "a:b:c"}) {
    EXPECT_FALSE(parse_image(text)) << printable(text);
  }
  EXPECT_EQ(parse_image("app@md5:" + std::string(32, 'a')).error().code, Errc::unsupported);
  EXPECT_EQ(parse_image("app@sha384:" + std::string(96, 'a')).error().code, Errc::unsupported);
}

TEST(ImageReference, ARepositoryIsComparedWhole) {
  const auto image = *parse_image("registry.example/web@" + kSha256);
  for (const auto& same : {"registry.example/web", "oci://registry.example/web",
                           "docker://registry.example/web:1.2", "REGISTRY.example/web:x"}) {
    EXPECT_TRUE(same_repository(same, image)) << same;
  }
  EXPECT_TRUE(same_repository("oci://registry.example/web@" + kSha256, image));
  for (const auto& other :
       {"", "web", "registry.example/we", "registry.example/web2", "registry.example/web/x",
        "other.example/web", "https://registry.example/web", "oci://oci://registry.example/web",
        "pkg:oci/web"}) {
    EXPECT_FALSE(same_repository(other, image)) << other;
  }
}

}  // namespace
}  // namespace sluice
