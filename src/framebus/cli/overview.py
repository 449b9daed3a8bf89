"""What `framebus --help` says."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("", "moving pictures, a fast reader and a slow one, live"),
    "pipe": ("SOURCE… SINK", "move frames from anywhere to anywhere"),
    "process": ("IN… OUT", "do something to every picture of a folder, on all cores"),
    "web": ("[SOURCE…]", "all streams live in a browser"),
    "serve": ("TARGET ADDRESS", "answer frames with a function, or let others call an object"),
    "call": ("ADDRESS [NAME[=VALUE]…]", "call an object that is served: a camera, a stage"),
    "run": ("FILE", "a whole system from one file; imagehub.yaml and imagenode.yaml"),
    "list": ("", "streams on this machine, and who reads them"),
    "info": ("ADDRESS…", "what a stream, a camera, a file or a folder gives"),
    "keys": ("", "who may connect: invite, join, list, revoke"),
    "doctor": ("[ADDRESS|FILE]", "what is installed, what works, which limits"),
    "stress": ("", "try to break it here: kills, cuts, full disks, rubbish, thieves"),
}
"""The commands: what each takes, and what it is for."""

_EXAMPLES = """\
A video, to whoever reads, and on disk at the far end, every frame of it:
  framebus pipe clip.mp4 shm://clip              in one terminal
  framebus pipe shm://clip frames/               in another

A camera, for as long as it lives, to whoever reads on this machine:
  framebus pipe rtsp://user:password@cam.local/main shm://yard

Between machines: exchange keys once, then name the other machine.
  framebus keys invite porch                     on the one that listens
  framebus keys join                             on the other, asks for the code
  framebus pipe tcp://:5555 frames/              listens to the network: a hub
  framebus pipe clip.mp4 tcp://desk:5555/porch   connects to it

An address is shm://STREAM (programs of this computer), tcp://HOST:PORT/STREAM,
ipc://PATH, a camera (rtsp://…, http://…, camera:0, camera:pi, screen:), synthetic:,
window:, null:, a file, a folder/ or a 'glob*'.

framebus COMMAND --help explains one command; --debug shows tracebacks;
eval "$(framebus --completion bash)" lets your shell complete the rest (zsh, fish)."""


def text() -> str:
    """The whole page."""
    usages = {name: f"{name} {takes}".strip() for name, (takes, _) in COMMANDS.items()}
    width = max(map(len, usages.values()))
    lines = [f"  {usages[name]:<{width}}   {purpose}" for name, (_, purpose) in COMMANDS.items()]
    return "\n".join(
        [
            "framebus moves images between processes and machines and works on them in parallel.",
            "",
            "usage: framebus COMMAND …",
            "",
            *lines,
            "",
            _EXAMPLES,
        ]
    )
