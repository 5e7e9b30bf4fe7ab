#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <troupe/core/result.hpp>
#include <troupe/net/codec.hpp>
#include <type_traits>
#include <utility>

namespace troupe {

class message;

namespace actors {
class payload_base;
}

// What the runtime knows of a type of message: one object per C++ type, compared by address.
struct message_type {
  std::string_view name;
  // Whether two values of this type are equal; null for a type without ==.
  bool (*equal)(const actors::payload_base&, const actors::payload_base&) = nullptr;
  // To MessagePack (appended) and back; null for a type whose messages cannot leave their process.
  result<void> (*encode)(const actors::payload_base& from, std::string& out) = nullptr;
  result<message> (*decode)(std::string_view bytes, std::shared_ptr<const void> context) = nullptr;
  // See net::shape_of; 0 where that is not known.
  std::uint32_t shape = 0;
  bool encoded = false;  // of a message that is there as bytes
};

// A type that may be sent: a copyable value with a name, given by TROUPE_MESSAGE or TROUPE_LOCAL_MESSAGE.
template <class T>
concept message_value = std::copy_constructible<T> && requires {
  { T::troupe_message_name } -> std::convertible_to<std::string_view>;
};

// What comes back when an M is asked: its nested reply_type, or nothing but the fact that it was handled.
template <class M>
struct reply_of {
  using type = void;
};
template <class M>
requires requires { typename M::reply_type; }
struct reply_of<M> {
  using type = typename M::reply_type;
};
template <class M>
using reply_of_t = typename reply_of<std::remove_cvref_t<M>>::type;

namespace actors {

template <class T>
constexpr std::string_view name_of_message() {
  if constexpr (message_value<T>)
    return T::troupe_message_name;
  else
    return "value";
}

template <class T>
constexpr auto equal_of_message() noexcept -> bool (*)(const payload_base&, const payload_base&);
template <class T>
result<void> encode_payload(const payload_base& from, std::string& out);
template <class T>
result<message> decode_payload(std::string_view bytes, std::shared_ptr<const void> context);

template <class T>
constexpr message_type make_message_type() {
  if constexpr (net::packable<T> && !std::is_same_v<T, error>)  // there is no result<error>
    return {name_of_message<T>(), equal_of_message<T>(), &encode_payload<T>, &decode_payload<T>, net::shape_of<T>};
  else
    return {name_of_message<T>(), equal_of_message<T>()};
}

template <class T>
inline constexpr message_type type_object = make_message_type<T>();

// Shared, immutable storage of one message.
class payload_base {
 public:
  explicit payload_base(const message_type* type) noexcept : type_{type} {}
  payload_base(const payload_base&) = delete;
  payload_base& operator=(const payload_base&) = delete;
  virtual ~payload_base() = default;

  const message_type* type() const noexcept { return type_; }
  void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (unique() || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  bool unique() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

 private:
  const message_type* type_;
  std::atomic<std::uint32_t> references_{1};
};

template <class T>
class payload final : public payload_base {
 public:
  template <class... Args>
  explicit payload(Args&&... args) : payload_base{&type_object<T>}, value(std::forward<Args>(args)...) {}
  T value;
};

// Containers say that they can be compared when their elements cannot: only a message's own == is asked for.
template <class T>
constexpr auto equal_of_message() noexcept -> bool (*)(const payload_base&, const payload_base&) {
  if constexpr (message_value<T> && std::equality_comparable<T>)
    return [](const payload_base& a, const payload_base& b) {
      return static_cast<const payload<T>&>(a).value == static_cast<const payload<T>&>(b).value;
    };
  else
    return nullptr;
}

}  // namespace actors

// The address that identifies T among messages.
template <class T>
const message_type* message_type_of() noexcept {
  return &actors::type_object<T>;
}

// A message of any type: immutable and shared, so that passing it on inside a node costs a reference count. Threads may
// share one freely. Empty after default construction and after a move.
//
// One that came from another process is there as bytes (`encoded`). Whoever takes it knows its type and decodes it
// there: the handler of that name, or whoever asked and waits for a reply.
class message {
 public:
  message() noexcept = default;
  message(const message& other) noexcept : payload_{other.payload_} {
    if (payload_) payload_->add_ref();
  }
  message(message&& other) noexcept : payload_{std::exchange(other.payload_, nullptr)} {}
  message& operator=(message other) noexcept {
    std::swap(payload_, other.payload_);
    return *this;
  }
  ~message() {
    if (payload_) payload_->release();
  }

  // Wraps a value. Any movable type will do inside a node; what crosses nodes is a message_value.
  template <class T>
  static message of(T value) {
    message wrapped;
    wrapped.payload_ = new actors::payload<T>{std::move(value)};
    return wrapped;
  }

  // A message of a type that is called so, as `encode` gave its bytes. `context` is what references in it are about:
  // the runtime (as a shared_ptr<actors::runtime>). Without a name and bytes: an empty message. Names are cut after 256
  // bytes: they end up in dead letters.
  static message encoded(std::string type_name, std::string bytes, std::shared_ptr<const void> context = {});

  bool empty() const noexcept { return payload_ == nullptr; }
  bool is_encoded() const noexcept { return payload_ && payload_->type()->encoded; }
  // Precondition: is_encoded(). Valid as long as this message.
  const std::string& bytes() const noexcept;
  // As MessagePack; nothing for an empty message. Fails with local_message for one that cannot leave its process, and
  // with bad_message for a value that cannot be packed (a time that does not fit, more than 2^32 items).
  result<std::string> encode() const;
  // This message as one of that type. Fails with unexpected_reply if it has another, and with bad_message if the bytes
  // do not hold what the type needs or the type is local.
  result<message> decoded(const message_type& as) const;
  template <std::copy_constructible T>
  result<T> decoded() const {
    auto value = decoded(actors::type_object<T>);
    if (!value) return std::move(value).error();
    return value->template take<T>();
  }

