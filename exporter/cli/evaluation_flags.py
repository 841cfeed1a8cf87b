"""The flags for the evaluation, one for each key of the configuration's ``evaluation``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from exporter.cli.shared_flags import click_option, name_of
from exporter.core.evaluation import EvaluationSettings
from exporter.quoting import one_line, quoted
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind
from exporter.schema.mistakes import Invalid, suggestion
from exporter.schema.section import Key
from exporter.schema.writing import show
from exporter.settings import EVALUATION, OVERRIDE, described

R = TypeVar("R")

_NOWHERE = Inputs(Path(), {})
"""These flags refer to no file and no environment variable."""

_KINDS = {name: part.kind for name, part in EVALUATION.parts.items() if isinstance(part, Key)}


OVERRIDES = "overrides"
"""The field of the settings that has no flag."""


def value_of(kind: Kind) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """A callback for an option: its text parsed as in the configuration file."""

    def read(ctx: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else kind.read(text, _NOWHERE)
        except Invalid as invalid:
            raise click.BadParameter(str(invalid), ctx=ctx, param=parameter) from None

    return read


def evaluation_options(command: Callable[..., R]) -> Callable[..., R]:
    """Adds the flags to a command, and calls it with ``changed``: evaluation → the same with the flags applied."""
    flags = {name: f"--evaluation.{name.replace('_', '-')}" for name in _KINDS}

    @functools.wraps(command)
    def with_changes(*args: Any, **given: Any) -> R:
        values = {name: given.pop(name_of(flag)) for name, flag in flags.items()}
        wanted = {name: value for name, value in values.items() if value is not None}
        return command(*args, changed=functools.partial(_changed, wanted), **given)

    decorated: Callable[..., R] = with_changes
    for name, part in reversed(list(EVALUATION.parts.items())):
        if isinstance(part, Key):
            default, callback = EVALUATION.default(name), value_of(part.kind)
            decorated = click_option(flags[name], part.kind, part.doc, default=default, callback=callback)(decorated)
    return decorated


def some_values(ctx: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, Any] | None:
    """A callback for an option: "KEY=VALUE,KEY=VALUE" parsed into values by the field of `EvaluationSettings`."""
    if text is None:
        return None
    given: dict[str, Any] = {}
    try:
        for part in text.split(","):
            word, equals, value = (piece.strip() for piece in part.partition("="))
            name = word.replace("-", "_")
            known = (*_KINDS, OVERRIDES)
            if name not in known:
                hint = suggestion(name, known) or f"there are {', '.join(known)}"
                raise Invalid(f"{quoted(word)} is not a key of the evaluation; {hint}")
            if not equals:
                raise Invalid(f"{quoted(word)} has no value; write KEY=VALUE,KEY=VALUE")
            if name in given:
                raise Invalid(f"{quoted(word)} is given twice")
            given[name] = _no_overrides(value) if name == OVERRIDES else _KINDS[name].read(value, _NOWHERE)
    except Invalid as invalid:
        raise click.BadParameter(str(invalid), ctx=ctx, param=parameter) from None
    return given


def _no_overrides(value: str) -> tuple[()]:
    """What "none" means as the value of OVERRIDES, the only one that it can be given here."""
    if value != "none":
        raise Invalid(f"{OVERRIDES}={value} is not possible; write {OVERRIDES}=none, or use --compare.config.file")
    return ()


def shown(evaluation: EvaluationSettings, fields: Iterable[str]) -> list[str]:
    """Some values of an evaluation as in the configuration, "window=300s patience=1h", and a line per override."""
    wanted = frozenset(fields)
    values = [f"{name}={kind.show(getattr(evaluation, name))}" for name, kind in _KINDS.items() if name in wanted]
    if OVERRIDES not in wanted:
        return [" ".join(values)]
    if not evaluation.overrides:
        return [" ".join([*values, f"{OVERRIDES}=none"])]
    each = [one_line(f"[{position}] {described(override)}") for position, override in enumerate(evaluation.overrides)]
    return [" ".join([*values, f"{OVERRIDES}:"]), *each]


def as_data(evaluation: EvaluationSettings) -> dict[str, Any]:
    """An evaluation as plain values, ready for JSON; overrides as in the configuration, if there are any."""
    overrides = {OVERRIDES: [show(OVERRIDE, override) for override in evaluation.overrides]}
    return {name: getattr(evaluation, name) for name in _KINDS} | (overrides if evaluation.overrides else {})


def differing(one: EvaluationSettings, other: EvaluationSettings) -> list[str]:
    """The fields in which two evaluations differ."""
    return [name for name in (*_KINDS, OVERRIDES) if getattr(one, name) != getattr(other, name)]


def _changed(wanted: dict[str, Any], evaluation: EvaluationSettings) -> EvaluationSettings:
    return replace(evaluation, **wanted)
