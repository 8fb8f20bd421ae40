{ case "$-" in *[xv]*) __doccheck_shown=${-//[!xv]/}; set +xv ;; esac; } 2>/dev/null
# Read by every bash of a page whose time is virtual (BASH_ENV), where the library is not there that gives programs the
# page's clock: Python has it and lends it to `sleep` and `date`. `bash -x` and `bash -v` are to show the page's lines,
# hence the line above, the only one that `-v` still tells.

# Jitter must be the same in every run, or every later time differs.
RANDOM=1

sleep() {
  local length
  for length in "$@"; do
    [[ $length =~ ^([0-9]+\.?[0-9]*|\.[0-9]+)[smhd]?$ ]] || { command sleep "$@"; return; }
  done
  [ $# -gt 0 ] && command -v python3 >/dev/null || { command sleep "$@"; return; }
  python3 -c '
import sys, time
units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
time.sleep(sum(float(word.rstrip("smhd")) * units.get(word[-1], 1) for word in sys.argv[1:]))' "$@"
}

date() {
  local now word
  for word in "$@"; do
    # Asks for another time than now; of one relative to now the real clock stays.
    case "$word" in -d* | --date* | -f* | --file* | -r* | --reference* | -s* | --set* | -j*) command date "$@"; return ;; esac
  done
  command -v python3 >/dev/null && now=$(python3 -c 'import time; print("%.6f" % time.time())') || { command date "$@"; return; }
  if command date --version >/dev/null 2>&1; then
    command date -d "@$now" "$@"
  else
    command date -r "${now%.*}" "$@"
  fi
}

[ -z "${__doccheck_shown-}" ] || eval "unset __doccheck_shown; set -$__doccheck_shown"