  const message_type* type() const noexcept { return payload_ ? payload_->type() : nullptr; }
  std::string_view type_name() const noexcept { return payload_ ? payload_->type()->name : std::string_view{}; }

  // Whether both are the same object, or hold equal values of one type that has ==.
  bool same_as(const message& other) const {
    if (payload_ == other.payload_) return true;
    if (is_encoded() && other.is_encoded()) return type_name() == other.type_name() && bytes() == other.bytes();
    if (type() == nullptr || type() != other.type() || !type()->equal) return false;
    return type()->equal(*payload_, *other.payload_);
  }

  // The value, if it is a T; nullptr otherwise. Valid as long as this message.
  template <class T>
  const T* get_if() const noexcept {
    if (type() != message_type_of<T>()) return nullptr;
    return &static_cast<const actors::payload<T>*>(payload_)->value;
  }

  // The value out of a message that holds a T: moved if nobody else shares it, copied otherwise. Leaves this message
  // empty.
  template <class T>
  T take() {
    message last{std::move(*this)};
    T& value = static_cast<actors::payload<T>*>(last.payload_)->value;
    if constexpr (std::copy_constructible<T>) {
      if (!last.payload_->unique()) return static_cast<const T&>(value);
    }
    return std::move(value);
  }

 private:
  actors::payload_base* payload_ = nullptr;
};

namespace actors {

template <class T>
result<void> encode_payload(const payload_base& from, std::string& out) {
  return net::append(out, static_cast<const payload<T>&>(from).value);
}

template <class T>
result<message> decode_payload(std::string_view bytes, std::shared_ptr<const void> context) {
  auto value = net::decode<T>(bytes, {}, std::move(context));
  if (!value) return std::move(value).error();
  return message::of(std::move(*value));
}

}  // namespace actors

// A message as a field of another: [name of the type, bytes]. It comes back encoded; an empty one is nil.
template <>
struct net::codec<message> {
  static constexpr bool may_be_nil = true;
  static void pack(packer& out, const message& from);
  static result<void> unpack(const value& from, message& into);
};

}  // namespace troupe

// TROUPE_MESSAGE(type, fields...), inside a struct, makes it a message: it gets a name, equality, and a visitor over
// its fields (troupe_visit(object, f) calls f(name, field) in order), from which codecs are made. Up to 64 fields,
// every one of them comparable:
//
//   struct answer   { std::string text;  TROUPE_MESSAGE(answer, text) };
//   struct question { std::string text;  using reply_type = answer;  TROUPE_MESSAGE(question, text) };
//
// reply_type is what whoever asks gets back, and what every handler of a question must return. Without one, asking
// waits until the message was handled.
#define TROUPE_MESSAGE(Type, ...)                                                                                 \
  static constexpr std::string_view troupe_message_name = #Type;                                                  \
  template <class TroupeSelf, class TroupeVisitor>                                                                \
  static constexpr void troupe_visit([[maybe_unused]] TroupeSelf& self, [[maybe_unused]] TroupeVisitor&& visit) { \
    TROUPE_DETAIL_EACH(TROUPE_DETAIL_VISIT, __VA_ARGS__)                                                          \
  }                                                                                                               \
  friend bool operator==(const Type&, const Type&) = default;

// A message that never leaves its node: only a name. Its members may be anything that can be copied.
#define TROUPE_LOCAL_MESSAGE(Type) static constexpr std::string_view troupe_message_name = #Type;

#define TROUPE_DETAIL_VISIT(field) visit(std::string_view{#field}, self.field);
#define TROUPE_DETAIL_PARENS ()
#define TROUPE_DETAIL_EXPAND(...) \
  TROUPE_DETAIL_EXPAND3(TROUPE_DETAIL_EXPAND3(TROUPE_DETAIL_EXPAND3(TROUPE_DETAIL_EXPAND3(__VA_ARGS__))))
#define TROUPE_DETAIL_EXPAND3(...) \
  TROUPE_DETAIL_EXPAND2(TROUPE_DETAIL_EXPAND2(TROUPE_DETAIL_EXPAND2(TROUPE_DETAIL_EXPAND2(__VA_ARGS__))))
#define TROUPE_DETAIL_EXPAND2(...) \
  TROUPE_DETAIL_EXPAND1(TROUPE_DETAIL_EXPAND1(TROUPE_DETAIL_EXPAND1(TROUPE_DETAIL_EXPAND1(__VA_ARGS__))))
#define TROUPE_DETAIL_EXPAND1(...) __VA_ARGS__
#define TROUPE_DETAIL_EACH(macro, ...) __VA_OPT__(TROUPE_DETAIL_EXPAND(TROUPE_DETAIL_STEP(macro, __VA_ARGS__)))
#define TROUPE_DETAIL_STEP(macro, first, ...) \
  macro(first) __VA_OPT__(TROUPE_DETAIL_AGAIN TROUPE_DETAIL_PARENS(macro, __VA_ARGS__))
#define TROUPE_DETAIL_AGAIN() TROUPE_DETAIL_STEP

namespace troupe {

// Nothing but the fact that it was done. A handler that returns nothing is answered by an empty message, which means
// the same.
struct done {
  TROUPE_MESSAGE(done)
};

}  // namespace troupe
