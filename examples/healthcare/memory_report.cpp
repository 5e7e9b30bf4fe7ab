#include "healthcare/memory_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "healthcare/digest.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

namespace memory = troupe::memory;
using json = nlohmann::ordered_json;

std::string dump(const json& of) { return of.dump(2, ' ', true, json::error_handler_t::replace) + "\n"; }

std::string attribute(const memory::record& of, const std::string& name) {
  const auto at = of.attributes.find(name);
  return at == of.attributes.end() ? std::string{} : at->second;
}

// Its own time; what has none says so.
std::string day_of(const memory::record& of) {
  if (attribute(of, "undated") == "yes" || of.time == of.recorded) return "no date   ";
  return troupe::format_timestamp(of.time, 0).substr(0, 10);
}
std::string since(const memory::record& fact) {
  return attribute(fact, "undated") == "yes" ? "no date" : troupe::format_timestamp(fact.fact->valid_from, 0);
}
std::string score_text(double score) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", score);
  return text;
}
double rounded(double score) { return std::round(score * 1000) / 1000; }

std::string where(const memory_state& of) {
  std::string out = of.imported ? to_text(*of.imported) : "memory: " + printable(of.folder) + ", no bundles read";
  if (of.folder.empty()) out += "; the memory is a temporary one: --data FOLDER keeps it";
  return out + "\n";
}
json memory_json(const memory_state& of) {
  json out{{"folder", of.folder.empty() ? json{} : json(of.folder)},
           {"temporary", of.folder.empty()},
           {"imported", nullptr}};
  if (of.imported) {
    out["imported"] = {{"patients", of.imported->patients},
                       {"records", of.imported->records},
                       {"patients_known", of.imported->known},
                       {"patients_forgotten", of.imported->forgotten}};
  }
  return out;
}

json fact_json(const memory::record& of) {
  return {{"patient", of.subject},
          {"key", of.fact->key},
          {"value", of.fact->value},
          {"since", attribute(of, "undated") == "yes" ? json{} : json(since(of))},
          {"until", of.fact->valid_to ? json(troupe::format_timestamp(*of.fact->valid_to, 0)) : json{}},
          {"record", of.id.to_string()}};
}

// The hash of a line of the audit log.
std::string hash_text(const std::string& of) { return hex(reinterpret_cast<const std::byte*>(of.data()), of.size()); }

json receipt_json(const memory::receipt& of) {
  return {{"what", of.what},
          {"at", troupe::format_timestamp(of.at, 3)},
          {"records", of.records},
          {"summaries_remade", of.summaries_remade},
          {"blobs", of.blobs},
          {"states", of.states},
          {"audit_line", of.audit_number},
          {"audit_hash", hash_text(of.audit_hash)},
          {"verified", of.verified}};
}

std::string receipt_text(const memory::receipt& of) {
  return "  " + printable(of.what) + ": " + std::to_string(of.records) + " records erased, " +
         std::to_string(of.summaries_remade) + " summaries made again, " + std::to_string(of.states) + " states\n" +
         "    audit line " + std::to_string(of.audit_number) + "  sha256 " + hash_text(of.audit_hash) + "\n    " +
         (of.verified ? "verified: looked for again in every index, and not found\n" : "NOT VERIFIED\n");
}

json as_of_json(const std::optional<troupe::timestamp>& as_of) {
  return as_of ? json(troupe::format_timestamp(*as_of, 0)) : json{};
}

// Characters on a terminal, for letters that take one column each.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}
std::string padded(std::string text, std::size_t columns) {
  if (const auto now = width(text); now < columns) text.append(columns - now, ' ');
  return text;
}

}  // namespace

