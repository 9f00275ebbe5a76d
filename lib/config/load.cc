// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "config/settings.h"
#include "config/table.h"
#include "yaml/fields.h"

namespace sluice::config {

namespace {

constexpr std::string_view kProjectFile = ".sluice.yaml";
constexpr std::int64_t kFileVersion = 1;

// A folder above that we may not look into holds nothing for us.
Result<bool> exists(Files& files, const Path& path) {
  const auto info = files.info(path);
  if (info) return true;
  if (info.error().code == Errc::not_found || info.error().code == Errc::denied) return false;
  return fail(info.error());
}

// What is wrong with a file is wrong with the call: exit code 2.
Error as_usage(Error error) {
  if (error.code != Errc::internal) error.code = Errc::usage;
  return error;
}

bool is_group(std::string_view name) {
  return std::ranges::any_of(table(),
                             [&](const Row& row) { return row.name.starts_with(cat(name, ".")); });
}

}  // namespace

// Fills the settings from the least important source to the most important one.
class Loader {
 public:
  Loader(const World& world, const Flags& flags, const Path& folder)
      : world_(world), flags_(flags), folder_(folder) {}

  Result<Settings> load() && {
    if (const auto path = user_file(world_.environment)) {
      SLUICE_CHECK(read_file(*path, Source::user));
    }
    SLUICE_TRY(const auto project, project_file(world_.files, folder_));
    if (project) SLUICE_CHECK(read_file(*project, Source::project));
    SLUICE_CHECK(read_environment());
    SLUICE_CHECK(read_flags());
    return std::move(settings_);
  }

 private:
  void set(const Row& row, std::string value, Origin origin) {
    const auto index = static_cast<std::size_t>(&row - table().data());
    settings_.chosen_[index] = {std::move(value), std::move(origin)};
  }

  Result<void> read_flags() {
    for (const auto& [name, value] : flags_) {
      const Row* row = find_row(name);
      if (row == nullptr) return fail(Errc::internal, cat("a flag for no setting: ", name));
      const auto wrong = objection(*row, value);
      if (wrong) return fail(Errc::usage, cat(row->flag, ": ", *wrong));
      set(*row, against(folder_, *row, value), {Source::flag, cat("flag ", row->flag)});
    }
    return {};
  }

  Result<void> read_environment() {
    // Not ours, but what every program is asked to obey; SLUICE_COLOR is more special than it.
    if (world_.environment.get("NO_COLOR")) {
      set(*find_row(kColor.name), "never", {Source::environment, "environment NO_COLOR"});
    }
    for (const Row& row : table()) {
      const auto value = world_.environment.get(std::string(row.variable));
      if (!value) continue;
      const auto wrong = objection(row, *value);
      if (wrong) return fail(Errc::usage, cat(row.variable, ": ", *wrong));
      set(row, against(folder_, row, *value),
          {Source::environment, cat("environment ", row.variable)});
    }
    return {};
  }

  Result<void> read_file(const Path& path, Source source) {
    // A project's file that is a link could show what lies elsewhere, in the words of an error.
    const auto links = source == Source::project ? Links::refused : Links::followed;
    const auto text = world_.files.read_plain(path, limits::kConfigFile, links);
    if (!text && text.error().code == Errc::not_found) return {};
    if (!text) return fail(as_usage(text.error()));
    const auto node = yaml::parse(*text, path.string());
    if (!node) return fail(as_usage(node.error()));
    const bool empty =
        node->kind == yaml::Node::Kind::scalar && yaml::resolve(*node) == yaml::Scalar::null;
    if (empty) return {};
    const auto read = read_mapping(yaml::Fields(*node, path.string()), {path, source});
    if (!read) return fail(as_usage(read.error()));
    return {};
  }

  struct File {
    const Path& path;
    Source source;
  };

