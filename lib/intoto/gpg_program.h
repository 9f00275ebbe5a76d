// SPDX-License-Identifier: Apache-2.0
// The gpg program: public keys of its keyring, and signatures by its secret keys.
//
// Private keys stay with gpg and its agent, which asks for passphrases itself. What gpg answers is
// parsed strictly and verified before it is used: a signature that is not one of the key that was
// meant is no signature.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/process.h"
#include "base/time.h"
#include "intoto/gpg_key.h"
#include "intoto/signed.h"

namespace sluice::intoto {

struct GpgPublic {
  json::Value object;  // as a layout lists it
  GpgKey key;
};

class Gpg {
 public:
  // `home`: gpg's folder, where it is not the usual one.
  explicit Gpg(Processes& processes, std::optional<std::string> home = {})
      : processes_(&processes), home_(std::move(home)) {}

  // The master key that this is the id of, or of a subkey of: 40 hex digits, or the last 16 of
  // them; with eight anybody could have made another one. Errc::usage where it is no id,
  // Errc::not_found where there is none, or no gpg; Errc::denied where it is revoked or expired.
  [[nodiscard]] Result<GpgPublic> public_key(const std::string& id) const;
  // gpg's answer. Without an id its default key signs; with `exact` that very subkey.
  [[nodiscard]] Result<std::string> detached(ByteView message, const std::optional<std::string>& id,
                                             bool exact) const;

 private:
  [[nodiscard]] Result<std::string> ask(std::vector<std::string> words, std::string input) const;
  Processes* processes_;
  std::optional<std::string> home_;
};

// Signs Metablocks as python in-toto does: {"keyid", "other_headers", "signature"}. In an envelope
// nobody reads such a signature: that is Errc::unsupported.
class GpgSigner final : public EntrySigner {
 public:
  // Signs something of no meaning first: so it is known which key signs, that gpg has it and may
  // use it, and that it is of a kind that can be verified, before anything else is done.
  [[nodiscard]] static Result<std::unique_ptr<GpgSigner>> make(const Gpg& gpg,
                                                               std::optional<std::string> id,
                                                               Time now);

  // Of the key or subkey that signs, and behind it all others of its master key.
  std::vector<std::string> ids() const override;
  [[nodiscard]] Result<std::string> entry(Wrapping wrapping, ByteView message) const override;
  const std::string& keyid() const { return keyid_; }
  const GpgKey& key() const { return public_.key; }

 private:
  GpgSigner(Gpg gpg, std::string keyid, GpgPublic known)
      : gpg_(std::move(gpg)), keyid_(std::move(keyid)), public_(std::move(known)) {}

  Gpg gpg_;
  std::string keyid_;
  GpgPublic public_;
};

}  // namespace sluice::intoto
