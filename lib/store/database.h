// SPDX-License-Identifier: Apache-2.0
// SQLite's C interface with results and owners. For the files of this room.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::store {

struct CloseDatabase {
  void operator()(sqlite3* handle) const;
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* handle) const;
};

// One prepared statement. Parameters are counted from 1, columns from 0.
class Statement {
 public:
  Statement(sqlite3* database, std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle)
      : database_(database), handle_(std::move(handle)) {}

  [[nodiscard]] Result<void> bind(int parameter, std::string_view text);
  [[nodiscard]] Result<void> bind(int parameter, std::int64_t number);
  [[nodiscard]] Result<bool> step();  // is there a row?
  std::string text(int column) const;
  std::int64_t integer(int column) const;
  bool is_null(int column) const;

 private:
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle_;
};

class Database {
 public:
  [[nodiscard]] static Result<Database> open(const Path& path, bool write,
                                             std::chrono::milliseconds wait);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql) const;
  [[nodiscard]] Result<void> run(std::string_view sql) const;  // of ours, no parameters
  // For what SQLite refuses at once while others use the file, without waiting by itself: to change
  // the kind of journal.
  [[nodiscard]] Result<void> run_in_turn(std::string_view sql,
                                         std::chrono::milliseconds wait) const;
  [[nodiscard]] Result<std::int64_t> number(std::string_view sql) const;

 private:
  Database(std::unique_ptr<sqlite3, CloseDatabase> handle, std::string name)
      : handle_(std::move(handle)), name_(std::move(name)) {}
  std::unique_ptr<sqlite3, CloseDatabase> handle_;
  std::string name_;
};

// Everything between begin() and commit() happens or none of it does.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(const Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(const Database& database) : database_(&database) {}
  const Database* database_;
};

}  // namespace sluice::store
