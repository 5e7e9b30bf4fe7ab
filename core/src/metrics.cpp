#include "troupe/core/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "escape.hpp"
#include "troupe/core/result.hpp"

namespace troupe {
namespace {

constexpr std::size_t bounds_max = 100;
constexpr std::size_t label_size_bytes_max = 128;
constexpr std::string_view overflow_name = "troupe_metrics_overflow_total";
constexpr std::string_view overflow_label = "other";

[[noreturn]] void refuse(std::string_view metric, std::string_view why) {
  throw failure{{errc::invalid_argument, fmt::format("metric {}: {}", in_quotes(metric), why)}};
}

// Threads take slots in turn, so that as many threads as there are shards get one each.
std::size_t thread_slot() noexcept {
  static constinit std::atomic<std::size_t> next{0};
  thread_local const std::size_t slot = next.fetch_add(1, std::memory_order_relaxed);
  return slot;
}

bool valid_name(std::string_view name, std::string_view also) noexcept {
  const auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || also.find(c) != std::string_view::npos;
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void check_bounds(std::string_view metric, std::span<const double> bounds) {
  if (bounds.empty() || bounds.size() > bounds_max) refuse(metric, fmt::format("it needs 1 to {} bounds", bounds_max));
  if (!std::all_of(bounds.begin(), bounds.end(), [](double b) { return std::isfinite(b); }) ||
      std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal{}) != bounds.end()) {
    refuse(metric, "its bounds must be finite and ascend");
  }
}

void check_options(const metric_options& options, metric_type type) {
  if (!valid_name(options.name, "_:")) refuse(options.name, "this is no metric name");
  if (options.name.ends_with("_total") != (type == metric_type::counter)) {
    refuse(options.name, "counters end in _total, and nothing else does");
  }
  if (options.series_max == 0) refuse(options.name, "it has room for no series");
  for (auto label = options.labels.begin(); label != options.labels.end(); ++label) {
    if (!valid_name(*label, "_") || label->starts_with("__") || *label == "le" || *label == overflow_label ||
        std::find(options.labels.begin(), label, *label) != label) {
      refuse(options.name, fmt::format("{} cannot be a label", in_quotes(*label)));
    }
  }
}

// The names that a family's lines have.
std::vector<std::string> line_names(const std::string& name, metric_type type) {
  if (type != metric_type::histogram) return {name};
  return {name, name + "_bucket", name + "_sum", name + "_count"};
}

template <class Metric>
constexpr metric_type type_of = std::same_as<Metric, counter> ? metric_type::counter
                                : std::same_as<Metric, gauge> ? metric_type::gauge
                                                              : metric_type::histogram;

template <class Metric>
metric_series read(const Metric& metric) {
  metric_series series;
  if constexpr (std::same_as<Metric, histogram>) {
    const auto counts = metric.counts();
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const bool last = i == metric.bounds().size();
      series.buckets.push_back(
          {last ? std::numeric_limits<double>::infinity() : metric.bounds()[i], total += counts[i]});
    }
    series.sum = metric.sum();
  } else {
    series.value = metric.value();
  }
  return series;
}

}  // namespace

double counter::value() const noexcept {
  std::uint64_t whole = 0;
  for (const auto& s : shards_) whole += s.count.load(std::memory_order_relaxed);
  return static_cast<double>(whole) + fraction_.load(std::memory_order_relaxed);
}

void counter::add_whole(std::uint64_t n) noexcept {
  shards_[thread_slot() % shards_.size()].count.fetch_add(n, std::memory_order_relaxed);
}

void counter::add_fraction(double x) noexcept {
  if (std::isfinite(x) && x > 0) fraction_.fetch_add(x, std::memory_order_relaxed);
}

histogram::histogram(std::vector<double> bounds) : bounds_{std::move(bounds)}, counts_(bounds_.size() + 1) {
  check_bounds("histogram", bounds_);
}

