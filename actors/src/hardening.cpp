#include "hardening.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <string>

namespace troupe::actors {

namespace {

error refused(const std::string& what, int why, const std::string& remedy) {
  return {errc::unsupported, what + ": " + std::strerror(why) + " (" + remedy + ")"};
}

constexpr const char* namespaces_remedy =
    "it needs the superuser, or user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0";

bool write_file(const char* name, const std::string& text) {
  const int file = ::open(name, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  return written;
}

// New namespaces; by way of a user namespace, in which one may make them, for everybody but the superuser.
bool enter_namespaces(int which) {
  if (::unshare(which) == 0) return true;
  if (errno != EPERM) return false;
  const auto user = std::to_string(::geteuid());
  const auto group = std::to_string(::getegid());
  return ::unshare(CLONE_NEWUSER | which) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", user + " " + user + " 1") &&
         write_file("/proc/self/gid_map", group + " " + group + " 1");
}

result<void> make_files_read_only(const std::vector<std::string>& writable) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return refused("read_only_files: no private view of the file system", errno, namespaces_remedy);
  // What stays writable becomes a mount of its own, so that it can differ from the rest.
  for (const auto& folder : writable)
    if (::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      return refused("read_only_files: writable folder " + folder, errno, "it must be an absolute path that exists");
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) != 0)
    return refused("read_only_files: the file system cannot be made read-only", errno, namespaces_remedy);
  mount_attr read_write{};
  read_write.attr_clr = MOUNT_ATTR_RDONLY;
  for (const auto& folder : writable)
    if (::mount_setattr(AT_FDCWD, folder.c_str(), 0, &read_write, sizeof read_write) != 0)
      return refused("read_only_files: writable folder " + folder, errno, "it was writable for the node, too?");
  // The working directory is still the one of before, on a mount that is not read-only.
  if (char* here = ::get_current_dir_name()) {
    (void)!::chdir(here);
    std::free(here);
  }
  return ok();
}

// -- system calls -----------------------------------------------------------------------------------------------------

class call_filter {
 public:
  call_filter() : context_{::seccomp_init(SCMP_ACT_ALLOW)} {}
  ~call_filter() { ::seccomp_release(context_); }
  call_filter(const call_filter&) = delete;
  call_filter& operator=(const call_filter&) = delete;

  // Names that this machine does not have are passed over.
  void forbid(std::uint32_t action, const char* name) {
    if (const int number = ::seccomp_syscall_resolve_name(name); number != __NR_SCMP_ERROR)
      note(::seccomp_rule_add(context_, action, number, 0));
  }
  void forbid_if(std::uint32_t action, const char* name, const scmp_arg_cmp& condition) {
    note(::seccomp_rule_add_array(context_, action, ::seccomp_syscall_resolve_name(name), 1, &condition));
  }
  result<void> load() {
    if (failed_ == 0) failed_ = ::seccomp_load(context_);
    if (failed_ != 0)
      return refused("the system calls cannot be filtered", -failed_, "the kernel needs CONFIG_SECCOMP_FILTER");
    return ok();
  }

