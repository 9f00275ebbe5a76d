// SPDX-License-Identifier: Apache-2.0
// A supply chain made for a test: keys, links and a layout, each of which the test may spoil.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "intoto/link.h"
#include "intoto/signed.h"
#include "intoto/verify.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice::test {

inline std::string digest_text(char fill) { return std::string(64, fill); }

using Files1 = std::vector<std::pair<std::string, char>>;  // name, and what fills its digest

inline intoto::Artifacts artifacts(const Files1& files) {
  std::vector<intoto::Artifact> out;
  for (const auto& [name, fill] : files) {
    intoto::DigestSet digests;
    EXPECT_TRUE(digests.add("sha256", digest_text(fill)));
    out.push_back({name, std::move(digests)});
  }
  return *intoto::Artifacts::of(std::move(out));
}

inline json::Value rules(const std::vector<std::string>& lines) {
  json::Array out;
  for (const auto& line : lines) {
    json::Array words;
    for (const auto word : split(line, ' ')) words.emplace_back(std::string(word));
    out.emplace_back(std::move(words));
  }
  return out;
}

struct StepSpec {
  std::string name;
  std::vector<std::string> by = {"ci"};
  std::vector<std::string> materials = {};
  std::vector<std::string> products = {};
  int threshold = 1;
};

class ChainBuilder {
 public:
  ChainBuilder() { world.clock.set(*parse_rfc3339("2026-11-28T12:00:00Z")); }

  const crypto::PrivateKey& key(const std::string& name) {
    auto at = keys_.find(name);
    if (at == keys_.end()) {
      at = keys_.emplace(name, *crypto::PrivateKey::generate(crypto::KeyType::ed25519)).first;
    }
    return at->second;
  }
  intoto::Key known(const std::string& name) { return intoto::Key(key(name).public_key()); }
  std::string id(const std::string& name) { return known(name).python_id(); }

  ChainBuilder& step(const StepSpec& spec) {
    json::Value one;
    one.set("_type", "step");
    one.set("expected_command", json::Array{});
    one.set("expected_materials", rules(spec.materials));
    one.set("expected_products", rules(spec.products));
    one.set("name", spec.name);
    json::Array ids;
    for (const auto& name : spec.by) {
      ids.emplace_back(id(name));
      functionaries_.set(id(name), known(name).to_json(id(name)));
    }
    one.set("pubkeys", std::move(ids));
    one.set("threshold", spec.threshold);
    steps_.push_back(std::move(one));
    return *this;
  }
  ChainBuilder& inspection(const std::string& name, const std::vector<std::string>& run,
                           const std::vector<std::string>& materials,
                           const std::vector<std::string>& products = {}) {
    json::Value one;
    one.set("_type", "inspection");
    one.set("expected_materials", rules(materials));
    one.set("expected_products", rules(products));
    one.set("name", name);
    json::Array words;
    for (const auto& word : run) words.emplace_back(word);
    one.set("run", std::move(words));
    inspections_.push_back(std::move(one));
    return *this;
  }

  json::Value layout() const {
    json::Value out;
    out.set("_type", "layout");
    out.set("expires", expires);
    out.set("inspect", inspections_);
    out.set("keys", functionaries_);
    out.set("readme", "");
    out.set("steps", steps_);
    if (extension.object() != nullptr) out.set("sluice", extension);
    return out;
  }

  static intoto::Link link(const std::string& name, const Files1& materials,
                           const Files1& products) {
    intoto::Link out;
    out.name = name;
    out.materials = artifacts(materials);
    out.products = artifacts(products);
    out.byproducts.set("return-value", 0);
    return out;
  }
  ChainBuilder& write(const intoto::Link& link, const std::string& by = "ci",
                      std::string step = {}) {
    return write_text(intoto::write_link(link), by, step.empty() ? link.name : std::move(step));
  }
  // A payload of any text, signed.
  ChainBuilder& write_text(const std::string& payload, const std::string& by,
                           const std::string& step, const Path& below = {}) {
    const auto text = intoto::sign_metadata(intoto::Wrapping::metablock, payload, {&key(by)});
    EXPECT_TRUE(text) << text.error().text();
    const auto folder = links.path() / below;
    EXPECT_TRUE(system_files().make_folders(folder));
    EXPECT_TRUE(system_files().replace(folder / intoto::link_file_name(step, id(by)), *text));
    return *this;
  }

  // The verdict over a layout's text, signed by `owner`.
  std::string signed_layout(const std::string& payload, const std::string& by = "owner") {
    const auto text = intoto::sign_metadata(intoto::Wrapping::metablock, payload, {&key(by)});
    EXPECT_TRUE(text) << text.error().text();
    return text.value_or("");
  }
  Report verify_payload(const std::string& payload) { return verify_text(signed_layout(payload)); }
  Report verify_text(const std::string& text) {
    auto asked = options;
    if (asked.owners.empty()) asked.owners.emplace_back(known("owner"));
    const auto verdict = intoto::verify_chain(world.world(), text, "test", links.path(), asked);
    EXPECT_TRUE(verdict) << verdict.error().text();
    if (!verdict) return Report("error");
    return verdict->report();
  }
  Report verify() { return verify_payload(json::write(layout())); }

  FakeWorld world;
  TempFolder links;
  intoto::VerifyOptions options;
  std::string expires = "2027-01-01T00:00:00Z";
  json::Value extension;

 private:
  std::map<std::string, crypto::PrivateKey> keys_;
  json::Value functionaries_{json::Object{}};
  json::Array steps_;
  json::Array inspections_;
};

// "" where it passed, else the id of the first failure (or of what was left out).
inline std::string refusal(const Report& report) {
  if (report.passed()) return "";
  if (const auto* failure = report.first_failure()) return failure->id;
  for (const auto& check : report.checks()) {
    if (check.outcome == Outcome::not_run) return cat("not-run:", check.id);
  }
  return "nothing";
}

}  // namespace sluice::test
