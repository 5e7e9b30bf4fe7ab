#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <troupe/core/result.hpp>

#include "troupe/memory/summarizer.hpp"

namespace troupe::memory {

struct recursive_summary_options {
  std::size_t input_tokens_max = 8192;  // of one call: its texts with a line break between them; at least 16
  std::size_t tokens_max = 512;         // of the summary
};

// Summarises any number of texts, in the order of time, by a summarizer that takes only so much at once: what fits goes
// into one call, of more the summaries are summarised, level by level. A text that is too long for a call is parted at
// words. No call gets more than its bound, and a summary that comes back too long is cut at a word, so that the number
// of calls is bounded too: each level has at most half as many as the one before, rounded up.
//
// Summaries on the way have at most `tokens_max` tokens or a little less than half a call's input, whichever is less.
// Empty texts are passed over; without any other, nothing is called and the summary is empty. Fails with
// invalid_argument for bounds that are too small, and with the summarizer's error, which says which call it was.
result<std::string> summarize_recursively(const summarizer& by, std::span<const std::string> texts,
                                          const recursive_summary_options& options = {});

}  // namespace troupe::memory
