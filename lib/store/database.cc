// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <sqlite3.h>

#include <utility>

#include "base/text.h"

namespace sluice::store {

namespace {

Errc code_of(int result) {
  switch (result & 0xFF) {  // the low byte is the plain code
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::timeout;
    case SQLITE_CANTOPEN:
      return Errc::not_found;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_CONSTRAINT:
      return Errc::denied;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Errc::malformed;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return Errc::internal;
    default:
      return Errc::io;
  }
}

std::unexpected<Error> failure(sqlite3* database, int result) {
  const char* text = database == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(database);
  return fail(code_of(result), cat("the store says: ", printable(text, 300)));
}

}  // namespace

void CloseDatabase::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void FinalizeStatement::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Result<void> Statement::bind(int parameter, std::string_view text) {
  const int result = sqlite3_bind_text64(handle_.get(), parameter, text.data(), text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) return failure(database_, result);
  return {};
}

Result<void> Statement::bind(int parameter, std::int64_t number) {
  const int result = sqlite3_bind_int64(handle_.get(), parameter, number);
  if (result != SQLITE_OK) return failure(database_, result);
  return {};
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return failure(database_, result);
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(handle_.get(), column);
  if (bytes == nullptr) return {};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return {reinterpret_cast<const char*>(bytes), size};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

Result<Database> Database::open(const Path& path, bool write, std::chrono::milliseconds wait) {
  const int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
  sqlite3* raw = nullptr;
  // A reader of a write-ahead log writes to the index beside it; a file that may only be read is
  // opened as such below.
  int result = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  std::unique_ptr<sqlite3, CloseDatabase> handle(raw);
  if (result != SQLITE_OK && !write) {
    raw = nullptr;
    result = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
    handle.reset(raw);
  }
  const std::string name = shown(path);
  if (result != SQLITE_OK) {
    return std::unexpected(failure(raw, result).error().in(cat("opening the store ", name)));
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, static_cast<int>(wait.count()));
  // What a hostile file could make SQLite do: functions in its schema, and trusting its pages.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return Database(std::move(handle), name);
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* raw = nullptr;
  const int result =
      sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  if (result != SQLITE_OK) {
    return std::unexpected(failure(handle_.get(), result).error().in(cat("asking ", name_)));
  }
  return Statement(handle_.get(), std::unique_ptr<sqlite3_stmt, FinalizeStatement>(raw));
}

Result<void> Database::run(std::string_view sql) const {
  const int result =
      sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) {
    return std::unexpected(failure(handle_.get(), result).error().in(cat("writing to ", name_)));
  }
  return {};
}

Result<void> Database::run_in_turn(std::string_view sql, std::chrono::milliseconds wait) const {
  constexpr int kPause = 5;  // milliseconds
  for (std::int64_t left = wait.count();; left -= kPause) {
    auto done = run(sql);
    if (done || done.error().code != Errc::timeout || left <= 0) return done;
    sqlite3_sleep(kPause);
  }
}

Result<std::int64_t> Database::number(std::string_view sql) const {
  SLUICE_TRY(auto statement, prepare(sql));
  SLUICE_TRY(const bool found, within(statement.step(), cat("reading ", name_)));
  return found ? statement.integer(0) : 0;
}

Result<Transaction> Transaction::begin(const Database& database) {
  SLUICE_CHECK(database.run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // A failed rollback leaves the transaction to the closing of the database, which ends it as well.
  if (database_ != nullptr) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
  SLUICE_CHECK(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace sluice::store
