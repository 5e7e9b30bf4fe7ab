#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace support {

// Sees what an agent program does to the world while it is killed again and again, and knows what must not be: a step
// that was taken after a later one was, since the later one began only when the result of the first was on disk; and a
// step that is taken twice in one life. One thread.
class witness {
 public:
  // What ran so far has been killed.
  void next_life() { ++life_; }

  // A step of a piece of work. Steps of one branch have an order, and so have those of the trunk `t` with all others.
  void saw(std::int64_t work, char branch, int number, const std::string& value) {
    auto& of = works_[work];
    ++steps_;
    const step which{branch, number};
    if (const auto before = of.taken.find(which); before != of.taken.end()) {
      ++again_;
      if (before->second == life_) wrong(work, which, "was taken twice in one life");
    }
    for (const auto& [each, life] : of.taken)
      if (each.second > number && (each.first == branch || each.first == 't' || branch == 't')) {
        wrong(work, which, "was finished, and was taken again: " + name(each) + " had followed");
        break;
      }
    of.taken[which] = life_;
    of.values[which] = value;
  }

  // What was seen last of a step; empty: it was not taken.
  std::string value(std::int64_t work, char branch, int number) const {
    const auto of = works_.find(work);
    if (of == works_.end()) return {};
    const auto found = of->second.values.find({branch, number});
    return found == of->second.values.end() ? std::string{} : found->second;
  }
  bool has_seen(std::int64_t work) const { return works_.contains(work); }
  void wrong(const std::string& what) {
    if (faults_.size() < 20) faults_.push_back("life " + std::to_string(life_) + ": " + what);
  }

  std::uint64_t steps() const noexcept { return steps_; }
  std::uint64_t taken_again() const noexcept { return again_; }
  const std::vector<std::string>& faults() const noexcept { return faults_; }

 private:
  using step = std::pair<char, int>;
  struct of_work {
    std::map<step, int> taken;  // the last life in which it was
    std::map<step, std::string> values;
  };
  static std::string name(const step& which) { return which.first + std::to_string(which.second); }
  void wrong(std::int64_t work, const step& which, const std::string& why) {
    wrong("step " + name(which) + " of " + std::to_string(work) + ' ' + why);
  }

  int life_ = 1;
  std::uint64_t steps_ = 0, again_ = 0;
  std::map<std::int64_t, of_work> works_;
  std::vector<std::string> faults_;
};

}  // namespace support
