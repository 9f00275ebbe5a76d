// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/form.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "tuf/delegations.h"
#include "tufrepo/key_entry.h"
#include "tufrepo/repository.h"
#include "tufrepo/word.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kShownText = 200;

// The same defect of a version before, or of metadata that has the same key, is none.
struct Defect {
  std::string text;
  std::string of;  // what it is a defect of, with all that it depends on
};
using Defects = std::vector<Defect>;

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_hex_of_bytes(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 && is_lower_hex(text);
}

// 1.0.31
bool is_spec_version(const json::Value* value) {
  if (value == nullptr || value->string() == nullptr) return false;
  const auto parts = split(*value->string(), '.');
  return parts.size() == 3 && parts[0] == "1" &&
         std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() && part.size() <= 9 &&
                  part.find_first_not_of("0123456789") == std::string_view::npos;
         });
}

std::string shown_value(const json::Value* value) {
  return value == nullptr ? "missing" : printable(json::write(*value), kShownText);
}

class HeadChecker {
 public:
  HeadChecker(const Draft& draft, const ForeignKeys& foreign)
      : draft_(draft), head_(draft.head()), foreign_(foreign) {}

  Defects run() && {
    header();
    if (draft_.type() == RoleType::root) {
      keys(head_.find("keys"));
      root();
    } else if (const auto* delegations = head_.find("delegations");
               draft_.type() == RoleType::targets && delegations != nullptr) {
      keys(delegations->find("keys"));
      this->delegations(*delegations);
    }
    return std::move(out_);
  }
  // Only these.
  Defects of_keys() && {
    const auto* delegations = head_.find("delegations");
    if (draft_.type() == RoleType::root) {
      keys(head_.find("keys"));
    } else if (delegations != nullptr) {
      keys(delegations->find("keys"));
    }
    return std::move(out_);
  }

 private:
  void add(std::string text) {
    std::string of = text;
    out_.push_back({std::move(text), std::move(of)});
  }

  void header() {
    const auto* expires = head_.find("expires");
    const auto* text = expires == nullptr ? nullptr : expires->string();
    if (text == nullptr || *text != rfc3339(draft_.expires())) {
      add(cat("\"expires\" is ", shown_value(expires), ", not in the form ",
              rfc3339(draft_.expires())));
    }
    if (const auto* spec = head_.find("spec_version"); !is_spec_version(spec)) {
      add(cat("\"spec_version\" is ", shown_value(spec), ", not in the form ", kSpecVersion));
    }
  }

  void keys(const json::Value* listed) {
    if (listed == nullptr || listed->object() == nullptr) return;
    for (const auto& [keyid, value] : *listed->object()) {
      listed_.insert(keyid);
      if (auto why = wrong_with_key(keyid, value); !why.empty()) {
        out_.push_back({cat("the key ", as_word(keyid, kShownText), ": ", why),
                        cat("key ", keyid, " ", sorted_json(value))});
      }
    }
  }

  std::string wrong_with_key(const std::string& keyid, const json::Value& value) const {
    const auto key = parse_role_key(keyid, value);
    if (!key) return key.error().what;
    const bool identity = key->keytype == "sigstore-oidc" && key->scheme == "Fulcio";
    const auto known = understood(*key, foreign_);
    if (!known) return known.error().what;
    if (!known->usable() && (!identity || foreign_)) {
      return cat("clients cannot read it: ", known->why_unusable);
    }
    const auto own = compute_keyid(*key);
    const auto text = json::canonical_olpc(value);
    if (!own || !text) return "it has no keyid of its own";
    // Over all members, as they were made once. Members that nobody knows are no defect, though
    // tuftool refuses keyids that leave them out: repositories of tuf-on-ci have such.
    const auto all = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(*text)).hex();
    if (own->str() == keyid || all == keyid) return "";
    return cat("its own keyid is ", own->str(), ", and another key could stand there next time");
  }

  void root() {
    const auto* roles = head_.find("roles");
    if (roles == nullptr || roles->object() == nullptr) return;  // nobody reads that
    for (const auto& [name, value] : *roles->object()) {
      if (is_top_level(name)) {
        keyids(name, value);
      } else {
        add(cat("\"roles\" has ", as_word(name, kShownText),
                ", which is none of root, timestamp, snapshot and targets"));
      }
    }
    if (head_.find("consistent_snapshot") == nullptr) add("\"consistent_snapshot\" is missing");
  }

  void keyids(const std::string& role, const json::Value& value) {
    const auto* keyids = value.find("keyids");
    if (keyids == nullptr || keyids->array() == nullptr) {
      add(cat("the role ", as_word(role, kShownText), " has no \"keyids\""));
      return;
    }
    for (const auto& each : *keyids->array()) {
      if (each.string() == nullptr || listed_.contains(*each.string())) continue;
      add(cat("the role ", as_word(role, kShownText), " has the keyid ",
              as_word(*each.string(), kShownText), ", under which no key is listed"));
    }
  }

  void delegations(const json::Value& value) {
    const auto read = delegations_of(draft_, foreign_);
    if (!read) {
      add(cat("\"delegations\" cannot be read: ", read.error().what));
      return;
    }
    if (value.find("keys") == nullptr) add("\"delegations\" has no \"keys\"");
    if (const auto* bins = value.find("succinct_roles")) keyids("succinct_roles", *bins);
    const auto* roles = value.find("roles");
    if (roles == nullptr || roles->array() == nullptr) return;
    for (const auto& each : *roles->array()) delegation(each);
  }

  void delegation(const json::Value& value) {
    const std::string& role = *value.find("name")->string();
    keyids(role, value);
    if (value.find("terminating") == nullptr) {
      add(cat("the delegation to ", as_word(role, kShownText), " has no \"terminating\""));
    }
    const auto* prefixes = value.find("path_hash_prefixes");
    if (prefixes == nullptr || prefixes->array() == nullptr) return;
    for (const auto& each : *prefixes->array()) {
      if (each.string() == nullptr || is_lower_hex(*each.string())) continue;
      add(cat("the delegation to ", as_word(role, kShownText), " has the hash prefix ",
              as_word(*each.string(), kShownText), ", which is not in lower case"));
    }
  }

  const Draft& draft_;
  const json::Value& head_;
  const ForeignKeys& foreign_;
  std::set<std::string_view> listed_;  // keyids
  Defects out_;
};

