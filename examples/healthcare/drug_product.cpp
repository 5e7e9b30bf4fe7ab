#include "healthcare/drug_product.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "healthcare/drug_names.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

using words = std::vector<std::string>;
using word_span = std::span<const std::string>;

constexpr std::string_view form_words[] = {
    "oral",      "tablet",      "capsule",       "solution",    "suspension", "injection",  "injectable",
    "topical",   "cream",       "chewable",      "extended",    "release",    "delayed",    "disintegrating",
    "ointment",  "spray",       "mucosal",       "nasal",       "metered",    "dose",       "inhaler",
    "prefilled", "syringe",     "auto-injector", "transdermal", "system",     "patch",      "tablets",
    "capsules",  "12hr",        "24hr",          "er",          "xr",         "ophthalmic", "vaginal",
    "rectal",    "suppository", "gel",           "lotion",      "tab",        "cap",        "syrup"};

bool is_form(std::string_view word) {
  return std::find(std::begin(form_words), std::end(form_words), word) != std::end(form_words);
}

std::string joined(word_span list) {
  std::string out;
  for (const auto& word : list) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A plain decimal number, with thousands separators as in "1,000".
std::optional<double> number_of(std::string word) {
  std::erase(word, ',');
  if (word.empty() || !is_digit(word.front())) return std::nullopt;
  double value = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value, std::chars_format::fixed);
  if (code != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// "500" is one number, "500/125" is two, other words are none.
std::vector<double> numbers_of(std::string_view word) {
  std::vector<double> out;
  while (true) {
    const auto slash = std::min(word.find('/'), word.size());
    const auto number = number_of(std::string{word.substr(0, slash)});
    if (!number) return {};
    out.push_back(*number);
    if (slash == word.size()) return out;
    word.remove_prefix(slash + 1);
  }
}

std::optional<double> milligrams(std::string_view unit) {
  if (unit == "mg") return 1;
  if (unit == "g") return 1000;
  if (unit == "mcg" || unit == "ug") return 0.001;
  return std::nullopt;
}

// "mg", "mg/ml", "mg/5ml", "mcg/actuat". A unit that is no mass (UNT, MEQ, %) is one all the same: it ends the name.
struct strength_unit {
  std::optional<double> mg;
  strength_per per = strength_per::unit;
};

std::optional<strength_unit> unit_of(std::string_view word) {
  const auto slash = word.find('/');
  const auto mass = word.substr(0, slash);
  strength_unit out{milligrams(mass), strength_per::unit};
  if (!out.mg && mass != "unt" && mass != "unit" && mass != "iu" && mass != "meq" && mass != "%" && mass != "mmol" &&
      mass != "ir") {
    return std::nullopt;
  }
  if (slash == word.npos) return out;
  auto per = word.substr(slash + 1);
  const auto digits = std::min(per.find_first_not_of("0123456789."), per.size());
  const auto count = digits == 0 ? std::optional{1.0} : number_of(std::string{per.substr(0, digits)});
  per.remove_prefix(digits);
  if (per == "ml") {
    out.per = strength_per::millilitre;
  } else if (per == "actuat") {
    out.per = strength_per::actuation;
  } else if (per == "hr") {
    out.per = strength_per::hour;
  } else if (per != "tab" && per != "tablet" && per != "cap") {
    out.mg.reset();  // per something we cannot count
  }
  if (!count || *count <= 0) out.mg.reset();
  if (out.mg) *out.mg /= *count;
  return out;
}

// "[Colcrys]" is the brand, "(as amoxicillin trihydrate)" an explanation.
std::string without_brackets(std::string_view text) {
  std::string out;
  int depth = 0;
  for (const char c : text) {
    if (c == '[' || c == '(') ++depth;
    if (depth == 0) out += c;
    if ((c == ']' || c == ')') && depth > 0) --depth;
  }
  return out;
}

// A word in which several things stand without a space: "500mg", "amoxicillin/clavulanate", "amoxicillin-clavulanate".
void split_word(std::string_view word, words& out) {
  if (word == "and" || word == "with" || word == "+" || word == "&" || word == "/") {
    out.emplace_back("/");
    return;
  }
  if (unit_of(word) || !numbers_of(word).empty()) {
    out.emplace_back(word);
    return;
  }
  const auto digits = std::min(word.find_first_not_of("0123456789.,/"), word.size());
  if (digits > 0 && is_digit(word.front()) && !numbers_of(word.substr(0, digits)).empty()) {
    const auto rest = word.substr(digits);
    if (unit_of(rest) || rest == "ml" || rest == "hr") {
      out.emplace_back(word.substr(0, digits));
      out.emplace_back(rest);
      return;
    }
  }
  // A hyphen separates substances only if one of them is known: "beta-carotene" is one.
  auto separator = word.find('/');
  if (separator == word.npos && !is_known(word) && !known_names_in(word).empty()) separator = word.find('-');
  if (separator == word.npos) {
    out.emplace_back(word);
    return;
  }
  if (separator > 0) split_word(word.substr(0, separator), out);
  out.emplace_back("/");
  if (separator + 1 < word.size()) split_word(word.substr(separator + 1), out);
}

// "250 mg/5 ml", "160 mg per 5 ml" and "250 mg / 5 ml" are one strength: "mg/5ml".
void join_units(words& list) {
  const auto is = [&](std::size_t i, std::string_view word) { return i < list.size() && list[i] == word; };
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::size_t end = i + 1;
    std::string unit = list[i];
    if (const auto slash = unit.find('/'); slash != unit.npos) {
      if (!milligrams(std::string_view{unit}.substr(0, slash)) || !number_of(unit.substr(slash + 1))) continue;
    } else {
      if (!milligrams(unit) || !(is(end, "per") || is(end, "/"))) continue;
      ++end;
      unit += '/';
      if (end < list.size() && number_of(list[end])) unit += list[end++];
    }
    if (!is(end, "ml")) continue;
    list[i] = unit + "ml";
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    list.erase(first, list.begin() + static_cast<std::ptrdiff_t>(end) + 1);
  }
}

words words_of(std::string_view text) {
  words out;
  const auto lowered = lower(without_brackets(text));
  for (std::string_view rest{lowered}; !rest.empty();) {
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    if (end > 0) split_word(rest.substr(0, end), out);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  join_units(out);
  return out;
}

// Words before the name: an application number, the form, and quantities such as "0.3 ML", "24 HR" or "120 ACTUAT".
std::size_t prefix_length(word_span list) {
  std::size_t at = 0;
  while (at + 1 < list.size()) {
    if (list[at].starts_with("nda") && list[at].size() > 3 && is_digit(list[at][3])) {
      ++at;
    } else if (at + 2 < list.size() && number_of(list[at]) &&
               (list[at + 1] == "ml" || list[at + 1] == "hr" || list[at + 1] == "actuat")) {
      at += 2;
    } else if (is_form(list[at]) && numbers_of(list[at + 1]).empty()) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

// What stands between two " / ": a name, perhaps with a strength or several. The form of the drug is passed over.
struct part {
  ingredient of;
  std::vector<double> counts;
  strength_unit unit;
};

part parse_part(word_span list) {
  list = list.subspan(prefix_length(list));
  part out;
  std::size_t end = 0;
  while (end < list.size() && (end == 0 || numbers_of(list[end]).empty())) ++end;
  if (end + 1 < list.size()) {
    if (const auto unit = unit_of(list[end + 1])) {
      out.counts = numbers_of(list[end]);
      out.unit = *unit;
    }
  }
  // Without a strength the form follows the name at once: "ibuprofen oral tablet".
  while (end > 1 && is_form(list[end - 1])) --end;
  out.of.written = joined(list.first(end));
  while (out.of.written.ends_with(',')) out.of.written.pop_back();
  out.of.name = ingredient_name(out.of.written);
  return out;
}

void give_strengths(std::vector<part>& parts) {
  const auto set = [](part& to, double count, const strength_unit& unit) {
    if (unit.mg && count > 0) to.of.amount = strength{count * *unit.mg, unit.per};
  };
  if (parts.empty()) return;
  if (const auto& last = parts.back(); parts.size() > 1 && last.counts.size() == parts.size()) {
    for (std::size_t i = 0; i < parts.size(); ++i) set(parts[i], last.counts[i], last.unit);
    return;
  }
  const bool each_has_its_own =
      std::all_of(parts.begin(), parts.end(), [](const part& item) { return item.counts.size() == 1; });
  if (!each_has_its_own) return;
  for (auto& item : parts) set(item, item.counts.front(), item.unit);
}

}  // namespace

drug_product parse_product(std::string_view display) {
  const auto all = words_of(display);
  drug_product out;
  std::vector<part> parts;
  for (auto begin = all.begin(); begin != all.end();) {
    const auto slash = std::find(begin, all.end(), "/");
    if (slash != begin) {
      auto read = parse_part({begin, slash});
      if (!read.of.name.empty()) parts.push_back(std::move(read));
    }
    begin = slash == all.end() ? slash : slash + 1;
  }
  give_strengths(parts);
  for (auto& item : parts) out.ingredients.push_back(std::move(item.of));
  return out;
}

}  // namespace healthcare
