#!/bin/sh
# Installs usrec-agent from this folder. It opens no connection: pip is told to use nothing but the wheels here.
set -eu
umask 022

prefix=/opt
python=

usage() {
    cat <<'TEXT'
usage: ./install.sh [--prefix DIR] [--python PROGRAM] [--check]

  --prefix DIR      where to: DIR/usrec-agent-VERSION, and DIR/usrec-agent points at it; default /opt
  --python PROGRAM  the Python to use; default the right python3.N, then python3
  --check           only check this folder and this machine; nothing is changed
TEXT
}

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

check=no
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) [ $# -gt 1 ] || fail "--prefix needs a folder"; prefix=$2; shift ;;
        --python) [ $# -gt 1 ] || fail "--python needs a program"; python=$2; shift ;;
        --check) check=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

# 1. This folder is whole, and holds no wheel that is not on the list.
command -v sha256sum >/dev/null || fail "sha256sum is needed (package coreutils)"
if ! sums=$(cd "$here" && LC_ALL=C sha256sum -c SHA256SUMS 2>&1); then
    printf '%s\n' "$sums" | grep -v ': OK$' >&2 || true
    fail "the files named above are not those of the bundle: copy it again and compare its SHA-256. Nothing was installed."
fi
for file in "$here"/wheels/*; do
    grep -qF "  wheels/${file##*/}" "$here/SHA256SUMS" ||
        fail "wheels/${file##*/} is not part of the bundle: unpack it again into an empty folder. Nothing was installed."
done
# shellcheck source=/dev/null
. "$here/target.env"

# 2. The machine is the one that the wheels are for.
if [ -z "$python" ]; then
    python=$(command -v "python$PYTHON_VERSION" || command -v python3) ||
        fail "Python $PYTHON_VERSION is needed and was not found. Debian: apt install python$PYTHON_VERSION-venv. RHEL: dnf install python$PYTHON_VERSION. Or: --python PROGRAM"
fi
unset PYTHONHOME PYTHONPATH
export PYTHONNOUSERSITE=1
"$python" -I - "$PYTHON_VERSION" "$MACHINE" "$GLIBC" <<'CHECK' || fail "Nothing was installed. A bundle for another machine is made with: make bundle PYTHON_VERSION=3.N PLATFORM=manylinux_2_N_MACHINE"
import platform, sys
version, machine, glibc = sys.argv[1:]
ours = "%d.%d" % sys.version_info[:2]
library, number = platform.libc_ver()
wrong = []
if sys.implementation.name != "cpython" or ours != version:
    wrong.append("this bundle is for CPython %s; %s is %s %s" % (version, sys.executable, sys.implementation.name, ours))
if not sys.platform.startswith("linux") or platform.machine() != machine:
    wrong.append("this bundle is for Linux on %s; this is %s on %s" % (machine, sys.platform, platform.machine()))
if library != "glibc":
    wrong.append("this bundle needs the GNU C library %s; this system has another one (Alpine?)" % glibc)
elif [int(part) for part in number.split(".")[:2]] < [int(part) for part in glibc.split(".")]:
    wrong.append("this bundle needs the GNU C library %s or newer; here it is %s" % (glibc, number))
try:
    import ensurepip, venv
except ImportError:
    wrong.append("the venv module is missing (Debian: apt install python%s-venv)" % version)
for text in wrong:
    sys.stderr.write("install.sh: %s\n" % text)
sys.exit(bool(wrong))
CHECK

target=$prefix/usrec-agent-$VERSION
link=$prefix/usrec-agent
[ ! -e "$target" ] || fail "$target is there already. To install it anew, stop the agent and remove that folder first."
if [ -e "$link" ] && [ ! -L "$link" ]; then
    fail "$link is a folder and no link to a version: move it away, or choose another --prefix."
fi
if [ "$check" = yes ]; then
    echo "The bundle is whole and fits this machine: usrec-agent $VERSION for Python $PYTHON_VERSION."
    exit 0
fi

# 3. A virtual environment of its own, whole or not at all.
if ! mkdir -p "$prefix" 2>/dev/null || [ ! -w "$prefix" ]; then
    fail "$prefix cannot be written: run this as root, or choose another --prefix."
fi
trap 'status=$?; [ $status -eq 0 ] || { rm -rf "$target"; echo "install.sh: what was begun in $target was removed" >&2; }' EXIT
trap 'exit 130' HUP INT TERM
"$python" -m venv "$target"
"$target/bin/python" -m pip --isolated --disable-pip-version-check --no-input --quiet install --no-cache-dir \
    --no-index --find-links "$here/wheels" --only-binary :all: --require-hashes -r "$here/requirements.lock"
installed=$("$target/bin/usrec" --version)
[ "$installed" = "usrec-agent $VERSION" ] || fail "the installed program says \"$installed\" and not usrec-agent $VERSION"
cp "$here/requirements.lock" "$here/sbom.cdx.json" "$here/LICENCES.txt" "$target/"

# 4. From one version to the next at once. An agent that runs goes on with the old one until it is restarted.
before=$(readlink "$link" 2>/dev/null || true)
ln -s "usrec-agent-$VERSION" "$link.new.$$"
mv -T "$link.new.$$" "$link"
echo "usrec-agent $VERSION is installed; $link points at it."
[ -z "$before" ] || echo "Before it was $before. Restart the agent; read docs/how-to/closed-network.md before you go back."
