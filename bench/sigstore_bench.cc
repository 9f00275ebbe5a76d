// SPDX-License-Identifier: Apache-2.0
// What bench-sigstore needs besides the program: bundles of a Sigstore that exists in memory alone,
// and the signature checks in them without anything around.
//
//   bench_sigstore make FOLDER COUNT FILE...   trusted_root.json; for each FILE its bundles
//                                              FILE.v1.json and FILE.v2.json (Rekor v1; v2 and a
//                                              timestamp); COUNT files, bundles beside them, and
//                                              batch.jsonl, which names them; for the same files
//                                              bundles that share one certificate
//   bench_sigstore raw FOLDER COUNT            the checks in COUNT bundles of v1, on all cores
//   bench_sigstore library FOLDER COUNT        the COUNT bundles through one shared Verifier (a new
//                                              one each round), those with certificates of their
//                                              own and those that share one, against the checks
//                                              alone, in turns, as JSON
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/codec.h"
#include "base/files.h"
#include "base/parallel.h"
#include "base/text.h"
#include "crypto/private_key.h"
#include "sigstore/verifier.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace {

using namespace sluice;
using crypto::KeyType;
using crypto::PrivateKey;

// As the public instance is: P-384 authorities, and P-256 for whoever else signs.
test::CertificateWish strong(test::CertificateWish wish) {
  wish.key = KeyType::ecdsa_p384;
  return wish;
}

test::VirtualSigstore public_like() {
  test::VirtualSigstore world;
  world.root = test::make_root(strong(test::root_wish("bench root")));
  world.intermediate =
      test::issue(world.root, strong(test::intermediate_wish("bench intermediate")));
  return world;
}

// The checks in as many bundles: the artifact, the log's promise, its checkpoint, the certificate
// log; and the leaf's link. Those of the authorities are proven once. No two are alike, as in the
// bundles: a processor learns what is repeated.
class Checks {
 public:
  static Result<void> write(const Path& file, std::size_t bundles) {
    std::string out;
    for (const KeyType type : {KeyType::ecdsa_p384, KeyType::ecdsa_p256}) {
      SLUICE_TRY(const auto key, PrivateKey::generate(type));
      out += to_hex(key.public_key().der()) + "\n";
      for (std::size_t i = 0; i < of(type) * bundles; ++i) {
        SLUICE_TRY(const auto message,
                   crypto::Message::of(key.scheme(), bytes_of(cat("message ", i))));
        SLUICE_TRY(const Bytes signature, key.sign(message));
        out += cat(message.digest().hex(), " ", to_hex(signature), "\n");
      }
    }
    return system_files().replace(file, out);
  }

  static Result<Checks> read(const Path& file, std::size_t bundles) {
    SLUICE_TRY(const std::string text, system_files().read(file, 1U << 30));
    const auto lines = split(text, '\n');
    Checks out;
    std::size_t at = 0;
    for (const KeyType type : {KeyType::ecdsa_p384, KeyType::ecdsa_p256}) {
      SLUICE_TRY(const Bytes der, from_hex(lines.at(at++)));
      SLUICE_TRY(const auto key, crypto::PublicKey::from_der(der));
      const auto scheme = key.default_scheme();
      for (std::size_t i = 0; i < of(type) * bundles; ++i) {
        const auto parts = split(lines.at(at++), ' ');
        SLUICE_TRY(const Bytes bytes, from_hex(parts.at(0)));
        SLUICE_TRY(const auto digest, crypto::Digest::from_bytes(scheme.hash, bytes));
        SLUICE_TRY(auto message, crypto::Message::of_digest(scheme, digest));
        SLUICE_TRY(Bytes signature, from_hex(parts.at(1)));
        (type == KeyType::ecdsa_p384 ? out.p384_ : out.p256_)
            .push_back({key, std::move(message), std::move(signature)});
      }
    }
    return out;
  }

  bool hold(std::size_t bundle) const {
    bool good = p384_[bundle].holds();
    for (std::size_t i = 0; i < of(KeyType::ecdsa_p256); ++i) {
      good = p256_[bundle * of(KeyType::ecdsa_p256) + i].holds() && good;
    }
    return good;
  }

 private:
  struct Signed {
    crypto::PublicKey key;
    crypto::Message message;
    Bytes signature;
    bool holds() const { return crypto::verify(key, message, signature) == crypto::Match::yes; }
  };
  static constexpr std::size_t of(KeyType type) { return type == KeyType::ecdsa_p384 ? 1 : 4; }
  std::vector<Signed> p384_;
  std::vector<Signed> p256_;
};

bool on_all_cores(std::size_t count, const std::function<bool(std::size_t)>& work) {
  std::atomic<bool> good = true;
  for_each_parallel(count, hardware_threads(), [&](std::size_t i) {
    if (!work(i)) good = false;
  });
  return good;
}

Result<void> write_bundles(const test::VirtualSigstore& world, const Path& file) {
  SLUICE_TRY(const auto digest,
             crypto::digest_file(system_files(), file, crypto::HashAlgorithm::sha256));
  for (const bool old : {true, false}) {
    test::SignWish wish = old ? test::rekor_v1() : test::rekor_v2();
    wish.digest = digest;
    if (!old) wish.logs = {{.log = test::kEcdsaLogV2}};
    SLUICE_CHECK(system_files().replace(file.native() + (old ? ".v1.json" : ".v2.json"),
                                        world.sign("", wish).bundle));
  }
  return {};
}

