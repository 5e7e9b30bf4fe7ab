#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "healthcare/fhir.hpp"
#include "healthcare/fhir_fields.hpp"
#include "healthcare/json_text.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

// Sorts the entries of one bundle into its kinds as they come, and resolves the references once all are there.
class bundle_reader {
 public:
  bundle_reader(std::string_view file, extent how) : how_{how} { out_.file = file; }

  void add(const nlohmann::json& entry, std::size_t line);
  bundle finish() &&;

 private:
  struct pending_medication {
    std::size_t request;  // index into out_.medication_requests
    std::string reference;
    std::size_t line;
  };

  void read(const json_view& resource, const std::string& type, const std::string& full_url, std::size_t line,
            const std::optional<troupe::error>& fault);
  void read_history_of(const json_view& resource, const std::string& type, std::size_t line);
  // Keeps the resource unless its kind has one of that id already.
  template <class Resource>
  void keep(std::vector<on_line<Resource>>& all, Resource resource, const std::string& type, std::size_t line);
  std::string resolved(const std::string& reference) const;
  void report(std::size_t line, const troupe::error& why) {
    out_.problems.push_back({out_.file, line, std::string{why.name()}, why.message()});
  }
  void report(std::size_t line, const std::string& type, const std::vector<troupe::error>& left_out) {
    for (auto why : left_out) report(line, why.with_context(type));
  }

  void finish_history();

  extent how_;
  bundle out_;
  std::map<std::string, std::string> patient_by_url_;                    // fullUrl to id
  std::map<std::string, std::vector<coding>, std::less<>> medications_;  // by fullUrl and by id
  std::vector<pending_medication> pending_;
  std::map<std::string, std::size_t> index_;  // "Type/id" to the place in its list
  std::set<std::string> history_ids_;         // "Type/id"
};

void bundle_reader::add(const nlohmann::json& entry, std::size_t line) {
  ++out_.entries;
  std::optional<troupe::error> fault;
  const json_view view{entry, fault, "entry"};
  const auto full_url = view["fullUrl"].text();
  const auto resource = view["resource"];
  const auto type = resource["resourceType"].text();
  if (!fault && resource && type.empty()) {
    resource["resourceType"].refuse(errc::missing_field, "no resource type");
  }
  if (!fault) read(resource, type, full_url, line, fault);
  if (!fault && how_ == extent::history) read_history_of(resource, type, line);
  if (fault) report(line, fault->with_context(type.empty() ? "resource" : printable(clipped(type, 40))));
}

void bundle_reader::read(const json_view& resource, const std::string& type, const std::string& full_url,
                         std::size_t line, const std::optional<troupe::error>& fault) {
  if (type == "Patient") {
    auto read = read_patient(resource);
    if (fault) return;
    read.full_url = full_url;
    if (!full_url.empty()) patient_by_url_.emplace(full_url, read.id);
    keep(out_.patients, std::move(read), type, line);
  } else if (type == "AllergyIntolerance") {
    auto read = read_allergy(resource);
    if (!fault) keep(out_.allergies, std::move(read), type, line);
  } else if (type == "MedicationRequest") {
    std::string reference;
    std::vector<troupe::error> left_out;
    auto read = read_medication_request(resource, reference, left_out);
    if (fault) return;
    report(line, type, left_out);
    const bool open = read.medication.empty();
    const auto before = out_.medication_requests.size();
    keep(out_.medication_requests, std::move(read), type, line);
    if (open && out_.medication_requests.size() != before) pending_.push_back({before, reference, line});
  } else if (type == "Medication") {
    auto code = read_concept(resource["code"]);
    const auto id = resource["id"].text();
    if (fault) return;
    if (!id.empty()) medications_.emplace("Medication/" + id, code);
    if (!full_url.empty()) medications_.emplace(full_url, std::move(code));
  } else if (type == "Observation") {
    std::vector<troupe::error> left_out;
    auto read = read_observation(resource, left_out);
    if (fault) return;
    report(line, type, left_out);
    if (matters(read)) out_.observations.push_back({std::move(read), line});
  }
}

// What is wrong with a resource that the round reads too is reported there.
void bundle_reader::read_history_of(const json_view& resource, const std::string& type, std::size_t line) {
  std::optional<troupe::error> fault;
  auto read = read_history(resource.apart(fault), type);
  const bool of_round = type == "Observation" || type == "AllergyIntolerance" || type == "MedicationRequest";
  if (fault && !of_round) report(line, fault->with_context(type));
  if (fault || !read) return;
  if (history_ids_.insert(read->id).second) out_.history.push_back({*std::move(read), line});
}

void bundle_reader::finish_history() {
  for (auto& item : out_.history) {
    item.patient = resolved(item.patient);
    if (item.kind != history_kind::medication || !item.what.empty()) continue;
    for (const auto& request : out_.medication_requests) {
      if (item.id != "MedicationRequest/" + request.id) continue;
      for (const auto& each : request.medication) {
        if (item.what.empty()) item.what = each.display;
        if (item.code.empty()) item.code = each.code;
      }
    }
  }
  std::erase_if(out_.history, [](const history_entry& item) { return item.what.empty(); });
}

template <class Resource>
void bundle_reader::keep(std::vector<on_line<Resource>>& all, Resource resource, const std::string& type,
                         std::size_t line) {
  if (!resource.id.empty()) {
    const auto name = type + "/" + resource.id;
    const auto [at, fresh] = index_.emplace(name, all.size());
    if (!fresh) {
      if (!(all[at->second] == resource)) {
        report(line, {errc::bad_value, name + " again, with another content; the first one counts"});
      }
      return;
    }
  }
  all.push_back({std::move(resource), line});
}

