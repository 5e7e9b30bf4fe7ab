// Any bytes through both readers of the healthcare example, and what they take through the whole assistant: nothing may
// throw, crash or overflow, and a problem must be fit to be printed.
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
  if (auto read = read_bundle(text, "fuzz"); read) {
    of.add(*std::move(read), "fuzz");
  } else {
    require(is_printable(read.error().message()));
    of.add_unreadable("fuzz", read.error());
  }
  of.settle();
  for (const auto& what : of.problems()) require(is_printable(to_text(what)));

  std::istringstream in{text};
  observation_stream lines{in};
  std::vector<observation> stream = of.observations();
  std::size_t number = 0;
  while (auto line = lines.next()) {
    require(line->number > number);
    number = line->number;
    if (line->value) {
      stream.push_back(*std::move(line->value));
    } else {
      require(is_printable(line->value.error().message()));
    }
  }
  const auto as_of = stream.empty() ? instant{} : stream.front().time;
  const auto round = make_round(of, stream, default_clinic(), as_of);
  require(!to_json(round).empty());
  require(!to_table(round).empty());
  return 0;
}
