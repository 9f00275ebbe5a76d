// SPDX-License-Identifier: Apache-2.0
#include "admission/review.h"

#include <gtest/gtest.h>

#include <chrono>

#include "admission/builders.h"

namespace sluice {
namespace {

using admission::parse_review;
using admission::Review;
using test::container;
using test::image;
using test::pod;
using test::pod_spec;

Review parsed(const test::WantedReview& want) {
  auto review = parse_review(test::review(want));
  EXPECT_TRUE(review) << review.error().text();
  return review.value_or(Review{});
}
std::vector<std::string> images(const Review& review) {
  std::vector<std::string> out;
  for (const auto& use : review.images) out.push_back(cat(use.list, " ", use.name, " ", use.image));
  return out;
}

TEST(AdmissionReview, FindsEveryPlaceOfAnImage) {
  const auto review =
      parsed({.object = pod(pod_spec({container("a", "one"), container("b", "two")},
                                     R"(,"initContainers":[{"image":"three","name":"c"}],)"
                                     R"("ephemeralContainers":[{"name":"d","image":"four"}],)"
                                     R"("volumes":[{"name":"v","image":{"pullPolicy":"Always",)"
                                     R"("reference":"five"}},{"name":"w","emptyDir":{}}])"))});
  EXPECT_EQ(review.trouble, "");
  EXPECT_EQ(images(review), (std::vector<std::string>{
                                "containers a one", "containers b two", "initContainers c three",
                                "ephemeralContainers d four", "volumes v five"}));
}

TEST(AdmissionReview, FindsThePodOfEveryKind) {
  const std::string spec = pod_spec({container("a", "one")});
  const std::string in_template = cat(R"({"template":{"metadata":{},"spec":)", spec, "}}");
  const auto object = [](const std::string& kind, const std::string& body) {
    return cat(R"({"kind":")", kind, R"(",)", body, "}");
  };
  const auto found = [&](const std::string& group, const std::string& kind,
                         const std::string& body) {
    const auto review = parsed({.group = group, .kind = kind, .object = object(kind, body)});
    EXPECT_EQ(review.trouble, "") << kind;
    EXPECT_EQ(images(review), std::vector<std::string>{"containers a one"}) << kind;
  };
  found("", "Pod", cat(R"("spec":)", spec));
  found("", "PodTemplate", cat(R"("template":{"spec":)", spec, "}"));
  found("", "ReplicationController", cat(R"("spec":)", in_template));
  for (const auto* kind : {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"}) {
    found("apps", kind, cat(R"("spec":)", in_template));
  }
  found("batch", "Job", cat(R"("spec":)", in_template));
  found("batch", "CronJob", cat(R"("spec":{"jobTemplate":{"spec":)", in_template, "}}"));
}

TEST(AdmissionReview, TheOrderOfMembersDoesNotMatter) {
  const auto review = parse_review(
      cat(R"({"request":{"object":)", pod(pod_spec({container("a", "one")})),
          R"(,"operation":"CREATE","kind":{"kind":"Pod","version":"v1","group":""},"uid":"u"},)"
          R"("apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"})"));
  ASSERT_TRUE(review);
  EXPECT_EQ(images(*review), std::vector<std::string>{"containers a one"});
}

TEST(AdmissionReview, WhatCannotBeReadIsTrouble) {
  const auto trouble = [](const test::WantedReview& want) { return parsed(want).trouble; };
  EXPECT_EQ(trouble({.object = pod(pod_spec({container("a", "x")}))}), "");
  EXPECT_NE(trouble({.kind = "Widget", .object = "{}"}), "");
  EXPECT_NE(trouble({.group = "evil", .kind = "Pod", .object = "{}"}), "");
  EXPECT_NE(trouble({.group = "apps", .kind = "Pod", .object = "{}"}), "");
  EXPECT_NE(trouble({.object = "null"}), "");
  EXPECT_NE(trouble({.object = "{}"}), "");
  EXPECT_NE(trouble({.object = R"({"spec":null})"}), "");
  EXPECT_NE(trouble({.object = R"({"spec":[]})"}), "");
  EXPECT_NE(trouble({.object = R"({"spec":{"containers":{}}})"}), "");
  EXPECT_NE(trouble({.object = R"({"spec":{"containers":[null]}})"}), "");
  EXPECT_NE(trouble({.object = R"({"spec":{"containers":["x"]}})"}), "");
  EXPECT_NE(trouble({.object = R"({"spec":{"containers":[]}})"}), "");
  EXPECT_NE(trouble({.object = pod(pod_spec({R"({"name":"a","image":7})"}))}), "");
  EXPECT_NE(trouble({.object = R"({"kind":"Job","spec":{"containers":[{"image":"x"}]}})"}), "");
  EXPECT_NE(trouble({.operation = "PATCH", .object = pod(pod_spec({container("a", "x")}))}), "");
}

TEST(AdmissionReview, AContainerWithoutAnImageIsListedWithNone) {
  const auto review =
      parsed({.object = pod(pod_spec({container("a", "x"), R"({"name":"b"})", R"({"image":null})"},
                                     R"(,"volumes":[{"name":"v","image":{}}])"))});
  EXPECT_EQ(images(review), (std::vector<std::string>{"containers a x", "containers b ",
                                                      "containers  ", "volumes v "}));
}

TEST(AdmissionReview, NullListsAreEmpty) {
  const auto review = parsed(
      {.object = pod(pod_spec({container("a", "x")}, R"(,"initContainers":null,"volumes":null)"))});
  EXPECT_EQ(review.trouble, "");
  EXPECT_EQ(review.images.size(), 1U);
}

TEST(AdmissionReview, OnAnUpdateOnlyWhatIsNewIsLookedAt) {
  const auto before = pod(pod_spec({container("a", "one"), container("b", "two")}));
  const auto update = [&](const std::string& after) {
    return parsed({.operation = "UPDATE", .object = after, .old_object = before});
  };
  EXPECT_EQ(images(update(before)), std::vector<std::string>{});
  EXPECT_EQ(update(before).unchanged, 2U);
  EXPECT_EQ(images(update(pod(pod_spec({container("a", "one"), container("b", "three")})))),
            std::vector<std::string>{"containers b three"});
  // Known, but in another place.
  EXPECT_EQ(images(update(pod(pod_spec({container("a", "two"), container("b", "two")})))),
            std::vector<std::string>{"containers a two"});
  EXPECT_EQ(images(update(pod(pod_spec({container("a", "one"), container("b", "two")},
                                       R"(,"ephemeralContainers":[{"name":"a","image":"one"}])")))),
            std::vector<std::string>{"ephemeralContainers a one"});
  // An end with finalizers: the images are the same.
  EXPECT_EQ(images(update(pod(pod_spec({container("a", "one"), container("b", "two")}),
                              R"({"deletionTimestamp":"2026-11-20T15:00:00Z"})"))),
            std::vector<std::string>{});
}

TEST(AdmissionReview, AnOldObjectVouchesOnlyOnAnUpdateAndOnlyIfItIsOne) {
  const auto object = pod(pod_spec({container("a", "one")}));
  EXPECT_EQ(parsed({.operation = "CREATE", .object = object, .old_object = object}).images.size(),
            1U);
  EXPECT_EQ(parsed({.operation = "UPDATE", .object = object}).images.size(), 1U);
  EXPECT_EQ(parsed({.operation = "UPDATE", .object = object, .old_object = R"({"spec":[]})"})
                .images.size(),
            1U);
}

TEST(AdmissionReview, SomeOperationsBringNoImages) {
  const auto object = pod(pod_spec({container("a", "one")}));
  EXPECT_TRUE(parsed({.operation = "DELETE", .old_object = object}).brings_no_images);
  EXPECT_TRUE(
      parsed({.kind = "PodExecOptions", .operation = "CONNECT", .object = "{}"}).brings_no_images);
  for (const auto* each : {"status", "scale", "binding", "eviction"}) {
    EXPECT_TRUE(parsed({.operation = "UPDATE",
                        .object = object,
                        .more = cat(R"("subResource":")", each, R"(",)")})
                    .brings_no_images)
        << each;
  }
  for (const auto* each : {"", "ephemeralcontainers", "resize", "anything"}) {
    const auto review = parsed({.operation = "UPDATE",
                                .object = object,
                                .more = cat(R"("subResource":")", each, R"(",)")});
    EXPECT_FALSE(review.brings_no_images) << each;
    EXPECT_EQ(review.images.size(), 1U) << each;
  }
}

TEST(AdmissionReview, WhatIsNoReviewIsAnError) {
  const auto good = test::review({.object = pod(pod_spec({container("a", "x")}))});
  ASSERT_TRUE(parse_review(good));
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return parse_review(text.replace(at, from.size(), to));
  };
  EXPECT_FALSE(parse_review(""));
  EXPECT_FALSE(parse_review("{}"));
  EXPECT_FALSE(parse_review("[]"));
  EXPECT_FALSE(parse_review(good + "x"));
  EXPECT_FALSE(parse_review(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(changed("AdmissionReview", "AdmissionRequest"));
  EXPECT_FALSE(changed("admission.k8s.io/v1", "admission.k8s.io/v1beta1"));
  EXPECT_FALSE(changed(R"("uid":"u-1",)", ""));
  EXPECT_FALSE(changed(R"("uid":"u-1")", R"("uid":7)"));
  EXPECT_FALSE(changed(R"("uid":"u-1")", R"("uid":"u-1","uid":"u-2")"));
  EXPECT_FALSE(changed(R"("image":"x")", R"("image":"x","image":"y")"));
  EXPECT_FALSE(changed(R"("image":"x")", "\"image\":\"\xff\""));
}

TEST(AdmissionReview, EightMebibytesAndAThousandContainersAreReadQuickly) {
  std::vector<std::string> containers;
  for (int i = 0; i < 1000; ++i) containers.push_back(container(cat("c", i), image(cat("app", i))));
  const std::string filler(7U << 20, 'x');
  const auto body = test::review(
      {.object = pod(pod_spec(containers), cat(R"({"annotations":{"a":")", filler, R"("}})"))});
  ASSERT_LT(body.size(), admission::kMaxReview);
  const auto began = std::chrono::steady_clock::now();
  const auto review = parse_review(body);
  const auto took = std::chrono::steady_clock::now() - began;
  ASSERT_TRUE(review);
  EXPECT_EQ(review->images.size(), 1000U);
  EXPECT_LT(took, std::chrono::seconds(2));  // 0.01 s when optimised
  EXPECT_FALSE(parse_review(
      test::review({.object = pod(pod_spec(containers),
                                  cat(R"({"annotations":{"a":")", filler, filler, R"("}})"))})));
}

TEST(AdmissionReview, TooManyImagesAreTrouble) {
  std::vector<std::string> containers(admission::kMaxImages + 1, R"({"name":"a","image":"b"})");
  EXPECT_NE(parsed({.object = pod(pod_spec(containers))}).trouble, "");
  containers.pop_back();
  EXPECT_EQ(parsed({.object = pod(pod_spec(containers))}).trouble, "");
}

}  // namespace
}  // namespace sluice
