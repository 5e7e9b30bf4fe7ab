#include "failure_cause.hpp"

#include <new>
#include <utility>

namespace troupe {

fault fault_of(const std::exception_ptr& thrown) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const failure& f) {
    return fault_of(f.error());
  } catch (const std::bad_alloc&) {
    return fault::resource_limit;
  } catch (...) {
    return fault::bug;
  }
}

namespace actors {

namespace {

std::uint32_t number_of(fault kind) noexcept {
  return kind == fault::none || kind == fault::bug ? 0 : static_cast<std::uint32_t>(errc_of(kind));
}

}  // namespace

process_failure::process_failure(exit_cause why)
    : failure{troupe::error{agent_errc::tool_crashed, why.describe()}}, cause_{std::move(why)} {}

failure_cause::failure_cause(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const process_failure& f) {
    *this = failure_cause{f.cause()};
    of_process = f.cause();
  } catch (const failure& f) {
    *this = failure_cause{f.error()};
  } catch (const std::bad_alloc& e) {
    kind = fault::resource_limit;
    number = number_of(kind);
    text = std::string{"resource_limit: "} + e.what();
  } catch (const std::exception& e) {
    text = e.what();
  } catch (...) {
    text = "something that is no std::exception";
  }
}

failure_cause::failure_cause(const error& why)
    : text{why.describe()}, kind{fault_of(why)}, number{number_of(kind)}, retry_after{why.retry_after()} {}

failure_cause::failure_cause(const exit_cause& why) : text{why.text}, kind{why.fault}, number{number_of(kind)} {
  if (kind == fault::none) kind = fault::bug;
}

error failure_cause::seen_as(agent_errc code, std::string words) const {
  return error{code, std::move(words)}.with_cause(number).with_retry_after(retry_after);
}

}  // namespace actors

}  // namespace troupe
