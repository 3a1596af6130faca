#!/bin/sh
# From a fresh Debian or Ubuntu machine to real scores: makes the virtual environment, a Docker Engine if none answers,
# three harness images and a small model ready, then runs examples/quickstart.yaml in the dashboard (headless where there
# is no terminal). What is not named here goes to `evaldock run`.
#
#   sh examples/quickstart.sh                 IFBench, HumanEval and GSM8K of SmolLM2-135M
#   sh examples/quickstart.sh --control       the same against known answers: every score must be 1.0
#   sh examples/quickstart.sh --no-tui        headless
#   sh examples/quickstart.sh --dry-run       what would run
#
# The endpoint listens on port 8321 (8322 for --control), or on $EVALDOCK_DEMO_PORT.
# What it started (endpoint, Docker Engine) is stopped at the end; what it installed and built stays.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$here/lib/docker.sh"
. "$here/lib/venv.sh"
. "$here/lib/model.sh"

answers=
finish() {
    stop_serving
    [ -z "$answers" ] || rm -rf "$answers"
    stop_docker_if_ours
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

control=
for argument in "$@"; do
    shift
    case $argument in
    --control) control=yes ;;
    *) set -- "$@" "$argument" ;;
    esac
done

if [ -n "${EVALDOCK_PYTHON:-}" ]; then
    python=$EVALDOCK_PYTHON
else
    ensure_venv "$root" run
    python=$root/.venv/bin/python
fi
[ -n "$control" ] || ensure_model
ensure_docker
sh "$here/images/build" ifbench humaneval gsm8k

if [ -n "$control" ]; then
    answers=$(mktemp -d)
    for name in ifbench humaneval gsm8k; do
        docker run --rm --network none "evaldock/$name:local" python3 /opt/evaldock/answers.py \
            >"$answers/$name.jsonl" 2>/dev/null
    done
    serve "$python" "$here/control.py" --port "${EVALDOCK_DEMO_PORT:-8322}" "$answers"/*.jsonl
    set -- -o execution.output_dir=./control_results -o target.api_endpoint.model_id=control-replay "$@"
    say "A control run: known answers are replayed, no model is asked, and every score must be 1.0."
else
    serve "$python" "$here/endpoint.py" --port "${EVALDOCK_DEMO_PORT:-8321}"
fi

evaldock() { "$python" -P -m evaldock.tui "$@"; }
newest_run() { evaldock ls runs --limit 1 --json 2>/dev/null | tr ',' '\n' | sed -n 's/.*"invocation": *"\([^"]*\)".*/\1/p'; }

before=$(newest_run)
status=0
evaldock run "$here/quickstart.yaml" -o "target.api_endpoint.url=$served" "$@" || status=$?
run=$(newest_run)
# A dry run has made none.
if [ -n "$run" ] && [ "$run" != "$before" ]; then
    echo
    evaldock results "$run" || true
    sed 's/^    //' <<END

    See it again:         evaldock attach $run
    One page of it all:   evaldock report $run
    Your own model next:  evaldock check CONFIG, then evaldock run CONFIG  (examples: $here)
END
    [ -n "${EVALDOCK_PYTHON:-}" ] || echo "evaldock is $root/.venv/bin/evaldock"
fi
exit "$status"
