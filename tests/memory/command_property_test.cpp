#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <future>

#include "a_store.hpp"
#include "audit_chain.hpp"
#include "core/seeded.hpp"
#include "database.hpp"
#include "memory_model.hpp"
#include "store_parts.hpp"

// Random operations through a store, beside a model of it: records, facts, states, blobs, expiry, moves between tiers,
// erasing, forgetting. What is left is what the model says, in order, and nothing leads to what is gone.
// TROUPE_PROPERTY_OPERATIONS=n does n operations rather than 20,000.

using namespace troupe;
using test::a_store;
using test::memory_model;

namespace {

constexpr std::size_t live_max = 20'000;  // beyond it, more is erased than comes

std::size_t operations_to_do() {
  const char* given = std::getenv("TROUPE_PROPERTY_OPERATIONS");
  return given ? std::strtoull(given, nullptr, 10) : 20'000;
}

// Makes operations that are accepted, and tells the model of each.
class random_operations {
 public:
  random_operations(test::seeded& random, memory_model& model, const a_store& in)
      : random_{random}, model_{model}, ids_{in.time, random.word()}, now_{in.time.start_wall} {}

  struct expected {
    memory_model::done done;
    std::uint32_t refused = 0;  // the number of its error; 0: accepted
  };

  // A command of up to 999 operations.
  std::pair<memory::command, expected> next() {
    now_ += std::chrono::minutes{10};
    command_ = {};
    command_.at = now_;
    expected_ = {};
    if (random_.below(8) == 0) {
      make_refused();
    } else {
      for (auto left = 1 + random_.below(999); left > 0; --left) one();
    }
    return {std::move(command_), expected_};
  }

  path space() {
    static constexpr std::string_view names[] = {"a", "a-b", "b", "p17"};
    path made;
    for (auto depth = random_.below(4); depth > 0; --depth) made = made / names[random_.below(4)];
    return made;
  }
  std::string subject() { return "s" + std::to_string(random_.below(200)); }
  timestamp now() const { return now_; }

