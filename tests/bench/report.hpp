#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// What a number counts. For rates more is better, for the others less.
enum class unit { ops_per_s, bytes_per_s, seconds, bytes, count };

std::string_view to_string(unit u) noexcept;

// The other side of a comparison, and how dear ours may be beside it: 1.25 allows a quarter more, 1 means no dearer.
struct target {
  std::string peer;
  double cost_max;
};

// One row: all samples of one benchmark, by subject.
struct row {
  std::string name;
  bench::unit unit;
  std::vector<target> targets;
  std::map<std::string, std::vector<double>> samples;

  std::optional<double> median(const std::string& subject) const;
  // What ours costs per unit of what the peer costs: below 1 ours is cheaper. Empty if either was not measured.
  std::optional<double> cost(const std::string& ours, const std::string& peer) const;
};

// The result of one run: ours against its peers, printed as one table and written as JSON. Owner: main(); threads: one.
class report {
 public:
  // The first subject is ours, the others are its peers, in the order of the columns.
  explicit report(std::vector<std::string> subjects) : subjects_{std::move(subjects)} {}

  // Valid as long as the report.
  row& add(std::string name, unit u, std::vector<target> targets);

  // Medians, the ratio to each peer, and a mark where a target is missed.
  void print(std::ostream& out) const;
  // The same in two parts, for a benchmark with several tables.
  void print_rows(std::ostream& out) const;
  void print_legend(std::ostream& out) const;
  // {"machine": {...}, "rows": [{"bench", "unit", "median": {...}, "samples": {...}, "cost": {...}, "target": {...}}]}
  void write_json(std::ostream& out) const;

 private:
  std::vector<std::string> subjects_;
  std::deque<row> rows_;
};

// Runs a measurement in a process of its own, forked from this one, which must not have started threads: so that no
// measurement inherits memory, threads or a crash from another. Empty, with the reason on stderr, if it did not come to
// a number.
std::optional<double> isolated(const std::function<double()>& measurement);
// The same for one that comes to so many numbers; empty as a whole.
std::vector<std::optional<double>> isolated(const std::function<std::vector<double>()>& measurement,
                                            std::size_t numbers);

// The number in the one line of JSON that a peer's program prints under the unit's name. Empty, with the reason on
// stderr, if it fails. The command is given to the shell.
std::optional<double> from_command(const std::string& command, unit u);
// The same for one that prints several numbers, under these names; those that it leaves out are empty. Empty as a whole
// if it prints none of them.
std::vector<std::optional<double>> from_command(const std::string& command, const std::vector<std::string>& names);

// This process's resident memory.
double resident_bytes();

}  // namespace bench
