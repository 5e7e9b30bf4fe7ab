#include <atomic>
#include <thread>
#include <vector>

#include "work_stealing.hpp"

using troupe::actors::job_queue;

// The queue of one worker of the scheduler.

namespace {

// Never run: only handed on.
class job final : public caf::resumable {
 public:
  std::size_t number = 0;
  std::atomic<int> taken{0};

 private:
  resume_result resume(caf::execution_unit*, std::size_t) override { return done; }
  void intrusive_ptr_add_ref_impl() override {}
  void intrusive_ptr_release_impl() override {}
};

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

BOOST_AUTO_TEST_SUITE_END()
