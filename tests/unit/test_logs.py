"""One event is one line, whatever is in it."""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import logs
from exporter.quoting import one_line, quoted
from exporter.settings import Log

NASTY = 'a "b"\nc\\d=e\t\x1b[31m\u2028\u0085Grüße\U0001f600\U000e0001'
log = logging.getLogger("tests.logs")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, kafka = logging.getLogger(), logging.getLogger("kafka")
    before = (root.level, root.handlers[:], kafka.level)
    yield
    logging.captureWarnings(capture=False)
    root.level, root.handlers[:], kafka.level = before


def written(log_settings: Log, event: object) -> list[str]:
    stream = io.StringIO()
    logs.set_up(log_settings, stream)
    event()  # type: ignore[operator]
    return stream.getvalue().splitlines()


def test_logfmt_is_one_line_of_pairs() -> None:
    (line,) = written(Log(), lambda: log.warning("group %s", "a b", extra={"cluster": "c", "n": 1, "empty": ""}))
    at, _, rest = line.partition(" ")
    assert re.fullmatch(r"ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at)
    assert rest == 'level=warning logger=tests.logs msg="group a b" cluster=c n=1 empty=""'


def test_json_is_one_object_a_line() -> None:
    (line,) = written(Log(format="json"), lambda: log.error("%s", NASTY, extra={"group": NASTY, "n": 1}))
    event = json.loads(line)
    assert (event["level"], event["msg"], event["group"], event["n"]) == ("error", NASTY, NASTY, 1)


def test_a_name_comes_through_logfmt_intact() -> None:
    (line,) = written(Log(), lambda: log.info("not read", extra={"group": NASTY}))
    assert line.isprintable()
    assert "Grüße" in line
    assert json.loads(line.split(" group=", 1)[1]) == NASTY


def test_a_traceback_is_part_of_its_line() -> None:
    def fail() -> None:
        try:
            raise ValueError(NASTY)
        except ValueError:
            log.exception("unforeseen")

    (line,) = written(Log(), fail)
    assert json.loads(line.split(" traceback=", 1)[1]).endswith(f"ValueError: {NASTY}")
    (line,) = written(Log(format="json"), fail)
    assert json.loads(line)["traceback"].startswith("Traceback")


def test_what_is_below_the_level_is_not_logged() -> None:
    assert written(Log(level="warning"), lambda: log.info("x")) == []
    assert len(written(Log(level="debug"), lambda: log.debug("x"))) == 1


def test_pythons_own_warnings_are_logged_too() -> None:
    def warn() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            warnings.warn("watch out", stacklevel=1)

    (line,) = written(Log(), warn)
    assert "watch out" in line


@pytest.mark.parametrize(("level", "expected"), [("debug", ["i"]), ("info", []), ("error", [])])
def test_kafka_python_never_tells_its_configuration(level: str, expected: list[str]) -> None:
    def talk() -> None:
        kafka = logging.getLogger("kafka.admin.client")
        kafka.debug("configuration: %s", {"sasl_plain_password": "hunter2"})
        kafka.info("i")
        kafka.warning("w")

    lines = written(Log(level=level), talk)  # type: ignore[arg-type]
    assert "hunter2" not in "".join(lines)
    assert [line.split("msg=")[1] for line in lines][: len(expected)] == expected


@pytest.mark.parametrize("half", ["\ud83d", "\ude00\ud83d"])
def test_half_of_a_surrogate_pair_can_be_written(half: str) -> None:
    assert json.loads(quoted(half).encode("ascii")) == half


@given(st.text())
def test_quoted_text_is_one_printable_line_that_json_reads_back(text: str) -> None:
    assert quoted(text).isprintable()
    assert json.loads(quoted(text)) == text


@given(st.text(alphabet=st.characters()))
def test_text_on_one_line_prints_and_leaves_alone_what_already_did(text: str) -> None:
    assert one_line(text).isprintable()
    if text.isprintable():
        assert one_line(text) == text
