// Messages, spawning, memory and restarts of Troupe's agents beside bare CAF and Erlang, from one run. See README.md.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "bare_caf.hpp"
#include "ours.hpp"
#include "report.hpp"

namespace {

constexpr auto ours = "troupe";
constexpr auto caf = "bare CAF";
constexpr auto erlang = "Erlang";

// The sizes are handed to every side alike; an empty function means that this side has no such thing.
struct benchmark {
  std::string name;
  bench::unit unit;
  std::vector<std::size_t> sizes;
  std::function<double(const std::vector<std::size_t>&)> ours;
  std::function<double(const std::vector<std::size_t>&)> bare_caf;
  std::vector<bench::target> targets;
};

template <class F>
auto one(F f) {
  return [f](const std::vector<std::size_t>& sizes) { return f(sizes[0]); };
}

template <class F>
auto two(F f) {
  return [f](const std::vector<std::size_t>& sizes) { return f(sizes[0], sizes[1]); };
}

std::vector<benchmark> benchmarks() {
  using bench::unit;
  namespace o = bench::ours;
  namespace c = bench::bare_caf;
  const bench::target near_caf{caf, 1.25};
  const bench::target ahead_of_erlang{erlang, 1.0};
  return {
      {"ping_pong", unit::ops_per_s, {1'000'000}, one(o::ping_pong), one(c::ping_pong), {near_caf}},
      {"request", unit::ops_per_s, {1'000'000}, one(o::request), one(c::request), {near_caf}},
      {"mailbox", unit::ops_per_s, {8, 250'000}, two(o::mailbox), two(c::mailbox), {near_caf, ahead_of_erlang}},
      {"ring", unit::ops_per_s, {503, 2'000'000}, two(o::ring), two(c::ring), {near_caf}},
      {"broadcast", unit::ops_per_s, {20'000}, one(o::broadcast), one(c::broadcast), {near_caf}},
      {"spawn", unit::ops_per_s, {100'000}, one(o::spawn), one(c::spawn), {}},
      {"idle_memory", unit::bytes, {100'000}, one(o::idle_memory), one(c::idle_memory), {ahead_of_erlang}},
      {"restart", unit::seconds, {1'000}, one(o::restart), {}, {ahead_of_erlang}},
      {"restart_storm", unit::seconds, {10'000}, one(o::restart_storm), {}, {ahead_of_erlang}},
      {"restart_storm_dynamic", unit::seconds, {10'000}, one(o::restart_storm_dynamic), {}, {ahead_of_erlang}},
  };
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures Troupe's agents beside bare CAF and, with --peer, Erlang."};
  std::string json_file;
  std::string peer;
  std::vector<std::string> only;
  int repeat = 5;
  bool without_ours = false;
  app.add_option("--repeat", repeat, "Measurements of each kind, of which the median counts")
      ->check(CLI::Range(1, 1000));
  app.add_option("--json", json_file, "Also write every sample to this file");
  app.add_option("--peer", peer, "Command of the Erlang side; the benchmark's name and sizes are appended");
  app.add_option("--only", only, "Only these benchmarks");
  app.add_flag("--without-ours", without_ours, "Only the peers");
  CLI11_PARSE(app, argc, argv);

  bench::report report{peer.empty() ? std::vector<std::string>{ours, caf}
                                    : std::vector<std::string>{ours, caf, erlang}};
  const bool watched = isatty(STDERR_FILENO) == 1;
  bool complete = true;
  for (const auto& b : benchmarks()) {
    if (!only.empty() && std::find(only.begin(), only.end(), b.name) == only.end()) continue;
    auto& row = report.add(b.name, b.unit, b.targets);
    const auto keep = [&](const char* subject, std::optional<double> value) {
      complete = complete && value.has_value();
      if (value) row.samples[subject].push_back(*value);
    };
    auto command = fmt::format("{} {} {}", peer, b.name, fmt::join(b.sizes, " "));
    // The sides take turns, so that a disturbance of the machine hits all of them.
    for (int i = 0; i < repeat; ++i) {
      if (watched) std::cerr << fmt::format("\r\033[K{} {}/{}", b.name, i + 1, repeat) << std::flush;
      if (!without_ours) keep(ours, bench::isolated([&] { return b.ours(b.sizes); }));
      if (b.bare_caf) keep(caf, bench::isolated([&] { return b.bare_caf(b.sizes); }));
      if (!peer.empty()) keep(erlang, bench::from_command(command, b.unit));
    }
  }
  if (watched) std::cerr << "\r\033[K" << std::flush;
  report.print(std::cout);
  if (!json_file.empty()) {
    std::ofstream out{json_file};
    report.write_json(out);
    if (!out.flush()) {
      std::cerr << "bench: cannot write " << json_file << '\n';
      return 1;
    }
  }
  return complete ? 0 : 1;
}
