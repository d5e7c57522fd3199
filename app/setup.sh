# What app/run and tests/run share: installing packages, configuring, building. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
log=$root/build/setup.log

fail() {
  echo "$*" >&2
  exit 1
}

# The packages of app/packages whose use is not "test", or with the argument "test" all of them, that are not installed;
# a line "name use" each.
missingPackages() {
  local name use installed
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  while read -r name use; do
    case "$name" in '' | '#'*) continue ;; esac
    [ "$use" = test ] && [ "$1" != test ] && continue
    grep -qxF -- "$name" <<<"$installed" || echo "$name $use"
  done <"$root/app/packages"
}

asRoot() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# installPackages [test]: installs what is missing, saying one line for each package.
installPackages() {
  local missing names name use
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "This machine has no apt; install what app/packages lists, then build with: cmake --preset release && cmake --build build/release"
  missing=$(missingPackages "$1")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    fail "Installing packages needs root or sudo. Missing: $(cut -d' ' -f1 <<<"$missing" | paste -sd' ')"
  while read -r name use; do echo "Installing $name ($use)"; done <<<"$missing"
  names=$(cut -d' ' -f1 <<<"$missing")
  mkdir -p "$(dirname "$log")"
  : >"$log"
  # A third-party source that cannot be read must not stop an installation from Debian's: only the last step decides.
  asRoot apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=300 update >>"$log" 2>&1 </dev/null
  # shellcheck disable=SC2086
  if ! asRoot apt-get -q -y --no-install-recommends -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
    -o DPkg::Lock::Timeout=300 install $names >>"$log" 2>&1 </dev/null; then
    if grep -qE 'Could not (resolve|connect)|Temporary failure|Failed to fetch|Cannot initiate|Connection (failed|timed out|refused)|Network is unreachable' "$log"; then
      fail "The package registry of apt cannot be reached, so these packages are still missing: $(paste -sd' ' <<<"$names"). Connect to the network and run this again (details: $log)."
    fi
    fail "apt could not install: $(paste -sd' ' <<<"$names"). Its last words: $(grep -E '^E:' "$log" | tail -1) (details: $log)."
  fi
}

# buildTree PRESET CMAKE_OPTION... -- TARGET...: configures build/PRESET and builds the targets, all when none is named.
buildTree() {
  local preset=$1 build=$root/build/$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  [ "$1" = -- ] && shift
  mkdir -p "$build"
  (cd "$root" && cmake --preset "$preset" "${options[@]}") >"$build/configure.log" 2>&1 </dev/null || {
    tail -n 30 "$build/configure.log" >&2
    fail "The build could not be configured (details: $build/configure.log)."
  }
  if [ -t 1 ]; then
    cmake --build "$build" ${1:+--target "$@"} </dev/null || fail "The build failed."
  else
    cmake --build "$build" ${1:+--target "$@"} >"$build/build.log" 2>&1 </dev/null || {
      grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Automatic)' "$build/build.log" | tail -n 100 >&2
      fail "The build failed (details: $build/build.log)."
    }
  fi
}
