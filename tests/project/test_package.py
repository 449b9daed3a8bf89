"""The package from outside: its names, its layers, what importing it costs, what it says about itself."""

from __future__ import annotations

import ast
import importlib
import sys
import tomllib
from collections import Counter
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

import framebus
from tests.conftest import StartChild

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "framebus"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

NAMES = {
    *("Error", "Frame", "Publisher", "Remote", "Report", "Source", "Timeout", "errors"),
    *("align", "gather", "map", "open", "pipe", "process", "publish", "remote", "run"),
    *("serve", "spawn", "streams"),
}
PICKLES = {"pool/byvalue.py"}
"""What takes functions to processes of our own, over sockets they inherit."""
HEAVY = {"PIL", "asyncio", "av", "cv2", "numpy", "psutil", "pygame", "rich", "simplejpeg", "tifffile", "zmq"}
WHERE = {
    "PIL": ("batch", "web/pixels.py", "sources", "sinks", "wire/encodings", "compat/imagenode"),
    "av": (
        *(
            "core/swscale.py",
            "sinks",
            "sources/video",
            "sources/cameras",
            "codecs",
            "web/server_decoding.py",
            "web/file_contents.py",
        ),
        *("testing/sample_video.py", "testing/camera_pictures.py"),
    ),
    "cv2": ("batch/reading/deep_png.py", "ops"),
    "cloudpickle": ("pool/byvalue.py",),
    "distributed": ("batch/clustered.py",),
    "anyio": ("web",),
    "fsspec": ("batch/stores/objects.py",),
    "atheris": ("stress/guided.py",),
    "h5py": ("sinks/hdf5", "sources/hdf5", "wire/recordings", "testing/bombs.py"),
    "lz4": ("wire/recordings/hdf5_chunks.py", "wire/encodings/lz4.py"),
    "mss": ("sources/cameras/screen.py",),
    "picamera2": ("sources/cameras/picamera.py",),
    "psutil": ("links", "cli", "graph", "compat/imagenode/restart.py", "stress", "testing"),
    "pygame": ("sinks/window/window.py",),
    "pytest": ("testing",),
    "rich": ("cli",),
    "starlette": ("web",),
    "uvicorn": ("web",),
    "uvloop": ("web/event_loop.py",),
    "websockets": ("web",),
    "simplejpeg": ("batch", "wire/encodings/jpeg.py"),
    "typing_extensions": ("core/source.py",),  # for type checkers, which bring it
    "tifffile": ("batch/reading/tiff.py", "sources/tiff/tifffile_pages.py", "sinks/folder/encoded.py"),
    "yaml": ("compat/yaml_settings.py",),
    "zmq": (
        "links",
        "cli",
        "sources/dialects",
        "sinks/dialects",
        "compat/imagezmq",
        "testing/between.py",
        "testing/knockers.py",
    ),
}
"""The only files and folders that import a package; everything else does without."""
SAME_WORD = {
    *("hdf5", "images", "jpeg", "tiff", "video", "zarr"),  # a key is a file, at every layer that deals with that kind
    *("imagezmq", "netgear", "pyzmq"),  # and so is the name of another system
    *("contents", "part"),  # the same piece of recordings of several kinds
    *("camera_server", "request_reply"),  # one pattern of sockets, for what both a source and a sink or a facade do
    *("camera", "streams"),  # the key `camera:` and the test camera; the verb and the table `[streams]`
    *("bombs", "leaks", "secrets"),  # what the tests look for, and the round of `stress` that looks for it
    *("ops", "publisher", "retention"),  # a contract, and what keeps or checks it at another layer
    *("figures", "settings", "walking"),  # one idea: on a terminal, in two programs, in folders and stores
}
"""The only names that several modules have, each because it is the same thing there; all others are found by theirs."""

FIRST_IMPORT_LOADS = "import sys; import framebus; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
HELP_LOADS = (
    "import sys; from framebus.cli import main; code = main(['--help'])\n"
    "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
)


