#include "report.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace bench {

namespace {

std::string scaled(double value, unit u) {
  struct step {
    double factor;
    const char* name;
  };
  static constexpr std::array<step, 3> rates{{{1e6, " M/s"}, {1e3, " k/s"}, {1, " /s"}}};
  static constexpr std::array<step, 4> times{{{1, " s"}, {1e-3, " ms"}, {1e-6, " us"}, {1e-9, " ns"}}};
  static constexpr std::array<step, 2> sizes{{{1e6, " MB"}, {1, " B"}}};
  const auto pick = [&](const auto& steps) {
    const auto found = std::find_if(steps.begin(), steps.end(), [&](const step& s) { return value >= s.factor; });
    const auto& chosen = found == steps.end() ? steps.back() : *found;
    const double shown = value / chosen.factor;
    return shown < 999.5 ? fmt::format("{:.3g}{}", shown, chosen.name) : fmt::format("{:.0f}{}", shown, chosen.name);
  };
  switch (u) {
    case unit::ops_per_s: return pick(rates);
    case unit::bytes_per_s: return fmt::format("{:.3g} GB/s", value / 1e9);
    case unit::seconds: return pick(times);
    case unit::bytes: return pick(sizes);
    case unit::count: return fmt::format("{:.3g}", value);
  }
  std::abort();
}

std::string cpu_model() {
  std::ifstream info{"/proc/cpuinfo"};
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown";
}

}  // namespace

std::string_view to_string(unit u) noexcept {
  switch (u) {
    case unit::ops_per_s: return "ops_per_s";
    case unit::bytes_per_s: return "bytes_per_s";
    case unit::seconds: return "seconds";
    case unit::bytes: return "bytes";
    case unit::count: return "count";
  }
  return "unknown";
}

std::optional<double> row::median(const std::string& subject) const {
  const auto found = samples.find(subject);
  if (found == samples.end() || found->second.empty()) return std::nullopt;
  auto sorted = found->second;
  std::sort(sorted.begin(), sorted.end());
  const auto middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

std::optional<double> row::cost(const std::string& ours, const std::string& peer) const {
  const auto a = median(ours);
  const auto b = median(peer);
  if (!a || !b || *a <= 0 || *b <= 0) return std::nullopt;
  return unit == unit::ops_per_s || unit == unit::bytes_per_s ? *b / *a : *a / *b;
}

row& report::add(std::string name, unit u, std::vector<target> targets) {
  return rows_.emplace_back(row{std::move(name), u, std::move(targets), {}});
}

void report::print(std::ostream& out) const {
  print_rows(out);
  print_legend(out);
}

void report::print_rows(std::ostream& out) const {
  const auto& ours = subjects_.front();
  out << fmt::format("{:<24}{:>12}", "benchmark", ours);
  for (std::size_t i = 1; i < subjects_.size(); ++i) out << fmt::format("{:>14}{:>16}", subjects_[i], "cost");
  out << '\n';
  for (const auto& r : rows_) {
    const auto cell = [&](const std::string& subject) {
      const auto value = r.median(subject);
      return value ? scaled(*value, r.unit) : std::string{"-"};
    };
    out << fmt::format("{:<24}{:>12}", r.name, cell(ours));
    for (std::size_t i = 1; i < subjects_.size(); ++i) {
      const auto& peer = subjects_[i];
      const auto cost = r.cost(ours, peer);
      auto ratio = cost ? fmt::format("{:.2f}", *cost) : std::string{};
      for (const auto& t : r.targets) {
        if (t.peer == peer && cost && *cost > t.cost_max) ratio += fmt::format(" (max {:.2f})", t.cost_max);
      }
      out << fmt::format("{:>14}{:>16}", cell(peer), ratio);
    }
    out << '\n';
  }
}

void report::print_legend(std::ostream& out) const {
  out << fmt::format("machine: {}, {} cores\n", cpu_model(), std::thread::hardware_concurrency());
  out << "cost: what " << subjects_.front()
      << " costs for each unit of the peer's cost, from medians; below 1 it is cheaper.\n"
      << "(max x) marks a cost above its target.\n";
}

void report::write_json(std::ostream& out) const {
  const auto& ours = subjects_.front();
  nlohmann::ordered_json document;
  document["machine"] = {{"cpu", cpu_model()}, {"cores", std::thread::hardware_concurrency()}};
  document["rows"] = nlohmann::ordered_json::array();
  for (const auto& r : rows_) {
    nlohmann::ordered_json entry{{"bench", r.name}, {"unit", to_string(r.unit)}};
    for (const auto& subject : subjects_) {
      if (const auto value = r.median(subject)) {
        entry["median"][subject] = *value;
        entry["samples"][subject] = r.samples.at(subject);
      }
      if (const auto cost = subject == ours ? std::nullopt : r.cost(ours, subject)) entry["cost"][subject] = *cost;
    }
    for (const auto& t : r.targets) entry["target"][t.peer] = t.cost_max;
    document["rows"].push_back(std::move(entry));
  }
  out << document.dump(2) << '\n';
}

std::optional<double> isolated(const std::function<double()>& measurement) {
  return isolated([&] { return std::vector{measurement()}; }, 1).front();
}

std::vector<std::optional<double>> isolated(const std::function<std::vector<double>()>& measurement,
                                            std::size_t numbers) {
  std::vector<std::optional<double>> none(numbers);
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    std::perror("bench: pipe");
    return none;
  }
  std::cout.flush();
  const auto child = fork();
  if (child == 0) {
    close(ends[0]);
    try {
      auto values = measurement();
      values.resize(numbers);
      const auto bytes = static_cast<ssize_t>(numbers * sizeof(double));
      // No destructors of the parent's objects and no second flush of its streams.
      _exit(write(ends[1], values.data(), numbers * sizeof(double)) == bytes ? 0 : 1);
    } catch (const std::exception& e) {
      std::cerr << "bench: " << e.what() << std::endl;
      _exit(1);
    }
  }
  close(ends[1]);
  std::vector<double> values(numbers);
  const bool complete = child > 0 && read(ends[0], values.data(), numbers * sizeof(double)) ==
                                         static_cast<ssize_t>(numbers * sizeof(double));
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || !complete) {
    std::cerr << "bench: a measurement ended without a number (status " << status << ")\n";
    return none;
  }
  return {values.begin(), values.end()};
}

std::vector<std::optional<double>> from_command(const std::string& command, const std::vector<std::string>& names) {
  std::cout.flush();
  struct closer {
    void operator()(FILE* f) const { pclose(f); }
  };
  const std::unique_ptr<FILE, closer> output{popen(command.c_str(), "r")};
  std::string text;
  if (output) {
    std::array<char, 256> chunk{};
    while (std::fgets(chunk.data(), chunk.size(), output.get()) != nullptr) text += chunk.data();
  }
  const auto document = nlohmann::json::parse(text, nullptr, false);
  std::vector<std::optional<double>> values(names.size());
  bool any = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!document.is_object() || !document.contains(names[i]) || !document[names[i]].is_number()) continue;
    values[i] = document[names[i]].get<double>();
    any = true;
  }
  if (!any) std::cerr << "bench: no number from \"" << command << "\", but: " << text << '\n';
  return values;
}

std::optional<double> from_command(const std::string& command, unit u) {
  return from_command(command, std::vector{std::string{to_string(u)}}).front();
}

double resident_bytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) * 1024;
  }
  throw std::runtime_error{"no VmRSS in /proc/self/status"};
}

}  // namespace bench
