"""`evaldock compare`: which run is better, and how sure that is."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...core.base.sanitize import json_text
from .complete import IdType
from .epilog import examples
from .errors import Failure, UsageProblem
from .options import ci_option, json_option
from .rows import plain
from .style import Style, style_of
from .table import Cell, Column, render

if TYPE_CHECKING:
    from ...core.results.compare.matrix import Matrix
    from ...core.results.compare.model import Difference
    from ...core.results.compare.side import Side
    from .select import Target

_COLUMNS = (
    Column("TASK", least=14),
    Column("BEFORE", right=True),
    Column("AFTER", right=True),
    Column("CHANGE", right=True),
    Column("95 %", right=True, give_up=2),
    Column("P", right=True, give_up=3),
    Column("PAIRS", right=True, give_up=4),
    Column("VERDICT", least=14),
)
_AT_ONCE = 2  # runs that are read side by side
_STYLES = {"better": "succeeded", "worse": "failed", "not comparable": "invalid"}


class Amount(click.ParamType[float]):
    """`0.02`, `2pp` or `2%`, as a fraction."""

    name = "amount"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises click's own error for anything else."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*(pp|%)?", str(value).strip())
        if match is None:
            self.fail(f"{value!r} is not an amount: write 0.02, or 2pp for percentage points.", param, ctx)
        return float(match[1]) / (100 if match[2] else 1)


@dataclass(frozen=True)
class _Contender:
    """One side of the table: a run, or all runs of a model."""

    name: str
    sides: Mapping[str, Side]


@click.command(
    epilog=examples(
        ("compare 3f2a 90bc", "is 90bc better than 3f2a?"),
        ("compare 3f2a 90bc --flips gsm8k", "the samples that scored otherwise, with both answers"),
        ("compare 3f2a 90bc --max-drop 2pp", "exit 1 unless a drop of 2 percentage points can be ruled out"),
        ("compare 3f2a 90bc 71de --by model", "runs of one model count as repeats"),
    )
)
@click.argument("ids", nargs=-1, required=True, type=IdType(), metavar="RUN RUN...")
@click.option("--by", type=click.Choice(["model"]), help="Take runs of one model together, as repeats.")
@click.option("--flips", is_flag=False, flag_value="*", metavar="[TASK]", help="Print samples that scored otherwise.")
@click.option(
    "--equivalent", type=Amount(), default=0.01, metavar="X", help="Within this, runs are equivalent. Default: 1pp."
)
@ci_option
@click.option("--max-drop", type=Amount(), metavar="X", help="Exit 1 unless a drop of X can be ruled out.")
@click.option("--point", is_flag=True, help="With --max-drop: decide by the point estimate, not by the interval.")
@click.option("--md", is_flag=True, help="Print Markdown, for a pull request.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write one HTML page.")
@json_option
def command(
    ids: tuple[str, ...],
    by: str | None,
    flips: str | None,
    equivalent: float,
    ci: str | None,
    max_drop: float | None,
    point: bool,
    md: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Compare runs or jobs with the first of them, task by task.

    Samples that both answered are compared one by one. The verdict is better, worse, equivalent, not told apart, or not
    comparable, corrected for the number of tasks; the exit code is 0 whatever it is, unless --max-drop is given.
    """
    from ...core.results.apart import prepare

    prepare(min(len(ids), _AT_ONCE))
    from ...core.results.ci import Ci
    from ...core.results.compare.compare import compare_sides
    from ...core.results.compare.markdown import markdown, markdown_matrix
    from ...core.results.compare.model import Settings
    from ...core.results.noise import known_sets, with_noise

    contenders = _contenders(ids, by)
    first, *others = contenders
    settings, known = Settings(margin=equivalent, ci=Ci(ci) if ci else None), known_sets()
    compared = [
        (other, with_noise(compare_sides(first.sides, other.sides, settings), first.sides, other.sides, known))
        for other in others
    ]
    rows = [row for _, found in compared for row in found]
    if flips not in (None, "*", *(row.task for row in rows)):
        raise UsageProblem(f"The runs have no task {plain(flips)} in common.")
    if html is not None:
        _write_page(html, first, compared)
    if as_json:
        click.echo(json_text([row.to_json() for row in rows], indent=2))
    elif md:
        if len(compared) > 1:
            click.echo(markdown_matrix(_matrix(first, compared)))
        for other, found in compared:
            click.echo(markdown(f"{first.name} -> {other.name}", found), nl=False)
    else:
        _print(first, compared)
    if flips is not None and not as_json:
        for other, found in compared:
            _print_flips(first, other, [row for row in found if flips in ("*", row.task)])
    if max_drop is not None:
        _hold(rows, max_drop, point)


def _contenders(ids: Sequence[str], by: str | None) -> list[_Contender]:
    from concurrent.futures import ThreadPoolExecutor

    from ...core.results.compare.pool import by_model, sides_of
    from .select import targets

    found = targets(ids)
    if by is not None:
        contenders = [_Contender(model, sides) for model, sides in by_model([one.run for one in found]).items()]
        if len(contenders) < 2:
            raise UsageProblem("All these runs are of one model: give runs of two models at least, or leave out --by.")
        return contenders
    if len(found) < 2:
        raise UsageProblem("Give two runs at least: evaldock compare RUN RUN. `evaldock ls runs` lists them.")
    names = [f"{one.run.invocation} {one.run.plan.model_id}" for one in found]

    def read(one: Target) -> Mapping[str, Side]:
        return sides_of(one.run, one.jobs)

    with ThreadPoolExecutor(_AT_ONCE) as readers:
        sides = readers.map(read, found)
        return [_Contender(name, each) for name, each in zip(names, sides, strict=True)]


