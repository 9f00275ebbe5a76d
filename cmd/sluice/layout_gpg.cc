// SPDX-License-Identifier: Apache-2.0
// GPG keys of layouts' owners, through the gpg program.
#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "intoto/gpg_export.h"
#include "layout_shared.h"

namespace sluice::cli {

namespace {

Result<std::string> ask_gpg(const Invocation& in, const std::optional<std::string>& home,
                            std::vector<std::string> words) {
  std::vector<std::string> command{"gpg", "--batch", "--no-tty"};
  if (home) command.insert(command.end(), {"--homedir", *home});
  std::ranges::move(words, std::back_inserter(command));
  SLUICE_TRY(const auto ran, in.world.processes.run({.command = std::move(command)}));
  if (ran.exit_code != 0) {
    return fail(Errc::not_found, cat("gpg: ", printable(trim(ran.err), 300)));
  }
  return ran.out;
}

}  // namespace

Result<intoto::Functionary> gpg_owner(Invocation& in, const std::string& id,
                                      const std::optional<std::string>& home) {
  const bool hex = !id.empty() && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (!hex) return fail(Errc::usage, cat(printable(id, 60), " is no id of a GPG key"));
  const std::string frame = cat("reading the GPG key ", id);
  SLUICE_TRY(
      const auto listing,
      within(ask_gpg(in, home, {"--with-colons", "--fingerprint", "--fingerprint", id}), frame));
  SLUICE_TRY(const auto exported, within(ask_gpg(in, home, {"--export", id}), frame));
  SLUICE_TRY(
      const auto object,
      within(intoto::gpg_key_object(bytes_of(exported), intoto::gpg_fingerprints(listing)), frame));
  SLUICE_TRY(auto key, within(intoto::GpgKey::parse(json::Fields(object, "key")), frame));
  return key;
}

}  // namespace sluice::cli
