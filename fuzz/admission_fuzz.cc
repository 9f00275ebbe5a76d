// SPDX-License-Identifier: Apache-2.0
// Reviews and references to images, as strangers may write them.
#include <cstdint>
#include <cstdlib>

#include "admission/admit.h"
#include "base/bytes.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text = text_of({data, size});
  if (const auto image = admission::parse_image(text)) {
    // What is read is written in one form, which is read as the same again.
    const std::string whole = image->repository + (image->tag.empty() ? "" : ":" + image->tag) +
                              (image->digest ? "@" + image->digest->text() : std::string());
    const auto again = admission::parse_image(whole);
    require(again && again->repository == image->repository && again->tag == image->tag &&
            again->digest == image->digest);
    require(admission::same_repository(whole, *image));
  }
  if (const auto review = admission::parse_review(text)) {
    require(!review->uid.empty());
    // Without trust and evidence nothing with images is ever allowed.
    const auto policy = policy::parse(policy::builtin_text(), "built in");
    const admission::Trust trust{
        .policy = *policy, .signatories = {{"default", {}}}, .revoked = {}};
    const auto admission = admission::admit(*review, {.environment = "default"}, trust, {}, {});
    require(!admission.allowed || review->brings_no_images || review->images.empty());
    require(json::parse_strict(admission::answer_of(*review, admission)).has_value());
  }
  return 0;
}
