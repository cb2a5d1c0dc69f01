# What ./run, ./test and ./bench share: Debian packages that are missing are installed, then a preset is built.
# Sourced by POSIX sh from the project's folder.

build_packages="g++ cmake ninja-build pkg-config libcaf-dev libspdlog-dev libmsgpack-cxx-dev libsodium-dev \
libsqlite3-dev libboost-dev libssl-dev nlohmann-json3-dev libtomlplusplus-dev libcli11-dev prometheus-cpp-dev cppzmq-dev"

# Of the packages named, those that are not installed.
missing_packages() {
  for name in "$@"; do
    case "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" in
    "install ok installed") ;;
    *) printf '%s ' "$name" ;;
    esac
  done
}

# Runs a command as root: already, by sudo or by su; otherwise says which and gives up.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    sh -c "$1"
  elif command -v sudo >/dev/null 2>&1; then
    sudo sh -c "$1"
  elif command -v su >/dev/null 2>&1 && [ -t 0 ]; then
    echo "root's password is needed to install packages" >&2
    su root -c "$1"
  else
    echo "Packages are missing; as root, run:" >&2
    echo "  $1" >&2
    exit 2
  fi
}

# Installs what is missing and asks apt for nothing otherwise. Catch2 3 is in bookworm's backports alone: the mirror is
# the one that the machine uses already, and its sources stay as they are.
ensure_packages() {
  wanted=$(missing_packages "$@")
  catch2_version=$(dpkg-query -W -f '${Version}' catch2 2>/dev/null || true)
  case " $* " in
  *" catch2 "*)
    case "$catch2_version" in
    3.*) ;;
    *) wanted="$wanted catch2" ;;
    esac
    ;;
  esac
  [ -n "$wanted" ] || return 0
  install="DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
  . /etc/os-release
  case " $wanted " in
  *" catch2 "*)
    if [ "${VERSION_CODENAME:-}" = bookworm ]; then
      wanted=$(printf '%s ' $wanted | sed 's/catch2 //')
      as_root "apt-get update -q && \
mirror=\$(apt-get indextargets --format '\$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
'Codename: bookworm' 'Component: main' | head -n 1) && \
parts=\$(mktemp -d) && chmod 755 \$parts && cp -r /etc/apt/sources.list.d/. \$parts && \
echo \"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \$mirror bookworm-backports main\" \
>\$parts/backports.list && \
apt-get -o Dir::Etc::SourceParts=\$parts update -q && \
$install -o Dir::Etc::SourceParts=\$parts $wanted catch2/bookworm-backports && rm -r \$parts"
      return
    fi
    ;;
  esac
  as_root "apt-get update -q && $install $wanted"
}

# build PRESET TARGET...
build() {
  preset=$1
  shift
  launcher=
  if command -v ccache >/dev/null 2>&1; then
    launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  cmake --preset "$preset" $launcher >"/tmp/toit-cmake.$$" 2>&1 || {
    cat "/tmp/toit-cmake.$$" >&2
    rm -f "/tmp/toit-cmake.$$"
    return 1
  }
  rm -f "/tmp/toit-cmake.$$"
  cmake --build --preset "$preset" --target "$@"
}
