#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/clock.hpp>
#include <troupe/core/result.hpp>

// Failures of providers (model APIs, services over HTTP) as errors that the runtime can tell apart. No state; any
// thread.

namespace troupe {

// The error for an answer of a provider that is no success, or for none at all (status 0): provider_throttled for 429,
// provider_rejected for the other 4xx but 408, provider_unavailable for everything else. `retry_after` is the delay
// that the provider asked for; see parse_retry_after.
//
//   throw failure{provider_error(reply.status, "openai: " + reply.body, parse_retry_after(header, now.time()))};
error provider_error(int http_status, std::string text, std::optional<duration> retry_after = {});

// The value of a Retry-After header (RFC 9110, 10.2.3): seconds, or a date in one of the three forms of HTTP (5.6.7),
// of which the time from `now` is taken. A date that is past is a delay of 0. nullopt if it is neither; more than ten
// years are ten years.
std::optional<duration> parse_retry_after(std::string_view value, timestamp now);

}  // namespace troupe
