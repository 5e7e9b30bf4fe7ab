#include <troupe/net/errc.hpp>

namespace troupe {

std::string_view to_string(net_errc code) noexcept {
  switch (code) {
    case net_errc::bad_bytes: return "bad_bytes";
    case net_errc::too_deep: return "too_deep";
    case net_errc::too_big: return "too_big";
    case net_errc::wrong_type: return "wrong_type";
    case net_errc::out_of_range: return "out_of_range";
    case net_errc::duplicate_key: return "duplicate_key";
    case net_errc::wrong_size: return "wrong_size";
    case net_errc::bad_value: return "bad_value";
    case net_errc::no_context: return "no_context";
    case net_errc::bad_url: return "bad_url";
    case net_errc::unreachable: return "unreachable";
    case net_errc::timed_out: return "timed_out";
    case net_errc::cancelled: return "cancelled";
    case net_errc::overloaded: return "overloaded";
    case net_errc::not_upgraded: return "not_upgraded";
  }
  return "unknown";
}

}  // namespace troupe
