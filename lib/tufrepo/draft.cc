// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/draft.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tuf/canonical.h"

namespace sluice::tuf {

namespace {

json::Value with_sorted_keys(json::Value value) {
  if (auto* array = value.array()) {
    for (auto& each : *array) each = with_sorted_keys(std::move(each));
  } else if (auto* object = value.object()) {
    for (auto& [key, member] : *object) member = with_sorted_keys(std::move(member));
    std::ranges::sort(*object, {}, &json::Member::first);
  }
  return value;
}

Result<RoleType> type_named(std::string_view type) {
  for (const auto each :
       {RoleType::root, RoleType::timestamp, RoleType::snapshot, RoleType::targets}) {
    if (type == name(each)) return each;
  }
  return fail(Errc::malformed, cat("metadata of the unknown type ", printable(type, 40)));
}

// The type of what comes: it says which member is the large one. Where it stands first, as in the
// canonical form, nothing else is read.
Result<RoleType> type_ahead(json::Tokenizer look, std::string_view document) {
  json::Tokenizer whole = look;
  SLUICE_CHECK(look.enter_object());
  SLUICE_TRY(const auto first, look.next_key());
  if (first && *first == "_type") {
    SLUICE_TRY(const auto type, look.read_string());
    return type_named(type);
  }
  SLUICE_TRY(const auto part, whole.skip());
  SLUICE_TRY(const auto type, type_of(part.in(document)));
  return type_named(type);
}

bool inside(std::string_view part, const std::string& whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// The usual one, by an Ed25519 key under a keyid that is a hash.
std::size_t room_for_a_signature() {
  return cat(R"({"signatures":[{"keyid":"","sig":""}],"signed":)").size() + std::size_t{64} + 128;
}

// {"key":text,…}. What stands in memory as it is to be written, side by side perhaps with what
// comes next, is copied in one piece: of a file with thousands of entries one is replaced.
class EntryWriter {
 public:
  explicit EntryWriter(std::string& out) : out_(out) {}

  void put(const Listed& entry) {
    if (!entry.as_written()) return put(entry.key(), entry.text());
    const char* const begin = entry.key().data() - 1;
    if (run_ == nullptr || begin != run_end_ + 1 || *run_end_ != ',') {
      flush();
      run_ = begin;
    }
    run_end_ = entry.text().data() + entry.text().size();
  }
  void put(std::string_view key, std::string_view text) {
    flush();
    separate();
    out_ += cat(json::write(json::Value(key)), ":");
    out_ += text;
  }
  void finish() {
    flush();
    out_ += separator_ == '{' ? "{}" : "}";
  }

 private:
  void separate() { out_ += std::exchange(separator_, ','); }
  void flush() {
    if (run_ == nullptr) return;
    separate();
    out_.append(run_, run_end_);
    run_ = nullptr;
  }

  std::string& out_;
  char separator_ = '{';
  const char* run_ = nullptr;
  const char* run_end_ = nullptr;
};

}  // namespace

std::string sorted_json(const json::Value& value) { return json::write(with_sorted_keys(value)); }

std::string_view large_member(RoleType type) {
  if (type == RoleType::root) return {};
  return type == RoleType::targets ? "targets" : "meta";
}

RoleType type_of_role(const RoleName& role) {
  const auto found = type_named(role.str());
  return found ? *found : RoleType::targets;
}

Result<Draft> Draft::parse(std::string document) {
  return parse(std::make_shared<const std::string>(std::move(document)));
}

Result<Draft> Draft::parse(Document document) {
  Draft out(RoleType::root);
  out.text_ = std::move(document);
  out.rewritten_ = std::make_shared<std::deque<std::string>>();
  const std::string& text = *out.text_;
  bool has_signed = false;
  json::Tokenizer in(text, {.bytes = text.size()});
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "signatures") {
      SLUICE_TRY(auto signatures, json::read_value(in));
      if (signatures.array() == nullptr) return fail(Errc::malformed, "\"signatures\" is no array");
      out.signatures_ = std::move(*signatures.array());
    } else if (*key == "signed") {
      has_signed = true;
      SLUICE_TRY(out.type_, type_ahead(in, text));
      SLUICE_CHECK(out.read_signed(in));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  SLUICE_CHECK(in.finish());
  if (!has_signed) return fail(Errc::malformed, "metadata without \"signed\"");
  SLUICE_CHECK(out.check());
  return out;
}

// All but the list is little: it is read with an empty one in its place.
Result<Draft> Draft::of(const Snapshot& snapshot) {
  auto entries = snapshot.canonical_entries();
  if (entries == nullptr) return parse(snapshot.document());
  const std::string_view text = *snapshot.document();
  const json::Slice list = snapshot.meta();
  SLUICE_TRY(auto out, parse(cat(text.substr(0, list.begin), "{}", text.substr(list.end))));
  out.text_ = snapshot.document();
  out.entries_ = std::move(entries);
  return out;
}

Result<void> Draft::read_signed(json::Tokenizer& in) {
  const std::string_view large = large_member(type_);
  head_ = json::Object{};
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return {};
    if (!large.empty() && *key == large) {
      SLUICE_CHECK(read_entries(in));
      continue;
    }
    std::string member(*key);
    SLUICE_TRY(auto value, json::read_value(in));
    head_.set(std::move(member), std::move(value));
  }
}

Result<void> Draft::read_entries(json::Tokenizer& in) {
  auto entries = std::make_shared<std::vector<Listed>>();
  bool sorted = true;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto found, in.next_key());
    if (!found) break;
    const bool here = inside(*found, *text_);
    const std::string decoded(here ? std::string_view() : *found);
    const std::string_view key = here ? *found : std::string_view(decoded);
    SLUICE_TRY(const auto slice, in.skip());
    const std::string_view value = slice.in(*text_);
    if (!entries->empty() && entries->back().key() > key) sorted = false;
    if (here && slice.canonical && stand_together(key, value)) {
      entries->emplace_back(key, value);
    } else if (slice.canonical) {
      entries->push_back(keep_listed(*rewritten_, key, value));
    } else {
      SLUICE_TRY(const auto tree, json::parse_strict(value, {.bytes = value.size()}));
      entries->push_back(keep_listed(*rewritten_, key, sorted_json(tree)));
    }
  }
  if (!sorted) std::ranges::sort(*entries, {}, &Listed::key);
  entries_ = std::move(entries);
  return {};
}

