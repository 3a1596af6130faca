# Checks that are all run, whatever becomes of one, and reported together. POSIX sh, to be sourced after docker.sh and
# venv.sh; $root is the repository, $work a directory of the caller's:
#
#   check NAME COMMAND...     runs it, and remembers how it ended; $failed is set once one has failed
#   start_aside, await_aside  the long ones without containers, beside the caller: types, other Pythons, newest releases,
#                             known advisories
#   stop_aside                ends them early
#   report                    a line for each, and last what pytest said last

failed=
reported=
aside=

check() {
    check_name=$1
    shift
    say "== $check_name"
    if "$@"; then note "$check_name" ok; else note "$check_name" FAILED; fi
}

# note NAME END: a line of the report. What ends in capitals fails the whole.
note() {
    reported="$reported$1: $2
"
    case $2 in FAILED*) failed=yes ;; esac
}

# api_pages: a page for each module of core, from its docstrings; what cannot be imported fails.
api_pages() { pdoc -o "$work/api" evaldock.core >"$work/api.log" 2>&1 || { cat "$work/api.log" >&2; return 1; }; }

# logged NAME COMMAND...: what it prints goes to $work/NAME.log, too.
logged() {
    logged_as=$work/$1
    shift
    { "$@" && : >"$logged_as.ok"; } 2>&1 | tee "$logged_as.log"
    [ -e "$logged_as.ok" ]
}

report() {
    printf '\n%s' "$reported"
    if [ -f "$work/tests.log" ]; then tail -n 1 "$work/tests.log"; fi
}

# --- beside the tests with containers, which mostly wait -----------------------------------------------------------
start_aside() {
    : >"$work/aside"
    aside_checks >/dev/null 2>&1 &
    aside=$!
}

aside_checks() {
    child=
    trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 143' TERM
    aside_check types pyright
    # A build has a quarter of an hour: it takes the oldest and the newest.
    for version in 3.11 $([ "${CI:-}" = true ] || echo 3.12) 3.13; do
        if [ "$("$root/.venv/bin/python" -c "$python_version")" = "$version" ]; then continue; fi
        if find_python "$version" >/dev/null; then
            aside_check "python$version" tests_on "$version"
        else
            echo "python$version not here" >>"$work/aside"
        fi
    done
    if [ "${CI:-}" = true ]; then
        aside_check newest try_newest
        aside_check advisories look_up_advisories
    fi
}

# aside_check NAME COMMAND...: as a child that can be ended; its output and its end go to $work.
aside_check() {
    aside_name=$1
    shift
    "$@" >"$work/$aside_name.log" 2>&1 </dev/null &
    child=$!
    aside_end=0
    wait "$child" || aside_end=$?
    echo "$aside_name $aside_end" >>"$work/aside"
}

stop_aside() {
    if [ -n "$aside" ]; then kill "$aside" 2>/dev/null || true; fi
    aside=
}

await_aside() {
    say "Waiting for what runs beside: types, other Pythons"
    wait "$aside" || note beside "FAILED: it was ended before its time"
    aside=
    while read -r name end; do
        # What a project that nobody here controls has published today breaks no build.
        case $name.$end in advisories.*) note advisories "$(tail -n 1 "$work/advisories.log")"; continue ;; esac
        case $end in
        0) note "$name" "ok$(summary "$name")" ;;
        not*) note "$name" "$end" ;;
        *)
            say "== $name"
            cat "$work/$name.log" >&2
            if [ "$name" = newest ]; then note newest "differs, see above"; else note "$name" "FAILED$(summary "$name")"; fi
            ;;
        esac
    done <"$work/aside"
}

# summary NAME: what pytest said last, when it did.
summary() { sed -n '$s/^[0-9].* in [0-9.]*s.*/, &/p' "$work/$1.log"; }

# tests_on VERSION: the tests without containers; what looks for faults by chance does so on one Python.
tests_on() {
    ensure_venv "$root" dev "$1" && PATH=$venv/bin:$PATH pytest -p no:cacheprovider -n 2 -m "not wide" tests/unit tests/tui
}

# The newest release of everything that pyproject.toml allows: types and unit tests, in ten minutes at most. Where the
# lock has them already there is nothing to try.
try_newest() {
    python=$root/.venv/bin/python
    set -- --disable-pip-version-check --no-input --upgrade --upgrade-strategy eager -e "$root[dev]"
    if ! newer=$(timeout 180 "$python" -P -m pip install -q --dry-run --no-build-isolation --report - "$@" |
        "$python" -P -c "$newer_releases"); then
        echo "The newest releases could not be looked up: nothing is known of them today."
        return 1
    fi
    if [ -z "$newer" ]; then
        echo "The lock has the newest release of everything."
        return 0
    fi
    printf 'Releases that the lock does not have:\n%s\n' "$newer"
    newest=$root/.venv-newest
    "$python" -P -m venv "$newest" && timeout 180 "$newest/bin/python" -P -m pip install -q "$@" || return 1
    newest_end=0
    # pyright reads the paths of a config from where the config lies.
    printf '%s\n' '{"extends": "../pyproject.toml", "include": ["../core", "../tui"],' \
        '"venvPath": "..", "venv": ".venv-newest"}' >"$newest/pyright.json"
    pyright -p "$newest/pyright.json" || newest_end=1
    PATH=$newest/bin:$PATH timeout 300 pytest -p no:cacheprovider -n 2 tests/unit || newest_end=1
    return "$newest_end"
}

# What pip would install, without evaldock itself, out of its report.
newer_releases='import json, sys
found = [item["metadata"] for item in json.load(sys.stdin)["install"]]
print("\n".join("  {name} {version}".format_map(item) for item in found if item["name"] != "evaldock"))'

# look_up_advisories: a line about the releases of the locks, from wherever pip-audit finds advisories.
look_up_advisories() {
    audit=$work/audit
    if "$root/.venv/bin/python" -P -m venv "$audit" && timeout 120 "$audit/bin/python" -P -m pip install -q \
        --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r requirements/audit.txt; then
        timeout 120 "$audit/bin/pip-audit" --disable-pip --progress-spinner off -r requirements/dev.txt \
            -r examples/lib/model_server.txt -f json -o "$audit/found.json" || true
    fi
    "$root/.venv/bin/python" -P tests/lib/advisories.py "$audit/found.json"
}

# find_mlflow: sets EVALDOCK_TEST_MLFLOW to the program that the test of exports talks to, fetched if need be.
find_mlflow() {
    if [ -n "${EVALDOCK_TEST_MLFLOW:-}" ] || command -v mlflow >/dev/null 2>&1; then return 0; fi
    mlflow=${XDG_CACHE_HOME:-$HOME/.cache}/evaldock/test-mlflow-$(sha256sum <requirements/mlflow.txt | cut -c1-8)
    if [ ! -x "$mlflow/bin/mlflow" ]; then
        say "Installing MLflow into $mlflow (requirements/mlflow.txt, 500 MB)"
        if ! { "$root/.venv/bin/python" -P -m venv "$mlflow" && retry "$mlflow/bin/pip" install -q \
            --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r requirements/mlflow.txt; }; then
            rm -rf "$mlflow"
            return 1
        fi
    fi
    EVALDOCK_TEST_MLFLOW=$mlflow/bin/mlflow
    export EVALDOCK_TEST_MLFLOW
}
