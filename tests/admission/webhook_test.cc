// SPDX-License-Identifier: Apache-2.0
// From the body of a request to the body of an answer; and the reviews that a real API server sent.
#include "admission/webhook.h"

#include <gtest/gtest.h>

#include <map>

#include "admission/builders.h"
#include "json/value.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice {
namespace {

using admission::caller_timeout;
using admission::EvidenceFolder;
using admission::Webhook;
using test::container;
using test::Gate;
using test::image;
using test::pod;
using test::pod_spec;
using test::TempFolder;
using namespace std::chrono_literals;

TEST(WebhookTimeout, IsReadAsTheServerWritesIt) {
  EXPECT_EQ(caller_timeout("5s"), 5s);
  EXPECT_EQ(caller_timeout("1m30s"), 30s);
  EXPECT_EQ(caller_timeout("500ms"), 500ms);
  EXPECT_EQ(caller_timeout("10s500ms"), 10'500ms);
  for (const auto* text : {"", "0s", "5", "s", "-5s", "5h", "1e9s", "99999999999s", "5s5", " 5s"})
    EXPECT_EQ(caller_timeout(text), 10s) << text;
}

class WebhookTest : public testing::Test {
 protected:
  WebhookTest() {
    clock_.set(test::kNow);
    folder_.write("web.json", gate_.bundle({.images = {"web"}}));
    evidence_ = std::make_unique<EvidenceFolder>(system_files(), system_clock(), folder_.path());
  }
  Webhook webhook() {
    return {clock_, rules_, *evidence_,
            [this] { return std::make_shared<const admission::Trust>(gate_.trust()); },
            [this](const admission::WebhookEvent& event) {
              told_.emplace_back(admission::code(event.admission.reason));
            }};
  }
  json::Value answered(const std::string& body, std::string_view timeout = "5s") {
    const auto answer = webhook().answer(body, timeout, received_.value_or(clock_.ticks()));
    EXPECT_EQ(answer.status, 200);
    return json::parse_strict(answer.body).value_or(json::Value{});
  }
  static bool allowed(const json::Value& answer) {
    return answer.find("response")->find("allowed")->boolean().value();
  }
  static std::string reason(const json::Value& answer) {
    return *answer.find("response")->find("auditAnnotations")->find("reason")->string();
  }
  static std::string body(const std::string& name) {
    return test::review({.object = pod(pod_spec({container("a", name)}))});
  }

  Gate gate_;
  TempFolder folder_;
  test::FakeClock clock_;
  admission::Rules rules_{.environment = "production"};
  std::unique_ptr<EvidenceFolder> evidence_;
  std::optional<std::chrono::steady_clock::time_point> received_;
  std::vector<std::string> told_;
};

TEST_F(WebhookTest, AnswersAndTells) {
  EXPECT_TRUE(allowed(answered(body(image("web")))));
  EXPECT_FALSE(allowed(answered(body(image("other")))));
  EXPECT_EQ(told_, (std::vector<std::string>{"admitted", "no-evidence"}));
}

TEST_F(WebhookTest, WhatIsNoReviewIsABadRequest) {
  for (const auto* text : {"", "{}", "[1]", "{\"kind\":\"AdmissionReview\"}"}) {
    const auto answer = webhook().answer(text, "5s", clock_.ticks());
    EXPECT_EQ(answer.status, 400) << text;
    EXPECT_TRUE(json::parse_strict(answer.body)) << answer.body;
  }
  EXPECT_EQ(told_.size(), 0U);
}

TEST_F(WebhookTest, ADecisionThatCameJustNowCounts) {
  EXPECT_FALSE(allowed(answered(body(image("late")))));
  folder_.write("late.json", gate_.bundle({.images = {"late"}}));
  EXPECT_TRUE(allowed(answered(body(image("late")))));
}

TEST_F(WebhookTest, IsRefusedInTimeRatherThanAnsweredTooLate) {
  received_ = clock_.ticks() - 4800ms;
  const auto answer = answered(body(image("web")), "5s");
  EXPECT_FALSE(allowed(answer));
  EXPECT_EQ(reason(answer), "out-of-time");
  received_ = clock_.ticks() - 4700ms;
  EXPECT_TRUE(allowed(answered(body(image("web")), "5s")));
}

TEST_F(WebhookTest, AnUnknownKindIsRefusedWithItsUid) {
  const auto answer =
      answered(test::review({.group = "example.org", .kind = "Widget", .object = "{}"}));
  EXPECT_FALSE(allowed(answer));
  EXPECT_EQ(*answer.find("response")->find("uid")->string(), "u-1");
  const std::string message = *answer.find("response")->find("status")->find("message")->string();
  EXPECT_NE(message.find("where a Widget of \"example.org\" keeps its images"), std::string::npos)
      << message;
}

// Request bodies as kube-apiserver 1.35 sent them. All their digests are of one invented image.
TEST_F(WebhookTest, JudgesWhatARealServerSent) {
  const auto recorded = test::shared_folder("data/admission");
  if (!recorded) GTEST_SKIP() << "no recorded reviews: SLUICE_SHARED names their folder";
  const std::map<std::string, std::string> wanted = {
      {"pod-create", "not-pinned"},                      // an image volume with a tag
      {"pod-update", "not-pinned"},                      // the tag of a container
      {"pod-ephemeralcontainers-update", "not-pinned"},  // kubectl debug
      {"deployment-create", "admitted"},
      {"replicaset-create", "admitted"},
      {"replicationcontroller-create", "admitted"},
      {"statefulset-create", "admitted"},
      {"daemonset-create", "admitted"},
      {"job-create", "admitted"},
      {"cronjob-create", "admitted"},
      {"podtemplate-create", "admitted"}};
  const std::string digest =
      "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  auto record = gate_.record({.images = {"any"}});
  record.inputs.subjects = {{"any", *crypto::Digest::parse(digest)}};
  const std::string bundle = gate_.sign(*gate::statement_of(record, ""));
  for (const auto& [name, reason_wanted] : wanted) {
    const std::string text = test::read_file(*recorded / cat(name, ".json"));
    ASSERT_FALSE(text.empty()) << name;
    EXPECT_EQ(reason(answered(text)), reason_wanted == "admitted" ? "no-evidence" : reason_wanted)
        << name << " without evidence";
  }
  folder_.write("recorded.json", bundle);
  for (const auto& [name, reason_wanted] : wanted) {
    const std::string text = test::read_file(*recorded / cat(name, ".json"));
    const auto answer = answered(text);
    EXPECT_EQ(reason(answer), reason_wanted) << name;
    EXPECT_EQ(allowed(answer), reason_wanted == "admitted") << name;
    const auto sent = *json::parse_strict(text);
    EXPECT_EQ(*answer.find("response")->find("uid")->string(),
              *sent.find("request")->find("uid")->string());
  }
}

}  // namespace
}  // namespace sluice
