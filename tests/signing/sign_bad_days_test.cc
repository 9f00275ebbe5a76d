// SPDX-License-Identifier: Apache-2.0
// Services that are slow, busy or gone, and runs that are killed.
#include "base/codec.h"
#include "signing/sign.h"
#include "signing/sign_journal.h"
#include "signing/sign_support.h"
#include "support/forwarding_files.h"

namespace sluice::sigstore {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::busy;
using test::dropped;
using Hook = std::function<std::optional<test::Answer>(const HttpRequest&)>;

class BadDay : public SignTest {
 protected:
  // The first `count` requests are answered so.
  static Hook first(int count, std::function<test::Answer()> answer) {
    return [count, answer](const HttpRequest&) mutable -> std::optional<test::Answer> {
      if (count-- > 0) return answer();
      return std::nullopt;
    };
  }
  static Hook always(std::function<test::Answer()> answer) { return first(1'000'000, answer); }
  // The service does what it was asked, and the answer is lost.
  static std::function<void(test::Answer&)> lose_first(int count) {
    return [count](test::Answer& got) mutable {
      if (count-- > 0) got = dropped();
    };
  }
  const SignedBundle& bundle(std::size_t item = 0) const {
    return *last_->items.at(item).outcome->value();
  }
  SignOptions with_journal() {
    SignOptions out = options();
    out.journal = folder_ / "journal";
    return out;
  }
};

TEST_F(BadDay, ServicesThatAreBusyAreAskedAgain) {
  for (const int status : {429, 500, 503}) {
    for (auto* hooks :
         {&services_.fulcio.hooks, &services_.rekor_v2.hooks, &services_.stamps.hooks}) {
      hooks->before = first(2, [status] { return busy(status); });
      EXPECT_EQ(answer(), "") << status;
      hooks->before = first(2, [] { return dropped(); });
      EXPECT_EQ(answer(), "");
      hooks->before = {};
    }
  }
}

TEST_F(BadDay, RetryAfterIsHonoured) {
  services_.rekor_v2.hooks.before = first(1, [] { return busy(429, {{"retry-after", "40"}}); });
  EXPECT_EQ(answer(), "");
  EXPECT_GE(world_.clock.slept(), seconds(40));
  EXPECT_LT(world_.clock.slept(), seconds(42));
  // Longer than there is time for: said at once, and not waited for.
  services_.rekor_v2.hooks.before = first(1, [] { return busy(429, {{"retry-after", "400"}}); });
  const auto slept = world_.clock.slept();
  EXPECT_EQ(answer(), "error: network");
  EXPECT_EQ(world_.clock.slept(), slept);
}

TEST_F(BadDay, AnOutageIsAnErrorThatSaysWhoIsOut) {
  struct Row {
    test::ServiceHooks* hooks;
    const char* who;
  };
  for (const Row& row : {Row{&services_.fulcio.hooks, "certificate authority"},
                         Row{&services_.rekor_v2.hooks, "transparency log"},
                         Row{&services_.stamps.hooks, "timestamp authority"}}) {
    row.hooks->before = always([] { return dropped(); });
    EXPECT_EQ(answer(), "error: network");
    EXPECT_NE(last_->items[0].outcome.error().text().find(row.who), std::string::npos);
    row.hooks->before = {};
  }
}

TEST_F(BadDay, WhatIsNeverSentIsNotTriedAgain) {
  services_.fulcio.hooks.before =
      always([] { return test::Answer(fail(Errc::denied, "offline")); });
  EXPECT_EQ(answer(), "error: denied");
  EXPECT_EQ(services_.fulcio.requests(), 1U);
}

TEST_F(BadDay, TheDeadlineIsForTheWholeRun) {
  SignOptions wish = options();
  wish.bad_days.deadline = seconds(50);
  services_.rekor_v2.hooks.before = [&](const HttpRequest&) -> std::optional<test::Answer> {
    world_.clock.advance(seconds(30));
    return fail(Errc::timeout, "no answer");
  };
  const auto began = world_.clock.ticks();
  EXPECT_EQ(answer(wish), "error: timeout");
  EXPECT_LE(world_.clock.ticks() - began, seconds(61));
  EXPECT_EQ(services_.rekor_v2.requests(), 2U);
}

TEST_F(BadDay, RepetitionsHaveABudget) {
  SignOptions wish = options();
  wish.bad_days.more_rounds = 0;
  services_.rekor_v2.hooks.before = always([] { return busy(503); });
  const SignReport report = sign(wish, files(20));
  for (const auto& item : report.items) EXPECT_EQ(outcome_of(item), "error: network");
  // One for each answer that is due, and those ten that any call may have.
  EXPECT_LE(services_.rekor_v2.requests(), 20U + 2 * 20U + 10U);
}

// ---- an answer that was lost

TEST_F(BadDay, AnEntryWhoseAnswerWasLostIsFoundAgainInBothGenerations) {
  services_.rekor_v2.hooks.after = lose_first(1);
  EXPECT_EQ(answer(), "");
  EXPECT_TRUE(bundle().found_again);
  EXPECT_EQ(services_.rekor_v2.size(), 1U);
  services_.rekor_v1.hooks.after = lose_first(1);
  EXPECT_EQ(answer(options_v1()), "");
  EXPECT_TRUE(bundle().found_again);
  EXPECT_EQ(services_.rekor_v1.size(), 1U);
}

TEST_F(BadDay, EntriesAreFoundAgainInLargeTrees) {
  for (int i = 0; i < 700; ++i) services_.rekor_v2.add_other(cat("another's entry ", i));
  services_.rekor_v2.hooks.after = lose_first(1);
  EXPECT_EQ(answer(), "");
  EXPECT_EQ(bundle().entries.front().second, 700U);
  EXPECT_EQ(services_.rekor_v2.requests("GET /api/v2/tile/entries/002.p/189"), 1U);
  // Meanwhile the log has grown, and the partial tiles are gone.
  services_.rekor_v2.hooks = {};
  int lost = 1;
  services_.rekor_v2.hooks.after = [&](test::Answer& got) {
    if (lost-- > 0) got = dropped();
  };
  services_.rekor_v2.hooks.before = [&](const HttpRequest& request) -> std::optional<test::Answer> {
    if (request.method == "GET" && request.url.ends_with("checkpoint")) {
      for (int i = 0; i < 100; ++i) services_.rekor_v2.add_other(cat("later ", i));
    }
    return std::nullopt;
  };
  EXPECT_EQ(answer(), "");
}

TEST_F(BadDay, WhatIsFoundAgainIsNotBelieved) {
  const auto lying = [&](std::string_view what, std::function<void(test::Answer&)> lie) {
    int lost = 1;
    services_.rekor_v2.hooks.before = {};
    services_.rekor_v2.hooks.after = [&, lost, lie, what](test::Answer& got) mutable {
      if (lost-- > 0) {
        got = dropped();
      } else if (got && got->url.find(what) != std::string::npos) {
        lie(got);
      }
    };
    return answer();
  };
  for (int i = 0; i < 5; ++i) services_.rekor_v2.add_other(cat("another's entry ", i));
  EXPECT_EQ(lying("nothing", [](test::Answer&) {}), "");
  EXPECT_EQ(lying("tile/0", [](test::Answer& got) { got->body[3] ^= 1; }), "sign.log.inclusion");
  EXPECT_EQ(lying("tile/0", [](test::Answer& got) { got->body.pop_back(); }), "sign.log.duplicate");
  EXPECT_EQ(lying("tile/entries", [](test::Answer& got) { got->body[got->body.size() - 3] ^= 1; }),
            "sign.log.body");
  EXPECT_EQ(lying("tile/entries", [](test::Answer& got) { got->body += "x"; }),
            "sign.log.duplicate");
  EXPECT_EQ(lying("checkpoint",
                  [](test::Answer& got) {
                    char& one = got->body[got->body.size() - 9];
                    one = one == 'A' ? 'B' : 'A';
                  }),
            "sign.log.checkpoint");
  EXPECT_EQ(lying("checkpoint", [](test::Answer& got) { got->body = "hello"; }),
            "sign.log.duplicate");
  // The log answers with the place of somebody else's entry.
  EXPECT_EQ(lying("log/entries",
                  [](test::Answer& got) {
                    for (auto& [name, value] : got->headers) {
                      if (name == "x-log-index") value = "2";
                    }
                  }),
            "sign.log.body");
  EXPECT_EQ(lying("log/entries",
                  [](test::Answer& got) {
                    for (auto& [name, value] : got->headers) {
                      if (name == "x-log-index") value = "-2";
                    }
                  }),
            "sign.log.duplicate");
}

TEST_F(BadDay, AnotherEntryOfRekor1IsNotOurs) {
  ASSERT_EQ(answer(options_v1()), "");
  int lost = 1;
  services_.rekor_v1.hooks.after = [&](test::Answer& got) {
    if (lost-- > 0) {
      got = dropped();
      return;
    }
    for (auto& [name, value] : got->headers) {
      if (name == "location" && got->status == 409) {
        value = "https://evil.example.org/api/v1/log/entries/" + std::string(64, '0');
      }
    }
  };
  // The id is of no entry; and the log that is asked is never another one.
  EXPECT_EQ(answer(options_v1()), "sign.log.refused");
}

// ---- others stand in

TEST_F(BadDay, AnotherLogStandsInAndItIsSaid) {
  SignOptions wish = options();
  wish.services.spare_logs = {{kUrlV1, 1}};
  services_.rekor_v2.hooks.before = always([] { return dropped(); });
  last_.emplace(sign(wish, files(3)));
  ASSERT_TRUE(last_->complete());
  EXPECT_EQ(services_.rekor_v1.size(), 3U);
  ASSERT_EQ(last_->notes.size(), 1U);
  EXPECT_NE(last_->notes[0].find("was asked instead"), std::string::npos);
  EXPECT_FALSE(bundle().notes.empty());
  // One that is frozen for good is not asked again.
  services_.rekor_v2.hooks = {};
  services_.rekor_v2.frozen = true;
  EXPECT_EQ(answer(wish), "");
}

TEST_F(BadDay, ALieIsNoOutage) {
  SignOptions wish = options();
  wish.services.spare_logs = {{kUrlV1, 1}};
  wish.bad_days.without_log = true;
  services_.rekor_v2.change_body = [](std::string& body) {
    body[body.find("\"digest\":\"") + 12] ^= 1;
  };
  EXPECT_EQ(answer(wish), "sign.log.body");
}

TEST_F(BadDay, TheTimestampAloneWhereThePolicyAllowsIt) {
  services_.rekor_v2.hooks.before = always([] { return busy(503); });
  SignOptions wish = options();
  EXPECT_EQ(answer(wish), "error: network");
  wish.bad_days.without_log = true;
  EXPECT_EQ(answer(wish), "");
  EXPECT_TRUE(bundle().entries.empty());
  EXPECT_EQ(bundle().timestamps, 1U);
  ASSERT_EQ(bundle().notes.size(), 1U);
  EXPECT_NE(bundle().notes[0].find("without an entry in a log"), std::string::npos);
}

TEST_F(BadDay, ALogThatNeverAnswersIsDoneWithoutAtTheDeadline) {
  SignOptions wish = options();
  wish.bad_days.without_log = true;
  wish.bad_days.deadline = seconds(50);
  services_.rekor_v2.hooks.before = [&](const HttpRequest&) -> std::optional<test::Answer> {
    world_.clock.advance(seconds(30));
    return fail(Errc::timeout, "no answer");
  };
  services_.stamps.hooks.before = first(1, [] { return busy(503); });
  EXPECT_EQ(answer(wish), "");
  EXPECT_TRUE(bundle().entries.empty());
}

TEST_F(BadDay, ARenewalThatIsRefusedDoesNotSpoilWhatIsDone) {
  SignOptions wish = options();
  wish.at_once = 1;
  wish.bad_days.deadline = minutes(60);
  int asked = 0;
  services_.stamps.hooks.before = [&](const HttpRequest&) -> std::optional<test::Answer> {
    if (++asked == 1) {
      world_.clock.advance(seconds(1));
      return std::nullopt;
    }
    if (asked == 2) world_.clock.advance(minutes(11));
    services_.fulcio.scts.clear();
    return dropped();
  };
  const SignReport report = sign(wish, files(2));
  EXPECT_EQ(outcome_of(report.items[0]), "");
  EXPECT_EQ(outcome_of(report.items[1]), "sign.certificate.sct");
}

TEST_F(BadDay, TheLogsTimeAloneWhereThePolicyAllowsIt) {
  services_.stamps.hooks.before = always([] { return busy(503); });
  SignOptions wish = options();
  wish.services.logs = {{kUrlV1, 1}};
  EXPECT_EQ(answer(wish), "error: network");
  wish.bad_days.without_stamp = true;
  EXPECT_EQ(answer(wish), "");
  wish.services.logs = {{kUrlV2, 2}};  // which has no time of its own
  EXPECT_EQ(answer(wish), "error: network");
  wish.services.spare_stampers = {kUrlOtherStamps};
  EXPECT_EQ(answer(wish), "");
}

// ---- certificates that expire

TEST_F(BadDay, AnExpiredCertificateIsRenewedForWhatIsNotStamped) {
  SignOptions wish = options();
  wish.bad_days.deadline = minutes(60);
  bool slow = true;
  services_.stamps.hooks.before = [&](const HttpRequest&) -> std::optional<test::Answer> {
    if (!std::exchange(slow, false)) return std::nullopt;
    world_.clock.advance(minutes(11));
    return dropped();
  };
  const SignReport report = sign(wish, files(3));
  ASSERT_TRUE(report.complete());
  EXPECT_EQ(services_.fulcio.issued(), 2U);
  EXPECT_EQ(report.certificates, 2U);
  EXPECT_FALSE(report.items[0].outcome->value()->notes.empty());
}

// ---- killed, and resumed

TEST_F(BadDay, AKilledRunGoesOnWithoutASecondCertificateOrEntry) {
  const auto items = files(6);
  SignOptions wish = with_journal();
  wish.at_once = 2;
  // One for the certificate, four for the first two files, and one more entry whose answer nobody
  // reads.
  wire_.kill_at(7);
  EXPECT_THROW(static_cast<void>(Signing(world_.world(), wire_, wish).sign(items)), Wire::Killed);
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  wire_.kill_at(0);
  const auto entries = services_.rekor_v2.size();
  EXPECT_GE(entries, 2U);

  Signing again(world_.world(), wire_, wish);
  const auto report = again.sign(items);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  EXPECT_EQ(services_.rekor_v2.size(), 6U);
  EXPECT_EQ(report->certificates, 0U);
  EXPECT_TRUE(report->items[0].outcome->value()->from_journal);
  // Once more: everything is there, and nobody is asked.
  const auto asked = services_.rekor_v2.requests();
  EXPECT_TRUE(Signing(world_.world(), wire_, wish).sign(items)->complete());
  EXPECT_EQ(services_.rekor_v2.requests(), asked);
  ASSERT_TRUE(again.forget_journal());
  EXPECT_TRUE(system_files().list(folder_.path())->size() == 6);
}

// A disk on which each write of a file takes five seconds.
class SlowFiles final : public test::ForwardingFiles {
 public:
  explicit SlowFiles(test::FakeClock& clock) : clock_(clock) {}
  std::size_t writes = 0;

