#pragma once

#include <cstddef>
#include <string>
#include <troupe/actors/message.hpp>

namespace troupe::actors {

// What a message holds, for people: {text: "bees", count: 3}. Made from its bytes, so that it needs nothing of the
// type but its codec; a message without one is its type and the reason why there is no more to see. At most
// `size_bytes_max` (8 at least) of valid UTF-8, whatever the message holds; what was cut ends with an ellipsis.
std::string text_of(const message& what, std::size_t size_bytes_max);

}  // namespace troupe::actors
