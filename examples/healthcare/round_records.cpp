#include "healthcare/round_records.hpp"

#include <functional>
#include <troupe/actors/json.hpp>
#include <utility>

#include "healthcare/digest.hpp"
#include "healthcare/patient_agents.hpp"

namespace healthcare {
namespace {

namespace memory = troupe::memory;
using troupe::result;

constexpr const char* content = "content";

template <class T>
result<memory::record> as_record(const T& what, const std::string& patient) {
  auto text = troupe::to_json(what);
  if (!text) return std::move(text).error();
  memory::record out;
  out.attributes.emplace(content, *std::move(text));
  out.subject = patient;
  return out;
}

template <class T>
result<std::vector<T>> all_in(const memory::store& of, const troupe::path& space) {
  std::vector<T> out;
  for (std::optional<std::uint64_t> from = 0; from;) {
    auto page = of.read(troupe::path{}, space, *from);
    if (!page) return std::move(page).error();
    for (const auto& each : page->records) {
      const auto found = each.attributes.find(content);
      auto read = troupe::from_json<T>(found == each.attributes.end() ? std::string{} : found->second);
      if (!read) return std::move(read).error().with_context("record " + each.id.to_string());
      out.push_back(*std::move(read));
    }
    from = page->next;
  }
  return out;
}

}  // namespace

result<memory::record> record_of(const observed& line) { return as_record(line, line.taken.patient); }
result<memory::record> record_of(const escalation_decision& made) { return as_record(made, made.patient); }

result<std::vector<observed>> observations_in(const memory::store& of) {
  return all_in<observed>(of, addresses::records);
}
result<std::vector<escalation_decision>> decisions_in(const memory::store& of) {
  return all_in<escalation_decision>(of, addresses::booking);
}

std::size_t hash_of(const observed& line) {
  std::string bytes;
  (void)troupe::net::append(bytes, line.taken);  // an observation is always packable
  return std::hash<std::string>{}(bytes);
}

result<std::string> digest_of_input(const ward& of, std::optional<instant> begins) {
  std::string bytes;
  const auto add = [&](const auto& what) { return troupe::net::append(bytes, what); };
  auto done = add(begins);
  for (const auto& [id, about] : of.records()) {
    if (done) done = add(about.who);
    if (done) done = add(about.allergies);
    if (done) done = add(about.medication_requests);
  }
  if (done) done = add(of.observations());
  if (!done) return std::move(done).error();
  return sha256_hex(bytes);
}

}  // namespace healthcare