 private:
  void note(int outcome) {
    if (outcome != 0 && outcome != -EACCES && failed_ == 0) failed_ = outcome;
  }
  scmp_filter_ctx context_;
  int failed_ = 0;
};

constexpr const char* io_uring_calls[] = {"io_uring_setup", "io_uring_enter", "io_uring_register"};

void forbid_what_no_computation_needs(call_filter& filter) {
  // What changes the system, other processes or one's own rights ends the process.
  for (const char* name : {"execve",
                           "execveat",
                           "ptrace",
                           "process_vm_readv",
                           "process_vm_writev",
                           "kcmp",
                           "mount",
                           "umount2",
                           "pivot_root",
                           "chroot",
                           "move_mount",
                           "open_tree",
                           "fsopen",
                           "fsmount",
                           "fsconfig",
                           "fspick",
                           "mount_setattr",
                           "swapon",
                           "swapoff",
                           "reboot",
                           "kexec_load",
                           "kexec_file_load",
                           "init_module",
                           "finit_module",
                           "delete_module",
                           "setns",
                           "unshare",
                           "iopl",
                           "ioperm",
                           "settimeofday",
                           "clock_settime",
                           "adjtimex",
                           "clock_adjtime",
                           "sethostname",
                           "setdomainname",
                           "acct",
                           "quotactl",
                           "quotactl_fd",
                           "open_by_handle_at",
                           "syslog",
                           "vhangup",
                           "nfsservctl",
                           "lookup_dcookie",
                           "uselib"})
    filter.forbid(SCMP_ACT_KILL_PROCESS, name);
  // What libraries may try, and do without, is not permitted.
  for (const char* name : io_uring_calls) filter.forbid(SCMP_ACT_ERRNO(EPERM), name);
  for (const char* name :
       {"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl",
        "add_key", "request_key", "name_to_handle_at", "fanotify_init", "pidfd_getfd", "personality"})
    filter.forbid(SCMP_ACT_ERRNO(EPERM), name);
  // Nobody else is to be signalled or limited.
  const auto self = static_cast<scmp_datum_t>(::getpid());
  for (const char* name : {"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"})
    filter.forbid_if(SCMP_ACT_ERRNO(EPERM), name, SCMP_A0(SCMP_CMP_NE, self));
  filter.forbid_if(SCMP_ACT_ERRNO(EPERM), "prlimit64", SCMP_A0(SCMP_CMP_NE, 0));
  for (const char* name : {"tkill", "pidfd_open", "pidfd_send_signal", "process_madvise", "setpriority"})
    filter.forbid(SCMP_ACT_ERRNO(EPERM), name);
  // A child would have limits of its own.
  for (const char* name : {"fork", "vfork"}) filter.forbid(SCMP_ACT_ERRNO(EPERM), name);
  filter.forbid_if(SCMP_ACT_ERRNO(EPERM), "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  // A new user namespace would bring back rights; clone3 passes its flags where a filter cannot look.
  filter.forbid_if(SCMP_ACT_KILL_PROCESS, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
  filter.forbid(SCMP_ACT_ERRNO(ENOSYS), "clone3");
}

// -- rights -----------------------------------------------------------------------------------------------------------

// Keeps these capabilities (a bit for each) and gives up the others for good.
result<void> keep_capabilities(std::uint64_t kept) {
  for (unsigned long each = 0; each <= CAP_LAST_CAP; ++each)
    if ((kept >> each & 1) == 0) ::prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2]{};
  if (::syscall(SYS_capget, &header, sets) == 0)
    for (int half = 0; half < 2; ++half) {
      const auto mask = static_cast<std::uint32_t>(kept >> (32 * half));
      sets[half].effective &= mask;
      sets[half].permitted &= mask;
      sets[half].inheritable = 0;
    }
  if (::syscall(SYS_capset, &header, sets) != 0)
    return refused("the capabilities cannot be dropped", errno, "this is not expected; please report it");
  return ok();
}

result<void> become_nobody() {
  constexpr unsigned nobody = 65534;
  if (::geteuid() != 0) return ok();
  if (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
      ::setresuid(nobody, nobody, nobody) != 0)
    return refused("drop_privileges: cannot become nobody", errno, "is this a user namespace?");
  return ok();
}

// Of the superuser: to own files and to reach those of others. What could undo a namespace or a limit is not among
// them.
constexpr std::uint64_t file_capabilities = std::uint64_t{1} << CAP_CHOWN | std::uint64_t{1} << CAP_DAC_OVERRIDE |
                                            std::uint64_t{1} << CAP_DAC_READ_SEARCH | std::uint64_t{1} << CAP_FOWNER |
                                            std::uint64_t{1} << CAP_FSETID;
constexpr std::uint64_t user_capabilities = std::uint64_t{1} << CAP_SETUID | std::uint64_t{1} << CAP_SETGID;

}  // namespace

void end_process(int code) noexcept {
  for (;;) ::syscall(SYS_exit_group, code);
}

result<void> enter_sandbox(const process_sandbox& what) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  bool filter_sockets = false;
  if (what.read_only_files) {
    if (!enter_namespaces(CLONE_NEWNS | (what.no_network ? CLONE_NEWNET : 0)))
      return refused("read_only_files: no view of its own of the file system", errno, namespaces_remedy);
    if (auto done = make_files_read_only(what.writable); !done) return done;
  } else if (what.no_network) {
    filter_sockets = !enter_namespaces(CLONE_NEWNET);
  }
  // With others, what was done above could be undone.
  const bool any = what.no_network || what.read_only_files || what.system_calls || what.drop_privileges;
  if (any)
    if (auto done = keep_capabilities(what.drop_privileges ? user_capabilities : file_capabilities); !done) return done;
  if (what.drop_privileges) {
    if (auto done = become_nobody(); !done) return done;
    if (auto done = keep_capabilities(0); !done) return done;
  }
  if (any) ::prctl(PR_SET_DUMPABLE, 0);  // no other agent's process looks into it
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);    // another user's process is not told any more
  if (!what.system_calls && !filter_sockets) return ok();
  call_filter filter;
  if (what.system_calls) forbid_what_no_computation_needs(filter);
  if (filter_sockets) {
    for (const char* name : io_uring_calls) filter.forbid(SCMP_ACT_ERRNO(EPERM), name);  // they open sockets, too
    filter.forbid_if(SCMP_ACT_ERRNO(EACCES), "socket", SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  }
  return filter.load();
}

