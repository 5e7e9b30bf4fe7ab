#include <algorithm>
#include <troupe/net/fields.hpp>

namespace troupe::net {

bool unknown_fields::contains(std::string_view name) const noexcept {
  return std::any_of(fields_.begin(), fields_.end(), [&](const auto& each) { return each.first == name; });
}

fields::fields(const value& from) : context_{from.context()} {
  entries_.reserve(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) entries_.emplace_back(*from.key(i).text(), from.at(i));
}

std::optional<value> fields::find(std::string_view name) const {
  for (const auto& [known, of] : entries_)
    if (known == name) return of;
  return {};
}

result<void> fields::put(std::string_view name, std::string_view bytes) {
  auto parsed = document::parse(bytes, {}, context_);
  if (!parsed) return at_step(std::move(parsed).error(), name);
  values_.push_back(std::move(*parsed));
  if (const auto place = place_of(name); place != entries_.end())
    place->second = values_.back().root();
  else
    entries_.emplace_back(own(name), values_.back().root());
  return ok();
}

bool fields::rename(std::string_view name, std::string_view to) {
  if (place_of(name) == entries_.end()) return false;
  if (name == to) return true;
  remove(to);
  place_of(name)->first = own(to);
  return true;
}

bool fields::remove(std::string_view name) {
  return std::erase_if(entries_, [&](const entry& each) { return each.first == name; }) > 0;
}

std::vector<fields::entry>::iterator fields::place_of(std::string_view name) {
  return std::find_if(entries_.begin(), entries_.end(), [&](const entry& each) { return each.first == name; });
}

std::string_view fields::own(std::string_view name) { return names_.emplace_back(name); }

}  // namespace troupe::net
