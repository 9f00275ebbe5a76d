// SPDX-License-Identifier: Apache-2.0
// Every fault of every service that signing asks, over real sockets: how it ends, what it has cost,
// and what the user reads. The table in docs/signing-faults.md is made of what happens here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "cmd/served_sigstore.h"
#include "support/program.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using test::busy_fault;
using test::Fault;
using test::FaultyFront;
using test::has;
using test::Told;

using Words = std::vector<std::string>;

constexpr seconds kGivenUp{31};  // longer than one request may take

enum class Asked : std::uint8_t { fulcio, stamps, rekor_v1, rekor_v2 };

struct Row {
  Asked service;
  std::string what;  // the fault, for people
  Fault::Kind kind = Fault::Kind::none;
  test::ServedAnswer instead = {};
  Fault reads = {};     // what those meet that only read
  bool always = false;  // else the first time alone
  bool gone = false;    // nobody listens
  Words options = {};
  // What has to come of it.
  int code = 0;
  std::string says = {};   // part of what the user reads
  std::string check = {};  // the one that failed
  std::size_t certificates = 1;
  std::size_t entries = 1;
};

// The log has the entry, its answer was lost, and what it has cannot be read.
std::vector<Row> unread_rows(Asked log) {
  Row row{.service = log, .what = "the answer lost, then 503 for the entry that is there"};
  row.kind = Fault::Kind::lost;
  row.reads = busy_fault(503);
  row.code = 3;
  row.says = "it has this entry already, which cannot be got";
  Row page = row;
  page.what = "the answer lost, then HTML for the entry that is there";
  page.reads = test::page_fault();
  page.code = 1;
  page.says = "which cannot be got: it answered with a page of HTML";
  page.check = "sign.log.duplicate";
  return {row, page};
}

Row with(Row row, const Fault& fault) {
  row.kind = fault.kind;
  row.instead = fault.instead;
  return row;
}

std::string_view name_of(Asked service) {
  switch (service) {
    case Asked::fulcio:
      return "certificate authority";
    case Asked::stamps:
      return "timestamp authority";
    case Asked::rekor_v1:
      return "log, Rekor v1";
    case Asked::rekor_v2:
      break;
  }
  return "log, Rekor v2";
}

std::string_view prefix_of(Asked service) {
  if (service == Asked::fulcio) return "sign.certificate";
  return service == Asked::stamps ? "sign.timestamp" : "sign.log";
}

bool is_log(Asked service) { return service == Asked::rekor_v1 || service == Asked::rekor_v2; }

