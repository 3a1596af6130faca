"""evaldock from Python: run a config several times with another setting each, and put the scores side by side.

    python examples/from_python.py examples/quickstart.yaml

What a run prints elsewhere comes here as events and notices; the runs themselves are as good as any other:
`evaldock`, `evaldock compare` and `evaldock report` know them.
"""

from __future__ import annotations

import sys

from evaldock.core import load_config, plan, run, scores


def main(path: str, temperatures: tuple[float, ...] = (0.0, 0.7)) -> None:
    """One run for each temperature."""
    rows: list[dict[str, object]] = []
    for temperature in temperatures:
        setting = f"evaluation.nemo_evaluator_config.config.params.temperature={temperature}"
        config = load_config(path, overrides=[setting])
        planned = plan(config)
        print(f"temperature {temperature}: {', '.join(job.task for job in planned.jobs)}", file=sys.stderr)
        finished = run(config, planned, on_notice=lambda text: print(text, file=sys.stderr))
        rows += [{"temperature": temperature, **row} for row in scores(finished)]
    for row in sorted(rows, key=lambda row: str(row["task"])):
        print(row["task"], row["temperature"], row["value"], row["validity"], row["run"])


if __name__ == "__main__":
    main(sys.argv[1])
