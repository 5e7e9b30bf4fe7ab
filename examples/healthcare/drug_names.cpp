#include "healthcare/drug_names.hpp"

#include <algorithm>
#include <map>
#include <span>

#include "healthcare/medication_tables.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

using words = std::vector<std::string>;

// Words that name the salt, ester or water of a substance and do not make it another one. "hydrocholoride" is
// Synthea's.
constexpr std::string_view salts[] = {
    "acetate",     "acetonide",       "anhydrous",    "axetil",        "benzathine",     "benzoate",     "besylate",
    "bitartrate",  "bromide",         "calcium",      "camsylate",     "cilexetil",      "citrate",      "decanoate",
    "dihydrate",   "dihydrochloride", "dipropionate", "disodium",      "edisylate",      "enanthate",    "erbumine",
    "estolate",    "ethylsuccinate",  "fumarate",     "furoate",       "gluconate",      "hcl",          "hemihydrate",
    "hexahydrate", "hyclate",         "hydrobromide", "hydrochloride", "hydrocholoride", "lactate",      "lactobionate",
    "magnesium",   "malate",          "maleate",      "medoxomil",     "meglumine",      "mesylate",     "monohydrate",
    "napsylate",   "oxalate",         "palmitate",    "pamoate",       "phosphate",      "pivoxil",      "potassium",
    "procaine",    "propionate",      "proxetil",     "sesquihydrate", "sodium",         "stearate",     "succinate",
    "sulfate",     "sulphate",        "tartrate",     "tosylate",      "trihydrate",     "tromethamine", "valerate",
    "xinafoate"};

// Substances whose first word is a metal are the salt: potassium chloride is not "potassium".
constexpr std::string_view salt_is_the_drug[] = {"potassium", "sodium", "calcium", "magnesium", "ferrous", "zinc"};

struct synonym {
  std::string_view name;
  std::string_view usual;
};

// International and British names to US names, as RxNorm uses those.
constexpr synonym synonyms[] = {
    {"paracetamol", "acetaminophen"},
    {"acetylsalicylic acid", "aspirin"},
    {"salbutamol", "albuterol"},
    {"adrenaline", "epinephrine"},
    {"glyceryl trinitrate", "nitroglycerin"},
    {"pethidine", "meperidine"},
    {"amoxycillin", "amoxicillin"},
    {"cefalexin", "cephalexin"},
    {"phenoxymethylpenicillin", "penicillin v"},
    {"benzylpenicillin", "penicillin g"},
    {"ciclosporin", "cyclosporine"},
    {"rifampicin", "rifampin"},
    {"frusemide", "furosemide"},
    {"lithium carbonate", "lithium"},
    {"sulphamethoxazole", "sulfamethoxazole"},
    {"glibenclamide", "glyburide"},
    {"clavulanic acid", "clavulanate"},
};

// One name for two substances.
struct combination {
  std::string_view name;
  std::string_view parts[2];
};
constexpr combination combinations[] = {
    {"co-amoxiclav", {"amoxicillin", "clavulanate"}},
    {"co-trimoxazole", {"sulfamethoxazole", "trimethoprim"}},
    {"co-codamol", {"acetaminophen", "codeine"}},
};

template <std::size_t N>
bool contains(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

// Runs of letters and digits, in lower case.
words words_of(std::string_view text) {
  words out;
  bool inside = false;
  for (const char c : lower(text)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0;
    if (letter && !inside) out.emplace_back();
    if (letter) out.back() += c;
    inside = letter;
  }
  return out;
}

std::string joined(std::span<const std::string> list) {
  std::string out;
  for (const auto& word : list) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

// Every name that the tables know, by its words, with what it means.
using dictionary = std::map<words, words>;

dictionary make_dictionary() {
  dictionary out;
  const auto add = [&](std::string_view name) { out.try_emplace(words_of(name), words{ingredient_name(name)}); };
  for (const auto& group : drug_classes()) {
    out.try_emplace(words_of(group.name), words{std::string{group.name}});
    for (const auto name : group.allergens) out.try_emplace(words_of(name), words{std::string{name}});
    for (const auto name : group.members) add(name);
  }
  for (const auto& rule : interactions()) {
    for (const auto name : {rule.first, rule.second}) add(name);
  }
  for (const auto& limit : dose_limits()) add(limit.name);
  for (const auto& item : coded_names()) add(item.name);
  for (const auto& [name, usual] : synonyms) {
    if (out.contains(words_of(usual))) out.try_emplace(words_of(name), words{std::string{usual}});
  }
  for (const auto& [name, parts] : combinations) {
    out.try_emplace(words_of(name), words{std::string{parts[0]}, std::string{parts[1]}});
  }
  return out;
}

const dictionary& known() {
  static const dictionary table = make_dictionary();
  return table;
}

bool drop_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool drop_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() <= suffix.size() || !text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

std::string ingredient_name(std::string_view written) {
  words list;
  for (std::string_view rest = written; !rest.empty();) {
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    auto word = lower(rest.substr(0, end));
    while (!word.empty() && std::string_view{",.;:"}.find(word.back()) != std::string_view::npos) word.pop_back();
    if (!word.empty()) list.push_back(std::move(word));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!list.empty() && !contains(salt_is_the_drug, list.front())) {
    while (list.size() > 1 && contains(salts, list.back())) list.pop_back();
  }
  auto name = joined(list);
  for (const auto& [other, usual] : synonyms) {
    if (name == other) return std::string{usual};
  }
  return name;
}

std::vector<std::string> known_names_in(std::string_view text) {
  constexpr std::size_t longest = 4;  // words of a name
  std::vector<std::string> out;
  const auto all = words_of(text);
  for (std::size_t at = 0; at < all.size();) {
    std::size_t length = std::min(longest, all.size() - at);
    auto found = known().end();
    for (; length > 0; --length) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
      found = known().find(words{begin, begin + static_cast<std::ptrdiff_t>(length)});
      if (found != known().end()) break;
    }
    if (found != known().end()) {
      for (const auto& name : found->second) {
        if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
      }
    }
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

bool is_known(std::string_view name) { return known().contains(words_of(name)); }

std::string allergen_name(std::string_view text) {
  auto lowered = lower(text);
  std::string_view name{lowered};
  for (const auto denial : {"no ", "not ", "nil ", "denies "}) {
    if (name.starts_with(denial)) return {};
  }
  // SNOMED CT's semantic tag.
  if (const auto tag = name.rfind(" ("); tag != name.npos && name.ends_with(')')) name = name.substr(0, tag);
  for (const auto prefix : {"allergy to substance: ", "allergy to ", "allergy: ", "drug allergy to ",
                            "drug allergy: ", "allergic reaction to ", "propensity to adverse reactions to ",
                            "adverse reaction to ", "intolerance to ", "hypersensitivity to ", "sensitivity to "}) {
    if (drop_prefix(name, prefix)) break;
  }
  for (const auto suffix : {" allergy", " intolerance", " adverse reaction", " hypersensitivity", " sensitivity"}) {
    if (drop_suffix(name, suffix)) break;
  }
  for (const auto suffix : {" drugs", " drug", " antibiotics", " antibiotic"}) {
    if (drop_suffix(name, suffix)) break;
  }
  return ingredient_name(name);
}

}  // namespace healthcare
