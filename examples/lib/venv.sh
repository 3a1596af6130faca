# The virtual environment of this repository, made when it is missing. POSIX sh, to be sourced after docker.sh:
#
#   ensure_venv DIR [EXTRAS]     DIR/.venv with evaldock, editable, and its optional dependencies (for example: dev)
#
# What is installed is remembered by a hash of pyproject.toml, so that a second call takes no time.

ensure_venv() {
    venv=$1/.venv
    venv_wants="$(sha256sum <"$1/pyproject.toml" | cut -c1-16) ${2:-}"
    if "$venv/bin/python" -c '' 2>/dev/null; then
        # More extras than wanted do no harm: an environment with "dev" serves a call without.
        grep -qs "^$venv_wants" "$venv/evaldock-installed" && return 0
    else
        rm -rf "$venv"
        make_venv "$venv"
    fi
    say "Installing evaldock into $venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-input -e "$1${2:+[$2]}" </dev/null
    printf '%s\n' "$venv_wants" >"$venv/evaldock-installed"
}

make_venv() {
    mv_python=$(find_python) || need_python
    say "Making the virtual environment $1 ($("$mv_python" -V))"
    "$mv_python" -m venv "$1" >/dev/null 2>&1 && return 0
    # Debian and Ubuntu ship the part that venv needs as a package of its own.
    rm -rf "$1"
    if is_root && command -v apt-get >/dev/null 2>&1; then
        install_packages python3-venv
        mv_python=$(find_python) || need_python
        "$mv_python" -m venv "$1" && return 0
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
