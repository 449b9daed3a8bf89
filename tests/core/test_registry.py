"""Things are found by name, imported when used, and added by other packages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.core.registry import ENCODINGS, SINKS, SOURCES, Registry

AddPackage = Callable[..., None]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AddPackage]:
    """Install a package of one module whose entry points lead to it."""
    before = set(sys.modules)

    def add(name: str, points: dict[str, str], code: str = "thing = object()", group: str = "framebus.toys") -> None:
        home = tmp_path / name
        info = home / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (home / f"{name}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{key} = {value}" for key, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
        monkeypatch.syspath_prepend(home)

    yield add
    for name in set(sys.modules) - before:
        del sys.modules[name]


def toys(**builtin: str) -> Registry[object]:
    return Registry("toys", builtin, error=OptionError)


class TestOurOwn:
    def test_are_imported_when_asked_for(self, package: AddPackage) -> None:
        package("top_module", {})
        registry = toys(top="top_module:thing")
        assert "top" in registry
        assert registry.names() == ["top"]
        assert "top_module" not in sys.modules
        found = registry.get("top")
        assert found is sys.modules["top_module"].thing
        assert registry.get("top") is found

    def test_may_be_inside_something(self, package: AddPackage) -> None:
        package("deep_module", {}, "class Outer:\n    inner = 5\n")
        assert toys(deep="deep_module:Outer.inner").get("deep") == 5

    def test_are_refused_by_name_with_the_nearest(self) -> None:
        with pytest.raises(OptionError, match=r"unknown toy 'bal': did you mean ball\?"):
            toys(ball="x:y", top="x:y").get("bal")


class TestStrangers:
    def test_are_found_by_their_entry_points(self, package: AddPackage) -> None:
        package("kite_maker", {"kite": "kite_maker:thing"})
        registry = toys(ball="x:y")
        assert registry.names() == ["ball", "kite"]
        assert "kite" in registry
        assert "kite_maker" not in sys.modules
        assert registry.get("kite") is sys.modules["kite_maker"].thing

    def test_are_known_to_their_own_registry_alone(self, package: AddPackage) -> None:
        package("other_maker", {"kite": "other_maker:thing"}, group="framebus.other")
        assert toys().names() == []

    def test_claiming_one_name_are_refused_by_their_packages(self, package: AddPackage) -> None:
        package("kite_one", {"kite": "kite_one:thing"})
        package("kite_two", {"kite": "kite_two:thing"})
        registry = toys()
        with pytest.raises(OptionError, match=r"toy 'kite' is claimed by kite_one and kite_two: uninstall all but one"):
            registry.get("kite")
        assert {name: sorted(owners) for name, owners in registry.duplicates().items()} == {
            "kite": ["kite_one", "kite_two"]
        }

    def test_do_not_replace_ours_and_are_reported(self, package: AddPackage) -> None:
        package("our_module", {})
        package("impostor", {"top": "impostor:thing"})
        registry = toys(top="our_module:thing")
        assert registry.get("top") is sys.modules["our_module"].thing
        assert registry.duplicates() == {"top": ["framebus", "impostor"]}

    def test_without_a_rival_are_no_duplicates(self, package: AddPackage) -> None:
        package("kite_alone", {"kite": "kite_alone:thing"})
        assert toys(ball="x:y").duplicates() == {}


class TestWhatIsNotInstalled:
    @pytest.mark.parametrize(("module", "extra"), [("av", "video"), ("pygame", "window")])
    def test_is_named_by_its_extra(
        self, package: AddPackage, monkeypatch: pytest.MonkeyPatch, module: str, extra: str
    ) -> None:
        monkeypatch.setitem(sys.modules, module, None)
        package(f"needs_{module}", {}, f"import {module}.sub")
        with pytest.raises(
            Unavailable, match=rf"toy 'x' needs the package {module}: pip install 'framebus\[{extra}\]'"
        ):
            toys(x=f"needs_{module}:thing").get("x")

    def test_is_named_by_its_module(self, package: AddPackage) -> None:
        package("needs_more", {}, "import no_such_thing.inside")
        with pytest.raises(Unavailable, match="needs the module no_such_thing, which is not installed"):
            toys(x="needs_more:thing").get("x")

    def test_says_why_when_it_is_installed_but_broken(self, package: AddPackage) -> None:
        package("broken_module", {}, "raise ImportError('libx.so: cannot open')")
        with pytest.raises(Unavailable, match=r"toy 'x' cannot be loaded: libx\.so: cannot open") as refusal:
            toys(x="broken_module:thing").get("x")
        assert isinstance(refusal.value.__cause__, ImportError)


class TestOurRegistries:
    def test_know_what_they_should(self) -> None:
        assert {"synthetic", "folder", "images", "mp4", "mkv", "h264"} <= set(SOURCES.names())
        assert {"null", "window", "folder", "images", "png", "tif"} <= set(SINKS.names())
        assert {"raw", "jpeg", "png", "lz4"} <= set(ENCODINGS.names())

    def test_refuse_in_their_own_words(self) -> None:
        with pytest.raises(AddressError, match=r"unknown source 'mp5': did you mean"):
            SOURCES.get("mp5")
        with pytest.raises(AddressError, match=r"unknown sink 'windo': did you mean window"):
            SINKS.get("windo")
        with pytest.raises(OptionError, match=r"unknown encoding 'jpg': did you mean jpeg"):
            ENCODINGS.get("jpg")

    def test_are_free_of_duplicates(self) -> None:
        for registry in (SOURCES, SINKS, ENCODINGS):
            assert registry.duplicates() == {}
