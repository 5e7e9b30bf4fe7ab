#include "healthcare/patient_memory.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <utility>

#include "healthcare/digest.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

namespace memory = troupe::memory;
using troupe::error;
using troupe::path;
using troupe::result;

const path root;
constexpr const char* import_state = "import";  // "COUNT DIGEST": how many imports were finished, and of what the last
constexpr const char* first_forgotten_state = "forgotten";  // there once anybody was forgotten
constexpr std::size_t fact_candidates = 200;

std::string forgotten_state(std::string_view id) { return "forgotten/" + sha256_hex("patient " + std::string{id}); }

result<bool> is_forgotten(const memory::store& of, std::string_view id) {
  auto state = of.state(root, hospital_space, forgotten_state(id));
  if (!state) return std::move(state).error();
  return state->has_value();
}

// An id made of a text: a UUID of version 7 in its form, with no time in it.
troupe::id id_of(std::string_view text) {
  auto bytes = sha256(text);
  bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x70};
  bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
  return troupe::id::from_bytes(std::span{bytes}.first<16>()).value();
}

struct there {
  troupe::id id;
  std::string digest;
};

// What was imported of a patient, by key.
result<std::map<std::string, there>> imported_of(const memory::store& of, const path& space) {
  std::map<std::string, there> out;
  for (std::optional<std::uint64_t> from = 0; from;) {
    auto page = of.read(root, space, *from);
    if (!page) return std::move(page).error();
    for (const auto& each : page->records) {
      const auto key = each.attributes.find("key");
      const auto digest = each.attributes.find("digest");
      if (key != each.attributes.end() && digest != each.attributes.end()) out[key->second] = {each.id, digest->second};
    }
    from = page->next;
  }
  return out;
}

}  // namespace

result<std::vector<memory::command>> plan_import(const memory::store& of, const record& about,
                                                 std::size_t records_max) {
  std::vector<memory::command> out;
  const auto& id = about.who.id;
  const auto space = patient_space(id);
  const auto gone = is_forgotten(of, id);
  if (!gone) return gone.error();
  if (*gone) return out;
  const auto all = memory_records(about);
  const auto digest = digest_of(all);
  const auto before = of.state(root, space, import_state);
  if (!before) return before.error();
  std::uint64_t count = 0;
  if (const auto& state = *before) {
    std::from_chars(state->data(), state->data() + state->size(), count);
    if (state->ends_with(" " + digest)) return out;
  }
  const auto known = imported_of(of, space);
  if (!known) return known.error();
  const auto client = id_of(id + " " + std::to_string(count) + " " + digest);
  // The pieces are those of the whole, whatever is there already, so that a number means the same in every attempt.
  for (std::size_t begin = 0; begin < all.size(); begin += records_max) {
    const auto end = std::min(all.size(), begin + records_max);
    memory::command piece;
    piece.client = client;
    piece.sequence = begin / records_max + 1;
    memory::erase_records outdated{{}, "a later bundle says otherwise"};
    for (std::size_t i = begin; i < end; ++i) {
      const auto at = known->find(all[i].attributes.at("key"));
      if (at != known->end() && at->second.digest == all[i].attributes.at("digest")) continue;
      if (at != known->end()) outdated.ids.push_back(at->second.id);
      auto made = of.prepare(root, all[i]);
      if (!made) return std::move(made).error();
      piece.operations.emplace_back(*std::move(made));
    }
    if (!outdated.ids.empty()) piece.operations.insert(piece.operations.begin(), std::move(outdated));
    if (end == all.size())
      piece.operations.emplace_back(memory::set_state{space, import_state, std::to_string(count + 1) + " " + digest});
    if (!piece.operations.empty()) out.push_back(std::move(piece));
  }
  return out;
}

result<void> import_patient(memory::store& into, const record& about, imported& sum) {
  const auto gone = is_forgotten(into, about.who.id);
  if (!gone) return gone.error();
  if (*gone) return ++sum.forgotten, troupe::ok();
  auto plan = plan_import(into, about);
  if (!plan) return std::move(plan).error();
  ++(plan->empty() ? sum.known : sum.patients);
  for (auto& piece : *plan) {
    const auto records = std::count_if(piece.operations.begin(), piece.operations.end(), [](const auto& each) {
      return std::holds_alternative<memory::put_record>(each);
    });
    auto done = into.apply(std::move(piece));
    if (!done) return std::move(done).error();
    sum.records += static_cast<std::uint64_t>(records);
  }
  return troupe::ok();
}

