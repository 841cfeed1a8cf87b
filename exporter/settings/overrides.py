"""Settings for some groups: the keys of an override, which changes what a cluster's settings say for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from exporter.core.evaluation import Override
from exporter.schema.document import Table
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import BOOLEAN, NEEDED_REGEX, REGEX, choice
from exporter.schema.section import Complaint, Key, Section, Values, section
from exporter.settings.evaluation import EVALUATION

Granularity = Literal["partition", "topic", "group"]

GRANULARITY: Final = choice("a granularity", *get_args(Granularity))


@dataclass(frozen=True, slots=True)
class GroupOverride(Override):
    """An override with what it changes besides the evaluation; None: as for the cluster."""

    read_committed: bool | None = None
    granularity: Granularity | None = None

    def takes_group(self, group: str) -> bool:
        """True if it is about the group as a whole, as far as no earlier override is."""
        return self.topics is None and self.match.search(group)


def _check(table: Table, values: Values, _: Inputs) -> Iterator[Complaint]:
    """It changes something, and nothing that it changes is without effect."""
    given = table.entries.keys()
    if not given - _SELECTING:
        yield "", "changes nothing; give it a setting, or evaluate: false"
    if values.get("topics") is not None:
        for name in sorted(given & _OF_A_GROUP):
            yield name, "is a matter of the whole group; put it in an override without topics"
    if values.get("evaluate") is False:
        for name in sorted(given & EVALUATION.parts.keys()):
            yield name, "has no effect, because evaluate is false"


_SELECTING: Final = frozenset({"match", "topics"})
_OF_A_GROUP: Final = frozenset({"read_committed", "granularity"})


def _instead(name: str, key: Key) -> Key:
    """The key of the evaluation as one of an override."""
    example = str(key.kind.show(EVALUATION.default(name)))
    return replace(key, doc=f"Instead of `evaluation.{name}`.", example=example)


OVERRIDE: Final[Section] = section(
    GroupOverride,
    "Settings for some groups. Of the overrides, in their order, the first that matches a group and a topic decides;"
    " what it does not set stays as it is for the cluster.",
    parts={
        "match": Key(
            NEEDED_REGEX, "The groups: those with a match anywhere in the name.", required=True, example="^etl-"
        ),
        "topics": Key(
            replace(REGEX, unset=None),
            "The topics: those with a match anywhere in the name; all of the groups' topics without it.",
            example=r"^orders\.",
        ),
        "evaluate": Key(
            BOOLEAN,
            "With false there is no verdict: lag is exported as ever, but no status; elsewhere the status is NOTFOUND.",
            example="true",
        ),
        **{name: _instead(name, key) for name, key in EVALUATION.parts.items() if isinstance(key, Key)},
        "read_committed": Key(
            BOOLEAN,
            "Whether the groups read only committed records, whatever `read_committed` of the cluster matches. Not"
            " together with `topics`.",
            example="true",
        ),
        "granularity": Key(
            GRANULARITY, "Instead of `granularity` of the cluster. Not together with `topics`.", example="partition"
        ),
    },
    check=_check,
)


def described(override: Override) -> str:
    """Whom an override is about and what it sets: "match ^etl-, topics ^orders: window=30m evaluate=false"."""
    values = {name: getattr(override, name, None) for name in OVERRIDE.parts}
    given = {
        name: str(key.kind.show(values[name])).lower()
        if isinstance(values[name], bool)
        else key.kind.show(values[name])
        for name, key in OVERRIDE.parts.items()
        if isinstance(key, Key) and values[name] is not None
    }
    about = ", ".join(f"{name} {given[name]}" for name in ("match", "topics") if name in given)
    return f"{about}: {' '.join(f'{name}={value}' for name, value in given.items() if name not in _SELECTING)}"
