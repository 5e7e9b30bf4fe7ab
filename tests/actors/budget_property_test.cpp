#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <thread>

#include "account.hpp"
#include "core/seeded.hpp"
#include "support.hpp"

using namespace troupe;
using namespace support;
using actors::account;

// Accounts under random use: against a model, one step after the other; and by real threads, while somebody looks.

namespace {

const std::array<std::string, 3> names{"tokens", "money", "pages"};

class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_{seed} {}
  std::int64_t from_to(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_.below(static_cast<std::uint64_t>(high - low) + 1));
  }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_.below(bound)); }
  bool one_in(std::uint64_t n) { return engine_.below(n) == 0; }

 private:
  random_engine engine_;
};

// Some amounts of up to `each`, of distinct names.
amounts random_amounts(dice& d, std::int64_t each) {
  amounts some;
  for (const auto& name : names)
    if (!d.one_in(3)) some.add(name, d.from_to(0, each));
  if (some.empty()) some.add(names[0], d.from_to(0, each));
  return some;
}

// A random tree of accounts; parents come before those below. Each limits some quantities, and places for children.
struct tree {
  std::vector<std::shared_ptr<account>> accounts;
  std::vector<std::size_t> parent;  // of the first: itself

  tree(dice& d, std::size_t size, std::int64_t limit) {
    for (std::size_t i = 0; i < size; ++i) {
      parent.push_back(i == 0 ? 0 : d.below(i));
      budget limits;
      for (const auto& name : names)
        if (i == 0 || !d.one_in(3)) limits.add(name, d.from_to(0, i == 0 ? 2 * limit : limit));
      limits.add(quantity::children, d.from_to(0, 20));
      const auto above = i == 0 ? nullptr : accounts[parent[i]];
      const path where = above ? above->where() / std::to_string(i) : path{"/0"};
      accounts.push_back(std::make_shared<account>(where, limits, above));
    }
  }
  // `at` and all above it.
  std::vector<std::size_t> way_up(std::size_t at) const {
    std::vector<std::size_t> way{at};
    for (; at != 0; at = parent[at]) way.push_back(parent[at]);
    return way;
  }
};

std::string text(const budget_use& use) {
  return use.quantity + " " + std::to_string(use.limit) + " " + std::to_string(use.reserved) + " " +
         std::to_string(use.spent) + " " + std::to_string(use.overrun) + " " + std::to_string(use.refused);
}

// What is always true of an account, whoever looks when.
bool sound(const budget_use& use) {
  return use.reserved >= 0 && use.spent >= 0 && use.overrun >= 0 && use.reserved + use.spent <= use.limit;
}

struct open_reservation {
  std::size_t at;
  reservation held;
};

// The same rules written down once more, as plainly as can be.
class model {
 public:
  explicit model(const tree& of) : tree_{of} {
    for (const auto& each : of.accounts) lines_.push_back(each->uses(instant{}));
  }

  // The account that refuses; npos: nobody.
  std::size_t reserve(std::size_t at, const amounts& asked) {
    for (const auto i : tree_.way_up(at))
      for (const auto& [name, how_much] : asked)
        if (auto* line = find(i, name); line && how_much.value() > room(*line)) {
          ++line->refused;
          return i;
        }
    for (const auto i : tree_.way_up(at))
      for (const auto& [name, how_much] : asked)
        if (auto* line = find(i, name)) line->reserved += how_much.value();
    return npos;
  }

  void settle(std::size_t at, const amounts& reserved, const amounts& used) {
    for (const auto& name : names) {
      const auto held = reserved.find(name).value_or(0);
      const auto cost = used.find(name).value_or(held);
      for (const auto i : tree_.way_up(at)) {
        auto* line = find(i, name);
        if (!line) continue;
        line->reserved -= held;
        used_[{i, name}] += cost;
        const auto charged = cost <= held ? cost : held + std::min(cost - held, room_with(*line, held));
        line->spent += charged;
        line->overrun += cost - charged;
      }
    }
  }

