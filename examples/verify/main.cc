// SPDX-License-Identifier: Apache-2.0
// main KEY FILE BUNDLE: verifies a file with the installed library. 0: verified; 1: refused, the
// failed check is printed; 3: could not decide.
#include <sigstore/verify_key.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  auto& files = sluice::system_files();
  const auto pem = files.read(argv[1], 1 << 20);
  const auto bundle = files.read(argv[3], 1 << 20);
  if (!pem || !bundle) return 3;
  const auto key = sluice::crypto::PublicKey::from_pem(*pem);
  if (!key) return 3;
  const auto verdict = sluice::sigstore::verify_with_key(
      files, {.key = *key, .bundle = *bundle, .bundle_source = argv[3], .artifact = argv[2]});
  if (!verdict) return 3;
  if (!verdict->passed()) std::cout << verdict->report().first_failure()->id << "\n";
  return verdict->passed() ? 0 : 1;
}