 private:
  void add(memory::operation what) {
    const auto did = model_.apply(now_, what);
    expected_.done.erased += did.erased;
    expected_.done.moved += did.moved;
    command_.operations.push_back(std::move(what));
  }
  std::string words(std::size_t words_max = 10) {
    static constexpr std::string_view some[] = {"pulse ", "night ",  "ward ", "aspirin ", "the ",
                                                "Ada: ",  "sleeps ", "well ", "müde ",    "140/90 "};
    std::string text;
    for (auto left = random_.below(words_max + 1); left > 0; --left) text += some[random_.below(10)];
    return text;
  }
  // Mostly one that is there.
  id some() {
    if (known_.empty()) return ids_.next();
    return known_[random_.below(known_.size())];
  }
  std::vector<id> some(std::size_t number_max) {
    std::vector<id> found;
    for (auto left = 1 + random_.below(number_max); left > 0; --left) found.push_back(some());
    return found;
  }
  memory::record any_record() {
    memory::record what;
    what.id = ids_.next();
    what.space = space();
    what.recorded = now_;
    what.time = now_ - std::chrono::minutes{random_.below(500)};
    what.text = words();
    what.importance = static_cast<double>(random_.below(11)) / 10;
    if (random_.below(3) == 0) what.subject = subject();
    if (random_.below(4) == 0) what.expires = now_ + std::chrono::minutes{random_.below(200)};
    if (random_.below(4) == 0) what.attributes["ward"] = words(2);
    return what;
  }
  void put() {
    auto what = any_record();
    switch (random_.below(6)) {
      case 0:
      case 1: {  // one of few keys, so that it supersedes others
        what.kind = memory::record_kind::fact;
        what.fact = memory::fact_part{"f" + std::to_string(random_.below(6)), words(2), what.time, {}};
        if (random_.below(4) == 0) what.fact->valid_to = what.time + std::chrono::minutes{random_.below(300)};
        break;
      }
      case 2: what.kind = memory::record_kind::summary; [[fallthrough]];
      case 3:
        what.sources = some(4);
        std::erase_if(what.sources, [&](const id& each) { return !model_.find(each); });
        if (what.kind == memory::record_kind::summary) summaries_.push_back(what.id);
        break;
      default: break;
    }
    known_.push_back(what.id);
    add(memory::put_record{std::move(what), {}});
    if (known_.size() > 2 * model_.size() + 1'000)
      for (auto* ids : {&known_, &summaries_}) std::erase_if(*ids, [&](const id& each) { return !model_.find(each); });
  }
  void remake() {
    if (summaries_.empty()) return put();
    const auto which = summaries_[random_.below(summaries_.size())];
    const auto* there = model_.find(which);
    if (!there) return put();
    auto sources = there->what.sources;
    std::erase_if(sources, [&](const id&) { return random_.below(2) == 0; });
    add(memory::remake_summary{which, words(), {}, std::move(sources)});
  }
  // The next piece of a blob, its record, or its end.
  void go_on_with_blob() {
    const auto& blobs = model_.unfinished_blobs();
    if (blobs.size() < 4 && random_.below(2) == 0)
      return add(memory::put_chunk{ids_.next(), space(), 0, words() + "."});
    if (blobs.empty()) return put();
    const auto [which, blob] = *std::next(blobs.begin(), static_cast<std::ptrdiff_t>(random_.below(blobs.size())));
    switch (random_.below(4)) {
      case 0: return add(memory::drop_unfinished_blob{which});
      case 1: return add(memory::put_chunk{which, blob.space, blob.pieces, words() + "."});
      default: {
        auto what = any_record();
        what.id = which;
        what.kind = memory::record_kind::blob;
        what.blob = memory::blob_part{blob.bytes.size(), memory::sha256(blob.bytes)};
        known_.push_back(which);
        add(memory::put_record{std::move(what), {}});
      }
    }
  }
  // Everything in a space, and the space.
  void clear_and_drop() {
    const auto name = space();
    if (const auto found = model_.spaces().find(name); found != model_.spaces().end()) {
      memory::erase_records all{{}, "cleared"};
      for (const auto& [place, which] : found->second.by_place) all.ids.push_back(which);
      if (all.ids.size() > 100) return put();
      add(std::move(all));
      const auto states = found->second.states;
      for (const auto& [key, bytes] : states) add(memory::set_state{name, key, {}});
    }
    add(memory::drop_space{name});
  }
  void one() {
    const auto kind = random_.below(100);
    if (kind < 8) return add(memory::erase_records{some(model_.size() > live_max ? 80 : 3), "random"});
    if (kind < 14) return add(memory::move_records{some(4), random_.below(2) == 0});
    if (kind < 18)
      return add(memory::set_state{space(), "k" + std::to_string(random_.below(3)),
                                   random_.below(3) == 0 ? std::nullopt : std::optional{words()}});
    if (kind < 19) return add(memory::define_space{space(), {.records_max = 1'000'000 + random_.below(9)}});
    if (kind < 21) return add(memory::expire_records{static_cast<std::uint32_t>(1 + random_.below(20))});
    if (kind < 24) return add(memory::note_visits{{{some(), 1, now_}, {some(), 2, now_}}});
    if (kind < 28) return remake();
    if (kind < 29) return clear_and_drop();
    if (kind < 32) return go_on_with_blob();
    put();
  }
  // A few operations that would be accepted, and one that is not: so none of them happens.
  void make_refused() {
    auto& all = command_.operations;
    for (auto left = random_.below(20); left > 0; --left) switch (random_.below(4)) {
        case 0: all.push_back(memory::erase_records{some(3), "refused"}); break;
        case 1: all.push_back(memory::move_records{some(4), random_.below(2) == 0}); break;
        case 2: all.push_back(memory::set_state{space(), "k0", words()}); break;
        default: all.push_back(memory::put_record{any_record(), {}});
      }
    auto what = any_record();
    switch (random_.below(4)) {
      case 0:
        all.push_back(memory::put_record{what, {}});
        expected_.refused = static_cast<std::uint32_t>(errc::already_exists);
        break;
      case 1:
        what.sources = {ids_.next()};
        expected_.refused = static_cast<std::uint32_t>(memory_errc::no_such_record);
        break;
      case 2:
        all.push_back(memory::define_space{what.space, {.records_max = 0}});
        expected_.refused = static_cast<std::uint32_t>(memory_errc::quota_exceeded);
        break;
      default:
        command_.author = what.author = path{"/nobody"};
        all.clear();
        expected_.refused = static_cast<std::uint32_t>(memory_errc::denied);
    }
    all.push_back(memory::put_record{std::move(what), {}});
  }

  test::seeded& random_;
  memory_model& model_;
  id_generator ids_;
  timestamp now_;
  std::vector<id> known_, summaries_;
  memory::command command_;
  expected expected_;
};

// A memory, its model, and the commands that are on their way.
struct beside_a_model {
  test::seeded random;
  a_store memory;
  memory_model model;
  random_operations commands{random, model, memory};
  std::vector<std::pair<random_operations::expected, std::future<result<memory::outcome>>>> waiting;
  std::size_t operations = 0;

