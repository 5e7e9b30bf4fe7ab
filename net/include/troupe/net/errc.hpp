#pragma once

#include <cstdint>
#include <string_view>
#include <troupe/core/errc.hpp>

namespace troupe {

// What can go wrong with what comes from elsewhere. The numbers travel between nodes and never change.
enum class net_errc : std::uint32_t {
  bad_bytes = 2001,      // No MessagePack, cut off, or something follows the value.
  too_deep = 2002,       // Nested deeper than the limit.
  too_big = 2003,        // More bytes than the limit, or a value that would grow beyond it.
  wrong_type = 2004,     // A text where a number is needed, and the like.
  out_of_range = 2005,   // A number that does not fit into the type that is to hold it.
  duplicate_key = 2006,  // A map has a key twice.
  wrong_size = 2007,     // An array with more or fewer items than its type has.
  bad_value = 2008,      // The right type, but no such value: a path that is none, an alternative that is not there.
  no_context = 2009,     // It only means something in a runtime, and none was given.
  bad_url = 2010,        // No address of http or https, or a header that cannot be sent.
  unreachable = 2011,    // No connection, or it broke before the answer was whole.
  timed_out = 2012,      // No whole answer in time.
  cancelled = 2013,      // Whoever asked gave it up.
  overloaded = 2014,     // A bounded queue is full.
  not_upgraded = 2015,   // What an older version of a struct wrote does not become the one that is to be read.
};

std::string_view to_string(net_errc code) noexcept;

template <>
struct is_errc<net_errc> : std::true_type {};

}  // namespace troupe
