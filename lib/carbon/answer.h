// SPDX-License-Identifier: Apache-2.0
// For the providers of this room: one question over HTTP, and what its answer may look like.
#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "carbon/intensity.h"
#include "json/value.h"

namespace sluice::carbon {

struct Question {
  std::string_view whom;  // for messages: "Electricity Maps"
  HttpRequest request;
  Trouble bad_request = Trouble::malformed;   // what a 400 or 422 means
  Trouble empty_answer = Trouble::malformed;  // what a 200 without content means
};

// The document that is answered. Asks a second time, and no third, where there was no answer or one
// of 5xx, and after a 401 to a request with a token, which can mean too many requests. No redirect
// is followed.
[[nodiscard]] Answer<json::Value> ask(Http& http, Question question);

// A number of grams; nothing where it is null.
[[nodiscard]] Result<std::optional<Intensity>> intensity_in(const json::Fields& object,
                                                            std::string_view key);
// RFC 3339; the seconds may be left out ("2030-01-15T09:00Z").
[[nodiscard]] Result<Time> time_in(const json::Fields& object, std::string_view key);

}  // namespace sluice::carbon