  void check_against(std::size_t step) const {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto real = tree_.accounts[i]->uses(instant{});
      for (std::size_t k = 0; k < real.size(); ++k) {
        const auto used = used_.find({i, real[k].quantity});
        const auto total = used == used_.end() ? 0 : used->second;
        if (real[k] == lines_[i][k] && sound(real[k]) && real[k].spent + real[k].overrun == total) continue;
        BOOST_FAIL("step " << step << ", account " << i << ": " << text(real[k]) << " but the model has "
                           << text(lines_[i][k]) << " and " << total << " used");
      }
    }
  }

  bool admit(std::size_t at) {
    for (const auto i : tree_.way_up(at))
      if (auto* line = find(i, quantity::children); line->reserved >= line->limit) return ++line->refused, false;
    for (const auto i : tree_.way_up(at)) ++find(i, quantity::children)->reserved;
    return true;
  }
  void leave(std::size_t at) {
    for (const auto i : tree_.way_up(at)) --find(i, quantity::children)->reserved;
  }

  static constexpr auto npos = static_cast<std::size_t>(-1);

 private:
  budget_use* find(std::size_t i, std::string_view name) {
    for (auto& each : lines_[i])
      if (each.quantity == name) return &each;
    return nullptr;
  }
  static std::int64_t room(const budget_use& line) {
    return std::max<std::int64_t>(0, line.limit - line.reserved - line.spent - line.overrun);
  }
  // After `spent` more is spent.
  static std::int64_t room_with(budget_use line, std::int64_t spent) {
    line.spent += spent;
    return room(line);
  }

  const tree& tree_;
  std::vector<std::vector<budget_use>> lines_;
  std::map<std::pair<std::size_t, std::string>, std::int64_t> used_;
};

result<reservation> reserve_at(const tree& of, std::size_t at, amounts asked) {
  std::uint64_t id = 0;
  if (const auto refused = of.accounts[at]->reserve(asked, id)) return refused->to_error(of.accounts[at]->where());
  return reservation{of.accounts[at], id, of.accounts[at]->where(), std::move(asked)};
}

// What was used of a reservation: at most what was reserved, or perhaps more.
amounts random_use(dice& d, const amounts& reserved, bool overruns) {
  amounts used;
  for (const auto& [name, how_much] : reserved)
    if (!d.one_in(4)) used.add(name, d.from_to(0, overruns ? 2 * how_much.value() + 3 : how_much.value()));
  if (overruns && d.one_in(5))
    for (const auto& name : names)
      if (!used.find(name)) used.add(name, d.from_to(0, 5));
  return used;
}

amounts nothing_of(const amounts& reserved) {
  amounts none;
  for (const auto& each : reserved) none.add(each.name, 0);
  return none;
}