std::string numbered(const Path& folder, std::size_t number) {
  return (folder / cat("file-", number)).native();
}

Result<void> make(const Path& folder, std::size_t count, const std::vector<Path>& files) {
  const test::VirtualSigstore world = public_like();
  SLUICE_CHECK(system_files().make_folders(folder));
  SLUICE_CHECK(system_files().replace(folder / "trusted_root.json", world.trusted_root()));
  for (const Path& file : files) SLUICE_CHECK(write_bundles(world, file));
  std::string lines;
  test::SignWish shared = test::rekor_v1();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string artifact = cat("artifact ", i);
    const std::string name = numbered(folder, i);
    SLUICE_CHECK(system_files().replace(name, artifact));
    SLUICE_CHECK(system_files().replace(name + ".sigstore.json",
                                        world.sign(artifact, test::rekor_v1()).bundle));
    lines += json::write(json::Object{{"artifact", name}}) + "\n";
    const test::Made again = world.sign(artifact, shared);
    SLUICE_CHECK(system_files().replace(name + ".shared.json", again.bundle));
    shared.with_key = again.key;
    shared.with_chain = again.chain;
  }
  SLUICE_CHECK(Checks::write(folder / "signatures", count));
  return system_files().replace(folder / "batch.jsonl", lines);
}

Result<sigstore::Verifier> verifier_of(const Path& folder) {
  sigstore::VerifierOptions options;
  SLUICE_TRY(const auto rule,
             sigstore::make_identity_rule(
                 {.identity = std::string(test::kIdentity), .issuer = std::string(test::kIssuer)}));
  options.rules.push_back(rule);
  SLUICE_TRY(options.trust,
             sigstore::trust_file(system_files(), folder / "trusted_root.json")->trust_root());
  return sigstore::Verifier(std::move(options));
}

double seconds(const std::function<bool()>& work, bool& good) {
  const auto begin = std::chrono::steady_clock::now();
  good = work() && good;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

Result<std::vector<std::string>> bundle_texts(const Path& folder, std::size_t count,
                                              const std::string& ending) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    SLUICE_TRY(auto text, system_files().read(numbered(folder, i) + ending, 1U << 20));
    out.push_back(std::move(text));
  }
  return out;
}

// All of the bundles on all cores by a verifier that knows none of them yet.
Result<bool> verify_all(const Path& folder, const std::vector<std::string>& bundles) {
  SLUICE_TRY(const auto verifier, verifier_of(folder));
  return on_all_cores(bundles.size(), [&](std::size_t i) {
    const auto verdict = verifier.verify(
        system_files(),
        {.bundle = bundles[i], .bundle_source = "bundle", .artifact = Path(numbered(folder, i))});
    return verdict && verdict->passed();
  });
}

Result<void> library(const Path& folder, std::size_t count) {
  SLUICE_TRY(const auto own, bundle_texts(folder, count, ".sigstore.json"));
  SLUICE_TRY(const auto one, bundle_texts(folder, count, ".shared.json"));
  SLUICE_TRY(const Checks checks, Checks::read(folder / "signatures", count));
  constexpr int kRounds = 11;
  bool good = true;
  std::vector<double> whole;
  std::vector<double> shared;
  std::vector<double> alone;
  std::vector<double> share;
  for (int round = 0; round < kRounds; ++round) {
    whole.push_back(seconds([&] { return verify_all(folder, own).value_or(false); }, good));
    alone.push_back(seconds(
        [&] { return on_all_cores(count, [&](std::size_t i) { return checks.hold(i); }); }, good));
    shared.push_back(seconds([&] { return verify_all(folder, one).value_or(false); }, good));
    share.push_back(alone.back() / whole.back());
  }
  if (!good) return fail(Errc::internal, "a bundle was refused");
  const auto each = [&](std::vector<double> took) {
    return median(std::move(took)) * 1e6 / static_cast<double>(count);
  };
  std::printf(
      "{\"bench\": \"sigstore-library\", \"bundles\": %zu, \"threads\": %u, \"rounds\": %d, "
      "\"whole_us\": %.1f, \"one_certificate_us\": %.1f, \"signatures_us\": %.1f, \"share\": "
      "%.3f}\n",
      count, hardware_threads(), kRounds, each(whole), each(shared), each(alone), median(share));
  return {};
}

Result<void> raw(const Path& folder, std::size_t count) {
  SLUICE_TRY(const Checks checks, Checks::read(folder / "signatures", count));
  if (on_all_cores(count, [&](std::size_t i) { return checks.hold(i); })) return {};
  return fail(Errc::internal, "a signature does not hold");
}

Result<void> run(const std::vector<std::string>& words) {
  const auto count_in = [&](std::size_t at) {
    std::size_t count = 0;
    std::from_chars(words[at].data(), words[at].data() + words[at].size(), count);
    return count;
  };
  if (words.size() >= 3 && words[0] == "make") {
    return make(words[1], count_in(2), {words.begin() + 3, words.end()});
  }
  if (words.size() == 3 && words[0] == "library") return library(words[1], count_in(2));
  if (words.size() == 3 && words[0] == "raw") return raw(words[1], count_in(2));
  return fail(Errc::usage, "make FOLDER COUNT FILE..., library FOLDER COUNT, raw FOLDER COUNT");
}

}  // namespace

int main(int argc, char** argv) {
  const auto done = run({argv + 1, argv + argc});
  if (done) return 0;
  std::fprintf(stderr, "bench_sigstore: %s\n", done.error().text().c_str());
  return 1;
}
