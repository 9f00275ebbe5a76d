// SPDX-License-Identifier: Apache-2.0
#include "tuf_target_list.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/parallel.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "json/tokenizer.h"
#include "settings.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kListBlock = 4U << 20;  // of a list, read at once
constexpr std::size_t kLinesAtATime = 512;    // that a thread takes

Result<crypto::Digest> digest_given(const std::string& kind, const std::string& hex) {
  return crypto::Digest::parse(cat(kind, ":", hex));
}

Result<std::vector<crypto::Digest>> digests_given(json::Tokenizer& in) {
  std::vector<crypto::Digest> out;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return out;
    const std::string kind(*key);
    SLUICE_TRY(const auto hex, in.read_string());
    SLUICE_TRY(auto digest, digest_given(kind, std::string(hex)));
    out.push_back(std::move(digest));
  }
}

// The usual line of a long list, {"path":…,"length":…,"hashes":{…}}. What it refuses may be good:
// the reader of all lines says so, or why not.
Result<tuf::NewTarget> plain_target(std::string_view line) {
  json::Tokenizer in(line, {.bytes = kMaxTargetLine});
  tuf::NewTarget out;
  std::optional<std::uint64_t> length;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "path") {
      SLUICE_TRY(const auto path, in.read_string());
      out.path = std::string(path);
    } else if (*key == "length") {
      SLUICE_TRY(length, tuf::read_length(in));
    } else if (*key == "hashes") {
      SLUICE_TRY(out.hashes, digests_given(in));
    } else {
      return fail(Errc::unsupported, "not the usual line");
    }
  }
  SLUICE_CHECK(in.finish());
  if (out.path.empty() || !length || out.hashes.empty()) {
    return fail(Errc::unsupported, "not the usual line");
  }
  out.length = *length;
  return out;
}

// A target is called as its file, where the line does not say how.
Result<std::string> path_of_line(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"path", "file", "length", "hashes", "custom"}));
  if (fields.has("path") || !fields.has("file")) return fields.string("path");
  SLUICE_TRY(const Path file, fields.string("file"));
  return file.filename().native();
}

Result<IncomingTarget> incoming_of_line(std::string_view line) {
  if (auto plain = plain_target(line)) return IncomingTarget{*std::move(plain)};
  SLUICE_TRY(const auto value, json::parse_strict(line, {.bytes = kMaxTargetLine}));
  const json::Fields fields(value, "target");
  IncomingTarget out;
  SLUICE_TRY(out.target.path, path_of_line(fields));
  if (fields.has("file")) {
    SLUICE_TRY(out.file, fields.string("file"));
  }
  if (const auto* custom = fields.optional("custom")) out.target.custom = json::write(*custom);
  if (!out.file.empty()) return out;
  SLUICE_TRY(const auto length, fields.integer("length"));
  if (length < 0) return fail(Errc::malformed, "a negative length");
  out.target.length = static_cast<std::uint64_t>(length);
  SLUICE_TRY(const auto hashes, fields.object("hashes"));
  for (const auto& [kind, hex] : *hashes.value().object()) {
    if (hex.string() == nullptr) return fail(Errc::malformed, "a hash that is no string");
    SLUICE_TRY(auto digest, digest_given(kind, *hex.string()));
    out.target.hashes.push_back(std::move(digest));
  }
  return out;
}

// Block by block, so that a list of any length takes little memory; each block's lines at once.
Result<void> each_lines(ByteSource& source,
                        const std::function<Result<void>(std::span<const std::string_view>)>& use) {
  std::string rest;
  std::vector<std::uint8_t> block(64U << 10);
  for (bool more = true; more;) {
    const std::size_t wanted = rest.size() + kListBlock;
    while (more && rest.size() < wanted) {
      SLUICE_TRY(const std::size_t got, source.read(block));
      rest.append(reinterpret_cast<const char*>(block.data()), got);
      more = got != 0;
    }
    std::vector<std::string_view> lines;
    const std::string_view text = rest;
    std::size_t at = 0;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', at)) {
      lines.push_back(trim(text.substr(at, end - at)));
      at = end + 1;
    }
    if (!more) lines.push_back(trim(text.substr(at)));
    SLUICE_CHECK(use(lines));
    rest.erase(0, at);
    if (rest.size() > kMaxTargetLine) {
      return fail(Errc::limit, cat("a line of more than ", kMaxTargetLine, " bytes"));
    }
  }
  return {};
}

