// Any bytes through both readers of the healthcare example, and what they take through the whole assistant: nothing may
// throw, crash or overflow, and a problem must be fit to be printed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "healthcare/observation_stream.hpp"
#include "healthcare/ward_round.hpp"

using namespace healthcare;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_printable(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ward of;
  of.add(read_bundle(text, "fuzz"));
  of.settle();
  for (const auto& what : of.problems()) require(is_printable(to_text(what)));

  std::istringstream in{text};
  observation_stream lines{in};
  std::vector<observation> stream = of.observations();
  std::size_t number = 0;
  while (auto line = lines.next()) {
    require(line->number > number);
    number = line->number;
    for (const auto& why : line->left_out) require(is_printable(why.message()));
    if (line->value) {
      stream.push_back(*std::move(line->value));
    } else {
      require(is_printable(line->value.error().message()));
    }
  }
  const auto round = make_round(of, stream, default_clinic());
  require(!to_json(round).empty());
  require(!to_table(round).empty());
  std::reverse(stream.begin(), stream.end());
  const auto reversed = make_round(of, stream, default_clinic());
  require(reversed.patients == round.patients && reversed.run.as_of == round.run.as_of);
  return 0;
}
