// SPDX-License-Identifier: Apache-2.0
// The part of Cryptoki (PKCS#11 2.40, OASIS) that is called here, as it lies in memory on Linux:
// the order of the function list, and the structures and numbers of those functions.
#pragma once

#include <array>
#include <cstdint>

namespace sluice::tuf::ck {

using Ulong = unsigned long;
using Rv = Ulong;
using Handle = Ulong;

struct Version {
  std::uint8_t major;
  std::uint8_t minor;
};

struct TokenInfo {
  std::array<char, 32> label;
  std::array<char, 32> manufacturer;
  std::array<char, 16> model;
  std::array<char, 16> serial;
  Ulong flags;
  std::array<Ulong, 10> counts;  // sessions, lengths of PINs, memory
  Version hardware;
  Version firmware;
  std::array<char, 16> time;
};

struct Attribute {
  Ulong type;
  void* value;
  Ulong size;
};

struct Mechanism {
  Ulong mechanism;
  void* parameter;
  Ulong size;
};

struct PssParameters {
  Ulong hash;
  Ulong mgf;
  Ulong salt;
};

using Unused = void (*)();

struct FunctionList {
  Version version;
  Rv (*initialize)(void* arguments);
  Rv (*finalize)(void* reserved);
  Unused get_info;
  Unused get_function_list;
  Rv (*get_slot_list)(std::uint8_t with_token, Ulong* slots, Ulong* count);
  Unused get_slot_info;
  Rv (*get_token_info)(Ulong slot, TokenInfo* info);
  std::array<Unused, 5> mechanisms_and_pins;  // mechanism list, its info, init token, init, set PIN
  Rv (*open_session)(Ulong slot, Ulong flags, void* application, void* notify, Handle* session);
  Rv (*close_session)(Handle session);
  std::array<Unused, 4> sessions;  // close all, info, get and set operation state
  Rv (*login)(Handle session, Ulong user, const std::uint8_t* pin, Ulong size);
  Rv (*logout)(Handle session);
  std::array<Unused, 4> objects;  // create, copy, destroy, size
  Rv (*get_attribute_value)(Handle session, Handle object, Attribute* attributes, Ulong count);
  Unused set_attribute_value;
  Rv (*find_objects_init)(Handle session, Attribute* attributes, Ulong count);
  Rv (*find_objects)(Handle session, Handle* objects, Ulong room, Ulong* count);
  Rv (*find_objects_final)(Handle session);
  std::array<Unused, 13> encrypt_decrypt_digest;  // four, four and five functions
  Rv (*sign_init)(Handle session, const Mechanism* mechanism, Handle key);
  Rv (*sign)(Handle session, const std::uint8_t* data, Ulong size, std::uint8_t* out, Ulong* room);
};

using GetFunctionList = Rv (*)(FunctionList** list);

inline constexpr Rv kOk = 0x0;
inline constexpr Rv kPinIncorrect = 0xA0;
inline constexpr Rv kPinExpired = 0xA3;
inline constexpr Rv kPinLocked = 0xA4;
inline constexpr Rv kMechanismInvalid = 0x70;
inline constexpr Rv kUserAlreadyLoggedIn = 0x100;
inline constexpr Rv kAlreadyInitialized = 0x191;

inline constexpr Ulong kSerialSession = 0x4;
inline constexpr Ulong kUser = 1;
inline constexpr Ulong kContextSpecific = 2;

// Flags of a token.
inline constexpr Ulong kLoginRequired = 0x4;
inline constexpr Ulong kProtectedPath = 0x100;  // a PIN pad of its own
inline constexpr Ulong kPinFinalTry = 0x20000;
inline constexpr Ulong kPinIsLocked = 0x40000;

// Attributes, and the values of two of them.
inline constexpr Ulong kClass = 0x0;
inline constexpr Ulong kLabel = 0x3;
inline constexpr Ulong kKeyType = 0x100;
inline constexpr Ulong kId = 0x102;
inline constexpr Ulong kModulus = 0x120;
inline constexpr Ulong kPublicExponent = 0x122;
inline constexpr Ulong kEcParams = 0x180;
inline constexpr Ulong kEcPoint = 0x181;
inline constexpr Ulong kAlwaysAuthenticate = 0x202;
inline constexpr Ulong kPublicKeyClass = 0x2;
inline constexpr Ulong kPrivateKeyClass = 0x3;
inline constexpr Ulong kRsaKey = 0x0;
inline constexpr Ulong kEcKey = 0x3;
inline constexpr Ulong kEdwardsKey = 0x40;

inline constexpr Ulong kRsaPkcs = 0x1;
inline constexpr Ulong kRsaPss = 0xD;
inline constexpr Ulong kEcdsa = 0x1041;
inline constexpr Ulong kEddsa = 0x1057;
inline constexpr Ulong kSha256 = 0x250;
inline constexpr Ulong kSha384 = 0x260;
inline constexpr Ulong kSha512 = 0x270;
inline constexpr Ulong kMgfSha256 = 0x2;
inline constexpr Ulong kMgfSha384 = 0x3;
inline constexpr Ulong kMgfSha512 = 0x4;

}  // namespace sluice::tuf::ck
