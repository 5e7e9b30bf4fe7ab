#pragma once

#include <string_view>

// Structs with fields for the tests of net, which does not know of TROUPE_MESSAGE:
//
//   struct dose { double mg = 0;  FIELDS(dose, FIELD(mg)) };
#define FIELD(name) visit(std::string_view{#name}, self.name);
#define FIELDS(Type, ...)                                                                             \
  static constexpr std::string_view troupe_message_name = #Type;                                      \
  template <class Self, class Visitor>                                                                \
  static constexpr void troupe_visit([[maybe_unused]] Self& self, [[maybe_unused]] Visitor&& visit) { \
    __VA_ARGS__                                                                                       \
  }                                                                                                   \
  [[maybe_unused]] friend bool operator==(const Type&, const Type&) = default;
