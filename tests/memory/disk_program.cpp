// Fills a small disk of its own, makes room, and looks whether all that was acknowledged is there: for disk_test.
//
//   disk_program FOLDER      ends with 0; with 77 where no disk can be mounted; with 1, and says why, if it is not
//
// A program of its own, so that the mount is seen by nobody else, and goes when it ends.

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <troupe/memory/check.hpp>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>
#include <vector>

using namespace troupe;

namespace {

const path p17{"/hospital/ward/p17"};

// In a namespace of its own: root's, or one where an ordinary user is root, if the machine lets it.
bool mount_small_disk(const std::filesystem::path& place) {
  if (::unshare(CLONE_NEWNS) != 0) {
    const auto user = std::to_string(::getuid()), group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
    std::ofstream{"/proc/self/setgroups"} << "deny";
    if (!(std::ofstream{"/proc/self/uid_map"} << "0 " << user << " 1" << std::flush)) return false;
    if (!(std::ofstream{"/proc/self/gid_map"} << "0 " << group << " 1" << std::flush)) return false;
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=64m") == 0;
}

int wrong(const std::string& why) { return std::printf("%s\n", why.c_str()), 1; }

memory::record note(std::size_t n) {
  memory::record what;
  what.space = p17;
  what.text = "note number" + std::to_string(n);
  std::mt19937 random{static_cast<std::uint32_t>(n)};  // so that no compression makes them smaller
  for (int each = 0; each < 60; ++each) {
    auto& bytes = what.attributes[std::to_string(each)];
    bytes.resize(4096);
    for (auto& one : bytes) one = static_cast<char>(random());
  }
  return what;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const std::filesystem::path place{argv[1]};
  if (!mount_small_disk(place)) return std::printf("this machine lets the test mount no disk\n"), 77;
  std::vector<id> acknowledged;
  {
    auto opened = memory::store::open({.folder = place / "memory"});
    if (!opened) return wrong(opened.error().describe());
    for (;;) {
      const auto done = (*opened)->remember({}, note(acknowledged.size()));
      if (!done && done.error().is(memory_errc::storage_failed)) break;
      if (!done) return wrong(done.error().describe());
      acknowledged.push_back(*done);
      if (acknowledged.size() > 1'000) return wrong("the disk is not full after 1,000 notes");
    }
    if ((*opened)->remember({}, note(0))) return wrong("a write after a failure was acknowledged");
  }
  if (::mount("tmpfs", place.c_str(), "tmpfs", MS_REMOUNT, "size=512m") != 0)
    return std::printf("this machine lets the test give no disk more room\n"), 77;
  auto opened = memory::store::open({.folder = place / "memory"});
  if (!opened) return wrong(opened.error().describe());
  for (std::size_t n = 0; n < acknowledged.size(); ++n) {
    const auto found = (*opened)->get({}, acknowledged[n]);
    if (!found) return wrong("note " + std::to_string(n) + ": " + found.error().describe());
    if (found->text != note(n).text || found->attributes != note(n).attributes)
      return wrong("note " + std::to_string(n) + " is another one");
  }
  const auto report = memory::check(**opened);
  if (!report) return wrong(report.error().describe());
  if (!report->clean()) return wrong(report->faults.front());
  std::printf("%zu notes were acknowledged, and are there\n", acknowledged.size());
  return acknowledged.empty() ? wrong("none was acknowledged") : 0;
}
