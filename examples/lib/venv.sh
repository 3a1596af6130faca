# The virtual environment of this repository, made when it is missing. POSIX sh, to be sourced after docker.sh:
#
#   ensure_venv DIR LOCK [VERSION]
#                             DIR/.venv with evaldock, editable, and exactly what DIR/requirements/LOCK.txt names:
#                             run (evaldock itself) or dev (and its checks and tests); no hash, no installation.
#                             With a VERSION (3.12) it is DIR/.venv-VERSION, by that Python. Its path is in $venv.
#
# What is installed is remembered with a hash of pyproject.toml and the locks, so that a second call takes no time.

ensure_venv() {
    venv=$1/.venv${3:+-$3}
    venv_state=$venv/evaldock-installed
    venv_lock=$1/requirements/$2.txt
    venv_hash=$(cat "$1/pyproject.toml" "$1"/requirements/*.txt | sha256sum | cut -c1-16)
    if "$venv/bin/python" -c '' 2>/dev/null; then
        if [ "$(head -n 1 "$venv_state" 2>/dev/null)" = "$venv_hash" ]; then
            grep -qsx "lock $2" "$venv_state" && return 0
        else
            rm -f "$venv_state"
        fi
    else
        rm -rf "$venv"
        make_venv "$venv" "${3:-}"
    fi
    say "Installing evaldock into $venv, with the packages of $venv_lock"
    retry venv_pip --only-binary :all: --require-hashes -r "$venv_lock" || return 1
    # Built by the setuptools of the lock: an isolated build would fetch whichever is the newest.
    venv_pip --no-deps --no-build-isolation -e "$1" || return 1
    [ -e "$venv_state" ] || printf '%s\n' "$venv_hash" >"$venv_state"
    printf 'lock %s\n' "$2" >>"$venv_state"
}

venv_pip() { "$venv/bin/python" -P -m pip install -q --disable-pip-version-check --no-input "$@" </dev/null; }

# make_venv DIR VERSION: by the Python of that version, "" for any that evaldock runs on.
make_venv() {
    mv_python=$(find_python "$2") || need_python
    say "Making the virtual environment $1 ($("$mv_python" -V))"
    "$mv_python" -P -m venv "$1" >/dev/null 2>&1 && return 0
    # Debian and Ubuntu ship the part that venv needs as a package of its own.
    rm -rf "$1"
    if is_root && command -v apt-get >/dev/null 2>&1; then
        install_packages python3-venv
        mv_python=$(find_python "$2") || need_python
        "$mv_python" -P -m venv "$1" && return 0
    fi
    say "'$mv_python -m venv' does not work. Debian, Ubuntu: sudo apt-get install python3-venv, then run this again."
    exit 2
}

python_version='import sys; print("%d.%d" % sys.version_info[:2])'

# find_python VERSION: prints the path of a Python that runs, of that version or, for "", of any from 3.11 on: older ones
# do not know -P. pyenv's commands are in PATH also for versions that they refuse to run.
find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
        fp_version=$("$candidate" -P -c "$python_version" 2>/dev/null) || continue
        if [ "$fp_version" = "${1:-$fp_version}" ]; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

need_python() {
    say "Python 3.11 or newer is needed; none of python3, python3.13, python3.12 and python3.11 is."
    exit 2
}
