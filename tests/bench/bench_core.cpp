// What the vocabulary costs where it is on the path of every message: clocks, trace steps, counters, a log line that is
// not written. Google Benchmark's own flags apply, such as --benchmark_filter.

#include <benchmark/benchmark.h>

#include <string>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/log.hpp>
#include <troupe/core/metrics.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/trace.hpp>

namespace {

void clock_now(benchmark::State& state) {
  const troupe::real_clock clock;
  for (auto _ : state) benchmark::DoNotOptimize(clock.now());
}

void clock_coarse_now(benchmark::State& state) {
  const troupe::real_clock clock;
  for (auto _ : state) benchmark::DoNotOptimize(clock.coarse_now());
}

void trace_child(benchmark::State& state) {
  auto trace = troupe::trace_context::start();
  for (auto _ : state) benchmark::DoNotOptimize(trace = trace.child());
}

void counter_add(benchmark::State& state) {
  static troupe::counter counter;
  for (auto _ : state) counter.add();
}

void log_below_level(benchmark::State& state) {
  const auto log = troupe::logger::make({.level = troupe::log_level::warn}).value();
  for (auto _ : state) log.debug("not written", {{"agent", "/a/b"}});
}

void id_next(benchmark::State& state) {
  const troupe::real_clock clock;
  troupe::id_generator ids{clock, 1};
  for (auto _ : state) benchmark::DoNotOptimize(ids.next());
}

void path_parse(benchmark::State& state) {
  const std::string text = "/hospital/patients/p17/vitals";
  for (auto _ : state) benchmark::DoNotOptimize(troupe::path::parse(text));
}

BENCHMARK(clock_now);
BENCHMARK(clock_coarse_now);
BENCHMARK(trace_child);
BENCHMARK(counter_add)->ThreadRange(1, 2);
BENCHMARK(log_below_level);
BENCHMARK(id_next);
BENCHMARK(path_parse);

}  // namespace

BENCHMARK_MAIN();
