#include "troupe/core/metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <thread>

#include "core/seeded.hpp"
#include "troupe/core/result.hpp"

using namespace std::chrono_literals;
using troupe::counter;
using troupe::exponential_buckets;
using troupe::failure;
using troupe::gauge;
using troupe::histogram;
using troupe::metric_options;
using troupe::metrics_registry;

BOOST_AUTO_TEST_SUITE(metrics_test)

BOOST_AUTO_TEST_CASE(a_counter_only_grows) {
  counter c;
  c.add();
  c.add(4);
  c.add(std::uint64_t{5});
  c.add(0.25);
  c.add(-1);
  c.add(-1.0);
  c.add(std::numeric_limits<double>::quiet_NaN());
  c.add(std::numeric_limits<double>::infinity());
  BOOST_TEST(c.value() == 10.25);
}

BOOST_AUTO_TEST_CASE(a_gauge_goes_up_and_down) {
  gauge g;
  g.set(3);
  g.add(-5.5);
  BOOST_TEST(g.value() == -2.5);
}

BOOST_AUTO_TEST_CASE(a_histogram_counts_into_ranges_with_inclusive_upper_bounds) {
  histogram h{{0.1, 1, 10}};
  for (const double value : {0.0, 0.1, 0.2, 1.0, 10.0, 10.5, -1.0}) h.observe(value);
  for (const double none : {std::nan(""), HUGE_VAL, -HUGE_VAL}) h.observe(none);
  h.observe(500ms);
  BOOST_TEST(h.counts() == (std::vector<std::uint64_t>{3, 3, 1, 1}));
  BOOST_TEST(h.sum() == 21.3, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_histogram_agrees_with_counting_by_hand) {
  troupe::test::seeded random;
  BOOST_TEST_CONTEXT("seed " << random.seed()) {
    histogram h{exponential_buckets(1, 2, 10)};
    std::vector<std::uint64_t> expected(11);
    for (int i = 0; i < 10'000; ++i) {
      const auto value = static_cast<double>(random.below(2'000));
      std::size_t at = 0;
      while (at < 10 && value > h.bounds()[at]) ++at;
      ++expected[at];
      h.observe(value);
    }
    BOOST_TEST(h.counts() == expected);
  }
}

BOOST_AUTO_TEST_CASE(bounds_must_be_finite_and_ascend) {
  BOOST_TEST(exponential_buckets(0.001, 10, 4) == (std::vector<double>{0.001, 0.01, 0.1, 1}),
             boost::test_tools::tolerance(1e-12) << boost::test_tools::per_element());
  for (const auto& bad : {std::vector<double>{}, {1, 1}, {2, 1}, {1, HUGE_VAL}, {NAN}, std::vector<double>(101, 0)}) {
    BOOST_CHECK_THROW(histogram{bad}, failure);
  }
  BOOST_CHECK_THROW(exponential_buckets(0, 2, 3), failure);
  BOOST_CHECK_THROW(exponential_buckets(1, 1, 3), failure);
  BOOST_CHECK_THROW(exponential_buckets(1, 2, 0), failure);
  BOOST_CHECK_THROW(exponential_buckets(1, 2, 101), failure);
  BOOST_CHECK_THROW(exponential_buckets(1, 1e300, 3), failure);
}

BOOST_AUTO_TEST_CASE(the_same_labels_give_the_same_metric) {
  metrics_registry metrics;
  auto& restarts = metrics.add_counter({"troupe_actor_restarts_total", "Restarts.", {"actor_type", "reason"}});
  auto& first = restarts.with({"nurse", "crash"});
  first.add(2);
  BOOST_TEST(&restarts.with({"nurse", "crash"}) == &first);
  BOOST_TEST(&restarts.with({"nurse", "stop"}) != &first);
  for (int i = 0; i < 500; ++i) restarts.with({"x", std::to_string(i)});
  BOOST_TEST(&restarts.with({"nurse", "crash"}) == &first);
  BOOST_TEST(first.value() == 2);
  BOOST_CHECK_THROW(restarts.with({"nurse"}), failure);
}

BOOST_AUTO_TEST_CASE(components_may_share_a_family_by_declaring_it_alike) {
  metrics_registry metrics;
  const metric_options options{"troupe_up", "Whether it is up.", {"peer"}};
  BOOST_TEST(&metrics.add_gauge(options) == &metrics.add_gauge(options));
  auto other = options;
  other.labels = {"node"};
  BOOST_CHECK_THROW(metrics.add_gauge(other), failure);
  BOOST_CHECK_THROW(metrics.add_histogram(options, {1}), failure);
  auto& h = metrics.add_histogram({"h", "", {}}, {1, 2});
  BOOST_TEST(&metrics.add_histogram({"h", "", {}}, {1, 2}) == &h);
  BOOST_CHECK_THROW(metrics.add_histogram({"h", "", {}}, {1, 3}), failure);
}

BOOST_AUTO_TEST_CASE(bad_declarations_are_refused) {
  metrics_registry metrics;
  for (const std::string name : {"", "1a_total", "a b_total", "a-b_total", "a\n_total", "\xC3\xA9_total"}) {
    BOOST_CHECK_THROW(metrics.add_counter({name, ""}), failure);
  }
  BOOST_CHECK_THROW(metrics.add_counter({"a", ""}), failure);
  BOOST_CHECK_THROW(metrics.add_gauge({"a_total", ""}), failure);
  BOOST_CHECK_THROW(metrics.add_histogram({"a_total", ""}, {1}), failure);
  BOOST_CHECK_THROW(metrics.add_histogram({"a", ""}, {}), failure);
  for (const std::string label : {"", "1a", "__a", "le", "other", "a:b", "a b"}) {
    BOOST_CHECK_THROW(metrics.add_gauge({"g", "", {label}}), failure);
  }
  BOOST_CHECK_THROW(metrics.add_gauge({"g", "", {"a", "b", "a"}}), failure);
  BOOST_CHECK_THROW(metrics.add_gauge({"g", "", {}, 0}), failure);
  metrics.add_gauge({"latency_count", ""});
  BOOST_CHECK_THROW(metrics.add_histogram({"latency", ""}, {1}), failure);
  metrics.add_histogram({"wait", ""}, {1});
  BOOST_CHECK_THROW(metrics.add_gauge({"wait_sum", ""}), failure);
  BOOST_CHECK_THROW(metrics.add_counter({"troupe_metrics_overflow_total", ""}), failure);
}

BOOST_AUTO_TEST_CASE(label_sets_beyond_the_limit_share_one_metric_and_are_counted) {
  metrics_registry metrics;
  auto& family = metrics.add_counter({"seen_total", "Seen.", {"who"}, 2});
  family.with({"a"}).add();
  family.with({"b"}).add();
  for (int i = 0; i < 1'000; ++i) family.with({std::to_string(i)}).add();
  family.with({"a"}).add();
  BOOST_TEST(family.overflowed() == 1'000u);
  BOOST_TEST(metrics.to_prometheus() ==
             "# HELP seen_total Seen.\n# TYPE seen_total counter\n"
             "seen_total{who=\"a\"} 2\nseen_total{who=\"b\"} 1\nseen_total{other=\"true\"} 1000\n"
             "# HELP troupe_metrics_overflow_total Look-ups of a label set that a metric had no more room for.\n"
             "# TYPE troupe_metrics_overflow_total counter\n"
             "troupe_metrics_overflow_total{metric=\"seen_total\"} 1000\n");
}

BOOST_AUTO_TEST_CASE(the_text_format_is_that_of_prometheus) {
  metrics_registry metrics;
  metrics.add_gauge({"temperature", "A \\ and a \n."}).with().set(-0.5);
  auto& wait = metrics.add_histogram({"wait_seconds", "Wait.", {"lane"}}, {0.5, 1}).with({"decode"});
  wait.observe(0.25);
  wait.observe(0.75);
  wait.observe(2.0);
  metrics.add_counter({"errors_total", "Errors."});
  BOOST_TEST(metrics.to_prometheus() ==
             "# HELP errors_total Errors.\n# TYPE errors_total counter\nerrors_total 0\n"
             "# HELP temperature A \\\\ and a \\n.\n# TYPE temperature gauge\ntemperature -0.5\n"
             "# HELP wait_seconds Wait.\n# TYPE wait_seconds histogram\n"
             "wait_seconds_bucket{lane=\"decode\",le=\"0.5\"} 1\n"
             "wait_seconds_bucket{lane=\"decode\",le=\"1\"} 2\n"
             "wait_seconds_bucket{lane=\"decode\",le=\"+Inf\"} 3\n"
             "wait_seconds_sum{lane=\"decode\"} 3\n"
             "wait_seconds_count{lane=\"decode\"} 3\n");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_are_written_as_prometheus_wants_them) {
  metrics_registry metrics;
  auto& g = metrics.add_gauge({"g", "", {"n"}});
  g.with({"1"}).set(NAN);
  g.with({"2"}).set(HUGE_VAL);
  g.with({"3"}).set(-HUGE_VAL);
  g.with({"4"}).set(1e300);
  BOOST_TEST(metrics.to_prometheus() ==
             "# HELP g \n# TYPE g gauge\ng{n=\"1\"} NaN\ng{n=\"2\"} +Inf\ng{n=\"3\"} -Inf\ng{n=\"4\"} 1e+300\n");
}

BOOST_AUTO_TEST_CASE(hostile_label_values_stay_inside_their_quotes) {
  metrics_registry metrics;
  auto& g = metrics.add_gauge({"g", "", {"who"}});
  g.with({"a\"} 1\nforged 2\\"}).set(1);
  g.with({"\xFF\xFE"}).set(2);
  BOOST_TEST(&g.with({"\xFF\xFE"}) == &g.with({"\xEF\xBF\xBD\xEF\xBF\xBD"}));
  g.with({std::string(1'000, 'x')}).set(3);
  BOOST_TEST(metrics.to_prometheus() ==
             "# HELP g \n# TYPE g gauge\n"
             "g{who=\"a\\\"} 1\\nforged 2\\\\\"} 1\n"
             "g{who=\"" +
                 std::string(128, 'x') +
                 "\"} 3\n"
                 "g{who=\"\xEF\xBF\xBD\xEF\xBF\xBD\"} 2\n");
}

BOOST_AUTO_TEST_CASE(threads_lose_no_update_while_others_read) {
  metrics_registry metrics;
  auto& events = metrics.add_counter({"events_total", "", {"kind"}, 50});
  auto& level = metrics.add_gauge({"level", ""}).with();
  auto& size = metrics.add_histogram({"size_bytes", ""}, {10, 100}).with();
  constexpr int threads = 4;
  constexpr int each = 20'000;
  {
    std::vector<std::jthread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {
        auto& own = events.with({"shared"});
        for (int i = 0; i < each; ++i) {
          own.add();
          own.add(0.5);
          level.add(i % 2 == 0 ? 1 : -1);
          size.observe(i % 3 == 0 ? 5 : i % 3 == 1 ? 50 : 500);
          if (i % 100 == 0) events.with({std::to_string(t * each + i)}).add();
        }
      });
    }
    running.emplace_back([&] {
      double last = 0;
      for (int i = 0; i < 200; ++i) {
        const auto seen = events.with({"shared"}).value();
        if (seen < last) BOOST_ERROR("the counter went back");
        last = seen;
        if (metrics.to_prometheus().empty()) BOOST_ERROR("no text");
      }
    });
  }
  BOOST_TEST(events.with({"shared"}).value() == threads * each * 1.5);
  BOOST_TEST(level.value() == 0);
  double kinds = 0;
  for (const auto& family : metrics.snapshot()) {
    if (family.name != "events_total") continue;
    for (const auto& series : family.series) kinds += series.value;
    BOOST_TEST(family.series.size() == 51u);
  }
  BOOST_TEST(kinds == threads * each * 1.5 + threads * each / 100);
  std::uint64_t sizes = 0;
  for (const auto count : size.counts()) sizes += count;
  BOOST_TEST(sizes == static_cast<std::uint64_t>(threads * each));
}

BOOST_AUTO_TEST_SUITE_END()
