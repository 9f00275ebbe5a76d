// SPDX-License-Identifier: Apache-2.0
// The monitor against logs that grow honestly, by every step over the borders of tiles, and against
// logs that do not.
#include "sigstore/monitor.h"

#include "sigstore/entry_bundle.h"
#include "sigstore/monitor_support.h"

namespace sluice::sigstore {
namespace {

using Places = std::vector<std::uint64_t>;
using test::Answer;
using test::VirtualRekorV2;

TEST_F(MonitoredLog, TellsOfExactlyTheEntriesOfTheIdentity) {
  grow(log_, 5);
  log_.add_other(mine_);
  grow(log_, 9);
  const Looked first = look();
  EXPECT_EQ(first.places, Places{5});
  EXPECT_EQ(first.unread, 0U);
  EXPECT_FALSE(first.alert);
  log_.add_other(body({}));
  EXPECT_EQ(look(again(*first.state)).places, Places{9});
}

TEST_F(MonitoredLog, ReadsNothingWhereNothingIsNew) {
  grow(log_, 300);
  const Looked first = look();
  const std::size_t asked = http_.asked.size();
  const Looked second = look(again(*first.state));
  EXPECT_EQ(http_.asked.size(), asked + 1);
  EXPECT_EQ(write_log_state(*second.state), write_log_state(*first.state));
}

TEST_F(MonitoredLog, FollowsFromAnySizeToAnyOther) {
  const std::vector<std::size_t> sizes{0, 1, 2, 3, 255, 256, 257, 300, 511, 512, 513};
  for (const std::size_t from : sizes) {
    VirtualRekorV2 log(world_);
    http_.service = &log;
    grow(log, from);
    const LogState kept = again(*look().state);
    Places mine;
    for (const std::size_t to : sizes) {
      if (to <= from) continue;
      grow(log, to - 1);
      log.add_other(body({}));
      mine.push_back(to - 1);
      const Looked seen = look(kept);
      ASSERT_FALSE(seen.alert) << from << " to " << to << ": " << seen.alert->message;
      EXPECT_EQ(seen.places, mine) << from << " to " << to;
      ASSERT_EQ(seen.state->read.size(), to);
    }
  }
  EXPECT_EQ(http_.count("/tile/0/"), 0U);  // the entries are the proof
}

TEST_F(MonitoredLog, CatchesUpInRoundsEachOfWhichIsProven) {
  grow(log_, 2000);
  log_.add_other(mine_);
  grow(log_, 2900);
  log_.add_other(body({}));
  Monitor one = monitor();
  ASSERT_FALSE(one.take_head(Begin::at_first_entry)->alert);
  const Progress round = one.read_on().value();
  ASSERT_FALSE(round.alert);
  EXPECT_EQ(round.end, kTilesAtATime * kTileWidth);
  EXPECT_EQ(http_.at_once, kTilesAtATime);
  ASSERT_EQ(round.findings.size(), 1U);
  EXPECT_EQ(round.findings[0].index, 2000U);
  EXPECT_EQ(one.left(), 2901 - round.end);

  // Cut off here, and the log grows on: the old head is proven, and nothing is left out.
  grow(log_, 3000);
  const Looked rest = look(again(*one.state()));
  EXPECT_FALSE(rest.alert);
  EXPECT_EQ(rest.places, Places{2900});
  EXPECT_EQ(rest.state->read.size(), 3000U);
}

TEST_F(MonitoredLog, MayBeginAtThePresentHead) {
  log_.add_other(mine_);
  grow(log_, 700);
  const Looked first = look({}, Begin::at_present_head);
  EXPECT_FALSE(first.alert);
  EXPECT_TRUE(first.places.empty());
  EXPECT_EQ(http_.count("/tile/entries/"), 0U);
  log_.add_other(body({}));
  EXPECT_EQ(look(again(*first.state), Begin::at_present_head).places, Places{700});
}

TEST_F(MonitoredLog, PassesTheBorderOfATileOfTiles) {
  for (std::size_t i = 0; i < 65'535; ++i) log_.add_other(cat(i));
  Looked seen = look({}, Begin::at_present_head);
  ASSERT_FALSE(seen.alert) << seen.alert->found;
  for (const std::size_t size : {65'536U, 65'537U, 65'800U}) {
    grow(log_, size);
    seen = look(again(*seen.state));
    ASSERT_FALSE(seen.alert) << size;
    EXPECT_EQ(seen.state->head.size(), size);
  }
  EXPECT_GE(http_.count("/tile/entries/256"), 1U);
  EXPECT_FALSE(look({}, Begin::at_present_head).alert);
}

TEST_F(MonitoredLog, TakesAWholeTileWhereThePartialOneIsGone) {
  grow(log_, 100);
  Monitor one = monitor();
  ASSERT_FALSE(one.take_head(Begin::at_first_entry)->alert);
  log_.hooks.before = [](const HttpRequest& request) -> std::optional<Answer> {
    if (request.url.find(".p/") == request.url.npos) return std::nullopt;
    return HttpResponse{.status = 404, .headers = {}, .body = {}, .url = request.url};
  };
  EXPECT_EQ(one.read_on().error().code, Errc::not_found);  // not completed yet: gone for good
  grow(log_, 300);
  const auto round = one.read_on();
  ASSERT_TRUE(round) << round.error().text();
  EXPECT_FALSE(round->alert);
  EXPECT_EQ(round->end, 100U);
}

// ---- logs that lie
// -------------------------------------------------------------------------------

class LyingLog : public MonitoredLog {
 protected:
  LyingLog() {
    grow(log_, 20);
    kept_ = look().state;
  }
  // Nothing was taken over, and both checkpoints are there to show.
  void expect_alert(const Looked& seen, std::string_view id) {
    ASSERT_TRUE(seen.alert) << "no " << id;
    EXPECT_EQ(seen.alert->id, id) << seen.alert->message;
    EXPECT_TRUE(seen.places.empty());
    EXPECT_EQ(write_log_state(*seen.state), write_log_state(*kept_));
    EXPECT_EQ(seen.alert->kept, kept_->note);
    EXPECT_TRUE(parse_checkpoint(seen.alert->seen)) << seen.alert->seen;
    EXPECT_NE(seen.alert->seen, seen.alert->kept);
  }
  std::optional<LogState> kept_;
};

TEST_F(LyingLog, ThatShrinksIsARollback) {
  VirtualRekorV2 shorter(world_);
  grow(shorter, 19);
  http_.service = &shorter;
  expect_alert(look(kept_), "log.rollback");
  grow(shorter, 20);
  EXPECT_FALSE(look(kept_).alert);
}

TEST_F(LyingLog, ThatSignsTwoTreesOfOneSizeIsAFork) {
  VirtualRekorV2 fork(world_);
  grow(fork, 19);
  fork.add_other(mine_);
  http_.service = &fork;
  expect_alert(look(kept_), "log.fork");
}

TEST_F(LyingLog, WhoseOldEntriesChangedIsAForkHoweverItGrows) {
  for (const std::size_t size : {21U, 64U, 257U, 600U}) {
    VirtualRekorV2 fork(world_);
    grow(fork, 3);
    fork.add_other(mine_);
    grow(fork, size);
    http_.service = &fork;
    expect_alert(look(kept_), "log.fork");
  }
}

TEST_F(LyingLog, ThatForksWhileItIsCaughtUpWithIsAFork) {
  VirtualRekorV2 honest(world_);
  grow(honest, 2500);
  http_.service = &honest;
  Monitor one = monitor();
  ASSERT_FALSE(one.take_head(Begin::at_first_entry)->alert);
  ASSERT_FALSE(one.read_on()->alert);
  kept_ = one.state();
  VirtualRekorV2 fork(world_);  // among what was signed, and not read yet
  grow(fork, 2400);
  fork.add_other(mine_);
  grow(fork, 2600);
  http_.service = &fork;
  expect_alert(look(kept_), "log.fork");
}

TEST_F(LyingLog, WithOneFlippedByteInAnEntryShowsOtherEntries) {
  grow(log_, 40);
  ASSERT_FALSE(look(kept_).alert);
  std::size_t place = 0;
  log_.hooks.after = [&](Answer& answer) {
    if (!answer->body.starts_with('\0') && answer->body.find("hashedRekord") == std::string::npos)
      return;
    if (answer->body.find("\n\n") != std::string::npos) return;  // the checkpoint
    answer->body[place] ^= 1;
  };
  // Behind the last entry that was read before; an entry's own length is another matter.
  VirtualRekorV2 before(world_);
  grow(before, 20);
  const std::size_t old =
      before.answer({.url = "https://x/api/v2/tile/entries/000.p/20"})->body.size();
  for (const std::size_t at : {old + 2, old + 3, old + 500}) {
    place = at;
    expect_alert(look(kept_), "log.entries");
  }
  place = old + 1;
  Monitor one = monitor(kept_);
  ASSERT_FALSE(one.take_head(Begin::at_first_entry)->alert);
  const auto cut = one.read_on();
  EXPECT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Errc::malformed);
  EXPECT_EQ(write_log_state(*one.state()), write_log_state(*kept_));
}

TEST_F(LyingLog, WithOneFlippedByteInATileIsNotFollowed) {
  grow(log_, 2500);
  log_.hooks.before = [&](const HttpRequest& request) -> std::optional<Answer> {
    if (request.url.find("/tile/0/") == request.url.npos) return std::nullopt;
    VirtualRekorV2 same(world_);
    grow(same, 2500);
    Answer answer = same.answer(request);
    answer->body[3] ^= 1;
    return answer;
  };
  expect_alert(look(kept_), "log.tiles");
  log_.hooks.before = {};
  EXPECT_FALSE(look(kept_).alert);
}

TEST_F(LyingLog, WhoseCheckpointIsNotItsOwnIsNotFollowed) {
  grow(log_, 21);
  log_.change_note = [](std::string& note) { test::replace(note, "\n21\n", "\n22\n"); };
  expect_alert(look(kept_), "log.checkpoint");
  log_.change_note = {};
  log_.change_checkpoint = [](std::string& text) {
    test::replace(text, "log2026.rekor.example.org", "log2027.rekor.example.org");
  };
  expect_alert(look(kept_), "log.checkpoint");
  log_.change_checkpoint = {};
  VirtualRekorV2 stranger(world_, test::kEcdsaLogV2);
  grow(stranger, 21);
  http_.service = &stranger;
  expect_alert(look(kept_), "log.checkpoint");
  http_.service = &log_;
  EXPECT_FALSE(look(kept_).alert);
}

TEST_F(LyingLog, WhoseKeyIsAnotherOneThanBeforeIsNotFollowed) {
  grow(log_, 21);
  LogState other = *kept_;
  other.log_id[0] ^= 1;
  const Looked seen = look(other);
  ASSERT_TRUE(seen.alert);
  EXPECT_EQ(seen.alert->id, "log.identity");
  LogState renamed = *kept_;
  test::replace(renamed.note, "log2026.rekor", "log2024.rekor");
  const Looked again = look(renamed);
  ASSERT_TRUE(again.alert);
  EXPECT_EQ(again.alert->id, "log.identity");
  // Both: it is the state of another log.
  renamed.log_id[0] ^= 1;
  Monitor one = monitor(renamed);
  EXPECT_EQ(one.take_head(Begin::at_first_entry).error().code, Errc::usage);
}

TEST_F(LyingLog, ThatItsWitnessesHaveNotSeenIsNotFollowed) {
  grow(log_, 21);
  MonitorOptions wanted = options();
  wanted.witnesses = parse_witness_policy(world_.witness_policy(test::kLogV2, {0, 1}, 2)).value();
  log_.cosigners = {0};
  Monitor one(http_, wanted, kept_);
  expect_alert(look(one), "log.witnesses");
  log_.cosigners = {0, 1};
  Monitor two(http_, wanted, kept_);
  EXPECT_FALSE(look(two).alert);
}

// ---- what cannot be told
// -------------------------------------------------------------------------

TEST_F(MonitoredLog, ThatDoesNotAnswerIsNoAlert) {
  grow(log_, 21);
  Monitor one = monitor();
  log_.hooks.before = [](const HttpRequest&) { return test::busy(503); };
  EXPECT_EQ(one.take_head(Begin::at_first_entry).error().code, Errc::network);
  log_.hooks.before = [](const HttpRequest&) { return test::dropped(); };
  EXPECT_EQ(one.take_head(Begin::at_first_entry).error().code, Errc::network);
  log_.hooks.before = [](const HttpRequest&) { return test::busy(200); };
  EXPECT_EQ(one.take_head(Begin::at_first_entry).error().code, Errc::malformed);
  EXPECT_FALSE(one.state());
  EXPECT_EQ(one.left(), 0U);
  log_.hooks.before = {};
  EXPECT_FALSE(look(one).alert);
}

TEST_F(MonitoredLog, MayBeEmpty) {
  const Looked seen = look();
  EXPECT_FALSE(seen.alert);
  EXPECT_EQ(seen.state->head.size(), 0U);
  log_.add_other(mine_);
  EXPECT_EQ(look(again(*seen.state)).places, Places{0});
}

TEST_F(MonitoredLog, OfRekorV1IsRefusedByName) {
  test::VirtualRekorV1 v1(world_);
  v1.add_other("entry");
  http_.service = &v1;
  MonitorOptions wanted = options();
  wanted.log = find_log(trust_, "https://rekor.example.org/", {}).value();
  Monitor one(http_, wanted);
  const auto head = one.take_head(Begin::at_first_entry);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Errc::unsupported);
  EXPECT_NE(head.error().what.find("a log of Rekor v1, which has no tiles"), std::string::npos);
}

TEST_F(MonitoredLog, MayBeReadFromAMirrorAtItsBase) {
  grow(log_, 3);
  MonitorOptions wanted = options();
  wanted.read_from = "https://mirror.example/logs/";
  OneService mirror;
  struct AtBase final : test::VirtualService {
    explicit AtBase(test::VirtualService& from) : log(from) {}
    HttpResponse serve(const HttpRequest& request) override {
      const std::string prefix = "https://mirror.example/logs/";
      HttpRequest inner = request;
      inner.url = request.url.find("/api/") != std::string::npos
                      ? "https://x/none"
                      : cat("https://x/api/v2/", request.url.substr(prefix.size()));
      return *log.answer(inner);
    }
    test::VirtualService& log;
  } at_base(log_);
  mirror.service = &at_base;
  Monitor one(mirror, wanted);
  EXPECT_EQ(look(one).state->read.size(), 3U);
}

TEST_F(MonitoredLog, IsFoundByItsUrlOrItsName) {
  const Time now = test::at("2026-06-01T12:00:00Z");
  for (const char* word : {"https://log2026.rekor.example.org",
                           "https://log2026.rekor.example.org/", "log2026.rekor.example.org"}) {
    EXPECT_EQ(find_log(trust_, word, now)->id, found().id) << word;
  }
  const auto other = find_log(trust_, "https://log2024.rekor.example.org", now);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::usage);
  EXPECT_NE(other.error().what.find("https://log2026.rekor.example.org"), std::string::npos);
}

// ---- bundles of entries
// --------------------------------------------------------------------------

TEST(EntryBundle, HoldsExactlySoManyEntries) {
  const std::string two("\0\1a\0\0", 5);
  const auto entries = parse_entry_bundle(2, bytes_of(two));
  ASSERT_TRUE(entries);
  EXPECT_EQ(text_of((*entries)[0]), "a");
  EXPECT_TRUE((*entries)[1].empty());
  EXPECT_FALSE(parse_entry_bundle(1, bytes_of(two)));
  EXPECT_FALSE(parse_entry_bundle(3, bytes_of(two)));
  EXPECT_FALSE(parse_entry_bundle(2, bytes_of(two).first(4)));
}

TEST(EntryBundle, MayHoldEntriesOfTheLargestSize) {
  std::string whole;
  for (unsigned i = 0; i < kTileWidth; ++i) whole += "\xFF\xFF" + std::string(kEntryBytes, 'x');
  ASSERT_EQ(whole.size(), kEntryBundleBytes);
  EXPECT_TRUE(parse_entry_bundle(kTileWidth, bytes_of(whole)));
  whole += 'x';
  EXPECT_FALSE(parse_entry_bundle(kTileWidth, bytes_of(whole)));
}

TEST_F(MonitoredLog, IsNeverAskedForMoreThanABundleMayHold) {
  grow(log_, 2500);
  look();
  for (const auto& one : http_.asked) EXPECT_LE(one.budget.max_body, kEntryBundleBytes) << one.url;
  EXPECT_LE(http_.at_once, kTilesAtATime);
}

}  // namespace
}  // namespace sluice::sigstore
