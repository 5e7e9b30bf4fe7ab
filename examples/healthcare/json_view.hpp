#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/core/result.hpp"

namespace healthcare {

// Looks into untrusted JSON. An absent field, or null, gives an absent view, and an absent view gives empty text, no
// number, no items. A field of the wrong type does so too, and leaves the first such fault of the tree in the `fault`
// that all views of one resource share, so that a reader checks once at its end. A view must not outlive the tree nor
// the fault.
class json_view {
 public:
  json_view(const nlohmann::json& root, std::optional<troupe::error>& fault, std::string path)
      : value_{root.is_null() ? nullptr : &root}, fault_{&fault}, path_{std::move(path)} {}

  explicit operator bool() const noexcept { return value_ != nullptr; }
  const std::string& path() const noexcept { return path_; }

  json_view operator[](const char* key) const;
  // The same place, with a fault of its own: for a part whose faults shall not be those of the whole.
  json_view apart(std::optional<troupe::error>& fault) const { return {value_, &fault, path_}; }
  json_view first() const;  // item of an array
  std::vector<json_view> items() const;

  std::string text() const;  // at most 512 bytes
  std::optional<double> number() const;
  std::optional<bool> flag() const;

  // Leaves a fault of the reader's own, naming this place.
  template <class Errc>
  void refuse(Errc code, std::string_view why) const {
    fail({code, path_ + ": " + std::string{why}});
  }
  // Leaves a fault that names its place already.
  void fail(troupe::error why) const {
    if (!*fault_) *fault_ = std::move(why);
  }

 private:
  json_view(const nlohmann::json* value, std::optional<troupe::error>* fault, std::string path)
      : value_{value == nullptr || value->is_null() ? nullptr : value}, fault_{fault}, path_{std::move(path)} {}
  void wrong_type(std::string_view wanted) const;

  const nlohmann::json* value_;
  std::optional<troupe::error>* fault_;
  std::string path_;
};

}  // namespace healthcare
