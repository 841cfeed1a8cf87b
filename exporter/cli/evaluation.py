"""The flags for the evaluation, one for each key of the configuration's ``evaluation``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from exporter.cli.options import variable
from exporter.config.keys import EVALUATION
from exporter.core.evaluation import Evaluation
from exporter.quoting import quoted
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind
from exporter.schema.mistakes import Invalid, suggestion
from exporter.schema.section import Key

R = TypeVar("R")

_NOWHERE = Inputs(Path(), {})
"""These flags refer to no file and no environment variable."""

_KEYS = tuple(part for part in EVALUATION.parts if isinstance(part, Key))


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

    @functools.wraps(command)
    def with_changes(*args: Any, **given: Any) -> R:
        fields = {key.field: given.pop(_name(key)) for key in _KEYS}
        wanted = {field: value for field, value in fields.items() if value is not None}
        return command(*args, changed=functools.partial(_changed, wanted), **given)

    decorated: Callable[..., R] = with_changes
    for key in reversed(_KEYS):
        flag = _flag(key)
        decorated = click.option(
            flag,
            _name(key),
            callback=value_of(key.kind),
            metavar="VALUE",
            help=f"{key.doc}  [default: {key.kind.show(getattr(Evaluation(), key.field))}]",
            envvar=variable(flag),
            show_envvar=True,
        )(decorated)
    return decorated


def some_values(ctx: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, Any] | None:
    """A callback for an option: "KEY=VALUE,KEY=VALUE" parsed into values by the field of `Evaluation`."""
    if text is None:
        return None
    keys = {key.name: key for key in _KEYS}
    given: dict[str, Any] = {}
    try:
        for part in text.split(","):
            word, equals, value = (piece.strip() for piece in part.partition("="))
            name = word.replace("-", "_")
            if name not in keys:
                hint = suggestion(name, keys) or f"there are {', '.join(keys)}"
                raise Invalid(f"{quoted(word)} is not a key of the evaluation; {hint}")
            if not equals:
                raise Invalid(f"{quoted(word)} has no value; write KEY=VALUE,KEY=VALUE")
            if keys[name].field in given:
                raise Invalid(f"{quoted(word)} is given twice")
            given[keys[name].field] = keys[name].kind.read(value, _NOWHERE)
    except Invalid as invalid:
        raise click.BadParameter(str(invalid), ctx=ctx, param=parameter) from None
    return given


def shown(evaluation: Evaluation, fields: Iterable[str]) -> str:
    """Some values of an evaluation in the form of the configuration: "window=300s recent=200s"."""
    wanted = frozenset(fields)
    return " ".join(
        f"{key.name}={key.kind.show(getattr(evaluation, key.field))}" for key in _KEYS if key.field in wanted
    )


def _changed(wanted: dict[str, Any], evaluation: Evaluation) -> Evaluation:
    return replace(evaluation, **wanted)


def _flag(key: Key) -> str:
    return f"--evaluation.{key.name.replace('_', '-')}"


def _name(key: Key) -> str:
    return f"evaluation_{key.name}"
