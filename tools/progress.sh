# shellcheck shell=bash
# What tools/demo, tools/test, tools/bench and tools/packages share: steps with a log each, progress while they run, one verdict at
# the end. Sourced by them; runs in the repository's root.
#
#   progress_start demo [DIR]               the name that leads the verdict, and where the logs go
#   need_packages build                     runs tools/packages, which may ask the user for a password
#   step build "building" cmake --build …   runs the command into build/logs/demo-build.log; on failure shows the log's end
#   verdict ok "12 patients"                the last line
#
# A signal ends the running step with all that it started, then the script, at once. A script that has something to say last even
# then defines progress_stopped.

# The comment at the head of the script.
usage() {
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "tools/${0##*/}"
}

progress_start() {
  progress_name=$1
  progress_began=$SECONDS
  progress_logs=${2:-build/logs}
  mkdir -p "$progress_logs"
  trap 'progress_stop_ticker' EXIT
  trap 'progress_stop HUP 129' HUP
  trap 'progress_stop INT 130' INT
  trap 'progress_stop TERM 143' TERM
}

progress_stop() {
  trap '' HUP INT TERM
  progress_stop_ticker
  progress_stop_child
  printf '\n%s: stopped by SIG%s\n' "$progress_name" "$1" >&2
  if declare -F progress_stopped >/dev/null; then progress_stopped; fi
  exit "$2"
}

# Asks what runs to end in order, and does not take no for an answer. Steps are asked by SIGINT, which apt and ninja want to see;
# tools/packages by SIGTERM, as bash lets a script in the background ignore the other.
progress_stop_child() {
  local signal=INT tenths
  [[ -n ${progress_child:-} ]] || return 0
  [[ $progress_child == -* ]] || signal=TERM
  for ((tenths = 0; tenths < ${progress_grace_s:-2} * 10; ++tenths)); do
    kill -s "$signal" -- "$progress_child" 2>/dev/null || return 0
    signal=0
    sleep 0.1
  done
  kill -s KILL -- "$progress_child" 2>/dev/null || true
}

# Waits for what was just put into the background, as bash handles a signal only between commands, but at once while it waits.
progress_await() {
  local status=0
  progress_child=$1
  wait "${1#-}" || status=$?
  # A signal may end the waiting before its trap runs, which has to know what to end.
  [[ $status -gt 128 ]] || progress_child=
  return "$status"
}

need_packages() {
  tools/packages "$@" <&0 &
  progress_await "$!"
}

verdict() {
  printf '%s: %s — %s (%s)\n' "$progress_name" "$1" "$2" "$(progress_clock $((SECONDS - progress_began)))"
}

step() {
  local what=$1 title=$2 status=0
  shift 2
  step_log="$progress_logs/$progress_name-$what.log"
  local began=$SECONDS
  # The first of the packages may be a surprise on a slow network, so a step is announced before it runs.
  if [[ -t 1 ]]; then printf '[%s] %s …' "$(progress_clock $((SECONDS - progress_began)))" "$title"; fi
  progress_ticker "$title" "$step_log" &
  progress_ticker_id=$!
  set -m  # in a process group of its own, to be ended with all that it started
  "$@" >"$step_log" 2>&1 </dev/null &
  set +m
  progress_await "-$!" || status=$?
  progress_stop_ticker
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
  if [[ $status -eq 0 ]]; then
    printf '[%s] %s: done in %s\n' "$(progress_clock $((SECONDS - progress_began)))" "$title" "$(progress_clock $((SECONDS - began)))"
    return 0
  fi
  printf '[%s] %s: failed\n' "$(progress_clock $((SECONDS - progress_began)))" "$title"
  progress_explain "$step_log" >&2
  return "$status"
}

# How many compilers may run at once: one per core, and 1.5 GB of available memory for each.
jobs_max() {
  local cores memory_kb by_memory
  cores=$(nproc)
  memory_kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
  by_memory=$((${memory_kb:-2000000} / 1500000))
  [[ $by_memory -ge 1 ]] || by_memory=1
  printf '%s\n' $((cores < by_memory ? cores : by_memory))
}

# Configures a preset when it never was, or when the presets changed since; anything else the build notices by itself. From anew if
# the tree was copied or moved, or ccache was removed.
configure() {
  local preset=$1 cache=build/$1/CMakeCache.txt options=() home launcher
  shift
  if [[ -f $cache ]]; then
    home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:[^=]*=//p' "$cache")
    launcher=$(sed -n 's/^CMAKE_CXX_COMPILER_LAUNCHER:[^=]*=//p' "$cache")
    if [[ ! $home -ef . || (-n $launcher && -z $(type -P "$launcher")) ]]; then options+=(--fresh); fi
  fi
  if [[ $# -gt 0 || ${#options[@]} -gt 0 || ! -f build/$preset/build.ninja || CMakePresets.json -nt build/$preset/build.ninja ]]; then
    if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
    step "$preset-configure" "$preset: configuring" cmake --preset "$preset" "${options[@]}" "$@"
  fi
}

progress_clock() {
  printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# The lines that say why, or else the end of the log.
progress_explain() {
  local found
  found=$(grep -nE -A4 '(error:|CMake Error|FAILED:|\*\*\*Failed|\*\*\*Timeout|\*\*\*Exception|^E: |ERROR: |WARNING: ThreadSanitizer)' "$1" |
    head -n 40 || true)
  [[ -n $found ]] || found=$(tail -n 25 "$1")
  printf '%s\n' "$found" | sed 's/^/    /'
  printf '    the whole log: %s\n' "$1"
}

# Every second on a terminal, every half minute elsewhere: where the running step is, by the last "[n/m]", "n/m Test" or
# "waiting for …" of its log.
progress_ticker() {
  local title=$1 log=$2 at every=30
  if [[ -t 1 ]]; then every=1; fi
  trap '' INT  # bash 5.2 may miss a SIGINT while it waits, if a child of it ends of the same one
  while sleep "$every" >/dev/null 2>&1; do
    at=$(tail -c 2000 "$log" 2>/dev/null | grep -oE '^(\[[0-9]+/[0-9]+\]| *[0-9]+/[0-9]+ Test|waiting for .*)' | tail -n 1 |
      sed -E 's/^ +|[][]| Test$//g' || true)
    if [[ -t 1 ]]; then
      printf '\r\033[K[%s] %s … %s' "$(progress_clock $((SECONDS - progress_began)))" "$title" "$at"
    else
      printf '[%s] %s … %s\n' "$(progress_clock $((SECONDS - progress_began)))" "$title" "$at"
    fi
  done
}

progress_stop_ticker() {
  if [[ -n ${progress_ticker_id:-} ]]; then
    kill "$progress_ticker_id" 2>/dev/null || true
    wait "$progress_ticker_id" 2>/dev/null || true
    progress_ticker_id=
  fi
}
