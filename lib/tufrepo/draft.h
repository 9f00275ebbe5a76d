// SPDX-License-Identifier: Apache-2.0
// A metadata file taken apart for change, and put together again.
//
// "signed" is a tree, but for its one member that may be large — "targets" of targets, "meta" of
// snapshot — which stays text by key: one entry of many thousands is replaced without reading the
// others. Members that nobody here knows stay as they are. What comes out is always the same for
// the same content: keys sorted, no blanks; where no string needs an escape that is the canonical
// form (OLPC) already.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/tokenizer.h"
#include "tuf/metadata.h"

namespace sluice::tuf {

// The version of the specification that new metadata follows.
inline constexpr std::string_view kSpecVersion = "1.0.31";

class Draft {
 public:
  // Errc::malformed where it is no metadata of a known type, or has no canonical form.
  [[nodiscard]] static Result<Draft> parse(std::string document);
  [[nodiscard]] static Result<Draft> parse(Document document);
  // The same as of its document, whose list is not read a second time.
  [[nodiscard]] static Result<Draft> of(const Snapshot& snapshot);
  // Version 1, without entries, keys or signatures; expires at the epoch until it is told when.
  static Draft fresh(RoleType type);

  RoleType type() const { return type_; }
  // What it was parsed from.
  const Document& source() const { return text_; }
  Version version() const;
  Time expires() const;
  void set_version(Version version);
  void set_expires(Time expires);

  // All of "signed" but the large member.
  const json::Value& head() const { return head_; }
  // Not to be kept: what was written before is forgotten when it is asked for.
  json::Value& head() {
    written_.reset();
    return head_;
  }

  // The large member.
  std::size_t count() const;
  std::optional<std::string_view> find(std::string_view key) const;  // sorted JSON
  void put(std::string key, std::string sorted);                     // see sorted_json()
  bool erase(std::string_view key);                                  // false where there was none
  // Many at once, of pieces that are kept, sorted and each key once. How many stood there so.
  std::size_t put_all(const std::vector<Listed>& entries,
                      std::shared_ptr<const std::deque<std::string>> pieces);
  // In the order of the keys' bytes, until `use` fails.
  [[nodiscard]] Result<void> each(
      const std::function<Result<void>(std::string_view key, std::string_view text)>& use) const;

  // "signed" as it is written, and what is signed: its canonical form.
  [[nodiscard]] Result<std::string> signed_text() const;
  [[nodiscard]] Result<std::string> message() const;
  // The same without a copy of it; it stands in what is held with it.
  struct Text {
    Document held;
    std::string_view text;
    std::string_view operator*() const { return text; }
  };
  [[nodiscard]] Result<Text> message_text() const;
  [[nodiscard]] Result<crypto::Digest> digest() const;  // SHA-256 of message()

  // As the file had them; add_signature takes the place of one of the same keyid.
  const json::Array& signatures() const { return signatures_; }
  void add_signature(std::string_view keyid, std::string_view hex);
  void add_signature(json::Value whole);
  void clear_signatures() { signatures_.clear(); }

  // For clients: {"signatures":[…],"signed":…} without a blank.
  [[nodiscard]] Result<std::string> document() const;
  // Of a snapshot, the first time: around message_text(), where that was written.
  [[nodiscard]] Result<Document> shared_document() const;
  // For people who review it: the same, a member a line.
  [[nodiscard]] Result<std::string> for_review() const;

 private:
  explicit Draft(RoleType type) : type_(type) {}
  [[nodiscard]] Result<Text> text() const;  // signed_text()
  [[nodiscard]] Result<std::string> write_signed(std::size_t room) const;
  std::string before_signed() const;
  [[nodiscard]] Result<void> read_signed(json::Tokenizer& in);
  [[nodiscard]] Result<void> read_entries(json::Tokenizer& in);
  [[nodiscard]] Result<void> check() const;
  const Listed* base_find(std::string_view key) const;
  // Entries and changes in their order: of_base(entry), of_change(key, text).
  template <class OfBase, class OfChange>
  [[nodiscard]] Result<void> merge(const OfBase& of_base, const OfChange& of_change) const;

  RoleType type_;
  json::Value head_;
  json::Array signatures_;
  // What entries_ looks into: the file, and members that were not canonical in it. Shared because a
  // copy of a draft looks into the same.
  Document text_;
  std::shared_ptr<std::deque<std::string>> rewritten_;
  // Of a snapshot: signed_text() behind room for what a document has before it, which is put there
  // once.
  struct Written {
    std::string whole;
    std::size_t room = 0;
    std::size_t size = 0;
    bool is_document() const { return whole.size() > room + size; }
  };
  mutable std::shared_ptr<Written> written_;
  std::vector<std::shared_ptr<const std::deque<std::string>>> pieces_;
  // Sorted. Shared by copies, which change what is in changes_.
  std::shared_ptr<const std::vector<Listed>> entries_ = std::make_shared<std::vector<Listed>>();
  std::map<std::string, std::optional<std::string>, std::less<>> changes_;  // nullopt: erased
};

// "targets" or "meta"; nothing for root.
std::string_view large_member(RoleType type);
// Without blanks, keys sorted by their bytes at every level.
std::string sorted_json(const json::Value& value);
// The type that a role has by its name.
RoleType type_of_role(const RoleName& role);

}  // namespace sluice::tuf
