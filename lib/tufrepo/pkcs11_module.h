// SPDX-License-Identifier: Apache-2.0
// A loaded PKCS#11 module, and a session with one token of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "tufrepo/pkcs11_abi.h"

namespace sluice::tuf {

struct Pkcs11Uri;

// Initialised once in a process however often it is opened; ended with its last user. The library
// itself stays loaded: some cannot be taken out again.
class Pkcs11Module {
 public:
  // Errc::not_found, Errc::unsupported: no such library, or no PKCS#11.
  [[nodiscard]] static Result<std::shared_ptr<const Pkcs11Module>> load(const std::string& path);
  ~Pkcs11Module();
  Pkcs11Module(const Pkcs11Module&) = delete;
  Pkcs11Module& operator=(const Pkcs11Module&) = delete;

  const ck::FunctionList& call() const { return *functions_; }

  struct Token {
    ck::Ulong slot = 0;
    std::string label;
    ck::Ulong flags = 0;
  };
  // The one that fits; Errc::not_found, Errc::denied: none, or several.
  [[nodiscard]] Result<Token> find_token(const Pkcs11Uri& uri) const;

 private:
  Pkcs11Module(const ck::FunctionList* functions, bool ours) : functions_(functions), ours_(ours) {}
  const ck::FunctionList* functions_;
  bool ours_;  // to be finalized
};

using PinSource = std::function<Result<SecretBytes>()>;

class Pkcs11Session {
 public:
  // Logs in where the token wants that.
  [[nodiscard]] static Result<std::unique_ptr<Pkcs11Session>> open(
      std::shared_ptr<const Pkcs11Module> module, const Pkcs11Module::Token& token,
      const PinSource& pin);
  ~Pkcs11Session();
  Pkcs11Session(const Pkcs11Session&) = delete;
  Pkcs11Session& operator=(const Pkcs11Session&) = delete;

  // Objects of that class; label and id where they are not empty. At most 16.
  [[nodiscard]] Result<std::vector<ck::Handle>> find(ck::Ulong kind, const std::string& label,
                                                     const std::string& id) const;
  // Nothing where the object has no such attribute, or hides it.
  std::optional<Bytes> attribute(ck::Handle object, ck::Ulong type) const;
  std::optional<ck::Ulong> number(ck::Handle object, ck::Ulong type) const;
  [[nodiscard]] Result<Bytes> sign(ck::Handle key, const ck::Mechanism& mechanism, ByteView data,
                                   bool ask_again) const;
  const std::string& label() const { return label_; }

 private:
  Pkcs11Session(std::shared_ptr<const Pkcs11Module> module, ck::Handle handle, std::string label)
      : module_(std::move(module)), handle_(handle), label_(std::move(label)) {}
  [[nodiscard]] Result<void> login(const Pkcs11Module::Token& token, const PinSource& pin);

  std::shared_ptr<const Pkcs11Module> module_;  // shared by the sessions of all keys
  ck::Handle handle_;
  std::string label_;
  SecretBytes pin_;  // for keys that want it before each signature
  bool own_pad_ = false;
};

Error pkcs11_error(std::string_view doing, ck::Rv code);

}  // namespace sluice::tuf