void against_the_model(std::uint64_t seed) {
  BOOST_TEST_CONTEXT("seed " << seed) {
    dice d{seed};
    const tree accounts{d, 1 + d.below(12), 500};
    model expected{accounts};
    std::vector<open_reservation> open;
    std::vector<std::size_t> present;
    for (std::size_t step = 0; step < 400; ++step) {
      const auto at = d.below(accounts.accounts.size());
      switch (d.below(8)) {
        case 0:
        case 1:
        case 2: {
          const auto asked = random_amounts(d, 60);
          auto held = reserve_at(accounts, at, asked);
          const auto refused_by = expected.reserve(at, asked);
          BOOST_TEST_REQUIRE(held.has_value() == (refused_by == model::npos));
          if (held)
            open.push_back({at, std::move(*held)});
          else
            BOOST_TEST_REQUIRE(held.error().message().find("the budget of " +
                                                           accounts.accounts[refused_by]->where().str() + " allows") !=
                               std::string::npos);
          break;
        }
        case 3: {
          const bool there = !accounts.accounts[at]->admit(accounts.accounts[at]->where() / "kid", instant{});
          BOOST_TEST_REQUIRE(there == expected.admit(at));
          if (there) present.push_back(at);
          break;
        }
        case 4:
          if (present.empty()) break;
          accounts.accounts[present.back()]->leave();
          expected.leave(present.back());
          present.pop_back();
          break;
        default: {
          if (open.empty()) break;
          std::swap(open[d.below(open.size())], open.back());
          auto [where, held] = std::move(open.back());
          open.pop_back();
          const auto reserved = held.reserved();
          if (d.one_in(4)) {  // dropped
            expected.settle(where, reserved, nothing_of(reserved));
          } else if (d.one_in(4)) {  // dropped in the middle of its effect
            held.begin();
            expected.settle(where, reserved, reserved);
          } else {
            const auto used = random_use(d, reserved, d.one_in(3));
            (void)held.settle(used);
            expected.settle(where, reserved, used);
          }
        }
      }
      expected.check_against(step);
    }
    for (auto& [where, held] : open) {
      held.cancel();
      expected.settle(where, held.reserved(), nothing_of(held.reserved()));
    }
    expected.check_against(400);
    for (const auto& each : accounts.accounts)
      for (const auto& use : each->uses(instant{}))
        if (use.quantity != quantity::children) BOOST_TEST_REQUIRE(use.reserved == 0);
  }
}

// One thread's part: what it has used in the end, by account and name.
using bill = std::map<std::pair<std::size_t, std::string>, std::int64_t>;

bill use_at_random(const tree& of, std::uint64_t seed, bool overruns, int steps) {
  dice d{seed};
  bill used_in_all;
  std::vector<open_reservation> open;
  std::vector<std::size_t> present;
  const auto charge = [&](std::size_t at, const amounts& reserved, const amounts& used) {
    for (const auto& name : names)
      if (const auto cost = used.find(name).value_or(reserved.find(name).value_or(0)); cost > 0)
        for (const auto i : of.way_up(at)) used_in_all[{i, name}] += cost;
  };
  for (int step = 0; step < steps; ++step) {
    const auto at = d.below(of.accounts.size());
    if (d.one_in(2)) {
      auto held = reserve_at(of, at, random_amounts(d, 30));
      if (held) open.push_back({at, std::move(*held)});
    } else if (d.one_in(6)) {
      if (!of.accounts[at]->admit(of.accounts[at]->where() / "kid", instant{})) present.push_back(at);
    } else if (!open.empty()) {
      std::swap(open[d.below(open.size())], open.back());
      auto [where, held] = std::move(open.back());
      open.pop_back();
      if (d.one_in(3)) {
        if (d.one_in(2)) held.cancel();  // or dropped
      } else if (d.one_in(5)) {
        held.begin();
        charge(where, held.reserved(), held.reserved());
      } else {
        const auto used = random_use(d, held.reserved(), overruns);
        charge(where, held.reserved(), used);
        (void)held.settle(used);
      }
    }
    if (present.size() > 3) {
      of.accounts[present.front()]->leave();
      present.erase(present.begin());
    }
  }
  for (const auto at : present) of.accounts[at]->leave();
  return used_in_all;  // what is open goes back
}

