// SPDX-License-Identifier: Apache-2.0
// What only the SQLite store promises: schemas, files that are not ours, locks.
#include "store/sqlite.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "support/temp_folder.h"

namespace sluice {
namespace {

using store::Access;
using test::TempFolder;

const Time kWhen = *parse_rfc3339("2026-11-20T15:00:00Z");

store::Row some_row(const std::string& id) {
  return {id, kWhen, "production", "approve", "web", "because", "sha256:00", {}};
}

void run_sql(const Path& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* problem = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, &problem), SQLITE_OK) << problem;
  sqlite3_close(database);
}

std::string number_in(const Path& path, const char* sql) {
  sqlite3* database = nullptr;
  sqlite3_open(path.c_str(), &database);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database, sql, -1, &statement, nullptr);
  std::string out;
  if (sqlite3_step(statement) == SQLITE_ROW) {
    out = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return out;
}

TEST(SqliteStore, KeepsAWriteAheadLogAndItsVersion) {
  const TempFolder folder;
  const Path path = folder / "d.db";
  ASSERT_TRUE(store::open_sqlite(path, Access::write));
  EXPECT_EQ(number_in(path, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(number_in(path, "PRAGMA user_version"), "3");
}

TEST(SqliteStore, ANewerSchemaIsRefusedByName) {
  const TempFolder folder;
  const Path path = folder / "d.db";
  ASSERT_TRUE(store::open_sqlite(path, Access::write));
  run_sql(path, "PRAGMA user_version = 4");
  for (const auto access : {Access::read, Access::write}) {
    const auto opened = store::open_sqlite(path, access);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::unsupported);
    EXPECT_NE(opened.error().what.find("schema 4"), std::string::npos) << opened.error().what;
  }
}

// The first schema, as it was: written out, so that a change of the migrations cannot hide here.
constexpr const char* kFirstSchema =
    "CREATE TABLE decisions (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,"
    " environment TEXT NOT NULL, verdict TEXT NOT NULL, subject TEXT NOT NULL,"
    " summary TEXT NOT NULL, policy_digest TEXT NOT NULL, record TEXT NOT NULL);"
    "INSERT INTO decisions (id, at, environment, verdict, subject, summary, policy_digest, record)"
    " VALUES ('old', 1000, 'production', 'block', 'web', 'because', 'sha256:00', 'record');"
    "PRAGMA application_id = 1936487779; PRAGMA user_version = 1;";

TEST(SqliteStore, AnOlderSchemaIsReadAsItIs) {
  const TempFolder folder;
  const Path path = folder / "d.db";
  run_sql(path, kFirstSchema);
  const auto opened = store::open_sqlite(path, Access::read);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ((*opened)->get("old")->record, "record");
  EXPECT_TRUE((*opened)->outcomes("old")->empty());
  ASSERT_EQ((*opened)->list({})->size(), 1U);
  EXPECT_FALSE((*opened)->list({})->front().skipped);
  EXPECT_EQ(number_in(path, "PRAGMA user_version"), "1");
}

TEST(SqliteStore, AnOlderSchemaIsBroughtUpToDateWhereItIsWritten) {
  const TempFolder folder;
  const Path path = folder / "d.db";
  run_sql(path, kFirstSchema);
  const auto opened = store::open_sqlite(path, Access::write);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ((*opened)->get("old")->record, "record");
  EXPECT_TRUE((*opened)->add_outcome("old", {store::OutcomeKind::ok, kWhen, ""}));
  EXPECT_TRUE((*opened)->append(some_row("new"), ""));
  EXPECT_TRUE((*opened)->add_skip("old", {kWhen, "T", "a reason"}));
  EXPECT_EQ(number_in(path, "PRAGMA user_version"), "3");
}

TEST(SqliteStore, TheSecondSchemaIsReadWithItsOutcomesAndWithoutSkips) {
  const TempFolder folder;
  const Path path = folder / "d.db";
  run_sql(path, kFirstSchema);
  run_sql(path,
          "CREATE TABLE outcomes (seq INTEGER PRIMARY KEY, decision INTEGER NOT NULL,"
          " at INTEGER NOT NULL, kind TEXT NOT NULL, note TEXT NOT NULL);"
          "INSERT INTO outcomes (decision, at, kind, note) VALUES (1, 1000, 'ok', 'fine');"
          "PRAGMA user_version = 2;");
  const auto opened = store::open_sqlite(path, Access::read);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ((*opened)->outcomes("old")->size(), 1U);
  const auto stored = (*opened)->get("old");
  ASSERT_TRUE(stored) << stored.error().text();
  EXPECT_EQ(stored->record, "record");
  EXPECT_FALSE(stored->row.skipped);
}

TEST(SqliteStore, FilesOfOthersAreRefusedAndLeftAsTheyAre) {
  const TempFolder folder;
  const Path foreign = folder / "foreign.db";
  run_sql(foreign, "CREATE TABLE mine (x)");
  const auto opened = store::open_sqlite(foreign, Access::write);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unsupported);
  EXPECT_EQ(number_in(foreign, "SELECT count(*) FROM sqlite_master"), "1");
  const Path text = folder.write("text", std::string(5000, 'x'));
  EXPECT_EQ(store::open_sqlite(text, Access::write).error().code, Errc::malformed);
  EXPECT_EQ(test::read_file(text), std::string(5000, 'x'));
}

TEST(SqliteStore, ReadingMakesNothing) {
  const TempFolder folder;
  EXPECT_EQ(store::open_sqlite(folder / "absent", Access::read).error().code, Errc::not_found);
  EXPECT_FALSE(system_files().info(folder / "absent"));
  EXPECT_FALSE(store::open_sqlite(folder / "no/such/folder", Access::write));
}

TEST(SqliteStore, WaitsForAnotherWriterOnlySoLong) {
  const TempFolder folder;
  const Path path = folder / "d.db";
  const auto opened = store::open_sqlite(path, Access::write, std::chrono::milliseconds(20));
  ASSERT_TRUE(opened);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ((*opened)->append(some_row("one"), "").error().code, Errc::timeout);
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_TRUE((*opened)->append(some_row("one"), ""));
}

TEST(SqliteStore, OutcomesHaveNames) {
  using store::OutcomeKind;
  for (const auto kind : {OutcomeKind::ok, OutcomeKind::rolled_back, OutcomeKind::incident}) {
    EXPECT_EQ(store::outcome_named(store::name(kind)), kind);
  }
  EXPECT_EQ(store::outcome_named("fine"), std::nullopt);
}

}  // namespace
}  // namespace sluice
