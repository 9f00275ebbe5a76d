// SPDX-License-Identifier: Apache-2.0
// Where a bucket is and who we are there: from options, the environment and the files that the
// clients of AWS share. Roles of machines, single sign-on and programs that give credentials are
// not asked: what gives them sets the environment.
#pragma once

#include <memory>
#include <string>

#include "base/world.h"
#include "net/url.h"
#include "tufrepo/s3_sign.h"
#include "tufrepo/store.h"

namespace sluice::tuf {

struct S3Place {
  net::Url endpoint;  // with the bucket in its host, unless path_style
  std::string bucket;
  std::string prefix;  // with a slash at its end, or empty
  std::string region;
  bool path_style = false;

  std::string path_of(std::string_view key) const;  // not encoded, with its slash
};

struct S3Config {
  S3Place place;
  std::shared_ptr<const S3Credentials> credentials;  // shared by requests that are under way
};

// location: s3://BUCKET[/PREFIX]. Errc::usage: no credentials, no region, a name that is no
// bucket's, http to another machine than this one.
[[nodiscard]] Result<S3Config> s3_config(std::string_view location, const StoreOptions& options,
                                         const World& world);

}  // namespace sluice::tuf
