#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <troupe/net/codec.hpp>

#include "frame_stream.hpp"

// What a node and the process of an agent say to each other, as either end reads it: any bytes, in pieces of any size.
// Each frame is an error or a value; what is a value says the same when it is sent again.

using namespace troupe;
using namespace troupe::actors;

namespace {

template <class Frame>
void try_one(std::string_view body) {
  const net::limits limits{.bytes = frame_overhead_max};
  const auto once = net::decode<Frame>(body, limits);
  if (!once) return;
  const std::string bytes = frame_bytes(*once);
  const auto again = net::decode<Frame>(std::string_view{bytes}.substr(5), limits);
  if (!again) std::abort();
  if (frame_bytes(*again) != bytes) std::abort();
}

void try_all(const frame_reader::frame& found) {
  using frames::kind;
  switch (found.kind) {
    case kind::start: return try_one<frames::start>(found.body);
    case kind::message: return try_one<frames::message>(found.body);
    case kind::answer: return try_one<frames::answer>(found.body);
    case kind::down: return try_one<frames::down>(found.body);
    case kind::stop: return try_one<frames::stop>(found.body);
    case kind::budget_answer: return try_one<frames::budget_answer>(found.body);
    case kind::started: return try_one<frames::started>(found.body);
    case kind::not_started: return try_one<frames::not_started>(found.body);
    case kind::failed: return try_one<frames::failed>(found.body);
    case kind::ended: return try_one<frames::ended>(found.body);
    case kind::letter: return try_one<frames::letter>(found.body);
    case kind::passed_on: return try_one<frames::passed_on>(found.body);
    case kind::watch: return try_one<frames::watch>(found.body);
    case kind::unwatch: return try_one<frames::unwatch>(found.body);
    case kind::kill: return try_one<frames::kill>(found.body);
    case kind::beat: return try_one<frames::beat>(found.body);
    case kind::budget_request: return try_one<frames::budget_request>(found.body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  frame_reader in{frame_overhead_max};
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  // The first byte says how long the pieces are.
  const std::size_t piece = rest.empty() ? 1 : static_cast<unsigned char>(rest.front()) % 61 + 1;
  if (!rest.empty()) rest.remove_prefix(1);
  for (bool goes_on = true; goes_on && !rest.empty();) {
    const auto now = rest.substr(0, piece);
    rest.remove_prefix(now.size());
    if (::write(ends[1], now.data(), now.size()) != static_cast<ssize_t>(now.size())) std::abort();
    if (in.read_from(ends[0]) != static_cast<ssize_t>(now.size())) std::abort();
    for (frame_reader::frame found;;) {
      const auto there = in.next(found);
      goes_on = there.has_value();
      if (!there || !*there) break;
      try_all(found);
    }
  }
  for (const int each : ends) ::close(each);
  return 0;
}
