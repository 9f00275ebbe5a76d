// SPDX-License-Identifier: Apache-2.0
// Everything outside this process, by reference. main builds the real one, tests build their own.
#pragma once

#include "base/environment.h"
#include "base/files.h"
#include "base/process.h"
#include "base/random.h"
#include "base/time.h"

namespace sluice {

// HTTP (base/http.h) comes as an argument of its own to those who need it: most do not.
struct World {
  Clock& clock;
  Files& files;
  Environment& environment;
  Random& random;
  Processes& processes;
};

World system_world();

}  // namespace sluice
