// SPDX-License-Identifier: Apache-2.0
// trust show, create, export and import as a user calls them, with services on this machine.
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/note.h"
#include "support/pki/pki.h"
#include "support/program.h"
#include "support/servers/http_server.h"
#include "x509/certificate.h"

namespace sluice {
namespace {

using test::has;
using test::HttpServer;
using test::MadeCertificate;
using test::Program;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using test::TempFolder;

std::string pem_of(const MadeCertificate& made) {
  return x509::Certificate::from_der(made.der).value().pem();
}

// A checkpoint that the key signed under that name.
std::string checkpoint(const crypto::PrivateKey& key, std::string_view origin,
                       std::string_view name) {
  const std::string text = cat(origin, "\n7\n", to_base64(Bytes(32, 9)), "\n");
  const auto kind = key.public_key().type() == crypto::KeyType::ed25519
                        ? sigstore::NoteKind::ed25519
                        : sigstore::NoteKind::ecdsa;
  const auto hash = sigstore::note_key_hash(name, kind, key.public_key()).value();
  Bytes line(hash.bytes().begin(), hash.bytes().begin() + 4);
  const auto message = crypto::Message::of(key.scheme(), bytes_of(text)).value();
  const Bytes signature = key.sign(message).value();
  line.insert(line.end(), signature.begin(), signature.end());
  return cat(text, "\n\xe2\x80\x94 ", name, " ", to_base64(line), "\n");
}

// Fulcio, Rekor v1 and v2 and a TSA behind one address, each as a test wants it.
class FakeServices {
 public:
  FakeServices() : server_([this](const RawRequest& request) { return answer(request); }) {
    json::Value chain;
    chain.set("certificates", json::Array{pem_of(intermediate), pem_of(root)});
    json::Value bundle;
    bundle.set("chains", json::Array{std::move(chain)});
    serve("/api/v2/trustBundle", json::write(bundle));
    serve("/api/v1/log/publicKey", rekor.public_key().pem());
    serve_rekor(checkpoint(rekor, "rekor.example - 42", "rekor.example"));
    serve("/api/v1/timestamp/certchain", cat(pem_of(tsa), pem_of(tsa_root)));
    serve("/api/v2/checkpoint", checkpoint(tiles, "127.0.0.1", "127.0.0.1"));
  }

  void serve(const std::string& path, std::string body) {
    const std::lock_guard lock(mutex_);
    answers_[path] = std::move(body);
  }
  void serve_rekor(const std::string& note) {
    json::Value log;
    log.set("signedTreeHead", note);
    serve("/api/v1/log", json::write(log));
  }
  std::string url() const {
    std::string out = server_.url();
    out.pop_back();
    return out;
  }
  std::size_t requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  MadeCertificate root = test::make_root();
  MadeCertificate intermediate = test::issue(root, test::intermediate_wish());
  MadeCertificate tsa_root = test::make_root(test::root_wish("stamp root"));
  MadeCertificate tsa = test::issue(tsa_root, test::stamper_wish());
  crypto::PrivateKey rekor = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();
  crypto::PrivateKey tiles = crypto::PrivateKey::generate(crypto::KeyType::ed25519).value();
  crypto::PrivateKey ct = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();

 private:
  ServedAnswer answer(const RawRequest& request) {
    const std::lock_guard lock(mutex_);
    ++requests_;
    const auto found = answers_.find(request.target);
    if (found == answers_.end()) return {.status = 404};
    return {.body = found->second};
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  std::size_t requests_ = 0;
  HttpServer server_;  // last: it asks the rest
};

class TrustCommand : public testing::Test {
 protected:
  TrustCommand() { std::filesystem::create_directories(folder_ / "home"); }

  Program program() const {
    return test::sluice().in(folder_.path()).with("HOME", (folder_ / "home").native());
  }
  Ran run(std::vector<std::string> words) const {
    words.insert(words.begin(), "trust");
    return program()(words);
  }
  static json::Value parsed(const std::string& text) {
    const auto value = json::parse_strict(text);
    EXPECT_TRUE(value) << text;
    return value ? *value : json::Value();
  }
  static std::string source_of(const Ran& ran) {
    return ran.out.substr(0, std::min(ran.out.find('\n'), ran.out.size()));
  }
  Path stored() const { return folder_ / "home/.local/share/sluice/trusted_root.json"; }

