#include "mailbox.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace troupe::actors {

namespace {

void move_all(block_queue<envelope>& from, std::vector<envelope>& to) {
  while (!from.empty()) to.push_back(from.pop_front());
  from.release();
}

}  // namespace

void mailbox::enter(envelope&& mail) {
  messages_.push_back(std::move(mail));
  ++entered_;
  deepest_ = std::max(deepest_, in_box());
}

// Gives back what a burst left behind.
void mailbox::shrink() {
  constexpr std::size_t kept = 2;
  signals_.release(kept);
  messages_.release(kept);
  if (!batch_.can_release(kept)) return;
  std::scoped_lock batch_held{batch_lock_};
  batch_.release(kept);
}

bool mailbox::ring() { return !std::exchange(rung_, true); }

mailbox::outcome mailbox::push(envelope&& mail, bool may_wait) {
  std::scoped_lock held{lock_};
  if (closed_) return {pushed::closed, false, std::move(mail)};
  if (in_box() < options_.limit) {
    mail.queued_by_turn = 0;
    enter(std::move(mail));
    return {pushed::taken, ring(), {}};
  }
  if (options_.when_full == overflow::drop_oldest) {
    envelope oldest;
    if (!messages_.take_first([](const envelope& each) { return !each.unbounded; }, oldest))
      return {pushed::full, false, std::move(mail)};
    mail.queued_by_turn = 0;
    enter(std::move(mail));
    return {pushed::taken_dropping_oldest, ring(), std::move(oldest)};
  }
  if (options_.when_full == overflow::block && may_wait) {
    if (!waiting_) waiting_ = std::make_unique<block_queue<envelope>>();
    if (waiting_->size() < waiting_max) {
      waiting_->push_back(std::move(mail));
      return {pushed::waits_for_room, ring(), {}};
    }
  }
  return {pushed::full, false, std::move(mail)};
}

mailbox::outcome mailbox::push_unbounded(envelope&& mail) {
  std::scoped_lock held{lock_};
  if (closed_) return {pushed::closed, false, std::move(mail)};
  mail.unbounded = true;
  enter(std::move(mail));
  return {pushed::taken, ring(), {}};
}

pushed mailbox::post(signal& what, bool& must_ring) {
  std::scoped_lock held{lock_};
  if (closed_) return pushed::closed;
  signals_.push_back(std::move(what));
  has_signals_.store(true, std::memory_order_release);
  must_ring = ring();
  return pushed::taken;
}

bool mailbox::take_from_batch(envelope& mail) {
  if (batch_size_.load(std::memory_order_relaxed) == 0) return false;
  std::scoped_lock held{batch_lock_};
  if (batch_.empty()) return false;
  batch_.pop_front_into(mail);
  batch_size_.store(batch_.size(), std::memory_order_relaxed);
  return true;
}

mailbox::next mailbox::take(bool accepting, signal& what, envelope& mail, std::shared_ptr<reply_sink>& got_room,
                            std::uint64_t& room_for) {
  if (accepting && !has_signals_.load(std::memory_order_acquire) && take_from_batch(mail)) return next::message;
  std::scoped_lock held{lock_};
  if (closed_) return next::closed;
  if (!signals_.empty()) {
    signals_.pop_front_into(what);
    has_signals_.store(!signals_.empty(), std::memory_order_relaxed);
    return next::signal;
  }
  if (accepting && take_from_batch(mail)) return next::message;
  if (!accepting && watched_ && entered_ != looked_at_) {
    looked_at_ = entered_;
    return next::arrived;
  }
  if (!accepting || messages_.empty()) {
    shrink();
    rung_ = false;
    return next::idle;
  }
  if (options_.when_full == overflow::reject && messages_.size() > 1) {
    std::scoped_lock batch_held{batch_lock_};
    batch_.swap(messages_);
    batch_.pop_front_into(mail);
    batch_size_.store(batch_.size(), std::memory_order_relaxed);
    return next::message;
  }
  messages_.pop_front_into(mail);
  let_in(got_room, room_for);
  return next::message;
}

// One of those that wait for room.
void mailbox::let_in(std::shared_ptr<reply_sink>& got_room, std::uint64_t& room_for) {
  if (!waiting_ || waiting_->empty()) return;
  auto first = waiting_->pop_front();
  if (first.effect == 0) {  // a sender's turn waits; one who asked waits for the answer anyway
    got_room = first.origin;
    room_for = first.queued_by_turn;
  }
  first.queued_by_turn = 0;
  enter(std::move(first));
}

std::uint64_t mailbox::arrivals() const {
  std::scoped_lock held{lock_};
  return entered_;
}

void mailbox::watch_from(std::uint64_t arrivals) {
  std::scoped_lock held{lock_};
  watched_ = true;
  looked_at_ = arrivals;
}

void mailbox::unwatch() {
  std::scoped_lock held{lock_};
  watched_ = false;
}

bool mailbox::take_first(const std::function<bool(const envelope&)>& wanted, envelope& mail,
                         std::shared_ptr<reply_sink>& got_room, std::uint64_t& room_for) {
  std::scoped_lock held{lock_};
  {
    std::scoped_lock batch_held{batch_lock_};
    if (batch_.take_first(wanted, mail)) {
      batch_size_.store(batch_.size(), std::memory_order_relaxed);
      return true;
    }
  }
  if (!messages_.take_first(wanted, mail)) return false;
  let_in(got_room, room_for);
  return true;
}

std::vector<envelope> mailbox::close(bool& must_ring) {
  std::scoped_lock held{lock_};
  closed_ = true;
  must_ring = ring();
  std::scoped_lock batch_held{batch_lock_};
  std::vector<envelope> left;
  left.reserve(in_box());
  move_all(batch_, left);
  batch_size_.store(0, std::memory_order_relaxed);
  move_all(messages_, left);
  if (waiting_) move_all(*waiting_, left);
  waiting_.reset();
  return left;
}

std::vector<signal> mailbox::take_signals() {
  std::scoped_lock held{lock_};
  std::vector<signal> left;
  while (!signals_.empty()) left.push_back(signals_.pop_front());
  signals_.release();
  has_signals_.store(false, std::memory_order_relaxed);
  return left;
}

std::vector<envelope> mailbox::adopt(std::vector<envelope> mail) {
  std::scoped_lock held{lock_};
  if (closed_) return mail;
  std::scoped_lock batch_held{batch_lock_};
  const auto entered = entered_;  // it was here before
  block_queue<envelope> batch, newer;
  batch.swap(batch_);
  batch_size_.store(0, std::memory_order_relaxed);
  newer.swap(messages_);
  for (auto& each : mail) enter(std::move(each));
  while (!batch.empty()) enter(batch.pop_front());
  while (!newer.empty()) enter(newer.pop_front());
  entered_ = entered;
  return {};
}

std::size_t mailbox::size() const {
  std::scoped_lock held{lock_};
  return in_box() + (waiting_ ? waiting_->size() : 0);
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
