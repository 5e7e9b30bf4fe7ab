# shellcheck shell=bash
# What tools/demo, tools/test and tools/bench share: steps with a log each, progress while they run, one verdict at the end.
# Sourced by them; runs in the repository's root.
#
#   progress_start demo                     the name that leads the verdict
#   step build "building" cmake --build …   runs the command into build/logs/demo-build.log; on failure shows the log's end and stops
#   verdict ok "12 patients"                the last line

progress_start() {
  progress_name=$1
  progress_began=$SECONDS
  progress_logs=build/logs
  mkdir -p "$progress_logs"
  trap 'progress_stop_ticker' EXIT
  trap 'progress_stop_ticker; printf "\n%s: stopped by a signal\n" "$progress_name" >&2; exit 130' INT TERM
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
  "$@" >"$step_log" 2>&1 </dev/null || status=$?
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

# Configures a preset when it never was, or when the presets changed since; anything else the build notices by itself.
configure() {
  local preset=$1
  shift
  if [[ $# -gt 0 || ! -f build/$preset/build.ninja || CMakePresets.json -nt build/$preset/build.ninja ]]; then
    local launcher=()
    if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
    step "$preset-configure" "$preset: configuring" cmake --preset "$preset" "${launcher[@]}" "$@"
  fi
}

progress_clock() {
  printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# The lines that say why, or else the end of the log.
progress_explain() {
  local found
  found=$(grep -nE -A4 '(error:|CMake Error|FAILED:|\*\*\*Failed|\*\*\*Timeout|\*\*\*Exception|^packages: |ERROR: |WARNING: ThreadSanitizer)' "$1" |
    head -n 40 || true)
  [[ -n $found ]] || found=$(tail -n 25 "$1")
  printf '%s\n' "$found" | sed 's/^/    /'
  printf '    the whole log: %s\n' "$1"
}

# Every second on a terminal, every half minute elsewhere: where the running step is, by the last "[n/m]" or "n/m Test" of its log.
progress_ticker() {
  local title=$1 log=$2 at every=30
  if [[ -t 1 ]]; then every=1; fi
  while sleep "$every" >/dev/null 2>&1; do
    at=$(tail -c 2000 "$log" 2>/dev/null | grep -oE '^(\[[0-9]+/[0-9]+\]| *[0-9]+/[0-9]+ Test)' | tail -n 1 | tr -d ' []Test' || true)
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