Result<void> Draft::check() const {
  const json::Fields fields(head_, "signed");
  SLUICE_TRY(const auto version, fields.integer("version"));
  if (version < 1) return fail(Errc::malformed, cat("version ", version, " is not above 0"));
  SLUICE_TRY(const auto expires, fields.string("expires"));
  SLUICE_CHECK(parse_rfc3339(expires));
  return {};
}

Draft Draft::fresh(RoleType type) {
  Draft out(type);
  out.text_ = std::make_shared<const std::string>();
  out.rewritten_ = std::make_shared<std::deque<std::string>>();
  out.head_ = json::Object{};
  out.head_.set("_type", std::string(tuf::name(type)));
  out.head_.set("spec_version", std::string(kSpecVersion));
  out.set_version(1);
  out.set_expires(Time{});
  return out;
}

Version Draft::version() const {
  const auto* found = head_.find("version");
  return found == nullptr ? 0 : found->integer().value_or(0);
}

Time Draft::expires() const {
  const auto* found = head_.find("expires");
  if (found == nullptr || found->string() == nullptr) return {};
  return parse_rfc3339(*found->string()).value_or(Time{});
}

void Draft::set_version(Version version) { head().set("version", version); }
void Draft::set_expires(Time expires) { head().set("expires", rfc3339(expires)); }

const Listed* Draft::base_find(std::string_view key) const {
  const auto at = std::ranges::lower_bound(*entries_, key, {}, &Listed::key);
  return at != entries_->end() && at->key() == key ? &*at : nullptr;
}

std::size_t Draft::count() const {
  std::size_t out = entries_->size();
  for (const auto& [key, text] : changes_) {
    const bool had = base_find(key) != nullptr;
    if (text && !had) ++out;
    if (!text && had) --out;
  }
  return out;
}

std::optional<std::string_view> Draft::find(std::string_view key) const {
  if (const auto change = changes_.find(key); change != changes_.end()) {
    if (!change->second) return std::nullopt;
    return *change->second;
  }
  const Listed* base = base_find(key);
  if (base == nullptr) return std::nullopt;
  return base->text();
}

void Draft::put(std::string key, std::string sorted) {
  written_.reset();
  changes_.insert_or_assign(std::move(key), std::move(sorted));
}

std::size_t Draft::put_all(const std::vector<Listed>& entries,
                           std::shared_ptr<const std::deque<std::string>> pieces) {
  auto merged = std::make_shared<std::vector<Listed>>();
  merged->reserve(entries_->size() + entries.size());
  std::size_t same = 0;
  auto old = entries_->begin();
  for (const Listed& entry : entries) {
    while (old != entries_->end() && old->key() < entry.key()) merged->push_back(*old++);
    const bool there = old != entries_->end() && old->key() == entry.key();
    if (const auto change = changes_.find(entry.key()); change != changes_.end()) {
      if (change->second == entry.text()) ++same;
      changes_.erase(change);
    } else if (there && old->text() == entry.text()) {
      ++same;
    }
    if (there) ++old;
    merged->push_back(entry);
  }
  merged->insert(merged->end(), old, entries_->end());
  entries_ = std::move(merged);
  written_.reset();
  pieces_.push_back(std::move(pieces));
  return same;
}

bool Draft::erase(std::string_view key) {
  if (!find(key)) return false;
  written_.reset();
  changes_.insert_or_assign(std::string(key), std::nullopt);
  return true;
}

