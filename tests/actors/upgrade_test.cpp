#include <boost/test/unit_test.hpp>
#include <optional>
#include <troupe/memory/check.hpp>
#include <troupe/memory/store.hpp>

#include "core/temporary_folder.hpp"
#include "scripted.hpp"

// Durable agents whose program is upgraded, and rolled back: what the older program has on disk (messages, results of
// effects, what is kept) is read by the newer one, and the other way round.

namespace {

using namespace std::chrono_literals;
using support::must;
using troupe::path;
namespace memory = troupe::memory;
namespace net = troupe::net;

// The messages of all programs have the same names.
namespace oldest {

struct order {
  std::uint32_t pieces = 1;
  TROUPE_MESSAGE(order, pieces)
};

}  // namespace oldest

namespace older {

struct quote {
  std::uint32_t euros = 0;
  TROUPE_MESSAGE(quote, euros)
};
struct price {
  std::string item;
  using reply_type = quote;
  TROUPE_MESSAGE(price, item)
};
struct order {
  std::string item;
  std::uint32_t pieces = 1;
  net::unknown_fields rest = {};
  TROUPE_MESSAGE(order, item, pieces, rest)
};
struct ledger {
  std::uint32_t count = 0;
  std::uint32_t euros = 0;
  std::vector<order> orders = {};
  TROUPE_MESSAGE(ledger, count, euros, orders)
};

}  // namespace older

namespace newer {

struct quote {
  std::uint32_t cents = 0;
  static constexpr std::uint32_t schema_version = 2;
  static troupe::result<void> upgrade(net::fields& was, std::uint32_t) {
    return was.set("cents", 100 * was.get<std::uint32_t>("euros").value().value_or(0));
  }
  TROUPE_MESSAGE(quote, cents)
};
struct price {
  std::string item;
  std::string currency = "EUR";
  using reply_type = quote;
  TROUPE_MESSAGE(price, item, currency)
};
struct order {
  std::string what;
  std::uint32_t pieces = 1;
  bool express = false;
  static constexpr std::uint32_t schema_version = 2;
  static troupe::result<void> upgrade(net::fields& was, std::uint32_t) {
    if (!was.rename("item", "what")) return troupe::error{troupe::errc::invalid_argument, "an order of nothing"};
    return troupe::ok();
  }
  TROUPE_MESSAGE(order, what, pieces, express)
};
struct ledger {
  std::uint32_t count = 0;
  std::uint32_t cents = 0;
  std::vector<order> orders = {};
  static constexpr std::uint32_t schema_version = 2;
  static troupe::result<void> upgrade(net::fields& was, std::uint32_t) {
    return was.set("cents", 100 * was.get<std::uint32_t>("euros").value().value_or(0));
  }
  TROUPE_MESSAGE(ledger, count, cents, orders)
};

}  // namespace newer

std::uint32_t amount(const older::quote& of) { return of.euros; }
std::uint32_t amount(const newer::quote& of) { return of.cents; }
void add(older::ledger& to, std::uint32_t amount) { to.euros += amount; }
void add(newer::ledger& to, std::uint32_t amount) { to.cents += amount; }
const std::string& item_of(const older::order& of) { return of.item; }
const std::string& item_of(const newer::order& of) { return of.what; }

// What the test sees and says.
struct outside {
  int asked = 0;                                // how often a price was asked for
  bool asks_for_another = false;                // the handler of the program is another one
  std::optional<older::ledger> old_books = {};  // after the last order
  std::optional<newer::ledger> new_books = {};
};

void show(outside& to, const older::ledger& books) { to.old_books = books; }
void show(outside& to, const newer::ledger& books) { to.new_books = books; }

// Asks for a price, sleeps for an hour, and writes the order into its books.
template <class Order, class Price, class Ledger>
class shop : public troupe::agent {
 public:
  shop(troupe::agent_context& context, outside* seen) : agent{context}, seen_{seen} {
    keep("books", books_);
    on(&shop::sell);
  }

 private:
  troupe::task<void> sell(Order what, troupe::turn& now) {
    const std::string item = (seen_->asks_for_another ? "a better " : "") + item_of(what);
    const auto quoted = co_await now.ask<Price>(now.ref(path{"/top/clerk"}), item);
    co_await now.sleep(1h);
    ++books_.count;
    add(books_, amount(quoted) * what.pieces);
    books_.orders.push_back(std::move(what));
    show(*seen_, books_);
  }
  outside* seen_;
  Ledger books_;
};
using old_shop = shop<older::order, older::price, older::ledger>;
using new_shop = shop<newer::order, newer::price, newer::ledger>;

// Waits for an order, and says what it is for.
class receiving_shop : public troupe::agent {
 public:
  receiving_shop(troupe::agent_context& context, outside* seen) : agent{context}, seen_{seen} {
    on(&receiving_shop::wait);
  }

