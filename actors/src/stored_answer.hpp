#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/actors/message.hpp>

#include "process_frames.hpp"

namespace troupe::actors {

// An answer, or the result of an effect, as the journal has it.
struct stored_answer {
  std::optional<troupe::error> error;
  std::string type;  // empty: nothing but that it was done
  std::string bytes;
  TROUPE_MESSAGE(stored_answer, error, type, bytes)
};

// Fails with local_message for what cannot be written, and bad_message.
inline result<std::string> encode_answer(const result<message>& from) {
  stored_answer made;
  if (!from) {
    made.error = frames::bounded(from.error());
  } else if (!from->empty()) {
    auto bytes = from->encode();
    if (!bytes) return std::move(bytes).error();
    made.type = from->type_name();
    made.bytes = *std::move(bytes);
  }
  return net::encode(made);
}

inline bool is_error(std::string_view bytes) {
  const auto stored = net::decode<stored_answer>(bytes);
  return stored && stored->error;
}
// `context`: as message::encoded takes it.
inline result<message> decode_answer(std::string_view bytes, std::shared_ptr<const void> context) {
  auto stored = net::decode<stored_answer>(bytes);
  if (!stored) return std::move(stored).error();
  if (stored->error) return frames::named(*stored->error);
  return message::encoded(std::move(stored->type), std::move(stored->bytes), std::move(context));
}

}  // namespace troupe::actors
