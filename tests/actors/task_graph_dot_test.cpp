#include "core/seeded.hpp"
#include "task_graphs.hpp"

using namespace troupe;
using namespace support;

// The pictures of graphs, read by a small grammar of DOT.

namespace {

// graph: 'digraph' id '{' statement* '}'; statement: [ 'subgraph' id '{' statement* '}' | id '=' id ';' | id [ '->' id
// ] [ '[' id '=' id { ',' id '=' id } ']' ] ';' ].
class dot_reader {
 public:
  explicit dot_reader(std::string text) : text_{std::move(text)} {}

  // Empty: it is right; otherwise where it is not.
  std::string read() {
    try {
      expect("digraph");
      id();
      block();
      space();
      if (at_ != text_.size()) wrong();
      return {};
    } catch (const std::string& where) {
      return where;
    }
  }
  std::vector<std::string> strings;  // the quoted ones, as Graphviz would show them
  std::size_t edges = 0, clusters = 0;

 private:
  [[noreturn]] void wrong() const { throw "at " + std::to_string(at_) + ": " + text_.substr(at_, 40); }
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool skip(std::string_view token) {
    space();
    if (text_.compare(at_, token.size(), token) != 0) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!skip(token)) wrong();
  }
  std::string id() {
    space();
    std::string found;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (static_cast<unsigned char>(text_[at_]) < 0x20) wrong();
        if (text_[at_] == '\\' && ++at_ == text_.size()) wrong();
        found += text_[at_ - 1] == '\\' && text_[at_] == 'n' ? '\n' : text_[at_];
      }
      expect("\"");
      strings.push_back(found);
      return found;
    }
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      found += text_[at_++];
    if (found.empty()) wrong();
    return found;
  }
  void block() {
    expect("{");
    while (!skip("}")) statement();
  }
  void statement() {
    if (skip("subgraph ")) {
      if (!id().starts_with("cluster_")) wrong();
      ++clusters;
      return block();
    }
    id();
    if (skip("->")) {
      id();
      ++edges;
    } else if (skip("=")) {
      id();
      return expect(";");
    }
    if (skip("[")) {
      do {
        id();
        expect("=");
        id();
      } while (skip(","));
      expect("]");
    }
    expect(";");
  }

  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(task_graph_dot_test)

BOOST_AUTO_TEST_CASE(a_graph_and_a_run_of_it_are_shown_with_states_times_and_clusters) {
  workshop w;
  graph_builder inside{"inside"};
  const auto in = inside.input<int>("in");
  const auto job = inside.task(
      "job",
      [](int v, turn& now) -> task<int> {
        co_await now.sleep(1s);
        co_return v;
      },
      in);
  const auto inner = must(inside.build(job, in));
  graph_builder g{"outside"};
  const auto x = g.input<int>("x");
  const auto spare = g.task(
      "spare", [](int v) { return v; }, x);
  const auto first =
      g.task(
           "first", [](int) -> int { throw std::runtime_error{"no luck"}; }, x)
          .fallback(spare)
          .retry({.attempts = 1, .delay_min = 0s, .delay_max = 0s, .jitter = 0.0, .faults = fault_set::all()});
  const auto nested = g.graph("nested", inner, first);
  const auto list = g.task(
      "list", [](int v) { return std::vector<int>(2, v); }, nested);
  const auto mapped = g.map(
      "mapped", [](const int& v) { return v; }, list);
  g.task(
       "last", [](const std::optional<std::vector<int>>&) {}, maybe(mapped))
      .after(x);
  const auto graph = must(g.build(mapped, x));

  const auto plain = to_dot(graph);
  dot_reader before{plain};
  BOOST_TEST(before.read() == "", plain);
  BOOST_TEST(before.clusters == 1u);
  BOOST_TEST(before.edges == 9u);

  w.run([&](turn& now) -> task<void> {
    const auto outcome = co_await graph.run(now, 1);
    const auto text = to_dot(outcome);
    dot_reader after{text};
    BOOST_TEST(after.read() == "", text);
    BOOST_TEST(after.clusters == 2u);
    const auto& all = after.strings;
    const auto shows = [&](const std::string& what) { return std::find(all.begin(), all.end(), what) != all.end(); };
    BOOST_TEST(shows("first\ndone 0s, 2 attempts, by fallback"), text);
    BOOST_TEST(shows("nested\ndone 1s"), text);
    BOOST_TEST(shows("job\ndone 1s"), text);
    BOOST_TEST(shows("1\ndone 0s"), text);
    BOOST_TEST(shows("no luck"), text);
    BOOST_TEST(shows(outcome.summary()), text);
  });
}

BOOST_AUTO_TEST_CASE(names_may_hold_anything) {
  test::seeded random;
  for (int round = 0; round < 500; ++round) {
    std::string name = random.bytes(40) + "\"]; x -> y; \\";
    graph_builder g{name};
    const auto a = g.task(name, [] { return 1; });
    g.task(
        name + "2", [](int v) { return v; }, a);
    const auto text = to_dot(must(g.build()));
    dot_reader reader{text};
    BOOST_TEST(reader.read() == "", "seed " << random.seed() << ": " << text);
    BOOST_TEST(reader.edges == 1u);
    BOOST_TEST(reader.clusters == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_report_of_nothing_is_an_empty_graph) {
  dot_reader reader{to_dot(graph_report{})};
  BOOST_TEST(reader.read() == "");
}

BOOST_AUTO_TEST_SUITE_END()
