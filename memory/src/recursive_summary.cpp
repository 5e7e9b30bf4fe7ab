#include <algorithm>
#include <troupe/memory/recursive_summary.hpp>
#include <troupe/memory/tokens.hpp>
#include <vector>

namespace troupe::memory {

namespace {

// So that any character fits, and two summaries do.
constexpr std::size_t input_tokens_min = 16;

using texts_of_call = std::vector<std::string>;

std::string_view without_space_before(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// Fills calls up with texts, in order.
class packer {
 public:
  explicit packer(std::size_t tokens_max) : tokens_max_{tokens_max} {}

  void add(std::string_view text) {
    for (text = without_space_before(text); !text.empty();) {
      const auto piece = first_tokens(text, tokens_max_);
      add_piece(piece);
      text = without_space_before(text.substr(piece.size()));
    }
  }

  std::vector<texts_of_call> calls() && { return std::move(calls_); }

 private:
  void add_piece(std::string_view piece) {
    const auto tokens = count_tokens(piece);
    if (calls_.empty() || tokens_ + 1 + tokens > tokens_max_) {
      calls_.emplace_back();
      tokens_ = tokens;
    } else {
      tokens_ += 1 + tokens;
    }
    calls_.back().emplace_back(piece);
  }

  const std::size_t tokens_max_;
  std::size_t tokens_ = 0;  // of the last call
  std::vector<texts_of_call> calls_;
};

template <class Texts>
std::vector<texts_of_call> packed(const Texts& texts, std::size_t tokens_max) {
  packer all{tokens_max};
  for (const auto& text : texts) all.add(text);
  return std::move(all).calls();
}

result<std::string> call(const summarizer& by, const texts_of_call& texts, std::size_t tokens_max) {
  auto summary = by.summarize(texts, tokens_max);
  if (!summary) return summary;
  return std::string{first_tokens(*summary, tokens_max)};
}

}  // namespace

result<std::string> summarize_recursively(const summarizer& by, std::span<const std::string> texts,
                                          const recursive_summary_options& options) {
  if (options.input_tokens_max < input_tokens_min) {
    return error{errc::invalid_argument, "a summary of summaries needs 16 tokens of input a call"};
  }
  if (options.tokens_max == 0) return error{errc::invalid_argument, "a summary of no tokens"};
  // Two of them and a line break fit into a call.
  const auto between_max = std::min(options.tokens_max, (options.input_tokens_max - 1) / 2);
  auto calls = packed(texts, options.input_tokens_max);
  for (std::size_t level = 1; calls.size() > 1; ++level) {
    std::vector<std::string> summaries;
    for (std::size_t n = 0; n < calls.size(); ++n) {
      auto summary = call(by, calls[n], between_max);
      if (!summary) {
        return std::move(summary).error().with_context("part " + std::to_string(n + 1) + " of " +
                                                       std::to_string(calls.size()) + ", level " +
                                                       std::to_string(level) + " of a summary");
      }
      summaries.push_back(std::move(*summary));
    }
    calls = packed(summaries, options.input_tokens_max);
  }
  if (calls.empty()) return std::string{};
  return call(by, calls.front(), options.tokens_max).with_context("the last call of a summary");
}

}  // namespace troupe::memory
