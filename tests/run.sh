#!/bin/sh
# Everything that must hold, from nothing: makes the virtual environment, a Docker Engine and the image that the tests
# run, then checks style, types, arrows between packages, and runs all tests. Arguments go to pytest:
#
#   tests/run.sh                    all
#   tests/run.sh tests/unit -k plan   a few, after the same checks
#
# A Docker Engine that was not running before is stopped at the end.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. examples/lib/docker.sh
. examples/lib/venv.sh

trap stop_docker_if_ours EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

ensure_venv "$root" dev
ensure_docker
examples/images/build contract
check_docker_limits evaldock/contract:local
# The tests of pulling run a registry of their own, and are skipped (and say so) where there is none.
if is_root && ! command -v docker-registry >/dev/null 2>&1; then install_packages docker-registry || true; fi
# So does the test of MLflow. It is large: only where everything is to be tested is it fetched, once a machine.
if [ "${CI:-}" = true ] && [ -z "${EVALDOCK_TEST_MLFLOW:-}" ] && ! command -v mlflow >/dev/null 2>&1; then
    mlflow=${XDG_CACHE_HOME:-$HOME/.cache}/evaldock/test-mlflow
    [ -x "$mlflow/bin/mlflow" ] || { "$root/.venv/bin/python" -P -m venv "$mlflow" &&
        "$mlflow/bin/pip" install -q --only-binary :all: --require-hashes -r requirements/mlflow.txt; } ||
        rm -rf "$mlflow"
    [ ! -x "$mlflow/bin/mlflow" ] || export EVALDOCK_TEST_MLFLOW="$mlflow/bin/mlflow"
fi

bin=$root/.venv/bin
PATH=$bin:$PATH
export PATH
ruff check .
ruff format --check .
pyright
lint-imports
# Two at a time: those with containers, which mostly wait, beside those without.
pytest -n 2 --dist loadgroup "$@"
