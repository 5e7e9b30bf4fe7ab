// What an agent on the scheduler, on a thread and in a process of its own costs, beside Erlang's ports and Python's
// multiprocessing, from one run. See README.md.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <troupe/actors/run.hpp>
#include <utility>
#include <vector>

#include "isolation.hpp"
#include "report.hpp"

namespace {

constexpr auto ours = "troupe";
constexpr auto erlang = "Erlang port";
constexpr auto python_fork = "Python fork";
constexpr auto python_spawn = "Python spawn";

// One measurement, that may come to several numbers: a row each. The sizes are handed to every side alike.
struct benchmark {
  std::string name;
  std::vector<std::pair<std::string, bench::unit>> rows;
  std::vector<std::size_t> sizes;
  int repeat_max;
  std::vector<std::string> peers;
  std::function<std::vector<double>(const std::vector<std::size_t>&)> ours;
};

using sizes = std::vector<std::size_t>;
const std::vector<std::string> all_peers{erlang, python_fork, python_spawn};

benchmark ask(troupe::tier where, const char* size, std::size_t bytes, std::size_t rounds) {
  const std::string name = fmt::format("ask_{}_{}", troupe::to_string(where), size);
  return {name,
          {{name, bench::unit::seconds}},
          {rounds, bytes},
          100,
          where == troupe::tier::process ? std::vector<std::string>{erlang, python_fork} : std::vector<std::string>{},
          [where](const sizes& n) { return std::vector{bench::isolation::ask(where, n[0], n[1])}; }};
}

benchmark restart(std::string name, troupe::tier where, bench::isolation::failure how, std::size_t times) {
  return {name,
          {{name, bench::unit::seconds}},
          {times},
          100,
          where == troupe::tier::process ? all_peers : std::vector<std::string>{},
          [=](const sizes& n) { return std::vector{bench::isolation::restart(where, how, n[0])}; }};
}

benchmark spawn(std::string name, bench::isolation::start how) {
  return {name,      {{name, bench::unit::seconds}},
          {20},      100,
          all_peers, [how](const sizes& n) { return std::vector{bench::isolation::spawn(how, n[0])}; }};
}

std::vector<benchmark> benchmarks() {
  using bench::unit;
  using bench::isolation::failure;
  using bench::isolation::start;
  using troupe::tier;
  return {
      ask(tier::inlined, "32", 32, 200'000),
      ask(tier::thread, "32", 32, 20'000),
      ask(tier::process, "32", 32, 5'000),
      ask(tier::inlined, "64k", 65'536, 200'000),
      ask(tier::thread, "64k", 65'536, 20'000),
      ask(tier::process, "64k", 65'536, 2'000),
      restart("restart_inlined", tier::inlined, failure::exception, 20),
      restart("restart_thread", tier::thread, failure::exception, 20),
      restart("restart_process", tier::process, failure::exception, 20),
      restart("restart_process_killed", tier::process, failure::killed, 20),
      spawn("spawn_cold", start::cold),
      spawn("spawn_warm", start::warm),
      spawn("spawn_sandboxed", start::sandboxed),
      {"many",
       {{"many_start", unit::seconds},
        {"many_memory", unit::bytes},
        {"many_descriptors", unit::count},
        {"many_idle_cpu", unit::seconds},
        {"many_stop", unit::seconds},
        {"many_descriptors_left", unit::count}},
       {1'000, 5},
       2,
       {erlang, python_fork},
       [](const sizes& n) { return bench::isolation::many(n[0], n[1]); }},
  };
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = troupe::process_main()) return *code;
  CLI::App app{"Measures Troupe's agents in each tier of isolation; beside Erlang and Python with --erlang, --python."};
  std::string json_file;
  std::map<std::string, std::string> commands;
  std::string python;
  std::vector<std::string> only;
  int repeat = 3;
  app.add_option("--repeat", repeat, "Measurements of each kind, of which the median counts; of `many` at most 2")
      ->check(CLI::Range(1, 100));
  app.add_option("--json", json_file, "Also write every sample to this file");
  app.add_option("--erlang", commands[erlang],
                 "Command of the Erlang side; the benchmark's name and sizes are appended");
  app.add_option("--python", python, "Command of the Python side; the start method, name and sizes are appended");
  app.add_option("--only", only, "Only these benchmarks");
  CLI11_PARSE(app, argc, argv);
  if (!python.empty()) commands[python_fork] = python + " fork", commands[python_spawn] = python + " spawn";

  std::vector<std::string> subjects{ours};
  for (const auto& each : all_peers)
    if (!commands[each].empty()) subjects.push_back(each);
  bench::report report{subjects};
  const bool watched = isatty(STDERR_FILENO) == 1;
  bool complete = true;
  for (const auto& b : benchmarks()) {
    if (!only.empty() && std::find(only.begin(), only.end(), b.name) == only.end()) continue;
    std::vector<bench::row*> rows;
    for (const auto& [name, unit] : b.rows) rows.push_back(&report.add(name, unit, {}));
    const auto keep = [&](const std::string& subject, const std::vector<std::optional<double>>& values) {
      complete =
          complete && std::any_of(values.begin(), values.end(), [](const auto& each) { return each.has_value(); });
      for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i]) rows[i]->samples[subject].push_back(*values[i]);
    };
    std::vector<std::string> names;
    for (const auto& [name, unit] : b.rows) names.push_back(name);
    // The sides take turns, so that a disturbance of the machine hits all of them.
    for (int i = 0; i < std::min(repeat, b.repeat_max); ++i) {
      if (watched) std::cerr << fmt::format("\r\033[K{} {}/{}", b.name, i + 1, repeat) << std::flush;
      keep(ours, bench::isolated([&] { return b.ours(b.sizes); }, b.rows.size()));
      for (const auto& peer : b.peers)
        if (!commands[peer].empty())
          keep(peer,
               bench::from_command(fmt::format("{} {} {}", commands[peer], b.name, fmt::join(b.sizes, " ")), names));
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
