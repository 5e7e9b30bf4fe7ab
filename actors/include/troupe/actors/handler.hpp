#pragma once

#include <concepts>
#include <coroutine>
#include <troupe/actors/fwd.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/actors/task.hpp>
#include <troupe/core/result.hpp>
#include <type_traits>
#include <utility>

// How a handler of any permitted shape becomes one thing that the runtime can call. Users meet this only through
// agent::on.

namespace troupe::actors {

// A handler that was called: done already (its reply is here), or a coroutine that waits to be resumed. Owns the
// coroutine.
class invocation {
 public:
  invocation() noexcept = default;
  explicit invocation(result<message> reply) : reply_{std::move(reply)} {}
  template <class T>
  explicit invocation(task<T> coroutine) noexcept
      : coroutine_{coroutine.release()},
        take_{[](std::coroutine_handle<> handle) {
          return reply_of([&]() -> T { return promise_of<T>(handle).take(); });
        }},
        failed_{[](std::coroutine_handle<> handle) noexcept { return promise_of<T>(handle).exception != nullptr; }} {}
  invocation(invocation&& other) noexcept
      : coroutine_{std::exchange(other.coroutine_, nullptr)},
        take_{other.take_},
        failed_{other.failed_},
        reply_{std::move(other.reply_)} {}
  invocation& operator=(invocation&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    std::swap(take_, other.take_);
    std::swap(failed_, other.failed_);
    std::swap(reply_, other.reply_);
    return *this;
  }
  ~invocation() { cancel(); }

  std::coroutine_handle<> coroutine() const noexcept { return coroutine_; }
  bool done() const { return !coroutine_ || coroutine_.done(); }
  // Of one that is done: whether `take` would throw.
  bool failed() const noexcept { return coroutine_ && failed_(coroutine_); }
  // The reply of a handler that is done. Throws what the handler threw.
  result<message> take() { return coroutine_ ? take_(coroutine_) : std::move(reply_); }
  void cancel() noexcept {
    if (coroutine_) std::exchange(coroutine_, nullptr).destroy();
  }

  // Calls and turns what comes back into a reply: a value, nothing, or an expected failure (result<T>).
  template <class F>
  static result<message> reply_of(F&& call) {
    using R = std::invoke_result_t<F>;
    if constexpr (std::is_void_v<R>) {
      call();
      return message{};  // done
    } else if constexpr (is_result<R>::value) {
      auto outcome = call();
      if (!outcome) return std::move(outcome.error());
      if constexpr (std::is_void_v<typename R::value_type>)
        return message{};
      else if constexpr (std::is_same_v<typename R::value_type, message>)
        return std::move(*outcome);
      else
        return message::of(std::move(*outcome));
    } else {
      return message::of(call());
    }
  }

 private:
  template <class T>
  struct is_result : std::false_type {};
  template <class T>
  struct is_result<result<T>> : std::true_type {};

  template <class T>
  static task_promise<T>& promise_of(std::coroutine_handle<> handle) noexcept {
    return std::coroutine_handle<task_promise<T>>::from_address(handle.address()).promise();
  }

  std::coroutine_handle<> coroutine_;
  result<message> (*take_)(std::coroutine_handle<>) = nullptr;
  bool (*failed_)(std::coroutine_handle<>) noexcept = nullptr;
  result<message> reply_{message{}};
};

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<task<T>> : std::true_type {};

// One handler: which type of message it takes, and how to call it.
class handler_base {
 public:
  explicit handler_base(const message_type* type) noexcept : type_{type} {}
  virtual ~handler_base() = default;
  const message_type* type() const noexcept { return type_; }
  // `keep` holds the message alive for handlers that take a reference. Throws what a plain handler throws.
  virtual invocation call(agent& self, message what, message& keep, turn& now) = 0;

 private:
  const message_type* type_;
};

// The argument and result types of a handler: M (or const M&), optionally followed by turn&.
template <class F>
struct handler_shape;
template <class R, class M>
struct handler_shape<R(M)> {
  using argument = M;
  using returned = R;
  static constexpr bool takes_turn = false;
};
template <class R, class M>
struct handler_shape<R(M, turn&)> {
  using argument = M;
  using returned = R;
  static constexpr bool takes_turn = true;
};
template <class C, class R, class... Args>
struct handler_shape<R (C::*)(Args...)> : handler_shape<R(Args...)> {};
template <class C, class R, class... Args>
struct handler_shape<R (C::*)(Args...) const> : handler_shape<R(Args...)> {};
template <class C, class R, class... Args>
struct handler_shape<R (C::*)(Args...) noexcept> : handler_shape<R(Args...)> {};
template <class C, class R, class... Args>
struct handler_shape<R (C::*)(Args...) const noexcept> : handler_shape<R(Args...)> {};
template <class F>
requires requires { &F::operator(); }
struct handler_shape<F> : handler_shape<decltype(&F::operator())> {};

// What a handler's return type answers: task<> and result<> are taken off.
template <class R>
struct answered {
  using type = R;
};
template <>
struct answered<done> {
  using type = void;
};
template <class R>
struct answered<task<R>> : answered<R> {};
template <class R>
struct answered<result<R>> : answered<R> {};

template <class F>
class handler final : public handler_base {
  using shape = handler_shape<F>;
  using argument = typename shape::argument;
  using value = std::remove_cvref_t<argument>;
  using returned = typename shape::returned;
  static_assert(message_value<value>, "a handler's first argument must be a message: see TROUPE_MESSAGE");
  static_assert(!std::is_lvalue_reference_v<argument> || std::is_const_v<std::remove_reference_t<argument>>,
                "messages are immutable: take them by value or by const reference");
  static_assert(std::is_void_v<reply_of_t<value>> ||
                    std::is_same_v<typename answered<reply_of_t<value>>::type, typename answered<returned>::type>,
                "a handler must return the reply_type of the message it takes (or a task or result of it)");

 public:
  explicit handler(F function) : handler_base{message_type_of<value>()}, function_{std::move(function)} {}

  invocation call(agent& self, message what, message& keep, turn& now) override {
    const auto invoke = [&]() -> returned {
      if constexpr (std::is_reference_v<argument>) {
        keep = std::move(what);
        return apply(self, *keep.template get_if<value>(), now);
      } else {
        return apply(self, what.template take<value>(), now);
      }
    };
    if constexpr (is_task<returned>::value)
      return invocation{invoke()};
    else
      return invocation{invocation::reply_of(invoke)};
  }

 private:
  template <class Argument>
  returned apply(agent& self, Argument&& argument_value, turn& now) {
    if constexpr (std::is_member_function_pointer_v<F>) {
      auto& object = static_cast<typename class_of<F>::type&>(self);
      if constexpr (shape::takes_turn)
        return (object.*function_)(std::forward<Argument>(argument_value), now);
      else
        return (object.*function_)(std::forward<Argument>(argument_value));
    } else if constexpr (shape::takes_turn) {
      return function_(std::forward<Argument>(argument_value), now);
    } else {
      return function_(std::forward<Argument>(argument_value));
    }
  }

  template <class P>
  struct class_of;
  template <class C, class S>
  struct class_of<S C::*> {
    using type = C;
  };

  F function_;
};

}  // namespace troupe::actors
