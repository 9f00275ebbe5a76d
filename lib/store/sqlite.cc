// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite.h"

#include <array>

#include "base/text.h"
#include "store/database.h"

namespace sluice::store {

namespace {

constexpr std::int64_t kApplication = 0x736C7563;  // "sluc"
constexpr std::size_t kMostRows = 100'000;

// What brings a store from version i to i + 1.
constexpr std::array<std::string_view, kSchemaVersion> kMigrations = {
    "CREATE TABLE decisions ("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,"
    " environment TEXT NOT NULL, verdict TEXT NOT NULL, subject TEXT NOT NULL,"
    " summary TEXT NOT NULL, policy_digest TEXT NOT NULL, record TEXT NOT NULL);"
    "CREATE INDEX decisions_at ON decisions (at);"
    "CREATE INDEX decisions_subject ON decisions (subject, at);",

    "CREATE TABLE outcomes ("
    " seq INTEGER PRIMARY KEY, decision INTEGER NOT NULL REFERENCES decisions (seq),"
    " at INTEGER NOT NULL, kind TEXT NOT NULL, note TEXT NOT NULL);"
    "CREATE INDEX outcomes_decision ON outcomes (decision);",

    "CREATE TABLE skips ("
    " seq INTEGER PRIMARY KEY, decision INTEGER NOT NULL REFERENCES decisions (seq),"
    " at INTEGER NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL);"
    "CREATE INDEX skips_decision ON skips (decision);"};

constexpr std::string_view kRowColumns =
    "id, at, environment, verdict, subject, summary, policy_digest";

// The columns of a row, and the last skip of each; a store before version 3 has none and is only
// read.
constexpr std::string_view kSelectRows =
    "SELECT d.id, d.at, d.environment, d.verdict, d.subject, d.summary, d.policy_digest,"
    " s.at, s.who, s.reason, d.record FROM decisions d LEFT JOIN skips s"
    " ON s.seq = (SELECT max(seq) FROM skips WHERE decision = d.seq)";
constexpr std::string_view kSelectOldRows =
    "SELECT d.id, d.at, d.environment, d.verdict, d.subject, d.summary, d.policy_digest,"
    " NULL, '', '', d.record FROM decisions d";
constexpr int kSkipColumn = 7;
constexpr int kRecordColumn = 10;

std::int64_t seconds_of(Time time) { return time.time_since_epoch().count(); }
Time time_of(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

Row row_of(const Statement& statement) {
  Row row{.id = statement.text(0),
          .at = time_of(statement.integer(1)),
          .environment = statement.text(2),
          .verdict = statement.text(3),
          .subject = statement.text(4),
          .summary = statement.text(5),
          .policy_digest = statement.text(6)};
  if (!statement.is_null(kSkipColumn)) {
    row.skipped = {.at = time_of(statement.integer(kSkipColumn)),
                   .who = statement.text(kSkipColumn + 1),
                   .reason = statement.text(kSkipColumn + 2)};
  }
  return row;
}

Result<void> check_version(std::int64_t version, const Path& path) {
  if (version <= kSchemaVersion) return {};
  return fail(Error{Errc::unsupported,
                    cat("the store ", shown(path), " has schema ", version,
                        "; this program knows up to ", kSchemaVersion),
                    {},
                    "use the newer sluice that wrote it"});
}

Result<void> check_ours(const Database& database, const Path& path) {
  SLUICE_TRY(const auto application, database.number("PRAGMA application_id"));
  if (application == kApplication) return {};
  SLUICE_TRY(const auto tables, database.number("SELECT count(*) FROM sqlite_master"));
  if (application == 0 && tables == 0) return {};
  // Another program may have made the store between the two questions.
  SLUICE_TRY(const auto again, database.number("PRAGMA application_id"));
  if (again == kApplication) return {};
  return fail(Errc::unsupported,
              cat(shown(path), " is a database, but none of sluice's decisions"));
}

// Looks again under the lock: two programs may have opened an old store at once.
Result<void> migrate(const Database& database, const Path& path, std::chrono::milliseconds wait) {
  SLUICE_CHECK(database.run_in_turn("PRAGMA journal_mode = WAL", wait));
  SLUICE_CHECK(database.run("PRAGMA synchronous = FULL"));
  SLUICE_CHECK(database.run("PRAGMA foreign_keys = ON"));
  SLUICE_TRY(auto before, database.number("PRAGMA user_version"));
  SLUICE_CHECK(check_version(before, path));
  if (before == kSchemaVersion) return {};
  SLUICE_TRY(auto transaction, Transaction::begin(database));
  SLUICE_TRY(const auto version, database.number("PRAGMA user_version"));
  SLUICE_CHECK(check_version(version, path));
  for (auto i = static_cast<std::size_t>(version); i < kMigrations.size(); ++i) {
    SLUICE_CHECK(database.run(kMigrations.at(i)));
  }
  SLUICE_CHECK(database.run(cat("PRAGMA application_id = ", kApplication)));
  SLUICE_CHECK(database.run(cat("PRAGMA user_version = ", kSchemaVersion)));
  return transaction.commit();
}

class SqliteStore final : public DecisionStore {
 public:
  SqliteStore(Database database, std::int64_t version)
      : database_(std::move(database)), version_(version) {}

  Result<void> append(const Row& row, std::string_view record) override {
    SLUICE_TRY(auto statement,
               database_.prepare(cat("INSERT INTO decisions (", kRowColumns,
                                     ", record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")));
    SLUICE_CHECK(statement.bind(1, row.id));
    SLUICE_CHECK(statement.bind(2, seconds_of(row.at)));
    SLUICE_CHECK(statement.bind(3, row.environment));
    SLUICE_CHECK(statement.bind(4, row.verdict));
    SLUICE_CHECK(statement.bind(5, row.subject));
    SLUICE_CHECK(statement.bind(6, row.summary));
    SLUICE_CHECK(statement.bind(7, row.policy_digest));
    SLUICE_CHECK(statement.bind(8, record));
    SLUICE_CHECK(within(statement.step(), cat("storing the decision ", printable(row.id, 80))));
    return {};
  }

  Result<std::vector<Row>> list(const Filter& filter) override {
    SLUICE_TRY(
        auto statement,
        database_.prepare(cat(select_rows(),
                              " WHERE (?1 = '' OR d.environment = ?1)"
                              " AND (?2 = '' OR d.verdict = ?2) AND (?3 = '' OR d.subject = ?3)"
                              " AND d.at >= ?4 AND d.at < ?5"
                              " ORDER BY d.at DESC, d.seq DESC LIMIT ?6")));
    SLUICE_CHECK(statement.bind(1, filter.environment.value_or("")));
    SLUICE_CHECK(statement.bind(2, filter.verdict.value_or("")));
    SLUICE_CHECK(statement.bind(3, filter.subject.value_or("")));
    SLUICE_CHECK(statement.bind(4, filter.since ? seconds_of(*filter.since) : INT64_MIN));
    SLUICE_CHECK(statement.bind(5, filter.until ? seconds_of(*filter.until) : INT64_MAX));
    SLUICE_CHECK(statement.bind(6, static_cast<std::int64_t>(std::min(filter.limit, kMostRows))));
    std::vector<Row> rows;
    for (;;) {
      SLUICE_TRY(const bool more, statement.step());
      if (!more) return rows;
      rows.push_back(row_of(statement));
    }
  }

  Result<StoredDecision> get(std::string_view id) override {
    SLUICE_TRY(const std::int64_t seq, find(id));
    SLUICE_TRY(auto statement, database_.prepare(cat(select_rows(), " WHERE d.seq = ?1")));
    SLUICE_CHECK(statement.bind(1, seq));
    SLUICE_TRY(const bool found, statement.step());
    if (!found) return fail(Errc::internal, "a decision that was found is gone");
    return StoredDecision{row_of(statement), statement.text(kRecordColumn)};
  }

  Result<void> add_outcome(std::string_view id, const Outcome& outcome) override {
    SLUICE_TRY(const std::int64_t seq, find(id));
    SLUICE_TRY(auto statement,
               database_.prepare(
                   "INSERT INTO outcomes (decision, at, kind, note) VALUES (?1, ?2, ?3, ?4)"));
    SLUICE_CHECK(statement.bind(1, seq));
    SLUICE_CHECK(statement.bind(2, seconds_of(outcome.at)));
    SLUICE_CHECK(statement.bind(3, name(outcome.kind)));
    SLUICE_CHECK(statement.bind(4, outcome.note));
    SLUICE_CHECK(within(statement.step(), "storing an outcome"));
    return {};
  }

  Result<std::vector<Outcome>> outcomes(std::string_view id) override {
    SLUICE_TRY(const std::int64_t seq, find(id));
    std::vector<Outcome> out;
    if (version_ < 2) return out;  // an older store that is only read has none
    SLUICE_TRY(auto statement, database_.prepare("SELECT kind, at, note FROM outcomes "
                                                 "WHERE decision = ?1 ORDER BY seq LIMIT 1000"));
    SLUICE_CHECK(statement.bind(1, seq));
    for (;;) {
      SLUICE_TRY(const bool more, statement.step());
      if (!more) return out;
      const auto kind = outcome_named(statement.text(0));
      if (!kind) return fail(Errc::malformed, "the store holds an outcome of an unknown kind");
      out.push_back({*kind, time_of(statement.integer(1)), statement.text(2)});
    }
  }

  Result<void> add_skip(std::string_view id, const Skip& skip) override {
    SLUICE_TRY(const std::int64_t seq, find(id));
    SLUICE_TRY(
        auto statement,
        database_.prepare("INSERT INTO skips (decision, at, who, reason) VALUES (?1, ?2, ?3, ?4)"));
    SLUICE_CHECK(statement.bind(1, seq));
    SLUICE_CHECK(statement.bind(2, seconds_of(skip.at)));
    SLUICE_CHECK(statement.bind(3, skip.who));
    SLUICE_CHECK(statement.bind(4, skip.reason));
    SLUICE_CHECK(within(statement.step(), "storing a skip"));
    return {};
  }

 private:
  std::string_view select_rows() const { return version_ < 3 ? kSelectOldRows : kSelectRows; }

  // The row that the id, or its beginning, stands for. substr, since LIKE has characters of its
  // own.
  Result<std::int64_t> find(std::string_view id) {
    const auto unknown = [&](std::string_view what) {
      return cat(what, " \"", printable(id, 80), "\"");
    };
    if (id.empty()) return fail(Errc::not_found, "an empty id means no decision");
    SLUICE_TRY(auto statement,
               database_.prepare("SELECT seq, id = ?1 FROM decisions WHERE "
                                 "substr(id, 1, length(?1)) = ?1 ORDER BY id = ?1 DESC LIMIT 2"));
    SLUICE_CHECK(statement.bind(1, id));
    SLUICE_TRY(const bool one, statement.step());
    if (!one) {
      return fail(Error{Errc::not_found,
                        unknown("no decision has the id"),
                        {},
                        "sluice gate history lists them"});
    }
    const std::int64_t seq = statement.integer(0);
    if (statement.integer(1) == 1) return seq;
    SLUICE_TRY(const bool two, statement.step());
    if (two) {
      return fail(Error{Errc::malformed,
                        unknown("several decisions begin with"),
                        {},
                        "more of the id; sluice gate history lists them"});
    }
    return seq;
  }

  Database database_;
  std::int64_t version_;
};

}  // namespace

Result<std::unique_ptr<DecisionStore>> open_sqlite(const Path& path, Access access,
                                                   std::chrono::milliseconds wait) {
  const bool write = access == Access::write;
  SLUICE_TRY(auto database, Database::open(path, write, wait));
  SLUICE_CHECK(within(check_ours(database, path), "opening the store"));
  if (write) SLUICE_CHECK(migrate(database, path, wait));
  SLUICE_TRY(const auto version, database.number("PRAGMA user_version"));
  SLUICE_CHECK(check_version(version, path));
  if (version == 0) return fail(Errc::not_found, cat(shown(path), " holds no decisions"));
  return std::make_unique<SqliteStore>(std::move(database), version);
}

}  // namespace sluice::store
