// SPDX-License-Identifier: Apache-2.0
// Checkpoints that the log has not signed, or that are about another tree; witnesses that are
// missing.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

// The first signature line of a note: its bytes.
void change_signature(std::string& note, const ChangeBytes& change) {
  const auto from = note.rfind(' ') + 1;
  const auto end = note.find('\n', from);
  Bytes bytes = from_base64(note.substr(from, end - from)).value();
  change(bytes);
  note.replace(from, end - from, to_base64(bytes));
}

SignWish note_broken(SignWish wish, ChangeText change) {
  wish.logs.front().change_note = std::move(change);
  return wish;
}
SignWish signed_wrong(SignWish wish, ChangeText change) {
  wish.logs.front().change_checkpoint = std::move(change);
  return wish;
}

// The lines of a checkpoint.
void change_line(std::string& text, std::size_t number, std::string_view to) {
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(line);
  lines.at(number) = to;
  text = join(lines, "\n");
}

void add_signatures(CaseTable& table) {
  for (const bool second : {false, true}) {
    const SignWish wish = second ? rekor_v2() : rekor_v1();
    const std::string_view v = second ? "-v2" : "-v1";
    const auto add = [&](std::string_view name, std::string_view why,
                         ChangeText change) -> BundleCase& {
      return table.add(cat("log.checkpoint/", name, v), std::string(why),
                       note_broken(wish, std::move(change)));
    };
    add("flipped", "another signature",
        [](std::string& note) { change_signature(note, flip_last); });
    add("other-key-id", "the line names another key", [](std::string& note) {
      change_signature(note, [](Bytes& bytes) { bytes.front() ^= 1U; });
    });
    add("other-name", "the line names somebody else", [](std::string& note) {
      replace(note, "\u2014 ", "\u2014 other.");
    }).peer = second ? "" : "looks at the key's id alone";
    add("no-signature", "nobody has signed",
        [](std::string& note) { note.resize(note.find("\n\n") + 2); });
    add("strangers-alone", "only somebody unknown has signed", [](std::string& note) {
      note.resize(note.find("\n\n") + 2);
      note += note_line("somebody.example.org", Bytes{1, 2, 3, 4}, Bytes(64, 7));
    });
    add("no-blank-line", "nothing parts the text from its signatures",
        [](std::string& note) { replace(note, "\n\n", "\n"); });
    add("line-unended", "the last line has no end", [](std::string& note) { note.pop_back(); });
    add("hyphen", "a line that begins with a hyphen",
        [](std::string& note) { replace(note, "\u2014 ", "- "); });
    add("windows-lines", "line ends of another system", [](std::string& note) {
      std::string out;
      for (const char c : note) out += c == '\n' ? "\r\n" : std::string(1, c);
      note = out;
    });
    add("other-size", "the size was changed after it was signed",
        [](std::string& note) { change_line(note, 1, "12"); });
    add("other-root", "the root was changed after it was signed",
        [](std::string& note) { change_line(note, 2, to_base64(Bytes(32, 5))); });
    add("empty", "no checkpoint", [](std::string& note) { note.clear(); });
    add("line-too-short", "a signature shorter than a key's id",
        [](std::string& note) { change_signature(note, [](Bytes& bytes) { bytes.resize(3); }); });
    add("oversized", "a note of a megabyte", [](std::string& note) {
      for (int i = 0; i < 20'000; ++i) {
        note += note_line("somebody.example.org", Bytes{1, 2, 3, 4}, Bytes(32, 7));
      }
    });
  }
}

// Signed by the log, and not what the proof says.
void add_trees(CaseTable& table) {
  for (const bool second : {false, true}) {
    const SignWish wish = second ? rekor_v2() : rekor_v1();
    const std::string_view v = second ? "-v2" : "-v1";
    const auto add = [&](std::string_view name, std::string_view why,
                         ChangeText change) -> BundleCase& {
      return table.add(cat("log.checkpoint/", name, v), std::string(why),
                       signed_wrong(wish, std::move(change)));
    };
    add("signed-other-size", "the log signed another size", [](std::string& body) {
      change_line(body, 1, "12");
    }).peer = "does not compare the sizes";
    add("signed-other-root", "the log signed another root",
        [](std::string& body) { change_line(body, 2, to_base64(Bytes(32, 5))); });
    add("signed-no-root", "the log signed no root", [](std::string& body) {
      const auto end = body.find('\n', body.find('\n') + 1);
      body.resize(end + 1);
    });
    add("signed-size-with-zero", "a size that begins with a zero", [](std::string& body) {
      change_line(body, 1, "011");
    }).peer = "reads it as eleven";
    add("signed-size-text", "a size that is no number",
        [](std::string& body) { change_line(body, 1, "eleven"); });
    add("signed-size-negative", "a size below nothing",
        [](std::string& body) { change_line(body, 1, "-11"); });
    add("signed-root-short", "a root that is none",
        [](std::string& body) { change_line(body, 2, to_base64(Bytes(31, 5))); });
  }
  table.add("log.checkpoint/signed-other-origin-v2", "the log signed another log's checkpoint",
            signed_wrong(rekor_v2(), [](std::string& body) {
              change_line(body, 0, "log2027.rekor.example.org");
            }));
  const auto claim = [](std::string_view member, std::string value) {
    return entry_broken(rekor_v2(), [member, value](json::Value& entry) {
      set(entry, cat("inclusionProof.", member), value);
    });
  };
  // The proof leads to the root that the checkpoint has, and states another one.
  table
      .add("log.inclusion/stated-root", "the proof states a root that it does not lead to",
           claim("rootHash", to_base64(Bytes(32, 9))))
      .peer = "takes the root from the checkpoint";
  table.add("log.checkpoint/missing-v2", "a proof without a checkpoint",
            entry_broken(rekor_v2(),
                         [](json::Value& entry) { erase(entry, "inclusionProof.checkpoint"); }));
  table.add("log.checkpoint/missing-v1", "a proof without a checkpoint",
            entry_broken(rekor_v1(),
                         [](json::Value& entry) { erase(entry, "inclusionProof.checkpoint"); }));
}