 private:
  troupe::task<newer::quote> wait(newer::price, troupe::turn& now) {
    auto what = co_await now.receive<newer::order>();
    seen_->new_books.emplace().orders.push_back(std::move(what));
    co_return newer::quote{};
  }
  outside* seen_;
};

template <class Price>
class clerk : public troupe::agent {
 public:
  clerk(troupe::agent_context& context, outside* seen) : agent{context} {
    on([seen](const Price& of) {
      ++seen->asked;
      return typename Price::reply_type{static_cast<std::uint32_t>(of.item.size())};
    });
  }
};

struct place {
  place() { options = support::deterministic(); }

  void open() {
    n.reset();
    options.memory.reset();
    store.reset();
    store = must(memory::store::open({.folder = folder.path() / "memory", .time = options.clock.get(), .seed = 1}));
    options.memory = store;
    n.emplace(options);
  }
  template <class Shop, class Price>
  troupe::result<troupe::agent_ref> try_start() {
    open();
    return supervise<Shop, Price>();
  }
  template <class Shop, class Price>
  troupe::result<troupe::agent_ref> supervise() {
    return n->supervise(support::top_of(troupe::child<clerk<Price>>("clerk", {}, &seen),
                                        troupe::child<Shop>("shop", {.durability = troupe::durability::local}, &seen)));
  }
  void start_old() {
    must(try_start<old_shop, older::price>());
    n->settle();
  }
  void start_new() {
    must(try_start<new_shop, newer::price>());
    n->settle();
  }
  template <class Order>
  void post(Order what) {
    must(n->post(n->ref(path{"/top/shop"}), std::move(what)));
    n->settle();
  }
  memory::agent_journal journal() { return must(store->journal(path{"/top/shop"}, 10)); }
  std::string kept() { return must(store->state(path{"/top/shop"}, path{"/top/shop"}, "books")).value_or("none"); }

  troupe::test::temporary_folder folder;
  outside seen;
  troupe::node_options options;
  std::shared_ptr<memory::store> store;
  std::optional<troupe::node> n;
};

std::string unhex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    if (digits[i] == ' ') ++i;
    bytes += static_cast<char>(std::stoi(std::string{digits.substr(i, 2)}, nullptr, 16));
  }
  return bytes;
}

// {"item": "lamp", "pieces": 2}
const std::string old_order = unhex("82 a46974656d a46c616d70 a6706965636573 02");
// {"count": 1, "euros": 8, "orders": [it]}
const std::string old_books = unhex("83 a5636f756e74 01 a56575726f73 08 a66f7264657273 91") + old_order;

}  // namespace

BOOST_AUTO_TEST_SUITE(upgrade_test)

BOOST_AUTO_TEST_CASE(a_message_of_the_older_program_is_handled_by_the_newer_one) {
  place here;
  here.start_old();
  here.post(older::order{"lamp", 2});
  here.post(older::order{"rug"});
  const auto before = here.journal();
  BOOST_REQUIRE(before.inbox.size() == 2u);
  BOOST_TEST(before.inbox[0].bytes == old_order);
  here.start_new();
  here.n->advance(3h);
  BOOST_REQUIRE(here.seen.new_books);
  BOOST_TEST((*here.seen.new_books == newer::ledger{2, 800 + 3, {{"lamp", 2}, {"rug", 1}}}));
  BOOST_TEST(here.journal().inbox.empty());
}

// The result that is in the journal is of the older program: 4 euros, which are 400 cents; the newer one would say 4.
BOOST_AUTO_TEST_CASE(a_turn_goes_on_in_the_newer_program_with_the_results_it_has) {
  place here;
  here.start_old();
  here.post(older::order{"lamp", 2});
  BOOST_TEST(here.seen.asked == 1);
  here.n->advance(30min);
  here.start_new();
  here.n->advance(29min);
  BOOST_TEST(!here.seen.new_books);
  here.n->advance(2min);
  BOOST_REQUIRE(here.seen.new_books);
  BOOST_TEST((*here.seen.new_books == newer::ledger{1, 800, {{"lamp", 2}}}));
  BOOST_TEST(here.seen.asked == 1);
}

BOOST_AUTO_TEST_CASE(a_turn_of_the_newer_program_goes_on_in_the_older_one) {
  place here;
  here.start_new();
  here.post(newer::order{"lamp", 2, true});
  BOOST_TEST(here.seen.asked == 1);
  here.start_old();
  here.n->advance(2h);
  BOOST_TEST(here.seen.asked == 1);
  BOOST_REQUIRE(here.seen.old_books);
  BOOST_TEST(here.seen.old_books->count == 1u);
  BOOST_TEST(here.seen.old_books->orders.at(0).pieces == 2u);
  // What the older program could not know, it has kept.
  here.start_new();
  here.post(newer::order{"rug", 1});
  here.n->advance(2h);
  BOOST_REQUIRE(here.seen.new_books);
  BOOST_TEST((here.seen.new_books->orders == std::vector<newer::order>{{"lamp", 2, true}, {"rug", 1}}));
}

