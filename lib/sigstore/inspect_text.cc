// SPDX-License-Identifier: Apache-2.0
// An inspection for people, from the same tree that tools get: every member is a line, named by its
// key, so that the two never tell different things.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "sigstore/inspect.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kShownMost = 400;  // bytes of one value
constexpr std::array<std::string_view, 3> kNotForPeople = {"media_type", "version", "broken"};

std::string label_of(std::string_view key) {
  std::string out(key);
  std::ranges::replace(out, '_', ' ');
  return out;
}

// A heading for one of several: "log entry 1 of 2".
std::string heading_of(std::string_view key, std::size_t index, std::size_t count) {
  std::string one = label_of(key);
  if (one.ends_with("ies")) {
    one.replace(one.size() - 3, 3, "y");
  } else if (one.ends_with("s")) {
    one.pop_back();
  }
  return count == 1 ? one : cat(one, " ", index + 1, " of ", count);
}

std::string list_text(const json::Array& list);

std::string scalar_text(const json::Value& value) {
  if (const auto* list = value.array()) return list_text(*list);
  if (const auto* text = value.string()) return printable(*text, kShownMost);
  if (const auto truth = value.boolean()) return *truth ? "yes" : "no";
  if (const auto number = value.integer()) return cat(*number);
  return "none";
}

// What fits on one row: also a list of texts.
bool is_scalar(const json::Value& value) {
  const json::Array* list = value.array();
  if (list != nullptr) return !list->empty() && list->front().string() != nullptr;
  return value.object() == nullptr;
}

void add_row(std::string& out, std::size_t indent, std::string_view label, std::string_view text,
             std::size_t width) {
  out += cat(std::string(indent, ' '), label,
             std::string(width - std::min(width, label.size()), ' '), "  ", text, "\n");
}

std::size_t width_of(const json::Object& members) {
  std::size_t width = 0;
  for (const auto& [key, value] : members) {
    if (is_scalar(value)) width = std::max(width, key.size());
  }
  return width;
}

// {"name": …, "value": …}: a row by its own name, whatever else it says.
bool add_named(std::string& out, std::size_t indent, const json::Array& list) {
  std::size_t width = 0;
  for (const auto& each : list) {
    const json::Value* label = each.find("name");
    if (label == nullptr || each.find("value") == nullptr) return false;
    width = std::max(width, scalar_text(*label).size());
  }
  for (const auto& each : list)
    add_row(out, indent, scalar_text(*each.find("name")), scalar_text(*each.find("value")), width);
  return true;
}

// Two texts: one row.
bool is_pair(const json::Value& value) {
  const json::Object* members = value.object();
  return members != nullptr && members->size() == 2 &&
         std::ranges::all_of(*members, [](const auto& each) {
           return each.second.string() != nullptr && each.first != "broken";
         });
}

void render(std::string& out, std::size_t indent, const json::Object& members);

std::string list_text(const json::Array& list) {
  std::vector<std::string> parts;
  for (const auto& each : list) parts.push_back(scalar_text(each));
  return join(parts, ", ");
}

void render_list(std::string& out, std::size_t indent, const std::string& key,
                 const json::Array& list) {
  const std::string pad(indent, ' ');
  if (list.empty()) {
    out += cat(pad, label_of(key), "  none\n");
    return;
  }
  if (list.front().find("value") != nullptr) {
    out += cat(pad, label_of(key), "\n");
    if (add_named(out, indent + 2, list)) return;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto* object = list[i].object();
    if (is_pair(list[i])) {
      out += cat(pad, heading_of(key, i, list.size()), "  ", scalar_text((*object)[0].second), "  ",
                 scalar_text((*object)[1].second), "\n");
      continue;
    }
    out += cat(pad, heading_of(key, i, list.size()), "\n");
    if (object != nullptr) render(out, indent + 2, *object);
  }
}

void render(std::string& out, std::size_t indent, const json::Object& members) {
  const std::size_t width = width_of(members);
  const auto broken = std::ranges::find(members, std::string_view("broken"), &json::Member::first);
  if (broken != members.end()) {
    out += cat(std::string(indent, ' '), "broken: ", scalar_text(broken->second), "\n");
  }
  for (const auto& [key, value] : members) {
    if (std::ranges::find(kNotForPeople, key) != kNotForPeople.end()) continue;
    if (is_scalar(value)) {
      add_row(out, indent, label_of(key), scalar_text(value), width);
    } else if (const auto* list = value.array()) {
      render_list(out, indent, key, *list);
    } else {
      out += cat(std::string(indent, ' '), label_of(key), "\n");
      render(out, indent + 2, *value.object());
    }
  }
}

void add_findings(std::string& out, std::string_view title, const std::vector<Finding>& findings) {
  if (findings.empty()) return;
  out += cat("\n", title, "\n");
  for (const Finding& each : findings) {
    out += cat("  ", printable(each.what, kShownMost), "\n");
    if (each.where != "bundle") out += cat("    at  ", printable(each.where, kShownMost), "\n");
    if (!each.advice.empty()) out += cat("    ", printable(each.advice, kShownMost), "\n");
  }
}

std::string first_line(const Inspection& inspection, std::string_view source, bool colour) {
  const json::Value* version = inspection.description.find("version");
  const std::string shown_source = printable(source, 200);
  if (!inspection.sound())
    return cat(colour ? "\x1b[31mbroken\x1b[0m" : "broken", "      ", shown_source, "\n");
  return cat("bundle ", scalar_text(*version), "  ", shown_source, "\n");
}

}  // namespace

std::string as_text(const Inspection& inspection, std::string_view source, bool colour) {
  std::string out = first_line(inspection, source, colour);
  if (!inspection.looks_like.empty()) {
    out += cat("  it looks like ", printable(inspection.looks_like, 200), "\n");
  } else {
    out += "  not verified: this is what the file says, and nothing of it is proven\n";
  }
  add_findings(out, "Why it is no sound bundle", inspection.problems);
  add_findings(out, "Why it would not verify", inspection.remarks);
  if (const auto* members = inspection.description.object();
      members != nullptr && !members->empty()) {
    out += "\n";
    render(out, 0, *members);
  }
  return out;
}

}  // namespace sluice::sigstore
