"""GSM8K's own worked answers as JSON lines, for a control run: {"find": part of the request, "answer": text}."""

import json
from pathlib import Path

for line in Path("/work/gsm8k/test.jsonl").read_text("utf-8").splitlines():
    row = json.loads(line)
    print(json.dumps({"find": row["question"].strip(), "answer": row["answer"]}))
