#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>
#include <vector>

namespace troupe::memory {

// Turns text into vectors whose dot product says how near two texts are. Any thread may call it, several at a time.
class embedder {
 public:
  virtual ~embedder() = default;

  // Names the model and its version. A store remembers it: vectors of two models cannot be compared.
  virtual std::string_view name() const noexcept = 0;
  virtual std::size_t dimensions() const noexcept = 0;

  // One vector of `dimensions()` floats a text, of length 1, or all zero for a text that says nothing; row after row.
  // Fails as a whole, with what the model's provider says.
  virtual result<std::vector<float>> embed(std::span<const std::string_view> texts) const = 0;
};

// The default, without weights: words, pairs of words and character trigrams, hashed into 256 dimensions with a sign
// each (Weinberger et al., Feature Hashing, 2009), words weighted by their length's rarity alone. Deterministic on
// every machine.
std::shared_ptr<const embedder> make_hashed_embedder();

}  // namespace troupe::memory
