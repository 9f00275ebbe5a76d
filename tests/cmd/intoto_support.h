// SPDX-License-Identifier: Apache-2.0
// A folder with keys and files, and sluice called by in-toto's names in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "crypto/private_key.h"
#include "intoto/link.h"
#include "intoto/signed.h"
#include "support/program.h"

namespace sluice::test {

class InTotoFolder : public testing::Test {
 protected:
  InTotoFolder() {
    std::filesystem::create_directories(folder_ / "src/sub");
    folder_.write("src/a.c", "a\n");
    folder_.write("src/sub/b.c", "b\n");
    make_key("key", crypto::KeyType::ed25519);
  }

  void make_key(const std::string& name, crypto::KeyType type) const {
    const auto key = crypto::PrivateKey::generate(type, 2048).value();
    folder_.write(name + ".pem", key.to_pkcs8_pem().value().reveal_text());
    std::filesystem::permissions(folder_ / (name + ".pem"), std::filesystem::perms::owner_read);
    folder_.write(name + ".pub", key.public_key().pem());
  }
  intoto::Key key(const std::string& name = "key") const {
    return intoto::Key(crypto::PublicKey::from_pem(read_file(folder_ / (name + ".pub"))).value());
  }

  // `sluice run --key key.pem --step build` and these words.
  Ran run(std::vector<std::string> words) const {
    words.insert(words.begin(), {"run", "--key", "key.pem", "--step", "build"});
    return here()(words);
  }
  Program here() const { return sluice().in(folder_.path()); }

  Path link_file(const std::string& step = "build", const std::string& key_name = "key") const {
    return folder_ / intoto::link_file_name(step, key(key_name).python_id());
  }
  // The link in the file, whose signature by the key must hold.
  intoto::Link link(const Path& file, const std::string& key_name = "key") const {
    auto metadata = intoto::SignedMetadata::parse(read_file(file));
    if (!metadata) {
      ADD_FAILURE() << file << ": " << metadata.error().text();
      return {};
    }
    const auto finding = metadata->check(key(key_name));
    EXPECT_TRUE(finding && finding->outcome == intoto::SignatureFinding::Outcome::valid) << file;
    auto link = intoto::parse_link(metadata->payload());
    if (link) return *std::move(link);
    ADD_FAILURE() << file << ": " << link.error().text();
    return {};
  }
  intoto::Link link() const { return link(link_file()); }

  static std::vector<std::string> names(const intoto::Artifacts& artifacts) {
    std::vector<std::string> out;
    for (const auto& each : artifacts) out.push_back(each.name);
    return out;
  }
  static std::string text(const json::Value& object, std::string_view member) {
    const auto* value = object.find(member);
    if (value == nullptr) return "";
    return value->string() != nullptr ? *value->string() : json::write(*value);
  }

  // Sluice under another name.
  Program called(const std::string& name) const {
    const Path link = folder_ / cat("as-", name);
    std::filesystem::create_directories(link);
    if (!std::filesystem::exists(link / name)) {
      std::filesystem::create_symlink(sluice_path(), link / name);
    }
    return Program(link / name).in(folder_.path());
  }

  TempFolder folder_;
};

}  // namespace sluice::test
