"""An imagehub.yaml as people have it, and what is wrong with one, by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from framebus.compat.imagehub.settings import HubSettings, read
from framebus.compat.yaml_settings import load
from framebus.core.errors import Error, OptionError, Unavailable


def settings(folder: Path, text: str) -> tuple[HubSettings, list[str]]:
    file = folder / "imagehub.yaml"
    file.write_text(text)
    return read(load(str(file)), str(folder))


def test_what_imagehub_documents(tmp_path: Path) -> None:
    found, notes = settings(
        tmp_path,
        "# Settings\n---\nhub:\n  queuemax: 500\n  patience: 1\n  print_settings: False\n"
        "  data_directory: imagehub_data\n  max_images_write: 300\n",
    )
    assert found == HubSettings(
        patience=1, data_directory=str(tmp_path / "imagehub_data"), max_images_write=300, print_settings=False
    )
    assert len(notes) == 1
    assert "imagehub.yaml, line 4: hub.queuemax has no effect" in notes[0]


@pytest.mark.parametrize("text", ["hub:\n", "hub: {}\n"])
def test_everything_has_a_default(tmp_path: Path, text: str) -> None:
    found, notes = settings(tmp_path, text)
    assert found == HubSettings(data_directory=str(tmp_path / "imagehub_data"))
    assert notes == []
    assert found.open_to_all


def test_an_absolute_directory_stays_where_it_is(tmp_path: Path) -> None:
    found, _ = settings(tmp_path, f"hub:\n  data_directory: {tmp_path}/elsewhere\n")
    assert found.data_directory == f"{tmp_path}/elsewhere"


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/pi")
    assert settings(tmp_path, "hub:\n  data_directory: ~/data\n")[0].data_directory == "/home/pi/data"


@pytest.mark.parametrize(
    ("ours", "open_to_all"),
    [
        ("allow: 192.168.1.0/24", False),
        ("allow: [10.0.0.7, 10.0.0.8]", False),
        ("address: tcp://127.0.0.1:6000", False),
        ("address: tcp://*:6000", True),
    ],
)
def test_who_may_send(tmp_path: Path, ours: str, open_to_all: bool) -> None:
    assert settings(tmp_path, f"hub:\n  {ours}\n")[0].open_to_all is open_to_all


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("hub:\n  patiense: 1\n", 2, "did you mean patience?"),
        ("hub:\n  patience: 0\n", 2, "minutes above 0"),
        ("hub:\n  patience: soon\n", 2, "minutes above 0"),
        ("hub:\n  patience: [1]\n", 2, "minutes above 0"),
        ("hub:\n  patience:\n    a: 1\n", 2, "minutes above 0"),
        ("hub:\n  max_images_write: -1\n", 2, "whole number of pictures"),
        ("hub:\n  max_images_write: 1.5\n", 2, "whole number of pictures"),
        ("hub:\n\n  print_settings: perhaps\n", 3, "True or False"),
        ("hub:\n  address: shm://x\n", 2, "where to listen"),
        ("hub:\n  address: 5555\n", 2, "where to listen"),
        ("hub:\n  allow: everybody\n", 2, "networks"),
        ("hub:\n  data_directory: [a, b]\n", 2, "a directory"),
        ("hub:\n  patience: 1\n  patience: 2\n", 3, "twice, the first time in line 2"),
        ("hub: 5\n", 1, "write settings below it"),
        ("hub:\nhubs:\n", 2, "did you mean hub?"),
        ("hub:\n  patience: 2020-13-45\n", 2, "text in quotes"),
        ("hub:\n\tpatience: 1\n", 2, "found character"),
        ("hub: {patience: 1\n", 2, "expected"),
        ("hub: *nobody\n", 1, "undefined alias"),
        ("hub:\n  allow: &a [*a]\n", 2, ""),
        ("hub:\n  patience: !!python/object/apply:os.system ['true']\n", 2, "text in quotes"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(OptionError) as error:
        settings(tmp_path, text)
    assert f"imagehub.yaml, line {line}: " in str(error.value)
    assert says in str(error.value)


@pytest.mark.parametrize("text", ["", "- hub\n", "hub\n", "5\n"])
def test_a_file_without_settings_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(OptionError, match="holds no settings"):
        settings(tmp_path, text)


def test_two_documents_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="line 3"):
        settings(tmp_path, "---\nhub:\n---\nhub:\n")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no\.yaml cannot be read"):
        load(str(tmp_path / "no.yaml"))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"hub: \xff\xfe")
    with pytest.raises(Error, match="UTF-8"):
        load(str(tmp_path / "x.yaml"))
