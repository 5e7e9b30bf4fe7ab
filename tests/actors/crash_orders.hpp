#pragma once

#include <cstdint>
#include <string>

// The orders of crash_program: what the program does, and what crash_test expects of it, follows from a seed and an
// order's number alone.

namespace support {

inline constexpr int tellers = 3, accounts = 4;

enum class order_kind : std::uint8_t {
  in_turn,  // takes from an account, calls a tool, gives to another one
  at_once,  // does both at the same time
  audited,  // as in_turn, with a durable sub-agent instead of the tool
  failing,  // touches an account, and then throws
};

struct order_terms {
  order_kind kind{};
  int teller = 0, from = 0, to = 0;
  std::int64_t amount = 0;
  bool fee = false;  // the account asks the vault, too
};

inline order_terms terms_of(std::uint64_t seed, std::int64_t number) {
  std::uint64_t z = seed * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(number);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  z ^= z >> 31;
  const auto draw = [&z](std::uint64_t end) {
    const auto drawn = z % end;
    z /= end;
    return static_cast<int>(drawn);
  };
  static constexpr order_kind kinds[] = {order_kind::in_turn, order_kind::in_turn, order_kind::at_once,
                                         order_kind::at_once, order_kind::audited, order_kind::failing};
  order_terms made;
  made.kind = kinds[draw(6)];
  made.teller = draw(tellers);
  made.from = draw(accounts);
  made.to = (made.from + 1 + draw(accounts - 1)) % accounts;
  made.amount = 1 + draw(100);
  made.fee = draw(3) == 0;
  return made;
}

// Steps of an order that the world sees, in their order. Those of the two sides of an `at_once` are in no order with
// each other; `t` names the trunk, before and after them.
namespace step {
inline constexpr int drawn = 1, opened = 2;           // of the teller
inline constexpr int side_begins = 3, side_ends = 7;  // of an order of kind at_once
inline constexpr int taken = 4, given = 14;           // of an account; its fee is one more, its end two
inline constexpr int tool = 10, audited = 11;
inline constexpr int closed = 20;   // of the teller
inline constexpr int entered = 30;  // of the ledger, which the teller's end has told
}  // namespace step

}  // namespace support
