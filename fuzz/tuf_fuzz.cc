// SPDX-License-Identifier: Apache-2.0
// TUF metadata of each type, canonical forms against the writer of the json room, path patterns,
// and maps of repositories. The first byte picks the reader.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "json/value.h"
#include "tuf/canonical.h"
#include "tuf/map.h"
#include "tuf/targets.h"

namespace {

using namespace sluice;
using namespace sluice::tuf;

constexpr std::size_t kMax = 1U << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

// Two writers of the canonical form, which share nothing but the tokenizer, agree.
void compare_canonical(std::string_view text) {
  const auto ours = canonical_form(text);
  const auto value = json::parse_strict(text);
  if (!value) {
    require(!ours.has_value());
    return;
  }
  const auto other = json::canonical_olpc(*value);
  require(ours.has_value() == other.has_value());
  if (ours) require(*ours == *other);
}

void read_targets(std::string_view text) {
  const auto opened = open_envelope(text, kMax);
  if (!opened) return;
  std::string document(text);
  const auto begin = static_cast<std::size_t>(opened->signed_part.data() - text.data());
  const auto part = std::string_view(document).substr(begin, opened->signed_part.size());
  const auto targets =
      parse_targets(std::make_shared<const std::string>(std::move(document)), part, {});
  if (!targets) return;
  std::size_t count = 0;
  const auto all = targets->each([&](const TargetFile& file) -> Result<void> {
    ++count;
    const auto found = targets->find(file.path);
    require(found && *found && (*found)->length == file.length);
    const auto& delegations = targets->delegations();
    for (const auto& each : delegations.covering(file.path, path_hash(file.path))) {
      require(delegations.keys_of(each.role) != nullptr);
    }
    return {};
  });
  if (all) require(count == targets->count());
}

void match(std::string_view text) {
  const auto cut = text.find('\n');
  if (cut == std::string_view::npos) return;
  const auto pattern = text.substr(0, cut);
  const auto path = text.substr(cut + 1);
  const bool matches = path_matches(pattern, path);
  if (pattern == path) require(matches || pattern.find_first_of("*?") != std::string_view::npos);
}

void read_map(std::string_view text) {
  const auto map = parse_map(text);
  if (!map) return;
  for (const auto& mapping : map->mapping) {
    require(mapping.threshold >= 1 && mapping.threshold <= mapping.repositories.size());
    for (const auto& name : mapping.repositories) require(map->find(name) != nullptr);
  }
  for (const auto& one : map->repositories) {
    require(path_below("/cache", repository_folder(one.name)).has_value());
  }
}

void read_signed(char kind, std::string_view text) {
  const auto opened = open_envelope(text, kMax);
  if (!opened) return;
  compare_canonical(opened->signed_part);
  if (kind == 'r') {
    if (const auto root = parse_root(opened->signed_part, {})) {
      for (const auto type : {RoleType::root, RoleType::targets}) {
        const auto& role = root->role(type);
        const auto found = count_signatures(*opened, root->keys, role);
        require(!found || found->valid <= role.keyids.size());
      }
    }
  }
  if (kind == 't') static_cast<void>(parse_timestamp(opened->signed_part));
  if (kind == 's') {
    if (const auto snapshot = parse_snapshot(opened->signed_part)) {
      for (std::size_t i = 0; i < snapshot->count(); ++i) {
        const auto [name, version] = snapshot->file(i);
        if (!name.ends_with(".json")) continue;
        const auto meta = snapshot->find(RoleName(std::string(name.substr(0, name.size() - 5))));
        require(meta && meta->version == version);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = text_of({data + 1, size - 1});
  switch (data[0]) {
    case 'g':
      read_targets(text);
      break;
    case 'c':
      compare_canonical(text);
      break;
    case 'p':
      match(text);
      break;
    case 'm':
      read_map(text);
      break;
    default:
      read_signed(static_cast<char>(data[0]), text);
  }
  return 0;
}
