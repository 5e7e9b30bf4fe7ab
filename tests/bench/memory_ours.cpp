// Our side of bench_memory.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <troupe/memory/store.hpp>

#include "memory_sides.hpp"

namespace bench {

namespace {

namespace memory = troupe::memory;
using troupe::path;

constexpr std::size_t load_command_records = 500;
constexpr std::ptrdiff_t load_commands_in_flight = 8;

template <class T>
T must(troupe::result<T> value) {
  if (!value) throw std::runtime_error{"ours: " + value.error().message()};
  if constexpr (!std::is_void_v<T>) return *std::move(value);
}

std::unique_ptr<memory::store> open(const std::filesystem::path& folder) {
  memory::store_options options;
  options.folder = folder;
  options.seed = 1;
  return must(memory::store::open(std::move(options)));
}

path space_named(std::size_t n) { return path{fmt::format("/clinic/patients/p{}", n)}; }

// When record n came, as the layout has it: a second after the one before.
troupe::timestamp time_of(std::size_t n) {
  return troupe::timestamp{std::chrono::hours{24 * 365 * 50}} + std::chrono::seconds{n};
}

memory::record record_of(corpus& texts, const layout& of, std::size_t n) {
  memory::record what;
  what.space = space_named(of.space_of(n));
  what.time = time_of(n);
  what.text = texts.text(n, layout::text_size_bytes);
  what.importance = 0.5;
  what.subject = fmt::format("p{}", of.space_of(n));
  what.attributes = {{"speaker", n % 2 == 0 ? "nurse" : "doctor"}};
  if (of.is_fact(n)) {
    what.kind = memory::record_kind::fact;
    what.fact = memory::fact_part{fmt::format("vital/{}", of.fact_key_of(n)), std::to_string(n % 97), {}, {}};
  }
  return what;
}

// Submits commands and waits for room, so that so many are on their way at most.
class submitter {
 public:
  submitter(memory::store& to, std::ptrdiff_t in_flight) : to_{to}, in_flight_{in_flight}, room_{in_flight} {}

  void submit(memory::command what) {
    room_.acquire();
    to_.submit(std::move(what), [this](const troupe::result<memory::outcome>& done) {
      if (done) done_.fetch_add(1, std::memory_order_relaxed);
      if (!done) failed_ = true;
      room_.release();
    });
  }
  void finish() {
    for (std::ptrdiff_t n = 0; n < in_flight_; ++n) room_.acquire();
    if (failed_) throw std::runtime_error{"ours: a command failed"};
  }
  std::size_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  memory::store& to_;
  const std::ptrdiff_t in_flight_;
  std::counting_semaphore<> room_;
  std::atomic<std::size_t> done_{0};
  std::atomic<bool> failed_{false};
};

class our_side final : public filled_side {
 public:
  our_side(const std::filesystem::path& folder, const layout& of) : store_{open(folder)}, layout_{of} {}

  std::size_t get(std::size_t n) override {
    if (ids_.empty()) learn_ids();
    return must(store_->get({}, ids_[n % ids_.size()])).text.empty() ? 0 : 1;
  }
  std::size_t page(std::size_t space, std::size_t from, std::size_t limit) override {
    return must(store_->read({}, space_named(space), from, limit)).records.size();
  }
  std::size_t newest(std::size_t space, std::size_t limit) override {
    return must(store_->newest({}, space_named(space), limit)).size();
  }
  std::size_t facts_as_of(std::size_t space, std::size_t place) override {
    memory::facts_query which;
    which.space = space_named(space);
    which.key_prefix = "vital/";
    which.as_of = time_of(place * layout_.spaces + space);
    return must(store_->facts({}, which)).size();
  }
  std::size_t recall(const std::vector<std::string>& words, std::size_t limit, bool by_words_alone) override {
    memory::query what;
    what.text = fmt::format("{}", fmt::join(words, " "));
    what.limit = limit;
    if (by_words_alone) {
      what.weights.window = what.weights.space = what.weights.meaning = what.weights.window_meaning =
          what.weights.mention = 0;
    }
    return must(store_->recall({}, what)).size();
  }

 private:
  // Some from each space: ids are made by the store.
  void learn_ids() {
    for (std::size_t space = 0; space < layout_.spaces; ++space)
      for (const auto& each : must(store_->read({}, space_named(space), 0, 10'000 / layout_.spaces + 1)).records)
        ids_.push_back(each.id);
  }

  std::unique_ptr<memory::store> store_;
  const layout layout_;
  std::vector<troupe::id> ids_;
};

}  // namespace

double commits_of_ours(const commit_load& load) {
  using clock = std::chrono::steady_clock;
  const auto store = open(load.folder);
  const auto threads = std::min<std::size_t>(load.writers, 4);
  const auto texts = commit_texts();
  const auto began = clock::now();
  const auto end = began + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>{load.seconds});
  std::atomic<std::size_t> done{0};
  std::atomic<bool> failed{false};
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t < threads; ++t) {
      const auto in_flight = static_cast<std::ptrdiff_t>(load.writers / threads + (t < load.writers % threads ? 1 : 0));
      all.emplace_back([&, t, in_flight] {
        try {
          submitter to{*store, in_flight};
          for (std::size_t n = t; clock::now() < end; n += threads) {
            memory::record what;
            what.space = space_named(n % 64);
            what.text = texts[n % texts.size()];
            memory::command whole;
            whole.operations.emplace_back(must(store->prepare({}, std::move(what))));
            to.submit(std::move(whole));
          }
          to.finish();
          done += to.done();
        } catch (const std::exception&) {
          failed = true;
        }
      });
    }
  }
  if (failed) throw std::runtime_error{"ours: a writer failed"};
  return static_cast<double>(done) / std::chrono::duration<double>{clock::now() - began}.count();
}

void fill_ours(const std::filesystem::path& folder, const layout& of) {
  const auto store = open(folder);
  submitter to{*store, load_commands_in_flight};
  corpus texts;
  for (std::size_t n = 0; n < of.records;) {
    memory::command whole;
    for (std::size_t i = 0; i < load_command_records && n < of.records; ++i, ++n)
      whole.operations.emplace_back(must(store->prepare({}, record_of(texts, of, n))));
    to.submit(std::move(whole));
  }
  to.finish();
}

std::unique_ptr<filled_side> open_ours(const std::filesystem::path& folder, const layout& of) {
  return std::make_unique<our_side>(folder, of);
}

double rate_of(double seconds, const std::function<void()>& once) {
  using clock = std::chrono::steady_clock;
  const auto began = clock::now();
  double passed = 0;
  std::size_t times = 0;
  for (; passed < seconds || times < 3; ++times, passed = std::chrono::duration<double>{clock::now() - began}.count())
    once();
  return static_cast<double>(times) / passed;
}

}  // namespace bench
