"""The promises: what each says, and how it is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from framebus.core.errors import OptionError
from framebus.core.options import nearest


@dataclass(frozen=True)
class Claim:
    """One promise. Immutable."""

    key: str
    """What it is called, `R1`."""
    promise: str
    tried_by: str
    """What is done to break it."""
    module: str
    """Its `attempt(trial)` plays one round; ours are in `rounds/`."""
    apart: bool = False
    """Needs a network and mounts of its own: Linux, and the right to make user namespaces."""
    lasting: bool = False
    """Shows itself in the long run: one round takes all the time there is."""


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "R1",
        "No image is lost or done twice when workers die",
        "workers killed, crashed and stopped at random; inputs, outputs and journal compared",
        "framebus.stress.rounds.workers_killed",
    ),
    Claim(
        "R2",
        "A job that was killed goes on where it was",
        "the whole process tree killed at random, resumed until done; outputs compared with a clean run's",
        "framebus.stress.rounds.job_resumed",
    ),
    Claim(
        "R3",
        "Images that crash or hang never sink a job, and good ones are never blamed",
        "some inputs crash natively, some hang, and workers are killed meanwhile",
        "framebus.stress.rounds.poison",
    ),
    Claim(
        "R4",
        "A hub that restarts needs no user code",
        "the hub killed and started again; every sender and viewer must go on",
        "framebus.stress.rounds.hub_restarts",
    ),
    Claim(
        "R5",
        "Lossless readers lose nothing, live ones are told every gap",
        "readers, hubs and connections killed; numbers compared with what was sent",
        "framebus.stress.rounds.nothing_lost",
    ),
    Claim(
        "R6",
        "A cut network is noticed, and heals",
        "silent cuts, loss and resets between two network namespaces",
        "framebus.stress.rounds.partition",
        apart=True,
    ),
    Claim(
        "R7",
        "Nothing grows",
        "connections and streams come and go; memory, descriptors and threads fitted",
        "framebus.stress.rounds.leaks",
        lasting=True,
    ),
    Claim(
        "R8",
        "Nothing is left behind",
        "processes killed at random; files, segments and processes counted",
        "framebus.stress.rounds.leftovers",
    ),
    Claim(
        "R9",
        "Recordings survive the death of the recorder",
        "recorders killed at random; every file opened by other software",
        "framebus.stress.rounds.recorder_killed",
    ),
    Claim(
        "R10",
        "A full or read-only disk is a clean stop",
        "every writer on a file system of one megabyte",
        "framebus.stress.rounds.disk_full",
        apart=True,
    ),
    Claim(
        "R11",
        "A slow viewer slows nobody",
        "viewers that crawl and viewers that stop, beside good ones",
        "framebus.stress.rounds.slow_viewer",
    ),
    Claim(
        "R12",
        "The live picture is fresh",
        "readers four times too slow; age of every frame",
        "framebus.stress.rounds.fresh",
    ),
    Claim(
        "R13",
        "Ctrl-C and SIGTERM end cleanly",
        "at random moments of every command",
        "framebus.stress.rounds.interrupted",
    ),
    Claim(
        "R14",
        "Clock jumps and sleep kill nobody",
        "processes stopped for long, wall clocks set",
        "framebus.stress.rounds.clocks",
    ),
    Claim(
        "R15",
        "Whatever happens in whatever order, delivery keeps its rules",
        "simulated publishers, readers and networks that go wrong, another world for each number",
        "framebus.stress.rounds.models",
    ),
    Claim(
        "S1",
        "Any bytes are survived",
        "damaged headers and messages, raw connections; where `atheris` is installed, damage guided by coverage too",
        "framebus.stress.rounds.any_bytes",
        lasting=True,
    ),
    Claim(
        "S2",
        "Who has no key gets no frame and gives none",
        "no key, a wrong one, a revoked one, no encryption, an old protocol, a man in the middle",
        "framebus.stress.rounds.keyless",
    ),
    Claim(
        "S3",
        "Nothing listens to the network without keys or your word",
        "every verb on every kind of address",
        "framebus.stress.rounds.listeners",
    ),
    Claim("S4", "Encryption is affordable", "throughput with and without keys", "framebus.stress.rounds.encryption"),
    Claim(
        "S5",
        "No byte from outside is executed",
        "a canary pickled into every field and file",
        "framebus.stress.rounds.canaries",
    ),
    Claim(
        "S6",
        "No web page and no viewer can misuse the server",
        "origins, hosts, roles against every route",
        "framebus.stress.rounds.cross_site",
    ),
    Claim(
        "S7",
        "No secret is in any output",
        "a canary password and key in everything; all output searched",
        "framebus.stress.rounds.secrets",
    ),
    Claim(
        "S8", "No name leads out of its folder", "hostile names to every writer", "framebus.stress.rounds.hostile_names"
    ),
    Claim(
        "S9",
        "Bombs are bounded",
        "pictures that unpack to gigabytes, beside good ones",
        "framebus.stress.rounds.bombs",
    ),
    Claim("S10", "Key files are private", "made with any umask, found too open", "framebus.stress.rounds.key_files"),
    Claim(
        "Q1",
        "Every failure says what to do",
        "failures caused one by one; their words",
        "framebus.stress.rounds.error_messages",
    ),
    Claim(
        "Q2",
        "Default containers are enough",
        "64 MB of /dev/shm, 1024 descriptors, read-only root",
        "framebus.stress.rounds.container",
        apart=True,
    ),
)


def chosen(keys: Sequence[str]) -> tuple[Claim, ...]:
    """Those called so, upper or lower case, all without keys. Raises `OptionError` for one that does not exist."""
    if not keys:
        return CLAIMS
    known = {claim.key: claim for claim in CLAIMS}
    for key in keys:
        if key.upper() not in known:
            raise OptionError(f"--only {key}: no claim is called so: {nearest(key.upper(), known)}")
    wanted = {key.upper() for key in keys}
    return tuple(claim for claim in CLAIMS if claim.key in wanted)
