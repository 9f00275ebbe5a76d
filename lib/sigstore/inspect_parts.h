// SPDX-License-Identifier: Apache-2.0
// How an inspection describes each kind of part. For the files of this room alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsse/envelope.h"
#include "sigstore/bundle_parts.h"
#include "sigstore/inspect.h"
#include "x509/certificate.h"

namespace sluice::sigstore::parts {

// What was read so far, for the parts that have to agree with each other.
struct Seen {
  Inspection out;
  std::optional<BundleVersion> version = {};
  Bytes signature = {};  // empty: none could be read
  std::optional<crypto::Digest> digest = {};
  std::optional<dsse::Envelope> envelope = {};
  std::optional<x509::Certificate> leaf = {};
  std::optional<std::string> hint = {};
  bool dated = false;  // by a timestamp, or an integrated time under a promise

  void problem(const std::string& where, const Error& error);
  void remark(std::string where, std::string what, std::string advice = {});
  // The value, or nothing and a problem; the part then says that it is broken.
  template <class T>
  std::optional<T> take(Result<T> result, const std::string& where, json::Value& part) {
    if (result) return *std::move(result);
    problem(where, result.error());
    part.set("broken", result.error().text());
    return std::nullopt;
  }
  bool check(const Result<void>& result, const std::string& where);
};

json::Value describe_content(const json::Fields& root, Seen& seen);
json::Value describe_signer(const json::Fields& material, Seen& seen);
json::Value describe_certificate(const x509::Certificate& certificate);
json::Array describe_entries(const json::Fields& material, Seen& seen);
json::Array describe_timestamps(const json::Fields& material, Seen& seen);

// Was the certificate valid then? Adds a remark where it was not.
void judge_time(Time time, const std::string& what, const std::string& where, Seen& seen);

}  // namespace sluice::sigstore::parts
