#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <troupe/memory/embedder.hpp>
#include <troupe/memory/summarizer.hpp>
#include <troupe/memory/tokens.hpp>
#include <unordered_set>
#include <vector>

#include "sentences.hpp"
#include "utf8_cut.hpp"
#include "vector_math.hpp"

namespace troupe::memory {

namespace {

constexpr std::size_t input_size_bytes_max = 4 << 20;
constexpr std::size_t candidates_max = 2000;
constexpr std::size_t picks_max = 256;
constexpr float lambda = 0.7F;

// Where the nth of `kept` stands among `all`: evenly, and the last of them is the last.
std::size_t sampled(std::size_t n, std::size_t kept, std::size_t all) { return (n + 1) * all / kept - 1; }

template <class T>
std::vector<T> sample(std::vector<T> all) {
  if (all.size() <= candidates_max) return all;
  std::vector<T> kept;
  kept.reserve(candidates_max);
  for (std::size_t n = 0; n < candidates_max; ++n)
    kept.push_back(std::move(all[sampled(n, candidates_max, all.size())]));
  return kept;
}

// Each sentence once: where it was said last.
std::vector<std::string> newest_of_each(std::vector<std::string> all) {
  std::unordered_set<std::string_view> seen;
  std::vector<std::size_t> kept;
  for (auto n = all.size(); n > 0; --n) {
    if (seen.insert(all[n - 1]).second) kept.push_back(n - 1);
  }
  std::vector<std::string> once;
  for (auto at = kept.rbegin(); at != kept.rend(); ++at) once.push_back(std::move(all[*at]));
  return once;
}

std::vector<std::string> candidates_of(std::span<const std::string> texts) {
  std::vector<std::string_view> considered{texts.begin(), texts.end()};
  considered = sample(std::move(considered));
  std::vector<std::string> all;
  for (const auto text : considered) {
    for (auto& each : sentences(utf8_cut(text, input_size_bytes_max / considered.size())))
      all.push_back(std::move(each));
  }
  return sample(newest_of_each(std::move(all)));
}

// Sentences as vectors, and how good a choice each of them is.
class choice {
 public:
  choice(std::vector<float> rows, std::size_t dims) : rows_{std::move(rows)}, dims_{dims} {
    const auto count = rows_.size() / dims_;
    std::vector<float> middle(dims_, 0.0F);
    for (std::size_t n = 0; n < rows_.size(); ++n) middle[n % dims_] += rows_[n];
    // Its length scales the first term of each score, so it has to be 1 as the others'.
    const auto length = std::sqrt(dot(middle.data(), middle.data(), dims_));
    for (auto& component : middle) component = length > 0 ? component / length : 0;
    nearness_.reserve(count);
    for (std::size_t n = 0; n < count; ++n) nearness_.push_back(dot(row(n), middle.data(), dims_));
    likeness_.assign(count, 0.0F);
    open_.assign(count, true);
  }

  // The best that is still open, the newest of equals; closes it.
  std::optional<std::size_t> next() {
    std::optional<std::size_t> best;
    auto best_score = -std::numeric_limits<float>::infinity();
    for (std::size_t n = 0; n < open_.size(); ++n) {
      const auto score = lambda * nearness_[n] - (1 - lambda) * likeness_[n];
      if (!open_[n] || score < best_score) continue;
      best = n;
      best_score = score;
    }
    if (best) open_[*best] = false;
    return best;
  }

  // From now on, what is like it is a worse choice.
  void pick(std::size_t picked) {
    for (std::size_t n = 0; n < open_.size(); ++n) {
      if (open_[n]) likeness_[n] = std::max(likeness_[n], dot(row(n), row(picked), dims_));
    }
  }

 private:
  const float* row(std::size_t n) const { return rows_.data() + n * dims_; }

  std::vector<float> rows_;
  std::size_t dims_;
  std::vector<float> nearness_;  // to the middle of all
  std::vector<float> likeness_;  // to the most alike of those that were picked
  std::vector<bool> open_;
};

// A sentence a line.
std::string joined(const std::vector<std::string>& sentences, const std::vector<std::size_t>& picks) {
  std::string text;
  for (const auto n : picks) {
    if (!text.empty()) text += '\n';
    text += sentences[n];
  }
  return text;
}

class extractive_summarizer final : public summarizer {
 public:
  result<std::string> summarize(std::span<const std::string> texts, std::size_t tokens_max) const override {
    const auto sentences = candidates_of(texts);
    if (sentences.empty() || tokens_max == 0) return std::string{};
    const std::vector<std::string_view> views{sentences.begin(), sentences.end()};
    auto rows = embedder_->embed(views);
    if (!rows) return std::move(rows).error().with_context("summary of sentences");
    choice open{std::move(*rows), embedder_->dimensions()};
    const auto first = open.next();
    std::vector<std::size_t> picks;
    std::size_t tokens = 0;
    for (auto n = first; n && picks.size() < picks_max && tokens < tokens_max; n = open.next()) {
      const auto cost = count_tokens(sentences[*n]) + (picks.empty() ? 0 : 1);  // the line break
      if (cost > tokens_max - tokens) continue;
      tokens += cost;
      picks.push_back(*n);
      open.pick(*n);
    }
    if (picks.empty()) return std::string{first_tokens(sentences[*first], tokens_max)};
    std::ranges::sort(picks);
    return joined(sentences, picks);
  }

 private:
  std::shared_ptr<const embedder> embedder_ = make_hashed_embedder();  // its own
};

}  // namespace

std::shared_ptr<const summarizer> make_extractive_summarizer() { return std::make_shared<extractive_summarizer>(); }

}  // namespace troupe::memory
