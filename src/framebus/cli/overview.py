"""What `framebus --help` says."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("", "publishers, a fast reader and a slow one, live; no hardware, no network"),
    "pipe": ("SOURCE… SINK", "move frames from anything to anything, until the source ends"),
    "list": ("", "the streams on this machine: who reads them, how fast, what was missed"),
    "info": ("ADDRESS…", "what a stream, a file or a folder is; --follow prints every header"),
    "keys": ("", "who may connect over the network: invite, join, list, revoke"),
    "doctor": ("[ADDRESS|FILE]", "what is installed here, what works, which limits apply"),
}
"""The commands: what each takes, and what it is for."""

_EXAMPLES = """\
Frames from a video, to whoever reads, and on disk at the far end, every one of them:
  framebus pipe clip.mp4 tcp://localhost:5555             in one terminal
  framebus pipe tcp://localhost:5555 frames/              in another

Between machines: exchange keys once, then name the other machine.
  framebus keys invite porch                              on the machine that listens, prints a code
  framebus keys join                                      on the other one, asks for the code
  framebus pipe tcp://:5555 frames/                       listens to the network: a hub
  framebus pipe synthetic: tcp://desk:5555/porch          connects to it

An address is tcp://HOST:PORT/STREAM · ipc://PATH · synthetic: · window: · null: · a file, folder/ or 'glob*'.

framebus COMMAND --help explains one command; --debug shows tracebacks; --version the version."""


def text() -> str:
    """The whole page."""
    usages = {name: f"{name} {takes}".strip() for name, (takes, _) in COMMANDS.items()}
    width = max(map(len, usages.values()))
    lines = [f"  {usages[name]:<{width}}   {purpose}" for name, (_, purpose) in COMMANDS.items()]
    return "\n".join(
        [
            "framebus moves images between processes and machines and never lags silently.",
            "",
            "usage: framebus COMMAND …",
            "",
            *lines,
            "",
            _EXAMPLES,
        ]
    )
