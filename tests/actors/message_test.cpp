#include <array>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <thread>
#include <troupe/actors/message.hpp>
#include <vector>

using namespace troupe;

// Messages as values: their names and fields, and when they are shared, copied and moved.

namespace {

struct empty_one {
  TROUPE_MESSAGE(empty_one)
};
struct pair_of {
  std::int64_t number = 0;
  std::string text;
  TROUPE_MESSAGE(pair_of, number, text)
};
struct many {
  int a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10;
  std::string k = "11", l = "12", m = "13", n = "14", o = "15", p = "16", q = "17", r = "18", s = "19", t = "20";
  TROUPE_MESSAGE(many, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t)
};
struct local {
  std::shared_ptr<int> anything;
  TROUPE_LOCAL_MESSAGE(local)
};
struct asked {
  using reply_type = pair_of;
  TROUPE_MESSAGE(asked)
};

// Counts how it gets about.
struct traveller {
  int copies = 0;
  int moves = 0;
  traveller() = default;
  traveller(const traveller& other) : copies{other.copies + 1}, moves{other.moves} {}
  traveller(traveller&& other) noexcept : copies{other.copies}, moves{other.moves + 1} {}
  traveller& operator=(const traveller&) = default;
  TROUPE_LOCAL_MESSAGE(traveller)
};

struct alive_counter {
  explicit alive_counter(std::atomic<int>& count) : count{&count} { ++count; }
  alive_counter(const alive_counter& other) : count{other.count} { ++*count; }
  ~alive_counter() { --*count; }
  std::atomic<int>* count;
  TROUPE_LOCAL_MESSAGE(alive_counter)
};

template <class M>
std::vector<std::string> fields(const M& of) {
  std::vector<std::string> names;
  M::troupe_visit(of, [&](std::string_view name, const auto&) { names.emplace_back(name); });
  return names;
}

static_assert(message_value<pair_of> && message_value<empty_one> && message_value<local> && message_value<done>);
static_assert(!message_value<int> && !message_value<std::string>);
static_assert(std::is_same_v<reply_of_t<asked>, pair_of> && std::is_same_v<reply_of_t<const asked&>, pair_of>);
static_assert(std::is_void_v<reply_of_t<pair_of>>);

}  // namespace

BOOST_AUTO_TEST_SUITE(message_test)

BOOST_AUTO_TEST_CASE(a_message_has_a_name_and_visits_its_fields_in_order) {
  BOOST_TEST(message::of(pair_of{}).type_name() == "pair_of");
  BOOST_TEST(fields(empty_one{}).empty());
  BOOST_TEST(fields(pair_of{}) == (std::vector<std::string>{"number", "text"}), boost::test_tools::per_element());
  const auto twenty = fields(many{});
  BOOST_REQUIRE(twenty.size() == 20u);
  for (std::size_t i = 0; i < twenty.size(); ++i) BOOST_TEST(twenty[i] == std::string(1, static_cast<char>('a' + i)));
}

BOOST_AUTO_TEST_CASE(a_visitor_may_change_the_fields) {
  pair_of value;
  pair_of::troupe_visit(value, [](std::string_view name, auto& field) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(field)>, std::string>) field = name;
  });
  BOOST_TEST(value.text == "text");
}

BOOST_AUTO_TEST_CASE(messages_are_equal_if_their_fields_are) {
  BOOST_TEST((empty_one{} == empty_one{}));
  BOOST_TEST((pair_of{1, "x"} == pair_of{1, "x"}));
  BOOST_TEST((pair_of{1, "x"} != pair_of{1, "y"}));
  many changed;
  BOOST_TEST((changed == many{}));
  changed.t = "21";
  BOOST_TEST((changed != many{}));
}

BOOST_AUTO_TEST_CASE(types_are_told_apart_and_values_found_by_type) {
  const auto wrapped = message::of(pair_of{7, "seven"});
  BOOST_TEST(!wrapped.empty());
  BOOST_TEST((wrapped.type() == message_type_of<pair_of>()));
  BOOST_TEST((message_type_of<pair_of>() != message_type_of<empty_one>()));
  BOOST_REQUIRE(wrapped.get_if<pair_of>() != nullptr);
  BOOST_TEST(wrapped.get_if<pair_of>()->text == "seven");
  BOOST_TEST(wrapped.get_if<empty_one>() == nullptr);
}

BOOST_AUTO_TEST_CASE(an_empty_message_has_no_type_and_no_value) {
  message nothing;
  BOOST_TEST(nothing.empty());
  BOOST_TEST(nothing.type() == nullptr);
  BOOST_TEST(nothing.type_name().empty());
  BOOST_TEST(nothing.get_if<pair_of>() == nullptr);
  auto full = message::of(pair_of{});
  const auto moved = std::move(full);
  BOOST_TEST(full.empty());  // NOLINT: that is what is tested
  BOOST_TEST(!moved.empty());
}

BOOST_AUTO_TEST_CASE(a_value_that_nobody_else_shares_is_moved_out) {
  auto only = message::of(traveller{});
  const int moves = only.get_if<traveller>()->moves;
  const auto out = only.take<traveller>();
  BOOST_TEST(out.copies == 0);
  BOOST_TEST(out.moves == moves + 1);
  BOOST_TEST(only.empty());
}

BOOST_AUTO_TEST_CASE(a_value_that_is_shared_is_copied_out_and_stays_with_the_others) {
  auto first = message::of(traveller{});
  const auto second = first;
  BOOST_TEST((first.get_if<traveller>() == second.get_if<traveller>()));
  BOOST_TEST(first.take<traveller>().copies == 1);
  BOOST_TEST(first.empty());
  BOOST_REQUIRE(second.get_if<traveller>() != nullptr);
  BOOST_TEST(second.get_if<traveller>()->copies == 0);
}

BOOST_AUTO_TEST_CASE(the_last_holder_frees_the_value) {
  std::atomic<int> alive{0};
  {
    auto a = message::of(alive_counter{alive});
    auto b = a;
    BOOST_TEST(alive.load() == 1);
    a = message{};
    BOOST_TEST(alive.load() == 1);
    b = b;  // NOLINT: to oneself
    BOOST_TEST(!b.empty());
    {
      const auto taken = b.take<alive_counter>();
      BOOST_TEST(alive.load() == 1);
    }
    BOOST_TEST(alive.load() == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_can_only_be_moved_may_be_wrapped_inside_a_node) {
  auto boxed = message::of(std::make_unique<std::string>("only one"));
  BOOST_TEST(boxed.type_name() == "value");
  const auto out = boxed.take<std::unique_ptr<std::string>>();
  BOOST_TEST(*out == "only one");
}

BOOST_AUTO_TEST_CASE(threads_may_share_a_message) {
  std::atomic<int> alive{0};
  std::atomic<int> right{0};
  {
    struct both {
      alive_counter life;
      std::vector<int> numbers;
    };
    const auto shared = message::of(both{alive_counter{alive}, std::vector<int>(100, 3)});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, mine = shared]() mutable {
        for (int i = 0; i < 500; ++i) {
          message copy = mine;
          auto another = copy;
          right += copy.get_if<both>()->numbers.back() == 3;
          right += another.take<both>().numbers.size() == 100;
        }
      });
    for (auto& each : threads) each.join();
    BOOST_TEST(right.load() == 4 * 500 * 2);
    BOOST_TEST(alive.load() >= 1);
  }
  BOOST_TEST(alive.load() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
