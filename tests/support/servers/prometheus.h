// SPDX-License-Identifier: Apache-2.0
// A real Prometheus on 127.0.0.1 with a history that the test wrote, for as long as the test.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "support/temp_folder.h"

namespace sluice::test {

// Blocks from OpenMetrics text, made by promtool in FOLDER/data. False where that failed.
bool load_history(const Path& folder, std::string_view open_metrics);

class Prometheus {
 public:
  // Serves FOLDER/data. web_config is Prometheus's own file for TLS and users; empty: none.
  Prometheus(const Path& folder, const std::string& web_config);
  ~Prometheus();
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  // Are both programs on PATH (`./dev lab install prometheus`)?
  static bool installed();
  bool started() const { return port_ != 0; }  // it listens and has read its blocks
  std::string authority() const;               // 127.0.0.1:port
  std::string log() const;

 private:
  Path log_;
  int process_ = 0;
  int port_ = 0;
};

}  // namespace sluice::test
