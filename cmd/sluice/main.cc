// SPDX-License-Identifier: Apache-2.0
// Builds the one real world, and hands it to run.h.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>

#include "base/text.h"
#include "exit.h"
#include "run.h"

int main(int argc, char** argv) {
  // A reader that went away is an error of the write, reported like any other.
  (void)::signal(SIGPIPE, SIG_IGN);
  // So is a file that grows over the limit of the process.
  (void)::signal(SIGXFSZ, SIG_IGN);
  // A buffer of some megabytes that is given back and asked for again stays ours: to have its pages
  // handed out anew takes longer than to fill them.
  (void)::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  (void)::mallopt(M_TRIM_THRESHOLD, 16 << 20);
  int code = sluice::kInternal;
  try {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    code = sluice::cli::run_program(sluice::cli::system_console(), sluice::system_world(),
                                    argc > 0 ? argv[0] : "", words);
  } catch (const std::bad_alloc&) {
    sluice::cli::system_console().talk("sluice: there is not enough memory; nothing was decided\n");
    code = sluice::kUndecided;
  } catch (const std::exception& fault) {
    sluice::cli::system_console().talk(
        sluice::cat("sluice: a fault of ours: ", sluice::printable(fault.what()), "\n"));
  }
  // Everything is written by now; what is left would only be taken down piece by piece.
  ::_exit(code);
}
