#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <troupe/memory/check.hpp>
#include <troupe/memory/store.hpp>
#include <utility>

#include "budgets.hpp"
#include "core/temporary_folder.hpp"
#include "memory/a_disk.hpp"

// Two durable agents under one budget, on a disk that can fail.

namespace buyers {

using namespace std::chrono_literals;
using support::answer;
using support::must;
using support::question;
using support::stands;
using troupe::path;
using troupe::quantity::tokens;
namespace memory = troupe::memory;

inline constexpr auto local = troupe::durability::local;
inline constexpr std::int64_t limit = 100;
inline constexpr std::int64_t cost_of_shopping = 30 + 5 + 7;

struct errand {
  std::string what;
  using reply_type = answer;
  TROUPE_MESSAGE(errand, what)
};

// What the world outside sees, and what it watches over.
struct world {
  void look() const {
    const auto info = node ? node->info(path{"/top"}) : std::nullopt;
    if (!info) return;
    for (const auto& each : info->budget)
      BOOST_TEST(each.reserved + each.spent <= each.limit, each.reserved << " + " << each.spent);
  }

  troupe::node* node = nullptr;
  std::map<std::string, int> done;
  std::string said;
};

class buyer : public troupe::agent {
 public:
  buyer(troupe::agent_context& context, world* outside) : agent{context}, outside_{outside} {
    keep("errands", errands_);
    on(&buyer::run);
    on([this](const question&) { return answer{std::to_string(errands_)}; });
  }

 private:
  troupe::task<void> pay(std::string what, troupe::turn& now) {
    auto* outside = outside_;
    const auto paying = [outside, what] {
      outside->look();
      ++outside->done[what];
    };
    auto effect = now.run(paying);
    co_await effect;
  }

  // Each way in which a reservation can end.
  troupe::task<answer> shop(troupe::turn& now) {
    const auto who = std::string{where().name()};
    auto held = now.reserve(tokens, 40);
    if (!held) co_return answer{"too poor"};
    held->begin();
    co_await pay("buy " + who, now);
    held->settle(30).value();
    outside_->look();
    co_await now.sleep(1h);
    now.spend(tokens, 5).value();
    if (now.reserve(tokens, 1000)) throw std::logic_error{"more than there is"};
    {
      auto unused = now.reserve(tokens, 8);
      auto lost = now.reserve(tokens, 7);
      unused.value();
      lost.value().begin();
      co_await now.sleep(1h);
    }
    outside_->look();
    co_await pay("sell " + who, now);
    ++errands_;
    co_return answer{"done"};
  }

  troupe::task<answer> run(errand e, troupe::turn& now) {
    if (e.what == "shop") co_return co_await shop(now);
    if (e.what == "wait" || e.what == "wait and tell") {
      auto held = now.reserve(tokens, 60).value();
      co_await now.sleep(10h);
      const auto told = held.settle(80);
      ++errands_;
      co_return answer{told ? "within" : std::string{told.error().message()}};
    }
    if (e.what == "fail" || e.what == "fail begun") {
      auto held = now.reserve(tokens, 20).value();
      if (e.what == "fail begun") held.begin();
      co_await now.sleep(1h);
      throw std::runtime_error{"no"};
    }
    if (e.what == "keep") {
      kept_.emplace(now.reserve(tokens, 20).value());
      co_await now.sleep(1h);
      ++errands_;
      co_return answer{};
    }
    if (e.what == "settle late") co_return answer{std::string{kept_->settle(1).error().name()}};
    if (e.what == "elsewhere") {
      auto* outside = outside_;
      auto work = [outside, held = now.reserve(tokens, 20).value()]() mutable {
        outside->said = held.settle(1).error().name();
      };
      auto effect = now.run(std::move(work));
      co_await effect;
      co_await now.sleep(1h);
      ++errands_;
      co_return answer{};
    }
    if (e.what == "twice") {  // it gives back what it needs again, without a word to the journal in between
      for (int i = 0; i < 3; ++i) now.reserve(tokens, 90).value().settle(2).value();
      const auto left = now.budget_left(tokens).value();
      co_await now.sleep(1h);
      ++errands_;
      co_return answer{std::to_string(left.left) + " " + std::to_string(now.budget_left(tokens)->left)};
    }
    if (e.what == "other way") {
      const int life = co_await now.once([] { return 0; });
      auto held = now.reserve(tokens, 20).value();
      (void)held.settle(outside_->done["life"] + life);
      co_await now.sleep(1h);
      co_return answer{};
    }
    co_return answer{};
  }

  world* outside_;
  std::int64_t errands_ = 0;
  std::optional<troupe::reservation> kept_;
};

struct place {
  explicit place(troupe::duration passivate_after = troupe::duration::max()) : passivate_after{passivate_after} {}

  void open() {
    memory::store_options how{.folder = folder.path() / "memory", .time = options.clock.get(), .seed = 1, .env = &disk};
    store = must(memory::store::open(how));
    options.memory = store;
    n.emplace(options);
    outside.node = &*n;
  }
  void supervise() {
    troupe::child_options how{.durability = local, .passivate_after = passivate_after};
    auto poor = how;
    poor.budget = {{tokens, own_limit}};
    support::must_supervise(*n, support::limited_top({{tokens, limit}}, {troupe::child<buyer>("ann", poor, &outside),
                                                                         troupe::child<buyer>("bob", how, &outside)}));
    n->settle();
  }
  void start() {
    open();
    supervise();
  }
  void close() {
    outside.node = nullptr;
    n.reset();
    options.memory.reset();
    store.reset();
  }
  // As a process that is killed: what is not on disk by now is lost.
  void crash() {
    disk.fail_from(disk.operations() + 1, troupe::test::a_disk::fault::device);
    close();
    disk.lose_what_was_not_synced();
    disk.mend();
  }
  void restart() {
    crash();
    start();
  }
  bool post(std::string_view who, std::string what) {
    const bool accepted = n->post(n->ref(path{who}), errand{std::move(what)}).has_value();
    n->settle();
    return accepted;
  }
  std::string ask(std::string_view who) { return must(n->ask(n->ref(path{who}), question{})).text; }
  // What is on disk of a budget: "reserved spent overrun".
  std::string on_disk(std::string_view who) const {
    for (const auto& each : must(store->charges()))
      if (each.account.str() == who)
        return std::to_string(each.reserved) + " " + std::to_string(each.spent) + " " + std::to_string(each.overrun);
    return "0 0 0";
  }
  // In memory and on disk.
  void check_used(std::string_view who, std::int64_t of, const std::string& used) {
    BOOST_TEST(stands(*n, who) == std::to_string(of) + " " + used);
    BOOST_TEST(on_disk(who) == used);
  }
  void check_clean(std::uint64_t messages) {
    const auto report = must(memory::check(*store));
    for (const auto& each : report.faults) BOOST_ERROR(each);
    BOOST_TEST(report.messages == messages);
  }

  static constexpr std::int64_t own_limit = 70;
  const troupe::duration passivate_after;
  troupe::test::temporary_folder folder;
  troupe::test::a_disk disk{false};
  world outside;
  troupe::node_options options = support::deterministic();
  std::shared_ptr<memory::store> store;
  std::optional<troupe::node> n;
};

inline constexpr const char* ann = "/top/ann";
inline constexpr const char* bob = "/top/bob";
inline constexpr const char* top = "/top";

}  // namespace buyers
