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
// marginal relevance with lambda 0.7: Carbonell and Goldstein, 1998), and gives them in their own order, one a line.
// What was said in the same words more than once counts where it was said last. Never above `tokens_max`: a sentence
// that does not fit is passed over, and if none does, the best is cut. Deterministic, and never fails.
//
// Its work is bounded: it considers 2,000 texts and 2,000 sentences at most, of more it takes every so many-th and the
// newest; of n texts it reads the first 4 MiB / n each, and it picks 256 sentences at most.
std::shared_ptr<const summarizer> make_extractive_summarizer();

}  // namespace troupe::memory
