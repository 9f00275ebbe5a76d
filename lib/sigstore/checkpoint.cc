// SPDX-License-Identifier: Apache-2.0
#include "sigstore/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::sigstore {

namespace {

bool is_decimal(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::uint64_t> parse_size(std::string_view line) {
  std::uint64_t size = 0;
  const bool decimal = is_decimal(line) && (line.size() == 1 || line.front() != '0');
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size);
  if (decimal && error == std::errc() && end == line.data() + line.size() && size <= kTreeMost) {
    return size;
  }
  return fail(Errc::malformed, cat("the tree size \"", printable(line, 40),
                                   "\" is no decimal number from 0 to ", kTreeMost));
}

// Not a URL parser: what it cannot take apart for certain, it refuses.
Result<std::vector<std::string>> names_of(std::string_view base_url) {
  const auto refuse = [&] {
    return fail(Errc::malformed, cat("the base URL of a log, \"", printable(base_url, 100),
                                     "\", is not a scheme, a host and perhaps a path"));
  };
  std::string_view rest = base_url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return refuse();
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const bool bracketed = authority.starts_with('[');  // [::1]:3000
  const auto colon = authority.find(':', bracketed ? authority.find(']') : 0);
  std::string_view host = authority.substr(0, colon);
  if (bracketed) {
    if (!host.ends_with(']')) return refuse();
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty() || !is_note_name(rest) || rest.find_first_of("@?#\\") != rest.npos ||
      (colon != authority.npos && !is_decimal(authority.substr(colon + 1)))) {
    return refuse();
  }
  std::vector<std::string> names{std::string(host)};
  for (const auto more : {authority, rest}) {
    if (more != names.back()) names.emplace_back(more);
  }
  return names;
}

}  // namespace

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  Checkpoint out;
  SLUICE_TRY(static_cast<Note&>(out), parse_note(text));
  const auto lines = split(std::string_view(out.text).substr(0, out.text.size() - 1), '\n');
  if (lines.size() < 3) {
    return fail(Errc::malformed, cat("a checkpoint has an origin, a size and a root hash, one on "
                                     "each line; here are ",
                                     lines.size(), lines.size() == 1 ? " line" : " lines"));
  }
  if (std::ranges::any_of(lines, &std::string_view::empty)) {
    return fail(Errc::malformed, "the checkpoint's text has an empty line");
  }
  out.origin = lines[0];
  SLUICE_TRY(out.size, parse_size(lines[1]));
  SLUICE_TRY(const Bytes root, within(from_base64(lines[2]), "reading the checkpoint's root hash"));
  SLUICE_TRY(out.root, within(hash_from(root), "reading the checkpoint's root hash"));
  out.extensions.assign(lines.begin() + 3, lines.end());
  return out;
}

Result<LogKey> log_key(std::string_view base_url, ByteView log_id, crypto::PublicKey key,
                       crypto::Scheme scheme) {
  SLUICE_TRY(auto names, names_of(base_url));
  LogKey out{.names = std::move(names), .id = {}, .key = std::move(key), .scheme = scheme};
  if (log_id.size() < out.id.size()) {
    return fail(Errc::malformed,
                cat("the id of a log has at least ", out.id.size(), " bytes, not ", log_id.size()));
  }
  std::copy_n(log_id.begin(), out.id.size(), out.id.begin());
  return out;
}

Result<LogMatch> verify_checkpoint(const Checkpoint& checkpoint, const LogKey& log) {
  const std::string_view name = origin_name(checkpoint.origin);
  const crypto::Digest spki = log.key.fingerprint();
  const bool by_key_alone =
      name != checkpoint.origin && equal(log.id, spki.bytes().first(log.id.size()));
  if (!by_key_alone && std::ranges::find(log.names, checkpoint.origin) == log.names.end()) {
    return LogMatch::other_log;
  }
  const std::string signer(by_key_alone ? name : checkpoint.origin);
  SLUICE_TRY(const auto match, verify_note(checkpoint, {signer, log.id, log.key, log.scheme}));
  switch (match) {
    case NoteMatch::yes:
      return LogMatch::yes;
    case NoteMatch::absent:
      return LogMatch::absent;
    case NoteMatch::no:
      break;
  }
  return LogMatch::no;
}

std::string_view origin_name(std::string_view origin) {
  constexpr std::string_view kBetween = " - ";
  const auto at = origin.rfind(kBetween);
  if (at == origin.npos || at == 0 || !is_decimal(origin.substr(at + kBetween.size()))) {
    return origin;
  }
  return origin.substr(0, at);
}

}  // namespace sluice::sigstore