// -- limits -----------------------------------------------------------------------------------------------------------

namespace {

result<void> limit(decltype(RLIMIT_DATA) what, rlim_t soft, rlim_t hard, const char* name) {
  rlimit present{};
  ::getrlimit(what, &present);
  const rlimit wanted{soft, present.rlim_max == RLIM_INFINITY ? hard : std::min(hard, present.rlim_max)};
  if (soft > wanted.rlim_max)
    return error{errc::invalid_argument, std::string{name} + " of " + std::to_string(soft) +
                                             " is more than the node itself may use (" +
                                             std::to_string(present.rlim_max) + ")"};
  if (::setrlimit(what, &wanted) != 0)
    return error{errc::invalid_argument,
                 std::string{name} + " of " + std::to_string(soft) + ": " + std::strerror(errno)};
  return ok();
}

// Bytes of private, writable memory, as RLIMIT_DATA counts them.
rlim_t data_bytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (rlim_t kib = 0; word == "VmData:" && status >> kib) return kib * 1024;
  return 0;
}

[[noreturn]] void out_of_memory() {
  constexpr std::string_view note = "troupe: the memory limit is reached\n";
  (void)!::write(STDERR_FILENO, note.data(), note.size());
  end_process(exit_out_of_memory);
}

}  // namespace

result<void> set_limits(const process_limits& what) {
  ::setrlimit(RLIMIT_CORE, std::make_unique<rlimit>().get());
  if (what.cpu_time != duration::max()) {
    const auto seconds = static_cast<rlim_t>(std::chrono::ceil<std::chrono::seconds>(what.cpu_time).count());
    if (auto done = limit(RLIMIT_CPU, seconds, seconds + 1, "cpu_time, in seconds,"); !done) return done;
  }
  if (what.open_files != 0)
    if (auto done = limit(RLIMIT_NOFILE, what.open_files, what.open_files, "open_files"); !done) return done;
  if (what.file_bytes != 0)
    if (auto done = limit(RLIMIT_FSIZE, what.file_bytes, what.file_bytes, "file_bytes"); !done) return done;
  if (what.memory_bytes != 0) {
    const rlim_t bytes = data_bytes() + what.memory_bytes;
    if (auto done = limit(RLIMIT_DATA, bytes, bytes, "memory_bytes, with what the runtime takes,"); !done) return done;
    std::set_new_handler(out_of_memory);
  }
  return ok();
}

}  // namespace troupe::actors
