"""The parts that jobs over stores are made of: places as texts, what went wrong, where journals are."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from framebus.batch.stores import blame
from framebus.batch.stores.ledger import folder_for
from framebus.batch.stores.stamps import as_new
from framebus.batch.stores.urls import absolute, below, common, is_folder, is_url, parent, shown
from framebus.core.errors import BadFrame, Error, OptionError, Unavailable

SECOND = 10**9


@pytest.mark.parametrize(
    ("place", "yes"),
    [("s3://b/x", True), ("S3://b", True), ("a/s3://b", False), ("/x", False), ("x:/y", False), ("1s3://x", False)],
)
def test_what_a_url_is(place: str, yes: bool) -> None:
    assert is_url(place) is yes


def test_places_in_stores_are_handled_as_texts() -> None:
    assert absolute("S3://b/x/") == "s3://b/x"
    assert parent("s3://b/x/y.jpg") == "s3://b/x"
    assert parent("s3://b") == "s3://b"
    assert below("s3://b/x/y.jpg", "s3://b/x") == "y.jpg"
    assert below("s3://b/x/", "s3://b/x") == "."
    assert is_folder("s3://b/x/")
    assert not is_folder("s3://b/x")


def test_the_deepest_folder_that_all_are_in() -> None:
    assert common(["s3://b/x/y", "s3://b/x/yy"]) == "s3://b/x"
    assert common(["s3://b/x"]) == "s3://b/x"
    assert common(["s3://b/x", "s3://b/z"]) == "s3://b"
    assert common(["/a/b", "/a/c"]) == "/a"
    for one, other in (("s3://a/x", "s3://b/x"), ("s3://a/x", "gs://a/x"), ("/x", "s3://a/x")):
        with pytest.raises(OptionError, match="nothing in common"):
            common([one, other])


def test_credentials_are_not_shown() -> None:
    assert shown("sftp://ann:s3cret@desk/x") == "sftp://***@desk/x"
    assert shown("/photos/ann:s3cret@desk") == "/photos/ann:s3cret@desk"


def test_journals_depend_on_where_outputs_go_alone() -> None:
    assert folder_for("/out") == "/out"
    assert folder_for("s3://b/x") == folder_for("s3://b/x/") != folder_for("s3://b/y")
    assert "s3cret" not in folder_for("sftp://ann:s3cret@desk/x")


@pytest.mark.parametrize(
    ("stamp", "since", "coarse", "yes"),
    [
        (2 * SECOND, 2 * SECOND + 5, True, True),
        (2 * SECOND, 2 * SECOND + 5, False, False),
        (2 * SECOND, 3 * SECOND, True, False),
        (0, 3 * SECOND, True, True),
    ],
)
def test_what_is_as_new(stamp: int, since: int, coarse: bool, yes: bool) -> None:
    assert as_new(stamp, since, coarse=coarse) is yes


class NoCredentialsError(Exception):
    """As packages of stores call it."""


class EndpointConnectionError(ConnectionError):
    """As packages of stores call it."""


def answered(code: str) -> PermissionError:
    """What a store said, as the package for it hands it on."""
    error = PermissionError("no")
    error.response = {"Error": {"Code": code}}  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "doing", "kind", "text"),
    [
        (FileNotFoundError("x"), "read", BadFrame, "it is not there any more"),
        (PermissionError("no"), "read", BadFrame, "it cannot be read: no"),
        (PermissionError("no"), "write", Unavailable, "s3://b/x: the store does not allow that (no)"),
        (FileNotFoundError("The specified bucket does not exist"), "read", Unavailable, "there is no such bucket"),
        (answered("ExpiredToken"), "read", Unavailable, "the credentials are missing or not accepted"),
        (NoCredentialsError("none"), "look", Unavailable, "AWS_ACCESS_KEY_ID"),
        (EndpointConnectionError("refused"), "write", Unavailable, "the connection to the store is lost"),
        (OSError(errno.EBUSY, "slow down"), "read", Unavailable, "several tries failed"),
        (OSError(errno.EINVAL, "odd {name}"), "write", BadFrame, "s3://b/x cannot be written: [Errno 22] odd {name}"),
        (ValueError("odd"), "look", Unavailable, "s3://b/x: odd"),
        (ConnectionError("https://ann:s3cret@desk/"), "read", Unavailable, "https://***@desk/"),
    ],
)
def test_what_went_wrong_in_our_words(error: Exception, doing: Any, kind: type[Error], text: str) -> None:
    told = blame.explained(error, "s3://b/x", doing)
    assert type(told) is kind
    assert text in str(told)


@pytest.mark.parametrize(("failures", "succeeds"), [(0, True), (2, True), (3, False)])
def test_lost_connections_are_tried_again(failures: int, succeeds: bool) -> None:
    tries: list[int] = []
    pauses: list[float] = []

    def work() -> str:
        tries.append(1)
        if len(tries) <= failures:
            raise EndpointConnectionError("refused")
        return "there"

    if succeeds:
        assert blame.attempted(work, pauses.append) == "there"
    else:
        with pytest.raises(EndpointConnectionError):
            blame.attempted(work, pauses.append)
    assert len(tries) == min(3, failures + 1)
    assert pauses == sorted(pauses)


def test_what_lasts_is_not() -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError):
        blame.attempted(work, lambda pause: None)
    assert len(tries) == 1
