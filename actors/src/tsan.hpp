#pragma once

// The thread sanitizer does not see what CAF's library orders with its queues and reference counts, since Debian's is
// not instrumented. These two tell it: what was done before `hands_over(x)` on one thread is seen after `takes_over(x)`
// on another. Without the sanitizer they are nothing.

#if defined(__SANITIZE_THREAD__)
#define TROUPE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TROUPE_TSAN 1
#endif
#endif

#ifdef TROUPE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace troupe::actors::tsan {

inline void hands_over([[maybe_unused]] void* what) noexcept {
#ifdef TROUPE_TSAN
  __tsan_release(what);
#endif
}

inline void takes_over([[maybe_unused]] void* what) noexcept {
#ifdef TROUPE_TSAN
  __tsan_acquire(what);
#endif
}

}  // namespace troupe::actors::tsan
