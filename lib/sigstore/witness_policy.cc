// SPDX-License-Identifier: Apache-2.0
// The text of a witness policy (C2SP tlog-policy).
#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"
#include "sigstore/witness.h"

namespace sluice::sigstore {

namespace {

using Words = std::vector<std::string_view>;

constexpr std::string_view kNone = "none";
constexpr std::size_t kWordShown = 60;

std::string in_quotes(std::string_view word) {
  return cat("\"", printable(word, kWordShown), "\"");
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

Words words_of(std::string_view line) {
  Words out;
  for (std::size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      ++at;
      continue;
    }
    const auto end = std::min(line.find_first_of(" \t", at), line.size());
    out.push_back(line.substr(at, end - at));
    at = end;
  }
  return out;
}

// Reads the lines of one policy; each function takes the words of its line.
class PolicyReader {
 public:
  Result<void> read_line(std::string_view line) {
    const auto allowed = [](char c) { return c == '\t' || (c != '\x7F' && (c & 0xE0) != 0); };
    if (!std::ranges::all_of(line, allowed)) {
      return fail(Errc::malformed, "a control character");
    }
    const Words words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) return {};
    if (words[0] == "log") return read_log(words);
    if (words[0] == "witness") return read_witness(words);
    if (words[0] == "group") return read_group(words);
    if (words[0] == "quorum") return read_quorum(words);
    return fail(Errc::malformed, cat(in_quotes(words[0]),
                                     ", where log, witness, group or quorum is "
                                     "due"));
  }

  Result<WitnessPolicy> finish() && {
    if (!has_quorum_) return fail(Errc::malformed, "the witness policy has no quorum line");
    return std::move(policy_);
  }

 private:
  struct Name {
    PolicyMember member;
    bool in_group = false;
  };

  Result<void> read_log(const Words& words) {
    if (words.size() < 2 || words.size() > 3) {
      return fail(Errc::malformed, "a log line is: log VKEY [URL]");
    }
    SLUICE_CHECK(count(policy_.logs.size(), "logs"));
    SLUICE_TRY(auto parsed, parse_verifier_key(words[1]));
    if (parsed.kind == NoteKind::cosignature) {
      return fail(Errc::malformed, "the key of a log is of a witness's type (4)");
    }
    PolicyLog log{std::move(parsed.key), words.size() == 3 ? std::string(words[2]) : ""};
    const auto* const twin = find_key(policy_.logs, log.key);
    if (twin != nullptr) {
      return fail(Errc::malformed, cat("the key of the log ", in_quotes(twin->key.name), " again"));
    }
    policy_.logs.push_back(std::move(log));
    return {};
  }

  Result<void> read_witness(const Words& words) {
    if (words.size() < 3 || words.size() > 4) {
      return fail(Errc::malformed, "a witness line is: witness NAME VKEY [URL]");
    }
    SLUICE_CHECK(count(policy_.witnesses.size(), "witnesses"));
    SLUICE_TRY(auto parsed, parse_verifier_key(words[2]));
    if (parsed.kind != NoteKind::cosignature) {
      return fail(Errc::malformed, cat("the key of a witness is of type 4 (cosignatures), not ",
                                       static_cast<unsigned>(parsed.kind)));
    }
    Witness witness{std::string(words[1]), std::move(parsed.key),
                    words.size() == 4 ? std::string(words[3]) : ""};
    const auto* const twin = find_key(policy_.witnesses, witness.key);
    if (twin != nullptr) {
      return fail(Errc::malformed, cat("the key of the witness ", in_quotes(twin->name), " again"));
    }
    SLUICE_CHECK(define(words[1], {.is_group = false, .index = policy_.witnesses.size()}));
    policy_.witnesses.push_back(std::move(witness));
    return {};
  }

  Result<void> read_group(const Words& words) {
    if (words.size() < 4) {
      return fail(Errc::malformed, "a group line is: group NAME any|all|K NAME...");
    }
    SLUICE_CHECK(count(policy_.groups.size(), "groups"));
    WitnessGroup group{.name = std::string(words[1]), .threshold = 1, .members = {}};
    SLUICE_TRY(group.threshold, read_threshold(words[2], words.size() - 3));
    for (const auto word : std::span(words).subspan(3)) {
      SLUICE_TRY(Name * name, find_name(word));
      if (name->in_group) {
        return fail(Errc::malformed, cat(in_quotes(word), " is in a group already"));
      }
      name->in_group = true;
      group.members.push_back(name->member);
    }
    SLUICE_CHECK(define(words[1], {.is_group = true, .index = policy_.groups.size()}));
    policy_.groups.push_back(std::move(group));
    return {};
  }

  Result<void> read_quorum(const Words& words) {
    if (words.size() != 2) return fail(Errc::malformed, "a quorum line is: quorum NAME|none");
    if (has_quorum_) return fail(Errc::malformed, "a second quorum line");
    has_quorum_ = true;
    if (words[1] == kNone) return {};
    SLUICE_TRY(const Name* name, find_name(words[1]));
    policy_.quorum = name->member;
    return {};
  }

  static Result<std::size_t> read_threshold(std::string_view word, std::size_t members) {
    if (word == "any") return 1;
    if (word == "all") return members;
    std::size_t out = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    if (error != std::errc() || end != word.data() + word.size() || word.starts_with('0') ||
        out > members) {
      return fail(Errc::malformed, cat(in_quotes(word), ", where any, all or a number from 1 to ",
                                       members, " is due"));
    }
    return out;
  }

  static Result<void> count(std::size_t so_far, std::string_view what) {
    if (so_far < kPolicyEntries) return {};
    return fail(Errc::limit, cat("more than ", kPolicyEntries, " ", what));
  }

  template <class Entry>
  static const Entry* find_key(const std::vector<Entry>& entries, const NoteKey& key) {
    const auto at =
        std::ranges::find_if(entries, [&](const Entry& one) { return one.key.key == key.key; });
    return at == entries.end() ? nullptr : &*at;
  }

  Result<void> define(std::string_view name, PolicyMember member) {
    if (name == kNone) return fail(Errc::malformed, "\"none\" is not a name to give");
    if (!names_.emplace(name, Name{.member = member}).second) {
      return fail(Errc::malformed, cat("the name ", in_quotes(name), " again"));
    }
    return {};
  }

  Result<Name*> find_name(std::string_view name) {
    const auto at = names_.find(name);
    if (at != names_.end()) return &at->second;
    return fail(Errc::malformed,
                cat(in_quotes(name), " is no witness or group that is defined further up"));
  }

  WitnessPolicy policy_;
  std::map<std::string, Name, std::less<>> names_;
  bool has_quorum_ = false;
};

}  // namespace

Result<WitnessPolicy> parse_witness_policy(std::string_view text) {
  if (text.size() > kPolicyBytes) {
    return fail(Errc::limit, cat("a witness policy of more than ", human_bytes(kPolicyBytes)));
  }
  PolicyReader reader;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto read = end == text.npos
                    ? Result<void>(fail(Errc::malformed, "the last line has no newline at its end"))
                    : reader.read_line(text.substr(0, end));
    if (!read) {
      Error error = std::move(read).error();
      error.what = cat("line ", number, ": ", error.what);
      return fail(std::move(error).in("reading a witness policy"));
    }
    text.remove_prefix(end + 1);
  }
  return std::move(reader).finish();
}

}  // namespace sluice::sigstore
