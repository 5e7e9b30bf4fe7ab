#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <troupe/core/id.hpp>
#include <troupe/core/result.hpp>
#include <vector>

namespace troupe::memory {

// What a part of a prompt is, in the order in which a window gives them.
enum class part_kind : std::uint8_t { pinned, summary, retrieved, recent };
std::string_view to_string(part_kind kind) noexcept;

// A text that may go into a prompt.
struct part {
  part_kind kind = part_kind::recent;
  std::string text{};
  troupe::id record{};     // where it is from; nil if from nowhere
  double score = 0;        // retrieved: the higher, the sooner it is taken
  std::uint64_t call = 0;  // recent: parts of one call and its results have the same number, and stay together; 0: none
};

struct window_options {
  std::size_t tokens_max = 4096;
  // At most so much of what is left beside the pinned parts goes to summaries, and to what was retrieved; what these do
  // not need goes to the recent parts, and what those do not need goes back to the retrieved.
  double summary_share = 0.25;
  double retrieved_share = 0.35;
};

struct window {
  std::vector<part> parts;     // pinned, summaries, retrieved (both oldest first), recent (oldest first)
  std::size_t tokens = 0;      // of text(), never above tokens_max
  std::vector<part> left_out;  // recent parts that did not fit, oldest first: what a summary is due for
  std::string text() const;    // the parts, separated by a line each
};

// Fills a budget. `recent` is oldest first; the newest are kept, up to the first that does not fit. A call and its
// results are taken or left out as one, whatever stands between them; a single newest part of no call that is larger
// than all that is left is cut at a word. Of the summaries the newest are taken, of the retrieved parts those with the
// highest score, of equals the newer; one that does not fit is passed over. Their age is that of their record, and for
// equal ones the order in which they are given. Tokens are count_tokens() of text(). Parts get the kind of the list
// that they were in; whether one record is in two of them is the caller's concern.
//
// Fails with out_of_range if the pinned parts alone are above the budget, and with invalid_argument for shares outside
// 0 to 1. A pure function.
result<window> fill_window(std::vector<part> pinned, std::vector<part> summaries, std::vector<part> retrieved,
                           std::vector<part> recent, const window_options& options = {});

}  // namespace troupe::memory
