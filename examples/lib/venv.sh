# The virtual environment of this repository, made when it is missing. POSIX sh, to be sourced after docker.sh:
#
#   ensure_venv DIR LOCK      DIR/.venv with evaldock, editable, and exactly what DIR/requirements/LOCK.txt names:
#                             run (evaldock itself) or dev (and its checks and tests); no hash, no installation
#
# What is installed is remembered with a hash of pyproject.toml and the locks, so that a second call takes no time.

ensure_venv() {
    venv=$1/.venv
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
        make_venv "$venv"
    fi
    say "Installing evaldock into $venv, with the packages of $venv_lock"
    retry venv_pip --only-binary :all: --require-hashes -r "$venv_lock"
    # Built by the setuptools of the lock: an isolated build would fetch whichever is the newest.
    venv_pip --no-deps --no-build-isolation -e "$1"
    [ -e "$venv_state" ] || printf '%s\n' "$venv_hash" >"$venv_state"
    printf 'lock %s\n' "$2" >>"$venv_state"
}

venv_pip() { "$venv/bin/python" -P -m pip install -q --disable-pip-version-check --no-input "$@" </dev/null; }

make_venv() {
    mv_python=$(find_python) || need_python
    say "Making the virtual environment $1 ($("$mv_python" -V))"
    "$mv_python" -P -m venv "$1" >/dev/null 2>&1 && return 0
    # Debian and Ubuntu ship the part that venv needs as a package of its own.
    rm -rf "$1"
    if is_root && command -v apt-get >/dev/null 2>&1; then
        install_packages python3-venv
        mv_python=$(find_python) || need_python
        "$mv_python" -P -m venv "$1" && return 0
    fi
    say "'$mv_python -m venv' does not work. Debian, Ubuntu: sudo apt-get install python3-venv, then run this again."
    exit 2
}

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
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