// What all services may do, and what comes of it.
std::vector<Row> rows_of(Asked service) {
  const bool log = is_log(service);
  // Without a certificate nothing is recorded; without a timestamp the log may have been faster.
  const std::size_t none = service == Asked::fulcio ? 0 : 1;
  const std::size_t entries_then = log ? 0 : none;
  const std::size_t lost_certificates = service == Asked::fulcio ? 2 : 1;
  const std::string id(prefix_of(service));
  const auto row = [&](std::string what) {
    return Row{.service = service, .what = std::move(what)};
  };
  std::vector<Row> out;

  Row slow = row("no answer within 30 s, once");
  slow.kind = Fault::Kind::held;
  slow.certificates = lost_certificates;
  slow.says = "signed  file";
  out.push_back(slow);
  slow.what = "no answer within 30 s, ever";
  slow.always = true;
  slow.code = 3;
  slow.certificates = service == Asked::fulcio ? 4 : 1;
  slow.entries = service == Asked::fulcio ? 0 : 1;
  slow.says = "(4 tries)";
  out.push_back(slow);

  Row lost = row("connection reset after the work was done, once");
  lost.kind = Fault::Kind::lost;
  lost.certificates = lost_certificates;
  lost.says = "signed  file";
  out.push_back(lost);

  Row reset = row("connection reset, always");
  reset.kind = Fault::Kind::reset;
  reset.always = true;
  reset.code = 3;
  reset.certificates = none;
  reset.entries = entries_then;
  reset.says = "broke off";
  out.push_back(reset);

  Row busy = with(row("429 with Retry-After: 7, once"), busy_fault(429, {{"Retry-After", "7"}}));
  busy.says = "signed  file";
  out.push_back(busy);
  busy = with(row("429 with Retry-After: 600, always"), busy_fault(429, {{"Retry-After", "600"}}));
  busy.always = true;
  busy.code = 3;
  busy.certificates = none;
  busy.entries = entries_then;
  busy.says = "it answered 429, and asks to come back in 10 min";
  out.push_back(busy);

  Row down = with(row("503, once"), busy_fault(503));
  down.says = "signed  file";
  out.push_back(down);
  down.what = "503, always";
  down.always = true;
  down.code = 3;
  down.certificates = none;
  down.entries = entries_then;
  down.says = "it answered 503 (5 tries)";
  out.push_back(down);

  Row cut = row("the answer ends in its middle, once");
  cut.kind = Fault::Kind::truncated;
  cut.certificates = lost_certificates;
  cut.says = "signed  file";
  out.push_back(cut);

  Row page = with(row("a page of HTML with status 200, always"), test::page_fault());
  page.always = true;
  page.code = 1;
  page.certificates = none;
  page.entries = entries_then;
  page.says = cat("it answered with a page of HTML where ",
                  service == Asked::stamps ? "a timestamp" : "JSON", " is due");
  page.check = cat(id, ".answer");
  out.push_back(page);

  Row refused = row("connection refused");
  refused.gone = true;
  refused.code = 3;
  refused.certificates = none;
  refused.entries = entries_then;
  refused.says = "refuse";
  out.push_back(refused);
  return out;
}

