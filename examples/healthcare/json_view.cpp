#include "healthcare/json_view.hpp"

#include "healthcare/errc.hpp"
#include "healthcare/text.hpp"

namespace healthcare {

void json_view::wrong_type(std::string_view wanted) const {
  refuse(errc::wrong_type, std::string{value_->type_name()} + " where " + std::string{wanted} + " should be");
}

json_view json_view::operator[](const char* key) const {
  const nlohmann::json* found = nullptr;
  if (value_ != nullptr) {
    if (!value_->is_object()) {
      wrong_type("an object");
    } else if (const auto at = value_->find(key); at != value_->end()) {
      found = &*at;
    }
  }
  return {found, fault_, path_ + "." + key};
}

json_view json_view::first() const {
  if (value_ != nullptr && !value_->is_array()) wrong_type("an array");
  const bool some = value_ != nullptr && value_->is_array() && !value_->empty();
  return {some ? &value_->front() : nullptr, fault_, path_ + "[0]"};
}

std::vector<json_view> json_view::items() const {
  std::vector<json_view> out;
  if (value_ == nullptr) return out;
  if (!value_->is_array()) {
    wrong_type("an array");
    return out;
  }
  out.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    out.push_back({&(*value_)[i], fault_, path_ + "[" + std::to_string(i) + "]"});
  }
  return out;
}

std::string json_view::text() const {
  if (value_ == nullptr) return {};
  if (!value_->is_string()) {
    wrong_type("text");
    return {};
  }
  return clipped(value_->get_ref<const std::string&>(), 512);
}

std::optional<double> json_view::number() const {
  if (value_ == nullptr) return std::nullopt;
  if (!value_->is_number()) {
    wrong_type("a number");
    return std::nullopt;
  }
  return value_->get<double>();
}

std::optional<bool> json_view::flag() const {
  if (value_ == nullptr) return std::nullopt;
  if (!value_->is_boolean()) {
    wrong_type("true or false");
    return std::nullopt;
  }
  return value_->get<bool>();
}

}  // namespace healthcare
