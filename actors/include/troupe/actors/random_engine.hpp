#pragma once

#include <cstdint>
#include <limits>

namespace troupe {

// Small, fast random numbers for a turn (SplitMix64, Steele et al. 2014); a UniformRandomBitGenerator. Seeded from the
// node's seed, the agent's path and the number of the turn, so that a turn that is run again sees the same numbers.
class random_engine {
 public:
  using result_type = std::uint64_t;
  explicit random_engine(std::uint64_t seed) noexcept : state_{seed} {}
  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }
  result_type operator()() noexcept;
  // Uniform in [0, 1).
  double uniform() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
  // Uniform in [0, bound). Precondition: bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept;

 private:
  std::uint64_t state_;
};

}  // namespace troupe
