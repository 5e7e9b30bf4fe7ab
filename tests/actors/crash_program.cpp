// What crash_test kills: a bank of durable agents that ask each other, spawn, wait, call a tool, remember and keep,
// over the folder that the earlier lives have left.
//
//   crash_program FOLDER SEED FIRST COUNT
//
// It posts the orders FIRST to FIRST + COUNT - 1 (crash_orders.hpp) while it goes on with what is there already, and
// ends when all of it is done. It tells all that the world could see, as it happens, in lines that begin with # and
// their number: `posting N`, `posted N` (from here on the order must not be lost), `step N BRANCH STEP VALUE`, `total
// AGENT COUNT SUM` at the end, and `wrong` with what must not happen.

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>
#include <troupe/actors/task_group.hpp>
#include <troupe/actors/tool_registry.hpp>
#include <troupe/memory/store.hpp>
#include <vector>

#include "crash_orders.hpp"

using namespace std::chrono_literals;
using namespace support;
using troupe::path;

namespace {

// Whoever reads this outlives the program: what was written when it is killed has been seen.
void say(const std::string& line) {
  static std::mutex mutex;
  static int number = 0;
  const std::scoped_lock lock{mutex};
  const auto whole = '#' + std::to_string(++number) + ' ' + line + '\n';
  if (::write(STDOUT_FILENO, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) std::_Exit(1);
}

void say_step(std::int64_t order, const std::string& branch, int step, const std::string& value) {
  say("step " + std::to_string(order) + ' ' + branch + ' ' + std::to_string(step) + ' ' + value);
}

struct total {
  std::int64_t count = 0, sum = 0;
  TROUPE_MESSAGE(total, count, sum)
};
struct report {
  using reply_type = total;
  TROUPE_MESSAGE(report)
};
struct order {
  std::int64_t number = 0;
  TROUPE_MESSAGE(order, number)
};
// A part of an order that another agent does. Its steps count from `first`.
struct part {
  std::int64_t order = 0;
  std::string branch;
  int first = 0;
  std::int64_t amount = 0;
  bool fee = false;
  std::string value;
  using reply_type = total;
  TROUPE_MESSAGE(part, order, branch, first, amount, fee, value)
};
struct entry {
  std::int64_t order = 0;
  std::string value;
  TROUPE_MESSAGE(entry, order, value)
};
struct stamp {
  std::int64_t order = 0;
  std::string value;
  TROUPE_MESSAGE(stamp, order, value)
};

// Whoever counts what it has done, and a sum.
class keeper : public troupe::agent {
 protected:
  explicit keeper(troupe::agent_context& context) : agent{context} {
    keep("count", count_);
    keep("sum", sum_);
    on([this](const report&) { return total{count_, sum_}; });
  }
  // A step that the world sees.
  static troupe::task<void> take(troupe::turn& now, std::int64_t order, std::string branch, int step,
                                 std::string value) {
    auto taking = now.run([=] { say_step(order, branch, step, value); });
    co_await taking;
  }
  total done(std::int64_t amount) {
    ++count_;
    sum_ += amount;
    return {count_, sum_};
  }
  static std::string text(const char* what, const part& p) {
    return std::string{what} + ' ' + std::to_string(p.order) + ' ' + p.branch + std::to_string(p.first);
  }

 private:
  std::int64_t count_ = 0, sum_ = 0;
};

class vault : public keeper {
 public:
  explicit vault(troupe::agent_context& context) : keeper{context} { on(&vault::take_fee); }

 private:
  troupe::task<total> take_fee(part p, troupe::turn& now) {
    co_await take(now, p.order, p.branch, p.first, p.value);
    now.remember(text("fee", p));
    co_return done(p.amount);
  }
};

class account : public keeper {
 public:
  explicit account(troupe::agent_context& context) : keeper{context} { on(&account::change); }

 private:
  troupe::task<total> change(part p, troupe::turn& now) {
    co_await take(now, p.order, p.branch, p.first, p.value);
    if (p.fee) {
      const part fee{p.order, p.branch, p.first + 1, 1, false, p.value};
      co_await now.ask(now.ref(path{"/bank/vault"}), fee);
    }
    co_await take(now, p.order, p.branch, p.first + 2, p.value);
    now.remember(text("change", p));
    co_return done(p.amount);
  }
};

class ledger : public keeper {
 public:
  explicit ledger(troupe::agent_context& context) : keeper{context} { on(&ledger::enter); }

 private:
  troupe::task<void> enter(entry e, troupe::turn& now) {
    co_await take(now, e.order, "t", step::entered, e.value);
    now.remember("entry " + std::to_string(e.order));
    done(e.order);
  }
};

class auditor : public troupe::agent {
 public:
  explicit auditor(troupe::agent_context& context) : agent{context} {
    on([](part p, troupe::turn& now) -> troupe::task<total> {
      auto looking = now.run([p] { say_step(p.order, p.branch, p.first, p.value); });
      co_await looking;
      co_return total{};
    });
  }
};

class teller : public keeper {
 public:
  teller(troupe::agent_context& context, std::uint64_t seed) : keeper{context}, seed_{seed} { on(&teller::handle); }

 private:
  static troupe::agent_ref account_of(troupe::turn& now, int which) {
    return now.ref(path{"/bank/account" + std::to_string(which)});
  }

  troupe::task<void> handle(order o, troupe::turn& now) {
    const auto number = o.number;
    const auto terms = terms_of(seed_, number);
    auto drawing = now.once([number] {
      const auto drawn = std::to_string(std::random_device{}());
      say_step(number, "t", step::drawn, drawn);
      return drawn;
    });
    const auto drawn = co_await drawing;
    // Chance and time have to be the same ones whenever the turn is resumed; so has what was drawn.
    const auto value = drawn + '/' + std::to_string(now.random().below(1'000'000)) + '/' +
                       std::to_string(now.time().time_since_epoch().count());
    co_await take(now, number, "t", step::opened, value);
    const part taken{number, "t", step::taken, -terms.amount, terms.fee, value};
    const part given{number, "t", step::given, terms.amount, terms.fee, value};
    const part touched{number, "t", step::taken, 0, terms.fee, value};
    switch (terms.kind) {
      case order_kind::in_turn: {
        co_await now.ask(account_of(now, terms.from), taken);
        const stamp what{number, value};
        co_await now.call_tool("stamp", what);
        co_await now.ask(account_of(now, terms.to), given);
        break;
      }
      case order_kind::at_once:
        co_await troupe::when_all(now, side(now, "a", terms.from, taken), side(now, "b", terms.to, given));
        break;
      case order_kind::audited: {
        co_await now.ask(account_of(now, terms.from), taken);
        co_await audit(now, number, value);
        co_await now.ask(account_of(now, terms.to), given);
        break;
      }
      case order_kind::failing: co_await now.ask(account_of(now, terms.from), touched);
    }
    co_await now.sleep(1ms);
    co_await take(now, number, "t", step::closed, value);
    now.send(now.ref(path{"/bank/ledger"}), entry{number, value});
    now.remember("order " + std::to_string(number));
    done(number);
    if (terms.kind == order_kind::failing) throw std::runtime_error{"on purpose"};
  }

  static troupe::task<total> side(troupe::turn& now, std::string branch, int which, part what) {
    co_await take(now, what.order, branch, step::side_begins, what.value);
    what.branch = branch;
    what.first = step::taken;
    const auto there = co_await now.ask(account_of(now, which), what);
    co_await take(now, what.order, branch, step::side_ends, what.value);
    co_return there;
  }

  static troupe::task<void> audit(troupe::turn& now, std::int64_t number, std::string value) {
    const auto name = "audit" + std::to_string(number);
    const auto spec =
        troupe::child<auditor>(name, {.restart = troupe::transient, .durability = troupe::durability::local});
    const auto who = co_await now.spawn(spec);
    const part what{number, "t", step::audited, 0, false, value};
    co_await now.ask(who, what);
    co_await now.stop(name);
  }

  const std::uint64_t seed_;
};

void add_stamp(troupe::tool_registry& tools) {
  tools
      .add({.name = "stamp", .description = "Stamps an order."},
           [](const stamp& what, const troupe::tool_call& call) {
             say_step(what.order, "t", step::tool, what.value + ' ' + call.idempotency_key);
             return std::string{"stamped"};
           })
      .value();
}

troupe::supervisor_spec bank(std::uint64_t seed) {
  const troupe::child_options durable{.durability = troupe::durability::local};
  troupe::supervisor_spec made{.name = "bank", .intensity = 100'000};
  made.children = {troupe::child<vault>("vault", durable), troupe::child<ledger>("ledger", durable)};
  for (int i = 0; i < accounts; ++i)
    made.children.push_back(troupe::child<account>("account" + std::to_string(i), durable));
  for (int i = 0; i < tellers; ++i)
    made.children.push_back(troupe::child<teller>("teller" + std::to_string(i), durable, seed));
  return made;
}

void post(troupe::node& to, std::uint64_t seed, std::int64_t number) {
  const auto where = path{"/bank/teller" + std::to_string(terms_of(seed, number).teller)};
  say("posting " + std::to_string(number));
  if (const auto posted = to.post(to.ref(where), order{number}); !posted)
    return say("wrong post " + std::to_string(number) + ": " + posted.error().describe());
  say("posted " + std::to_string(number));
}

// An inbox is in order: who has answered this has done all that was there before, which is on disk when the answer is.
void settle(troupe::node& with) {
  const auto ask = [&](const std::string& who) {
    const auto there = with.ask(with.ref(path{"/bank"} / who), report{});
    if (!there) return say("wrong " + who + " does not answer: " + there.error().describe());
    say("total " + who + ' ' + std::to_string(there->count) + ' ' + std::to_string(there->sum));
  };
  for (int i = 0; i < tellers; ++i) ask("teller" + std::to_string(i));
  for (int i = 0; i < accounts; ++i) ask("account" + std::to_string(i));
  ask("vault");
  ask("ledger");
}

// A warning that no order has on purpose is a fault.
troupe::logger log_of_what_is_wrong() {
  return troupe::logger::make({.level = troupe::log_level::warn,
                               .format = troupe::log_format::json,
                               .sink =
                                   [](std::string_view line) {
                                     if (line.find("on purpose") == std::string_view::npos)
                                       say("wrong log " + std::string{line});
                                   }})
      .value();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody else ends it if the test is ended
  const auto seed = std::strtoull(argv[2], nullptr, 10);
  const auto first = std::strtoll(argv[3], nullptr, 10), count = std::strtoll(argv[4], nullptr, 10);
  auto opened = troupe::memory::store::open({.folder = argv[1]});
  if (!opened) {
    say("wrong open: " + opened.error().describe());
    return 1;
  }
  say("opened");
  troupe::node_options options{.threads = 2, .blocking_threads = 2, .ask_timeout = 2min};
  options.memory = std::shared_ptr<troupe::memory::store>{std::move(*opened)};
  options.log = log_of_what_is_wrong();
  {
    troupe::node all{options};
    add_stamp(all.tools());
    if (const auto up = all.supervise(bank(seed)); !up) say("wrong start: " + up.error().describe());
    say("started");
    {
      std::vector<std::jthread> posting;
      for (std::int64_t i = 0; i < 2; ++i)
        posting.emplace_back([&, i] {
          for (auto n = first + i; n < first + count; n += 2) post(all, seed, n);
        });
    }
    settle(all);
  }
  say("end");
}
