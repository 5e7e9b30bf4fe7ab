#include "block_queue.hpp"

#include <deque>
#include <map>
#include <memory>

#include "core/seeded.hpp"

using troupe::actors::block_queue;

// The queue in linked blocks, beside std::deque.

namespace {

// Counts how often each value was destroyed, and the objects that live. One that was moved from has no value.
class counted {
 public:
  struct books {
    int alive = 0;
    std::map<int, int> destroyed;
  };

  counted() noexcept = default;
  counted(int value, books& in) : value_{value}, in_{&in} { ++in_->alive; }
  counted(counted&& other) noexcept : value_{std::exchange(other.value_, 0)}, in_{std::exchange(other.in_, nullptr)} {}
  counted& operator=(counted&& other) noexcept {
    std::swap(value_, other.value_);
    std::swap(in_, other.in_);
    return *this;
  }
  ~counted() {
    if (!in_) return;
    --in_->alive;
    ++in_->destroyed[value_];
  }
  int value() const noexcept { return value_; }

 private:
  int value_ = 0;
  books* in_ = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(block_queue_test)

BOOST_AUTO_TEST_CASE(what_was_put_in_first_comes_out_first) {
  block_queue<int> queue;
  BOOST_TEST(queue.empty());
  for (int i = 0; i < 1'000; ++i) queue.push_back(int{i});
  BOOST_TEST(queue.size() == 1'000u);
  for (int i = 0; i < 1'000; ++i) {
    BOOST_TEST(queue.front() == i);
    BOOST_TEST(queue.pop_front() == i);
  }
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(it_takes_what_can_only_be_moved) {
  block_queue<std::unique_ptr<int>> queue;
  for (int i = 0; i < 100; ++i) queue.push_back(std::make_unique<int>(i));
  std::unique_ptr<int> taken;
  BOOST_TEST(queue.take_first([](const std::unique_ptr<int>& each) { return *each == 70; }, taken));
  BOOST_TEST(*taken == 70);
  BOOST_TEST(!queue.take_first([](const std::unique_ptr<int>& each) { return *each == 70; }, taken));
  BOOST_TEST(queue.size() == 99u);
  for (int i = 0; i < 70; ++i) BOOST_TEST(*queue.pop_front() == i);
  BOOST_TEST(*queue.front() == 71);  // the others go with the queue
}

BOOST_AUTO_TEST_CASE(an_empty_queue_gives_its_memory_back_and_goes_on) {
  block_queue<int> queue;
  queue.release();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) queue.push_back(int{i});
    queue.release();  // not empty: nothing happens
    for (int i = 0; i < 100; ++i) BOOST_TEST(queue.pop_front() == i);
    queue.release(round == 0 ? 64 : 0);
    BOOST_TEST(queue.empty());
  }
  queue.push_back(1);
  queue.clear();
  queue.clear();
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(each_item_is_destroyed_once) {
  counted::books books;
  {
    block_queue<counted> queue, other;
    for (int i = 1; i <= 300; ++i) queue.push_back(counted{i, books});
    for (int i = 1; i <= 50; ++i) BOOST_TEST(queue.pop_front().value() == i);
    counted taken;
    BOOST_TEST(queue.take_first([](const counted& each) { return each.value() == 200; }, taken));
    other.push_back(counted{301, books});
    queue.swap(other);
    BOOST_TEST(books.alive == 251);
    other.clear();
    BOOST_TEST(books.alive == 2);  // what was taken, and what was swapped
  }
  BOOST_TEST(books.alive == 0);
  BOOST_TEST(books.destroyed.size() == 301u);
  for (const auto& [value, times] : books.destroyed) BOOST_TEST(times == 1, "value " << value);
}

BOOST_AUTO_TEST_CASE(it_does_what_a_deque_does) {
  troupe::test::seeded random;
  counted::books books;
  int next = 0;
  {
    block_queue<counted> queues[2];
    std::deque<int> models[2];
    for (int step = 0; step < 50'000; ++step) {
      const std::size_t which = random.below(2);
      auto& queue = queues[which];
      auto& model = models[which];
      // Now more go in, now more come out.
      const bool growing = step / 500 % 2 == 0;
      switch (random.below(16)) {
        case 0: queue.swap(queues[1 - which]), model.swap(models[1 - which]); break;
        case 1: queue.release(random.below(100)); break;
        case 2:
          if (random.below(20) == 0) queue.clear(), model.clear();
          break;
        case 3:
        case 4: {  // one of them, anywhere, or one that is not there
          const int wanted = model.empty() || random.below(8) == 0 ? -1 : model[random.below(model.size())];
          const auto found = std::find(model.begin(), model.end(), wanted);
          counted taken;
          const bool there = queue.take_first([&](const counted& each) { return each.value() == wanted; }, taken);
          BOOST_REQUIRE(there == (found != model.end()));
          if (there) {
            BOOST_REQUIRE(taken.value() == wanted);
            model.erase(found);
          }
          break;
        }
        default:
          if (random.below(3) != 0 ? growing : !growing) {
            queue.push_back(counted{++next, books});
            model.push_back(next);
          } else if (!model.empty()) {
            BOOST_REQUIRE(queue.pop_front().value() == model.front());
            model.pop_front();
          }
      }
      BOOST_REQUIRE(queue.size() == model.size());
      BOOST_REQUIRE(queue.empty() == model.empty());
      if (!model.empty()) BOOST_REQUIRE(queue.front().value() == model.front());
      BOOST_REQUIRE(books.alive == static_cast<int>(models[0].size() + models[1].size()));
    }
    for (std::size_t which : {0, 1})
      for (const int wanted : models[which]) BOOST_REQUIRE(queues[which].pop_front().value() == wanted);
  }
  BOOST_TEST(books.alive == 0);
  BOOST_TEST(books.destroyed.size() == static_cast<std::size_t>(next));
  for (const auto& [value, times] : books.destroyed) BOOST_REQUIRE(times == 1);
}

BOOST_AUTO_TEST_SUITE_END()
