#!/bin/sh
# Everything that must hold, from nothing: makes the virtual environment, a Docker Engine and the image that the tests
# run, then checks style, contracts between packages and types, and runs all tests. Arguments go to pytest:
#
#   sh tests/run.sh                     all; unit and tui tests on every Python from 3.11 to 3.13 that is here
#   sh tests/run.sh tests/unit -k plan  the same checks, then a few tests
#
# What fails keeps nothing from running; all of it is reported at the end, and fails the whole. With CI=true, which has a
# quarter of an hour, the other Pythons are the oldest and the newest, and the newest releases that pyproject.toml allows
# are tried, too: that is reported and fails nothing.
# A Docker Engine that was not running before is stopped at the end.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. examples/lib/docker.sh
. examples/lib/venv.sh
. tests/lib/checks.sh

finish() {
    stop_aside
    stop_docker_if_ours
    rm -rf "$work"
}
work=$(mktemp -d)
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# What the tests import is compiled as they do; all that is installed would take as long again.
export PIP_NO_COMPILE=1
ensure_venv "$root" dev
PATH=$root/.venv/bin:$PATH
export PATH
check style ruff check .
check format ruff format --check .
check contracts lint-imports
check api api_pages
if [ $# -gt 0 ]; then check types pyright; else start_aside; fi

ensure_docker
examples/images/build contract
check_docker_limits evaldock/contract:local
# Tests whose server is missing are skipped, and say so: the registry of the tests of pulling, and MLflow, which is large
# and fetched once a machine, only where everything is to be tested.
if is_root && ! command -v docker-registry >/dev/null 2>&1; then install_packages docker-registry || true; fi
if [ "${CI:-}" = true ]; then find_mlflow || true; fi

if [ $# -gt 0 ]; then
    check tests pytest -n 2 --dist loadgroup "$@"
else
    # Two at a time: those with containers, which mostly wait, beside those without.
    check tests logged tests pytest -n 2 --dist loadgroup --durations=20 --durations-min=4
    await_aside
fi
report
[ -z "$failed" ]