  // Everything, from running services and files.
  std::vector<std::string> whole(const FakeServices& services) {
    folder_.write("tiles.pub", services.tiles.public_key().pem());
    folder_.write("ct.pub", services.ct.public_key().pem());
    const std::string url = services.url();
    return {"create",
            "--fulcio",
            url,
            "--rekor-v1",
            url,
            "--tsa",
            url,
            "--rekor-key",
            cat("url=", url, ",key=tiles.pub,operator=us"),
            "--ctfe-key",
            "ct.pub,url=https://ct.example,start=2026-02-01T00:00:00Z,end=2027-02-01T00:00:00Z",
            "--out",
            "made.json"};
  }

  TempFolder folder_;
};

std::vector<std::string> operator+(std::vector<std::string> words,
                                   const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_F(TrustCommand, ShowsWhatIsBuiltInAndHowOldItIs) {
  const Ran ran = run({"show"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "built in: Sigstore's production instance")) << ran.out;
  EXPECT_TRUE(has(ran.out, " old\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "trusted     https://rekor.sigstore.dev")) << ran.out;
  EXPECT_TRUE(has(ran.out, "past        https://ctfe.sigstore.dev/test")) << ran.out;
  EXPECT_TRUE(has(run({"show", "--staging"}).out, "rekor.sigstage.dev"));
}

TEST_F(TrustCommand, JsonIsAsItsSchemaSays) {
  const json::Value shown = parsed(run({"show", "--output", "json"}).out);
  EXPECT_EQ(*shown.find("kind")->string(), "sluice.trust/v1");
  const json::Value schema =
      parsed(test::read_file(Path(SLUICE_SOURCE_DIR) / "docs/schema/trust.v1.json"));
  const auto complete = [](const json::Value& value, const json::Value& rules) {
    for (const auto& key : *rules.find("required")->array()) {
      EXPECT_NE(value.find(*key.string()), nullptr) << *key.string();
    }
    for (const auto& [key, member] : *value.object()) {
      EXPECT_NE(rules.find("properties")->find(key), nullptr) << key;
    }
  };
  complete(shown, schema);
  const json::Value& rules = *schema.find("properties")->find("entries")->find("items");
  EXPECT_GE(shown.find("entries")->array()->size(), 7U);
  for (const auto& entry : *shown.find("entries")->array()) {
    complete(entry, rules);
    const auto* certificates = entry.find("certificates");
    if (certificates == nullptr) continue;
    for (const auto& one : *certificates->array()) {
      complete(one, *rules.find("properties")->find("certificates")->find("items"));
    }
  }
}

TEST_F(TrustCommand, TheMaterialThatIsNamedComesFirst) {
  ASSERT_EQ(run({"export", "--out", "a.json"}).exit_code, 0);
  ASSERT_EQ(run({"export", "--staging", "--out", "b.json"}).exit_code, 0);
  EXPECT_TRUE(has(source_of(run({"show"})), "production instance"));

  ASSERT_EQ(run({"import", "a.json"}).exit_code, 0);
  EXPECT_TRUE(has(source_of(run({"show"})), stored().native()));

  folder_.write("home/config.yaml", "");
  std::filesystem::create_directories(folder_ / "home/.config/sluice");
  folder_.write("home/.config/sluice/config.yaml",
                cat("trust: {root: ", (folder_ / "b.json").native(), "}\n"));
  EXPECT_TRUE(has(source_of(run({"show"})), "b.json"));
  const Program by_variable = program().with("SLUICE_TRUST_ROOT", (folder_ / "a.json").native());
  EXPECT_TRUE(has(source_of(by_variable({"trust", "show"})), "a.json"));
  EXPECT_TRUE(has(source_of(by_variable({"trust", "show", "--staging"})), "staging instance"));
  EXPECT_TRUE(
      has(source_of(by_variable({"trust", "show", "--staging", "--trusted-root", "b.json"})),
          "b.json"));
}

TEST_F(TrustCommand, AProjectMayNotSayWhomToTrust) {
  ASSERT_EQ(run({"export", "--out", "a.json"}).exit_code, 0);
  folder_.write(".sluice.yaml", "trust:\n  root: a.json\n");
  const Ran ran = run({"show"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.err, "trust.root")) << ran.err;
}

TEST_F(TrustCommand, WhatWasImportedAndCannotBeReadIsNotPassedOver) {
  ASSERT_EQ(run({"export", "--out", "a.json"}).exit_code, 0);
  ASSERT_EQ(run({"import", "a.json"}).exit_code, 0);
  ASSERT_TRUE(system_files().replace(stored(), "{}"));
  const Ran ran = run({"show"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "trusted_root.json")) << ran.err;
  EXPECT_EQ(run({"show", "--trusted-root", "absent.json"}).exit_code, 3);
}

TEST_F(TrustCommand, WhatIsExportedImportsElsewhere) {
  const Ran out = run({"export"});
  EXPECT_EQ(out.exit_code, 0) << out.err;
  EXPECT_TRUE(has(out.err, "exported built in")) << out.err;
  folder_.write("carried.json", out.out);
  const Ran in = run({"import", "carried.json"});
  EXPECT_EQ(in.exit_code, 0) << in.err;
  EXPECT_TRUE(in.out.starts_with(cat("imported  ", stored().native(), "\n"))) << in.out;
  EXPECT_EQ(test::read_file(stored()), out.out);
  EXPECT_EQ(run({"export"}).out, out.out);

  const Path elsewhere = folder_ / "data";
  const Ran json = program().with(
      "XDG_DATA_HOME", elsewhere.native())({"trust", "import", "carried.json", "--output", "json"});
  EXPECT_EQ(*parsed(json.out).find("written")->string(),
            (elsewhere / "sluice/trusted_root.json").native());

  EXPECT_EQ(run({"export", "--trusted-root", "carried.json", "--out", "carried.json"}).exit_code,
            2);
  EXPECT_EQ(test::read_file(folder_ / "carried.json"), out.out);
}

// Else whoever wrote the folder that sluice is called in would say whom to trust.
TEST_F(TrustCommand, AHomeThatIsNoWholePathIsNone) {
  std::filesystem::create_directories(folder_ / ".local/share/sluice");
  folder_.write(".local/share/sluice/trusted_root.json", "{}");
  const auto with_home = [&](const std::string& home) {
    return test::sluice().in(folder_.path()).with("HOME", home)({"trust", "show"});
  };
  EXPECT_EQ(with_home(folder_.path().native()).exit_code, 3);
  for (const char* home : {".", "../", ""}) {
    const Ran ran = with_home(home);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_TRUE(has(ran.out, "built in")) << ran.out;
  }
}

TEST_F(TrustCommand, AnImportIsWholeOrNothing) {
  const std::string good = run({"export"}).out;
  const std::string key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5Bc";
  ASSERT_TRUE(has(good, key));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string out = good;
    return out.replace(out.find(from), from.size(), to);
  };
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {with(key, "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5Bd"), "tlogs[0]"},
           {with("version=0.1", "version=9"), "versions 0.1 and 0.2"},
           {with("\"start\"", "\"begin\""), "has no start"},
           {"{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\"}",
            "nobody in it"},
           {"not json", "line 1"}}) {
    folder_.write("bad.json", text);
    const Ran ran = run({"import", "bad.json"});
    EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
    EXPECT_TRUE(has(ran.out, "nothing was imported")) << ran.out;
    EXPECT_TRUE(has(ran.out, why)) << ran.out;
    EXPECT_FALSE(std::filesystem::exists(stored()));
  }
  const Ran json = run({"import", "bad.json", "--output", "json"});
  EXPECT_EQ(*parsed(json.out).find("kind")->string(), "sluice.error/v1");
  EXPECT_EQ(run({"import", "absent.json"}).exit_code, 3);
}

TEST_F(TrustCommand, WhatIsBrokenIsShownAndRefusedWhatIsUnsupportedIsShown) {
  const std::string good = run({"export"}).out;
  const auto show = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    folder_.write("changed.json", text.replace(text.find(from), from.size(), to));
    return run({"show", "--trusted-root", "changed.json"});
  };
  const Ran broken = show("wNI9atQGlz", "wNI9atQGly");
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_TRUE(has(broken.out, "  broken      https://rekor.sigstore.dev")) << broken.out;
  EXPECT_TRUE(has(broken.out, "warning: https://rekor.sigstore.dev never counts")) << broken.out;
  const Ran unsupported = show("PKIX_ED25519", "PKIX_ML_DSA_65");
  EXPECT_EQ(unsupported.exit_code, 0);
  EXPECT_TRUE(has(unsupported.out, "  unsupported https://log2025-1")) << unsupported.out;
  const Ran newer = show("\"tlogs\"", "\"beacons\":[],\"tlogs\"");
  EXPECT_EQ(newer.exit_code, 0);
  EXPECT_TRUE(has(newer.out, "warning: trusted root.beacons is not known")) << newer.out;
}

TEST_F(TrustCommand, CreatesFromRunningServicesAndFiles) {
  const FakeServices services;
  const Ran ran =
      run(whole(services) + std::vector<std::string>{"--oidc-issuer", "https://login.example",
                                                     "--signing-config", "sc.json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "its live checkpoint \"rekor.example - 42\" of size 7")) << ran.out;
  EXPECT_TRUE(has(ran.out, "its live checkpoint \"127.0.0.1\" of size 7")) << ran.out;
  EXPECT_EQ(run({"import", "made.json"}).exit_code, 0);

  const json::Value shown = parsed(run({"show", "--output", "json"}).out);
  std::string starts;
  for (const auto& one : *shown.find("entries")->array()) {
    starts += cat(*one.find("kind")->string(), " ", *one.find("start")->string(), "\n");
  }
  // Keys have no time of their own: from when the first authority is valid, unless it is said.
  EXPECT_EQ(starts,
            "certificate-authority 2026-01-01T00:00:00Z\nlog 2026-01-01T00:00:00Z\n"
            "log 2026-01-01T00:00:00Z\ncertificate-log 2026-02-01T00:00:00Z\n"
            "timestamp-authority 2026-01-01T00:00:00Z\n");

  const json::Value config = parsed(test::read_file(folder_ / "sc.json"));
  EXPECT_EQ(*config.find("oidcUrls")->array()->front().find("url")->string(),
            "https://login.example");
  const auto& logs = *config.find("rekorTlogUrls")->array();
  ASSERT_EQ(logs.size(), 2U);
  EXPECT_EQ(logs[0].find("majorApiVersion")->integer(), 1);
  EXPECT_EQ(logs[1].find("majorApiVersion")->integer(), 2);
  EXPECT_EQ(*logs[1].find("operator")->string(), "us");
  EXPECT_EQ(*config.find("tsaUrls")->array()->front().find("url")->string(),
            cat(services.url(), "/api/v1/timestamp"));
}

TEST_F(TrustCommand, ALogWhoseLiveCheckpointIsAnothersIsRefused) {
  FakeServices services;
  const auto refused = [&](std::string_view why) {
    const Ran ran = run(whole(services));
    EXPECT_EQ(ran.exit_code, 3) << ran.out;
    EXPECT_TRUE(has(ran.err, why)) << ran.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "made.json"));
  };
  services.serve("/api/v2/checkpoint", checkpoint(services.tiles, "log.example", "log.example"));
  refused("live checkpoint is of \"log.example\", and its URL tells the name 127.0.0.1");
  services.serve("/api/v2/checkpoint", checkpoint(services.rekor, "127.0.0.1", "127.0.0.1"));
  refused("no signature on the live checkpoint");
  std::string forged = checkpoint(services.tiles, "127.0.0.1", "127.0.0.1");
  forged.replace(forged.find("\n7\n"), 3, "\n8\n");
  services.serve("/api/v2/checkpoint", forged);
  refused("does not verify with this key");
  services.serve("/api/v2/checkpoint", "hello");
  refused("reading the checkpoint");
  services.serve("/api/v2/checkpoint", checkpoint(services.tiles, "127.0.0.1", "127.0.0.1"));
  services.serve_rekor(checkpoint(services.tiles, "rekor.example - 42", "rekor.example"));
  refused("no signature on the live checkpoint");
  services.serve_rekor(checkpoint(services.rekor, "rekor.example - 42", "rekor.example"));
  EXPECT_EQ(run(whole(services)).exit_code, 0);
}

