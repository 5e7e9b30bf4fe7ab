#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace troupe::actors {

// First in, first out, in linked blocks of `Smallest` to 64 items: growth moves nothing, what was taken is given back,
// and an empty queue that was never used has no memory. The last block is kept when it is empty; `release` gives it
// back. Not copyable; swapping costs nothing. Threads: one at a time.
template <class T, std::uint32_t Smallest = 2>
class block_queue {
 public:
  block_queue() noexcept = default;
  block_queue(const block_queue&) = delete;
  block_queue& operator=(const block_queue&) = delete;
  ~block_queue() {
    clear();
    release();
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& front() noexcept { return *first_->at(first_->begin); }
  const T& front() const noexcept { return *first_->at(first_->begin); }

  void push_back(T&& item) {
    if (!last_ || last_->end == last_->capacity) append_block();
    new (last_->at(last_->end)) T{std::move(item)};
    ++last_->end;
    ++size_;
  }

  T pop_front() {
    T taken{std::move(front())};
    drop_front();
    return taken;
  }
  void pop_front_into(T& out) {
    out = std::move(front());
    drop_front();
  }

  // Takes the first item for which `wanted` holds, if there is one, into `out`. The others keep their order.
  template <class F>
  bool take_first(F&& wanted, T& out) {
    for (block* in = first_; in; in = in->next)
      for (std::uint32_t i = in->begin; i != in->end; ++i)
        if (wanted(std::as_const(*in->at(i)))) {
          out = std::move(*in->at(i));
          close_gap(in->at(i));
          return true;
        }
    return false;
  }

  void clear() noexcept {
    while (!empty()) drop_front();
  }
  // Gives back the memory of an empty queue, if it is for more than `kept` items.
  bool can_release(std::size_t kept) const noexcept { return last_ && empty() && last_->capacity > kept; }
  void release(std::size_t kept = 0) noexcept {
    if (!can_release(kept)) return;
    free(std::exchange(last_, nullptr));
    first_ = nullptr;
  }
  void swap(block_queue& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    std::swap(size_, other.size_);
  }

 private:
  static constexpr std::uint32_t largest = 64;

  // The items follow it in the same piece of memory.
  struct block {
    block* next = nullptr;
    std::uint32_t capacity = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    T* at(std::uint32_t i) noexcept { return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(this) + offset) + i; }
  };
  static constexpr std::size_t offset = (sizeof(block) + alignof(T) - 1) / alignof(T) * alignof(T);
  static_assert(alignof(T) <= alignof(std::max_align_t));

  void drop_front() noexcept {
    block& from = *first_;
    std::destroy_at(from.at(from.begin));
    ++from.begin;
    --size_;
    if (from.begin != from.end) return;
    if (first_ == last_) {
      from.begin = from.end = 0;
    } else {
      first_ = from.next;
      free(&from);
    }
  }

  // Moves everything in front of `gap` one place back, and gives up the place in front.
  void close_gap(T* gap) {
    T carried{};
    for (block* in = first_; in; in = in->next)
      for (std::uint32_t i = in->begin; i != in->end; ++i) {
        std::swap(carried, *in->at(i));
        if (in->at(i) == gap) return drop_front();
      }
  }

  void append_block() {
    const std::uint32_t capacity = last_ ? std::min(last_->capacity * 2, largest) : Smallest;
    auto* fresh = new (::operator new(offset + capacity * sizeof(T))) block{.capacity = capacity};
    (last_ ? last_->next : first_) = fresh;
    last_ = fresh;
  }
  static void free(block* unused) noexcept { ::operator delete(unused); }

  block* first_ = nullptr;
  block* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace troupe::actors