BOOST_AUTO_TEST_CASE(arguments_are_compared_while_their_type_is_what_it_was) {
  place here;
  here.start_old();
  here.post(older::order{"lamp"});
  here.seen.asks_for_another = true;
  here.start_old();
  here.n->advance(2h);
  BOOST_TEST(!here.seen.old_books);
  const auto info = here.n->info(path{"/top/shop"});
  BOOST_REQUIRE(info);
  BOOST_TEST(
      info->last_error.find("`ask /top/clerk (price)` now, with other arguments than before") != std::string::npos,
      info->last_error);
}

BOOST_AUTO_TEST_CASE(what_the_older_program_kept_is_upgraded) {
  place here;
  here.start_old();
  here.post(older::order{"lamp", 2});
  here.n->advance(2h);
  BOOST_TEST(here.kept() == old_books);
  here.start_new();
  BOOST_TEST(here.kept() == net::encode(newer::ledger{1, 800, {{"lamp", 2}}}));  // from its first turn on, a hook
  here.post(newer::order{"rug", 1, true});
  here.n->advance(2h);
  const newer::ledger both{2, 803, {{"lamp", 2}, {"rug", 1, true}}};
  BOOST_REQUIRE(here.seen.new_books);
  BOOST_TEST((*here.seen.new_books == both));
  BOOST_TEST(here.kept() == net::encode(both));
}

BOOST_AUTO_TEST_CASE(an_older_program_loses_nothing_of_what_a_newer_one_kept) {
  place here;
  here.start_new();
  here.post(newer::order{"lamp", 2, true});
  here.n->advance(2h);
  here.start_old();
  here.post(older::order{"rug", 3});
  here.n->advance(2h);
  BOOST_REQUIRE(here.seen.old_books);
  BOOST_TEST(here.seen.old_books->count == 2u);
  here.start_new();
  here.post(newer::order{"sofa", 1});
  here.n->advance(2h);
  BOOST_REQUIRE(here.seen.new_books);
  // The older one does not know of cents, and they do not know of its 9 euros.
  BOOST_TEST((*here.seen.new_books == newer::ledger{3, 8 + 4, {{"lamp", 2, true}, {"rug", 3}, {"sofa", 1}}}));
}

BOOST_AUTO_TEST_CASE(a_message_that_cannot_be_upgraded_is_set_aside) {
  place here;
  here.start_old();
  here.open();
  here.post(oldest::order{2});
  here.post(older::order{"rug"});
  must(here.supervise<new_shop, newer::price>());
  here.n->advance(2h);
  const auto aside = here.n->quarantine();
  BOOST_REQUIRE(aside.size() == 1u);
  BOOST_TEST(aside.front().text.find("cannot be upgraded") != std::string::npos, aside.front().text);
  BOOST_TEST(must(memory::check(*here.store)).messages == 1u);
  BOOST_REQUIRE(here.seen.new_books);
  BOOST_TEST((*here.seen.new_books == newer::ledger{1, 3, {{"rug", 1}}}));
}

BOOST_AUTO_TEST_CASE(a_message_that_cannot_be_upgraded_is_set_aside_by_whoever_waits_for_one) {
  place here;
  here.start_old();
  here.open();
  here.post(newer::price{});
  here.post(oldest::order{2});
  here.post(older::order{"rug"});
  must(here.supervise<receiving_shop, newer::price>());
  here.n->settle();
  BOOST_REQUIRE(here.seen.new_books);
  BOOST_TEST((here.seen.new_books->orders == std::vector<newer::order>{{"rug", 1}}));
  BOOST_REQUIRE(here.n->quarantine().size() == 1u);
  BOOST_TEST(must(memory::check(*here.store)).messages == 1u);
  // However often it is tried, it is one message.
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(!here.n->retry_quarantined(here.n->quarantine().front().id));
    BOOST_REQUIRE(here.n->quarantine().size() == 1u);
    BOOST_TEST(here.n->quarantine().front().failures == 2u + i);
  }
  must(here.n->drop_quarantined(here.n->quarantine().front().id));
  here.n->settle();
  BOOST_TEST(must(memory::check(*here.store)).messages == 0u);
}

BOOST_AUTO_TEST_CASE(a_kept_state_that_cannot_be_upgraded_is_named) {
  place here;
  here.start_old();
  must(here.store->set_state(path{"/top/shop"}, path{"/top/shop"}, "books",
                             unhex("81 a66f7264657273 91 81 a6706965636573 02")));
  const auto started = here.try_start<new_shop, newer::price>();
  BOOST_REQUIRE(!started);
  BOOST_TEST(
      started.error().message().find("the state `books` that /top/shop keeps: ledger.orders[0]: version 1 cannot "
                                     "be upgraded to 2: an order of nothing") != std::string::npos,
      started.error().describe());
}

BOOST_AUTO_TEST_SUITE_END()
