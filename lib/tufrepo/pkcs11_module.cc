// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/pkcs11_module.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/codec.h"
#include "base/library.h"
#include "base/text.h"
#include "tufrepo/pkcs11.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kSlotsMost = 1'024;
constexpr std::size_t kObjectsMost = 16;
constexpr std::size_t kAttributeMost = 64U << 10;

// The one thing of this process that modules share: each is initialised once, for all who use it.
struct LoadedModules {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<const Pkcs11Module>> by_path;
};
LoadedModules& loaded_modules() {
  static LoadedModules modules;
  return modules;
}

template <std::size_t N>
std::string unpadded(const std::array<char, N>& text) {
  std::string_view view(text.data(), text.size());
  while (!view.empty() && (view.back() == ' ' || view.back() == '\0')) view.remove_suffix(1);
  return std::string(view);
}

bool token_fits(const Pkcs11Uri& uri, ck::Ulong slot, const ck::TokenInfo& info) {
  const auto fits = [](const std::string& wanted, const std::string& found) {
    return wanted.empty() || wanted == found;
  };
  return (!uri.slot || *uri.slot == slot) && fits(uri.token, unpadded(info.label)) &&
         fits(uri.manufacturer, unpadded(info.manufacturer)) &&
         fits(uri.model, unpadded(info.model)) && fits(uri.serial, unpadded(info.serial));
}

std::string shown_tokens(const std::vector<std::string>& labels) {
  if (labels.empty()) return "there is no token";
  std::vector<std::string> shown_labels;
  for (const auto& label : labels) shown_labels.push_back(cat("\"", printable(label, 40), "\""));
  return cat("there are ", join(shown_labels, ", "));
}

}  // namespace

Error pkcs11_error(std::string_view doing, ck::Rv code) {
  if (code == ck::kPinIncorrect) {
    return Error{Errc::denied, "the token refuses the PIN"}.advise(
        "it counts wrong PINs, and locks itself after a few");
  }
  if (code == ck::kPinLocked || code == ck::kPinExpired) {
    return Error{Errc::denied, code == ck::kPinLocked ? "the token has locked its PIN"
                                                      : "the token's PIN has expired"}
        .advise("its security officer can set a new one");
  }
  if (code == ck::kMechanismInvalid) {
    return {Errc::unsupported, cat("the token cannot ", doing, " this way")};
  }
  Bytes bytes;
  for (unsigned shift = 32; shift != 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(code >> (shift - 8)));
  }
  return {Errc::io, cat("the token cannot ", doing, ": CKR 0x", to_hex(bytes))};
}

Result<std::shared_ptr<const Pkcs11Module>> Pkcs11Module::load(const std::string& path) {
  LoadedModules& modules = loaded_modules();
  const std::scoped_lock lock(modules.mutex);
  if (auto known = modules.by_path[path].lock()) return known;
  SLUICE_TRY(void* const found,
             within(function_of_library(path, "C_GetFunctionList"), "loading a PKCS#11 module"));
  const auto get = reinterpret_cast<ck::GetFunctionList>(found);
  ck::FunctionList* functions = nullptr;
  if (get(&functions) != ck::kOk || functions == nullptr || functions->version.major != 2) {
    return fail(Errc::unsupported, cat(printable(path, 300), " is no PKCS#11 module of version 2"));
  }
  const ck::Rv rc = functions->initialize(nullptr);
  if (rc != ck::kOk && rc != ck::kAlreadyInitialized) {
    return fail(pkcs11_error("be started", rc).in(printable(path, 300)));
  }
  std::shared_ptr<const Pkcs11Module> module(new Pkcs11Module(functions, rc == ck::kOk));
  modules.by_path[path] = module;
  return module;
}

Pkcs11Module::~Pkcs11Module() {
  if (ours_) functions_->finalize(nullptr);
}

Result<Pkcs11Module::Token> Pkcs11Module::find_token(const Pkcs11Uri& uri) const {
  ck::Ulong count = 0;
  ck::Rv rc = functions_->get_slot_list(1, nullptr, &count);
  if (rc == ck::kOk && count > kSlotsMost) return fail(Errc::limit, "a module with too many slots");
  std::vector<ck::Ulong> slots(count);
  if (rc == ck::kOk && count > 0) rc = functions_->get_slot_list(1, slots.data(), &count);
  if (rc != ck::kOk) return fail(pkcs11_error("be found", rc));
  slots.resize(std::min<std::size_t>(count, slots.size()));
  std::vector<Token> fitting;
  std::vector<std::string> labels;
  for (const ck::Ulong slot : slots) {
    ck::TokenInfo info{};
    if (functions_->get_token_info(slot, &info) != ck::kOk) continue;
    labels.push_back(unpadded(info.label));
    if (token_fits(uri, slot, info)) fitting.push_back({slot, labels.back(), info.flags});
  }
  if (fitting.size() == 1) return fitting.front();
  if (fitting.empty()) {
    return fail(Errc::not_found, cat("no token fits the pkcs11: URI; ", shown_tokens(labels)));
  }
  return fail(Error{Errc::denied,
                    cat(fitting.size(), " tokens fit the pkcs11: URI; ", shown_tokens(labels))}
                  .advise("name the token by token= or serial="));
}