def test_the_public_names() -> None:
    assert set(framebus.__all__) == NAMES
    assert set(dir(framebus)) == NAMES | {"__version__"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(framebus, name) is not None


def test_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        framebus.opne  # type: ignore[attr-defined]  # noqa: B018


def test_the_version_is_that_of_the_project() -> None:
    assert framebus.__version__ == metadata.version("framebus")
    assert PROJECT["project"]["dynamic"] == ["version"]  # which the tags of the history say


def test_the_changelog_knows_the_version() -> None:
    series = ".".join(framebus.__version__.split(".")[:2])
    assert f"## {series}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_test_camera_of_the_demo_does_without_pytest(child: StartChild) -> None:
    code = "import sys; from framebus.testing import TestCamera, samples; print('pytest' in sys.modules, samples)"
    assert child("-c", code).succeed().startswith("False <function samples")


def test_importing_loads_nothing_heavy(child: StartChild) -> None:
    loaded = set(child("-c", FIRST_IMPORT_LOADS).succeed().split())
    assert loaded & HEAVY == set()


def test_help_loads_nothing_heavy(child: StartChild) -> None:
    process = child("-c", HELP_LOADS)
    process.succeed()
    assert set(process.stderr.split()) & HEAVY == set()


@pytest.mark.parametrize("module", ["framebus.cli.process_command", "framebus.cli.pipe_command"])
def test_what_reads_the_command_line_loads_nothing_heavy(module: str, child: StartChild) -> None:
    """Workers begin before that: both sides load at the same time."""
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    assert set(child("-c", code).succeed().split()) & HEAVY == set()


@pytest.mark.parametrize("module", ["framebus.pool.worker", "framebus.batch.chunk_worker", "framebus.verbs.open"])
def test_asyncio_is_loaded_by_those_who_await_alone(module: str, child: StartChild) -> None:
    """Otherwise every process of framebus would load it, each worker too, before its first frame."""
    assert child("-c", f"import sys, {module}; print('asyncio' in sys.modules)").succeed() == "False\n"


@pytest.mark.parametrize("module", ["framebus.pool.worker", "framebus.pool.duty", "framebus.batch.crewed"])
def test_workers_and_who_has_them_do_without_what_reaches_other_machines(module: str, child: StartChild) -> None:
    """They share a socket pair: ZeroMQ, keys and the directory of links would be loaded for nothing by each."""
    loaded = child("-c", f"import sys, {module}; print(*sys.modules)").succeed().split()
    assert {"zmq", "framebus.links.keys", "framebus.links.directory"}.isdisjoint(loaded)


def test_layers_are_kept(child: StartChild) -> None:
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    assert "1 kept, 0 broken" in child("-c", code, cwd=ROOT).succeed(60)


def test_a_broken_layer_is_found(child: StartChild, tmp_path: Path) -> None:
    package = tmp_path / "framebus"
    for layer in ("core", "wire"):
        (package / layer).mkdir(parents=True)
        (package / layer / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "core" / "__init__.py").write_text("import framebus.wire\n")
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = framebus\n\n"
        f"[importlinter:contract:1]\nname = layers\ntype = {contract['type']}\n"
        "containers = framebus\nlayers =\n  wire\n  core\n"
    )
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    process = child("-c", code, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert process.wait() == 1
    assert "framebus.core -> framebus.wire" in process.stdout


def test_every_module_can_be_imported() -> None:
    modules = [name for name in map(module_name, SOURCE.rglob("*.py")) if not name.endswith("__main__")]
    assert len(modules) > 30
    for name in modules:
        if name != "framebus.stress.guided" or find_spec("atheris"):  # which is not made for every machine
            importlib.import_module(name)


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path, tree in parsed() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_one_word_is_one_file() -> None:
    words = Counter(path.stem for path in SOURCE.rglob("*.py") if not path.stem.startswith("__"))
    assert {word for word, files in words.items() if files > 1} == SAME_WORD


def test_modules_stay_small() -> None:
    assert [path for path in SOURCE.rglob("*.py") if len(path.read_text().splitlines()) > 450] == []


def test_packages_are_imported_only_where_they_belong() -> None:
    own = {"framebus", "msgspec", "numpy", *sys.stdlib_module_names}
    used = {(name, path.relative_to(SOURCE)) for path, tree in parsed() for name in imports(tree) - own}
    strangers = [f"{path} imports {name}" for name, path in used if not belongs(name, path)]
    assert strangers == []


def test_nothing_unpickles_evaluates_or_prints_by_accident() -> None:
    for path, tree in parsed():
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        banned = {"eval", "exec", "pickle.loads", "pickle.load", "marshal.loads"}
        if str(path.relative_to(SOURCE)) in PICKLES:
            banned.discard("pickle.loads")
        assert calls & banned == set(), path
        assert "print" not in calls or path.parts[len(SOURCE.parts)] in ("cli", "stress", "testing"), path


def parsed() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in sorted(SOURCE.rglob("*.py"))]


def imports(tree: ast.Module) -> set[str]:
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in found}


def belongs(name: str, path: Path) -> bool:
    tried_from_outside = path.is_relative_to("stress/rounds")  # they look at things as other software would
    return tried_from_outside or any(path.is_relative_to(place) for place in WHERE.get(name, ()))


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")
