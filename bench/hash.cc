// SPDX-License-Identifier: Apache-2.0
// bench_hash FILE|FOLDER...: SHA-256 of each file, by digest_files() on all cores, in the form of
// sha256sum; to be timed against `openssl dgst -sha256` and `find | xargs -P2 sha256sum`.
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/parallel.h"
#include "crypto/digest.h"

int main(int argc, char** argv) {
  using namespace sluice;
  Files& files = system_files();
  std::vector<Path> paths;
  for (int i = 1; i < argc; ++i) {
    const Path path = argv[i];
    if (const auto info = files.info(path); info && info->kind == FileKind::folder) {
      auto found = walk(files, path);
      if (!found) {
        std::fprintf(stderr, "%s\n", found.error().text().c_str());
        return 1;
      }
      paths.insert(paths.end(), std::move_iterator(found->begin()),
                   std::move_iterator(found->end()));
    } else {
      paths.push_back(path);
    }
  }
  const auto digests =
      crypto::digest_files(files, paths, crypto::HashAlgorithm::sha256, hardware_threads());
  int failed = 0;
  std::string out;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!digests[i]) {
      std::fprintf(stderr, "%s\n", digests[i].error().text().c_str());
      failed = 1;
      continue;
    }
    out.append(digests[i]->hex()).append("  ").append(paths[i].native()).append("\n");
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return failed;
}