TEST_F(TrustCommand, ACheckpointMayBeAtTheBaseOfALog) {
  FakeServices services;
  folder_.write("tiles.pub", services.tiles.public_key().pem());
  services.serve("/plain/checkpoint", checkpoint(services.tiles, "127.0.0.1", "127.0.0.1"));
  const auto create = [&](std::string_view below) {
    const std::string log =
        cat("url=", services.url(), ",key=tiles.pub,read=", services.url(), below);
    return run({"create", "--rekor-key", log, "--out", "made.json"});
  };
  EXPECT_EQ(create("/plain").exit_code, 0);
  const Ran absent = create("/nowhere");
  EXPECT_EQ(absent.exit_code, 3);
  EXPECT_TRUE(has(absent.err, "/nowhere/checkpoint answered with status 404")) << absent.err;
}

TEST_F(TrustCommand, ALogIsKnownByItsUrlWhereverItIsRead) {
  FakeServices services;
  folder_.write("tiles.pub", services.tiles.public_key().pem());
  services.serve("/api/v2/checkpoint", checkpoint(services.tiles, "log.example", "log.example"));
  const auto create = [&](const std::string& log) {
    return run({"create", "--rekor-key", log, "--out", "made.json"});
  };
  EXPECT_EQ(create(cat("url=", services.url(), ",key=tiles.pub")).exit_code, 3);
  const Ran ran = create(cat("url=https://log.example,key=tiles.pub,read=", services.url()));
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
}

