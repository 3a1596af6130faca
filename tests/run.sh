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

bin=$root/.venv/bin
PATH=$bin:$PATH
export PATH
ruff check .
ruff format --check .
pyright
lint-imports
pytest "$@"
