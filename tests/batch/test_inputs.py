"""What a job finds to work on, in which order, and where each file lies below all of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from framebus.batch.inputs import Inputs, Listing
from framebus.batch.inputs.inputs import Input, nothing
from framebus.core.errors import OptionError, Unavailable


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def inner(*places: object, match: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> list[str]:
    return [each.inner for each in Inputs(map(str, places), match, without)]


def test_a_folder_is_all_images_below_it_folder_by_folder(tmp_path: Path) -> None:
    touch(tmp_path, "b.jpg", "a.PNG", "x/c.tiff", "x/deep/d.webp", "w/e.gif", "f.bmp", "notes.txt", "raw")
    inputs = Inputs([str(tmp_path)])
    assert [each.inner for each in inputs] == ["a.PNG", "b.jpg", "f.bmp", "w/e.gif", "x/c.tiff", "x/deep/d.webp"]
    assert inputs.base == str(tmp_path)
    assert inputs.others == {".txt": 1, "without extension": 1}


def test_paths_are_as_they_were_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "photos/x/a.jpg")
    monkeypatch.chdir(tmp_path)
    assert list(Inputs(["photos/"])) == [Input("photos/x/a.jpg", "x/a.jpg")]


def test_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, ".a.jpg", ".git/b.jpg", "c.jpg", ".c.jpg.1234.partial")
    assert inner(tmp_path) == ["c.jpg"]


def test_patterns_decide_alone_whatever_the_case(tmp_path: Path) -> None:
    touch(tmp_path, "a.JPG", "b.png", "x/c.jpg", "x/d.dat", "y/e.jpg")
    assert inner(tmp_path, match=("*.jpg",)) == ["a.JPG", "x/c.jpg", "y/e.jpg"]
    assert inner(tmp_path, match=("x/*",)) == ["x/c.jpg", "x/d.dat"]
    assert inner(tmp_path, match=("*.dat", "b.*")) == ["b.png", "x/d.dat"]


def test_a_glob_lies_below_its_folder_without_wildcards(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.jpg", "x/b.txt", "y/a.jpg", "z.jpg")
    assert inner(f"{tmp_path}/*/a.jpg") == ["x/a.jpg", "y/a.jpg"]
    assert inner(f"{tmp_path}/**/*.jpg") == ["x/a.jpg", "y/a.jpg", "z.jpg"]
    assert inner(f"{tmp_path}/x/*") == ["a.jpg", "b.txt"]


def test_a_name_with_wildcards_in_it_is_a_name_where_it_is_there(tmp_path: Path) -> None:
    touch(tmp_path, "a[1].jpg", "a1.jpg")
    assert inner(f"{tmp_path}/a[1].jpg") == ["a[1].jpg"]


def test_files_lie_below_the_deepest_folder_that_holds_all_of_them(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.jpg", "y/a.jpg", "y/z/b")
    assert inner(tmp_path / "x/a.jpg") == ["a.jpg"]
    assert inner(tmp_path / "x/a.jpg", tmp_path / "y/a.jpg") == ["x/a.jpg", "y/a.jpg"]
    assert inner(tmp_path / "x", tmp_path / "y/z/b") == ["x/a.jpg", "y/z/b"]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\0"])
def test_a_text_file_is_a_list_of_paths(separator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "photos/x/a.jpg", "photos/y/b c.jpg")
    (tmp_path / "list.txt").write_bytes(
        f"photos/x/a.jpg{separator}{separator}photos/y/b c.jpg{separator}gone.jpg".encode()
    )
    monkeypatch.chdir(tmp_path)
    assert inner("list.txt") == ["photos/x/a.jpg", "photos/y/b c.jpg", "gone.jpg"]


def test_a_list_may_name_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "photos/x/a.jpg")
    (tmp_path / "list.txt").write_text("photos\n")
    monkeypatch.chdir(tmp_path)
    assert inner("list.txt") == ["x/a.jpg"]


def test_the_output_inside_the_input_is_not_read(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "small/a.jpg", "other/small/b.jpg")
    assert inner(tmp_path, without=(f"{tmp_path}/small",)) == ["a.jpg", "other/small/b.jpg"]


def test_the_output_that_is_the_input_is(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    assert inner(tmp_path, without=(f"{tmp_path}/../{tmp_path.name}",)) == ["a.jpg"]


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    touch(tmp_path, "photos/a.jpg", "elsewhere/b.jpg")
    (tmp_path / "photos/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos/loop").symlink_to(tmp_path / "photos")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "photos")
    (tmp_path / "photos/c.jpg").symlink_to(tmp_path / "elsewhere/b.jpg")
    assert inner(tmp_path / "photos") == ["a.jpg", "c.jpg", "more/b.jpg"]


def test_a_broken_link_is_an_input_so_that_it_is_told_about(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    assert inner(tmp_path) == ["a.jpg"]


def test_pipes_in_a_folder_are_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert inner(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into everything")
def test_a_folder_that_cannot_be_read_is_told_about(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "closed/b.jpg")
    (tmp_path / "closed").chmod(0)
    try:
        (_, closed) = list(Inputs([str(tmp_path)]))
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert closed.path == str(tmp_path / "closed")
    assert closed.trouble == "the folder cannot be read: Permission denied"


HOSTILE = [
    "new\nline.jpg",
    "quote'\".jpg",
    "ünï🙂.jpg",
    "back\\slash.jpg",
    os.fsdecode(b"not-\xff\xfe-text.jpg"),
    "-x.jpg",
]


def test_names_of_every_kind_come_through(tmp_path: Path) -> None:
    touch(tmp_path, *HOSTILE)
    with Listing(Inputs([str(tmp_path)])) as listing:
        assert sorted(each.inner for each in listing) == sorted(HOSTILE)


def test_a_list_of_names_of_every_kind(tmp_path: Path) -> None:
    touch(tmp_path / "in", *HOSTILE)
    (tmp_path / "list.txt").write_bytes(b"\0".join(os.fsencode(tmp_path / "in" / name) for name in HOSTILE))
    assert inner(tmp_path / "list.txt") == HOSTILE


def test_the_only_place_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"gone: no such file or folder \(looked in /"):
        Inputs([str(tmp_path / "gone")])
    with pytest.raises(Unavailable, match=r"matches nothing"):
        Inputs([f"{tmp_path}/*.jpg"])


@pytest.mark.parametrize("places", [[], [""], ["a\0b"]])
def test_what_is_no_path_is_refused(places: list[str]) -> None:
    with pytest.raises(OptionError):
        Inputs(places)


def test_nothing_found_says_what_was_there_instead(tmp_path: Path) -> None:
    inputs = Inputs([str(touch(tmp_path, "a.txt", "b.txt", "c.pdf"))])
    assert list(inputs) == []
    text = str(nothing(["photos"], inputs.others))
    assert text.startswith("photos: there are no images (bmp, gif, ")
    assert text.endswith("there is 2 .txt, 1 .pdf")


# listed ahead --------------------------------------------------------------------------------------------------------


def test_a_listing_gives_all_in_order_and_knows_how_many() -> None:
    inputs = [Input(f"photos/{number}.jpg", f"{number}.jpg") for number in range(5000)]
    with Listing(iter(inputs)) as listing:
        assert list(listing) == inputs
        assert (listing.found, listing.complete) == (5000, True)


def test_a_listing_passes_on_what_goes_wrong() -> None:
    def broken() -> object:
        yield Input("a", "a")
        raise Unavailable("the disk is gone")

    with Listing(broken()) as listing, pytest.raises(Unavailable, match="the disk is gone"):  # type: ignore[arg-type]
        list(listing)


def test_a_listing_can_be_given_up() -> None:
    def endless() -> object:
        while True:
            yield Input("a", "a")

    with Listing(endless()) as listing:  # type: ignore[arg-type]
        assert next(iter(listing)) == Input("a", "a")
