// SPDX-License-Identifier: Apache-2.0
// A file that is made again where the machine fails meanwhile: put in place as a whole, as
// Files::replace does it, but not waited for until it is on the disk.
#pragma once

#include <string_view>

#include "base/files.h"

namespace sluice {

// Afterwards readers see exactly these bytes, or what was there before; after a crash of the
// machine, perhaps an empty file. Only a plain file is replaced: a link, a device or a pipe at the
// path is Errc::denied. A file that is there keeps its mode.
[[nodiscard]] Result<void> place_file(const Path& path, std::string_view content,
                                      unsigned mode = 0644);

}  // namespace sluice
