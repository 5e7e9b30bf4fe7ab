#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "healthcare/instant.hpp"

// What the readers make of FHIR resources: plain values that copy, compare and travel in messages. Only what this
// program uses is kept. Free text is at most 512 bytes long. `troupe_visit` shows the fields to codecs (net/README.md):
// a value may come from another process.
namespace healthcare {

// One coding of a CodeableConcept. The text of the concept itself is a coding without system and code.
struct coding {
  std::string system;
  std::string code;
  std::string display;
  bool operator==(const coding&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("system", self.system);
    visit("code", self.code);
    visit("display", self.display);
  }
};

struct patient {
  std::string id;
  std::string full_url;  // how the bundle refers to the patient, often urn:uuid:...
  std::string name;      // "Given Family"
  std::optional<instant> birth_date;
  bool deceased = false;
  bool operator==(const patient&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("full_url", self.full_url);
    visit("name", self.name);
    visit("birth_date", self.birth_date);
    visit("deceased", self.deceased);
  }
};

struct allergy {
  std::string id;
  std::string patient;  // id, or the reference as written where the patient is not known yet
  std::vector<coding> substance;
  bool active = true;        // clinically active, and neither refuted nor entered in error
  bool intolerance = false;  // an intolerance rather than an immune reaction
  bool to_drug = true;       // unless it says that it is to food or to the environment
  bool operator==(const allergy&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("patient", self.patient);
    visit("substance", self.substance);
    visit("active", self.active);
    visit("intolerance", self.intolerance);
    visit("to_drug", self.to_drug);
  }
};

// No more than this in any time of this length.
struct dose_cap {
  double dose = 0;
  std::string dose_unit;  // as in dosage
  double period_hours = 24;
  bool operator==(const dose_cap&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("dose", self.dose);
    visit("dose_unit", self.dose_unit);
    visit("period_hours", self.period_hours);
  }
};

// One dosageInstruction. Absent values were absent in the resource.
struct dosage {
  int sequence = 1;             // instructions of one sequence number are taken together, others one after another
  std::optional<double> times;  // administrations in a period
  std::optional<double> period_hours;
  std::optional<double> dose;  // of one administration
  std::string dose_unit;       // UCUM code or unit text; empty for "one tablet"
  bool as_needed = false;
  std::optional<dose_cap> at_most;
  bool operator==(const dosage&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("sequence", self.sequence);
    visit("times", self.times);
    visit("period_hours", self.period_hours);
    visit("dose", self.dose);
    visit("dose_unit", self.dose_unit);
    visit("as_needed", self.as_needed);
    visit("at_most", self.at_most);
  }
};

struct medication_request {
  std::string id;
  std::string patient;  // as above
  std::vector<coding> medication;
  std::vector<dosage> dosages;
  bool active = false;       // an order that is being carried out
  bool dosage_lost = false;  // an instruction could not be read, and is not among the dosages
  bool operator==(const medication_request&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("patient", self.patient);
    visit("medication", self.medication);
    visit("dosages", self.dosages);
    visit("active", self.active);
    visit("dosage_lost", self.dosage_lost);
  }
};

// The seven parameters of NEWS2, in the order of its chart.
enum class vital : std::uint8_t {
  respiratory_rate,     // per minute
  oxygen_saturation,    // percent
  supplemental_oxygen,  // 1 on oxygen, 0 on room air
  systolic_pressure,    // mmHg
  heart_rate,           // per minute
  consciousness,        // an `acvpu`
  temperature,          // degrees Celsius
};
inline constexpr std::size_t vital_count = 7;
inline constexpr std::array<vital, vital_count> all_vitals{
    vital::respiratory_rate, vital::oxygen_saturation, vital::supplemental_oxygen, vital::systolic_pressure,
    vital::heart_rate,       vital::consciousness,     vital::temperature};

enum class acvpu : std::uint8_t { alert, confusion, voice, pain, unresponsive };

[[nodiscard]] std::string_view to_string(vital what) noexcept;
[[nodiscard]] std::string_view to_string(acvpu level) noexcept;

struct reading {
  vital what = vital::respiratory_rate;
  double value = 0;
  bool operator==(const reading&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("what", self.what);
    visit("value", self.value);
  }
};

enum class observation_status : std::uint8_t { preliminary, final, amended, withdrawn };

// What a resource says about how new this copy of it is. What it does not say comes before whatever it could say.
struct edition {
  std::uint64_t version = 0;       // meta.versionId, where that is a number
  std::optional<instant> updated;  // meta.lastUpdated
  std::optional<instant> issued;
  auto operator<=>(const edition&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("updated", self.updated);
    visit("issued", self.issued);
  }
};

// One FHIR Observation with the vital signs in it. `readings` is empty for one that holds none (a height, a laboratory
// value, a vital sign that could not be taken) and for one entered in error, which withdraws all others of its id.
struct observation {
  std::string id;       // may be empty
  std::string patient;  // as above
  instant time{};       // of the measurement
  observation_status status = observation_status::final;
  std::vector<reading> readings;  // by what, each at most once
  bool names_vital_sign = false;  // in a code, whether there is a reading of it or not
  healthcare::edition edition;
  bool operator==(const observation&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("patient", self.patient);
    visit("time", self.time);
    visit("status", self.status);
    visit("readings", self.readings);
    visit("names_vital_sign", self.names_vital_sign);
    visit("edition", self.edition);
  }
};

// Whether it may change what is known of a patient: by a reading, or by taking the place of another of its id.
[[nodiscard]] bool matters(const observation& taken) noexcept;

// A piece of input that was not taken, for people.
struct problem {
  std::string file;
  std::size_t line = 1;
  std::string kind;  // name of an errc
  std::string text;
  bool operator==(const problem&) const = default;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("file", self.file);
    visit("line", self.line);
    visit("kind", self.kind);
    visit("text", self.text);
  }
};

// "file:line: text", fit to be printed.
[[nodiscard]] std::string to_text(const problem& what);

}  // namespace healthcare
