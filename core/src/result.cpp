#include "troupe/core/result.hpp"

#include <fmt/format.h>

#include <ostream>

namespace troupe {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return "invalid_argument";
    case errc::parse_error: return "parse_error";
    case errc::not_found: return "not_found";
    case errc::already_exists: return "already_exists";
    case errc::out_of_range: return "out_of_range";
    case errc::io_error: return "io_error";
    case errc::unsupported: return "unsupported";
    case errc::internal: return "internal";
  }
  return "unknown";
}

error::error(std::uint32_t number, std::string message)
    : number_{number}, name_{to_string(static_cast<errc>(number))}, message_{std::move(message)} {}

std::string error::describe() const { return fmt::format("{} ({}): {}", name_, number_, message_); }

error& error::with_context(std::string_view context) & {
  message_ = std::string{context}.append(": ").append(message_);  // the context may be a part of the message
  return *this;
}

error&& error::with_context(std::string_view context) && { return std::move(with_context(context)); }

std::ostream& operator<<(std::ostream& out, const error& e) { return out << e.describe(); }

failure::failure(troupe::error e)
    : std::runtime_error{e.describe()}, error_{std::make_shared<const troupe::error>(std::move(e))} {}

}  // namespace troupe
