#include <boost/test/unit_test.hpp>
#include <random>
#include <troupe/net/codec.hpp>

#include "a_store.hpp"
#include "database.hpp"
#include "store_parts.hpp"

// Commands make a memory: the same stream the same memory, however it was grouped, byte by byte.

using namespace troupe;
using test::a_store;

namespace {

// All keys and values, family by family.
std::map<std::string, std::string> dump(const memory::store& of) {
  std::map<std::string, std::string> all;
  const memory::reader now{*of.inside().database};
  for (std::size_t i = 0; i < memory::families; ++i)
    now.scan(static_cast<memory::family>(i), "", [&](std::string_view key, std::string_view value) {
      all.emplace(std::string{memory::family_names[i]} + ' ' + std::string{key}, value);
      return true;
    });
  return all;
}

// Commands of all kinds, most of which make sense.
class random_commands {
 public:
  random_commands(unsigned seed, const a_store& in) : random_{seed}, in_{in}, ids_{in.time, seed} {}

  memory::command next() {
    memory::command made;
    made.at = in_.time.start_wall + std::chrono::minutes{++minutes_};
    const int operations = 1 + upto(3);
    for (int i = 0; i < operations; ++i) made.operations.push_back(one(made));
    return made;
  }

 private:
  int upto(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  path space() {
    static const char* const spaces[] = {"/", "/a", "/a/b", "/a/b/c", "/a-b", "/d"};
    return path{spaces[upto(6)]};
  }
  id some() {
    if (known_.empty()) return ids_.next();
    return known_[static_cast<std::size_t>(upto(static_cast<int>(known_.size())))];
  }
  std::string words() {
    static const char* const some[] = {"pulse", "night",  "ward", "aspirin", "the",
                                       "Ada:",  "sleeps", "well", "müde",    "140/90"};
    std::string text;
    for (int n = upto(12); n > 0; --n) text += std::string{some[upto(10)]} + ' ';
    return text;
  }
  memory::operation one(const memory::command& of) {
    switch (upto(12)) {
      case 0: return memory::erase_records{{some(), some()}, "random"};
      case 1: return memory::move_records{{some(), some(), some()}, upto(2) == 0};
      case 2:
        return memory::set_state{space(), "k" + std::to_string(upto(3)),
                                 upto(3) == 0 ? std::nullopt : std::optional{words()}};
      case 3: return memory::define_space{space(), {.records_max = 40u + static_cast<unsigned>(upto(100))}};
      case 4: return memory::expire_records{1u + static_cast<unsigned>(upto(5))};
      case 5: return memory::note_visits{{{some(), 1u + static_cast<unsigned>(upto(3)), of.at}}};
      case 6: {
        memory::remake_summary remake{some(), words(), {}, {}};
        if (upto(2) == 0) remake.sources = {some()};
        return remake;
      }
      case 7:
        return memory::set_grant{space(), space(), upto(2) == 0 ? std::nullopt : std::optional{memory::access::read}};
      default: {
        memory::record what;
        what.id = ids_.next();
        what.recorded = of.at;
        what.time = of.at - std::chrono::minutes{upto(500)};
        what.space = space();
        what.text = words();
        if (upto(3) == 0) what.subject = "s" + std::to_string(upto(3));
        if (upto(4) == 0) what.expires = of.at + std::chrono::minutes{upto(60)};
        if (upto(5) == 0) {
          what.kind = memory::record_kind::fact;
          what.fact = memory::fact_part{"f" + std::to_string(upto(4)), words(), what.time, {}};
        } else if (upto(4) == 0) {
          what.kind = memory::record_kind::summary;
          for (int n = upto(4); n > 0; --n) what.sources.push_back(some());
        }
        known_.push_back(what.id);
        return memory::put_record{std::move(what), {}};
      }
    }
  }

  std::mt19937 random_;
  const a_store& in_;
  id_generator ids_;
  std::vector<id> known_;
  int minutes_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_test)

BOOST_AUTO_TEST_CASE(commands_travel_as_bytes) {
  a_store memory;
  random_commands stream{5, memory};
  for (int i = 0; i < 50; ++i) {
    const auto sent = stream.next();
    const auto bytes = net::encode(sent);
    const auto back = net::decode<memory::command>(bytes);
    if (!back) BOOST_FAIL(back.error().describe());
    BOOST_TEST((net::encode(*back) == bytes));
  }
}

BOOST_AUTO_TEST_CASE(the_same_stream_makes_the_same_memory_however_it_is_grouped) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  a_store one_by_one, together;
  random_commands stream{seed, one_by_one};
  std::vector<std::future<result<memory::outcome>>> waiting;
  std::vector<bool> went_well;
  for (int i = 0; i < 250; ++i) {
    const auto command = stream.next();
    went_well.push_back(one_by_one->apply(command).has_value());
    waiting.push_back(together->submit(command));
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) BOOST_TEST(waiting[i].get().has_value() == went_well[i]);
  BOOST_TEST((dump(*one_by_one.store) == dump(*together.store)));
  BOOST_TEST(one_by_one->stats().records > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
