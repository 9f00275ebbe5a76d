// SPDX-License-Identifier: Apache-2.0
// Logs that are not trusted, promises and proofs that do not hold, too few entries.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

SignWish proof_broken(SignWish wish, Change change) {
  return entry_broken(std::move(wish), [change = std::move(change)](json::Value& entry) {
    change(at(entry, "inclusionProof"));
  });
}

// The window of a log in the trusted root, whose entries are of 12:00:03.
Change log_window(std::size_t log, std::string_view start, std::string_view end) {
  return [=](json::Value& root) {
    json::Value window = object({{"start", start}});
    if (!end.empty()) window.set("end", end);
    set(root, cat("tlogs.", log, ".publicKey.validFor"), window);
  };
}

void add_known(CaseTable& table) {
  const auto without = [](std::size_t log) {
    return [log](json::Value& root) { erase(root, cat("tlogs.", log)); };
  };
  table.add("log.known/unknown-v1", "a log that is not trusted", rekor_v1(), without(kLogV1));
  table.add("log.known/unknown-v2", "a log that is not trusted", rekor_v2(), without(kLogV2));
  table.add("log.known/other-id", "the id of no log",
            entry_broken(rekor_v1(), [](json::Value& entry) {
              change_base64(entry, "logId.keyId", flip_last);
            }));
  table.add("log.known/id-of-four-bytes", "the note's short id",
            entry_broken(rekor_v2(), [](json::Value& entry) {
              change_base64(entry, "logId.keyId", [](Bytes& id) { id.resize(4); });
            }));
  table.add("log.known/id-of-the-key", "a v2 log by the hash of its bare key",
            entry_broken(rekor_v2(), [&table](json::Value& entry) {
              set(entry, "logId.keyId",
                  to_base64(table.world().logs[kLogV2].key.public_key().fingerprint().bytes()));
            }));
  const std::string_view entry_time = "2026-06-01T12:00:03Z";
  table.add("good/log-window-starts", "an entry of the first second of the log's window",
            rekor_v1(), log_window(kLogV1, entry_time, ""));
  table.add("good/log-window-ends", "an entry of the last second of the log's window", rekor_v1(),
            log_window(kLogV1, "2026-01-01T00:00:00Z", entry_time));
  table.add("log.known/before-window", "an entry of before the log was trusted", rekor_v1(),
            log_window(kLogV1, "2026-06-01T12:00:04Z", ""));
  table.add("log.known/after-window", "an entry of after the log was trusted", rekor_v1(),
            log_window(kLogV1, "2026-01-01T00:00:00Z", "2026-06-01T12:00:02Z"));
  table
      .add("log.known/v2-after-window", "a signature of after the log was trusted", rekor_v2(),
           log_window(kLogV2, "2026-01-01T00:00:00Z", "2026-06-01T12:00:01Z"))
      .peer = "compares the window with the times of entries alone";
  SignWish both = rekor_v2();
  both.logs = {{.log = kEcdsaLogV2}, {.log = kLogV2}};
  table.add("good/unknown-log-beside", "an entry of a log that is not trusted beside a good one",
            both, without(kEcdsaLogV2));
}

void add_promise(CaseTable& table) {
  table.add("log.promise/flipped", "another signature",
            entry_broken(rekor_v1(), [](json::Value& entry) {
              change_base64(entry, "inclusionPromise.signedEntryTimestamp", flip_last);
            }));
  table.add("log.promise/empty", "an empty signature",
            entry_broken(rekor_v1(), [](json::Value& entry) {
              set(entry, "inclusionPromise.signedEntryTimestamp", "");
            }));
  table.add("log.promise/other-time", "a time that the log did not promise",
            entry_broken(rekor_v1(),
                         [](json::Value& entry) { set(entry, "integratedTime", "1780315204"); }));
  table.add(
      "log.promise/other-index", "an index that the log did not promise",
      entry_broken(rekor_v1(), [](json::Value& entry) { set(entry, "logIndex", "4163437"); }));
  struct Lie {
    std::string_view member;
    json::Value value;
  };
  for (const Lie& lie :
       {Lie{"integratedTime", std::int64_t{1780315204}}, Lie{"logIndex", std::int64_t{7}},
        Lie{"logID", std::string(64, 'a')}, Lie{"body", base64("{}")}}) {
    table.add(cat("log.promise/signed-", lie.member), "the log promised something else",
              logged(rekor_v1(), [&](LogWish& log) {
                log.change_promise = [lie](json::Value& payload) {
                  set(payload, lie.member, lie.value);
                };
              }));
  }
  table.add("log.promise/of-another-log", "a promise of another trusted log",
            entry_broken(rekor_v1(), [&table](json::Value& entry) {
              const Made other = table.world().sign(kArtifact, rekor_v1());
              LogWish wish{.log = kOtherLogV1};
              json::Value made = table.world().entry(wish, other);
              set(entry, "inclusionPromise", at(made, "inclusionPromise"));
            }));
  table.add("log.promise/none-in-0.1", "the first version needs a promise",
            logged(with_version(rekor_v1(), kMedia01), [](LogWish& log) { log.promise = false; }));
}

