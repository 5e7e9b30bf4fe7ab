#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "troupe/core/errc.hpp"

namespace troupe {

// Why an operation failed: a number for programs, a message for people. A value; copies are independent.
//
// The number is one of a module's `errc` (see errc.hpp for the ranges) and survives the wire; the name is known where
// the enum is, and is "unknown" for a number of another module that came from the wire.
class error {
 public:
  template <errc_enum E>
  error(E code, std::string message)
      : number_{static_cast<std::uint32_t>(code)}, name_{to_string(code)}, message_{std::move(message)} {}

  // From the wire. Core's own numbers get their names back.
  error(std::uint32_t number, std::string message);

  std::uint32_t number() const noexcept { return number_; }
  std::string_view name() const noexcept { return name_; }
  const std::string& message() const noexcept { return message_; }

  template <errc_enum E>
  bool is(E code) const noexcept {
    return number_ == static_cast<std::uint32_t>(code);
  }

  // "name (number): message", for logs and people.
  std::string describe() const;

  // Says where it happened: the message becomes "context: message".
  error& with_context(std::string_view context) &;
  error&& with_context(std::string_view context) &&;

  // What one who passes an error on in other words keeps of it. Both travel with the error, and say nothing about
  // equality.
  // The number of the error behind this one: "the agent failed, since the provider throttled it". 0: none.
  std::uint32_t cause_number() const noexcept { return cause_number_; }
  error& with_cause(std::uint32_t number) & noexcept {
    cause_number_ = number;
    return *this;
  }
  error&& with_cause(std::uint32_t number) && noexcept { return std::move(with_cause(number)); }
  // How long to wait before another try, if whoever failed said so. Never negative.
  std::optional<std::chrono::nanoseconds> retry_after() const noexcept {
    if (retry_after_ns_ < 0) return {};
    return std::chrono::nanoseconds{retry_after_ns_};
  }
  error& with_retry_after(std::optional<std::chrono::nanoseconds> wait) & noexcept {
    retry_after_ns_ = wait ? std::max<std::int64_t>(0, wait->count()) : -1;
    return *this;
  }
  error&& with_retry_after(std::optional<std::chrono::nanoseconds> wait) && noexcept {
    return std::move(with_retry_after(wait));
  }

  // Equal numbers and messages; the name follows from the number.
  friend bool operator==(const error& a, const error& b) noexcept {
    return a.number_ == b.number_ && a.message_ == b.message_;
  }
  friend std::ostream& operator<<(std::ostream& out, const error& e);

 private:
  std::uint32_t number_;
  std::uint32_t cause_number_ = 0;
  std::string_view name_;  // static lifetime
  std::string message_;
  std::int64_t retry_after_ns_ = -1;  // -1: nobody said
};

// An error turned into an exception, for where a result cannot be returned. What escapes an agent's turn goes to its
// supervisor. `what()` is the error's describe().
class failure : public std::runtime_error {
 public:
  explicit failure(troupe::error e);
  const troupe::error& error() const noexcept { return *error_; }

 private:
  std::shared_ptr<const troupe::error> error_;  // shared by copies of the exception, since copying one must not throw
};

template <class T>
class result;

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;
}  // namespace detail

// A T, or the error that says why there is none: the return type of everything that is expected to fail at times.
// A value: movable where T is, copyable where T is. Not shared between threads without a lock, as any value.
// value() throws `failure` when there is none; *, -> and error() assert that the caller has looked.
template <class T>
class [[nodiscard]] result {
  static_assert(std::is_object_v<T> && !std::same_as<T, troupe::error>, "result<T> holds an object that is no error");

 public:
  using value_type = T;

  // A value that merely converts to bool does not become a result<bool> by accident.
  template <class U = T>
  requires(std::constructible_from<T, U> && !detail::is_result<std::remove_cvref_t<U>> &&
           !std::same_as<std::remove_cvref_t<U>, troupe::error> &&
           (!std::same_as<T, bool> || std::same_as<std::remove_cvref_t<U>, bool>)) explicit(!std::convertible_to<U, T>)
      result(U&& value)
      : state_{std::in_place_index<0>, std::forward<U>(value)} {}

  result(troupe::error e) : state_{std::in_place_index<1>, std::move(e)} {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return checked(*this); }
  const T& value() const& { return checked(*this); }
  T&& value() && { return std::move(checked(*this)); }

