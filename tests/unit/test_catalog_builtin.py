from __future__ import annotations

import pytest
from evaldock.core.catalog.builtin import format_builtin, parse_builtin, read_builtin
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.catalog.load import load_catalog
from evaldock.core.catalog.model import AmbiguousTask, TaskSpec, UnknownTask, WrongImage
from evaldock.core.catalog.prefer import fitting_type


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def test_the_packaged_catalog_is_whole(catalog: Catalog) -> None:
    assert len(catalog.tasks) == 421
    assert len(catalog.harnesses) == 23
    assert len({task.full_name for task in catalog.tasks}) == 421
    assert all(task.digest.startswith("sha256:") and len(task.digest) == 71 for task in catalog.tasks)
    assert all(task.image.endswith(":26.03") for task in catalog.tasks)
    kinds = [task.endpoint_types[0] for task in catalog.tasks]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "chat": 219,
        "completions": 175,
        "embedding": 20,
        "vlm": 7,
    }


def test_rows_carry_parameters_and_environment(catalog: Catalog) -> None:
    hle = catalog.resolve("hle.hle")
    assert hle.required_env == ("HF_TOKEN",)
    assert catalog.resolve("gpqa_diamond").required_env == ("HF_TOKEN",)
    ifeval = catalog.resolve("ifeval")
    assert ifeval.params["parallelism"] == 10
    assert ifeval.params["temperature"] == pytest.approx(1e-07)
    assert ifeval.command is None
    assert ifeval.description == "Language Model Evaluation Harness"
    assert catalog.resolve("ocrbench").architectures == "amd"


@pytest.mark.parametrize(
    ("name", "samples", "repeats"),
    [
        ("ifeval", 541, 1),
        ("gpqa_diamond", 198, 1),
        ("simple_evals.mmlu", 14042, 1),
        ("gsm8k_cot_instruct", 1319, 1),
        ("simple_evals.humaneval", 164, 1),
        ("bigcode-evaluation-harness.humaneval", 164, 20),
        ("AIME_2025", 30, 10),
        ("mmlu_pro", 12032, 1),
        ("wikilingua", None, 1),
    ],
)
def test_sizes_that_are_public_are_known(catalog: Catalog, name: str, samples: int | None, repeats: int) -> None:
    spec = catalog.resolve(name)
    assert (spec.samples, spec.repeats) == (samples, repeats)


def test_the_catalog_is_written_as_it_is_read() -> None:
    builtin = read_builtin()
    assert parse_builtin(format_builtin(builtin)) == builtin


def test_no_image_is_said_to_need_a_variable_that_it_does_not_read(catalog: Catalog) -> None:
    assert not [task.name for task in catalog.tasks if any(name.startswith("OPENAI_") for name in task.required_env)]


def test_it_is_read_once_and_only_when_asked() -> None:
    calls: list[int] = []

    def source():  # type: ignore[no-untyped-def]
        calls.append(1)
        return parse_builtin("H\th\timg\n\nT\tt\tchat\n# note")

    lazy = Catalog(builtin=source)
    assert not calls
    assert lazy.resolve("t").full_name == "h.t"
    assert lazy.resolve("h.t").params == {}
    assert len(calls) == 1
    assert read_builtin() is read_builtin()


# name, wanted endpoint type, full name
MEANT = [
    ("ifeval", "chat", "lm-evaluation-harness.ifeval"),
    ("gpqa_diamond", "chat", "simple_evals.gpqa_diamond"),
    ("mmlu_pro", "chat", "simple_evals.mmlu_pro"),
    ("mmlu_pro", "completions", "lm-evaluation-harness.mmlu_pro"),
    ("gsm8k", "chat", "lm-evaluation-harness.gsm8k"),
    ("humaneval", "chat", "simple_evals.humaneval"),
    ("humaneval", "completions", "bigcode-evaluation-harness.humaneval"),
    ("humaneval_instruct", "chat", "lm-evaluation-harness.humaneval_instruct"),
    ("mmlu", None, "simple_evals.mmlu"),
    ("mmlu", "completions_logprob", "lm-evaluation-harness.mmlu"),
    ("ifbench", "chat", "ifbench.ifbench"),
    ("scicode", "chat", "scicode.scicode"),
    ("hle", "chat", "hle.hle"),
    ("aime_2025", "chat", "simple_evals.AIME_2025"),
    ("ocrbench", "chat", "vlmevalkit.ocrbench"),
    # codec measures contamination: never meant by a benchmark's bare name, though it alone fits the type
    ("ifeval", "completions", "lm-evaluation-harness.ifeval"),
    ("hle", "completions", "hle.hle"),
    ("codec.ifeval", "chat", "codec.ifeval"),
]


@pytest.mark.parametrize(("name", "wanted", "full"), MEANT)
def test_bare_names_mean_the_documented_task(catalog: Catalog, name: str, wanted: str, full: str) -> None:
    assert catalog.resolve(name, endpoint_type=wanted).full_name == full


def test_every_bare_name_means_one_task_for_every_type(catalog: Catalog) -> None:
    for task in catalog.tasks:
        for wanted in (None, "chat", "completions", "embedding", "vlm"):
            assert catalog.resolve(task.name, endpoint_type=wanted)
        assert catalog.resolve(task.full_name) == task


@pytest.mark.parametrize("name", ["LM-Evaluation-Harness.IFEval", "lm_evaluation_harness.ifeval", " ifeval ", "IFEVAL"])
def test_case_and_dashes_do_not_matter(catalog: Catalog, name: str) -> None:
    assert catalog.resolve(name).full_name == "lm-evaluation-harness.ifeval"


