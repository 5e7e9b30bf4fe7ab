#include "healthcare/ward.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>

#include "healthcare/text.hpp"

namespace healthcare {
namespace {

// Adds `item` in the order of ids, unless one of that id is there. False where the one there says something else.
template <class Resource>
bool insert_by_id(std::vector<Resource>& all, std::type_identity_t<Resource> item) {
  const auto at =
      std::lower_bound(all.begin(), all.end(), item, [](const Resource& a, const Resource& b) { return a.id < b.id; });
  if (at != all.end() && at->id == item.id) return *at == item;
  all.insert(at, std::move(item));
  return true;
}

}  // namespace

void ward::report(std::string_view file, std::size_t line, const troupe::error& why) {
  problems_.push_back({std::string{file}, line, std::string{why.name()}, why.message()});
}

void ward::add(bundle taken) {
  ++files_;
  if (!taken.readable) ++files_unreadable_;
  problems_.insert(problems_.end(), taken.problems.begin(), taken.problems.end());
  for (auto& who : taken.patients) {
    const auto [at, fresh] = records_.try_emplace(who.id);
    if (!who.full_url.empty()) id_by_url_.emplace(who.full_url, who.id);
    if (fresh) {
      at->second.who = std::move(who);
      continue;
    }
    who.full_url = at->second.who.full_url;  // another file may well name the patient by another address
    if (!(at->second.who == who)) {
      report(taken.file, who.line,
             {errc::bad_value, "Patient/" + who.id + " again, with another content; the first one counts"});
    }
  }
  taken.patients.clear();
  taken.problems.clear();
  pending_.push_back(std::move(taken));
}

void ward::give(bundle& from) {
  const auto to_patient = [&](auto& item, const std::string& name) {
    const auto id = resolve(item.patient);
    if (id) {
      item.patient = *id;
    } else {
      report(from.file, item.line, {errc::unknown_patient, name + " is for an unknown patient"});
    }
    return id;
  };
  const auto deliver = [&](auto& items, auto member, const char* type) {
    for (auto& item : items) {
      const auto line = item.line;
      const auto name = std::string{type} + "/" + item.id;
      const auto id = to_patient(item, name);
      if (id && !insert_by_id(records_.at(*id).*member, std::move(item))) {
        report(from.file, line, {errc::bad_value, name + " again, with another content; the first one counts"});
      }
    }
  };
  deliver(from.allergies, &record::allergies, "AllergyIntolerance");
  deliver(from.medication_requests, &record::medication_requests, "MedicationRequest");
  for (auto& item : from.history) {  // that of an unknown patient is passed over
    const auto id = resolve(item.patient);
    if (!id) continue;
    item.patient = *id;
    records_.at(*id).history.push_back(std::move(item));
  }
  for (auto& item : from.observations) {
    if (to_patient(item, "Observation/" + item.id)) observations_.push_back(std::move(item));
  }
}

void ward::settle() {
  for (auto& from : pending_) give(from);
  pending_.clear();
  for (auto& [id, about] : records_) {
    auto& all = about.history;
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id == b.id; }),
              all.end());
  }
  std::stable_sort(observations_.begin(), observations_.end(), [](const observation& a, const observation& b) {
    return std::tie(a.time, a.patient, a.id) < std::tie(b.time, b.patient, b.id);
  });
}

std::optional<std::string> ward::resolve(std::string_view reference) const {
  if (const auto at = id_by_url_.find(reference); at != id_by_url_.end()) return at->second;
  const auto id = patient_id(reference);
  return records_.contains(id) ? std::optional{id} : std::nullopt;
}

troupe::result<std::vector<std::filesystem::path>> list_bundles(const std::filesystem::path& folder) {
  std::error_code code;
  std::vector<std::filesystem::path> files;
  for (auto at = std::filesystem::directory_iterator{folder, code};
       !code && at != std::filesystem::directory_iterator{}; at.increment(code)) {
    if (lower(at->path().extension().string()) == ".json") files.push_back(at->path());
  }
  if (code) return troupe::error{errc::unreadable, folder.string() + ": " + code.message()};
  std::sort(files.begin(), files.end());
  return files;
}

troupe::result<ward> read_folder(const std::filesystem::path& folder, extent how) {
  const auto files = list_bundles(folder);
  if (!files) return files.error();
  ward out;
  for (const auto& file : *files) out.add(read_bundle_file(file, how));
  out.settle();
  return out;
}

}  // namespace healthcare
