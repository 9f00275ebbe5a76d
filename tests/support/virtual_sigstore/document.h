// SPDX-License-Identifier: Apache-2.0
// Reaching into JSON documents, to break them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "json/value.h"

namespace sluice::test {

using Change = std::function<void(json::Value&)>;
using ChangeText = std::function<void(std::string&)>;
using ChangeBytes = std::function<void(Bytes&)>;

// "verificationMaterial.tlogEntries.0.logIndex". Each ends the program where there is nothing: a
// test that breaks a member which is not there would test nothing.
json::Value& at(json::Value& document, std::string_view path);
const std::string& text_at(json::Value& document, std::string_view path);
void erase(json::Value& document, std::string_view path);
// Sets a member, which may be new, of an object that is there.
void set(json::Value& document, std::string_view path, json::Value value);
// The bytes of a base64 member, changed.
void change_base64(json::Value& document, std::string_view path, const ChangeBytes& change);
// The first `from` in the text becomes `to`.
void replace(std::string& text, std::string_view from, std::string_view to);
void flip_last(Bytes& bytes);

// {{"a", 1}, {"b", "c"}}
json::Value object(json::Object members);
std::string base64(std::string_view text);
std::string pem_of_certificate(ByteView der);

}  // namespace sluice::test
