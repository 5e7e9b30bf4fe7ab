#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <troupe/memory/audit.hpp>
#include <troupe/memory/command.hpp>
#include <troupe/memory/record.hpp>
#include <troupe/net/codec.hpp>

#include "log_file.hpp"
#include "postings.hpp"
#include "space_table.hpp"
#include "state_machine.hpp"
#include "vector_cache.hpp"
#include "vector_math.hpp"

// What a memory has stored, read from any bytes: each is a value, or an error; and what is a value says the same when
// it is stored again. The first byte says which it is.

using namespace troupe;
using namespace troupe::memory;

namespace {

template <class T>
void try_row(std::string_view bytes) {
  const auto once = net::decode<T>(bytes);
  if (!once) return;
  const auto stored = net::encode(*once);
  const auto again = net::decode<T>(stored);
  if (!again || net::encode(*again) != stored) std::abort();
}

template <class Entry, class Decode>
void try_block(std::string_view bytes, Decode decode) {
  std::vector<Entry> entries;
  try {
    decode(bytes, 7, entries);
  } catch (const failure&) {
    return;
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].place / Entry::block_places != 7) std::abort();
    if (i > 0 && entries[i].place <= entries[i - 1].place) std::abort();
  }
}

void try_vector(std::string_view bytes) {
  try {
    coded_vector vector{scale_of(bytes), {}};
    for (const char each : codes_of(bytes)) vector.codes.push_back(static_cast<std::int8_t>(each));
    if (decode(vector).size() != vector.codes.size() || to_bytes(vector) != bytes) std::abort();
  } catch (const failure&) {
  }
}

void try_log(std::string_view bytes) {
  std::istringstream log{std::string{bytes}};
  const auto found = verify_log(log, bytes.size());
  if (found.whole_bytes > bytes.size() || (found.records > 0) != (found.whole_bytes > 0)) std::abort();
  // What is whole is so by itself.
  std::istringstream whole{std::string{bytes.substr(0, found.whole_bytes)}};
  const auto again = verify_log(whole, found.whole_bytes);
  if (!again.damage.empty() || again.torn || again.records != found.records) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (bytes.empty()) return 0;
  const auto which = bytes.front();
  bytes.remove_prefix(1);
  switch (which) {
    case 'r': try_row<record>(bytes); break;
    case 'c': try_row<command>(bytes); break;
    case 's': try_row<space_row>(bytes); break;
    case 'f': try_row<fact_row>(bytes); break;
    case 'h': try_row<heat_row>(bytes); break;
    case 'i': try_row<inbox_message>(bytes); break;
    case 'e': try_row<journaled_effect>(bytes); break;
    case 't': try_row<turn_row>(bytes); break;
    case 'b': try_row<blob_row>(bytes); break;
    case 'a': try_row<audit_entry>(bytes); break;
    case 'p': try_block<posting>(bytes, decode_postings); break;
    case 'l': try_block<record_length>(bytes, decode_lengths); break;
    case 'v': try_vector(bytes); break;
    case 'w': try_log(bytes); break;
    default: break;
  }
  return 0;
}
