#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/clock.hpp>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <vector>

namespace troupe::memory {

// episode: what happened or was said. fact: what holds, under a key, from a time on. summary: a shorter text that
// stands for its sources. blob: bytes beside the memory, such as a checkpoint.
enum class record_kind : std::uint8_t { episode = 1, fact = 2, summary = 3, blob = 4 };
std::string_view to_string(record_kind kind) noexcept;

// What a fact adds to its record. A fact holds from `valid_from` until another of the same space and key begins to, or
// until `valid_to`, whichever comes first; of two that begin together, the one recorded later holds. Nothing is
// overwritten, so the past can be asked for: as it was, and as it was known.
struct fact_part {
  std::string key = {};    // 1 to 256 bytes without a zero byte: "medication/aspirin/dose_mg"
  std::string value = {};  // empty: from then on, nothing holds
  timestamp valid_from{};
  std::optional<timestamp> valid_to{};

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("key", self.key), visit("value", self.value), visit("from", self.valid_from), visit("to", self.valid_to);
  }
  friend bool operator==(const fact_part&, const fact_part&) = default;
};

struct blob_part {
  std::uint64_t size_bytes = 0;
  std::string sha256;  // 32 bytes

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("size", self.size_bytes), visit("sha256", self.sha256);
  }
  friend bool operator==(const blob_part&, const blob_part&) = default;
};

// One thing remembered. A value. The store sets `id`, `author` and `recorded`; the rest is the author's.
struct record {
  troupe::id id = {};
  path space = {};
  record_kind kind = record_kind::episode;
  path author = {};
  timestamp recorded{};      // when it was stored
  timestamp time{};          // when it happened; the epoch: when it was stored
  std::string text = {};     // what recall searches, up to 1 MiB of UTF-8; a fact's is "key: value" if it has none
  double importance = 0;     // 0 to 1
  std::string subject = {};  // whom it is about, for forget(); may be empty
  std::map<std::string, std::string> attributes = {};  // for filters; up to 64, keys to 128 bytes, values to 4 KiB
  std::vector<troupe::id> sources = {};                // what a summary stands for, or what a record was made from
  std::optional<timestamp> expires = {};               // from then on it is not found, and soon not there
  std::optional<fact_part> fact = {};
  std::optional<blob_part> blob = {};

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("id", self.id), visit("space", self.space), visit("kind", self.kind), visit("author", self.author);
    visit("recorded", self.recorded), visit("time", self.time), visit("text", self.text);
    visit("importance", self.importance), visit("subject", self.subject), visit("attributes", self.attributes);
    visit("sources", self.sources), visit("expires", self.expires), visit("fact", self.fact), visit("blob", self.blob);
  }
  friend bool operator==(const record&, const record&) = default;
};

inline constexpr std::size_t text_size_bytes_max = 1 << 20;
inline constexpr std::size_t attributes_max = 64;
inline constexpr std::size_t attribute_key_size_bytes_max = 128;
inline constexpr std::size_t attribute_value_size_bytes_max = 4096;
inline constexpr std::size_t fact_key_size_bytes_max = 256;
inline constexpr std::size_t subject_size_bytes_max = 256;
inline constexpr std::size_t sources_max = 65'536;

}  // namespace troupe::memory
