# The virtual environment of this repository, made when it is missing. POSIX sh, to be sourced after docker.sh:
#
#   ensure_venv DIR [EXTRA]      DIR/.venv with evaldock, editable, and the packages of one extra (dev, demo)
#
# What is installed is remembered with a hash of pyproject.toml, so that a second call takes no time.

ensure_venv() {
    venv=$1/.venv
    venv_state=$venv/evaldock-installed
    venv_hash=$(sha256sum <"$1/pyproject.toml" | cut -c1-16)
    if "$venv/bin/python" -c '' 2>/dev/null; then
        if [ "$(head -n 1 "$venv_state" 2>/dev/null)" = "$venv_hash" ]; then
            grep -qsx "extra ${2:-}" "$venv_state" && return 0
        else
            rm -f "$venv_state"
        fi
    else
        rm -rf "$venv"
        make_venv "$venv"
    fi
    say "Installing evaldock into $venv"
    "$venv/bin/python" -P -m pip install -q --disable-pip-version-check --no-input -e "$1${2:+[$2]}" </dev/null
    [ -e "$venv_state" ] || printf '%s\n' "$venv_hash" "extra " >"$venv_state"
    printf 'extra %s\n' "${2:-}" >>"$venv_state"
}

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
