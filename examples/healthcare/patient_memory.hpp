#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>
#include <troupe/memory/command.hpp>
#include <troupe/memory/forget.hpp>
#include <troupe/memory/recall.hpp>
#include <troupe/memory/store.hpp>
#include <vector>

#include "healthcare/patient_records.hpp"

// What the hospital remembers of its patients: each in a space of their own, /hospital/patients/ID, as
// patient_records.hpp makes it of the bundles. Functions of a store, in the name of the root; errors are the store's.
namespace healthcare {

inline constexpr std::size_t records_in_command_max = 200;

// The commands that bring a patient's memory to what the bundles say, to be applied in this order. Empty: it is there
// already, or the patient was forgotten.
//
// What is there under its key is passed over; what a later bundle says otherwise takes the place of what was there;
// what it no longer says stays. The last command leaves the digest of it all in the patient's space, by which the next
// import knows that there is nothing to do. All commands are of one client and numbered, so that each counts once: one
// that is applied twice, or an import that begins anew after a crash in the middle, leaves the same memory.
[[nodiscard]] troupe::result<std::vector<troupe::memory::command>> plan_import(
    const troupe::memory::store& of, const record& about, std::size_t records_max = records_in_command_max);

struct imported {
  std::uint64_t patients = 0;   // that something was imported of
  std::uint64_t records = 0;    // new ones, and those that took another's place
  std::uint64_t known = 0;      // patients of whom all was there
  std::uint64_t forgotten = 0;  // patients passed over, since they were forgotten
  bool operator==(const imported&) const = default;
};
// Adds to `sum`.
[[nodiscard]] troupe::result<void> import_patient(troupe::memory::store& into, const record& about, imported& sum);

struct known_patient {
  std::string id;
  std::string name;
  bool operator==(const known_patient&) const = default;
};
// Those with a record, by id.
[[nodiscard]] troupe::result<std::vector<known_patient>> known_patients(const troupe::memory::store& of);
// Whom a text means: the one of this id, or else all of this name, or else all whose name has it in it; without regard
// to the case of ASCII letters.
[[nodiscard]] std::vector<known_patient> find_patients(const std::vector<known_patient>& all, std::string_view text);

// Whether nobody is known, nor was and is forgotten.
[[nodiscard]] troupe::result<bool> is_new(const troupe::memory::store& of);

struct question {
  std::string text;
  std::optional<known_patient> about;      // none: all patients
  std::optional<troupe::timestamp> as_of;  // records until then, and facts that held then; none: now
  std::size_t limit = 5;                   // records, and as many facts
};
// An extract of the memory: nothing in it is made up, and each part has the id of its record.
struct answer {
  std::vector<troupe::memory::hit> records;  // episodes, the best first
  std::vector<troupe::memory::hit> facts;    // likewise
};
[[nodiscard]] troupe::result<answer> ask(const troupe::memory::store& of, const question& what);

// The facts of a patient that held then, by key.
[[nodiscard]] troupe::result<std::vector<troupe::memory::record>> facts_of(const troupe::memory::store& of,
                                                                           const known_patient& who,
                                                                           std::optional<troupe::timestamp> as_of);

// Two lines of the audit log: for all that is about the patient in the hospital, wherever it is, and for what is left
// in the patient's space, such as its states.
struct forgotten {
  troupe::memory::receipt subject;
  troupe::memory::receipt space;
};
// From then on no import brings the patient back: before anything is erased, a state of /hospital says so, under a
// digest of the id. Called again it does what a crash left undone.
[[nodiscard]] troupe::result<forgotten> forget_patient(troupe::memory::store& of, const known_patient& who);

}  // namespace healthcare
