#pragma once

#include <coroutine>
#include <cstdint>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/fwd.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/result.hpp>
#include <type_traits>
#include <utility>

namespace troupe {

namespace actors {

// An effect in progress, without its type: an index into the agent's effect table, given back on destruction.
class effect_handle {
 public:
  effect_handle(cell* owner, std::uint64_t id) noexcept : owner_{owner}, id_{id} {}
  effect_handle(effect_handle&& other) noexcept : owner_{std::exchange(other.owner_, nullptr)}, id_{other.id_} {}
  effect_handle& operator=(effect_handle&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~effect_handle() {
    if (owner_) abandon();
  }

  std::uint64_t id() const noexcept { return id_; }
  bool finished() const noexcept;
  void resume_when_finished(std::coroutine_handle<> waiting) const;
  result<message> take();

 private:
  void abandon() noexcept;

  cell* owner_;
  std::uint64_t id_;
};

// What waits for an effect; with what comes out of it, one of the two awaiters of `effect`.
struct effect_awaiter {
  effect_handle handle;
  bool await_ready() const noexcept { return handle.finished(); }
  void await_suspend(std::coroutine_handle<> waiting) const { handle.resume_when_finished(waiting); }
};

template <class T>
result<T> typed_reply(result<message> reply) {
  if (!reply) return reply.error();
  if constexpr (std::is_void_v<T>) {
    return {};
  } else if constexpr (std::is_same_v<T, done>) {
    return done{};
  } else {
    if (reply->template get_if<T>()) return reply->template take<T>();
    auto decoded = reply->decoded(*message_type_of<T>());  // it came as bytes, or is something else
    if (!decoded) return std::move(decoded).error();
    return decoded->template take<T>();
  }
}

}  // namespace actors

// An effect that has begun (a question, a timer, a piece of blocking work, a spawn) and whose result is a T. Awaiting
// it gives the T, or throws `failure` with the error; `co_await effect.as_result()` gives a result<T> instead. Several
// effects begun before the first is awaited run at the same time. Destroying one that was not awaited gives it up: its
// answer is ignored. Belongs to the turn that made it and must not outlive it.
template <class T>
class [[nodiscard]] effect {
 public:
  explicit effect(actors::effect_handle handle) noexcept : handle_{std::move(handle)} {}

  // Leaves this object empty, as `as_result` does.
  auto operator co_await() noexcept {
    struct awaiter : actors::effect_awaiter {
      T await_resume() {
        auto reply = actors::typed_reply<T>(handle.take());
        if (!reply) throw failure{std::move(reply).error()};
        if constexpr (!std::is_void_v<T>) return std::move(*reply);
      }
    };
    return awaiter{std::move(handle_)};
  }

  // The same effect, whose failure is a value instead of an exception.
  auto as_result() noexcept {
    struct awaiter : actors::effect_awaiter {
      result<T> await_resume() { return actors::typed_reply<T>(handle.take()); }
    };
    return awaiter{std::move(handle_)};
  }

 private:
  actors::effect_handle handle_;
};

// An effect that was begun with a temporary that owns memory, and that therefore has to be named before it is awaited:
//
//   auto asking = now.ask(doctor, question{text});
//   auto answer = co_await asking;  // or, in one expression: co_await now.ask<question>(doctor, text)
//
// g++ before 15 copies a brace-initialised temporary (an aggregate, a lambda with captures) bit by bit if it stands in
// the same expression as co_await: a std::string in it is freed twice. This type makes that an error of the compiler
// instead, as far as the types of the arguments tell: not for one inside of another temporary, one that is handed to a
// coroutine of your own, or one that is built around the co_await: `co_return answer{(co_await asking).text}`.
template <class T>
class [[nodiscard]] named_effect : private effect<T> {
 public:
  using effect<T>::effect;
  auto operator co_await() & noexcept { return effect<T>::operator co_await(); }
  auto as_result() & noexcept { return effect<T>::as_result(); }

  template <class U = T>
  auto operator co_await() && {
    static_assert(!std::is_same_v<U, T>,
                  "name the effect, then co_await it; or let the runtime build the message: co_await "
                  "now.ask<question>(to, fields...). "
                  "g++ before 15 corrupts brace-initialised temporaries in the same expression as co_await");
    return effect<U>::operator co_await();
  }
};

// An effect that happens whether it is awaited or not, and that may therefore be a statement of its own.
template <class Effect>
class begun final : public Effect {
 public:
  using Effect::Effect;
};

namespace actors {

// What an effect function returns that takes an Argument&&: a temporary is harmless if it can be copied bit by bit.
template <class T, class Argument>
using effect_of = std::conditional_t<std::is_lvalue_reference_v<Argument> ||
                                         std::is_trivially_copyable_v<std::remove_cvref_t<Argument>>,
                                     effect<T>, named_effect<T>>;

// Whether that bug spoils a temporary of this type, as far as a type can tell: an aggregate or a lambda with captures
// that own memory. Strings and what else is made by a constructor are safe.
template <class T, class Value = std::remove_cvref_t<T>>
concept spoilt_as_temporary =
    !std::is_lvalue_reference_v<T> && !std::is_trivially_copyable_v<Value> &&
    (std::is_aggregate_v<Value> || (requires { &Value::operator(); } && !std::is_default_constructible_v<Value>));

// What an effect function returns that builds something from fields.
template <class T, class... Fields>
using effect_of_fields = std::conditional_t<(spoilt_as_temporary<Fields> || ...), named_effect<T>, effect<T>>;

}  // namespace actors

}  // namespace troupe
