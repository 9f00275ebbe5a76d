// SPDX-License-Identifier: Apache-2.0
// How a TUF repository is reached: over the network, or in a folder, as one that was carried over
// is.
#pragma once

#include <memory>
#include <string_view>

#include "base/http.h"
#include "invocation.h"

namespace sluice::cli {

// A repository's URL names a folder: file:///FOLDER.
bool is_folder_url(std::string_view url);

// file:// URLs are answered from the folder, 404 where there is no such plain file; all others over
// the network. A name that would leave its folder is Errc::denied.
std::unique_ptr<Http> repository_http(Invocation& in);

}  // namespace sluice::cli
