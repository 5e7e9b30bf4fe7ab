#include "healthcare/drug_names.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "healthcare/text.hpp"

namespace healthcare {
namespace {

// Words that name the salt, ester or water of a substance and do not make it another one.
constexpr std::string_view salts[] = {"acetate",
                                      "anhydrous",
                                      "axetil",
                                      "benzoate",
                                      "besylate",
                                      "bitartrate",
                                      "bromide",
                                      "calcium",
                                      "cilexetil",
                                      "citrate",
                                      "dihydrate",
                                      "dipropionate",
                                      "fumarate",
                                      "furoate",
                                      "gluconate",
                                      "hcl",
                                      "hydrobromide",
                                      "hydrochloride",
                                      "hydrocholoride" /* sic, in Synthea */,
                                      "lactate",
                                      "magnesium",
                                      "maleate",
                                      "medoxomil",
                                      "mesylate",
                                      "monohydrate",
                                      "pamoate",
                                      "phosphate",
                                      "potassium",
                                      "propionate",
                                      "sodium",
                                      "succinate",
                                      "sulfate",
                                      "sulphate",
                                      "tartrate",
                                      "trihydrate",
                                      "tromethamine",
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

constexpr std::string_view form_words[] = {
    "oral",      "tablet",      "capsule",       "solution",    "suspension", "injection",  "injectable",
    "topical",   "cream",       "chewable",      "extended",    "release",    "delayed",    "disintegrating",
    "ointment",  "spray",       "mucosal",       "nasal",       "metered",    "dose",       "inhaler",
    "prefilled", "syringe",     "auto-injector", "transdermal", "system",     "patch",      "tablets",
    "capsules",  "12hr",        "24hr",          "er",          "xr",         "ophthalmic", "vaginal",
    "rectal",    "suppository", "gel",           "lotion"};

template <std::size_t N>
bool contains(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return out;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string joined(std::span<const std::string> words) {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

// A plain decimal number, with thousands separators as in "1,000".
std::optional<double> number_of(std::string word) {
  std::erase(word, ',');
  if (word.empty() || word.front() < '0' || word.front() > '9') return std::nullopt;
  double value = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value, std::chars_format::fixed);
  if (code != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<double> milligrams(std::string_view unit) {
  if (unit == "mg") return 1;
  if (unit == "g") return 1000;
  if (unit == "mcg" || unit == "ug") return 0.001;
  return std::nullopt;
}

// "mg", "mg/ml", "mcg/actuat". A unit that is no mass (UNT, MEQ, %) is one all the same: it ends the name.
struct strength_unit {
  std::optional<double> mg;
  strength_per per = strength_per::unit;
};

std::optional<strength_unit> unit_of(std::string_view word) {
  const auto slash = word.find('/');
  const auto mass = word.substr(0, slash);
  strength_unit out{milligrams(mass), strength_per::unit};
  if (!out.mg && mass != "unt" && mass != "meq" && mass != "%" && mass != "mmol" && mass != "ir") return std::nullopt;
  if (slash == word.npos) return out;
  const auto per = word.substr(slash + 1);
  if (per == "ml") {
    out.per = strength_per::millilitre;
  } else if (per == "actuat") {
    out.per = strength_per::actuation;
  } else if (per == "hr") {
    out.per = strength_per::hour;
  } else if (per != "tab" && per != "tablet" && per != "cap") {
    out.mg.reset();  // per something we cannot count
  }
  return out;
}

// Words before the name: an application number, and quantities such as "0.3 ML", "24 HR" or "120 ACTUAT".
std::size_t prefix_length(std::span<const std::string> words) {
  std::size_t at = 0;
  while (at < words.size()) {
    if (words[at].starts_with("nda") && words[at].size() > 3 && words[at][3] >= '0' && words[at][3] <= '9') {
      ++at;
    } else if (at + 2 < words.size() && number_of(words[at]) &&
               (words[at + 1] == "ml" || words[at + 1] == "hr" || words[at + 1] == "actuat")) {
      at += 2;
    } else {
      break;
    }
  }
  return at;
}

// One part between " / ". What follows the strength is the form.
ingredient parse_part(std::span<const std::string> words, std::string& form) {
  words = words.subspan(prefix_length(words));
  ingredient out;
  std::size_t end = 0;
  while (end < words.size() && (end == 0 || !number_of(words[end]))) ++end;
  std::size_t rest = end;
  if (end + 1 < words.size()) {
    if (const auto unit = unit_of(words[end + 1])) {
      const double count = *number_of(words[end]);
      if (unit->mg && count > 0) out.amount = strength{count * *unit->mg, unit->per};
      rest = end + 2;
    }
  }
  // Without a strength the form follows the name at once: "ibuprofen oral tablet".
  std::size_t name_end = end;
  if (end == words.size()) {
    while (name_end > 1 && contains(form_words, words[name_end - 1])) --name_end;
    rest = name_end;
  }
  form = joined(words.subspan(rest));
  out.written = joined(words.first(name_end));
  out.name = ingredient_name(out.written);
  return out;
}

// "[Colcrys]" is the brand.
std::string without_brackets(std::string_view text) {
  std::string out;
  int depth = 0;
  for (const char c : text) {
    if (c == '[') ++depth;
    if (depth == 0) out += c;
    if (c == ']' && depth > 0) --depth;
  }
  return out;
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
  auto words = words_of(lower(written));
  for (auto& word : words) {
    while (!word.empty() && (word.back() == ',' || word.back() == '.' || word.back() == ';')) word.pop_back();
  }
  std::erase(words, "");
  if (!words.empty() && !contains(salt_is_the_drug, words.front())) {
    while (words.size() > 1 && contains(salts, words.back())) words.pop_back();
  }
  auto name = joined(words);
  for (const auto& [other, usual] : synonyms) {
    if (name == other) return std::string{usual};
  }
  return name;
}

drug_product parse_product(std::string_view display) {
  const auto words = words_of(lower(without_brackets(display)));
  drug_product out;
  std::size_t begin = 0;
  while (begin < words.size()) {
    const auto slash = static_cast<std::size_t>(
        std::find(words.begin() + static_cast<std::ptrdiff_t>(begin), words.end(), "/") - words.begin());
    if (slash > begin) {
      auto part = parse_part(std::span{words}.subspan(begin, slash - begin), out.form);
      if (!part.name.empty()) out.ingredients.push_back(std::move(part));
    }
    begin = slash + 1;
  }
  return out;
}

std::string allergen_name(std::string_view text) {
  auto lowered = lower(text);
  std::string_view name{lowered};
  // SNOMED CT's semantic tag.
  if (const auto tag = name.rfind(" ("); tag != name.npos && name.ends_with(')')) name = name.substr(0, tag);
  for (const auto prefix : {"allergy to ", "allergic reaction to ", "adverse reaction to ", "intolerance to ",
                            "hypersensitivity to ", "sensitivity to "}) {
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
