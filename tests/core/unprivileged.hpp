#pragma once

#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace troupe::test {

// While it lives, this process may open only what any user may: the superuser gives up its rights, which would hide
// that something is refused. One at a time, and not beside other threads that need them.
class unprivileged {
 public:
  unprivileged() {
    constexpr uid_t nobody = 65'534;
    if (was_ == 0) BOOST_REQUIRE(::seteuid(nobody) == 0);
  }
  ~unprivileged() {
    if (was_ == 0) BOOST_REQUIRE(::seteuid(was_) == 0);
  }
  unprivileged(const unprivileged&) = delete;
  unprivileged& operator=(const unprivileged&) = delete;

 private:
  const uid_t was_ = ::geteuid();
};

}  // namespace troupe::test