  T& operator*() & noexcept { return *get(); }
  const T& operator*() const& noexcept { return *get(); }
  T&& operator*() && noexcept { return std::move(*get()); }
  T* operator->() noexcept { return get(); }
  const T* operator->() const noexcept { return get(); }

  const troupe::error& error() const& noexcept { return *get_error(); }
  troupe::error&& error() && noexcept { return std::move(*get_error()); }

  template <class U>
  T value_or(U&& otherwise) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(otherwise));
  }
  template <class U>
  T value_or(U&& otherwise) && {
    return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(otherwise));
  }

  // map: a function of the value that cannot fail (T -> U gives result<U>); and_then: one that can (T -> result<U>).
  // Neither calls it when there is an error, which is passed on.
  template <class F>
  auto map(F&& f) const& {
    return map_as(*this, std::forward<F>(f));
  }
  template <class F>
  auto map(F&& f) && {
    return map_as(std::move(*this), std::forward<F>(f));
  }
  template <class F>
  auto and_then(F&& f) const& {
    return then_as(*this, std::forward<F>(f));
  }
  template <class F>
  auto and_then(F&& f) && {
    return then_as(std::move(*this), std::forward<F>(f));
  }

  // The same result; an error also says where it happened.
  result with_context(std::string_view context) && {
    if (!has_value()) get_error()->with_context(context);
    return std::move(*this);
  }

  friend bool operator==(const result&, const result&) = default;

 private:
  T* get() noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }
  const T* get() const noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }
  troupe::error* get_error() noexcept {
    assert(!has_value());
    return std::get_if<1>(&state_);
  }
  const troupe::error* get_error() const noexcept {
    assert(!has_value());
    return std::get_if<1>(&state_);
  }
  template <class Self>
  static auto& checked(Self& self) {
    if (!self.has_value()) throw failure{self.error()};
    return *self.get();
  }
  template <class Self, class F>
  static auto map_as(Self&& self, F&& f);
  template <class Self, class F>
  static auto then_as(Self&& self, F&& f);

  std::variant<T, troupe::error> state_;
};

// Success without a value, or an error. Default-constructed: success.
template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  result() noexcept = default;
  result(troupe::error e) : error_{std::move(e)} {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (error_) throw failure{*error_};
  }
  void operator*() const noexcept { assert(has_value()); }
  const troupe::error& error() const& noexcept {
    assert(error_);
    return *error_;
  }
  troupe::error&& error() && noexcept {
    assert(error_);
    return std::move(*error_);
  }

  template <class F>
  auto map(F&& f) const {
    using U = std::invoke_result_t<F>;
    if (error_) return result<U>{*error_};
    if constexpr (std::is_void_v<U>) {
      std::invoke(std::forward<F>(f));
      return result<U>{};
    } else {
      return result<U>{std::invoke(std::forward<F>(f))};
    }
  }
  template <class F>
  auto and_then(F&& f) const {
    using R = std::invoke_result_t<F>;
    static_assert(detail::is_result<R>, "and_then takes a function that returns a result");
    return error_ ? R{*error_} : std::invoke(std::forward<F>(f));
  }

  result with_context(std::string_view context) && {
    if (error_) error_->with_context(context);
    return std::move(*this);
  }

  friend bool operator==(const result&, const result&) = default;

 private:
  std::optional<troupe::error> error_;
};

// Success, spelled out: `return ok();`
inline result<void> ok() noexcept { return {}; }

template <class T>
template <class Self, class F>
auto result<T>::map_as(Self&& self, F&& f) {
  using U = std::invoke_result_t<F, decltype(*std::forward<Self>(self))>;
  using R = result<std::remove_cvref_t<U>>;
  if (!self.has_value()) return R{std::forward<Self>(self).error()};
  if constexpr (std::is_void_v<U>) {
    std::invoke(std::forward<F>(f), *std::forward<Self>(self));
    return R{};
  } else {
    return R{std::invoke(std::forward<F>(f), *std::forward<Self>(self))};
  }
}

template <class T>
template <class Self, class F>
auto result<T>::then_as(Self&& self, F&& f) {
  using R = std::remove_cvref_t<std::invoke_result_t<F, decltype(*std::forward<Self>(self))>>;
  static_assert(detail::is_result<R>, "and_then takes a function that returns a result");
  if (!self.has_value()) return R{std::forward<Self>(self).error()};
  return R{std::invoke(std::forward<F>(f), *std::forward<Self>(self))};
}

}  // namespace troupe
