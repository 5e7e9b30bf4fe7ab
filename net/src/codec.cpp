#include <cmath>
#include <cstring>
#include <troupe/net/codec.hpp>

namespace troupe::net {

// -- errors -----------------------------------------------------------------------------------------------------------

error wrong_type(const value& got, std::string_view expected) {
  return {net_errc::wrong_type, "expected " + std::string{expected} + ", got " + std::string{to_string(got.kind())}};
}

error wrong_size(const value& got, std::size_t size) {
  if (const auto bytes = got.binary())
    return {net_errc::wrong_size, "expected " + std::to_string(size) + " bytes, got " + std::to_string(bytes->size())};
  return {net_errc::wrong_size, "expected " + std::to_string(size) + " items, got " + std::to_string(got.size())};
}

error at_step(error what, std::string_view step) {
  std::string text{step};
  const std::string& inside = what.message();
  if (inside.empty() || std::string_view{".[ "}.find(inside.front()) == std::string_view::npos) text += ": ";
  text += inside;
  constexpr std::uint32_t first = 2000, end = 3000;  // net's own numbers keep their names
  if (what.number() >= first && what.number() < end) return {static_cast<net_errc>(what.number()), std::move(text)};
  return {what.number(), std::move(text)};
}

error at_item(error what, std::size_t index) { return at_step(std::move(what), "[" + std::to_string(index) + "]"); }

// -- numbers ----------------------------------------------------------------------------------------------------------

namespace detail {

namespace {

error number_out_of_range(const value& from) {
  const auto natural = from.as_uint();
  return {net_errc::out_of_range,
          (natural ? std::to_string(*natural) : std::to_string(from.as_int().value_or(0))) + " does not fit"};
}

}  // namespace

result<std::int64_t> read_integer(const value& from, std::int64_t least, std::int64_t most) {
  if (from.kind() != value_kind::integer) return wrong_type(from, "an integer");
  const auto number = from.as_int();
  if (!number || *number < least || *number > most) return number_out_of_range(from);
  return *number;
}

result<std::uint64_t> read_natural(const value& from, std::uint64_t most) {
  if (from.kind() != value_kind::integer) return wrong_type(from, "an integer");
  const auto number = from.as_uint();
  if (!number || *number > most) return number_out_of_range(from);
  return *number;
}

result<double> read_real(const value& from, double most) {
  const auto number = from.as_double();
  if (!number) return wrong_type(from, "a number");
  if (std::isfinite(*number) && std::abs(*number) > most)
    return error{net_errc::out_of_range, std::to_string(*number) + " does not fit"};
  return *number;
}

std::optional<std::int64_t> scaled(std::int64_t value, std::intmax_t numerator, std::intmax_t denominator) noexcept {
  __extension__ using wide = __int128;
  const wide exact = static_cast<wide>(value) * numerator / denominator;
  if (exact < std::numeric_limits<std::int64_t>::min() || exact > std::numeric_limits<std::int64_t>::max()) return {};
  return static_cast<std::int64_t>(exact);
}

error time_out_of_range() { return {net_errc::out_of_range, "the time does not fit"}; }

// -- containers -------------------------------------------------------------------------------------------------------

result<void> open_array(const value& from, std::size_t item_size_bytes, std::optional<std::size_t> size) {
  if (from.kind() != value_kind::array) return wrong_type(from, "an array");
  if (size && from.size() != *size) return wrong_size(from, *size);
  return from.charge(from.size() * item_size_bytes);
}

result<void> open_map(const value& from, std::size_t entry_size_bytes) {
  if (from.kind() != value_kind::map) return wrong_type(from, "a map");
  return from.charge(from.size() * entry_size_bytes);
}

result<std::string_view> read_binary(const value& from) {
  if (const auto bytes = from.binary()) return *bytes;
  return wrong_type(from, "a binary");
}

error duplicate_key() { return {net_errc::duplicate_key, "is there twice"}; }

}  // namespace detail

// -- single values ----------------------------------------------------------------------------------------------------

result<void> codec<bool>::unpack(const value& from, bool& into) {
  const auto truth = from.as_bool();
  if (!truth) return wrong_type(from, "a boolean");
  into = *truth;
  return ok();
}

result<void> codec<double>::unpack(const value& from, double& into) {
  const auto number = detail::read_real(from, std::numeric_limits<double>::max());
  if (!number) return number.error();
  into = *number;
  return ok();
}

result<void> codec<float>::unpack(const value& from, float& into) {
  const auto number = detail::read_real(from, std::numeric_limits<float>::max());
  if (!number) return number.error();
  into = static_cast<float>(*number);
  return ok();
}

result<void> codec<std::string>::unpack(const value& from, std::string& into) {
  const auto bytes = from.text();
  if (!bytes) return wrong_type(from, "a text");
  into = *bytes;
  return ok();
}

result<void> codec<std::monostate>::unpack(const value& from, std::monostate&) {
  if (!from.is_nil()) return wrong_type(from, "nil");
  return ok();
}

result<void> codec<path>::unpack(const value& from, path& into) {
  const auto text = from.text();
  if (!text) return wrong_type(from, "a path");
  auto parsed = path::parse(*text);
  if (!parsed) return error{net_errc::bad_value, "no path: " + parsed.error().message()};
  into = std::move(*parsed);
  return ok();
}

void codec<id>::pack(packer& out, const id& from) {
  out.binary(detail::as_chars(from.bytes().data(), from.bytes().size()));
}

result<void> codec<id>::unpack(const value& from, id& into) {
  const auto bytes = detail::read_binary(from);
  if (!bytes) return bytes.error();
  if (bytes->size() != into.bytes().size()) return wrong_size(from, into.bytes().size());
  std::array<std::byte, 16> copy;
  std::memcpy(copy.data(), bytes->data(), copy.size());
  const auto read = id::from_bytes(copy);
  if (!read) return error{net_errc::bad_value, "no id: " + read.error().message()};
  into = *read;
  return ok();
}

namespace {
constexpr std::size_t trace_size = 25, span_at = 16, flags_at = 24;
}

void codec<trace_context>::pack(packer& out, const trace_context& from) {
  char bytes[trace_size];
  std::memcpy(bytes, from.trace_id.data(), from.trace_id.size());
  std::memcpy(bytes + span_at, from.span_id.data(), from.span_id.size());
  bytes[flags_at] = static_cast<char>(from.flags);
  out.binary({bytes, trace_size});
}

result<void> codec<trace_context>::unpack(const value& from, trace_context& into) {
  const auto bytes = detail::read_binary(from);
  if (!bytes) return bytes.error();
  if (bytes->size() != trace_size) return wrong_size(from, trace_size);
  std::memcpy(into.trace_id.data(), bytes->data(), into.trace_id.size());
  std::memcpy(into.span_id.data(), bytes->data() + span_at, into.span_id.size());
  into.flags = static_cast<std::uint8_t>((*bytes)[flags_at]);
  return ok();
}

void codec<error>::pack(packer& out, const error& from) {
  out.array(4);
  out.natural(from.number());
  out.text(from.message());
  out.natural(from.cause_number());
  codec<std::optional<std::chrono::nanoseconds>>::pack(out, from.retry_after());
}

result<void> codec<error>::unpack(const value& from, error& into) {
  if (auto opened = detail::open_array(from, 0, 4); !opened) return opened;
  std::uint32_t number = 0, cause = 0;
  std::string message;
  std::optional<std::chrono::nanoseconds> retry_after;
  if (auto outcome = detail::unpack_item(from, 0, number); !outcome) return outcome;
  if (auto outcome = detail::unpack_item(from, 1, message); !outcome) return outcome;
  if (auto outcome = detail::unpack_item(from, 2, cause); !outcome) return outcome;
  if (auto outcome = detail::unpack_item(from, 3, retry_after); !outcome) return outcome;
  into = error{number, std::move(message)}.with_cause(cause).with_retry_after(retry_after);
  return ok();
}

}  // namespace troupe::net
