// SPDX-License-Identifier: Apache-2.0
// An object in parts: begun, sent part by part, and there only once it is completed; and read in
// ranges.
#include <charconv>

#include "base/markup.h"
#include "base/text.h"
#include "tufrepo/s3_client.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kUploadIdMost = 2'048;
constexpr std::size_t kEtagMost = 256;

std::string list_of_parts(const std::vector<std::string>& etags) {
  std::string out = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    out += cat("<Part><PartNumber>", i + 1, "</PartNumber><ETag>", escaped_markup(etags[i]),
               "</ETag></Part>");
  }
  return out + "</CompleteMultipartUpload>";
}

// "bytes 0-99/1234": of how many.
std::optional<std::uint64_t> whole_size(std::string_view content_range) {
  const auto slash = content_range.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto text = content_range.substr(slash + 1);
  std::uint64_t out = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

Result<std::string> S3Client::begin_parts(const std::string& key) const {
  auto answer =
      http_.send(request("POST", place().path_of(key), {{"uploads", ""}}, "", stored_headers(key)));
  if (!answer) return fail(no_answer(std::move(answer).error()));
  const std::string doing = cat("beginning ", printable(key, 300));
  if (answer->status != 200) return fail(refusal(*answer, doing));
  SLUICE_TRY(const XmlElement root, within(parse_xml(answer->body), doing));
  std::string id = root.text_of("UploadId");
  if (root.name != "InitiateMultipartUploadResult" || id.empty() || id.size() > kUploadIdMost) {
    return fail(Errc::malformed, cat(shown(), ": ", doing, " was answered without an upload's id"));
  }
  return id;
}

Result<std::vector<std::string>> S3Client::put_parts(const PartedUpload& upload,
                                                     std::size_t first_number,
                                                     std::vector<std::string> parts) const {
  std::vector<HttpRequest> requests;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    requests.push_back(
        request("PUT", place().path_of(upload.key),
                {{"partNumber", std::to_string(first_number + i)}, {"uploadId", upload.id}},
                std::move(parts[i]), {}));
  }
  auto answers = http_.send_all(requests);
  std::vector<std::string> out;
  for (auto& answer : answers) {
    if (!answer) return fail(no_answer(std::move(answer).error()));
    const std::string doing = cat("writing a part of ", printable(upload.key, 300));
    if (answer->status != 200) return fail(refusal(*answer, doing));
    const std::string etag = answer->header("etag").value_or("");
    if (etag.empty() || etag.size() > kEtagMost) {
      return fail(Errc::malformed, cat(shown(), ": ", doing, " was answered without an ETag"));
    }
    out.push_back(etag);
  }
  return out;
}

Result<S3Client::Stored> S3Client::complete_parts(const PartedUpload& upload,
                                                  const std::vector<std::string>& etags,
                                                  const S3Condition& condition) const {
  Headers headers;
  add_condition(headers, condition);
  auto answer = http_.send(request("POST", place().path_of(upload.key), {{"uploadId", upload.id}},
                                   list_of_parts(etags), std::move(headers)));
  // A store may say 200 before it knows, and what went wrong in the answer's text: only a text that
  // says that it is done is an answer.
  if (answer && answer->status == 200) {
    const auto said = parse_xml(answer->body);
    if (!said || said->name != "CompleteMultipartUploadResult") {
      const bool taken = said && said->text_of("Code") == "PreconditionFailed";
      answer->status = taken ? 412 : 500;
    }
  }
  return stored(std::move(answer), upload.key);
}

Result<void> S3Client::abort_parts(const PartedUpload& upload) const {
  auto answer =
      http_.send(request("DELETE", place().path_of(upload.key), {{"uploadId", upload.id}}, "", {}));
  if (!answer) return fail(no_answer(std::move(answer).error()));
  const int status = answer->status;
  if (status == 404 || (status >= 200 && status < 300)) return {};
  return fail(refusal(*answer, cat("giving up ", printable(upload.key, 300))));
}

Result<std::optional<S3Client::Range>> S3Client::get_range(const std::string& key,
                                                           std::uint64_t from,
                                                           std::size_t count) const {
  HttpRequest ask = request("GET", place().path_of(key), {}, "",
                            {{"range", cat("bytes=", from, "-", from + count - 1)}});
  ask.budget.max_body = std::max<std::size_t>(count, 256U << 10);
  ask.budget.total = time_for(count);
  auto answer = http_.send(ask);
  if (!answer) return fail(no_answer(std::move(answer).error()));
  if (answer->status == 404 && parse_s3_error(answer->body).code != "NoSuchBucket") {
    return std::nullopt;
  }
  if (answer->status == 416) return Range{};  // it ends before
  if (answer->status != 206) return fail(refusal(*answer, cat("reading ", printable(key, 300))));
  const auto whole = whole_size(answer->header("content-range").value_or(""));
  if (!whole || answer->body.size() > count) {
    return fail(Errc::malformed, cat(shown(), ": a range that is not the one asked for"));
  }
  return Range{std::move(answer->body), *whole};
}

}  // namespace sluice::tuf
