#include "runs.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

namespace bench {

namespace fs = std::filesystem;

scratch::scratch(const fs::path& parent) : folder_{parent / std::to_string(getpid())} { fs::remove_all(folder_); }
scratch::~scratch() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void say(const std::string& doing) {
  if (isatty(STDERR_FILENO) == 1) std::cerr << "\r\033[K" << doing << std::flush;
}

void runner::keep(const std::string& subject, const std::vector<row*>& rows,
                  const std::function<std::vector<double>()>& measurement) {
  const auto values = isolated(measurement, rows.size());
  for (std::size_t n = 0; n < rows.size(); ++n) {
    complete = complete && values[n];
    if (values[n]) rows[n]->samples[subject].push_back(*values[n]);
  }
}

bool runner::run(const std::function<void()>& step) {
  const auto done = isolated([&] { return step(), std::vector{1.0}; }, 1).front().has_value();
  complete = complete && done;
  return done;
}

bool runner::crash(const std::function<void(const std::function<void()>& ready)>& step) {
  std::cout.flush();
  const auto child = fork();
  if (child == 0) {
    try {
      step([] { kill(getpid(), SIGKILL); });
      std::cerr << "bench: what was to be killed came to its end\n";
    } catch (const std::exception& e) {
      std::cerr << "bench: " << e.what() << std::endl;
    }
    _exit(1);
  }
  int status = 0;
  const bool killed = child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status);
  complete = complete && killed;
  return killed;
}

void print(const std::vector<table>& tables, std::ostream& out) {
  for (const auto& each : tables) {
    each.report.print_rows(out);
    out << '\n';
  }
  if (!tables.empty()) tables.back().report.print_legend(out);
}

bool write_json(const std::vector<table>& tables, const std::string& file) {
  nlohmann::ordered_json all;
  for (const auto& each : tables) {
    std::stringstream text;
    each.report.write_json(text);
    all[each.name] = nlohmann::ordered_json::parse(text.str());
  }
  std::ofstream out{file};
  out << all.dump(2) << '\n';
  if (out.flush()) return true;
  std::cerr << "bench: cannot write " << file << '\n';
  return false;
}

}  // namespace bench
