#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace troupe::actors {

// A regular expression from anybody, and texts from anybody: both bounded. ICU's syntax, which has that of ECMA 262,
// with lookaheads; `\d` and the like mean Unicode's classes, and `$` is the very end, as in ECMA. Immutable; any
// thread.
class pattern_match {
 public:
  static constexpr std::size_t characters_max = 2'048;

  explicit pattern_match(std::string_view text);
  ~pattern_match();
  pattern_match(const pattern_match&) = delete;
  pattern_match& operator=(const pattern_match&) = delete;

  // What is wrong with it; empty: nothing.
  const std::string& problem() const noexcept { return problem_; }

  enum class outcome { found, not_found, took_too_long };
  // Whether some part of the text matches. Precondition: there is no problem.
  outcome search(std::string_view text) const;

 private:
  struct compiled;
  std::unique_ptr<compiled> compiled_;
  std::string problem_;
};

}  // namespace troupe::actors