  Result<void> replace(const Path& path, std::string_view content, unsigned mode) override {
    ++writes;
    clock_.advance(seconds(5));
    return ForwardingFiles::replace(path, content, mode);
  }

 private:
  test::FakeClock& clock_;
};

TEST_F(BadDay, AJournalThatTakesLongToWriteDoesNotHoldTheServicesUp) {
  SlowFiles slow(world_.clock);
  World world{world_.clock, slow, world_.environment, world_.random, system_processes()};
  SignOptions wish = with_journal();
  wish.at_once = 1;
  const auto items = files(8);
  // Killed on its way: signatures are there, and what was got since is asked for again.
  wire_.kill_at(8);
  EXPECT_THROW(static_cast<void>(Signing(world, wire_, wish).sign(items)), Wire::Killed);
  wire_.kill_at(0);
  EXPECT_EQ(slow.writes, 1U);
  const auto resumed = Signing(world, wire_, wish).sign(items);
  ASSERT_TRUE(resumed);
  EXPECT_TRUE(resumed->complete());
  EXPECT_LE(slow.writes, 4U);  // eight rounds
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  EXPECT_EQ(services_.rekor_v2.size(), 8U);
  // In the end it has everything.
  const auto asked = services_.rekor_v2.requests() + services_.stamps.requests();
  EXPECT_TRUE(Signing(world, wire_, wish).sign(items)->complete());
  EXPECT_EQ(services_.rekor_v2.requests() + services_.stamps.requests(), asked);
}

TEST_F(BadDay, TheLogDiesBetweenCertificateAndEntry) {
  SignOptions wish = with_journal();
  services_.rekor_v2.hooks.before = always([] { return dropped(); });
  EXPECT_EQ(answer(wish), "error: network");
  services_.rekor_v2.hooks = {};
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  EXPECT_EQ(services_.stamps.requests(), 1U);
  EXPECT_TRUE(bundle().from_journal);
}

TEST_F(BadDay, TheJournalHoldsNoKeyAndIsItsOwnersAlone) {
  ASSERT_EQ(answer(with_journal()), "");
  const auto info = system_files().info(folder_ / "journal");
  EXPECT_EQ(info->mode & 077U, 0U);
  EXPECT_EQ(test::read_file(folder_ / "journal").find("PRIVATE"), std::string::npos);
  const auto journal = parse_journal(test::read_file(folder_ / "journal"));
  ASSERT_TRUE(journal);
  EXPECT_EQ(write_journal(*journal), test::read_file(folder_ / "journal"));
}

TEST_F(BadDay, AnItemThatChangedIsSignedAnew) {
  SignOptions wish = with_journal();
  ASSERT_EQ(answer(wish), "");
  const SignReport report = sign(wish, {file("artifact", "other content")});
  EXPECT_TRUE(report.complete());
  EXPECT_FALSE(report.items[0].outcome->value()->from_journal);
  EXPECT_EQ(services_.fulcio.issued(), 2U);
}

TEST_F(BadDay, WhatWasSignedLongAgoAndNeverStampedIsSignedAnew) {
  SignOptions wish = with_journal();
  services_.stamps.hooks.before = always([] { return dropped(); });
  services_.rekor_v2.hooks.before = always([] { return dropped(); });
  EXPECT_EQ(answer(wish), "error: network");
  services_.stamps.hooks = {};
  services_.rekor_v2.hooks = {};
  world_.clock.advance(minutes(30));
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(services_.fulcio.issued(), 2U);
}

TEST_F(BadDay, AJournalOfAnotherIdentityIsNotGoneOnWith) {
  SignOptions wish = with_journal();
  ASSERT_EQ(answer(wish), "");
  auto other = tokens_of(services_.issuer, "mallory@example.org");
  wish.tokens = &other;
  const SignReport report = sign(wish, {file("artifact"), file("more", "more content")});
  EXPECT_EQ(outcome_of(report.items[1]), "sign.signer");
}

TEST_F(BadDay, WhatTheJournalSaysIsJudged) {
  SignOptions wish = with_journal();
  ASSERT_EQ(answer(wish), "");
  const std::string good = test::read_file(folder_ / "journal");
  const auto with = [&](const test::Change& change) {
    json::Value value = json::parse_strict(good).value();
    change(value);
    folder_.write("journal", json::write(value));
    return answer(wish);
  };
  EXPECT_EQ(with([](json::Value&) {}), "");
  const auto entries = services_.rekor_v2.size();
  // A signature that is not one: the item is signed anew.
  EXPECT_EQ(with([](json::Value& value) {
              test::change_base64(value, "items.0.bundle.messageSignature.signature",
                                  test::flip_last);
            }),
            "");
  EXPECT_EQ(services_.rekor_v2.size(), entries + 1);
  // An entry that is not one: it is asked for again, and found.
  EXPECT_EQ(with([](json::Value& value) {
              test::set(value,
                        "items.0.bundle.verificationMaterial.tlogEntries.0.inclusionProof.rootHash",
                        to_base64(Bytes(32, 1)));
            }),
            "");
  EXPECT_TRUE(bundle().found_again);
  const auto error = [&](std::string_view text) {
    folder_.write("journal", text);
    return Signing(world_.world(), wire_, wish).sign({file("artifact")}).error().code;
  };
  EXPECT_EQ(error("not a journal"), Errc::malformed);
  EXPECT_EQ(error(R"({"kind":"sluice.sign-journal/v2","items":[]})"), Errc::unsupported);
  EXPECT_EQ(error(R"({"kind":"sluice.sign-journal/v1","items":[{"content":"x","bundle":{}}]})"),
            Errc::malformed);
}

TEST_F(BadDay, OneRunAtATimeHoldsAJournal) {
  SignOptions wish = with_journal();
  const auto held = system_files().lock(folder_ / "journal.lock", milliseconds(0));
  ASSERT_TRUE(held);
  EXPECT_EQ(Signing(world_.world(), wire_, wish).sign({file("artifact")}).error().code,
            Errc::denied);
}

}  // namespace
}  // namespace sluice::sigstore