result<std::vector<known_patient>> known_patients(const memory::store& of) {
  const auto spaces = of.spaces(root, patients_space());
  if (!spaces) return spaces.error();
  std::vector<known_patient> out;
  for (const auto& each : *spaces) {
    if (each.records == 0 || !(each.space.parent() == patients_space())) continue;
    auto id = path::unescape_segment(each.space.name());
    if (!id) continue;  // no patient's: an id has at most 64 bytes
    const auto name = of.facts(root, {.space = each.space, .key_prefix = "patient/name"});
    if (!name) return name.error();
    out.push_back({*id, name->empty() ? *id : name->front().fact->value});
  }
  std::sort(out.begin(), out.end(), [](const known_patient& a, const known_patient& b) { return a.id < b.id; });
  return out;
}

std::vector<known_patient> find_patients(const std::vector<known_patient>& all, std::string_view text) {
  const auto those = [&](auto means) {
    std::vector<known_patient> out;
    std::copy_if(all.begin(), all.end(), std::back_inserter(out), means);
    return out;
  };
  const auto wanted = lower(text);
  if (auto out = those([&](const auto& who) { return who.id == text; }); !out.empty()) return out;
  if (auto out = those([&](const auto& who) { return lower(who.name) == wanted; }); !out.empty()) return out;
  if (wanted.empty()) return {};
  return those([&](const auto& who) { return lower(who.name).find(wanted) != std::string::npos; });
}

result<bool> is_new(const memory::store& of) {
  const auto state = of.state(root, hospital_space, first_forgotten_state);
  if (!state) return state.error();
  if (*state) return false;
  const auto known = known_patients(of);
  if (!known) return known.error();
  return known->empty();
}

result<answer> ask(const memory::store& of, const question& what) {
  answer out;
  memory::query query{.text = what.text,
                      .space = what.about ? patient_space(what.about->id) : patients_space(),
                      .limit = what.limit,
                      .kinds = {memory::record_kind::episode, memory::record_kind::summary}};
  if (what.as_of) query.to = *what.as_of + troupe::duration{1};
  auto records = of.recall(root, query);
  if (!records) return std::move(records).error();
  out.records = *std::move(records);
  query.kinds = {memory::record_kind::fact};
  query.limit = fact_candidates;
  auto facts = of.recall(root, query);
  if (!facts) return std::move(facts).error();
  for (auto& each : *facts) {
    if (out.facts.size() == what.limit) break;
    if (each.what.fact->key == "patient/name") continue;  // found with every question that names the patient
    // Of all versions of a fact, the one that holds then.
    const auto held =
        of.facts(root, {.space = each.what.space, .key_prefix = each.what.fact->key, .as_of = what.as_of});
    if (!held) return held.error();
    if (std::any_of(held->begin(), held->end(), [&](const auto& fact) { return fact.id == each.what.id; }))
      out.facts.push_back(std::move(each));
  }
  return out;
}

result<std::vector<memory::record>> facts_of(const memory::store& of, const known_patient& who,
                                             std::optional<troupe::timestamp> as_of) {
  return of.facts(root, {.space = patient_space(who.id), .as_of = as_of});
}

result<forgotten> forget_patient(memory::store& of, const known_patient& who) {
  memory::command keep_out;
  keep_out.operations.emplace_back(memory::set_state{hospital_space, forgotten_state(who.id), ""});
  keep_out.operations.emplace_back(memory::set_state{hospital_space, first_forgotten_state, ""});
  if (auto done = of.apply(std::move(keep_out)); !done) return std::move(done).error();
  // What its escalations wait for, as a round that is not finished has it.
  const auto agents = of.durable_agents();
  if (!agents) return agents.error();
  for (const auto& each : *agents) {
    if (!patient_space(who.id).contains(each.agent)) continue;
    memory::command drop;
    drop.operations.emplace_back(memory::forget_agent{each.agent, {}});
    if (auto done = of.apply(std::move(drop)); !done) return std::move(done).error();
  }
  auto subject = of.forget(root, memory::forget_subject{who.id, hospital_space});
  if (!subject) return std::move(subject).error();
  auto space = of.forget(root, memory::forget_space{patient_space(who.id)});
  if (!space) return std::move(space).error();
  return forgotten{*std::move(subject), *std::move(space)};
}

}  // namespace healthcare
