#pragma once

#include "troupe/core/result.hpp"

namespace healthcare {

// Catches SIGINT and SIGTERM: the first one makes `wake` readable, the second one ends the process as it would have
// without this. Installs handlers and blocks nothing, so that programs started meanwhile get their signals. One in a
// process, which stays until its end.
class stop_signals {
 public:
  // Errors: unreadable, where the system has no more files for the process.
  static troupe::result<stop_signals> install();

  // A descriptor to poll for reading; stays readable.
  int wake() const noexcept { return wake_; }
  // The name of the signal that was caught, null if none was.
  const char* caught() const noexcept;

 private:
  explicit stop_signals(int wake) noexcept : wake_{wake} {}
  int wake_;
};

}  // namespace healthcare
