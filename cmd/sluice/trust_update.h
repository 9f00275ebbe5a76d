// SPDX-License-Identifier: Apache-2.0
// Sigstore's trust material, fetched through TUF and kept: `sluice trust init` and `trust update`,
// and whoever else wants the same (`cosign initialize`).
//
//   SLUICE_TRY(const auto verdict,
//              update_trust(in, {.step = TrustStep::begin, .mirror = url, .root = text}));
//   verdict.report()   what was checked, and as facts what was found: for report::as_text
//   verdict.value()    the material, where all was good; it is in use from now on
//
// The command has to take network_options(). An Error means that it could not be decided: the
// mirror does not answer, no folder to keep things in. After a refusal or an Error all is as it
// was.
//
// Kept below $XDG_DATA_HOME/sluice/trust (by default ~/.local/share/sluice/trust):
//   production.json, staging.json   what the public instances' repositories listed last
//   own.json                        of a Sigstore that is not public, begun with a root of its own
//   production/, staging/, own-ROOT/   the cache of the TUF client and the targets
//   .lock                           held by whoever updates
// Each .json holds the material itself and until when the repository vouches for it, in one file
// that is replaced as a whole: a reader needs no lock, no signature and no socket.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/verdict.h"
#include "invocation.h"
#include "sigstore/signing_config.h"
#include "sigstore/trust_root.h"

namespace sluice::cli {

enum class TrustStep : std::uint8_t {
  begin,  // trust this root, or the built-in one: also where another one was trusted before
  go_on   // what was begun, with the mirror that it was begun with
};

struct TrustWish {
  TrustStep step = TrustStep::go_on;
  // Whose built-in root begins, and whose material it is then. go_on: production stands for the
  // Sigstore of one's own where one was begun.
  sigstore::Instance instance = sigstore::Instance::production;
  // Where root.json and the rest are, with targets/ below. None: the one that was used before, else
  // the instance's own. It is remembered. A root needs one.
  std::optional<std::string> mirror = {};
  // root.json, its text: with begin alone.
  std::optional<std::string> root = {};
  bool offline = false;  // opens no socket: is what was fetched still good?
  // Kept in this file, with the cache beside it, and in use by nobody but who reads it there with
  // kept_in(): for a program that sluice stands in for.
  std::optional<Path> keep_in = {};
};

// What was fetched, and is kept.
struct KeptTrust {
  std::string mirror;
  std::string folder;  // of the cache, beside the file
  Time updated{};      // when the repository vouched for it
  Time expires{};      // the first of its metadata to do so
  std::string trusted_root;
  std::optional<std::string> signing_config = {};  // where the repository lists one
};

// The public instance's repository.
std::string public_mirror(sigstore::Instance instance);

[[nodiscard]] Result<Verdict<KeptTrust>> update_trust(Invocation& in, const TrustWish& wish);

// Which material is in use, of what was kept: nothing where nothing was, or where what is built in
// has to serve. Once what was fetched of a public instance has expired, the newer of the two does.
// Errc::denied where a Sigstore of one's own has expired: no other one takes its place.
struct KeptInUse {
  std::optional<KeptTrust> kept = {};
  // Why the built-in one serves, or what is to be said of the kept one: "what was fetched expired
  // 2 h ago: sluice trust update".
  std::string why_not = {};
};
[[nodiscard]] Result<KeptInUse> kept_in_use(const Invocation& in, sigstore::Instance instance);

// What was kept in a file of its own; nothing where there is none. Errc::denied where it expired.
[[nodiscard]] Result<std::optional<KeptTrust>> kept_in(const Invocation& in, const Path& file);

// The kept material as a source; its age is counted from when it was updated. `state`: what the
// source says of it, instead of until when it is good.
std::unique_ptr<sigstore::TrustSource> kept_trust(KeptTrust kept, std::string_view state = "");

}  // namespace sluice::cli