  void submit() {
    auto [command, expected] = commands.next();
    operations += command.operations.size();
    waiting.emplace_back(expected, memory->submit(std::move(command)));
  }
  void require_outcomes() {
    for (auto& [expected, future] : waiting) {
      const auto got = future.get();
      if (got.has_value() != (expected.refused == 0)) BOOST_FAIL((got ? "accepted" : got.error().describe()));
      if (!got) {
        BOOST_TEST(got.error().number() == expected.refused, got.error().describe());
      } else {
        BOOST_TEST(got->erased == expected.done.erased);
        BOOST_TEST(got->moved == expected.done.moved);
      }
    }
    waiting.clear();
  }

  void forget() {
    std::vector<id> remade;
    result<memory::receipt> done = error{errc::internal, "not asked"};
    const auto before = model.size();
    if (const auto kind = random.below(3); kind == 0) {
      const memory::forget_subject what{commands.subject(), commands.space()};
      done = memory->forget({}, what);
      remade = model.forget(
          model.ids_under(what.under, [&](const memory::record& each) { return each.subject == what.subject; }));
    } else if (kind == 1) {
      const memory::forget_space what{commands.space() / "a" / "b"};
      done = memory->forget({}, what);
      remade = model.forget_space(what.space);
    } else {
      const memory::forget_found what{{.text = "night ward aspirin", .space = commands.space(), .limit = 5}};
      std::vector<id> found;
      const auto hits = memory->recall({}, what.what).value();
      for (const auto& each : hits) found.push_back(each.what.id);
      done = memory->forget({}, what);
      remade = model.forget(found);
    }
    if (!done) BOOST_FAIL(done.error().describe());
    BOOST_TEST(done->records == before - model.size());
    BOOST_TEST(done->verified);
    // Their words are the summarizer's.
    for (const auto& each : remade)
      if (auto* kept = model.find(each)) kept->what.text = memory->get({}, each).value().text;
  }

  void require_equal() {
    memory.require_clean();
    const auto infos = memory->spaces({}, {}).value();
    BOOST_REQUIRE(infos.size() == model.spaces().size());
    auto info = infos.begin();
    for (const auto& [name, space] : model.spaces()) require_equal(*info++, name, space);
    BOOST_TEST(memory->stats().records == model.size());
  }

