#!/bin/sh
# The same tasks against several models, one run each, then what differs by more than chance.
#
#   sh examples/compare_models.sh CONFIG MODEL_ID MODEL_ID...
#   sh examples/compare_models.sh examples/ollama.yaml llama3.2:3b qwen2.5:3b

set -eu
[ $# -ge 3 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
config=$1
shift
runs=
for model in "$@"; do
    # A run with a failed task is compared all the same: what it scored is there.
    run=$(evaldock run "$config" -o target.api_endpoint.model_id="$model" --no-tui --json |
        sed -n 's/.*"invocation": *"\([0-9a-f]*\)".*/\1/p' | head -n 1)
    [ -n "$run" ] || exit 1
    runs="$runs $run"
done
# Split on purpose: one argument a run.
# shellcheck disable=SC2086
evaldock compare $runs