def _matrix(first: _Contender, compared: Sequence[tuple[_Contender, Sequence[Difference]]]) -> Matrix:
    from ...core.results.compare.matrix import matrix

    return matrix(first.name, first.sides, [(other.name, rows) for other, rows in compared])


def _print(first: _Contender, compared: Sequence[tuple[_Contender, Sequence[Difference]]]) -> None:
    from ...core.results.compare.words import differently, span

    style = style_of(sys.stdout)
    if len(compared) > 1:
        _print_matrix(_matrix(first, compared), style)
    for number, (other, rows) in enumerate(compared):
        if number or len(compared) > 1:
            click.echo()
        click.echo(f"{plain(first.name)}  ->  {plain(other.name)}")
        if not rows:
            click.echo("They have no task in common.")
            continue
        for line in render(_COLUMNS, [_cells(row, style) for row in rows], style):
            click.echo(line)
        for row in rows:
            if row.why and row.why != span(row):
                click.echo(f"{plain(row.task)}: {plain(row.why)}.")
            if told := differently(row):
                click.echo(f"{plain(row.task)}: {told}.")
        for note in dict.fromkeys(note for row in rows for note in row.notes):
            click.echo(f"note: {plain(note)}")


def _print_matrix(found: Matrix, style: Style) -> None:
    """A row a task, a column a run, and what each is against the first."""
    columns = [Column("TASK", least=14), *(Column(plain(name), right=True) for name in found.runs)]
    lines = [
        [Cell(plain(task)), *(Cell(place.words, _matrix_style(place.verdict)) for place in places)]
        for task, places in found.lines
    ]
    for line in render(columns, lines, style):
        click.echo(line)


def _matrix_style(verdict: str | None) -> str:
    return "" if verdict is None else _STYLES.get(verdict, "dim")


def _cells(row: Difference, style: Style) -> list[Cell]:
    from ...core.results.compare.words import chance, figure, signed

    told = row.verdict.value in ("better", "worse")
    pairs = "" if row.pairs is None else f"{row.pairs:,}" + (f" ({row.left_out:,} left out)" if row.left_out else "")
    return [
        Cell(plain(row.task)),
        Cell(figure(row.before, row.unit)),
        Cell(figure(row.after, row.unit), "bold"),
        Cell(signed(row.delta, row.unit), "" if told else "dim"),
        Cell(_ends(row), "dim"),
        Cell(chance(row.p_holm), "dim"),
        Cell(pairs, "dim"),
        Cell(row.verdict.value, _STYLES.get(row.verdict.value, "dim")),
    ]


def _ends(row: Difference) -> str:
    from ...core.results.compare.words import ends

    return "" if row.low is None or row.high is None else " ".join(ends(row.low, row.high, row.unit))


def _print_flips(first: _Contender, other: _Contender, rows: Sequence[Difference]) -> None:
    from ...core.results.compare.flips import answers

    if not any(row.flips for row in rows):
        click.echo("\nNo sample came out differently, as far as the runs tell.")
    for row in rows:
        for one in answers(row, first.sides[row.task], other.sides[row.task]):
            flip = one.flip
            scores = "answered differently"
            if flip.before is not None and flip.after is not None:
                scores = f"{flip.before:.3g} -> {flip.after:.3g}"
            click.echo()
            click.echo(f"{plain(row.task)}  {plain(flip.item)}  {scores}")
            for label, text, pair in (
                ("asked", one.before.prompt or one.after.prompt, None),
                ("right", one.before.reference or one.after.reference, None),
                ("before", one.before.answer, one.pair_before),
                ("after", one.after.answer, one.pair_after),
            ):
                known = f"({pair.words}) " if pair is not None and pair.words else ""
                if text or known:
                    click.echo(f"  {label + ':':8}{known}{plain(_short(text))}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:399]}…"


def _write_page(path: Path, first: _Contender, compared: Sequence[tuple[_Contender, Sequence[Difference]]]) -> None:
    from ...core.base.atomic import write_report
    from ...core.results.compare.page import Section, render_page

    sections = [Section(first.name, other.name, rows, first.sides, other.sides) for other, rows in compared]
    try:
        at_a_glance = _matrix(first, compared) if len(compared) > 1 else None
        write_report(path, render_page(sections, at_a_glance))
    except OSError as error:
        raise Failure(f"Cannot write {plain(path)}: {error.strerror}.") from error
    click.echo(f"Written: {plain(path)}", err=True)


def _hold(rows: Sequence[Difference], most: float, point: bool) -> None:
    """Raises Failure when a task may have become worse by `most` or more."""
    from ...core.results.compare.words import signed

    broken: list[str] = []
    for row in rows:
        loss = row.point_loss if point else row.loss
        if loss is None:
            broken.append(f"{row.task}: nothing tells ({row.why})" if row.why else f"{row.task}: nothing tells")
        elif loss >= most:
            broken.append(
                f"{row.task}: {signed(loss, row.unit).lstrip('+')} worse {'is seen' if point else 'is possible'}"
            )
    if not rows:
        broken.append("the runs have no task in common")
    if broken:
        raise Failure("A drop is not ruled out. " + "; ".join(plain(text) for text in broken) + ".")