  // What is under no key at all any more, once all records are erased.
  void require_nothing_left() {
    std::vector<id> all = model.ids_under({}, [](const memory::record&) { return true; });
    BOOST_TEST(memory->erase({}, std::move(all), "all").value().erased == model.size());
    memory.open();  // which drops blobs that are not finished
    memory.require_clean();
    BOOST_TEST(memory->stats().records == 0u);
    const memory::reader now{*memory->inside().database};
    using enum memory::family;
    for (const auto each : {records, ids, facts, index, vectors, archive, blobs})
      now.scan(each, "", [&](std::string_view, std::string_view) {
        BOOST_ERROR("a key is left in family " << memory::family_names[static_cast<std::size_t>(each)]);
        return false;
      });
    now.scan(meta, "", [&](std::string_view key, std::string_view) {
      BOOST_TEST(std::string_view{"FAHNSPD"}.find(key.front()) != std::string_view::npos, "left: " << key.front());
      return true;
    });
  }

 private:
  void require_equal(const memory::space_info& info, const path& name, const memory_model::space& space) {
    BOOST_TEST_CONTEXT("space " << name) {
      memory::space_info expected{name, space.options, space.by_place.size(), 0, 0, 0};
      std::vector<memory::record> records;
      for (const auto& [place, which] : space.by_place) {
        const auto& [what, its_place, archived] = *model.find(which);
        records.push_back(what);
        const auto bytes = memory_model::counted_bytes(what);
        expected.bytes += bytes;
        if (archived) ++expected.archived_records, expected.archived_bytes += bytes;
      }
      BOOST_TEST((info.space == expected.space && info.options == expected.options));
      BOOST_TEST(info.records == expected.records);
      BOOST_TEST(info.bytes == expected.bytes);
      BOOST_TEST(info.archived_records == expected.archived_records);
      BOOST_TEST(info.archived_bytes == expected.archived_bytes);
      const auto page = memory->read({}, name, 0, live_max * 2).value();
      BOOST_TEST((page.records == records && !page.next));
      for (int k = 0; k < 3; ++k) {
        const auto key = "k" + std::to_string(k);
        const auto state = space.states.find(key);
        const auto got = memory->state({}, name, key).value();
        BOOST_TEST((got == (state == space.states.end() ? std::nullopt : std::optional{state->second})));
      }
      require_equal_facts(name, std::move(records));
    }
  }
  void require_equal_facts(const path& name, std::vector<memory::record> history) {
    std::erase_if(history, [](const memory::record& each) { return !each.fact; });
    std::stable_sort(history.begin(), history.end(), [](const memory::record& a, const memory::record& b) {
      return std::tie(a.fact->key, a.fact->valid_from) < std::tie(b.fact->key, b.fact->valid_from);
    });
    BOOST_TEST((memory->facts({}, {.space = name, .history = true, .limit = live_max * 2}).value() == history));
    const auto as_of = commands.now() - std::chrono::minutes{random.below(1'000)};
    std::map<std::string, memory::record> held;
    for (auto& each : history)
      if (each.fact->valid_from <= as_of) held.insert_or_assign(each.fact->key, each);
    std::vector<memory::record> holds;
    for (const auto& [key, each] : held)
      if (!each.fact->value.empty() && !(each.fact->valid_to && *each.fact->valid_to <= as_of)) holds.push_back(each);
    BOOST_TEST((memory->facts({}, {.space = name, .as_of = as_of}).value() == holds));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_property_test)

BOOST_AUTO_TEST_CASE(a_memory_is_what_its_model_says_and_leaves_no_orphan) {
  beside_a_model both;
  const auto to_do = operations_to_do();
  const auto round = std::max<std::size_t>(10'000, to_do / 20);
  while (both.operations < to_do) {
    const auto until = both.operations + round;
    while (both.operations < until) both.submit();
    both.require_outcomes();
    both.forget();
    both.require_equal();
    both.memory.open();
    both.model.give_up_unfinished_blobs();
  }
  both.require_equal();
  BOOST_TEST(both.model.size() > to_do / 100);
  BOOST_TEST_MESSAGE(both.operations << " operations, " << both.model.size() << " records left");
  both.require_nothing_left();
}

BOOST_AUTO_TEST_SUITE_END()
