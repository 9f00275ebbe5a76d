// SPDX-License-Identifier: Apache-2.0
// sluice serve: wires the rooms, and watches the files that they live by.
#include "serve.h"

namespace sluice::cli {

Result<int> run_serve(Invocation&) {
  return fail(Errc::unsupported, "the server is being written");
}

}  // namespace sluice::cli