void with_threads(std::uint64_t seed, bool overruns) {
  BOOST_TEST_CONTEXT("seed " << seed << (overruns ? ", with overruns" : "")) {
    constexpr std::size_t threads = 4;
    dice d{seed};
    const tree accounts{d, 2 + d.below(10), 20'000};
    std::array<bill, threads> bills;
    std::atomic<std::size_t> running{threads};
    std::vector<std::thread> users;
    for (std::size_t i = 0; i < threads; ++i)
      users.emplace_back([&, i] {
        bills[i] = use_at_random(accounts, seed * 31 + i, overruns, 2'000);
        --running;
      });
    bool all_sound = true;
    while (running > 0)
      for (const auto& each : accounts.accounts) {
        for (const auto& use : each->uses(instant{}))
          all_sound = all_sound && sound(use) && (overruns || use.overrun == 0);
        std::this_thread::yield();
      }
    for (auto& each : users) each.join();
    BOOST_TEST(all_sound);

    bill sum;
    for (const auto& each : bills)
      for (const auto& [what, used] : each) sum[what] += used;
    for (std::size_t i = 0; i < accounts.accounts.size(); ++i)
      for (const auto& use : accounts.accounts[i]->uses(instant{})) {
        BOOST_TEST(sound(use), text(use));
        BOOST_TEST(use.reserved == 0, text(use));
        if (use.quantity == quantity::children) continue;
        const auto used = sum[{i, use.quantity}];
        BOOST_TEST(use.spent + use.overrun == used, "account " << i << ": " << text(use) << ", used " << used);
      }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(budget_property_test)

BOOST_AUTO_TEST_CASE(random_steps_in_random_trees_do_what_the_model_does) {
  test::seeded random;
  for (int i = 0; i < 50; ++i) against_the_model(random.seed() + static_cast<std::uint64_t>(i));
}

BOOST_AUTO_TEST_CASE(threads_never_take_an_account_beyond_its_limit_and_all_that_was_used_is_charged_exactly) {
  test::seeded random;
  for (int i = 0; i < 4; ++i) with_threads(random.seed() + static_cast<std::uint64_t>(i), false);
}

BOOST_AUTO_TEST_CASE(threads_that_use_more_than_they_reserved_are_charged_to_the_limit_and_the_rest_is_recorded) {
  test::seeded random;
  for (int i = 0; i < 4; ++i) with_threads(random.seed() + static_cast<std::uint64_t>(i), true);
}

// What is refused further up must not be held below for a moment, in which it would refuse another.
BOOST_AUTO_TEST_CASE(what_a_budget_above_refuses_never_gets_in_the_way_of_another) {
  const auto top = std::make_shared<account>(path{"/a"}, budget{{"tokens", 5}}, nullptr);
  const auto below = std::make_shared<account>(path{"/a/b"}, budget{{"tokens", 10}}, top);
  std::atomic<bool> done{false};
  int wrongly_taken = 0, wrongly_refused = 0;
  std::thread greedy{[&] {
    std::uint64_t id = 0;
    while (!done)
      if (!below->reserve({{"tokens", 8}}, id)) ++wrongly_taken;
  }};
  std::uint64_t id = 0;
  for (int i = 0; i < 5'000; ++i)
    if (below->reserve({{"tokens", 3}}, id))
      ++wrongly_refused;
    else
      below->cancel({{"tokens", 3}});
  done = true;
  greedy.join();
  BOOST_TEST(wrongly_taken == 0);
  BOOST_TEST(wrongly_refused == 0);
}

BOOST_AUTO_TEST_CASE(amounts_near_the_end_of_the_numbers_do_not_run_over) {
  const auto top =
      std::make_shared<account>(path{"/a"}, budget{{"tokens", amount::max}, {"wall_time", amount::max}}, nullptr);
  std::uint64_t id = 0;
  BOOST_TEST(!top->reserve({{"tokens", amount::max}}, id).has_value());
  BOOST_TEST(top->reserve({{"tokens", 1}}, id).has_value());
  BOOST_TEST(top->settle({{"tokens", amount::max}}, {{"tokens", 3}}).has_value() == false);
  BOOST_TEST(!top->reserve({{"tokens", 5}}, id).has_value());
  for (int i = 0; i < 3; ++i) {
    (void)top->settle({{"tokens", 0}}, {{"tokens", amount::max}});
    const auto stands = top->uses(instant{}).front();
    BOOST_TEST(sound(stands));
    BOOST_TEST(stands.left() == 0);
  }
  BOOST_TEST(top->uses(instant{}).front().overrun == amount::max);
  top->start_clock(instant{1h});
  BOOST_TEST((top->ends() == instant::max()));
  BOOST_TEST(top->uses(instant{2h}).back().spent == 0);
}

BOOST_AUTO_TEST_SUITE_END()