  Result<void> read_mapping(const yaml::Fields& mapping, const File& file) {
    if (mapping.node().kind != yaml::Node::Kind::mapping) {
      return mapping.refuse("expected settings, one on each line: \"name: value\"");
    }
    for (const yaml::Member& member : mapping.node().members) {
      const std::string name =
          mapping.path().empty() ? member.key : cat(mapping.path(), ".", member.key);
      const bool nested = !member.key.contains('.');
      const Row* row = nested ? find_row(name) : nullptr;
      if (row != nullptr) {
        SLUICE_CHECK(read_value(*row, mapping, member, file));
      } else if (nested && is_group(name)) {
        SLUICE_TRY(const yaml::Fields group, mapping.at(member.key));
        SLUICE_CHECK(read_mapping(group, file));
      } else if (name == "version") {
        SLUICE_TRY(const yaml::Fields version, mapping.at(member.key));
        SLUICE_CHECK(check_version(version));
      } else {
        return mapping.refuse(member, unknown(member, name));
      }
    }
    return {};
  }

  static Result<void> check_version(const yaml::Fields& field) {
    SLUICE_TRY(const std::int64_t version, field.as_integer());
    if (version == kFileVersion) return {};
    return field.refuse(
        cat("the file is of version ", version, ", this program reads ", kFileVersion));
  }

  static std::string unknown(const yaml::Member& member, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Row& row : table()) names.push_back(row.name);
    const auto meant = closest(name, names);
    std::string what = cat("unknown setting \"", printable(name, 64), "\"");
    if (member.key.contains('.') && find_row(name) != nullptr) {
      const auto dot = name.find('.');
      what += cat(" (write it nested: \"", name.substr(0, dot), ":\" and below it \"",
                  name.substr(dot + 1), ":\")");
    } else if (!meant.empty()) {
      what += cat(" (did you mean \"", meant, "\"?)");
    }
    return what;
  }

  Result<void> read_value(const Row& row, const yaml::Fields& mapping, const yaml::Member& member,
                          const File& file) {
    if (file.source == Source::project && !row.project_may_set) {
      return refuse_project(row, mapping, member);
    }
    SLUICE_TRY(const yaml::Fields field, mapping.at(member.key));
    SLUICE_TRY(std::string value, field.as_string());
    if (row.type == Type::integer) {
      SLUICE_TRY(const std::int64_t number, field.as_integer());
      value = cat(number);
    }
    const auto wrong = objection(row, value);
    if (wrong) return field.refuse(cat(row.name, ": ", *wrong));
    set(row, against(file.path.parent_path(), row, value),
        {file.source, cat(shown(file.path), ":", member.line)});
    return {};
  }

  std::unexpected<Error> refuse_project(const Row& row, const yaml::Fields& mapping,
                                        const yaml::Member& member) const {
    Error error = mapping
                      .refuse(member, cat("\"", row.name,
                                          "\" cannot be set by a project's file, because "
                                          "whoever writes the repository writes it"))
                      .error();
    const auto user = user_file(world_.environment);
    return fail(std::move(error).advise(cat("remove it there; set it with ", row.flag, ", as ",
                                            row.variable, " in the environment",
                                            user ? cat(", or in ", shown(*user)) : "")));
  }

  // A relative path counts from the folder of who wrote it.
  static std::string against(const Path& folder, const Row& row, const std::string& value) {
    return row.type == Type::path ? (folder / value).lexically_normal().string() : value;
  }

  const World& world_;
  const Flags& flags_;
  const Path& folder_;
  Settings settings_;
};

Result<std::optional<Path>> project_file(Files& files, const Path& folder) {
  std::optional<Path> nearest;
  for (Path at = folder;; at = at.parent_path()) {
    if (!nearest) {
      SLUICE_TRY(const bool here, exists(files, at / kProjectFile));
      if (here) nearest = at / kProjectFile;
    }
    SLUICE_TRY(const bool root, exists(files, at / ".git"));
    if (root) return nearest;
    if (at == at.parent_path()) break;  // not in a repository
  }
  if (nearest && nearest->parent_path() == folder) return nearest;
  return std::nullopt;
}

std::optional<Path> user_file(const Environment& environment) {
  const auto absolute = [&](const char* variable) -> std::optional<Path> {
    const auto value = environment.get(variable);
    if (!value || !Path(*value).is_absolute()) return std::nullopt;
    return Path(*value);
  };
  if (const auto base = absolute("XDG_CONFIG_HOME")) return *base / "sluice" / "config.yaml";
  if (const auto home = absolute("HOME")) return *home / ".config" / "sluice" / "config.yaml";
  return std::nullopt;
}

Result<Settings> load(const World& world, const Flags& flags, const Path& folder) {
  return Loader(world, flags, folder).load();
}

}  // namespace sluice::config