void histogram::observe(double value) noexcept {
  if (!std::isfinite(value)) return;
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<std::uint64_t> histogram::counts() const {
  std::vector<std::uint64_t> counts;
  counts.reserve(counts_.size());
  for (const auto& c : counts_) counts.push_back(c.load(std::memory_order_relaxed));
  return counts;
}

std::vector<double> exponential_buckets(double start, double factor, std::size_t count) {
  if (!(start > 0) || !(factor > 1) || count == 0 || count > bounds_max) {
    refuse("", fmt::format("no {} exponential buckets from {} by {}", count, start, factor));
  }
  std::vector<double> bounds(count);
  for (auto& bound : bounds) {
    bound = start;
    start *= factor;
  }
  check_bounds("", bounds);
  return bounds;
}

template <class Metric>
metric_family<Metric>::metric_family(metric_options options, std::vector<double> bounds)
    : options_{std::move(options)}, bounds_{std::move(bounds)}, other_{make()} {
  if (options_.labels.empty()) with();
}

template <class Metric>
std::unique_ptr<Metric> metric_family<Metric>::make() const {
  if constexpr (std::same_as<Metric, histogram>) {
    return std::make_unique<Metric>(bounds_);
  } else {
    return std::make_unique<Metric>();
  }
}

template <class Metric>
Metric& metric_family<Metric>::with(std::span<const std::string_view> label_values) {
  if (label_values.size() != options_.labels.size()) {
    refuse(options_.name, fmt::format("{} labels, but {} values", options_.labels.size(), label_values.size()));
  }
  {
    const std::shared_lock lock{mutex_};
    if (const auto found = series_.find(label_values); found != series_.end()) return *found->second;
  }
  std::vector<std::string> values;
  values.reserve(label_values.size());
  for (const auto value : label_values) values.push_back(valid_utf8(cut(value, label_size_bytes_max)));
  const std::unique_lock lock{mutex_};
  if (const auto found = series_.find(values); found != series_.end()) return *found->second;
  if (series_.size() >= options_.series_max) {
    overflowed_.fetch_add(1, std::memory_order_relaxed);
    return *other_;
  }
  return *series_.emplace(std::move(values), make()).first->second;
}

template <class Metric>
metric_snapshot metric_family<Metric>::snapshot() const {
  metric_snapshot all{options_.name, options_.help, type_of<Metric>};
  const std::shared_lock lock{mutex_};
  for (const auto& [values, metric] : series_) {
    auto& series = all.series.emplace_back(read(*metric));
    for (std::size_t i = 0; i < values.size(); ++i) series.labels.emplace_back(options_.labels[i], values[i]);
  }
  if (overflowed() != 0) {
    all.series.emplace_back(read(*other_)).labels.emplace_back(overflow_label, "true");
  }
  return all;
}

template class metric_family<counter>;
template class metric_family<gauge>;
template class metric_family<histogram>;

metrics_registry::~metrics_registry() = default;

template <class Metric>
metric_family<Metric>& metrics_registry::add(std::map<std::string, std::unique_ptr<metric_family<Metric>>>& to,
                                             metric_options options, std::vector<double> bounds) {
  check_options(options, type_of<Metric>);
  const std::scoped_lock lock{mutex_};
  if (const auto found = to.find(options.name); found != to.end()) {
    if (found->second->options_ == options && found->second->bounds_ == bounds) return *found->second;
    refuse(options.name, "it is declared already, in another way");
  }
  if (counters_.size() + gauges_.size() + histograms_.size() >= families_max) {
    refuse(options.name, fmt::format("there are {} families already", families_max));
  }
  const auto names = line_names(options.name, type_of<Metric>);
  const auto check_taken = [&](const auto& families, metric_type type) {
    for (const auto& [name, family] : families) {
      for (const auto& taken : line_names(name, type)) {
        if (std::find(names.begin(), names.end(), taken) != names.end())
          refuse(options.name, "the name is taken by " + name);
      }
    }
  };
  check_taken(counters_, metric_type::counter);
  check_taken(gauges_, metric_type::gauge);
  check_taken(histograms_, metric_type::histogram);
  if (options.name == overflow_name) refuse(options.name, "the registry itself has it");
  auto name = options.name;
  std::unique_ptr<metric_family<Metric>> made{new metric_family<Metric>{std::move(options), std::move(bounds)}};
  return *to.emplace(std::move(name), std::move(made)).first->second;
}

metric_family<counter>& metrics_registry::add_counter(metric_options options) {
  return add(counters_, std::move(options), {});
}

metric_family<gauge>& metrics_registry::add_gauge(metric_options options) {
  return add(gauges_, std::move(options), {});
}

metric_family<histogram>& metrics_registry::add_histogram(metric_options options, std::vector<double> bounds) {
  check_bounds(options.name, bounds);
  return add(histograms_, std::move(options), std::move(bounds));
}

metrics_snapshot metrics_registry::snapshot() const {
  metrics_snapshot all;
  metric_snapshot overflow{std::string{overflow_name}, "Look-ups of a label set that a metric had no more room for.",
                           metric_type::counter};
  const std::scoped_lock lock{mutex_};
  const auto take = [&](const auto& families) {
    for (const auto& [name, family] : families) {
      all.push_back(family->snapshot());
      if (const auto times = family->overflowed(); times != 0) {
        overflow.series.push_back({{{"metric", name}}, static_cast<double>(times)});
      }
    }
  };
  take(counters_);
  take(gauges_);
  take(histograms_);
  if (!overflow.series.empty()) all.push_back(std::move(overflow));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace troupe