template <class OfBase, class OfChange>
Result<void> Draft::merge(const OfBase& of_base, const OfChange& of_change) const {
  auto change = changes_.begin();
  for (const Listed& entry : *entries_) {
    for (; change != changes_.end() && change->first < entry.key(); ++change) {
      if (change->second) SLUICE_CHECK(of_change(change->first, *change->second));
    }
    if (change != changes_.end() && change->first == entry.key()) {
      if (change->second) SLUICE_CHECK(of_change(change->first, *change->second));
      ++change;
    } else {
      SLUICE_CHECK(of_base(entry));
    }
  }
  for (; change != changes_.end(); ++change) {
    if (change->second) SLUICE_CHECK(of_change(change->first, *change->second));
  }
  return {};
}

Result<void> Draft::each(
    const std::function<Result<void>(std::string_view, std::string_view)>& use) const {
  return merge([&](const Listed& entry) { return use(entry.key(), entry.text()); }, use);
}

Result<std::string> Draft::signed_text() const {
  SLUICE_TRY(const auto written, text());
  return std::string(*written);
}

// Of a snapshot it is asked for again and again on its way out, and it is half a megabyte where
// there are many bins.
Result<Draft::Text> Draft::text() const {
  if (type_ != RoleType::snapshot) {
    SLUICE_TRY(auto made, write_signed(0));
    auto held = std::make_shared<const std::string>(std::move(made));
    return Text{held, *held};
  }
  if (!written_) {
    auto written = std::make_shared<Written>();
    written->room = room_for_a_signature();
    SLUICE_TRY(written->whole, write_signed(written->room));
    written->size = written->whole.size() - written->room;
    written_ = std::move(written);
  }
  return Text{Document(written_, &written_->whole),
              std::string_view(written_->whole).substr(written_->room, written_->size)};
}

// One byte more is there for whoever closes the document.
Result<std::string> Draft::write_signed(std::size_t room) const {
  const std::string_view large = large_member(type_);
  std::vector<std::pair<std::string_view, const json::Value*>> members;
  for (const auto& [key, value] : *head_.object()) members.emplace_back(key, &value);
  if (!large.empty()) members.emplace_back(large, nullptr);
  std::ranges::sort(members, {}, &decltype(members)::value_type::first);
  std::string out;
  out.reserve(text_->size() + room + (1U << 10));
  out.assign(room, ' ');
  for (const auto& [key, value] : members) {
    out += cat(out.size() == room ? "{" : ",", json::write(json::Value(key)), ":");
    if (value != nullptr) {
      out += sorted_json(*value);
      continue;
    }
    EntryWriter entries(out);
    SLUICE_CHECK(merge(
        [&](const Listed& entry) -> Result<void> {
          entries.put(entry);
          return {};
        },
        [&](std::string_view name, std::string_view text) -> Result<void> {
          entries.put(name, text);
          return {};
        }));
    entries.finish();
  }
  out += '}';
  out.reserve(out.size() + 1);
  return out;
}

Result<std::string> Draft::message() const {
  SLUICE_TRY(const auto held, message_text());
  return std::string(*held);
}

Result<Draft::Text> Draft::message_text() const {
  // What has no member with a fraction and no escape is canonical as it is.
  for (const auto& [key, value] : *head_.object()) SLUICE_CHECK(json::canonical_olpc(value));
  SLUICE_TRY(auto written, text());
  if (written.text.find('\\') == std::string_view::npos) return written;
  SLUICE_TRY(auto canonical, canonical_form(*written));
  auto held = std::make_shared<const std::string>(std::move(canonical));
  return Text{held, *held};
}

Result<crypto::Digest> Draft::digest() const {
  SLUICE_TRY(const auto bytes, message_text());
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(*bytes));
}

void Draft::add_signature(std::string_view keyid, std::string_view hex) {
  json::Value whole;
  whole.set("keyid", std::string(keyid));
  whole.set("sig", std::string(hex));
  add_signature(std::move(whole));
}

void Draft::add_signature(json::Value whole) {
  const auto* keyid = whole.find("keyid");
  const auto at = std::ranges::find_if(signatures_, [&](const json::Value& each) {
    const auto* other = each.find("keyid");
    return keyid != nullptr && other != nullptr && *keyid == *other;
  });
  if (at != signatures_.end()) {
    *at = std::move(whole);
  } else {
    signatures_.push_back(std::move(whole));
  }
}

std::string Draft::before_signed() const {
  return cat("{\"signatures\":", json::write(json::Value(signatures_)), ",\"signed\":");
}

Result<std::string> Draft::document() const {
  SLUICE_TRY(const auto part, text());
  return cat(before_signed(), *part, "}");
}

Result<Document> Draft::shared_document() const {
  const std::string before = before_signed();
  // Where somebody looks into the text, it stays where it is.
  const bool fits = written_ && !written_->is_document() &&
                    (written_->room == before.size() || written_.use_count() == 1);
  if (!fits) {
    SLUICE_TRY(auto whole, document());
    return std::make_shared<const std::string>(std::move(whole));
  }
  written_->whole.replace(0, written_->room, before);
  written_->whole += '}';
  written_->room = before.size();
  return Document(written_, &written_->whole);
}

Result<std::string> Draft::for_review() const {
  SLUICE_TRY(const auto text, document());
  SLUICE_TRY(const auto tree, json::parse_strict(text, {.bytes = text.size()}));
  return json::write_pretty(tree);
}

}  // namespace sluice::tuf