def test_unknown_names_get_suggestions(catalog: Catalog) -> None:
    with pytest.raises(UnknownTask, match=r"'ifevla'. Did you mean ifeval.*evaldock ls tasks.*container: IMAGE"):
        catalog.resolve("ifevla")
    with pytest.raises(UnknownTask, match=r"Did you mean simple_evals\.mmlu"):
        catalog.resolve("simple-eval.mmlu")
    with pytest.raises(UnknownTask, match=r"'zzzzzzzz'\. `evaldock"):
        catalog.resolve("zzzzzzzz")
    with pytest.raises(UnknownTask, match="needs a name"):
        catalog.resolve(" ", container="img")


def test_a_true_tie_lists_the_choices() -> None:
    tied = Catalog([TaskSpec("same", "one", "img:1"), TaskSpec("same", "two", "img:2")])
    with pytest.raises(AmbiguousTask, match=r"write one of one\.same, two\.same") as caught:
        tied.resolve("same")
    assert caught.value.choices == ("one.same", "two.same")
    assert tied.resolve("two.same").image == "img:2"


def test_a_container_replaces_the_image_of_a_listed_task(catalog: Catalog) -> None:
    spec = catalog.resolve("gpqa_diamond", container="local/simple:1")
    assert (spec.image, spec.digest, spec.harness, spec.listed) == ("local/simple:1", "", "simple_evals", True)
    assert spec.required_env == ("HF_TOKEN",)


def test_a_known_image_tells_the_harness(catalog: Catalog) -> None:
    image = "nvcr.io/nvidia/eval-factory/lm-evaluation-harness:25.11@sha256:" + "0" * 64
    assert catalog.resolve("mmlu", endpoint_type="chat", container=image).harness == "lm-evaluation-harness"
    unlisted = catalog.resolve("brand_new", container=image)
    assert (unlisted.harness, unlisted.name, unlisted.listed) == ("lm-evaluation-harness", "brand_new", False)


@pytest.mark.parametrize(
    ("name", "harness", "task"),
    [
        ("mine", "custom", "mine"),
        ("lab.mine", "lab", "mine"),
        ("lab.a.b", "lab", "a.b"),
        ("lm_evaluation_harness.new", "lm-evaluation-harness", "new"),
        (".odd", "custom", ".odd"),
    ],
)
def test_with_a_container_an_unlisted_task_works(catalog: Catalog, name: str, harness: str, task: str) -> None:
    spec = catalog.resolve(name, container="localhost:5000/mine:1")
    assert (spec.harness, spec.name, spec.image, spec.listed) == (harness, task, "localhost:5000/mine:1", False)
    assert spec.endpoint_types == ("chat",)
    assert catalog.resolve(name, container="x", endpoint_type="embedding").endpoint_types == ("embedding",)


def test_what_an_endpoint_also_serves() -> None:
    def spec(*types: str) -> TaskSpec:
        return TaskSpec("t", "h", "i", endpoint_types=types)

    assert fitting_type(spec("vlm"), "chat") == "vlm"
    assert fitting_type(spec("chat"), "vlm") is None
    assert fitting_type(spec("completions"), "completions_logprob") == "completions"
    assert fitting_type(spec("embedding", "chat"), "chat") == "chat"


def test_like_finds_the_family_that_fits(catalog: Catalog) -> None:
    names = [task.name for task in catalog.like(catalog.resolve("gsm8k"), "chat")]
    assert names[0] == "gsm8k_cot_instruct"
    assert all(name.startswith("gsm8k_") for name in names)


def test_load_without_user_files_needs_no_directory(tmp_path) -> None:  # type: ignore[no-untyped-def]
    loaded = load_catalog([tmp_path / "none"], env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert len(loaded.tasks) == 421


def test_a_task_that_is_not_listed_runs_in_the_image_of_its_harness(catalog: Catalog) -> None:
    spec = catalog.resolve("nemo_skills.ns_imo_answerbench")
    known = catalog.resolve("nemo_skills.ns_ifeval")
    assert (spec.listed, spec.image, spec.digest) == (False, known.image, known.digest)
    assert catalog.near(catalog.resolve("nemo-skills.ns_ifevall")) == "nemo_skills.ns_ifeval"
    assert catalog.near(spec) == ""
    for name in ("nobody.ns_ifeval", "nemo_skills", "nemo_skills.", ".ns_x"):
        with pytest.raises(UnknownTask):
            catalog.resolve(name)


@pytest.mark.parametrize(
    "image", ["nvcr.io/nvidia/eval-factory/lm-evaluation-harness:26.03", "mirror:5000/lm-evaluation-harness@sha256:1"]
)
def test_the_image_of_another_harness_is_refused(catalog: Catalog, image: str) -> None:
    with pytest.raises(WrongImage, match="is the image of lm-evaluation-harness"):
        catalog.resolve("simple_evals.mmlu", container=image)
    assert catalog.resolve("mmlu", container=image).full_name == "lm-evaluation-harness.mmlu"
    assert not catalog.resolve("ocrbench", container=image).listed
    assert catalog.resolve("simple_evals.mmlu", container="lab/mine:1").listed


def test_a_name_of_an_older_catalog_is_that_of_its_endpoint_type(catalog: Catalog) -> None:
    assert catalog.resolve("mbpp", endpoint_type="chat").full_name == "bigcode-evaluation-harness.mbpp-chat"
    assert catalog.resolve("mbpp", endpoint_type="completions").name == "mbpp-completions"
    with pytest.raises(UnknownTask, match="Did you mean"):
        catalog.resolve("mbpp", endpoint_type="vlm")
