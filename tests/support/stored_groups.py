"""A tree of ZooKeeper's nodes in place of a session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.sources.zookeeper.nodes import FORBIDDEN, Forbidden, Node, Unreadable


@dataclass
class Tree:
    """Nodes by their paths below the root; ``forbidden`` ones may not be read, and ``broken`` is why none can be."""

    held: dict[str, Node] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    broken: str = ""
    servers: tuple[str, ...] = ("zookeeper:2181",)
    patience: list[float] = field(default_factory=list)

    def commit(self, group: str, topic: str, offset: object, *, at: float = 1e9, partition: object = 0) -> None:
        path = f"/consumers/{group}/offsets/{topic}/{partition}"
        self.held[path] = Node(str(offset).encode(), int(at * 1000))

    def register(self, group: str, topic: str, consumer: str) -> None:
        self.held[f"/consumers/{group}/ids/{consumer}"] = Node(b"{}", 0)
        self.held[f"/consumers/{group}/owners/{topic}/0"] = Node(consumer.encode(), 0)

    @property
    def connected(self) -> bool:
        return not self.broken

    def children(self, paths: Iterable[str], deadline: float) -> list[list[str] | Forbidden | None]:
        self.patience.append(deadline)
        return [self._forbidden(path) or self._below(path) or None for path in paths if self._answers()]

    def nodes(self, paths: Iterable[str], deadline: float) -> list[Node | Forbidden | None]:
        self.patience.append(deadline)
        return [self._forbidden(path) or self.held.get(path) for path in paths if self._answers()]

    def close(self) -> None:
        self.broken = "closed"

    def _answers(self) -> bool:
        if self.broken:
            raise Unreadable(self.broken)
        return True

    def _forbidden(self, path: str) -> Forbidden | None:
        return FORBIDDEN if path in self.forbidden else None

    def _below(self, path: str) -> list[str]:
        below = (each.removeprefix(f"{path}/") for each in self.held if each.startswith(f"{path}/"))
        return list(dict.fromkeys(each.partition("/")[0] for each in below))
