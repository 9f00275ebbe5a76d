// SPDX-License-Identifier: Apache-2.0
// What is kept between two looks, on disks that fail at the wrong moment; and which entries are of
// interest to whom.
#include "sigstore/log_look.h"

#include "sigstore/monitor_support.h"
#include "support/pki/pki.h"

namespace sluice::sigstore {
namespace {

using Places = std::vector<std::uint64_t>;
using Why = EntryFinding::Why;

// The real ones, of which the replacement of a file fails, or ends the world after it was done.
class FailingFiles final : public Files {
 public:
  int fail_at = -1;       // the replacement with this number, from 0
  bool after_it = false;  // it is done, and whoever asked never hears of it
  int replaced = 0;

  Result<std::string> read(const Path& p, std::size_t m) override { return real_.read(p, m); }
  Result<std::string> read_plain(const Path& p, std::size_t m, Links l) override {
    return real_.read_plain(p, m, l);
  }
  Result<std::unique_ptr<ByteSource>> open(const Path& p) override { return real_.open(p); }
  Result<void> replace(const Path& p, std::string_view c, unsigned mode) override {
    const bool fails = replaced++ == fail_at;
    if (!fails || after_it) SLUICE_CHECK(real_.replace(p, c, mode));
    if (fails) return fail(Errc::io, "the power is gone");
    return {};
  }
  Result<void> create(const Path& p, std::string_view c, unsigned mode) override {
    return real_.create(p, c, mode);
  }
  Result<FileInfo> info(const Path& p) override { return real_.info(p); }
  Result<std::vector<FolderEntry>> list(const Path& p) override { return real_.list(p); }
  Result<void> make_folders(const Path& p) override { return real_.make_folders(p); }
  Result<void> remove(const Path& p) override { return real_.remove(p); }
  Result<std::unique_ptr<FileLock>> lock(const Path& p, std::chrono::milliseconds w) override {
    return real_.lock(p, w);
  }

 private:
  Files& real_ = system_files();
};

class LookedAtLog : public MonitoredLog {
 protected:
  // A process of its own: what it knows is in the file.
  Result<Look> run(Files& files, Places& told, int fail_telling_at = -1) {
    SLUICE_TRY(auto file, LogStateFile::open(files, state_));
    SLUICE_TRY(auto kept, file.read());
    Monitor one = monitor(kept);
    int count = 0;
    const LookListener listener{.tell = [&](const EntryFinding& finding) -> Result<void> {
      if (count++ == fail_telling_at) return fail(Errc::io, "nobody listens any more");
      told.push_back(finding.index);
      return {};
    }};
    return look_at_log(one, file, Begin::at_first_entry, listener);
  }
  void three_of_mine() {
    grow(log_, 10);
    log_.add_other(mine_);
    grow(log_, 2100);  // the second round
    log_.add_other(body({}));
    log_.add_other(body({}));
  }

