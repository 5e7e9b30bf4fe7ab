#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "troupe/core/clock.hpp"
#include "troupe/core/result.hpp"

namespace troupe {

// Durations and sizes as people write them, in configuration and on the command line. Pure functions, any thread.

// Whole numbers with a unit each, the larger first: `5s`, `200ms`, `1h30m`; units d, h, m, s, ms, us (or µs), ns. A
// bare `0` needs none. Never negative. Fails with parse_error, and with out_of_range above 292 years.
result<duration> parse_duration(std::string_view text);

// In the largest units that leave whole numbers (`1h30m`, `1s500ms`), as parse_duration() reads it back; a negative
// duration, which is not readable, has a leading `-`.
std::string format_duration(duration d);

// A whole number of bytes: `1048576`, `512B`, `64MiB`; units B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB
// (powers of 1024; IEC 80000-13). Fails with parse_error, and with out_of_range above 2^64 - 1.
result<std::uint64_t> parse_size(std::string_view text);

// With the largest binary unit that leaves a whole number: `64MiB`, `1000B`.
std::string format_size(std::uint64_t size_bytes);

}  // namespace troupe
