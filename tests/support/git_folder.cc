// SPDX-License-Identifier: Apache-2.0
#include "support/git_folder.h"

#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <stdexcept>

#include "base/text.h"

namespace sluice::test {

namespace {

constexpr int kFirstCommit = 1'700'000'000;

// Small and the same everywhere; the standard's distributions are not.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  template <std::size_t N>
  std::string_view one_of(const std::array<std::string_view, N>& words) {
    return words[below(N)];
  }

 private:
  std::mt19937 engine_;
};

constexpr std::array<std::string_view, 12> kFolders = {
    "src",   "k8s",           "K8S",          "deploy/helm", "Helm",    "terraform",
    "terra", "db/migrations", "db/migration", "schema",      "Schemas", "web"};
constexpr std::array<std::string_view, 12> kNames = {
    "main.tf",    "helmet.js", "k8s.yaml",  "K8s.yaml", "values.yaml", "0001_migration.sql",
    "schema.sql", "index.js",  "chema.sql", "k-8s.md",  "README",      "migrate.py"};

using Tree = std::map<std::string, std::string>;

std::string path_of(Dice& dice) {
  std::string path(dice.one_of(kFolders));
  if (dice.below(3) == 0) path += cat("/", dice.below(3));
  return cat(path, "/", dice.one_of(kNames));
}

std::string content_of(Dice& dice) {
  std::string out;
  const std::size_t lines = dice.below(12);
  for (std::size_t i = 0; i < lines; ++i) {
    out += cat("line ", dice.below(40), std::string(dice.below(100), 'x'),
               dice.below(9) == 0 ? "\r\n" : "\n");
  }
  if (dice.below(15) == 0) out.insert(out.begin(), '\0');
  return out;
}

std::string edited(Dice& dice, const std::string& content) {
  std::string out;
  const std::size_t share = 1 + dice.below(9);
  for (const auto line : split(content, '\n')) {
    if (line.empty()) continue;
    out += dice.below(10) < share ? cat("edited ", dice.below(1'000)) : std::string(line);
    out += "\n";
  }
  return out;
}

Tree tree_of(Dice& dice) {
  Tree tree;
  const std::size_t files = 1 + dice.below(14);
  for (std::size_t i = 0; i < files; ++i) {
    tree[path_of(dice)] =
        tree.empty() || dice.below(6) != 0 ? content_of(dice) : tree.begin()->second;
  }
  return tree;
}

Tree changed(Dice& dice, const Tree& before) {
  Tree after;
  for (const auto& [path, content] : before) {
    switch (dice.below(8)) {
      case 0:
        break;
      case 1:
        after[path_of(dice)] = content;
        break;
      case 2:
      case 3:
        after[path_of(dice)] = edited(dice, content);
        break;
      case 4:
        after[path] = edited(dice, content);
        break;
      case 5:
        after[path_of(dice)] = after[path] = content;
        break;
      default:
        after[path] = content;
    }
  }
  const std::size_t added = dice.below(5);
  for (std::size_t i = 0; i < added; ++i) after[path_of(dice)] = content_of(dice);
  return after;
}

std::string branch(const std::string& name, const Tree& tree) {
  std::string out = cat("commit refs/heads/", name, "\ncommitter T <t@example.org> ", kFirstCommit,
                        " +0000\ndata 0\n");
  for (const auto& [path, content] : tree) {
    out += cat("M 100644 inline ", path, "\ndata ", content.size(), "\n", content, "\n");
  }
  return out;
}

}  // namespace

GitFolder::GitFolder() {
  std::filesystem::create_directories(work_);
  git({"init", "--quiet", "--initial-branch=main"});
}

std::string GitFolder::run(ProcessRequest request) const {
  const std::string date = cat(kFirstCommit + 60 * commits_, " +0000");
  const char* path = std::getenv("PATH");
  request.folder = work_;
  request.max_output = 256U << 20;
  request.timeout = std::chrono::minutes(5);
  request.environment = {{"PATH", path == nullptr ? "" : path},
                         {"HOME", folder_.path().native()},
                         {"LC_ALL", "C"},
                         {"GIT_CONFIG_NOSYSTEM", "1"},
                         {"GIT_AUTHOR_NAME", "T"},
                         {"GIT_AUTHOR_EMAIL", "t@example.org"},
                         {"GIT_AUTHOR_DATE", date},
                         {"GIT_COMMITTER_NAME", "T"},
                         {"GIT_COMMITTER_EMAIL", "t@example.org"},
                         {"GIT_COMMITTER_DATE", date}};
  const auto ran = system_processes().run(request);
  if (!ran) throw std::runtime_error(ran.error().text());
  if (ran->exit_code != 0) throw std::runtime_error(join(request.command, " ") + ": " + ran->err);
  std::string out = ran->out;
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

std::string GitFolder::git(const std::vector<std::string>& arguments,
                           const std::string& input) const {
  ProcessRequest request{.command = {"git", "-c", "protocol.file.allow=always"}, .input = input};
  request.command.insert(request.command.end(), arguments.begin(), arguments.end());
  return run(std::move(request));
}

std::string GitFolder::shell(const std::string& script) const {
  return run({.command = {"sh", "-euc", script}});
}

void GitFolder::write(const std::string& name, std::string_view content) const {
  (void)folder_.write(cat("work/", name), content);
}

void GitFolder::remove(const std::string& name) const { std::filesystem::remove(work_ / name); }

std::string GitFolder::commit(const std::string& message) const {
  ++commits_;
  git({"add", "--all"});
  git({"commit", "--quiet", "--allow-empty", "--message", message});
  return git({"rev-parse", "HEAD"});
}

void generate_changes(const GitFolder& folder, int count) {
  Dice dice(4);
  std::string stream;
  for (int i = 0; i < count; ++i) {
    const Tree before = tree_of(dice);
    stream += branch(cat("a", i), before) + branch(cat("b", i), changed(dice, before));
  }
  folder.git({"fast-import", "--quiet"}, stream);
}

}  // namespace sluice::test