  test::TempFolder folder_;
  Path state_ = folder_ / "watch.json";
};

TEST_F(LookedAtLog, IsReadOnFromWhereTheLastLookEnded) {
  three_of_mine();
  Places told;
  const auto first = run(system_files(), told);
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_EQ(told, (Places{10, 2100, 2101}));
  EXPECT_EQ(first->end, 2102U);
  told.clear();
  EXPECT_EQ(run(system_files(), told)->first, 2102U);
  EXPECT_TRUE(told.empty());
}

TEST_F(LookedAtLog, IsMissedNothingOfHoweverALookIsCutOff) {
  three_of_mine();
  for (const bool after_it : {false, true}) {
    for (int at = 0; at < 2; ++at) {
      std::filesystem::remove(state_);
      FailingFiles files;
      files.fail_at = at;
      files.after_it = after_it;
      Places told;
      const auto cut = run(files, told);
      ASSERT_FALSE(cut);
      EXPECT_EQ(cut.error().code, Errc::io);
      ASSERT_TRUE(run(system_files(), told));
      std::ranges::sort(told);
      // Twice at most, and each of them.
      Places once = told;
      once.erase(std::ranges::unique(once).begin(), once.end());
      EXPECT_EQ(once, (Places{10, 2100, 2101})) << at << after_it;
      EXPECT_EQ(told.size(), once.size() + (after_it ? 0U : at == 0 ? 1U : 2U)) << at << after_it;
    }
  }
}

TEST_F(LookedAtLog, IsToldAgainWhereNobodyCouldHearIt) {
  three_of_mine();
  for (int at = 0; at < 3; ++at) {
    std::filesystem::remove(state_);
    Places told;
    EXPECT_FALSE(run(system_files(), told, at));
    ASSERT_TRUE(run(system_files(), told));
    for (const std::uint64_t place : {10U, 2100U, 2101U}) {
      EXPECT_NE(std::ranges::find(told, place), told.end()) << place << " of " << at;
    }
  }
}

TEST_F(LookedAtLog, HasOneWatcherForOneState) {
  grow(log_, 3);
  const auto first = LogStateFile::open(system_files(), state_);
  ASSERT_TRUE(first);
  Places told;
  const auto second = run(system_files(), told);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::timeout);
  EXPECT_NE(second.error().what.find("another watcher has"), std::string::npos);
}

TEST_F(LookedAtLog, KeepsItsStateWhereTheLogForks) {
  grow(log_, 20);
  Places told;
  ASSERT_TRUE(run(system_files(), told));
  const std::string before = test::read_file(state_);
  test::VirtualRekorV2 fork(world_);
  fork.add_other(mine_);
  grow(fork, 30);
  http_.service = &fork;
  const auto look = run(system_files(), told);
  ASSERT_TRUE(look && look->alert);
  EXPECT_EQ(look->alert->id, "log.fork");
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(test::read_file(state_), before);

  auto file = LogStateFile::open(system_files(), state_).value();
  const Path evidence = file.store_evidence(*look->alert, "{}\n").value();
  EXPECT_EQ(file.store_evidence(*look->alert, "{}\n").value(), evidence);
  EXPECT_EQ(test::read_file(evidence), "{}\n");
}

// ---- the state
// -----------------------------------------------------------------------------------

class StateOfALog : public LookedAtLog {
 protected:
  StateOfALog() {
    grow(log_, 300);
    text_ = write_log_state(*look().state);
  }
  Result<LogState> changed(std::string_view path, json::Value value) const {
    json::Value document = json::parse_strict(text_).value();
    test::set(document, path, std::move(value));
    return parse_log_state(json::write(document));
  }
  std::string text_;
};

TEST_F(StateOfALog, ComesBackAsItWas) {
  const auto state = parse_log_state(text_);
  ASSERT_TRUE(state) << state.error().text();
  EXPECT_EQ(write_log_state(*state), text_);
  EXPECT_EQ(state->log_id, found().id);
  EXPECT_EQ(state->read.head(), state->head.head());
}

TEST_F(StateOfALog, IsRefusedWhereItContradictsItself) {
  EXPECT_TRUE(changed("next", 300));
  EXPECT_FALSE(changed("next", 301));
  EXPECT_FALSE(changed("next", -1));
  EXPECT_FALSE(changed("next", 256));  // other hashes are due
  EXPECT_FALSE(changed("more", 1));
  EXPECT_FALSE(changed("head.0", to_base64(Hash{})));
  EXPECT_FALSE(changed("read.0", to_base64(Hash{})));
  EXPECT_FALSE(changed("checkpoint", "no checkpoint\n"));
  EXPECT_FALSE(parse_log_state("{}"));
}

TEST_F(StateOfALog, OfANewerVersionIsRefusedByName) {
  const auto newer = changed("kind", "sluice.log-state/v2");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Errc::unsupported);
  EXPECT_NE(newer.error().what.find("sluice.log-state/v2"), std::string::npos);
  EXPECT_EQ(changed("kind", "other").error().code, Errc::malformed);
}