std::string to_table(const question& what, const answer& found, const memory_state& of) {
  std::string out = printable(what.text) + "\n";
  if (what.about) out += "about " + printable(what.about->name) + " (" + printable(what.about->id) + ")\n";
  if (found.records.empty() && found.facts.empty()) out += "nothing is remembered of it\n";
  if (!found.records.empty()) out += "RECORDS\n";
  for (const auto& each : found.records) {
    out += "  " + day_of(each.what) + "  " + score_text(each.score) + "  " + printable(each.what.text) + "  [" +
           each.what.id.to_string() + "]\n";
  }
  if (!found.facts.empty()) out += "FACTS\n";
  for (const auto& each : found.facts) {
    const auto& fact = each.what;
    out += "  " + day_of(fact) + "  " + score_text(each.score) + "  " + printable(fact.text) +
           (fact.fact->valid_to ? " until " + troupe::format_timestamp(*fact.fact->valid_to, 0).substr(0, 10) : "") +
           "  [" + fact.id.to_string() + "]\n";
  }
  return out + where(of);
}

std::string to_json(const question& what, const answer& found, const memory_state& of) {
  json out{{"question", what.text},           {"patient", what.about ? json(what.about->id) : json{}},
           {"as_of", as_of_json(what.as_of)}, {"records", json::array()},
           {"facts", json::array()},          {"memory", memory_json(of)}};
  for (const auto& each : found.records) {
    const bool dated = !(each.what.time == each.what.recorded);
    out["records"].push_back({{"patient", each.what.subject},
                              {"time", dated ? json(troupe::format_timestamp(each.what.time, 0)) : json{}},
                              {"score", rounded(each.score)},
                              {"text", each.what.text},
                              {"record", each.what.id.to_string()}});
  }
  for (const auto& each : found.facts) {
    auto fact = fact_json(each.what);
    fact["score"] = rounded(each.score);
    out["facts"].push_back(std::move(fact));
  }
  return dump(out);
}

std::string to_table(const facts_report& found, const memory_state& of) {
  std::string out;
  if (found.as_of) out += "as of " + troupe::format_timestamp(*found.as_of, 0) + "\n";
  for (const auto& [who, facts] : found.patients) {
    out += printable(who.name) + " (" + printable(who.id) + ")\n";
    std::size_t key = 3, value = 5;
    for (const auto& each : facts) {
      key = std::max(key, width(printable(each.fact->key)));
      value = std::max(value, width(printable(each.fact->value)));
    }
    const auto line = [&](const std::string& a, const std::string& b, const std::string& c, const std::string& d) {
      out += "  " + padded(printable(a), key + 2) + padded(printable(b), value + 2) + padded(c, 22) + d + "\n";
    };
    line("KEY", "VALUE", "SINCE", "RECORD");
    for (const auto& each : facts) line(each.fact->key, each.fact->value, since(each), each.id.to_string());
  }
  return out + where(of);
}

std::string to_json(const facts_report& found, const memory_state& of) {
  json out{{"as_of", as_of_json(found.as_of)}, {"patients", json::array()}, {"memory", memory_json(of)}};
  for (const auto& [who, facts] : found.patients) {
    json patient{{"id", who.id}, {"name", who.name}, {"facts", json::array()}};
    for (const auto& each : facts) patient["facts"].push_back(fact_json(each));
    out["patients"].push_back(std::move(patient));
  }
  return dump(out);
}

std::string to_table(const forgotten& done, const known_patient& who, const memory_state& of) {
  return "forgotten: " + printable(who.name) + " (" + printable(who.id) + ")\n" + receipt_text(done.subject) +
         receipt_text(done.space) + where(of);
}

std::string to_json(const forgotten& done, const known_patient& who, const memory_state& of) {
  return dump({{"forgotten", who.id},
               {"receipts", json::array({receipt_json(done.subject), receipt_json(done.space)})},
               {"memory", memory_json(of)}});
}

std::string to_text(const imported& of) {
  return "memory: " + std::to_string(of.patients) + " patients with " + std::to_string(of.records) +
         " records imported, " + std::to_string(of.known) + " known, " + std::to_string(of.forgotten) + " forgotten";
}

std::string to_text(const std::vector<known_patient>& of) {
  std::string out;
  for (const auto& each : of) out += (out.empty() ? "" : ", ") + printable(each.name) + " (" + printable(each.id) + ")";
  return out;
}

}  // namespace healthcare
