#include "troupe/memory/recall.hpp"

#include <rocksdb/env.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <troupe/memory/store.hpp>

#include "a_store.hpp"
#include "core/seeded.hpp"
#include "store_parts.hpp"

namespace {

using namespace std::chrono_literals;
using namespace troupe::memory;
using troupe::path;

const path house{"/house"};

// Syncs cost nothing in memory.
struct quick_disk {
  const std::unique_ptr<rocksdb::Env> disk{rocksdb::NewMemEnv(rocksdb::Env::Default())};
};
struct a_store : quick_disk, troupe::test::a_store {
  explicit a_store(std::shared_ptr<const embedder> with = nullptr)
      : troupe::test::a_store{{.embedder = std::move(with), .env = disk.get()}} {}
};

query about(std::string text, path space = house) {
  query what;
  what.text = std::move(text);
  what.space = std::move(space);
  return what;
}

std::vector<std::string> found(const a_store& memory, const query& what, const path& author = {}) {
  const auto hits = memory->recall(author, what);
  if (!hits) return {hits.error().describe()};
  std::vector<std::string> texts;
  for (const auto& each : *hits) texts.push_back(each.what.text);
  return texts;
}

using texts = std::vector<std::string>;

class failing_embedder final : public embedder {
 public:
  std::string_view name() const noexcept override { return "failing"; }
  std::size_t dimensions() const noexcept override { return 4; }
  troupe::result<std::vector<float>> embed(std::span<const std::string_view> texts) const override {
    for (const auto& each : texts)
      if (each == "throttled") return troupe::error{troupe::errc::io_error, "throttled"};
    return std::vector<float>(texts.size() * 4, 0.5F);
  }
};

// Knows that a pulse and a heart are one subject; what else a text is about is anything.
class subject_embedder final : public embedder {
 public:
  static constexpr std::size_t dims = 16;
  std::string_view name() const noexcept override { return "subjects"; }
  std::size_t dimensions() const noexcept override { return dims; }
  troupe::result<std::vector<float>> embed(std::span<const std::string_view> texts) const override {
    std::vector<float> all;
    for (const auto& each : texts) {
      const bool heart = each.find("heart") != each.npos || each.find("pulse") != each.npos;
      const auto hash = std::hash<std::string_view>{}(each);
      for (std::size_t n = 0; n < dims; ++n)
        all.push_back(n == 0 ? (heart ? 1.F : 0.F) : heart ? 0.F : (hash >> n & 1 ? .25F : -.25F));
    }
    return all;
  }
};

std::string random_text(troupe::test::seeded& random) {
  static const std::vector<std::string> words{"heron",  "lake", "boat",  "storm", "letter", "piano",    "garden",
                                              "clinic", "dose", "fever", "train", "winter", "Ada: tea", "Bo: rain"};
  std::string text;
  for (auto n = 1 + random.below(6); n > 0; --n) text += words[random.below(words.size())] + " ";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recall_test)

BOOST_AUTO_TEST_CASE(the_best_comes_first_and_its_parts_say_why) {
  a_store memory;
  memory.remember(house, "The boat left in the storm.");
  memory.remember(house, "Nobody was at home.");
  memory.remember(house, "Tea was served late.");
  memory.remember(house, "A heron stood in the garden.");
  const auto hits = memory->recall({}, about("Which heron stood there?"));
  BOOST_REQUIRE(hits);
  BOOST_TEST_REQUIRE(hits->size() == 4u);
  BOOST_TEST(hits->front().what.text == "A heron stood in the garden.");
  BOOST_TEST(hits->front().parts.words == 1.0);
  BOOST_TEST(hits->front().parts.meaning == 1.0);
  const recall_weights weights;
  for (const auto& [what, score, parts] : *hits) {
    const auto sum = weights.words * parts.words + weights.window * parts.window + weights.space * parts.space +
                     weights.meaning * parts.meaning + weights.window_meaning * parts.window_meaning +
                     weights.mention * parts.mention;
    const auto all = weights.words + weights.window + weights.space + weights.meaning + weights.window_meaning +
                     weights.mention + weights.recency + weights.importance;
    BOOST_TEST(std::abs(score - sum / all) < 1e-9);
    for (const auto part : {parts.words, parts.window, parts.space, parts.meaning, parts.window_meaning, parts.mention,
                            parts.recency, parts.importance})
      BOOST_TEST((part >= 0 && part <= 1));
  }
}

BOOST_AUTO_TEST_CASE(a_scope_is_a_space_or_what_is_below_or_above_it) {
  a_store memory;
  memory.remember(path{"/house"}, "a key in the house");
  memory.remember(path{"/house/hall"}, "a key in the hall");
  memory.remember(path{"/house/hall/box"}, "a key in the box");
  memory.remember(path{"/houses"}, "a key elsewhere");
  auto what = about("Where is the key?", path{"/house/hall"});
  what.scope = scope::space;
  BOOST_TEST(found(memory, what) == texts{"a key in the hall"}, boost::test_tools::per_element());
  what.scope = scope::subtree;
  BOOST_TEST(found(memory, what).size() == 2u);
  what.scope = scope::ancestors;
  auto above = found(memory, what);
  std::sort(above.begin(), above.end());
  BOOST_TEST(above == (texts{"a key in the hall", "a key in the house"}), boost::test_tools::per_element());
  BOOST_TEST(found(memory, about("key", path{"/nowhere"})).empty());
}

BOOST_AUTO_TEST_CASE(a_neighbour_of_a_hit_is_found_by_its_window) {
  a_store memory;
  for (int n = 0; n < 20; ++n) memory.remember(house, "nothing " + std::to_string(n));
  memory.remember(house, "Where did they plant the magnolia?");
  memory.remember(house, "Behind the shed.");
  for (int n = 20; n < 40; ++n) memory.remember(house, "nothing " + std::to_string(n));
  auto what = about("magnolia");
  what.limit = 5;
  const auto first = found(memory, what);
  BOOST_TEST(first.front() == "Where did they plant the magnolia?");
  BOOST_TEST((std::find(first.begin(), first.end(), "Behind the shed.") != first.end()));
}

BOOST_AUTO_TEST_CASE(who_speaks_counts_when_the_question_names_them) {
  a_store memory;
  memory.remember(house, "Ada: I will paint the boat.");
  memory.remember(house, "Bo: I will paint the boat.");
  BOOST_TEST(found(memory, about("What will Bo paint?")).front() == "Bo: I will paint the boat.");
  BOOST_TEST(found(memory, about("What's Ada's boat like?")).front() == "Ada: I will paint the boat.");
  memory.remember(path{"/ward"}, "slept well", [](record& what) { what.subject = "p17"; });
  memory.remember(path{"/ward"}, "slept well", [](record& what) { what.attributes["patient"] = "Mary Smith"; });
  const auto by_subject = memory->recall({}, about("How did p17 sleep?", path{"/ward"})).value();
  BOOST_TEST(by_subject.front().what.subject == "p17");
  const auto by_value = memory->recall({}, about("How did Mary Smith sleep?", path{"/ward"})).value();
  BOOST_TEST(by_value.front().what.attributes.contains("patient"));
  const auto by_half = memory->recall({}, about("How did Mary sleep?", path{"/ward"})).value();
  BOOST_TEST(by_half.front().parts.mention == 0);
}

BOOST_AUTO_TEST_CASE(filters_leave_what_passes_all_of_them) {
  a_store memory;
  const auto day = [&](int n) { return memory.time.start_wall + std::chrono::hours{24 * n}; };
  memory.remember(house, "dose one", [&](record& what) { what.time = day(1), what.subject = "a"; });
  memory.remember(house, "dose two", [&](record& what) { what.time = day(2), what.attributes["unit"] = "mg"; });
  memory.fact(house, "dose", "three");
  memory.remember(house, "dose four", [&](record& what) { what.expires = memory.time.wall() + 10s; });

  auto what = about("dose");
  BOOST_TEST(found(memory, what).size() == 4u);
  what.kinds = {record_kind::fact, record_kind::blob};
  BOOST_TEST(found(memory, what) == texts{"dose: three"}, boost::test_tools::per_element());
  what = about("dose");
  what.subject = "a";
  BOOST_TEST(found(memory, what) == texts{"dose one"}, boost::test_tools::per_element());
  what = about("dose");
  what.attributes["unit"] = "mg";
  BOOST_TEST(found(memory, what) == texts{"dose two"}, boost::test_tools::per_element());
  what.attributes["unit"] = "g";
  BOOST_TEST(found(memory, what).empty());
  what = about("dose");
  what.from = day(1), what.to = day(2);
  BOOST_TEST(found(memory, what) == texts{"dose one"}, boost::test_tools::per_element());
  memory.time.advance(10s);
  BOOST_TEST(found(memory, about("dose")).size() == 3u, "what expired is not found, though it is there");
  BOOST_TEST(found(memory, about("")).size() == 3u);
}

BOOST_AUTO_TEST_CASE(without_words_the_newest_come_first) {
  a_store memory;
  texts all;
  for (int n = 0; n < 70; ++n) {
    all.push_back("number " + std::to_string(n));
    memory.remember(house / (n % 7 < 4 ? "one" : "other"), all.back());
  }
  std::reverse(all.begin(), all.end());
  auto what = about("");
  what.limit = 1000;
  BOOST_TEST(found(memory, what) == all, boost::test_tools::per_element());
  what.text = " ?!";
  what.limit = 3;
  all.resize(3);
  BOOST_TEST(found(memory, what) == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(archived_records_are_found_as_before) {
  a_store memory;
  std::vector<troupe::id> ids;
  for (int n = 0; n < 80; ++n) ids.push_back(memory.remember(house, "heron " + std::to_string(n)));
  auto what = about("heron 5 of the lake");
  what.limit = 80;
  const auto before = found(memory, what);
  const auto newest = found(memory, about(""));
  move_records move;
  for (std::size_t n = 0; n < ids.size(); n += 2) move.ids.push_back(ids[n]);
  command moving;
  moving.operations.emplace_back(move);
  BOOST_REQUIRE(memory->apply(moving));
  BOOST_TEST(found(memory, what) == before, boost::test_tools::per_element());
  BOOST_TEST(found(memory, about("")) == newest, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_was_erased_is_not_found_by_anything) {
  a_store memory;
  memory.remember(house, "the heron");
  const auto gone = memory.remember(house, "the heron and the boat");
  BOOST_TEST(found(memory, about("heron boat")).front() == "the heron and the boat");
  BOOST_REQUIRE(memory->erase({}, {gone}, "a test"));
  BOOST_TEST(found(memory, about("heron boat")) == texts{"the heron"}, boost::test_tools::per_element());
  BOOST_TEST(found(memory, about("")) == texts{"the heron"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_author_finds_what_it_may_read) {
  a_store memory;
  memory.remember(path{"/a"}, "a heron at a");
  memory.remember(path{"/a/x"}, "a heron at x");
  memory.remember(path{"/b"}, "a heron at b");
  BOOST_TEST(found(memory, about("heron", path{"/a/x"}), path{"/a/x"}) == texts{"a heron at x"},
             boost::test_tools::per_element());
  auto what = about("heron", path{"/a/x"});
  what.scope = scope::ancestors;
  BOOST_TEST(found(memory, what, path{"/a/x"}) == texts{"a heron at x"}, boost::test_tools::per_element());
  const auto denied = memory->recall(path{"/a"}, about("heron", path{"/b"}));
  BOOST_REQUIRE(!denied);
  BOOST_TEST(denied.error().is(troupe::memory_errc::denied));
}

BOOST_AUTO_TEST_CASE(recency_and_importance_count_when_they_have_a_weight) {
  a_store memory;
  memory.remember(house, "heron", [](record& what) { what.importance = 0.9; });
  memory.time.advance(std::chrono::hours{100});
  memory.remember(house, "heron");
  auto what = about("heron");
  what.weights.importance = 1;
  BOOST_TEST(memory->recall({}, what).value().front().what.importance == 0.9);
  what.weights.importance = 0;
  what.weights.recency = 1;
  const auto hits = memory->recall({}, what).value();
  BOOST_TEST(hits.front().what.importance == 0.0);
  BOOST_TEST(hits.front().parts.recency == 1.0);
  BOOST_TEST(hits.back().parts.recency == 0.0);
}

BOOST_AUTO_TEST_CASE(fewer_are_the_first_of_more) {
  troupe::test::seeded random;
  a_store memory;
  for (int batch = 0; batch < 4; ++batch) {
    command command;
    for (int n = 0; n < 70; ++n) {
      record what;
      what.space = house / std::to_string(random.below(6));
      what.text = random_text(random);
      command.operations.emplace_back(memory->prepare({}, std::move(what)).value());
    }
    BOOST_REQUIRE(memory->apply(std::move(command)));
  }
  for (int round = 0; round < 6; ++round) {
    auto what = about(random_text(random));
    what.weights.mention = static_cast<double>(random.below(3));
    what.limit = 1000;
    const auto all = memory->recall({}, what).value();
    BOOST_TEST(all.size() == 280u);
    for (std::size_t n = 1; n < all.size(); ++n) BOOST_REQUIRE(all[n - 1].score >= all[n].score);
    what.limit = 1 + random.below(40);
    const auto first = memory->recall({}, what).value();
    BOOST_TEST_REQUIRE(first.size() == what.limit);
    for (std::size_t n = 0; n < first.size(); ++n) BOOST_REQUIRE((first[n].what == all[n].what));
  }
}

BOOST_AUTO_TEST_CASE(what_the_embedder_says_comes_back) {
  a_store memory{std::make_shared<failing_embedder>()};
  memory.remember(house, "heron");
  BOOST_TEST(found(memory, about("heron")).size() == 1u);
  const auto failed = memory->recall({}, about("throttled"));
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message().find("throttled") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_large_scope_is_searched_by_words_and_by_the_graph_of_its_vectors) {
  quick_disk disk;
  troupe::test::a_store memory{
      {.embedder = std::make_shared<subject_embedder>(), .exact_records_max = 300, .env = disk.disk.get()}};
  troupe::test::seeded random;
  const path ward{"/ward"};
  for (int n = 0; n < 200; ++n) memory.remember(ward, random_text(random));
  const auto racing = memory.remember(ward, "her heart is racing");
  for (int n = 0; n < 200; ++n) memory.remember(ward, random_text(random));
  const auto ask = [&](std::string text) {
    auto what = about(std::move(text), ward);
    what.limit = 5;
    auto hits = memory->recall({}, what);
    if (!hits) BOOST_FAIL(hits.error().describe());
    return *std::move(hits);
  };
  // No record has the word; the first question asks for the graph.
  ask("pulse?");
  memory->inside().graphs.settle();
  BOOST_TEST(memory->stats().vector_graphs == 1u);
  auto hits = ask("pulse?");
  BOOST_TEST_REQUIRE(!hits.empty());
  BOOST_TEST((hits.front().what.id == racing));
  BOOST_TEST(hits.front().parts.meaning == 1);
  BOOST_TEST(hits.front().parts.words == 0);

  // What is written afterwards is found at once by its words, and after a moment by its meaning.
  const auto faint = memory.remember(ward, "a faint heart");
  BOOST_TEST((ask("faint").front().what.id == faint));
  memory->inside().graphs.settle();
  hits = ask("pulse?");
  BOOST_TEST_REQUIRE(hits.size() >= 2u);
  BOOST_TEST((hits[0].what.id == faint || hits[1].what.id == faint));
  const auto erased = memory->erase({}, {racing, faint}, "a test");
  BOOST_TEST_REQUIRE(erased.has_value());
  memory->inside().graphs.settle();
  for (const auto& each : ask("pulse?")) BOOST_TEST((each.what.id != racing && each.what.id != faint));
}

BOOST_AUTO_TEST_SUITE_END()