TEST_F(StateOfALog, ThatCannotBeReadEndsTheLookAndStays) {
  folder_.write("watch.json", "{");
  Places told;
  const auto seen = run(system_files(), told);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Errc::malformed);
  EXPECT_EQ(test::read_file(state_), "{");
}

// ---- what is of interest
// -------------------------------------------------------------------------

class EntriesOfALog : public MonitoredLog {
 protected:
  std::optional<EntryFinding> match(const WatchList& list, std::string_view text) const {
    return match_entry(list, trust_, 7, bytes_of(text));
  }
  static WatchList identities() { return {.rules = {rule()}, .keys = {}, .artifacts = {}}; }
};

TEST_F(EntriesOfALog, AreMatchedByTheCertificatesIdentity) {
  const auto mine = match(identities(), mine_);
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->why, Why::identity);
  EXPECT_EQ(mine->index, 7U);
  EXPECT_TRUE(mine->chain_holds) << mine->chain;
  EXPECT_EQ(describe_signer(*mine->certificate), cat(test::kIdentity, " (", test::kIssuer, ")"));
  EXPECT_FALSE(match(identities(), other_));
}

TEST_F(EntriesOfALog, SayWhereTheChainDoesNotHold) {
  // Anybody can make a certificate with my name on it, and a log takes it.
  const test::VirtualSigstore strangers;
  const std::string forged =
      json::canonical_jcs(test::body_v2(strangers.sign("artifact", {}))).value();
  const auto finding = match(identities(), forged);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->why, Why::identity);
  EXPECT_FALSE(finding->chain_holds);
  EXPECT_FALSE(finding->chain.empty());
}

TEST_F(EntriesOfALog, AreMatchedByKeyBareOrInACertificate) {
  const test::Made by_key = world_.sign("artifact", test::by_key({}));
  const std::string bare = json::canonical_jcs(test::body_v2(by_key)).value();
  const WatchList list{
      .rules = {}, .keys = {by_key.key.public_key().fingerprint()}, .artifacts = {}};
  const auto found = match(list, bare);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->why, Why::key);
  EXPECT_FALSE(found->certificate);
  EXPECT_FALSE(match(list, other_));
  EXPECT_FALSE(match(identities(), bare));

  const WatchList certified{
      .rules = {}, .keys = {other_made_.key.public_key().fingerprint()}, .artifacts = {}};
  EXPECT_EQ(match(certified, other_)->why, Why::key);
}

TEST_F(EntriesOfALog, AreMatchedByWhatWasSigned) {
  const WatchList list{.rules = {}, .keys = {}, .artifacts = {other_made_.digest()}};
  const auto found = match(list, other_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->why, Why::artifact);
  EXPECT_FALSE(match(list, other(1)));
  const WatchList both{.rules = {rule()}, .keys = {}, .artifacts = {other_made_.digest()}};
  EXPECT_EQ(match(both, other_)->why, Why::artifact);
}

TEST_F(EntriesOfALog, ThatCannotBeReadAreToldOfAsSuch) {
  for (const std::string text : {"no JSON", R"({"kind":"other","apiVersion":"1","spec":{}})", ""}) {
    const auto finding = match(identities(), text);
    ASSERT_TRUE(finding) << text;
    EXPECT_EQ(finding->why, Why::unread);
    ASSERT_EQ(finding->what.size(), 1U);
  }
  // A certificate that cannot be read may name anybody; a digest is there all the same.
  json::Value document = json::parse_strict(other_).value();
  test::change_base64(document, "spec.hashedRekordV002.signature.verifier.x509Certificate.rawBytes",
                      [](Bytes& der) { der.pop_back(); });
  const std::string broken = json::write(document);
  EXPECT_EQ(match(identities(), broken)->why, Why::unread);
  EXPECT_EQ(match({.rules = {}, .keys = {}, .artifacts = {other_made_.digest()}}, broken)->why,
            Why::artifact);
  EXPECT_FALSE(match({.rules = {},
                      .keys = {},
                      .artifacts = {crypto::digest_of(crypto::HashAlgorithm::sha256, {})}},
                     broken));
}

}  // namespace
}  // namespace sluice::sigstore