std::vector<Row> all_rows() {
  std::vector<Row> out;
  for (const Asked service : {Asked::fulcio, Asked::stamps, Asked::rekor_v1, Asked::rekor_v2}) {
    for (Row& row : rows_of(service)) out.push_back(std::move(row));
    if (!is_log(service)) continue;
    for (Row& row : unread_rows(service)) out.push_back(std::move(row));
  }
  Row without{.service = Asked::rekor_v2, .what = "connection refused, with --allow-no-log"};
  without.gone = true;
  without.options = {"--allow-no-log"};
  without.entries = 0;
  without.says = "without an entry in a log";
  out.push_back(without);
  without.service = Asked::stamps;
  without.what = "connection refused, with --allow-no-timestamp (Rekor v1)";
  without.options = {"--allow-no-timestamp"};
  without.entries = 1;
  without.says = "without a timestamp";
  out.push_back(without);
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

class SignFaults : public testing::Test {
 protected:
  SignFaults() {
    here_.environment.values["HOME"] = folder_.path().native();
    folder_.write("root.json", here_.services.trusted_root());
    folder_.write("file", "an artifact");
  }

  FaultyFront& front(Asked service) {
    switch (service) {
      case Asked::fulcio:
        return here_.fulcio;
      case Asked::stamps:
        return here_.stamps;
      case Asked::rekor_v1:
        return here_.rekor_v1;
      case Asked::rekor_v2:
        break;
    }
    return here_.rekor_v2;
  }
  std::size_t entries() const {
    return here_.services.rekor_v1.size() + here_.services.rekor_v2.size();
  }
  Told sign(int log_version, const Words& more) {
    folder_.write("config.json", here_.signing_config(log_version));
    here_.environment.values["SIGSTORE_ID_TOKEN"] = here_.token();
    Words words = {"sign", "--signing-config", (folder_ / "config.json").native(), "--trusted-root",
                   (folder_ / "root.json").native()};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back((folder_ / "file").native());
    return here_.call("sluice", words);
  }
  // One that is held moves the clock on, once the other service of the round has been heard.
  void hold(FaultyFront& held, Asked service, int log_version) {
    FaultyFront* other = is_log(service)    ? &here_.stamps
                         : log_version == 1 ? &here_.rekor_v1
                                            : &here_.rekor_v2;
    const std::size_t answers = other->read() + 1;
    held.while_held = [this, other, answers, service] {
      if (service != Asked::fulcio) other->wait_until_read(answers);
      here_.clock.advance(kGivenUp);
    };
  }
  // Once more, for programs.
  void expect_check(int log_version, const std::string& id) {
    const Told told = sign(log_version, {"--output", "json"});
    EXPECT_EQ(told.code, 1);
    const auto report = json::parse_strict(told.out);
    ASSERT_TRUE(report) << told.all();
    std::string failed;
    for (const json::Value& check : *report->find("checks")->array()) {
      if (*check.find("outcome")->string() == "fail") failed = *check.find("id")->string();
    }
    EXPECT_EQ(failed, id) << told.out;
  }
  // Ports and folders are another time others.
  std::string as_read(const std::string& text) const {
    std::string out = replaced(text, folder_.path().native() + "/", "");
    for (const auto& [front, name] :
         {std::pair{&here_.fulcio, "ca"}, std::pair{&here_.stamps, "stamps"},
          std::pair{&here_.rekor_v1, "log1"}, std::pair{&here_.rekor_v2, "log2"}}) {
      const std::string url = front->url();
      out = replaced(out, url, cat("http://", name, ".example.org"));
      out =
          replaced(out, url.substr(std::string_view("http://").size()), cat(name, ".example.org"));
      out = replaced(out, url.substr(url.rfind(':') + 1), "PORT");
    }
    return out;
  }

  test::TempFolder folder_;
  test::ServedSigstore here_;
};

std::string line_of_table(const Row& row, const std::string& read) {
  std::string told;
  for (const auto line : split(read, '\n')) {
    if (trim(line).empty() || trim(line).starts_with("ok ")) continue;
    told += cat(told.empty() ? "" : "<br>", "`", trim(line), "`");
  }
  const std::string check = row.check.empty() ? "" : cat("`", row.check, "`");
  return cat("| ", name_of(row.service), " | ", row.what, " | ", row.code, " | ", check, " | ",
             row.certificates, " | ", row.entries, " | ", told, " |\n");
}

constexpr std::string_view kHead =
    R"(# Bad days of signing, and what you read

One file is signed, keyless, with one log and one timestamp authority. This table is what the program says, word
for word, but for addresses and ports: `tests/cmd/sign_faults_test.cc` makes each fault happen over real sockets, and
compares. [What is done about them](signing.md) is told elsewhere.

Of a refusal the checks that passed are left out here. Exit codes: 0 signed; 1 refused, an answer that is none; 3 could not be decided. Certificates and entries count what
the services made, also where their answer was lost.

| service | fault | exit | check | certificates | entries | what you read |
|---|---|---|---|---|---|---|
)";

