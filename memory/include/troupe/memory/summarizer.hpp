#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>

namespace troupe::memory {

// Makes one text of many. A model's, where there is one; the default below needs none. Any thread, several at a time.
class summarizer {
 public:
  virtual ~summarizer() = default;

  // A text of at most `tokens_max` tokens (see tokens.hpp) that says what the texts, in the order of time, say. The
  // caller checks that bound and cuts what is beyond it. Empty if there is nothing to say.
  virtual result<std::string> summarize(std::span<const std::string> texts, std::size_t tokens_max) const = 0;
};

// Picks the sentences nearest to the middle of all texts, each unlike the ones picked before it (centroid, and maximal
// marginal relevance with lambda 0.7: Carbonell and Goldstein, 1998), and gives them in their own order. Deterministic.
std::shared_ptr<const summarizer> make_extractive_summarizer();

}  // namespace troupe::memory