Result<std::unique_ptr<Pkcs11Session>> Pkcs11Session::open(
    std::shared_ptr<const Pkcs11Module> module, const Pkcs11Module::Token& token,
    const PinSource& pin) {
  ck::Handle handle = 0;
  const ck::Rv rc =
      module->call().open_session(token.slot, ck::kSerialSession, nullptr, nullptr, &handle);
  if (rc != ck::kOk) return fail(pkcs11_error("open a session", rc));
  std::unique_ptr<Pkcs11Session> out(new Pkcs11Session(std::move(module), handle, token.label));
  if ((token.flags & ck::kLoginRequired) != 0) SLUICE_CHECK(out->login(token, pin));
  return out;
}

Pkcs11Session::~Pkcs11Session() {
  // A login is shared by all sessions with the token: it ends with the last of them by itself.
  module_->call().close_session(handle_);
}

Result<void> Pkcs11Session::login(const Pkcs11Module::Token& token, const PinSource& pin) {
  const std::string named = cat("the token \"", printable(label_, 40), "\"");
  if ((token.flags & ck::kPinIsLocked) != 0) return fail(pkcs11_error("log in", ck::kPinLocked));
  own_pad_ = (token.flags & ck::kProtectedPath) != 0;
  if (!own_pad_) {
    if (!pin) return fail(Errc::denied, cat(named, " wants a PIN, and there is none"));
    SLUICE_TRY(pin_, pin());
  }
  const ck::Rv rc = module_->call().login(handle_, ck::kUser,
                                          own_pad_ ? nullptr : pin_.reveal().data(), pin_.size());
  if (rc == ck::kOk || rc == ck::kUserAlreadyLoggedIn) return {};
  Error error = pkcs11_error("log in", rc).in(named);
  if (rc == ck::kPinIncorrect && (token.flags & ck::kPinFinalTry) != 0) {
    error.hint = "that was the last try before the token locks itself";
  }
  return fail(std::move(error));
}

Result<std::vector<ck::Handle>> Pkcs11Session::find(ck::Ulong kind, const std::string& label,
                                                    const std::string& id) const {
  std::string label_copy = label;
  std::string id_copy = id;
  std::vector<ck::Attribute> wanted{{ck::kClass, &kind, sizeof kind}};
  if (!label.empty()) wanted.push_back({ck::kLabel, label_copy.data(), label_copy.size()});
  if (!id.empty()) wanted.push_back({ck::kId, id_copy.data(), id_copy.size()});
  const ck::FunctionList& call = module_->call();
  ck::Rv rc = call.find_objects_init(handle_, wanted.data(), wanted.size());
  if (rc != ck::kOk) return fail(pkcs11_error("be searched", rc));
  std::vector<ck::Handle> out(kObjectsMost);
  ck::Ulong count = 0;
  rc = call.find_objects(handle_, out.data(), out.size(), &count);
  call.find_objects_final(handle_);
  if (rc != ck::kOk) return fail(pkcs11_error("be searched", rc));
  out.resize(std::min<std::size_t>(count, out.size()));
  return out;
}

std::optional<Bytes> Pkcs11Session::attribute(ck::Handle object, ck::Ulong type) const {
  ck::Attribute asked{type, nullptr, 0};
  const ck::FunctionList& call = module_->call();
  if (call.get_attribute_value(handle_, object, &asked, 1) != ck::kOk) return std::nullopt;
  if (asked.size == 0 || asked.size > kAttributeMost) return std::nullopt;
  Bytes out(asked.size);
  asked.value = out.data();
  if (call.get_attribute_value(handle_, object, &asked, 1) != ck::kOk) return std::nullopt;
  if (asked.size > out.size()) return std::nullopt;
  out.resize(asked.size);
  return out;
}

std::optional<ck::Ulong> Pkcs11Session::number(ck::Handle object, ck::Ulong type) const {
  ck::Ulong out = 0;
  ck::Attribute asked{type, &out, sizeof out};
  if (module_->call().get_attribute_value(handle_, object, &asked, 1) != ck::kOk) {
    return std::nullopt;
  }
  // One byte for a CK_BBOOL, else a CK_ULONG.
  return asked.size == 1 ? out & 0xFFU : out;
}

Result<Bytes> Pkcs11Session::sign(ck::Handle key, const ck::Mechanism& mechanism, ByteView data,
                                  bool ask_again) const {
  const ck::FunctionList& call = module_->call();
  ck::Rv rc = call.sign_init(handle_, &mechanism, key);
  if (rc != ck::kOk) return fail(pkcs11_error("sign", rc));
  if (ask_again) {
    rc = call.login(handle_, ck::kContextSpecific, own_pad_ ? nullptr : pin_.reveal().data(),
                    pin_.size());
    if (rc != ck::kOk) return fail(pkcs11_error("log in for a signature", rc));
  }
  Bytes out(2'048);
  ck::Ulong room = out.size();
  rc = call.sign(handle_, data.data(), data.size(), out.data(), &room);
  if (rc != ck::kOk) return fail(pkcs11_error("sign", rc));
  out.resize(std::min<std::size_t>(room, out.size()));
  return out;
}

}  // namespace sluice::tuf
