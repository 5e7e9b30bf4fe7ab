#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace troupe {

template <class T = void>
class task;

namespace actors {

// Hands control back to whoever awaits the finished coroutine; nobody does if it never waited.
struct final_awaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
    return finished.promise().continuation;
  }
  void await_resume() const noexcept {}
};

struct promise_base {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::exception_ptr exception;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct task_promise : promise_base {
  std::optional<T> value;

  task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (exception) std::rethrow_exception(std::exchange(exception, nullptr));
    return std::move(*value);
  }
};

template <>
struct task_promise<void> : promise_base {
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() {
    if (exception) std::rethrow_exception(std::exchange(exception, nullptr));
  }
};

}  // namespace actors

// A coroutine that gives a T when it is awaited: what an asynchronous handler returns, and what its helpers return to
// it. It starts when awaited, runs on the agent's thread of control, and passes exceptions to its awaiter. Destroying a
// task that is suspended destroys its locals: that is how a turn is cancelled. Owner: whoever holds it; movable,
// awaited at most once.
template <class T>
class [[nodiscard]] task {
 public:
  using promise_type = actors::task_promise<T>;
  using value_type = T;
  using handle = std::coroutine_handle<promise_type>;

  explicit task(handle coroutine) noexcept : coroutine_{coroutine} {}
  task(task&& other) noexcept : coroutine_{std::exchange(other.coroutine_, nullptr)} {}
  task& operator=(task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~task() {
    if (coroutine_) coroutine_.destroy();
  }

  auto operator co_await() && noexcept {
    struct awaiter {
      handle coroutine;
      bool await_ready() const noexcept { return false; }
      // A plain call instead of a symmetric transfer, which takes stack without optimisation and under sanitizers: a
      // loop over tasks that do not wait must not grow it.
      bool await_suspend(std::coroutine_handle<> caller) const {
        coroutine.resume();
        if (coroutine.done()) return false;
        coroutine.promise().continuation = caller;
        return true;
      }
      T await_resume() const { return coroutine.promise().take(); }
    };
    return awaiter{coroutine_};
  }

  // Gives the coroutine away; the caller destroys it. For the runtime.
  handle release() noexcept { return std::exchange(coroutine_, nullptr); }

 private:
  handle coroutine_;
};

namespace actors {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

}  // namespace actors

}  // namespace troupe