void add_inclusion(CaseTable& table) {
  const auto add = [&](std::string_view name, std::string_view why, const SignWish& wish,
                       Change change) -> BundleCase& {
    return table.add(cat("log.inclusion/", name), std::string(why),
                     proof_broken(wish, std::move(change)));
  };
  for (const bool second : {false, true}) {
    const SignWish wish = second ? rekor_v2() : rekor_v1();
    const std::string_view v = second ? "-v2" : "-v1";
    add(cat("other-hash", v), "another hash on the way", wish,
        [](json::Value& proof) { change_base64(proof, "hashes.1", flip_last); });
    add(cat("hash-missing", v), "a hash too few", wish,
        [](json::Value& proof) { erase(proof, "hashes.0"); });
    add(cat("hash-too-many", v), "a hash too many", wish, [](json::Value& proof) {
      at(proof, "hashes").array()->push_back(to_base64(Bytes(32, 0)));
    });
    add(cat("no-hashes", v), "no hash at all", wish,
        [](json::Value& proof) { set(proof, "hashes", json::Array{}); });
    add(cat("other-index", v), "another leaf", wish, [](json::Value& proof) {
      set(proof, "logIndex", "4");
    }).peer = second ? "takes the index beside the proof" : "";
    add(cat("index-is-size", v), "a leaf behind the last", wish, [](json::Value& proof) {
      set(proof, "logIndex", "11");
    }).peer = second ? "takes the index beside the proof" : "";
    table.add(cat("log.inclusion/no-proof", v), "no proof, which its version needs",
              logged(wish, [](LogWish& log) { log.proof = false; }));
  }
  add("size-zero", "a tree of nothing", rekor_v2(), [](json::Value& proof) {
    set(proof, "treeSize", "0");
  }).peer = "takes the size from the checkpoint";
  add("global-index", "the index over all shards in the place of the shard's", rekor_v1(),
      [](json::Value& proof) { set(proof, "logIndex", "4163436"); });
  table.add("log.inclusion/v2-other-index", "two indices that have to be one",
            entry_broken(rekor_v2(), [](json::Value& entry) { set(entry, "logIndex", "6"); }));
  table.add("log.inclusion/none-in-0.2", "the second version needs a proof",
            logged(with_version(rekor_v1(), kMedia02), [](LogWish& log) { log.proof = false; }));
  // What is hashed begins with the byte of a leaf: a body cannot be passed off as an inner node.
  table.add("log.inclusion/of-another-body", "a proof for another entry of the same log",
            proof_broken(rekor_v2(), [&table](json::Value& proof) {
              const Made other = table.world().sign("another artifact", rekor_v2());
              json::Value made = table.world().entry({}, other);
              proof = at(made, "inclusionProof");
            }));
}

void add_threshold(CaseTable& table) {
  const auto none = [](SignWish wish) {
    wish.logs.clear();
    return wish;
  };
  table.add("log.threshold/no-entry", "no log has seen it", none(rekor_v2()));
  table.add("log.threshold/key-no-entry",
            "no log has seen it, and it was not said that none needs to", none(by_key(rekor_v2())));
  table.add("log.threshold/one-of-two", "two logs are asked for", rekor_v2()).policy.logs = 2;
  SignWish twice = rekor_v1();
  twice.logs.push_back({.log = kLogV1, .index = 6});
  table.add("log.threshold/twice-in-one-log", "two entries of one log are one witness", twice)
      .policy.logs = 2;
  SignWish copied = broken(rekor_v1(), [](json::Value& bundle) {
    json::Array& list = *at(bundle, "verificationMaterial.tlogEntries").array();
    list.push_back(list.front());
  });
  table.add("log.threshold/one-entry-twice", "the same entry again", copied).policy.logs = 2;
}

}  // namespace

void add_log_cases(CaseTable& table) {
  add_known(table);
  add_promise(table);
  add_inclusion(table);
  add_threshold(table);
}

}  // namespace sluice::test