// An empty line is none.
Result<void> take_line(std::string_view line, const CompleteTarget& complete, TakenTargets& out) {
  ++out.lines_read;
  if (line.empty()) return {};
  IncomingTarget one;
  if (line.front() == '{') {
    SLUICE_TRY(one, incoming_of_line(line));
  } else {
    one.file = std::string(line);
    one.target.path = one.file.filename().native();
  }
  const std::size_t ready = out.ready.size();
  SLUICE_CHECK(complete(one, out.ready));
  one.line = out.lines_read;
  if (one.file.empty()) {
    out.lines.add(ready, one.line);
  } else {
    out.with_file.push_back(std::move(one));
  }
  return {};
}

Result<std::string> name_of_line(std::string_view line) {
  if (line.front() != '{') return std::string(line);
  SLUICE_TRY(const auto value, json::parse_strict(line, {.bytes = kMaxTargetLine}));
  return path_of_line(json::Fields(value, "target"));
}

Result<std::unique_ptr<ByteSource>> open_list(Invocation& in, const std::string& from) {
  if (from == "-") return standard_input();
  return in.world.files.open(from);
}

std::string reading_line(std::size_t line) { return cat("reading line ", line, " of the list"); }

}  // namespace

void TargetLines::add(std::size_t target, std::size_t line) {
  if (!marks_.empty() && line - marks_.back().line == target - marks_.back().target) return;
  marks_.push_back({target, line});
}

void TargetLines::append(const TargetLines& other, std::size_t targets_before,
                         std::size_t lines_before) {
  for (const auto& mark : other.marks_) {
    add(mark.target + targets_before, mark.line + lines_before);
  }
}

std::size_t TargetLines::line_of(std::size_t target) const {
  auto at = std::ranges::upper_bound(marks_, target, {}, &Mark::target);
  if (at == marks_.begin()) return 0;
  --at;
  return at->line + (target - at->target);
}

Result<void> read_target_list(Invocation& in, const std::string& from,
                              const CompleteTarget& complete, const UseTargets& use) {
  SLUICE_TRY(const auto source, open_list(in, from));
  std::size_t before = 0;
  return each_lines(*source, [&](std::span<const std::string_view> lines) -> Result<void> {
    const std::size_t parts = (lines.size() + kLinesAtATime - 1) / kLinesAtATime;
    std::vector<TakenTargets> taken(parts);
    std::vector<Result<void>> done(parts);
    for_each_parallel(parts, threads(in.settings), [&](std::size_t i) {
      const auto some = lines.subspan(i * kLinesAtATime);
      for (const auto line : some.first(std::min(some.size(), kLinesAtATime))) {
        done[i] = take_line(line, complete, taken[i]);
        if (!done[i]) return;
      }
    });
    for (std::size_t i = 0; i < parts; ++i) {
      taken[i].lines_before = before;
      before += taken[i].lines_read;
      SLUICE_CHECK(within(std::move(done[i]), reading_line(before)));
      for (auto& each : taken[i].with_file) each.line += taken[i].lines_before;
      SLUICE_CHECK(use(std::move(taken[i])));
    }
    return {};
  });
}

Result<std::vector<std::string>> read_target_names(Invocation& in, const std::string& from) {
  SLUICE_TRY(const auto source, open_list(in, from));
  std::vector<std::string> out;
  std::size_t number = 0;
  SLUICE_CHECK(each_lines(*source, [&](std::span<const std::string_view> lines) -> Result<void> {
    for (const auto line : lines) {
      ++number;
      if (line.empty()) continue;
      SLUICE_TRY(auto name, within(name_of_line(line), reading_line(number)));
      out.push_back(std::move(name));
    }
    return {};
  }));
  return out;
}

}  // namespace sluice::cli
