// What crash_test kills: writes to a memory with several threads, and prints a line for all that was acknowledged, and
// for what it is about to take away.
//
//   crash_program FOLDER SEED THREADS
//
// A line: its number, what was done, and of it the thread, a number and ids. It ends when it is killed, or with an
// error on its standard error.

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <troupe/memory/store.hpp>
#include <vector>

using namespace troupe;

namespace {

[[noreturn]] void give_up(const error& why) {
  std::fprintf(stderr, "%s\n", why.describe().c_str());
  std::_Exit(1);
}

void print(const std::string& line) {
  static std::mutex mutex;
  static int number = 0;
  const std::lock_guard lock{mutex};
  std::printf("#%d %s\n", ++number, line.c_str());
  std::fflush(stdout);
}

class writer {
 public:
  writer(memory::store& to, unsigned seed, int thread)
      : to_{to}, random_{seed + static_cast<unsigned>(thread)}, name_{std::to_string(thread)} {}

  void run(unsigned first) {
    for (auto n = first;; ++n) {
      switch (random_() % 16) {
        case 0: state(n); break;
        case 1: blob(n); break;
        case 2:
        case 3: several(n); break;
        case 4: erase(); break;
        case 5: archive(); break;
        case 6:
          if (random_() % 4 == 0) forget();
          break;
        default: note(n);
      }
    }
  }

 private:
  path space(const char* which) const { return path{"/agents"} / name_ / which; }
  std::string line(const char* what, const std::string& rest) const {
    return std::string{what} + ' ' + name_ + ' ' + rest;
  }
  template <class T>
  static T sure(result<T> done) {
    if (!done) give_up(done.error());
    return *std::move(done);
  }
  static void sure(result<void> done) {
    if (!done) give_up(done.error());
  }
  memory::record made(const char* where, unsigned n) const {
    memory::record what;
    what.space = space(where);
    what.text = "number" + std::to_string(n);
    return what;
  }

  void note(unsigned n) {
    auto what = made("notes", n);
    const bool to_forget = random_() % 8 == 0;
    if (to_forget) what.subject = "subject" + name_;
    const auto id = sure(to_.remember({}, std::move(what)));
    if (!to_forget) notes_.push_back(id);
    print(line(to_forget ? "subject" : "note", std::to_string(n) + ' ' + id.to_string()));
  }
  void state(unsigned n) {
    sure(to_.set_state({}, space("notes"), "state", std::to_string(n)));
    print(line("state", std::to_string(n)));
  }
  void blob(unsigned n) {
    std::string bytes(random_() % 8 == 0 ? 600'000 : 6'000, static_cast<char>(n));
    auto what = made("blobs", n);
    const auto id =
        sure(to_.write_blob({}, std::move(what), [&]() -> result<std::string> { return std::exchange(bytes, {}); }));
    print(line("blob", std::to_string(n) + ' ' + id.to_string()));
  }
  // Two records and a state, in one command.
  void several(unsigned n) {
    memory::command whole;
    auto left = sure(to_.prepare({}, made("left", n)));
    auto right = sure(to_.prepare({}, made("right", n)));
    const auto ids = left.what.id.to_string() + ' ' + right.what.id.to_string();
    whole.operations = {std::move(left), memory::set_state{space("left"), "last", std::to_string(n)}, std::move(right)};
    static_cast<void>(sure(to_.apply(std::move(whole))));
    print(line("pair", std::to_string(n) + ' ' + ids));
  }
  void erase() {
    if (notes_.empty()) return;
    const auto which = notes_.back();
    notes_.pop_back();
    print(line("erasing", "0 " + which.to_string()));
    static_cast<void>(sure(to_.erase({}, {which}, "a test")));
    print(line("erased", "0 " + which.to_string()));
  }
  void archive() {
    if (notes_.empty()) return;
    memory::command away;
    away.operations = {memory::move_records{{notes_.front()}, true}};
    static_cast<void>(sure(to_.apply(std::move(away))));
  }
  void forget() {
    print(line("forgetting", "0"));
    static_cast<void>(sure(to_.forget({}, memory::forget_subject{"subject" + name_, space("notes")})));
    print(line("forgotten", "0"));
  }

  memory::store& to_;
  std::mt19937 random_;
  const std::string name_;
  std::vector<id> notes_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  auto opened = memory::store::open({.folder = argv[1]});
  if (!opened) give_up(opened.error());
  const auto seed = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
  std::vector<std::jthread> threads;
  for (int i = 0; i < std::atoi(argv[3]); ++i)
    threads.emplace_back([&, i] { writer{**opened, seed, i}.run(seed * 100'000); });
}
