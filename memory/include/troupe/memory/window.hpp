#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <troupe/core/id.hpp>
#include <troupe/core/path.hpp>
#include <troupe/core/result.hpp>
#include <troupe/memory/recall.hpp>
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

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("kind", self.kind), visit("text", self.text), visit("record", self.record);
    visit("score", self.score), visit("call", self.call);
  }
};

struct window_options {
  std::size_t tokens_max = 4096;
  // At most so much of what is left beside the pinned parts goes to summaries, and to what was retrieved; what these do
  // not need goes to the recent parts, and what those do not need goes back to the retrieved.
  double summary_share = 0.25;
  double retrieved_share = 0.35;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("tokens_max", self.tokens_max), visit("summary_share", self.summary_share);
    visit("retrieved_share", self.retrieved_share);
  }
};

struct window {
  std::vector<part> parts;     // pinned, summaries, retrieved (both oldest first), recent (oldest first)
  std::size_t tokens = 0;      // of text(), never above tokens_max
  std::vector<part> left_out;  // recent parts that did not fit, oldest first: what a summary is due for
  std::string text() const;    // the parts, separated by a line each

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("parts", self.parts), visit("tokens", self.tokens), visit("left_out", self.left_out);
  }
};

// What a prompt about a space is to be made of: pinned parts, the space's latest summary, what recall finds for the
// question, and the newest records. Records with the attribute "call" and equal values are one call and its results.
struct window_query {
  path space = {};
  std::string question = {};  // empty: nothing is retrieved
  std::vector<part> pinned = {};
  window_options options = {};
  memory::scope scope = memory::scope::subtree;  // of what is retrieved
  std::size_t retrieved_max = 20;
  std::size_t recent_max = 200;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("space", self.space), visit("question", self.question), visit("pinned", self.pinned);
    visit("options", self.options), visit("scope", self.scope), visit("retrieved_max", self.retrieved_max);
    visit("recent_max", self.recent_max);
  }
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
