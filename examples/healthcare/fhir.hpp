#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "healthcare/errc.hpp"
#include "healthcare/history.hpp"
#include "healthcare/records.hpp"

// Readers of FHIR R4 JSON. They take bytes from anywhere: whatever is wrong comes back as an error or a problem, never
// as an exception. Pure functions but for the one that opens a file; any thread.
namespace healthcare {

inline constexpr std::size_t bundle_bytes_max = 256u << 20;

// How much to read: what the round needs, or the patients' histories too.
enum class extent : std::uint8_t { round, history };

// A resource, and the line of its file on which its entry begins.
template <class Resource>
struct on_line : Resource {
  std::size_t line = 1;
  friend bool operator==(const on_line&, const on_line&) = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    Resource::troupe_visit(self, visit);
    visit("line", self.line);
  }
};

// What one bundle held.
struct bundle {
  std::string file;
  std::vector<on_line<patient>> patients;
  std::vector<on_line<allergy>> allergies;
  std::vector<on_line<medication_request>> medication_requests;
  std::vector<on_line<observation>> observations;  // those that name a vital sign, or take something back
  std::vector<on_line<history_entry>> history;     // only where it was asked for
  std::vector<problem> problems;                   // what was not taken, and why; by line
  std::size_t entries = 0;                         // of every kind, taken or not
  bool readable = true;                            // false: nothing was taken, and the one problem says why
  bool operator==(const bundle&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("file", self.file);
    visit("patients", self.patients);
    visit("allergies", self.allergies);
    visit("medication_requests", self.medication_requests);
    visit("observations", self.observations);
    visit("history", self.history);
    visit("problems", self.problems);
    visit("entries", self.entries);
    visit("readable", self.readable);
  }
};

// Reads a Bundle of any type. `file` names the source in problems. References inside the bundle ("Patient/1",
// "urn:uuid:...", an absolute address) become the patient's id; one to a patient who is not in the bundle stays as
// written, since another file may have the patient. A malformed resource is a problem and the rest is read; where the
// whole is malformed (not_json, not_fhir, too_large, wrong_type) the bundle is not readable. Of two resources of one
// type and id the first counts; the second is a problem unless it says the same. Observations are all kept: which of
// one id counts is for observation_log to say.
[[nodiscard]] bundle read_bundle(std::string_view json, std::string_view file, extent how = extent::round);

// The same from a regular file of at most `bundle_bytes_max`; otherwise not readable (unreadable, too_large).
[[nodiscard]] bundle read_bundle_file(const std::filesystem::path& path, extent how = extent::round);

// What stands in for a bundle that could not be read.
[[nodiscard]] bundle unreadable_bundle(std::string_view file, std::size_t line, const troupe::error& why);

// Whether `read_bundle` could have made this: its enumerators exist and its numbers are numbers. For bundles that come
// from where a file may have got the better of the reader.
[[nodiscard]] bool is_sound(const bundle& taken) noexcept;

// Reads one Observation. `patient` of the result is the reference as written. A value or component that cannot be taken
// is left out of one that has others, and its fault is appended to `left_out`.
// Errors: not_json, not_fhir, too_large, wrong_type, missing_field, bad_value, bad_unit, out_of_range.
[[nodiscard]] troupe::result<observation> read_observation(std::string_view json, std::vector<troupe::error>& left_out);

// "Type/id" of a reference to a resource: "https://host/fhir/Patient/p1/_history/2" gives "Patient/p1".
[[nodiscard]] std::string_view relative_reference(std::string_view reference);

// The id a reference to a patient points at: "Patient/p1", "urn:uuid:p1" and "p1" give "p1". One to something else than
// a patient stays as it is, which is no id.
[[nodiscard]] std::string patient_id(std::string_view reference);

}  // namespace healthcare
