// What the sides of bench_turns have in common.

#include <time.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <stdexcept>

#include "turns_sides.hpp"

namespace bench {

namespace {

// All that this process has given to the system to write.
double written_bytes() {
  std::ifstream io{"/proc/self/io"};
  for (std::string line; std::getline(io, line);)
    if (line.starts_with("wchar:")) return std::stod(line.substr(6));
  throw std::runtime_error{"no wchar in /proc/self/io"};
}

// Of all threads of this process.
double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

std::string padded(std::string text) {
  while (text.size() < text_bytes) text += " and so on, and on";
  text.resize(text_bytes);
  return text;
}

}  // namespace

std::string message_text(std::size_t agent) { return padded("what is said to agent " + std::to_string(agent)); }
std::string effect_text(std::size_t number) { return padded("what comes of effect " + std::to_string(number)); }

turn_meter::turn_meter(double seconds)
    : written_before_{written_bytes()},
      cpu_before_{cpu_seconds()},
      began_{stopwatch::now()},
      end_{began_ + std::chrono::duration_cast<stopwatch::duration>(std::chrono::duration<double>{seconds})} {}

turn_figures turn_meter::figures(std::uint64_t syncs) const {
  const auto written = written_bytes() - written_before_;
  const auto cpu = cpu_seconds() - cpu_before_;
  std::vector<double> took;
  for (const auto& each : turns_)
    if (each.answered < end_) took.push_back(std::chrono::duration<double>{each.answered - each.sent}.count());
  if (took.empty()) throw std::runtime_error{"no turn ended in time"};
  std::sort(took.begin(), took.end());
  return {.turns_per_s = static_cast<double>(took.size()) / std::chrono::duration<double>{end_ - began_}.count(),
          .p50_s = took[took.size() / 2],
          .p99_s = took[took.size() * 99 / 100],
          .written_bytes = written / static_cast<double>(turns_.size()),
          .cpu_s = cpu / static_cast<double>(turns_.size()),
          .syncs = static_cast<double>(syncs) / static_cast<double>(turns_.size())};
}

turn_figures turns_of(const one_writer& writer, const turn_load& load) {
  struct due {
    std::size_t agent, step;
    stopwatch::time_point sent;
  };
  std::deque<due> queue, done;
  std::uint64_t commits = 0;
  const auto serve = [&](const std::function<void(const due&)>& ended) {
    writer.begin();
    for (std::size_t n = 0; n < writer.group_max && !queue.empty(); ++n) {
      writer.step(queue.front().agent, queue.front().step);
      done.push_back(queue.front());
      queue.pop_front();
    }
    writer.commit();
    ++commits;
    for (; !done.empty(); done.pop_front()) {
      auto& each = done.front();
      if (++each.step < writer.steps)
        queue.push_front(each);  // a turn that has begun is the next
      else
        ended(each);
    }
  };
  // A first turn each, which is not counted.
  for (std::size_t agent = 0; agent < load.agents; ++agent) queue.push_back({agent, 0, {}});
  while (!queue.empty()) serve([](const due&) {});
  turn_meter meter{load.seconds};
  commits = 0;
  for (std::size_t agent = 0; agent < load.agents; ++agent) queue.push_back({agent, 0, meter.began()});
  for (auto now = meter.began(); !meter.is_over(now);) {
    serve([&](const due& each) {
      now = stopwatch::now();
      meter.add(each.sent, now);
      queue.push_back({each.agent, 0, now});
    });
    now = stopwatch::now();
  }
  return meter.figures(commits);
}

}  // namespace bench