struct HashForm {
  std::string_view name;
  std::size_t digits;
};
constexpr std::array kHashForms{HashForm{"sha256", 64}, HashForm{"sha384", 96},
                                HashForm{"sha512", 128}};

const HashForm* hash_form(std::string_view name) {
  const auto* const at = std::ranges::find(kHashForms, name, &HashForm::name);
  return at == kHashForms.end() ? nullptr : at;
}

bool take(std::string_view& text, std::string_view head) {
  if (!text.starts_with(head)) return false;
  text.remove_prefix(head.size());
  return true;
}

// {"hashes":{"sha256":"…"},"length":5}, as nearly all of a million are: without a tree.
bool is_plain_target(std::string_view text) {
  if (!take(text, R"({"hashes":{")")) return false;
  for (;;) {
    const auto* form = hash_form(text.substr(0, 6));
    if (form == nullptr) return false;
    text.remove_prefix(form->name.size());
    if (!take(text, R"(":")") || text.size() <= form->digits ||
        !is_lower_hex(text.substr(0, form->digits))) {
      return false;
    }
    text.remove_prefix(form->digits);
    if (take(text, "\",\"")) continue;
    if (take(text, R"("},"length":)")) break;
    return false;
  }
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return digits > 0 && digits <= 18 && text.substr(digits) == "}";
}

std::string wrong_with_hashes(const json::Value* hashes) {
  if (hashes == nullptr || hashes->object() == nullptr || hashes->object()->empty()) {
    return "it has no hashes";
  }
  bool known = false;
  for (const auto& [name, value] : *hashes->object()) {
    const auto* form = hash_form(name);
    if (value.string() == nullptr) {
      return cat("its hash ", as_word(name, kShownText), " is no string");
    }
    if (form == nullptr) {
      if (is_hex_of_bytes(*value.string())) continue;  // go-tuf reads them all
      return cat("its hash ", as_word(name, kShownText), " is no hex in lower case");
    }
    known = true;
    if (value.string()->size() != form->digits || !is_lower_hex(*value.string())) {
      return cat("its ", name, " is not ", form->digits, " digits of hex in lower case");
    }
  }
  return known ? "" : "none of its hashes is of a known kind";
}

// Empty: it is as it has to be.
std::string wrong_with_target(std::string_view text) {
  if (is_plain_target(text)) return "";
  const auto value = json::parse_strict(text, {.bytes = text.size()});
  if (!value) return value.error().what;
  const auto* length = value->find("length");
  if (length == nullptr || length->integer().value_or(-1) < 0) {
    return cat("its length is ", shown_value(length));
  }
  const auto* custom = value->find("custom");
  if (custom != nullptr && custom->object() == nullptr) return "its custom metadata is no object";
  return wrong_with_hashes(value->find("hashes"));
}

class Teller {
 public:
  void tell(std::string text) {
    if (out_.size() < kMostDefects) {
      out_.push_back(std::move(text));
    } else {
      ++more_;
    }
  }
  std::vector<std::string> all() && {
    if (more_ > 0) out_.push_back(cat("and ", more_, " more of the kind"));
    return std::move(out_);
  }

 private:
  std::vector<std::string> out_;
  std::size_t more_ = 0;
};

void tell_of_head(const Draft* before, const Draft& after, const FormOptions& options,
                  Teller& teller) {
  const auto found = HeadChecker(after, options.foreign).run();
  if (found.empty()) return;
  std::set<std::string> old;
  const auto know = [&](Defects defects) {
    for (auto& each : defects) old.insert(std::move(each.of));
  };
  if (before != nullptr) know(HeadChecker(*before, options.foreign).run());
  for (const auto* each : options.known) {
    if (each != nullptr) know(HeadChecker(*each, options.foreign).of_keys());
  }
  for (const auto& each : found) {
    if (!old.contains(each.of)) teller.tell(each.text);
  }
}

}  // namespace

Result<std::vector<std::string>> defects_of_form(const Draft* before, const Draft& after,
                                                 const FormOptions& options) {
  Teller teller;
  tell_of_head(before, after, options, teller);
  if (after.type() != RoleType::targets || !options.targets) return std::move(teller).all();
  SLUICE_CHECK(after.each([&](std::string_view path, std::string_view text) -> Result<void> {
    auto why = wrong_with_target(text);
    if (why.empty()) return {};
    const auto was = before == nullptr ? std::nullopt : before->find(path);
    if (!was || *was != text) teller.tell(cat("the target ", as_word(path, kShownText), ": ", why));
    return {};
  }));
  return std::move(teller).all();
}

}  // namespace sluice::tuf
