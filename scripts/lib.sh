# Shared by the scripts: packages, builds, progress. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Everything the build and the tests need, all from Debian 12.
packages=(
  cmake ninja-build g++ pkg-config ccache grep findutils
  liburing-dev libabsl-dev libgtest-dev libgmock-dev libbenchmark-dev
  libcli11-dev libspdlog-dev libfmt-dev libtomlplusplus-dev
  nlohmann-json3-dev libpng-dev capnproto libcapnp-dev
)

# What Keyport is measured against, for bench/run only; see docs/adr/0017.
bench_packages=(
  libboost-dev libzmq3-dev libnng-dev libsystemd-dev dbus-broker
  protobuf-compiler protobuf-compiler-grpc
  libprotobuf-dev libgrpc++-dev iceoryx libiceoryx-posh-dev strace
)

say() { printf '\n==> %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# install_packages [PACKAGE...]: the shared list and the ones named.
install_packages() {
  local missing=() name
  command -v dpkg-query >/dev/null || die \
    "Keyport's scripts install what they need with apt and expect Debian 12 or newer; on another system install these by hand: ${packages[*]}"
  for name in "${packages[@]}" "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null |
      grep -q 'install ok installed' || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  local sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die \
      "these packages are missing and there is no sudo; run this as root once: ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt could not install ${missing[*]}; see its messages above"
}

# build_preset NAME [TARGET...]: configures if need be, then builds.
build_preset() {
  local preset=$1
  shift
  say "building the $preset preset"
  # A clone in another folder shares the compiler's cache.
  export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$root
  # Anew when presets changed: CMake forgets what they set when the compiler is
  # another.
  if [[ ! -f build/$preset/build.ninja ||
    CMakePresets.json -nt build/$preset/build.ninja ]]; then
    cmake --fresh --preset "$preset" >/dev/null || return
  fi
  local targets=()
  (($#)) && targets=(--target "$@")
  # Tests of another part may run meanwhile: they go first.
  NINJA_STATUS='[%f/%t, %es] ' nice -n 10 cmake --build --preset "$preset" "${targets[@]}"
}
