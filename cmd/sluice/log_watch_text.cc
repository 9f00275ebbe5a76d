// SPDX-License-Identifier: Apache-2.0
// What `sluice log watch` found, as text and as JSON.
#include "base/text.h"
#include "log_watch.h"

namespace sluice::cli {

namespace {

using sigstore::EntryFinding;
using sigstore::LogAlert;

constexpr std::string_view kAlertKind = "sluice.log-alert/v1";
constexpr std::string_view kWatchKind = "sluice.log-watch/v1";

json::Value json_number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

bool unread(const EntryFinding& finding) { return finding.why == EntryFinding::Why::unread; }

json::Value alert_head(std::string_view level, std::string id, const std::string& log, Time seen) {
  json::Value out;
  out.set("kind", kAlertKind);
  out.set("level", level);
  out.set("id", std::move(id));
  out.set("log", printable(log, 200));
  out.set("seen", rfc3339(seen));
  return out;
}

std::string in_red(std::string_view word, bool colour) {
  return colour ? cat("\x1b[31m", word, "\x1b[0m") : std::string(word);
}

std::string labelled(std::string_view label, std::string_view value) {
  if (value.empty()) return {};
  return cat("  ", label, std::string(13 - label.size(), ' '), value, "\n");
}

std::string counted(std::size_t count, std::string_view one, std::string_view several) {
  return cat(count, " ", count == 1 ? one : several);
}

std::string certificate_text(const EntryFinding& finding) {
  if (!finding.certificate) return {};
  const auto& validity = (*finding.certificate)->validity;
  return labelled("certificate", cat("valid ", human_time(validity.not_before), " to ",
                                     human_time(validity.not_after))) +
         labelled("chain", finding.chain_holds ? cat("holds, ", finding.chain)
                                               : cat("does not hold: ", finding.chain,
                                                     "; anybody can log such a certificate"));
}

}  // namespace

json::Value alert_json(const LogAlert& alert, const std::string& log, Time seen) {
  json::Value out = alert_head("grave", alert.id, log, seen);
  out.set("message", printable(alert.message));
  out.set("expected", printable(alert.expected, 2000));
  out.set("found", printable(alert.found, 2000));
  json::Value evidence;
  if (!alert.kept.empty()) evidence.set("kept", alert.kept);
  evidence.set("seen", alert.seen);
  out.set("checkpoints", std::move(evidence));
  return out;
}

json::Value finding_json(const EntryFinding& finding, const std::string& log, Time seen) {
  json::Value out = alert_head(unread(finding) ? "notice" : "match",
                               cat("entry.", sigstore::name(finding.why)), log, seen);
  out.set("message", join(finding.what, "; "));
  out.set("index", json_number(finding.index));
  if (finding.artifact) out.set("digest", finding.artifact->text());
  if (finding.key) out.set("key", finding.key->text());
  if (!finding.certificate) return out;
  const x509::Certificate& certificate = *finding.certificate;
  out.set("signer", sigstore::describe_signer(certificate));
  json::Value shown;
  shown.set("fingerprint", certificate.fingerprint().text());
  shown.set("not_before", rfc3339(certificate->validity.not_before));
  shown.set("not_after", rfc3339(certificate->validity.not_after));
  shown.set("chain_holds", finding.chain_holds);
  shown.set("chain", finding.chain);
  out.set("certificate", std::move(shown));
  return out;
}

std::string alert_text(const LogAlert& alert, const std::string& log, const std::string& evidence,
                       bool colour) {
  return cat(in_red("ALERT", colour), "     ", printable(log, 200), ": ", printable(alert.message),
             "  (", alert.id, ")\n", labelled("expected", printable(alert.expected, 2000)),
             labelled("found", printable(alert.found, 2000)), labelled("evidence", evidence),
             "  Nothing was taken over. Show the evidence to the log's operator, and to others who "
             "watch it.\n");
}

std::string finding_text(const EntryFinding& finding, const std::string& log, bool colour) {
  const std::string where = cat("entry ", finding.index, " of ", printable(log, 200), "\n");
  if (unread(finding))
    return cat("unread    ", where, labelled("because", join(finding.what, "; ")));
  std::string out = cat(in_red("ALERT", colour), "     ", where);
  for (const auto& what : finding.what) out += labelled("it is", what);
  if (finding.certificate) {
    out += labelled("signed by", sigstore::describe_signer(*finding.certificate));
  }
  out += certificate_text(finding);
  if (finding.artifact) out += labelled("digest", finding.artifact->text());
  if (finding.key) out += labelled("key", finding.key->text());
  return out;
}

json::Value summary_json(const LookSummary& summary, Time seen) {
  json::Value out;
  out.set("kind", kWatchKind);
  out.set("log", printable(summary.log, 200));
  out.set("seen", rfc3339(seen));
  out.set("size", json_number(summary.look.size));
  out.set("first", json_number(summary.look.first));
  out.set("end", json_number(summary.look.end));
  out.set("alerts", json_number(summary.alerts));
  out.set("unread", json_number(summary.unread));
  return out;
}

std::string summary_text(const LookSummary& summary, const std::string& watched_for) {
  std::string out = cat("watched   ", printable(summary.log, 200), ", ",
                        counted(summary.look.size, "entry", "entries"), "\n");
  if (summary.look.began) {
    out += "  begins here: what is older was not looked at\n";
  } else if (summary.look.first == summary.look.end) {
    out += "  nothing new\n";
  } else {
    out += cat("  new: ", counted(summary.look.end - summary.look.first, "entry", "entries"),
               " from ", summary.look.first, " on, all of them in the tree that the log signed\n");
  }
  if (summary.unread != 0) {
    out += cat("  ", counted(summary.unread, "entry", "entries"), " could not be read\n");
  }
  if (summary.alerts == 0) return out + cat("  none by ", watched_for, "\n");
  return out + cat("  ", counted(summary.alerts, "alert", "alerts"), "\n");
}

}  // namespace sluice::cli
