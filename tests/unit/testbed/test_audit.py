"""What the audit of licences takes, and that it never passes for want of an answer."""

from __future__ import annotations

import subprocess
from email.message import Message

import pytest

from tools import audit


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("GPL-3.0 OR MIT", True),
        ("MIT AND GPL-3.0", False),
        ("GPL-3.0", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_if_one_choice_is_on_the_list_as_a_whole(expression: str, expected: bool) -> None:
    assert audit.is_allowed(expression, audit.SHIPPED) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"License-Expression": "MIT", "License": "x"}, "MIT"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        ({"License": "The whole text\nof a licence", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({}, ""),
    ],
)
def test_a_licence_is_read_from_wherever_the_metadata_says_it(headers: dict[str, str], expected: str) -> None:
    said = Message()
    for name, value in headers.items():
        said[name] = value
    assert audit.licence("package", said) == expected


def test_what_is_installed_here_may_be() -> None:
    assert list(audit.refused_licences()) == []


def fails(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 1, "", "ERROR: connection refused\n")


def hangs(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
    raise subprocess.TimeoutExpired("pip-audit", 1)


@pytest.mark.parametrize("asked", [fails, hangs])
def test_a_database_that_cannot_be_reached_is_no_pass(
    asked: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit.subprocess, "run", asked)
    assert audit.main() == 1
    assert "vulnerabilities: NOT CHECKED, the database cannot be reached" in capsys.readouterr().err
