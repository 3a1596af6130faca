"""NeMo Evaluator's own adapter before an endpoint: `PYTHON upstream_adapter.py URL PORT DIR`, by its own Python."""

from __future__ import annotations

import sys

from nemo_evaluator.adapters.adapter_config import AdapterConfig  # type: ignore[import-not-found]
from nemo_evaluator.adapters.server import AdapterServer  # type: ignore[import-not-found]


def main() -> None:
    """Serve until killed, with what it does by default short of its cache: endpoint and response_stats."""
    url, port, folder = sys.argv[1:]
    interceptors = [{"name": "endpoint"}, {"name": "response_stats", "config": {"cache_dir": f"{folder}/stats"}}]
    AdapterServer(url, folder, AdapterConfig(interceptors=interceptors), int(port)).run()


if __name__ == "__main__":
    main()
