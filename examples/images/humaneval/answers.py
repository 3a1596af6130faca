"""HumanEval's own solutions as JSON lines, for a control run: {"find": part of the request, "answer": text}."""

import json
from pathlib import Path

for line in Path("/work/openai/openai_humaneval/test.jsonl").read_text("utf-8").splitlines():
    problem = json.loads(line)
    # The harness keeps what follows the first signature of an answer, and puts it behind the prompt.
    code = f"def {problem['entry_point']}(*args):\n{problem['canonical_solution']}"
    print(json.dumps({"find": problem["prompt"].strip(), "answer": f"```python\n{code}\n```"}))