TEST_F(TrustCommand, CreatesFromFilesWithoutASocket) {
  const FakeServices services;
  folder_.write("chain.pem", cat(pem_of(services.intermediate), pem_of(services.root)));
  folder_.write("tsa.pem", cat(pem_of(services.tsa), pem_of(services.tsa_root)));
  folder_.write("log.pub", services.rekor.public_key().pem());
  const std::vector<std::string> words{"create",
                                       "--offline",
                                       "--certificate-chain",
                                       "chain.pem,url=https://ca.example",
                                       "--tsa-chain",
                                       "tsa.pem,url=https://tsa.example/api/v1/timestamp",
                                       "--rekor-key",
                                       cat("url=", services.url(), ",key=log.pub,version=1"),
                                       "--out",
                                       "made.json"};
  const Ran ran = run(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "NOT checked against its live checkpoint")) << ran.out;
  EXPECT_EQ(services.requests(), 0U);
  EXPECT_EQ(run(words + std::vector<std::string>{"--fulcio", services.url()}).exit_code, 2);
}

TEST_F(TrustCommand, WhatDoesNotProveItselfIsNotWritten) {
  FakeServices services;
  folder_.write("turned.pem", cat(pem_of(services.root), pem_of(services.intermediate)));
  folder_.write("other.pem", cat(pem_of(services.intermediate), pem_of(test::make_root())));
  for (const auto& [file, why] : std::vector<std::pair<std::string, std::string>>{
           {"turned.pem", "wrong order"}, {"other.pem", "was not signed by"}}) {
    const Ran ran = run({"create", "--certificate-chain", file, "--out", "made.json"});
    EXPECT_EQ(ran.exit_code, 3);
    EXPECT_TRUE(has(ran.err, why)) << ran.err;
  }
  for (const std::string body :
       {"{}", "{\"chains\":[]}", "{\"chains\":[{\"certificates\":[7]}]}"}) {
    services.serve("/api/v2/trustBundle", body);
    EXPECT_EQ(run({"create", "--fulcio", services.url(), "--out", "made.json"}).exit_code, 3)
        << body;
  }
  EXPECT_EQ(run({"create", "--tsa", cat(services.url(), "/no"), "--out", "made.json"}).exit_code,
            3);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "made.json"));
}

