#include "healthcare/ward.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace healthcare {
namespace {

// Adds `item` in the order of ids, unless one of that id is there. False where the one there says something else.
template <class Resource>
bool insert_by_id(std::vector<Resource>& all, Resource item) {
  const auto at =
      std::lower_bound(all.begin(), all.end(), item, [](const Resource& a, const Resource& b) { return a.id < b.id; });
  if (at != all.end() && at->id == item.id) return *at == item;
  all.insert(at, std::move(item));
  return true;
}

}  // namespace

void ward::report(std::string_view file, const troupe::error& why) {
  problems_.push_back({std::string{file}, 0, std::string{why.name()}, why.message()});
}

void ward::add_unreadable(std::string_view file, const troupe::error& why) {
  ++files_;
  ++files_unreadable_;
  report(file, why);
}

void ward::add(bundle taken, std::string_view file) {
  ++files_;
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
      report(file, {errc::bad_value, "Patient/" + who.id + " again, with another content; the first one counts"});
    }
  }
  for (auto& item : taken.practitioners) (void)insert_by_id(practitioners_, std::move(item));
  taken.patients.clear();
  taken.practitioners.clear();
  taken.problems.clear();
  pending_.push_back({std::string{file}, std::move(taken)});
}

void ward::give(pending& from) {
  const auto deliver = [&](auto& items, auto member, const char* type) {
    for (auto& item : items) {
      const auto id = resolve(item.patient);
      if (!id) {
        report(from.file, {errc::unknown_patient, std::string{type} + "/" + item.id + " is for an unknown patient"});
        continue;
      }
      item.patient = *id;
      const auto name = std::string{type} + "/" + item.id;
      if (!insert_by_id(records_.at(*id).*member, std::move(item))) {
        report(from.file, {errc::bad_value, name + " again, with another content; the first one counts"});
      }
    }
  };
  deliver(from.content.allergies, &record::allergies, "AllergyIntolerance");
  deliver(from.content.medication_requests, &record::medication_requests, "MedicationRequest");
  for (auto& item : from.content.observations) {
    const auto id = resolve(item.patient);
    if (!id) {
      report(from.file, {errc::unknown_patient, "Observation/" + item.id + " is of an unknown patient"});
      continue;
    }
    item.patient = *id;
    observations_.push_back(std::move(item));
  }
}

void ward::settle() {
  for (auto& from : pending_) give(from);
  pending_.clear();
  std::stable_sort(observations_.begin(), observations_.end(), [](const observation& a, const observation& b) {
    return std::tie(a.time, a.patient, a.id) < std::tie(b.time, b.patient, b.id);
  });
}

std::optional<std::string> ward::resolve(std::string_view reference) const {
  if (const auto at = id_by_url_.find(reference); at != id_by_url_.end()) return at->second;
  const auto id = patient_id(reference);
  return records_.contains(id) ? std::optional{id} : std::nullopt;
}

troupe::result<ward> read_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::vector<std::filesystem::path> files;
  for (auto at = std::filesystem::directory_iterator{folder, code};
       !code && at != std::filesystem::directory_iterator{}; at.increment(code)) {
    if (at->path().extension() == ".json") files.push_back(at->path());
  }
  if (code) return troupe::error{errc::unreadable, folder.string() + ": " + code.message()};
  std::sort(files.begin(), files.end());
  ward out;
  for (const auto& file : files) {
    auto read = read_bundle_file(file);
    if (read) {
      out.add(*std::move(read), file.string());
    } else {
      out.add_unreadable(file.string(), read.error());
    }
  }
  out.settle();
  return out;
}

}  // namespace healthcare