void add_several_lines(CaseTable& table) {
  table.add("log.checkpoint/one-of-two-lines-wrong", "the log's key signs twice, once wrongly",
            note_broken(rekor_v2(), [](std::string& note) {
              const std::string line = note.substr(note.rfind("\u2014"));
              std::string wrong = line;
              change_signature(wrong, flip_last);
              note = cat(note.substr(0, note.rfind("\u2014")), wrong, line);
            }));
  table.add("log.checkpoint/other-key-alone", "only another key of the same name has signed",
            logged(rekor_v2(), [](LogWish& log) {
              log.cosigning_logs = {kEcdsaLogV2};
              log.change_note = [](std::string& note) {
                const auto first = note.find("\u2014");
                note.erase(first, note.find('\n', first) + 1 - first);
              };
            }));
  table.add("log.checkpoint/of-another-log", "a checkpoint of another trusted log, over this tree",
            note_broken(rekor_v1(), [&table](std::string& note) {
              const VirtualLog& other = table.world().logs[kOtherLogV1];
              change_line(note, 0, other.origin());
              const std::string body = note.substr(0, note.find("\n\n") + 1);
              note = cat(body, "\n", signed_line(other.host, other.key, body));
            }));
  table.add("log.checkpoint/witness-alone", "a witness has signed, and the log has not",
            logged(rekor_v2(), [](LogWish& log) {
              log.witnesses = {0, 1, 2};
              log.change_note = [](std::string& note) {
                const auto first = note.find("\u2014");
                note.erase(first, note.find('\n', first) + 1 - first);
              };
            }));
}

void add_witnesses(CaseTable& table) {
  const VirtualSigstore& world = table.world();
  const auto add = [&](std::string_view name, std::string_view why,
                       const std::vector<std::size_t>& signers, ChangeText change,
                       const std::vector<std::size_t>& members, unsigned quorum) {
    table
        .add(cat("log.witnesses/", name), std::string(why),
             logged(rekor_v2(),
                    [&](LogWish& log) {
                      log.witnesses = signers;
                      log.change_note = std::move(change);
                    }))
        .policy.witness_policy = world.witness_policy(kLogV2, members, quorum);
  };
  add("none", "no witness", {}, {}, {0}, 1);
  add("1-of-2", "one witness, and two are wanted", {0}, {}, {0, 1}, 2);
  add("unknown", "another witness than those of the policy", {2}, {}, {0, 1}, 1);
  add("one-twice", "one witness that signed twice", {0, 0}, {}, {0, 1}, 2);
  add(
      "flipped", "a signature that is not the witness's", {0},
      [](std::string& note) { change_signature(note, flip_last); }, {0}, 1);
  add(
      "other-time", "the time is signed too", {0},
      [](std::string& note) { change_signature(note, [](Bytes& bytes) { bytes[11] ^= 1U; }); }, {0},
      1);
  const auto appended = [&](const std::function<std::string(const std::string&)>& line) {
    return [line](std::string& note) { note += line(note.substr(0, note.find("\n\n") + 1)); };
  };
  add("bare-signature", "a signature over the checkpoint, without a time", {},
      appended([&](const std::string& body) {
        const Witness& one = world.witnesses[0];
        return note_line(
            one.name, one.key_id(),
            one.key.sign(crypto::Message::of(one.key.scheme(), bytes_of(body)).value()).value());
      }),
      {0}, 1);
  add("of-another-checkpoint", "a witness of another tree", {},
      appended([&](const std::string& body) {
        std::string other = body;
        change_line(other, 1, "12");
        return world.witnesses[0].cosign(other, at("2026-06-01T12:00:03Z"));
      }),
      {0}, 1);
  add("name-of-another", "a stranger by the name of a witness", {},
      appended([&](const std::string& body) {
        Witness stranger{.name = world.witnesses[0].name};
        return stranger.cosign(body, at("2026-06-01T12:00:03Z"));
      }),
      {0}, 1);
  add("id-of-another", "a stranger by the name and id of a witness", {},
      appended([&](const std::string& body) {
        const Witness& own = world.witnesses[0];
        Witness stranger{.name = own.name};
        std::string line = stranger.cosign(body, at("2026-06-01T12:00:03Z"));
        change_signature(line, [&](Bytes& bytes) {
          const Bytes id = own.key_id();
          std::copy(id.begin(), id.end(), bytes.begin());
        });
        return line;
      }),
      {0}, 1);
}

}  // namespace

void add_checkpoint_cases(CaseTable& table) {
  add_signatures(table);
  add_trees(table);
  add_several_lines(table);
  add_witnesses(table);
}

}  // namespace sluice::test
