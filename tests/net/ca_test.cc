// SPDX-License-Identifier: Apache-2.0
#include "net/ca.h"

#include <gtest/gtest.h>

#include <map>

#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice::net {
namespace {

using test::FakeEnvironment;

// Knows only which paths there are.
class Layout final : public Files {
 public:
  explicit Layout(std::map<Path, FileKind> kinds) : kinds_(std::move(kinds)) {}

  Result<FileInfo> info(const Path& path) override {
    const auto at = kinds_.find(path);
    if (at == kinds_.end()) return fail(Errc::not_found, "not there");
    return FileInfo{.kind = at->second};
  }
  void hold(std::string bundle, std::vector<FolderEntry> folder) {
    bundle_ = std::move(bundle);
    folder_ = std::move(folder);
  }

  Result<std::string> read(const Path&, std::size_t) override { return bundle_; }
  Result<std::string> read_plain(const Path&, std::size_t, Links) override { return bundle_; }
  Result<std::unique_ptr<ByteSource>> open(const Path&) override { return none(); }
  Result<void> replace(const Path&, std::string_view, unsigned) override { return none(); }
  Result<void> create(const Path&, std::string_view, unsigned) override { return none(); }
  Result<std::vector<FolderEntry>> list(const Path&) override { return folder_; }
  Result<void> make_folders(const Path&) override { return none(); }
  Result<void> remove(const Path&) override { return none(); }
  Result<std::unique_ptr<FileLock>> lock(const Path&, std::chrono::milliseconds) override {
    return none();
  }

 private:
  static std::unexpected<Error> none() { return fail(Errc::internal, "not in this layout"); }
  std::map<Path, FileKind> kinds_;
  std::string bundle_;
  std::vector<FolderEntry> folder_;
};

TEST(CaBundle, IsFoundInTheLayoutOfEachDistribution) {
  const FakeEnvironment environment;
  for (const char* file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    Layout files({{file, FileKind::file}});
    const auto bundle = find_ca_bundle(environment, files);
    ASSERT_TRUE(bundle) << file;
    EXPECT_EQ(bundle->file, file);
    EXPECT_TRUE(bundle->folder.empty());
  }
  Layout only_folder({{"/etc/ssl/certs", FileKind::folder}});
  EXPECT_EQ(find_ca_bundle(environment, only_folder)->folder, "/etc/ssl/certs");
}

TEST(CaBundle, TheHashedFolderIsTakenWhereItIsComplete) {
  const FakeEnvironment environment;
  Layout files({{"/etc/ssl/certs/ca-certificates.crt", FileKind::file}});
  const std::string two = "-----BEGIN CERTIFICATE-----\nA\n-----BEGIN CERTIFICATE-----\nB\n";
  files.hold(two, {{"0a1b2c3d.0"}, {"0a1b2c3d.1"}, {"A.pem"}});
  EXPECT_EQ(find_ca_bundle(environment, files)->folder, "/etc/ssl/certs");
  files.hold(two, {{"0a1b2c3d.0"}, {"A.pem"}, {"0a1b2c3d.x"}, {"0A1B2C3D.0"}, {"0a1b2c3d."}});
  EXPECT_EQ(find_ca_bundle(environment, files)->file, "/etc/ssl/certs/ca-certificates.crt");
}

TEST(CaBundle, VariablesComeFirst) {
  Layout files({{"/etc/ssl/cert.pem", FileKind::file},
                {"/own.pem", FileKind::file},
                {"/own", FileKind::folder}});
  FakeEnvironment environment;
  environment.values["SSL_CERT_FILE"] = "/own.pem";
  EXPECT_EQ(find_ca_bundle(environment, files)->shown(), "/own.pem (SSL_CERT_FILE)");
  environment.values["SSL_CERT_DIR"] = "/own:/else";
  EXPECT_EQ(find_ca_bundle(environment, files)->folder, "/own:/else");
  environment.values.erase("SSL_CERT_FILE");
  EXPECT_EQ(find_ca_bundle(environment, files)->shown(), "/own:/else (SSL_CERT_DIR)");
}

TEST(CaBundle, AVariableThatNamesNothingIsNotPassedOver) {
  Layout files({{"/etc/ssl/cert.pem", FileKind::file}, {"/own", FileKind::folder}});
  FakeEnvironment environment;
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"SSL_CERT_FILE", "/absent.pem"},
                                          {"SSL_CERT_FILE", "/own"},
                                          {"SSL_CERT_DIR", "/gone"}}) {
    environment.values = {{name, value}};
    const auto bundle = find_ca_bundle(environment, files);
    ASSERT_FALSE(bundle) << name;
    EXPECT_EQ(bundle.error().code, Errc::not_found);
    EXPECT_NE(bundle.error().what.find(name), std::string::npos);
  }
}

TEST(CaBundle, AMachineWithoutOneGetsAdvice) {
  Layout files({});
  const auto bundle = find_ca_bundle(FakeEnvironment(), files);
  ASSERT_FALSE(bundle);
  EXPECT_NE(bundle.error().hint.find("ca-certificates"), std::string::npos);
}

}  // namespace
}  // namespace sluice::net
