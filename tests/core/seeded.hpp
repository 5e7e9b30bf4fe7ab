#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace troupe::test {

// Randomness for a property test. The seed is printed and shown beside every failure. It is the same in every run, so
// that a test that passed goes on passing; TROUPE_TEST_SEED=n takes another, TROUPE_TEST_SEED=random a new one each
// time.
class seeded {
 public:
  seeded() : seed_{choose()}, engine_{seed_} { BOOST_TEST_MESSAGE("TROUPE_TEST_SEED=" << seed_); }

  std::uint64_t seed() const noexcept { return seed_; }
  std::uint64_t word() { return engine_(); }

  // In [0, end).
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(engine_); }

  char one_of(std::string_view characters) { return characters[below(characters.size())]; }

  // Any bytes, with much of what parsers care about.
  std::string bytes(std::size_t size_max) {
    std::string text(below(size_max + 1), '\0');
    for (auto& c : text) c = below(3) == 0 ? static_cast<char>(below(256)) : one_of("/.~-_:@+=aZ09 \"'\\\n\t{}[],#");
    return text;
  }

 private:
  static std::uint64_t choose() {
    const char* given = std::getenv("TROUPE_TEST_SEED");
    if (given == nullptr) return 1;
    return given == std::string_view{"random"} ? std::random_device{}() : std::strtoull(given, nullptr, 10);
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace troupe::test
