#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "healthcare/follow_ups.hpp"

// What a run found, and how it is shown. Pure functions; the same reports give the same bytes.
namespace healthcare {

struct news2_report {
  std::optional<instant> at;  // of the last observation; absent where no vital sign was seen
  vital_signs signs;
  news2_score score;
  std::optional<vitals_trend> trend;
  bool operator==(const news2_report&) const = default;
};
[[nodiscard]] news2_report news2_of(const vitals_history& history);

struct patient_report {
  std::string id;
  std::string name;
  bool deceased = false;
  news2_report news2;
  medication_review medication;
  std::vector<appointment> appointments;
  std::vector<unplanned> unplaced;
  bool operator==(const patient_report&) const = default;
};

struct run_report {
  instant as_of{};  // when the round began
  std::uint64_t files = 0;
  std::uint64_t files_unreadable = 0;
  std::uint64_t observations = 0;            // with a vital sign of a known patient
  std::uint64_t observations_ignored = 0;    // without a vital sign
  std::uint64_t observations_set_aside = 0;  // of those with one: measured at an implausible time
  std::uint64_t lines_refused = 0;           // of the stream
  std::uint64_t problems = 0;                // reported, of every kind
  // Of the agents; these differ from run to run.
  std::uint64_t messages = 0;  // handled by all agents
  std::uint64_t kills = 0;     // by --chaos
  std::uint64_t restarts = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t feedback = 0;  // collected by the learning agents
  // Booked only when somebody approves them, and not decided; their patients have them among what is unplaced.
  std::uint64_t escalations_open = 0;
  bool operator==(const run_report&) const = default;
};

struct report {
  std::vector<patient_report> patients;  // in any order; shown by id
  std::vector<clinician> staff;          // for the names
  run_report run;
  bool operator==(const report&) const = default;
};

// Gives each appointment of the plan to its patient's report.
void share_out(const schedule& planned, std::vector<patient_report>& patients);

// {"patients": [...], "run": {...}} in ASCII, indented by two, with a line end; README.md has the fields.
[[nodiscard]] std::string to_json(const report& of);

// For a terminal: a line for each patient, the details below it. What could harm the terminal is made harmless.
[[nodiscard]] std::string to_table(const report& of);

}  // namespace healthcare