TEST_F(TrustCommand, AWrongCallIsSaidToBeOne) {
  folder_.write("log.pub", FakeServices().rekor.public_key().pem());
  const auto code = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "create");
    return run(words + std::vector<std::string>{"--out", "made.json", "--offline"}).exit_code;
  };
  EXPECT_EQ(code({"--rekor-key", "url=https://log.example,key=log.pub"}), 0);
  EXPECT_EQ(code({}), 2);
  for (const std::string spec :
       {"url=https://log.example", "key=log.pub", "url=log.example,key=log.pub",
        "url=https://log.example,key=log.pub,version=3", "url=https://log.example,key=log.pub,x=1",
        "url=https://log.example,key=log.pub,key=log.pub", "url=https://log.example,key=log.pub,",
        "url=https://log.example,key=log.pub,start=now",
        "url=https://a.example,key=log.pub,start=2026-01-02T00:00:00Z,end=2026-01-01T00:00:00Z"}) {
    EXPECT_EQ(code({"--rekor-key", spec}), 2) << spec;
  }
  EXPECT_EQ(code({"--rekor-key", "url=https://log.example,key=log.pub", "--oidc-issuer",
                  "https://login.example"}),
            2);
  EXPECT_EQ(run({"create", "--ctfe-key", "log.pub"}).exit_code, 2);
}

TEST_F(TrustCommand, HelpNamesOnlyWhatWorks) {
  const Ran ran = run({"--help"});
  for (const std::string word : {"show", "init", "update", "create", "export", "import"}) {
    EXPECT_TRUE(has(ran.out, cat("trust ", word))) << word;
    EXPECT_EQ(run({word, "--help"}).exit_code, 0) << word;
  }
}

}  // namespace
}  // namespace sluice
