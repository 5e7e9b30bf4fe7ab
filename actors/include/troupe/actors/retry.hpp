#pragma once

#include <concepts>
#include <string_view>
#include <troupe/actors/circuit_breaker.hpp>
#include <troupe/actors/effect.hpp>
#include <troupe/actors/fault_policy.hpp>
#include <troupe/actors/task.hpp>
#include <troupe/actors/turn.hpp>
#include <type_traits>
#include <utility>

// Effects that are tried again, and effects behind a circuit breaker, inside of a handler. Both take a function that
// begins the effect: it returns an effect or a task, and is called once for each try. On the agent's thread of control.

namespace troupe {

namespace actors {

template <class T>
struct begun_value {};
template <class T>
struct begun_value<effect<T>> {
  using type = T;
};
template <class T>
struct begun_value<named_effect<T>> {
  using type = T;
};
template <class T>
struct begun_value<task<T>> {
  using type = T;
};
// What comes out of what a function begins.
template <class F>
using begun_value_t = typename begun_value<std::invoke_result_t<F&>>::type;

// A temporary that is handed to a coroutine has to survive g++ 12: see named_effect.
template <class F>
concept safe_beginning = !spoilt_as_temporary<F> && requires {
  typename begun_value_t<std::remove_cvref_t<F>>;
};

// Begins and waits; a failure becomes a value. Other exceptions are bugs, and pass.
template <class F>
task<result<begun_value_t<F>>> outcome_of_begun(F& begin) {
  using T = begun_value_t<F>;
  try {
    auto begun = begin();
    if constexpr (requires { begun.as_result(); }) {
      co_return co_await begun.as_result();
    } else if constexpr (std::is_void_v<T>) {
      co_await std::move(begun);
      co_return result<void>{};
    } else {
      co_return result<T>{co_await std::move(begun)};
    }
  } catch (const failure& f) {
    co_return result<T>{f.error()};
  }
}

template <class T>
T value_or_throw(result<T>& outcome) {
  if (!outcome) throw failure{std::move(outcome).error()};
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

// How long to wait before the try after the `failed`th failure; nullopt: it is final.
std::optional<duration> delay_before_retry(turn& now, const retry_policy& policy, int failed, const error& why);

template <class F>
task<begun_value_t<F>> retry_loop(turn& now, retry_policy policy, F begin) {
  for (int failed = 1;; ++failed) {
    auto trying = outcome_of_begun(begin);
    auto outcome = co_await std::move(trying);
    if (outcome) co_return value_or_throw(outcome);
    const auto delay = delay_before_retry(now, policy, failed, outcome.error());
    if (!delay) co_return value_or_throw(outcome);
    co_await now.sleep(*delay);
  }
}

template <class F>
task<begun_value_t<F>> guarded_call(turn& now, circuit_breaker& breaker, F begin) {
  decltype(breaker.enter()) entered{error{errc::internal, "not entered"}};
  co_await now.once([&] {
    entered = breaker.enter();
    if (!entered) throw failure{entered.error()};
  });
  auto trying = outcome_of_begun(begin);
  auto outcome = co_await std::move(trying);
  if (entered) {  // a turn that is resumed went through in an earlier life
    if (outcome)
      entered->succeeded();
    else
      entered->failed(outcome.error());
  }
  co_return value_or_throw(outcome);
}

}  // namespace actors

// Begins an effect again when it fails with one of policy.faults, after the delay that the failure came with
// (error::retry_after) or that the policy gives, as long as the next try begins before the turn's deadline. Throws the
// last failure.
//
//   auto text = co_await retry(now, {.attempts = 4}, [&] { return now.ask<prompt>(openai, words); });
//
// The function may capture by reference what the handler owns. One that captures values with memory of their own has to
// be named first: `auto begin = [words] {...}; co_await retry(now, {}, begin);`.
template <class F>
task<actors::begun_value_t<std::remove_cvref_t<F>>> retry(turn& now, const retry_policy& policy, F&& begin) {
  static_assert(actors::safe_beginning<F>, "name the function first: g++ 12 corrupts it in the expression of co_await");
  return actors::retry_loop<std::remove_cvref_t<F>>(now, policy, std::forward<F>(begin));
}

// Begins an effect unless the breaker is open, and tells the breaker how it ended. Throws the effect's failure, or
// circuit_open with the time left as its retry_after.
//
//   co_await retry(now, {}, [&] { return guarded(now, "openai", [&] { return now.ask<prompt>(openai, words); }); });
template <class F>
task<actors::begun_value_t<std::remove_cvref_t<F>>> guarded(turn& now, std::string_view breaker, F&& begin) {
  static_assert(actors::safe_beginning<F>, "name the function first: g++ 12 corrupts it in the expression of co_await");
  return actors::guarded_call<std::remove_cvref_t<F>>(now, now.breaker(breaker), std::forward<F>(begin));
}

}  // namespace troupe
