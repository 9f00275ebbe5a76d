// SPDX-License-Identifier: Apache-2.0
// AdmissionReview v1, as an API server sends it: what is to happen, and every image that it brings.
//
// Read token by token, without a tree. The review itself is read strictly; of the object only the
// places are read that can name an image. Annotations, owners and status say nothing here: whoever
// writes an object can write those.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::admission {

inline constexpr std::size_t kMaxReview = 8U << 20;
inline constexpr std::size_t kMaxImages = 10'000;  // of one object

struct ImageUse {
  std::string list;   // "containers", "volumes"
  std::string name;   // of the container or volume
  std::string image;  // as it is written; empty: none is named
  auto operator<=>(const ImageUse&) const = default;
};

struct Review {
  std::string uid;
  std::string operation;  // CREATE, UPDATE, DELETE, CONNECT
  std::string group;
  std::string kind;
  std::string sub_resource = {};
  std::string name_space = {};
  std::string name = {};
  bool dry_run = false;

  // It brings no images, whatever it is: an end, a connection, a status, a number of replicas.
  bool brings_no_images = false;
  // Those that are not in the same place of the old object already.
  std::vector<ImageUse> images = {};
  std::size_t unchanged = 0;  // that are
  // Why its images cannot be told; empty: they can.
  std::string trouble = {};
};

// An error means that nothing could be answered: no JSON, no review, no uid to answer to.
[[nodiscard]] Result<Review> parse_review(std::string_view body);

// "Deployment shop/web", for people.
std::string subject_of(const Review& review);

}  // namespace sluice::admission
