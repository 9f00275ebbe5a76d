// SPDX-License-Identifier: Apache-2.0
#include "signing/tsa_client.h"

#include "base/text.h"
#include "x509/request.h"

namespace sluice::sigstore {

namespace {

constexpr std::string_view kReplyType = "application/timestamp-reply";

Check& refuse_time(Report& report, std::string detail, std::string expected, std::string found) {
  Check& check = report.fail("sign.timestamp.stale", "timestamp authority", std::move(detail));
  check.expected = std::move(expected);
  check.found = std::move(found);
  return check;
}

// Its time is that of the exchange, by our clock. One that is far off is refused before the bundle
// is: by a clock that is wrong the certificate would have been refused already.
bool judge_moment(Time stamped, std::pair<Time, Time> between, const std::string& source,
                  Report& report) {
  const Time from = between.first - kClockSkew;
  const Time to = between.second + kClockSkew;
  if (stamped >= from && stamped <= to) return true;
  const bool old = stamped < from;
  const auto apart = old ? between.first - stamped : stamped - between.second;
  Check& check =
      refuse_time(report,
                  cat("the time that it stamped is ", human_duration(apart),
                      old ? " before" : " after", " that of this machine"),
                  cat("between ", human_time(from), " and ", human_time(to)), human_time(stamped));
  check.source = source;
  check.advice = "is this machine's clock right? If it is, the service's is not";
  return false;
}

}  // namespace

Result<StampQuestion> stamp_question(std::string_view url, ByteView signature, Random& random,
                                     const ServicePatience& patience) {
  SLUICE_TRY(std::string whole, service_url(url, ""));
  auto question =
      x509::timestamp_question(crypto::digest_of(crypto::HashAlgorithm::sha256, signature), random);
  StampQuestion out;
  out.request = json_post(std::move(whole), std::string(text_of(question.der)), patience);
  out.request.headers = {{"Content-Type", "application/timestamp-query"},
                         {"Accept", std::string(kReplyType)}};
  out.request.budget.max_body = x509::kTimestampMost;
  out.nonce = std::move(question.nonce);
  return out;
}

Answered<x509::Timestamp> read_stamp_answer(std::string_view url, Result<HttpResponse> answer) {
  auto response = sort_answer(kStamperRole, url, std::move(answer), is_created);
  if (!response) return std::unexpected(std::move(response).error());
  auto stamp = x509::Timestamp::from_reply(bytes_of(response->body));
  if (stamp) return *std::move(stamp);
  Error why = stamp.error();
  const bool page = is_page(response->body);
  if (page) why = {Errc::malformed, "it answered with a page of HTML where a timestamp is due"};
  Trouble out = broken_answer(kStamperRole, *response, why);
  if (page) out.check.advice = kPageAdvice;
  out.check.expected = std::string(kReplyType);
  out.check.source = printable(url, 200);
  return std::unexpected(std::move(out));
}

Result<std::optional<x509::VerifiedTime>> judge_stamp(const x509::Timestamp& stamp,
                                                      const StampRules& rules,
                                                      const std::string& source, Report& report) {
  const auto refuse = [&](Check check) {
    if (check.source.empty()) check.source = source;
    append_as_signing(report, check);
    return std::nullopt;
  };
  if (rules.nonce) {
    if (auto answers = x509::answers_question(stamp, *rules.nonce); !answers) {
      return refuse(std::move(answers).error());
    }
  }
  SLUICE_TRY(const auto stampers, rules.trust.stampers_for(stamp));
  auto verified = x509::verify_timestamp(stamp, rules.signature, stampers, rules.memo);
  if (!verified) return refuse(std::move(verified).error());
  if (rules.between && !judge_moment(verified->time, *rules.between, source, report)) {
    return std::nullopt;
  }
  report.pass("sign.timestamp", "timestamp authority", verified->detail());
  return *std::move(verified);
}

}  // namespace sluice::sigstore