std::string bundle_reader::resolved(const std::string& reference) const {
  if (const auto at = patient_by_url_.find(reference); at != patient_by_url_.end()) return at->second;
  auto id = patient_id(reference);
  return index_.contains("Patient/" + id) ? id : reference;
}

bundle bundle_reader::finish() && {
  for (const auto& [request, reference, line] : pending_) {
    auto found = medications_.find(reference);
    if (found == medications_.end()) found = medications_.find(relative_reference(reference));
    if (found != medications_.end() && !found->second.empty()) {
      out_.medication_requests[request].medication = found->second;
    } else {
      report(line, {errc::missing_field, "MedicationRequest: the medication " + printable(clipped(reference, 80)) +
                                             " is not in the bundle"});
    }
  }
  std::erase_if(out_.medication_requests, [](const medication_request& item) { return item.medication.empty(); });
  for (auto& item : out_.allergies) item.patient = resolved(item.patient);
  for (auto& item : out_.medication_requests) item.patient = resolved(item.patient);
  for (auto& item : out_.observations) item.patient = resolved(item.patient);
  finish_history();
  std::stable_sort(out_.problems.begin(), out_.problems.end(),
                   [](const problem& a, const problem& b) { return a.line < b.line; });
  return std::move(out_);
}

}  // namespace

std::string_view relative_reference(std::string_view reference) {
  reference = reference.substr(0, reference.find("/_history/"));
  const auto id = reference.rfind('/');
  if (id == reference.npos || id == 0) return reference;
  const auto type = reference.rfind('/', id - 1);
  return type == reference.npos ? reference : reference.substr(type + 1);
}

std::string patient_id(std::string_view reference) {
  const auto relative = relative_reference(reference);
  if (relative.starts_with("Patient/")) return std::string{relative.substr(8)};
  if (relative.starts_with("urn:")) return std::string{relative.substr(relative.rfind(':') + 1)};
  return std::string{reference};
}

bundle unreadable_bundle(std::string_view file, std::size_t line, const troupe::error& why) {
  bundle out;
  out.file = file;
  out.readable = false;
  out.problems.push_back({out.file, line, std::string{why.name()}, why.message()});
  return out;
}

namespace {

bool is_sound(const observation& taken) noexcept {
  std::size_t next = 0;  // the readings are in the order of the vital signs, each at most once
  for (const auto& [what, value] : taken.readings) {
    if (static_cast<std::size_t>(what) < next || static_cast<std::size_t>(what) >= vital_count) return false;
    if (!std::isfinite(value)) return false;
    next = static_cast<std::size_t>(what) + 1;
  }
  return taken.status <= observation_status::withdrawn;
}

bool is_sound(const medication_request& taken) noexcept {
  const auto is_number = [](const std::optional<double>& value) { return !value || std::isfinite(*value); };
  return std::all_of(taken.dosages.begin(), taken.dosages.end(), [&](const dosage& each) {
    return is_number(each.times) && is_number(each.period_hours) && is_number(each.dose) &&
           (!each.at_most || (std::isfinite(each.at_most->dose) && std::isfinite(each.at_most->period_hours)));
  });
}

}  // namespace

bool is_sound(const bundle& taken) noexcept {
  const auto all = [](const auto& items) {
    return std::all_of(items.begin(), items.end(), [](const auto& each) { return is_sound(each); });
  };
  const bool kinds_exist = std::all_of(taken.history.begin(), taken.history.end(),
                                       [](const history_entry& each) { return each.kind <= history_kind::care_plan; });
  return kinds_exist && all(taken.medication_requests) && all(taken.observations);
}

namespace {

troupe::error beyond_the_limit() {
  return {errc::too_large, "more than " + std::to_string(bundle_bytes_max) + " bytes"};
}

}  // namespace

bundle read_bundle(std::string_view json, std::string_view file, extent how) {
  if (json.size() > bundle_bytes_max) return unreadable_bundle(file, 1, beyond_the_limit());
  bundle_reader reader{file, how};
  std::size_t line = 1;
  const auto root = parse_json(json, line, [&](const nlohmann::json& entry, std::size_t at) { reader.add(entry, at); });
  if (!root) return unreadable_bundle(file, line, root.error());
  if (!root->is_object()) return unreadable_bundle(file, 1, {errc::not_fhir, "not a JSON object"});
  std::optional<troupe::error> fault;
  const json_view view{*root, fault, "Bundle"};
  const auto type = view["resourceType"].text();
  if (!fault && type != "Bundle") {
    view["resourceType"].refuse(errc::not_fhir, "a Bundle was expected, not \"" + printable(clipped(type, 40)) + "\"");
  }
  // Objects have been handed over; what is left in the array, or stands in its place, is none.
  if (!view["entry"].items().empty()) view["entry"].refuse(errc::wrong_type, "an entry that is no object");
  if (fault) return unreadable_bundle(file, 1, *fault);
  return std::move(reader).finish();
}

bundle read_bundle_file(const std::filesystem::path& path, extent how) {
  const auto file = path.string();
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {
    return unreadable_bundle(file, 1, {errc::unreadable, code ? code.message() : "not a file"});
  }
  const auto size = std::filesystem::file_size(path, code);
  if (code) return unreadable_bundle(file, 1, {errc::unreadable, code.message()});
  if (size > bundle_bytes_max) return unreadable_bundle(file, 1, beyond_the_limit());
  std::ifstream in{path, std::ios::binary};
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(size)) && !in.eof()) {
    return unreadable_bundle(file, 1, {errc::unreadable, "could not be read"});
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return read_bundle(text, file, how);
}

}  // namespace healthcare
