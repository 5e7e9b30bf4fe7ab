#include "mailbox.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

namespace troupe::actors {

void mailbox::enter(envelope mail) {
  append(messages_, std::move(mail));
  deepest_ = std::max(deepest_, waiting_messages());
}

// Gives back what a burst left behind.
void mailbox::shrink() {
  constexpr std::size_t kept = 64;
  if (messages_.empty() && messages_.capacity() > kept) boost::circular_buffer<envelope>{}.swap(messages_);
  if (signals_.capacity() > kept) boost::circular_buffer<signal>{}.swap(signals_);
  std::scoped_lock batch_held{batch_lock_};
  if (batch_.empty() && batch_.capacity() > kept) boost::circular_buffer<envelope>{}.swap(batch_);
}

bool mailbox::ring() { return !std::exchange(rung_, true); }

mailbox::outcome mailbox::push(envelope mail, bool may_wait) {
  std::scoped_lock held{lock_};
  if (closed_) return {pushed::closed, false, std::move(mail)};
  if (waiting_messages() < options_.limit) {
    mail.queued_by_turn = 0;
    enter(std::move(mail));
    return {pushed::taken, ring(), {}};
  }
  if (options_.when_full == overflow::drop_oldest) {
    const auto first = std::find_if(messages_.begin(), messages_.end(), [](const envelope& e) { return !e.unbounded; });
    if (first == messages_.end()) return {pushed::full, false, std::move(mail)};
    std::optional<envelope> oldest{std::move(*first)};
    messages_.erase(first);
    mail.queued_by_turn = 0;
    enter(std::move(mail));
    return {pushed::taken_dropping_oldest, ring(), std::move(oldest)};
  }
  if (options_.when_full == overflow::block && may_wait) {
    if (!waiting_) waiting_ = std::make_unique<boost::circular_buffer<envelope>>();
    append(*waiting_, std::move(mail));
    return {pushed::waits_for_room, ring(), {}};
  }
  return {pushed::full, false, std::move(mail)};
}

mailbox::outcome mailbox::push_unbounded(envelope mail) {
  std::scoped_lock held{lock_};
  if (closed_) return {pushed::closed, false, std::move(mail)};
  mail.unbounded = true;
  enter(std::move(mail));
  return {pushed::taken, ring(), {}};
}

pushed mailbox::post(signal& what, bool& must_ring) {
  std::scoped_lock held{lock_};
  if (closed_) return pushed::closed;
  append(signals_, std::move(what));
  has_signals_.store(true, std::memory_order_release);
  must_ring = ring();
  return pushed::taken;
}

bool mailbox::take_from_batch(envelope& mail) {
  std::scoped_lock held{batch_lock_};
  if (batch_.empty()) return false;
  mail = std::move(batch_.front());
  batch_.pop_front();
  batch_size_.store(batch_.size(), std::memory_order_relaxed);
  return true;
}

mailbox::next mailbox::take(bool accepting, signal& what, envelope& mail, std::shared_ptr<reply_sink>& got_room,
                            std::uint64_t& room_for) {
  if (accepting && !has_signals_.load(std::memory_order_acquire) && take_from_batch(mail)) return next::message;
  std::scoped_lock held{lock_};
  if (!signals_.empty()) {
    what = std::move(signals_.front());
    signals_.pop_front();
    has_signals_.store(!signals_.empty(), std::memory_order_relaxed);
    return next::signal;
  }
  if (accepting && take_from_batch(mail)) return next::message;
  if (!accepting || messages_.empty()) {
    shrink();
    rung_ = false;
    return next::idle;
  }
  if (options_.when_full == overflow::reject && messages_.size() > 1) {
    std::scoped_lock batch_held{batch_lock_};
    batch_.swap(messages_);
    mail = std::move(batch_.front());
    batch_.pop_front();
    batch_size_.store(batch_.size(), std::memory_order_relaxed);
    return next::message;
  }
  mail = std::move(messages_.front());
  messages_.pop_front();
  if (waiting_ && !waiting_->empty()) {
    auto& first = waiting_->front();
    if (first.effect == 0) {  // a sender's turn waits; one who asked waits for the answer anyway
      got_room = first.origin;
      room_for = first.queued_by_turn;
    }
    first.queued_by_turn = 0;
    enter(std::move(first));
    waiting_->pop_front();
  }
  return next::message;
}

std::vector<envelope> mailbox::close() {
  std::scoped_lock held{lock_};
  closed_ = true;
  std::scoped_lock batch_held{batch_lock_};
  std::vector<envelope> left;
  left.reserve(waiting_messages());
  std::move(batch_.begin(), batch_.end(), std::back_inserter(left));
  boost::circular_buffer<envelope>{}.swap(batch_);
  batch_size_.store(0, std::memory_order_relaxed);
  std::move(messages_.begin(), messages_.end(), std::back_inserter(left));
  if (waiting_) std::move(waiting_->begin(), waiting_->end(), std::back_inserter(left));
  boost::circular_buffer<envelope>{}.swap(messages_);
  waiting_.reset();
  return left;
}

std::vector<signal> mailbox::take_signals() {
  std::scoped_lock held{lock_};
  std::vector<signal> left{std::make_move_iterator(signals_.begin()), std::make_move_iterator(signals_.end())};
  signals_.clear();
  return left;
}

void mailbox::adopt(std::vector<envelope> mail) {
  std::scoped_lock held{lock_};
  for (auto& each : messages_) mail.push_back(std::move(each));
  boost::circular_buffer<envelope>{}.swap(messages_);
  for (auto& each : mail) enter(std::move(each));
}

std::size_t mailbox::size() const {
  std::scoped_lock held{lock_};
  return waiting_messages();
}

std::size_t mailbox::deepest() const {
  std::scoped_lock held{lock_};
  return deepest_;
}

std::optional<instant> mailbox::oldest() const {
  std::scoped_lock held{lock_};
  {
    std::scoped_lock batch_held{batch_lock_};
    if (!batch_.empty()) return batch_.front().queued;
  }
  if (messages_.empty()) return {};
  return messages_.front().queued;
}

}  // namespace troupe::actors
