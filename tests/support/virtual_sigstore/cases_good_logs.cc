// SPDX-License-Identifier: Apache-2.0
// What passes: logs, checkpoints, witnesses, timestamps, JSON as others write it.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

void add_trees(CaseTable& table) {
  struct Place {
    std::string_view name;
    std::uint64_t index;
    std::uint64_t size;
  };
  for (const Place& place :
       {Place{"only", 0, 1}, Place{"first", 0, 7}, Place{"last", 6, 7}, Place{"middle", 3, 8},
        Place{"even", 300, 512}, Place{"beyond-32-bits", 4'294'967'301, 8'589'934'595},
        Place{"huge", 4'611'686'018'427'387'904, 9'223'372'036'854'775'807}}) {
    const auto put = [&](LogWish& log) {
      log.index = place.index;
      log.size = place.size;
    };
    table.add(cat("good/tree-", place.name), "somewhere in a tree of some size",
              logged(rekor_v2(), put));
  }
  table.add("good/tree-v1-beyond-32-bits", "a large shard of Rekor v1",
            logged(rekor_v1(), [](LogWish& log) {
              log.index = 4'294'967'301;
              log.size = 4'294'967'302;
            }));
  table.add("good/first-entry-of-a-log", "zero and empty are left out, as protobuf does it",
            entry_broken(logged(rekor_v2(),
                                [](LogWish& log) {
                                  log.index = 0;
                                  log.size = 1;
                                }),
                         [](json::Value& entry) {
                           erase(entry, "logIndex");
                           erase(entry, "inclusionProof.logIndex");
                           erase(entry, "inclusionProof.hashes");
                         }));
  table.add(
      "good/no-time-is-zero", "Rekor v2 writes a time that is none",
      entry_broken(rekor_v2(), [](json::Value& entry) { set(entry, "integratedTime", "0"); }));
}

void add_checkpoints(CaseTable& table) {
  table.add("good/checkpoint-more-lines", "Rekor v1 tells the time in a further line",
            logged(rekor_v1(),
                   [](LogWish& log) { log.checkpoint_more = "Timestamp: 1780315203617352539\n"; }));
  table.add("good/checkpoint-v2-more-lines", "further lines are signed and not looked into",
            logged(rekor_v2(), [](LogWish& log) { log.checkpoint_more = "anything\nelse\n"; }));
  table.add("good/checkpoint-by-ecdsa", "a log of the second generation with an ECDSA key",
            logged(rekor_v2(), [](LogWish& log) { log.log = kEcdsaLogV2; }));
  table.add("good/checkpoint-two-keys", "a log that changes its key signs with both",
            logged(rekor_v2(), [](LogWish& log) { log.cosigning_logs = {kEcdsaLogV2}; }));
  table.add(
      "good/checkpoint-own-line-last", "the log's signature need not be the first",
      logged(rekor_v2(), [&table](LogWish& log) {
        log.change_note = [&table](std::string& note) {
          const std::string body = note.substr(0, note.find("\n\n") + 1);
          replace(note, "\n\n",
                  cat("\n\n", table.world().witnesses[0].cosign(body, at("2026-06-01T12:00:03Z"))));
        };
      }));
  table.add("good/checkpoint-unknown-line", "a signature of an unknown kind by somebody unknown",
            logged(rekor_v2(), [](LogWish& log) {
              log.change_note = [](std::string& note) {
                note += note_line("somebody.example.org", Bytes{1, 2, 3, 4}, Bytes(40, 7));
              };
            }));
}

void add_witnesses(CaseTable& table) {
  const VirtualSigstore& world = table.world();
  const SignWish cosigned = logged(rekor_v2(), [](LogWish& log) { log.witnesses = {0, 1}; });
  table.add("good/witnesses-not-asked-for", "witnesses are tolerated", cosigned);
  table.add("good/witnesses-2-of-2", "both have signed", cosigned).policy.witness_policy =
      world.witness_policy(kLogV2, {0, 1}, 2);
  table.add("good/witnesses-2-of-3", "two of three have signed", cosigned).policy.witness_policy =
      world.witness_policy(kLogV2, {0, 1, 2}, 2);
  const SignWish other = logged(rekor_v2(), [](LogWish& log) { log.witnesses = {2, 0}; });
  table.add("good/witness-1-of-1", "an unknown witness beside the known one", other)
      .policy.witness_policy = world.witness_policy(kLogV2, {0}, 1);
}

void add_several(CaseTable& table) {
  SignWish two = rekor_v2();
  two.logs = {{.log = kLogV1}, {.log = kLogV2}};
  table.add("good/two-generations", "an entry in each generation", two);
  table.add("good/two-logs-of-two", "both are asked for", two).policy.logs = 2;
  two.logs = {{.log = kLogV1}, {.log = kOtherLogV1}};
  table.add("good/two-logs-v1", "two logs of the first generation", two).policy.logs = 2;
  SignWish twice = rekor_v1();
  twice.logs.push_back({.log = kLogV1, .index = 6});
  table.add("good/twice-in-one-log", "two entries of one log, where one is enough", twice);
  SignWish many = rekor_v2();
  many.logs.clear();
  for (std::uint64_t i = 0; i < 32; ++i) many.logs.push_back({.index = i, .size = 33});
  table.add("good/entries-32", "as many entries as are looked at", many);
  SignWish stamps = rekor_v2();
  stamps.stamps = {{.service = 0}, {.service = 1}};
  table.add("good/two-stampers", "a timestamp of each service", stamps).policy.stamps = 2;
  SignWish both = rekor_v1();
  both.stamps = {{}};
  table.add("good/both-clocks", "a promise and a timestamp, both within the certificate", both);
  SignWish bare = stamped(rekor_v2(), [](StampWish& wish) { wish.with_certificate = false; });
  table.add("good/stamp-without-certificate", "the trusted root has the service's own", bare);
  SignWish hashed =
      stamped(rekor_v2(), [](StampWish& wish) { wish.imprint = crypto::HashAlgorithm::sha512; });
  table.add("good/stamp-sha512", "an imprint of another size", hashed);
}

void add_spellings(CaseTable& table) {
  table.add("good/json-pretty", "blanks between tokens",
            broken_text(rekor_v2(), [](std::string& text) {
              text = json::write_pretty(json::parse_strict(text).value());
            }));
  table.add("good/json-escapes", "characters written as escapes",
            broken_text(rekor_v2(), [](std::string& text) {
              replace(text, "messageSignature", "\\u006dessageSignature");
              replace(text, "SHA2_256", "SHA2\\u005f256");
            }));
  table.add("good/json-numbers", "64 bits as a number, not as text",
            entry_broken(rekor_v1(), [](json::Value& entry) {
              set(entry, "integratedTime", std::stol(text_at(entry, "integratedTime")));
              set(entry, "inclusionProof.treeSize",
                  std::stol(text_at(entry, "inclusionProof.treeSize")));
            }));
  table.add("good/json-other-order", "members in another order",
            broken(rekor_v2(), [](json::Value& bundle) {
              auto& members = *bundle.object();
              std::swap(members.front(), members.back());
            }));
  table
      .add("good/no-message-digest", "what is signed says it itself",
           broken(by_key(rekor_v2()),
                  [](json::Value& bundle) { erase(bundle, "messageSignature.messageDigest"); }))
      .peer = "wants the digest";
}

}  // namespace

void add_good_logs(CaseTable& table) {
  add_trees(table);
  add_checkpoints(table);
  add_witnesses(table);
  add_several(table);
  add_spellings(table);
}

}  // namespace sluice::test
