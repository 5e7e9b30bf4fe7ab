#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "healthcare/fhir.hpp"

namespace healthcare {

// All that is on record about one patient.
struct record {
  patient who;
  std::vector<allergy> allergies;                       // by id
  std::vector<medication_request> medication_requests;  // by id
  std::vector<history_entry> history;                   // by id; only where it was read
  bool operator==(const record&) const = default;
};

// The patients of several bundles, put together: the same whatever the order in which the bundles were added, but for
// which of two contradicting resources came first. A value; not for two threads at once.
class ward {
 public:
  // Takes what the bundle has. Something for a patient who is nowhere in the bundle is kept until `settle`.
  void add(bundle taken);
  // Gives everything to its patient. What is left over is a problem.
  void settle();

  const std::map<std::string, record>& records() const noexcept { return records_; }
  // Vital signs that the bundles held, by time; several of one id where the bundles have several.
  const std::vector<observation>& observations() const noexcept { return observations_; }
  const std::vector<problem>& problems() const noexcept { return problems_; }
  std::size_t files() const noexcept { return files_; }
  std::size_t files_unreadable() const noexcept { return files_unreadable_; }

  // The id of the patient a reference means: "Patient/p1", a fullUrl of a bundle, or the id itself. Nothing if unknown.
  [[nodiscard]] std::optional<std::string> resolve(std::string_view reference) const;

 private:
  void give(bundle& from);
  void report(std::string_view file, std::size_t line, const troupe::error& why);

  std::map<std::string, record> records_;
  std::map<std::string, std::string, std::less<>> id_by_url_;
  std::vector<observation> observations_;
  std::vector<bundle> pending_;
  std::vector<problem> problems_;
  std::size_t files_ = 0;
  std::size_t files_unreadable_ = 0;
};

// Every *.json (in any case) of a folder, in the order of their names. Subfolders are not entered. Errors: unreadable.
[[nodiscard]] troupe::result<std::vector<std::filesystem::path>> list_bundles(const std::filesystem::path& folder);

// Reads them all, in this process, and settles. Errors: unreadable, where the folder itself cannot be read; bad files
// are problems of the ward.
[[nodiscard]] troupe::result<ward> read_folder(const std::filesystem::path& folder, extent how = extent::round);

}  // namespace healthcare
