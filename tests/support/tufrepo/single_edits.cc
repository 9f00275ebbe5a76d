// SPDX-License-Identifier: Apache-2.0
#include "support/tufrepo/single_edits.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::test {

namespace {

const std::vector<json::Value>& one_of_each_kind() {
  static const std::vector<json::Value> kKinds{json::Value(nullptr),
                                               json::Value(true),
                                               json::Value(false),
                                               json::Value(0),
                                               json::Value(-1),
                                               json::Value(7),
                                               json::Value(""),
                                               json::Value("x"),
                                               json::Value("7"),
                                               json::Value("nothing"),
                                               json::Value("a -> b"),
                                               json::Value(json::Array{}),
                                               json::Value(json::Array{json::Value("x")}),
                                               json::Value(json::Object{}),
                                               json::Value(json::Object{{"x", json::Value(1)}})};
  return kKinds;
}

// For what is added: it is unknown there, and its kind matters less.
const std::vector<json::Value>& some_kinds() {
  static const std::vector<json::Value> kKinds{json::Value(nullptr), json::Value(7),
                                               json::Value("x"), json::Value(json::Array{}),
                                               json::Value(json::Object{{"x", json::Value(1)}})};
  return kKinds;
}

class Editor {
 public:
  explicit Editor(json::Value document) : document_(std::move(document)) {}

  std::vector<SingleEdit> run() && {
    visit(document_, "");
    return std::move(out_);
  }

 private:
  // `node` is a part of document_, which is as it was once this returns.
  void visit(json::Value& node, const std::string& at) {
    if (!at.empty()) replace(node, at);
    if (node.object() != nullptr) members(node, at);
    if (node.array() != nullptr) elements(node, at);
    if (node.string() != nullptr) texts(node, at);
  }

  void keep(std::string what) { out_.push_back({std::move(what), document_}); }

  void replace(json::Value& node, const std::string& at) {
    const json::Value old = node;
    for (const auto& each : one_of_each_kind()) {
      if (each == old) continue;
      node = each;
      keep(cat(at, " becomes ", json::write(each)));
    }
    node = json::Value(json::Array{old});
    keep(cat(at, " stands in an array"));
    node = old;
  }

  void texts(json::Value& node, const std::string& at) {
    const std::string old = *node.string();
    std::vector<std::string> others{old + "x", old + " ", old + "\u00A0", "x" + old,
                                    old + ", " + old};
    if (!old.empty()) others.push_back(old.substr(1));
    std::string upper = old;
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    others.push_back(upper);
    others.push_back(lower_ascii(old));
    for (const auto& each : others) {
      if (each == old) continue;
      node = json::Value(each);
      keep(cat(at, " becomes ", json::write(node)));
    }
    node = json::Value(old);
  }

  void members(json::Value& node, const std::string& at) {
    const json::Object old = *node.object();
    for (std::size_t i = 0; i < old.size(); ++i) {
      auto& object = *node.object();
      object.erase(object.begin() + static_cast<std::ptrdiff_t>(i));
      keep(cat(at, "/", old[i].first, " is gone"));
      for (const std::string name : {"zz", "", "threshold of root"}) {
        if (node.find(name) != nullptr || old[i].first == name) continue;
        object.insert(object.begin() + static_cast<std::ptrdiff_t>(i), {name, old[i].second});
        keep(cat(at, "/", old[i].first, " is called ", name));
        object.erase(object.begin() + static_cast<std::ptrdiff_t>(i));
      }
      node = json::Value(old);
    }
    for (const std::string name : {"zz", "", "name", "x: y", "keyids", "keys", "roles", "targets",
                                   "meta", "delegations", "mirrors", "threshold", "_type"}) {
      if (node.find(name) != nullptr) continue;
      for (const auto& each : some_kinds()) {
        node.set(name, each);
        keep(cat(at, "/", name, " is there: ", json::write(each)));
        node = json::Value(old);
      }
    }
    for (std::size_t i = 0; i < old.size(); ++i) {
      visit((*node.object())[i].second, cat(at, "/", old[i].first));
    }
  }

  void elements(json::Value& node, const std::string& at) {
    const json::Array old = *node.array();
    for (std::size_t i = 0; i < old.size(); ++i) {
      auto& array = *node.array();
      array.erase(array.begin() + static_cast<std::ptrdiff_t>(i));
      keep(cat(at, "/", i, " is gone"));
      node = json::Value(old);
      node.array()->push_back(old[i]);
      keep(cat(at, "/", i, " is there twice"));
      node = json::Value(old);
      if (i > 0 && old[i] != old[i - 1]) {
        std::swap((*node.array())[i], (*node.array())[i - 1]);
        keep(cat(at, "/", i, " is there before ", i - 1));
        node = json::Value(old);
      }
    }
    for (const auto& each : one_of_each_kind()) {
      node.array()->push_back(each);
      keep(cat(at, " has one more: ", json::write(each)));
      node = json::Value(old);
    }
    for (std::size_t i = 0; i < old.size(); ++i) visit((*node.array())[i], cat(at, "/", i));
  }

  json::Value document_;
  std::vector<SingleEdit> out_;
};

}  // namespace

std::vector<SingleEdit> single_edits(const json::Value& document) { return Editor(document).run(); }

}  // namespace sluice::test
