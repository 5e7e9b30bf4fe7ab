#include "healthcare/json_text.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "healthcare/errc.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

using nlohmann::json;

// Feeds the parser and counts the lines it has taken, since its events do not say where they are.
class counting_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  counting_iterator(const char* at, std::size_t* line) : at_{at}, line_{line} {}
  reference operator*() const { return *at_; }
  counting_iterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  counting_iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const counting_iterator& a, const counting_iterator& b) { return a.at_ == b.at_; }
  friend bool operator!=(const counting_iterator& a, const counting_iterator& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

// Builds the tree from the parser's events; stops at the first fault.
class tree_builder final : public nlohmann::json_sax<json> {
 public:
  tree_builder(std::string_view text, std::size_t& line, const entry_handler& on_entry)
      : text_{text}, line_{line}, on_entry_{on_entry} {}

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
  bool string(string_t& value) override { return scalar(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool key(string_t& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&, const json::exception& what) override {
    // The library's text is "[id] parse error at line 1, column 2: reason; last read: ...": the reason is kept, the
    // input it repeats, which may be long and is not UTF-8 perhaps, is not.
    std::string_view reason = what.what();
    if (const auto colon = reason.find(": "); colon != reason.npos) reason.remove_prefix(colon + 2);
    reason = reason.substr(0, reason.find("; last read"));
    const auto before = text_.substr(0, std::min(position == 0 ? 0 : position - 1, text_.size()));
    line_ = static_cast<std::size_t>(1 + std::count(before.begin(), before.end(), '\n'));
    const auto column = before.size() - (before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1) + 1;
    fault_.emplace(errc::not_json, "column " + std::to_string(column) + ": " + clipped(printable(reason), 200));
    return false;
  }

  std::optional<troupe::error>& fault() { return fault_; }
  json& tree() { return tree_; }

 private:
  // An object or array whose end has not been read.
  struct container {
    json value;
    std::string key;   // of the member that comes next
    std::size_t line;  // on which it begins
  };

  bool open(json value) {
    if (open_.size() == json_depth_max) {
      return too_large("nested deeper than " + std::to_string(json_depth_max));
    }
    open_.push_back({std::move(value), {}, line_});
    return true;
  }

  bool close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    if (is_entry(done.value)) {
      on_entry_(std::move(done.value), done.line);
      values_ = 0;
      return true;
    }
    return scalar(std::move(done.value));
  }

  bool too_large(const std::string& why) {
    fault_.emplace(errc::too_large, why);
    return false;
  }

  bool is_entry(const json& value) const {
    return on_entry_ && open_.size() == 2 && value.is_object() && open_[1].value.is_array() && open_[0].key == "entry";
  }

  bool scalar(json value) {
    if (++values_ > json_values_max) return too_large("more than " + std::to_string(json_values_max) + " values");
    if (open_.empty()) {
      tree_ = std::move(value);
    } else if (auto& parent = open_.back(); parent.value.is_array()) {
      parent.value.push_back(std::move(value));
    } else {
      parent.value[parent.key] = std::move(value);
    }
    return true;
  }

  std::string_view text_;
  std::size_t& line_;
  const entry_handler& on_entry_;
  std::vector<container> open_;
  std::size_t values_ = 0;
  json tree_;
  std::optional<troupe::error> fault_;
};

}  // namespace

troupe::result<json> parse_json(std::string_view text, std::size_t& line, const entry_handler& on_entry) {
  line = 1;
  tree_builder builder{text, line, on_entry};
  const bool good = json::sax_parse(counting_iterator{text.data(), &line},
                                    counting_iterator{text.data() + text.size(), &line}, &builder);
  if (builder.fault()) return std::move(*builder.fault());
  if (!good) return troupe::error{errc::not_json, "not read to its end"};
  return std::move(builder.tree());
}

}  // namespace healthcare
