#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "work_stealing.hpp"

using troupe::actors::job_queue;
using troupe::actors::work_stealing;

// The queue of one worker of the scheduler, and what becomes of it at the end.

namespace {

class job final : public caf::resumable {
 public:
  std::size_t number = 0;
  std::atomic<int> taken{0};
  int visits_wanted = 1;
  int visits = 0;

 private:
  resume_result resume(caf::execution_unit*, std::size_t) override {
    return ++visits < visits_wanted ? resume_later : awaiting_message;
  }
  void intrusive_ptr_add_ref_impl() override {}
  void intrusive_ptr_release_impl() override {}
};

// What the policy needs of a worker.
struct idle_worker : caf::execution_unit {
  idle_worker() : caf::execution_unit{nullptr} {}
  void exec_later(caf::resumable*) override {}
  work_stealing::worker_data& data() { return data_; }
  work_stealing::worker_data data_{nullptr};
};

// Workers as dequeue sees them: with others to steal from.
struct crew {
  struct member : idle_worker {
    crew* all = nullptr;
    std::size_t number = 0;
    crew* parent() { return all; }
    std::size_t id() const { return number; }
  };
  explicit crew(std::size_t count) : members(count) {
    for (std::size_t i = 0; i < count; ++i) members[i].all = this, members[i].number = i;
  }
  std::size_t num_workers() const { return members.size(); }
  member* worker_by_id(std::size_t id) { return &members[id]; }
  std::deque<member> members;
};

bool is_asleep(crew::member& who) {
  std::scoped_lock lock{who.data().mutex};
  return who.data().asleep;
}

std::vector<job> numbered(std::size_t count) {
  std::vector<job> jobs(count);
  for (std::size_t i = 0; i < count; ++i) jobs[i].number = i;
  return jobs;
}

job* next(job_queue& from) { return static_cast<job*>(from.pop()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(job_queue_test)

BOOST_AUTO_TEST_CASE(the_first_job_in_is_the_first_out) {
  auto jobs = numbered(1'000);
  job_queue queue;
  BOOST_TEST(queue.empty());
  BOOST_TEST(!queue.pop());
  for (auto& each : jobs) queue.push(&each);
  BOOST_TEST(!queue.empty());
  for (auto& each : jobs) BOOST_TEST(next(queue) == &each);
  BOOST_TEST(queue.empty());
  BOOST_TEST(!queue.pop());
}

BOOST_AUTO_TEST_CASE(order_stays_while_it_grows_and_shrinks) {
  auto jobs = numbered(10'000);
  job_queue queue;
  std::size_t in = 0, out = 0;
  // Two steps ahead and one back, then the other way round: it grows with its first job anywhere.
  while (out < jobs.size()) {
    const bool ahead = in < jobs.size() && in - out < 700 + in / 10;
    for (int i = 0; i < (ahead ? 3 : 1) && in < jobs.size(); ++i) queue.push(&jobs[in++]);
    for (int i = 0; i < 2 && out < in; ++i) BOOST_REQUIRE(next(queue) == &jobs[out++]);
  }
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(many_threads_take_each_job_once_and_those_of_one_thread_in_order) {
  constexpr std::size_t pushers = 2, takers = 3, each_pushes = 20'000;
  auto jobs = numbered(pushers * each_pushes);
  job_queue queue;
  std::atomic<std::size_t> left{jobs.size()};
  std::atomic<int> out_of_order{0};
  std::vector<std::thread> threads;
  for (std::size_t p = 0; p < pushers; ++p)
    threads.emplace_back([&, p] {
      for (std::size_t i = 0; i < each_pushes; ++i) queue.push(&jobs[i * pushers + p]);
    });
  for (std::size_t t = 0; t < takers; ++t)
    threads.emplace_back([&] {
      std::vector<std::size_t> last(pushers, 0);
      while (left.load() > 0) {
        job* taken = next(queue);
        if (!taken) {
          std::this_thread::yield();
          continue;
        }
        --left;
        ++taken->taken;
        auto& before = last[taken->number % pushers];
        out_of_order += taken->number < before;
        before = taken->number;
      }
    });
  for (auto& each : threads) each.join();
  std::size_t wrong = 0;
  for (const auto& each : jobs) wrong += each.taken.load() != 1;
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(out_of_order.load() == 0);
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(what_is_left_when_the_workers_end_is_visited_to_its_end_and_let_go_of) {
  auto jobs = numbered(3);
  jobs[1].visits_wanted = 5;
  idle_worker worker;
  for (auto& each : jobs) worker.data().jobs.push(&each);
  std::vector<std::size_t> let_go_of;
  work_stealing{}.foreach_resumable(
      &worker, [&](caf::resumable* each) { let_go_of.push_back(static_cast<job*>(each)->number); });
  BOOST_TEST(let_go_of == (std::vector<std::size_t>{0, 1, 2}), boost::test_tools::per_element());
  for (const auto& each : jobs) BOOST_TEST(each.visits == each.visits_wanted);
}

BOOST_AUTO_TEST_CASE(a_worker_that_sleeps_is_woken_by_what_comes_from_outside) {
  for (const std::size_t workers : {1u, 2u}) {
    crew all{workers};
    auto& first = all.members.front();
    for (int rounds = 0; rounds < 200; ++rounds) {
      job one;
      caf::resumable* taken = nullptr;
      std::thread asleep{[&] { taken = work_stealing{}.dequeue(&first); }};
      while (!is_asleep(first)) std::this_thread::yield();
      work_stealing{}.external_enqueue(&first, &one);
      asleep.join();
      BOOST_REQUIRE(taken == &one);
      BOOST_REQUIRE(!is_asleep(first));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_worker_that_sleeps_finds_what_another_has_too_much_of) {
  crew all{2};
  job one;
  caf::resumable* taken = nullptr;
  std::thread asleep{[&] { taken = work_stealing{}.dequeue(&all.members[0]); }};
  while (!is_asleep(all.members[0])) std::this_thread::yield();
  work_stealing{}.internal_enqueue(&all.members[1], &one);
  asleep.join();
  BOOST_TEST(taken == &one);
}

BOOST_AUTO_TEST_SUITE_END()
