#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/core/clock.hpp"

namespace troupe {

// The three kinds of metric. All operations are lock-free and may be called by any thread; readers see each number as
// it was at some moment, not all numbers of one moment. Resources: made by a metrics_registry, and as old as it gets.

// A number that only grows. Adding is sharded by thread, so that threads do not wait for each other's cache line.
class counter {
 public:
  counter() = default;
  counter(const counter&) = delete;
  counter& operator=(const counter&) = delete;

  // What is negative, infinite or NaN is ignored.
  void add() noexcept { add_whole(1); }
  void add(std::integral auto n) noexcept {
    if (n > 0) add_whole(static_cast<std::uint64_t>(n));
  }
  void add(std::floating_point auto x) noexcept { add_fraction(static_cast<double>(x)); }

  double value() const noexcept;

 private:
  void add_whole(std::uint64_t n) noexcept;
  void add_fraction(double x) noexcept;

  struct alignas(64) shard {
    std::atomic<std::uint64_t> count{0};
  };
  std::array<shard, 8> shards_;
  std::atomic<double> fraction_{0};
};

// A number that goes up and down.
class gauge {
 public:
  gauge() = default;
  gauge(const gauge&) = delete;
  gauge& operator=(const gauge&) = delete;

  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double by) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// How often a value fell into each of some ranges, and the sum of the values.
class histogram {
 public:
  // Upper bounds, inclusive, finite, strictly ascending; the range above the last one is added.
  explicit histogram(std::vector<double> bounds);
  histogram(const histogram&) = delete;
  histogram& operator=(const histogram&) = delete;

  // NaN and the infinities are ignored: they would spoil the sum for good.
  void observe(double value) noexcept;
  void observe(duration d) noexcept { observe(std::chrono::duration<double>{d}.count()); }  // in seconds

  const std::vector<double>& bounds() const noexcept { return bounds_; }
  std::vector<std::uint64_t> counts() const;  // one more than there are bounds, not cumulative
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

// `count` bounds: start, start * factor, ... Throws failure(invalid_argument) unless start > 0, factor > 1 and
// 1 <= count <= 100.
std::vector<double> exponential_buckets(double start, double factor, std::size_t count);

enum class metric_type : std::uint8_t { counter, gauge, histogram };

// A copy of the numbers, to be sent or written.
struct metric_series {
  struct bucket {
    double bound;         // the last one is infinite
    std::uint64_t count;  // of all values up to the bound
  };
  std::vector<std::pair<std::string, std::string>> labels = {};
  double value = 0;                  // of a counter or gauge
  double sum = 0;                    // of a histogram
  std::vector<bucket> buckets = {};  // of a histogram
};

struct metric_snapshot {
  std::string name;
  std::string help;
  metric_type type = metric_type::counter;
  std::vector<metric_series> series = {};
};
using metrics_snapshot = std::vector<metric_snapshot>;

// Prometheus' text format, version 0.0.4; to be served as `prometheus_content_type`.
std::string to_prometheus(const metrics_snapshot& snapshot);
inline constexpr std::string_view prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

struct metric_options {
  std::string name;                      // [a-zA-Z_:][a-zA-Z0-9_:]*; ends in _total if, and only if, it is a counter
  std::string help;                      // one sentence
  std::vector<std::string> labels = {};  // [a-zA-Z_][a-zA-Z0-9_]*, not starting with __, neither `le` nor `other`
  std::size_t series_max = 1'000;        // label sets, at least 1; all that come later share other="true"
  friend bool operator==(const metric_options&, const metric_options&) = default;
};

// The metrics of one name, one for each set of label values. Owned by its registry; any thread may call it.
template <class Metric>
class metric_family {
 public:
  // The metric with these label values, in the order of the declared labels; added if it is new. The reference stays
  // valid as long as the registry, so a hot path looks it up once. Values are made UTF-8 and cut after 128 bytes.
  // Throws failure(invalid_argument) for another number of values, which is a bug of the caller.
  Metric& with(std::span<const std::string_view> label_values);
  Metric& with(std::initializer_list<std::string_view> label_values = {}) {
    return with(std::span{label_values.begin(), label_values.size()});
  }

  // How often with() had to return the metric of other="true": look-ups, not label sets and not updates.
  std::uint64_t overflowed() const noexcept { return overflowed_.load(std::memory_order_relaxed); }

 private:
  friend class metrics_registry;
  metric_family(metric_options options, std::vector<double> bounds);

  struct by_value {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
    }
  };

  std::unique_ptr<Metric> make() const;
  metric_snapshot snapshot() const;

  const metric_options options_;
  const std::vector<double> bounds_;  // of histograms
  mutable std::shared_mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<Metric>, by_value> series_;  // guarded by mutex_
  const std::unique_ptr<Metric> other_;
  std::atomic<std::uint64_t> overflowed_{0};
};

// Owns a program's metrics. Not movable; outlives those who hold references to its families and metrics. Any thread.
//
// Declaring a family again, exactly as before, returns the same one, so that components may share it. Everything else
// that is wrong with a declaration (a bad or taken name, no room, bounds that do not ascend) throws
// failure(invalid_argument): declarations are code, not input. Limit: 1,000 families.
class metrics_registry {
 public:
  static constexpr std::size_t families_max = 1'000;

  metrics_registry() = default;
  metrics_registry(const metrics_registry&) = delete;
  metrics_registry& operator=(const metrics_registry&) = delete;
  ~metrics_registry();

  metric_family<counter>& add_counter(metric_options options);
  metric_family<gauge>& add_gauge(metric_options options);
  // 1 to 100 bounds, see histogram.
  metric_family<histogram>& add_histogram(metric_options options, std::vector<double> bounds);

  // Families by name, series by label values. Includes troupe_metrics_overflow_total{metric}, which is overflowed(),
  // for the families where that is not 0.
  metrics_snapshot snapshot() const;
  std::string to_prometheus() const { return troupe::to_prometheus(snapshot()); }

 private:
  template <class Metric>
  metric_family<Metric>& add(std::map<std::string, std::unique_ptr<metric_family<Metric>>>& to, metric_options options,
                             std::vector<double> bounds);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<metric_family<counter>>> counters_;  // all guarded by mutex_, the
  std::map<std::string, std::unique_ptr<metric_family<gauge>>> gauges_;      // families themselves are not
  std::map<std::string, std::unique_ptr<metric_family<histogram>>> histograms_;
};

}  // namespace troupe
