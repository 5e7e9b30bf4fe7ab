#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "../memory/a_store.hpp"
#include "healthcare/memory_cli.hpp"
#include "healthcare/ward_round.hpp"

// Real bundles, as Synthea generates them, from the folder TROUPE_FHIR_DIR: what the reader counts is what is there.
using namespace healthcare;
using nlohmann::json;

namespace {

bool given(const char*& folder) {
  folder = std::getenv("TROUPE_FHIR_DIR");
  if (folder == nullptr) std::cout << "skipped: TROUPE_FHIR_DIR is not set\n";
  return folder != nullptr;
}

struct counts {
  std::size_t patients = 0;
  std::size_t allergies = 0;
  std::size_t allergies_active = 0;
  std::size_t requests = 0;
  std::size_t requests_active = 0;
  bool operator==(const counts&) const = default;
};

std::ostream& operator<<(std::ostream& out, const counts& of) {
  return out << of.patients << " patients, " << of.allergies << " allergies, " << of.allergies_active << " active, "
             << of.requests << " requests, " << of.requests_active << " active";
}

counts counted_plainly(const std::filesystem::path& folder) {
  counts out;
  for (const auto& file : std::filesystem::directory_iterator{folder}) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in{file.path()};
    const auto bundle = json::parse(in);
    for (const auto& entry : bundle.at("entry")) {
      const auto& resource = entry.at("resource");
      const auto& type = resource.at("resourceType");
      if (type == "Patient") ++out.patients;
      if (type == "AllergyIntolerance") {
        ++out.allergies;
        out.allergies_active += resource.at("clinicalStatus").at("coding").at(0).at("code") == "active";
      }
      if (type == "MedicationRequest") {
        ++out.requests;
        out.requests_active += resource.at("status") == "active";
      }
    }
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(synthea_test)

BOOST_AUTO_TEST_CASE(what_the_reader_counts_is_what_is_in_the_files) {
  const char* folder = nullptr;
  if (!given(folder)) return;
  const auto read = read_folder(folder);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->problems().empty());
  BOOST_TEST(read->files_unreadable() == 0u);
  counts out;
  for (const auto& [id, record] : read->records()) {
    ++out.patients;
    out.allergies += record.allergies.size();
    for (const auto& item : record.allergies) out.allergies_active += item.active;
    out.requests += record.medication_requests.size();
    for (const auto& item : record.medication_requests) out.requests_active += item.active;
  }
  BOOST_TEST(out == counted_plainly(folder));
}

BOOST_AUTO_TEST_CASE(a_round_without_a_stream_gives_every_patient_a_row) {
  const char* folder = nullptr;
  if (!given(folder)) return;
  const auto read = read_folder(folder);
  BOOST_TEST_REQUIRE(read.has_value());
  const auto out = make_round(*read, {}, default_clinic());
  BOOST_TEST(out.patients.size() == read->records().size());
  BOOST_TEST(json::parse(to_json(out)).at("patients").size() == out.patients.size());
}

BOOST_AUTO_TEST_CASE(every_history_is_imported_once_and_a_patient_can_be_forgotten) {
  const char* folder = nullptr;
  if (!given(folder)) return;
  const auto read = read_folder(folder, extent::history);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->problems().empty());
  troupe::test::a_store of;
  const auto none = [](std::size_t) {};
  const auto first = import_all(*of.store, *read, none);
  BOOST_TEST_REQUIRE(first.has_value());
  BOOST_TEST(first->patients == read->records().size());
  BOOST_TEST(of->stats().records == first->records);
  BOOST_TEST(import_all(*of.store, *read, none)->known == read->records().size());
  const auto known = known_patients(*of.store);
  BOOST_TEST_REQUIRE(known.has_value());
  BOOST_TEST_REQUIRE(!known->empty());
  BOOST_TEST(forget_patient(*of.store, known->front())->subject.verified);
  BOOST_TEST(import_all(*of.store, *read, none)->forgotten == 1u);
  BOOST_TEST(known_patients(*of.store)->size() + 1 == known->size());
  of.require_clean();
}

BOOST_AUTO_TEST_SUITE_END()
