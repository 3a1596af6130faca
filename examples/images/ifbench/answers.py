"""Answers that follow IFBench's instructions as JSON lines, for a control run: {"find": the request, "answer": text}.

IFBench has no reference answers. An answer that its own checker accepts is looked for among the sample answers in its
wheel (which differ in length, language and shape), and made for the instructions that no sample fits. Prompts without
one are left out: among the first 30 there are none.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from ifbench import evaluation_lib as checker

_DATA = Path(checker.__file__).parent / "data"
_LOOKED_AT = 60


def made(kind: str, values: dict[str, object]) -> Iterator[str]:
    """Answers made for one instruction."""
    if kind == "count:keywords_multiple":
        times = (1, 2, 3, 5, 7)
        yield " ".join(" ".join([str(values[f"keyword{n}"])] * times[n - 1]) for n in range(1, 6))
    elif kind == "words:keywords_specific_position":
        sentence, word = int(str(values["n"])), int(str(values["m"]))
        last = " ".join(["word"] * (word - 1) + [str(values["keyword"])] + ["word"])
        yield " ".join(["One more sentence comes here."] * (sentence - 1) + [f"{last}."])
    elif kind == "words:words_position":
        keyword = str(values["keyword"])
        yield f"A {keyword} answer that ends in {keyword} words"


def accepted(prompt: checker.InputExample, answer: str) -> bool:
    try:
        return checker.test_instruction_following_strict(prompt, {prompt.prompt: answer}).follow_all_instructions
    except Exception:  # noqa: BLE001 - the checker stumbles over answers that it was not made for
        return False


def main() -> None:
    samples = [json.loads(line) for line in (_DATA / "sample_output.jsonl").read_text("utf-8").splitlines()]
    own = {sample["prompt"]: sample["response"] for sample in samples}
    prompts = checker.read_prompt_list(str(_DATA / "IFBench_test.jsonl"))
    for prompt in prompts[:_LOOKED_AT]:
        pairs = zip(prompt.instruction_id_list, prompt.kwargs, strict=True)
        candidates = [own.get(prompt.prompt, ""), *(text for kind, values in pairs for text in made(kind, values))]
        candidates += own.values()
        answer = next((text for text in candidates if text and accepted(prompt, text)), None)
        if answer is None:
            print(f"no answer for prompt {prompt.key}", file=sys.stderr)
        else:
            print(json.dumps({"find": prompt.prompt.strip(), "answer": answer}))


if __name__ == "__main__":
    main()
