#include "crash_note.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <memory>

namespace troupe::actors {

namespace {

// A handler has nothing but globals, and only what needs no lock and no memory.
thread_local std::uintptr_t stack_low = 0;
thread_local std::unique_ptr<char[]> other_stack;

class line {
 public:
  line& operator<<(const char* words) noexcept {
    while (*words && length_ < sizeof text_) text_[length_++] = *words++;
    return *this;
  }
  line& operator<<(std::uintptr_t number) noexcept {
    char digits[2 * sizeof number + 1]{};
    char* first = digits + sizeof digits - 1;
    do *--first = "0123456789abcdef"[number % 16];
    while ((number /= 16) != 0);
    return *this << "0x" << first;
  }
  void write() noexcept {
    *this << "\n";
    (void)!::write(STDERR_FILENO, text_, length_);
  }

 private:
  char text_[160];
  std::size_t length_ = 0;
};

extern "C" void leave_note(int number, siginfo_t* about, void*) {
  const auto address = reinterpret_cast<std::uintptr_t>(about->si_addr);
  // The first fault beyond the end is on the page below, or a few below it if frames are large.
  constexpr std::uintptr_t near_the_end = 64 << 10;
  const bool overflow =
      number == SIGSEGV && stack_low != 0 && address < stack_low + 4096 && address + near_the_end > stack_low;
  line note;
  note << "troupe: "
       << (overflow            ? "stack overflow"
           : number == SIGSEGV ? "segmentation fault"
           : number == SIGBUS  ? "bus error"
           : number == SIGFPE  ? "arithmetic error"
                               : "illegal instruction");
  note << " at address " << address;
  note.write();
  // The fault comes again when the handler returns, and then ends the process.
  ::signal(number, SIG_DFL);
  if (about->si_code <= 0) ::raise(number);  // somebody sent it
}

}  // namespace

void install_crash_notes() {
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    struct sigaction action {};
    action.sa_sigaction = leave_note;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(number, &action, nullptr);
  }
}

void prepare_thread_for_crash_notes() {
  if (other_stack) return;
  constexpr std::size_t size_bytes = 64 << 10;
  other_stack = std::make_unique<char[]>(size_bytes);
  stack_t stack{};
  stack.ss_sp = other_stack.get();
  stack.ss_size = size_bytes;
  ::sigaltstack(&stack, nullptr);
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  void* low = nullptr;
  std::size_t stack_bytes = 0;
  if (::pthread_attr_getstack(&attributes, &low, &stack_bytes) == 0) stack_low = reinterpret_cast<std::uintptr_t>(low);
  ::pthread_attr_destroy(&attributes);
}

}  // namespace troupe::actors
