// SPDX-License-Identifier: Apache-2.0
#include "base/library.h"

#include <dlfcn.h>

#include "base/text.h"

namespace sluice {

Result<void*> function_of_library(const std::string& path, const char* name) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return fail(Errc::not_found, cat("cannot load the library ", printable(path, 300), ": ",
                                     printable(why == nullptr ? "?" : why, 300)));
  }
  void* function = ::dlsym(library, name);
  if (function != nullptr) return function;
  return fail(Errc::unsupported, cat(printable(path, 300), " has no function ", name));
}

}  // namespace sluice
