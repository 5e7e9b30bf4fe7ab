#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <stop_token>
#include <troupe/actors/message.hpp>
#include <type_traits>
#include <utility>

// Functions whose results are effects: turn::run and turn::once.

namespace troupe::actors {

template <class F>
concept blocking_work = std::invocable<F> || std::invocable<F, std::stop_token>;
template <class F>
struct blocking_result : std::invoke_result<F> {};
template <class F>
requires std::invocable<F, std::stop_token>
struct blocking_result<F> : std::invoke_result<F, std::stop_token> {
};

// What a call gives, as a message; an empty one, if that is nothing.
template <class R, class F>
message as_message(F&& call) {
  if constexpr (std::is_void_v<R>) {
    call();
    return {};
  } else {
    return message::of<R>(call());
  }
}

// The function as work for a thread of the pool.
template <class R, class F>
std::function<message(std::stop_token)> as_work(F&& work) {
  using work_type = std::remove_cvref_t<F>;
  return [work = std::make_shared<work_type>(std::forward<F>(work))](std::stop_token stop) {
    return as_message<R>([&]() -> R {
      if constexpr (std::invocable<work_type&, std::stop_token>)
        return (*work)(std::move(stop));
      else
        return (*work)();
    });
  };
}

}  // namespace troupe::actors
