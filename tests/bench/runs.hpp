#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "report.hpp"

// What benchmarks with a disk have in common: folders, and several tables from one run.
namespace bench {

// A folder of its own, that goes with it.
class scratch {
 public:
  explicit scratch(const std::filesystem::path& parent);
  ~scratch();
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

// A line about what is being done, in place of the last one; only for whoever watches.
void say(const std::string& doing);

// Runs measurements, each in a process of its own, and keeps whether all came to a number.
struct runner {
  bool complete = true;
  // As many numbers as there are rows.
  void keep(const std::string& subject, const std::vector<row*>& rows,
            const std::function<std::vector<double>()>& measurement);
  bool run(const std::function<void()>& step);
  // A process that is killed (SIGKILL) once it calls what it is given.
  bool crash(const std::function<void(const std::function<void()>& ready)>& step);
};

struct table {
  std::string name;
  bench::report report;
};
void print(const std::vector<table>& tables, std::ostream& out);
// {table: what report::write_json writes}. False, with the reason on stderr, if it cannot.
bool write_json(const std::vector<table>& tables, const std::string& file);

}  // namespace bench