TEST_F(SignFaults, EndAsTheTableSays) {
  std::string table(kHead);
  for (const Row& row : all_rows()) {
    SCOPED_TRACE(cat(name_of(row.service), ": ", row.what));
    const int version = row.service == Asked::rekor_v1 || has(row.what, "v1") ? 1 : 2;
    FaultyFront& faulty = front(row.service);
    const Fault fault{row.kind, row.instead};
    const auto arrange = [&] {
      faulty.meet({fault}, row.always ? fault : Fault{});
      faulty.meet_reads(row.reads);
    };
    arrange();
    hold(faulty, row.service, version);
    if (row.gone) faulty.down();
    const auto certificates = here_.services.fulcio.issued();
    const auto before = entries();
    const auto began = here_.clock.passed();
    const Told told = sign(version, row.options);
    const auto took = here_.clock.passed() - began;
    if (row.gone) faulty.up();

    EXPECT_EQ(told.code, row.code) << told.all();
    const std::string read = as_read(told.all());
    EXPECT_TRUE(has(read, row.says)) << told.all();
    EXPECT_EQ(here_.services.fulcio.issued() - certificates, row.certificates);
    EXPECT_EQ(entries() - before, row.entries);
    const bool written = std::filesystem::exists(folder_ / "file.sigstore.json");
    EXPECT_EQ(written, row.code == 0);
    if (row.code != 0) {
      EXPECT_TRUE(has(told.err, "nothing was written")) << told.all();
    }
    if (has(row.what, "Retry-After: 7,")) {
      EXPECT_GE(took, seconds(7));
    }
    if (has(row.what, "Retry-After: 600")) {
      EXPECT_LT(took, seconds(60));
    }
    std::filesystem::remove(folder_ / "file.sigstore.json");
    table += line_of_table(row, read);
    if (!row.check.empty()) {
      arrange();
      expect_check(version, row.check);
    }
    faulty.meet({});
    faulty.meet_reads({});
  }
  const Path page = Path(SLUICE_SOURCE_DIR) / "docs/signing-faults.md";
  if (std::getenv("SLUICE_WRITE_DOCS") != nullptr) {
    ASSERT_TRUE(system_files().replace(page, table));
  }
  EXPECT_EQ(test::read_file(page), table)
      << "what is read has changed: SLUICE_WRITE_DOCS=1 writes the page anew; read it";
}

// The log dies between the certificate and the entry. With a journal the next run goes on.
TEST_F(SignFaults, ALogThatDiedIsGoneOnWithWithoutASecondCertificate) {
  const Words journal = {"--journal", (folder_ / "journal").native()};
  for (const int version : {1, 2}) {
    FaultyFront& log = version == 1 ? here_.rekor_v1 : here_.rekor_v2;
    folder_.write("file", cat("an artifact for ", version));
    const auto certificates = here_.services.fulcio.issued();
    const auto before = entries();
    const auto stamped = here_.services.stamps.requests();
    log.down();
    const Told died = sign(version, journal);
    EXPECT_EQ(died.code, 3) << died.all();
    EXPECT_TRUE(has(died.err, "the journal has what was obtained: run the same command again"));
    EXPECT_EQ(entries(), before);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "file.sigstore.json"));

    log.up();
    const Told resumed = sign(version, journal);
    EXPECT_EQ(resumed.code, 0) << resumed.all();
    EXPECT_TRUE(has(resumed.err, "the journal had 1 of 1 signatures")) << resumed.all();
    EXPECT_EQ(here_.services.fulcio.issued(), certificates + 1);
    EXPECT_EQ(here_.services.stamps.requests(), stamped + 1);
    EXPECT_EQ(entries(), before + 1);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "journal"));
    std::filesystem::remove(folder_ / "file.sigstore.json");
  }
}

// The log takes the entry, dies before it says so, and comes back.
TEST_F(SignFaults, AnEntryOfALogThatDiedIsFoundAgain) {
  const Words journal = {"--journal", (folder_ / "journal").native()};
  for (const int version : {1, 2}) {
    FaultyFront& log = version == 1 ? here_.rekor_v1 : here_.rekor_v2;
    folder_.write("file", cat("an artifact for ", version));
    const auto certificates = here_.services.fulcio.issued();
    const auto before = entries();
    log.meet({Fault{Fault::Kind::lost}}, Fault{Fault::Kind::reset});
    EXPECT_EQ(sign(version, journal).code, 3);
    EXPECT_EQ(entries(), before + 1);
    log.meet({});
    const Told resumed = sign(version, journal);
    EXPECT_EQ(resumed.code, 0) << resumed.all();
    EXPECT_EQ(here_.services.fulcio.issued(), certificates + 1);
    EXPECT_EQ(entries(), before + 1);
    std::filesystem::remove(folder_ / "file.sigstore.json");
  }
}

}  // namespace
}  // namespace sluice
