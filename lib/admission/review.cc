// SPDX-License-Identifier: Apache-2.0
#include "admission/review.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "json/tokenizer.h"

namespace sluice::admission {

namespace {

using json::Token;
using json::Tokenizer;
using Pointer = std::span<const std::string_view>;

// Where the kinds that run containers keep their pod's specification.
constexpr std::array<std::string_view, 1> kPod = {"spec"};
constexpr std::array<std::string_view, 2> kPodTemplate = {"template", "spec"};
constexpr std::array<std::string_view, 3> kWorkload = {"spec", "template", "spec"};
constexpr std::array<std::string_view, 5> kCronJob = {"spec", "jobTemplate", "spec", "template",
                                                      "spec"};
struct KnownKind {
  std::string_view group;
  std::string_view kind;
  Pointer pod;
};
constexpr std::array<KnownKind, 9> kKinds = {{{"", "Pod", kPod},
                                              {"", "PodTemplate", kPodTemplate},
                                              {"", "ReplicationController", kWorkload},
                                              {"apps", "Deployment", kWorkload},
                                              {"apps", "ReplicaSet", kWorkload},
                                              {"apps", "StatefulSet", kWorkload},
                                              {"apps", "DaemonSet", kWorkload},
                                              {"batch", "Job", kWorkload},
                                              {"batch", "CronJob", kCronJob}}};

// Where a pod's specification names images: a list, and the place in each of its elements.
constexpr std::array<std::string_view, 1> kImage = {"image"};
constexpr std::array<std::string_view, 2> kReference = {"image", "reference"};
struct ImageList {
  std::string_view list;
  Pointer image;
  bool optional;  // an element may be there without an image: other volumes
};
constexpr std::array<ImageList, 4> kLists = {{{"containers", kImage, false},
                                              {"initContainers", kImage, false},
                                              {"ephemeralContainers", kImage, false},
                                              {"volumes", kReference, true}}};

constexpr std::array<std::string_view, 9> kWithoutImages = {
    "status", "scale", "binding", "eviction", "exec", "attach", "portforward", "proxy", "log"};

constexpr std::size_t kMaxName = 1024;

Result<std::string> short_string(Tokenizer& in) {
  SLUICE_TRY(const auto text, in.read_string());
  if (text.size() > kMaxName) {
    return fail(in.error_here(Errc::limit, "a name is too long"));
  }
  return std::string(text);
}

// The value that comes is an object (true) or null or absent (false).
Result<bool> object_or_null(Tokenizer& in) {
  const Token token = in.next();
  if (token == Token::null) return false;
  if (token == Token::begin_object) return true;
  return fail(token == Token::failed ? in.error()
                                     : in.error_here(Errc::malformed, "expected an object"));
}

struct FoundImage {
  std::string name = {};
  std::string image = {};
  bool present = false;  // the place was there, if only as an empty object
};

Result<void> read_place(Tokenizer& in, Pointer place, FoundImage& found);

Result<void> read_place_in_object(Tokenizer& in, Pointer place, FoundImage& found) {
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return {};
    if (*key == place.front()) {
      SLUICE_CHECK(read_place(in, place.subspan(1), found));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
}

Result<void> read_place(Tokenizer& in, Pointer place, FoundImage& found) {
  if (!place.empty()) {
    SLUICE_TRY(const bool there, object_or_null(in));
    if (!there) return {};
    found.present = true;
    return read_place_in_object(in, place, found);
  }
  const Token token = in.next();
  if (token == Token::null) return {};
  if (token != Token::string) {
    return fail(token == Token::failed ? in.error()
                                       : in.error_here(Errc::malformed, "an image is a text"));
  }
  std::string buffer;
  found.image = in.text(buffer);
  found.present = true;
  return {};
}

Result<FoundImage> read_element(Tokenizer& in, Pointer place) {
  FoundImage found;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return found;
    if (*key == "name") {
      SLUICE_TRY(found.name, short_string(in));
    } else if (*key == place.front()) {
      SLUICE_CHECK(read_place(in, place.subspan(1), found));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
}

Result<void> read_list(Tokenizer& in, const ImageList& list, std::vector<ImageUse>& into) {
  const Token token = in.next();
  if (token == Token::null) return {};
  if (token != Token::begin_array) {
    return fail(token == Token::failed ? in.error()
                                       : in.error_here(Errc::malformed, "expected a list"));
  }
  for (;;) {
    SLUICE_TRY(const bool more, in.next_element());
    if (!more) return {};
    SLUICE_TRY(auto found, read_element(in, list.image));
    if (list.optional && !found.present) continue;
    if (into.size() == kMaxImages) {
      return fail(Errc::limit, cat("it names more than ", kMaxImages, " images"));
    }
    into.push_back({std::string(list.list), std::move(found.name), std::move(found.image)});
  }
}

Result<void> read_pod(Tokenizer& in, std::vector<ImageUse>& into) {
  SLUICE_TRY(const bool there, object_or_null(in));
  while (there) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    const auto* const list = std::ranges::find(kLists, *key, &ImageList::list);
    if (list != kLists.end()) {
      SLUICE_CHECK(read_list(in, *list, into));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  return {};
}

Result<void> read_at(Tokenizer& in, Pointer pod, std::vector<ImageUse>& into) {
  if (pod.empty()) return read_pod(in, into);
  SLUICE_TRY(const bool there, object_or_null(in));
  while (there) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == pod.front()) {
      SLUICE_CHECK(read_at(in, pod.subspan(1), into));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  return {};
}

Result<std::vector<ImageUse>> images_of(std::string_view object, const KnownKind& kind) {
  std::vector<ImageUse> images;
  Tokenizer in(object, {.bytes = kMaxReview});
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == kind.pod.front()) {
      SLUICE_CHECK(read_at(in, kind.pod.subspan(1), images));
    } else if (*key == "kind") {
      SLUICE_TRY(const auto word, in.read_string());
      if (word != kind.kind) return fail(Errc::malformed, "the object is of another kind");
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  SLUICE_CHECK(in.finish());
  return images;
}

// The parts of a review that are looked into only once its kind is known.
struct Parts {
  std::string_view object;
  std::string_view old_object;
};

Result<void> read_kind(Tokenizer& in, Review& review) {
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return {};
    if (*key == "group") {
      SLUICE_TRY(review.group, short_string(in));
    } else if (*key == "kind") {
      SLUICE_TRY(review.kind, short_string(in));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
}

Result<void> read_request(Tokenizer& in, std::string_view body, Review& review, Parts& parts) {
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return {};
    std::string* const text = *key == "uid"           ? &review.uid
                              : *key == "operation"   ? &review.operation
                              : *key == "namespace"   ? &review.name_space
                              : *key == "name"        ? &review.name
                              : *key == "subResource" ? &review.sub_resource
                                                      : nullptr;
    if (text != nullptr) {
      SLUICE_TRY(*text, short_string(in));
    } else if (*key == "kind") {
      SLUICE_CHECK(read_kind(in, review));
    } else if (*key == "object") {
      SLUICE_TRY(const auto slice, in.skip());
      parts.object = slice.in(body);
    } else if (*key == "oldObject") {
      SLUICE_TRY(const auto slice, in.skip());
      parts.old_object = slice.in(body);
    } else if (*key == "dryRun") {
      review.dry_run = in.next() == Token::boolean && in.boolean();
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
}

Result<void> read_envelope(std::string_view body, Review& review, Parts& parts) {
  Tokenizer in(body, {.bytes = kMaxReview});
  std::string version;
  std::string kind;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "apiVersion") {
      SLUICE_TRY(version, short_string(in));
    } else if (*key == "kind") {
      SLUICE_TRY(kind, short_string(in));
    } else if (*key == "request") {
      SLUICE_CHECK(read_request(in, body, review, parts));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  SLUICE_CHECK(in.finish());
  if (kind != "AdmissionReview") return fail(Errc::malformed, "this is no AdmissionReview");
  if (version != "admission.k8s.io/v1") {
    return fail(Errc::unsupported,
                cat("AdmissionReview of \"", printable(version, 60),
                    "\"; admission.k8s.io/v1 is known here: say so in admissionReviewVersions"));
  }
  if (review.uid.empty()) return fail(Errc::malformed, "the review has no request with a uid");
  return {};
}

// Of what is there already, in the same place, nothing new comes; what is left has to be looked at.
void drop_unchanged(Review& review, std::vector<ImageUse> old) {
  std::ranges::sort(old);
  const std::size_t before = review.images.size();
  std::erase_if(review.images,
                [&](const ImageUse& use) { return std::ranges::binary_search(old, use); });
  review.unchanged = before - review.images.size();
}

void read_images(Review& review, const Parts& parts) {
  const auto* const kind = std::ranges::find_if(kKinds, [&](const KnownKind& known) {
    return known.group == review.group && known.kind == review.kind;
  });
  if (kind == kKinds.end()) {
    review.trouble = cat("where a ", printable(review.kind, 100), " of \"",
                         printable(review.group, 100), "\" keeps its images is not known here");
    return;
  }
  auto images = images_of(parts.object, *kind);
  if (!images) {
    review.trouble = cat("its images cannot be read: ", images.error().what);
    return;
  }
  review.images = *std::move(images);
  if (review.images.empty()) review.trouble = "it names no container";
  if (review.operation != "UPDATE") return;
  // An old object that cannot be read vouches for nothing.
  if (auto old = images_of(parts.old_object, *kind)) drop_unchanged(review, *std::move(old));
}

}  // namespace

Result<Review> parse_review(std::string_view body) {
  Review review;
  Parts parts;
  SLUICE_CHECK(read_envelope(body, review, parts));
  review.brings_no_images =
      review.operation == "DELETE" || review.operation == "CONNECT" ||
      std::ranges::find(kWithoutImages, review.sub_resource) != kWithoutImages.end();
  if (review.brings_no_images) return review;
  if (review.operation != "CREATE" && review.operation != "UPDATE") {
    review.trouble =
        cat("the operation \"", printable(review.operation, 60), "\" is not known here");
    return review;
  }
  read_images(review, parts);
  return review;
}

std::string subject_of(const Review& review) {
  std::string out = printable(review.kind, 100);
  if (!review.sub_resource.empty()) out += cat("/", printable(review.sub_resource, 100));
  out += ' ';
  if (!review.name_space.empty()) out += cat(printable(review.name_space, 300), "/");
  return out + (review.name.empty() ? std::string("(not named yet)") : printable(review.name, 300));
}

}  // namespace sluice::admission
