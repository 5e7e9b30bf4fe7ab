#include "writer.hpp"

#include <troupe/memory/errc.hpp>
#include <utility>

#include "state_machine.hpp"

namespace troupe::memory {
namespace {

// A batch ends here, so that it neither holds much memory nor keeps the first of its commands waiting for the others.
constexpr std::size_t batch_commands_max = 1024;
constexpr std::size_t batch_bytes_max = 16 << 20;

}  // namespace

writer::writer(database& to, const analyzer& words, limits within, std::function<void(const write_set&)> written,
               logger log)
    : database_{to},
      words_{words},
      limits_{within},
      written_{std::move(written)},
      log_{std::move(log)},
      thread_{[this] { run(); }} {}

writer::~writer() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void writer::submit(command what, std::size_t size_bytes, told then, bool past_bounds) {
  auto texts = analyze_texts(words_, what);
  for (const auto& each : texts) size_bytes += sizeof each + each.terms.size() * sizeof(term_count);
  std::optional<error> refused;
  {
    const std::lock_guard lock{mutex_};
    if (failed_) {
      refused = failed_;
    } else if (closing_) {
      refused.emplace(memory_errc::closed, "the memory is being closed");
    } else if (!past_bounds &&
               (waiting_.size() >= limits_.commands_max || waiting_bytes_ + size_bytes > limits_.bytes_max)) {
      refused.emplace(memory_errc::overloaded, std::to_string(waiting_.size()) + " commands (" +
                                                   std::to_string(waiting_bytes_) +
                                                   " bytes) wait to be written: try again later");
    } else {
      waiting_bytes_ += size_bytes;
      waiting_.push_back({std::move(what), std::move(texts), size_bytes, std::move(then)});
    }
  }
  if (refused) return then(*std::move(refused));
  wake_.notify_one();
}

std::size_t writer::queued() const {
  const std::lock_guard lock{mutex_};
  return waiting_.size();
}

void writer::run() {
  for (;;) {
    std::deque<job> jobs;
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      for (std::size_t bytes = 0; !waiting_.empty() && jobs.size() < batch_commands_max && bytes < batch_bytes_max;) {
        bytes += waiting_.front().size_bytes;
        waiting_bytes_ -= waiting_.front().size_bytes;
        jobs.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    apply(std::move(jobs));
  }
}

void writer::apply(std::deque<job> jobs) {
  std::vector<result<outcome>> outcomes;
  outcomes.reserve(jobs.size());
  std::optional<error> failed;
  {
    const std::lock_guard lock{mutex_};
    failed = failed_;
  }
  if (!failed) {
    try {
      write_set changes{database_};
      state_machine machine{changes, words_};
      for (const auto& each : jobs) outcomes.push_back(machine.apply(each.what, each.texts));
      rocksdb::WriteBatch batch;
      changes.fill(batch);
      if (auto done = database_.write(batch); !done)
        failed = std::move(done).error();
      else
        written_(changes);
    } catch (const failure& unreadable) {
      failed = unreadable.error();
    } catch (const std::exception& bug) {
      failed.emplace(errc::internal, std::string{"applying a command: "} + bug.what());
    }
    if (failed) {
      log_.error("the memory takes no more writes", {{"why", failed->message()}});
      const std::lock_guard lock{mutex_};
      failed_ = failed;
    } else {
      commands_.fetch_add(jobs.size(), std::memory_order_relaxed);
      batches_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  for (std::size_t i = 0; i < jobs.size(); ++i)
    jobs[i].then(failed ? result<outcome>{*failed} : std::move(outcomes[i]));
}

}  // namespace troupe::memory
