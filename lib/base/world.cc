// SPDX-License-Identifier: Apache-2.0
#include "base/world.h"

namespace sluice {

World system_world() {
  return {system_clock(), system_files(), system_environment(), system_random(),
          system_processes()};
}

}  // namespace sluice
