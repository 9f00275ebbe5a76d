// SPDX-License-Identifier: Apache-2.0
// sluice verify --batch: JSON lines in, JSON lines out, in the same order. A line that is there is
// answered without a wait for the next: whoever writes one may wait for its answer.
#include "base/limits.h"
#include "base/parallel.h"
#include "base/text.h"
#include "exit.h"
#include "json/value.h"
#include "report/report.h"
#include "settings.h"
#include "verify_plan.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kLineMost = 64U << 10;
constexpr std::size_t kRound = 256;  // lines that are worked on together

struct Line {
  std::size_t number;
  std::string text;
};

struct Answered {
  std::string text;
  int code = kDone;
};

// Hands out the lines of a source, however long it is.
class LineReader {
 public:
  explicit LineReader(ByteSource& source) : source_(source), buffer_(256U << 10) {}

  // Would next() come back without a wait for more input?
  bool ready() const { return ended_ || pending_.find('\n', at_) != std::string::npos; }

  // Nothing at the end. A line that is too long is an error: what follows it has no place.
  Result<std::optional<Line>> next() {
    for (;;) {
      const auto end = pending_.find('\n', at_);
      if (end != std::string::npos) return line(end, end + 1);
      if (ended_) {
        if (at_ == pending_.size()) return std::nullopt;
        return line(pending_.size(), pending_.size());
      }
      if (pending_.size() - at_ > kLineMost) return too_long();
      pending_.erase(0, at_);
      at_ = 0;
      SLUICE_TRY(const std::size_t got, source_.read(buffer_));
      ended_ = got == 0;
      pending_.append(text_of(ByteView(buffer_).first(got)));
    }
  }

 private:
  Result<std::optional<Line>> line(std::size_t end, std::size_t after) {
    if (end - at_ > kLineMost) return too_long();
    Line out{++number_, pending_.substr(at_, end - at_)};
    at_ = after;
    return out;
  }
  Result<std::optional<Line>> too_long() const {
    return fail(Errc::limit, cat("line ", number_ + 1, " is longer than ", human_bytes(kLineMost)));
  }

  ByteSource& source_;
  std::vector<std::uint8_t> buffer_;
  std::string pending_;
  std::size_t at_ = 0;
  std::size_t number_ = 0;
  bool ended_ = false;
};

struct Question {
  json::Value id;  // of the caller's, handed back
  sigstore::Artifact artifact{Path()};
  std::vector<std::string> bundles;
};

Result<Question> read_question(const Line& line) {
  SLUICE_TRY(const auto value, json::parse_strict(line.text, {.bytes = kLineMost}));
  const json::Fields fields(value, cat("line ", line.number));
  SLUICE_CHECK(fields.only({"id", "artifact", "bundle", "bundles"}));
  Question out;
  if (const auto* id = fields.optional("id")) out.id = *id;
  SLUICE_TRY(const std::string name, fields.string("artifact"));
  SLUICE_TRY(out.artifact, artifact_named(name));
  if (fields.has("bundle")) {
    SLUICE_TRY(auto bundle, fields.string("bundle"));
    out.bundles.push_back(std::move(bundle));
  }
  if (fields.has("bundles")) {
    SLUICE_TRY(const auto list, fields.array("bundles", 64));
    for (const auto& each : list) {
      SLUICE_TRY(auto bundle, each.as_string());
      out.bundles.push_back(std::move(bundle));
    }
  }
  for (const auto& bundle : out.bundles) {
    if (bundle == "-") return fail(Errc::usage, cat("line ", line.number, ": - is no file"));
  }
  return out;
}

Result<Report> answer_question(const Invocation& in, const Plan& plan, const Question& question) {
  SLUICE_CHECK(check_plain(in, question.artifact));
  std::vector<BundleText> texts;
  for (const auto& name : question.bundles) {
    SLUICE_TRY(auto text, in.world.files.read_plain(name, limits::kBundleFile, Links::followed));
    texts.push_back({std::move(text), shown(Path(name))});
  }
  if (texts.empty()) {
    SLUICE_TRY(auto text, bundle_beside(in, question.artifact));
    texts.push_back(std::move(text));
  }
  if (texts.size() > 1 || plan.signers > 1) {
    return verify_together(in, plan, question.artifact, std::move(texts));
  }
  SLUICE_TRY(const auto verdict, verify_one(in, plan, question.artifact, std::move(texts.front())));
  return verdict.report();
}

std::string finished(json::Value out, const Line& line, const json::Value& id) {
  out.set("line", static_cast<std::int64_t>(line.number));
  if (!id.is(json::Value::Kind::null)) out.set("id", id);
  return json::write(out) + "\n";
}

Answered answer_line(const Invocation& in, const Plan& plan, const Line& line) {
  auto question = read_question(line);
  const json::Value id = question ? question->id : json::Value();
  const auto report =
      question ? answer_question(in, plan, *question) : Result<Report>(fail(question.error()));
  if (!report) {
    return {finished(report::as_json(report.error(), ""), line, id),
            exit_code(report.error().code)};
  }
  return {finished(verification_json(*report), line, id), report->passed() ? kDone : kRefused};
}

// A refusal weighs more than what could not be decided.
int worse(int one, int other) {
  if (one == kRefused || other == kRefused) return kRefused;
  return one == kDone ? other : one;
}

}  // namespace

Result<int> verify_batch(Invocation& in, const Plan& plan, const std::string& file) {
  std::unique_ptr<ByteSource> source;
  if (file == "-") {
    source = standard_input();
  } else {
    SLUICE_TRY(source, in.world.files.open(file));
  }
  LineReader lines(*source);
  int worst = kDone;
  std::size_t count = 0;
  std::optional<Error> broken;
  for (bool more = true; more;) {
    std::vector<Line> round;
    while (round.size() < kRound && more && (round.empty() || lines.ready())) {
      auto line = lines.next();
      if (!line) {  // what was read before is answered all the same
        broken = std::move(line).error();
        more = false;
        break;
      }
      more = line->has_value();
      if (more && !trim((*line)->text).empty()) round.push_back(**std::move(line));
    }
    std::vector<Answered> answers(round.size());
    for_each_parallel(round.size(), plan.threads,
                      [&](std::size_t i) { answers[i] = answer_line(in, plan, round[i]); });
    for (const Answered& answer : answers) {
      SLUICE_CHECK(in.console.print(answer.text));
      worst = worse(worst, answer.code);
    }
    count += round.size();
  }
  if (broken) return fail(*std::move(broken));
  if (count == 0) return fail(Errc::usage, "the batch is empty: nothing was verified");
  return worst;
}

}  // namespace sluice::cli
