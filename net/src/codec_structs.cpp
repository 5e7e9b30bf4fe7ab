#include <algorithm>
#include <exception>
#include <limits>
#include <troupe/net/codec_structs.hpp>
#include <troupe/net/codec_values.hpp>

namespace troupe::net::detail {

// -- reading ----------------------------------------------------------------------------------------------------------

field_reader::field_reader(const value& from) : from_{from} {
  if (from.kind() != value_kind::map) outcome_ = wrong_type(from, "a map");
}

namespace {

result<void> run(upgrade_hook* upgrade, fields& was, std::uint32_t from) {
  try {
    return upgrade(was, from);
  } catch (const failure& thrown) {
    return thrown.error();
  } catch (const std::exception& thrown) {
    return error{net_errc::not_upgraded, thrown.what()};
  }
}

}  // namespace

void field_reader::expect(std::uint32_t version, upgrade_hook* upgrade) {
  if (!outcome_) return;
  if (from_.size() > 0 && from_.key(0).text() == version_key && from_.at(0).as_uint() == version) {
    version_ = version;
    next_ = 1;
    return;
  }
  index_keys();
  const auto was = written(version);
  if (!outcome_ || !upgrade || was >= version) return;
  upgraded_.reset(new fields{from_});
  upgraded_->remove(version_key);
  if (auto done = run(upgrade, *upgraded_, was); !done) {
    outcome_ = error{net_errc::not_upgraded, "version " + std::to_string(was) + " cannot be upgraded to " +
                                                 std::to_string(version) + ": " + done.error().message()};
    return;
  }
  by_name_ = upgraded_->entries_;
  sort_by_name();
}

std::uint32_t field_reader::written(std::uint32_t own) const noexcept {
  return version_ != 0 ? version_ : from_.assumed_current() ? own : 1;
}

std::optional<value> field_reader::take(std::string_view name) {
  if (!outcome_) return {};
  // Fields that come in the order of the struct are found at once, and none of them can be there twice.
  if (!indexed_) {
    if (next_ < from_.size() && from_.key(next_).text() == name) return from_.at(next_++);
    index_keys();
    if (!outcome_) return {};
  }
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  if (found == by_name_.end() || found->first != name) return {};
  return found->second;
}

void field_reader::taken(std::string_view name, result<void> outcome) {
  if (!outcome && outcome_) outcome_ = at_step(std::move(outcome).error(), "." + std::string{name});
}

result<void> field_reader::finish() && {
  // More than the fields that were taken: they must be looked at all the same.
  if (outcome_ && !indexed_ && next_ < from_.size()) index_keys();
  return std::move(outcome_);
}

result<void> field_reader::finish(std::span<const std::string_view> names, std::uint32_t version,
                                  unknown_fields& rest) && {
  rest.clear();
  auto outcome = std::move(*this).finish();
  if (!outcome || !indexed_) return outcome;
  // What an older version wrote is known, and what is left of it is left out.
  if (written(version) < version) return outcome;
  if (version_ > version) rest.version_ = version_;
  return keep_unknown(names, rest);
}

result<void> field_reader::keep_unknown(std::span<const std::string_view> names, unknown_fields& rest) const {
  for (std::size_t i = 0; i < from_.size(); ++i) {
    const auto name = *from_.key(i).text();
    if (name == version_key || std::find(names.begin(), names.end(), name) != names.end()) continue;
    auto& kept = rest.fields_;
    if (auto charged = from_.charge(sizeof kept.front()); !charged) return charged;
    kept.emplace_back(name, std::string{});
    packer out{kept.back().second};
    from_.at(i).pack(out);
  }
  return ok();
}

void field_reader::index_keys() {
  indexed_ = true;
  by_name_.reserve(from_.size());
  for (std::size_t i = 0; i < from_.size(); ++i) {
    const auto name = from_.key(i).text();
    if (!name) {
      outcome_ = at_item(at_step(wrong_type(from_.key(i), "a text"), " (key)"), i);
      return;
    }
    by_name_.emplace_back(*name, from_.at(i));
    if (*name != version_key) continue;
    outcome_ = read_version(from_.at(i));
    if (!outcome_) return;
  }
  sort_by_name();
  const auto twice = std::adjacent_find(by_name_.begin(), by_name_.end(),
                                        [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice != by_name_.end())
    outcome_ = error{net_errc::duplicate_key, "`" + std::string{twice->first.substr(0, 64)} + "` is there twice"};
}

void field_reader::sort_by_name() {
  std::sort(by_name_.begin(), by_name_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

result<void> field_reader::read_version(const value& from) {
  const auto step = "." + std::string{version_key};
  auto read = read_natural(from, std::numeric_limits<std::uint32_t>::max());
  if (!read) return at_step(std::move(read).error(), step);
  if (*read == 0) return at_step({net_errc::bad_value, "versions begin with 1"}, step);
  version_ = static_cast<std::uint32_t>(*read);
  return ok();
}

// -- writing ----------------------------------------------------------------------------------------------------------

field_writer::field_writer(packer& out, std::span<const std::string_view> names, std::uint32_t version,
                           const unknown_fields* rest)
    : out_{out}, names_{names}, rest_{rest} {
  std::size_t more = 0;
  if (rest)
    for (const auto& [name, bytes] : rest->fields_) more += is_unknown(name) ? 1 : 0;
  // Who wrote what is kept here is newer, and so is what it is kept in: its fields are all there.
  if (rest) version = std::max(version, rest->version_);
  const bool says_version = version > 1 && out.writes_versions();
  out.map(names.size() + more + (says_version ? 1 : 0));
  if (!says_version) return;
  out.text(version_key);
  out.natural(version);
}

void field_writer::finish() const {
  if (!rest_) return;
  for (const auto& [name, bytes] : rest_->fields_) {
    if (!is_unknown(name)) continue;
    out_.text(name);
    out_.encoded(bytes);
  }
}

// A struct may be given what another one keeps, and nothing may be written twice.
bool field_writer::is_unknown(std::string_view name) const noexcept {
  return std::find(names_.begin(), names_.end(), name) == names_.end();
}

}  // namespace troupe::net::detail
