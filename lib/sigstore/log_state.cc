// SPDX-License-Identifier: Apache-2.0
#include "sigstore/log_state.h"

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"

namespace sluice::sigstore {

namespace {

using json::Fields;

constexpr std::string_view kLogStateFamily = "sluice.log-state/";
constexpr std::size_t kFrontierMost = 63;

json::Value hashes_value(const Frontier& frontier) {
  json::Array out;
  for (const Hash& hash : frontier.hashes()) out.emplace_back(to_base64(hash));
  return json::Value(std::move(out));
}

Result<Frontier> read_frontier(const Fields& root, std::string_view key, std::uint64_t size) {
  SLUICE_TRY(const auto list, root.array(key, kFrontierMost));
  std::vector<Hash> hashes;
  for (const Fields& each : list) {
    SLUICE_TRY(const std::string text, each.as_string());
    SLUICE_TRY(const Bytes bytes, within(from_base64(text), cat("reading ", each.path())));
    SLUICE_TRY(hashes.emplace_back(), within(hash_from(bytes), cat("reading ", each.path())));
  }
  return within(Frontier::restore(size, std::move(hashes)), cat("reading ", root.path(), ".", key));
}

Result<void> check_kind(const std::string& kind) {
  if (kind == kLogStateKind) return {};
  if (kind.starts_with(kLogStateFamily)) {
    return fail(Errc::unsupported, cat("it is ", printable(kind, 60),
                                       ", of a newer sluice; this "
                                       "one writes ",
                                       kLogStateKind));
  }
  return fail(Errc::malformed,
              cat("it is no state of a log's watcher, but \"", printable(kind, 60), "\""));
}

}  // namespace

Result<LogState> parse_log_state(std::string_view json) {
  SLUICE_TRY(const auto value, json::parse_strict(json, {.bytes = kLogStateBytes}));
  const Fields root(value, "state");
  SLUICE_TRY(const std::string kind, root.string("kind"));
  SLUICE_CHECK(check_kind(kind));
  SLUICE_CHECK(root.only({"kind", "log_id", "checkpoint", "head", "next", "read"}));
  LogState out;
  SLUICE_TRY(const std::string id, root.string("log_id"));
  SLUICE_TRY(out.log_id, within(from_base64(id), "reading state.log_id"));
  SLUICE_TRY(out.note, root.string("checkpoint"));
  SLUICE_TRY(const Checkpoint checkpoint,
             within(parse_checkpoint(out.note), "reading state.checkpoint"));
  SLUICE_TRY(out.head, read_frontier(root, "head", checkpoint.size));
  SLUICE_TRY(const std::int64_t next, root.integer("next"));
  if (next < 0 || static_cast<std::uint64_t>(next) > checkpoint.size) {
    return fail(Errc::malformed,
                cat("state.next is ", next, ", and the tree has ", checkpoint.size, " entries"));
  }
  SLUICE_TRY(out.read, read_frontier(root, "read", static_cast<std::uint64_t>(next)));
  const bool all = out.read.size() == out.head.size();
  if (out.head.root() != checkpoint.root || (all && out.read.root() != checkpoint.root)) {
    return fail(Errc::malformed, "the hashes of the state are not those of its checkpoint");
  }
  return out;
}

std::string write_log_state(const LogState& state) {
  json::Value out;
  out.set("kind", kLogStateKind);
  out.set("log_id", to_base64(state.log_id));
  out.set("checkpoint", state.note);
  out.set("head", hashes_value(state.head));
  out.set("next", static_cast<std::int64_t>(state.read.size()));
  out.set("read", hashes_value(state.read));
  return json::write_pretty(out);
}

}  // namespace sluice::sigstore
