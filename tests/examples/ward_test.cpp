#include "healthcare/ward.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "examples/fhir_text.hpp"

using namespace healthcare;
using namespace fhir_text;

namespace {

// A folder of bundles that lives as long as the test.
class folder {
 public:
  folder() : path_{std::filesystem::temp_directory_path() / ("troupe_ward_" + std::to_string(::getpid()))} {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream{path_ / name} << text; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ward_test)

BOOST_AUTO_TEST_CASE(records_are_put_together_from_several_files_in_any_order) {
  const folder files;
  files.write("1.json", bundle_text(entry_text(allergy_text("a2", "Patient/p1", "x")) + "," +
                                    entry_text(allergy_text("a1", "urn:uuid:77", "x"))));
  files.write("2.json", bundle_text(entry_text(patient_text("p1"), "urn:uuid:77")));
  files.write("3.JSON", bundle_text(entry_text(request_text("m1", "Patient/p1", "x"))));
  files.write("notes.txt", "not read");
  const auto read = read_folder(files.path());
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->files() == 3u);
  BOOST_TEST(read->problems().empty());
  BOOST_TEST_REQUIRE(read->records().size() == 1u);
  const auto& record = read->records().at("p1");
  BOOST_TEST_REQUIRE(record.allergies.size() == 2u);
  BOOST_TEST(record.allergies[0].id == "a1");
  BOOST_TEST(record.allergies[1].id == "a2");
  BOOST_TEST(record.medication_requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_bad_file_is_a_problem_and_the_others_are_read) {
  const folder files;
  files.write("1.json", "{\n\n oops");
  files.write("2.json", bundle_text(entry_text(patient_text("p1"))));
  std::filesystem::create_directories(files.path() / "3.json");
  const auto read = read_folder(files.path());
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->files() == 3u);
  BOOST_TEST(read->files_unreadable() == 2u);
  BOOST_TEST(read->records().size() == 1u);
  BOOST_TEST_REQUIRE(read->problems().size() == 2u);
  BOOST_TEST(read->problems()[0].kind == "not_json");
  BOOST_TEST(read->problems()[0].line == 3u);
  for (const auto& what : read->problems()) BOOST_TEST(what.text.find("line") == std::string::npos, what.text);
}

BOOST_AUTO_TEST_CASE(what_is_for_nobody_is_a_problem) {
  const folder files;
  files.write("1.json",
              bundle_text(entry_text(patient_text("p1")) + ",\n" + entry_text(allergy_text("a1", "Patient/p2", "x")) +
                          ",\n" + entry_text(allergy_text("a2", "Device/p1", "x"))));
  const auto read = read_folder(files.path());
  BOOST_TEST(read->records().at("p1").allergies.empty());
  BOOST_TEST_REQUIRE(read->problems().size() == 2u);
  BOOST_TEST(read->problems()[0].kind == "unknown_patient");
  BOOST_TEST(read->problems()[0].line == 2u);
  BOOST_TEST(read->problems()[1].line == 3u);
}

BOOST_AUTO_TEST_CASE(one_patient_in_two_files_is_one_patient) {
  const folder files;
  files.write("1.json", bundle_text(entry_text(patient_text("p1"), "urn:uuid:1") + "," +
                                    entry_text(allergy_text("a1", "urn:uuid:1", "x"))));
  files.write("2.json", bundle_text(entry_text(patient_text("p1"), "urn:uuid:2") + "," +
                                    entry_text(allergy_text("a2", "urn:uuid:2", "x")) + "," +
                                    entry_text(allergy_text("a1", "urn:uuid:2", "another"))));
  const auto read = read_folder(files.path());
  BOOST_TEST(read->records().at("p1").allergies.size() == 2u);
  BOOST_TEST_REQUIRE(read->problems().size() == 1u);
  BOOST_TEST(read->problems()[0].text.find("AllergyIntolerance/a1 again") != std::string::npos);
  BOOST_TEST(read->problems()[0].line == 1u);
  BOOST_TEST(read->resolve("urn:uuid:1").value() == "p1");
  BOOST_TEST(read->resolve("urn:uuid:2").value() == "p1");
}

BOOST_AUTO_TEST_CASE(references_resolve_to_known_patients_only) {
  ward of;
  of.add(read_bundle(bundle_text(entry_text(patient_text("p1"), "https://h.example/Patient/p1")), "f"));
  of.settle();
  for (const auto* good : {"Patient/p1", "p1", "https://h.example/Patient/p1", "https://other.example/r4/Patient/p1",
                           "urn:uuid:p1", "Patient/p1/_history/4"}) {
    BOOST_TEST_CONTEXT(good) { BOOST_TEST(of.resolve(good).value_or("") == "p1"); }
  }
  for (const auto* bad : {"", "Patient/p2", "Practitioner/p1", "Patient/", "/", "urn:uuid:", "Patient?identifier=p1"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(!of.resolve(bad)); }
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_an_error) {
  for (const auto& path : {std::string{"/nonexistent"}, std::string{"/dev/null"}, std::string(5'000, 'a')}) {
    BOOST_TEST(read_folder(path).error().is(errc::unreadable));
  }
}

BOOST_AUTO_TEST_SUITE_END()
