"""Words people expect from elsewhere, and the one line to type instead."""

from __future__ import annotations

INSTEAD: dict[str, str] = {
    "benchmark": "framebus demo",
    "browser": "framebus web SOURCE",
    "cat": "framebus info ADDRESS --follow",
    "connect": "framebus pipe tcp://HOST:5555 window:",
    "convert": "framebus pipe clip.mp4 frames/",
    "copy": "framebus pipe SOURCE SINK",
    "cp": "framebus pipe SOURCE SINK",
    "dashboard": "framebus web",
    "display": "framebus pipe SOURCE window:",
    "dump": "framebus info ADDRESS --follow",
    "echo": "framebus info ADDRESS --follow",
    "export": "framebus pipe SOURCE frames/",
    "extract": "framebus pipe clip.mp4 frames/",
    "graph": "framebus run system.toml --check",
    "grid": "framebus web",
    "http": "framebus web SOURCE",
    "hub": "framebus pipe tcp://:5555 shm://",
    "hz": "framebus info ADDRESS",
    "imagehub": "framebus run imagehub.yaml",
    "imagenode": "framebus run imagenode.yaml",
    "inspect": "framebus info ADDRESS",
    "invite": "framebus keys invite NAME",
    "join": "framebus keys join",
    "listen": "framebus pipe tcp://:5555 frames/",
    "live": "framebus web SOURCE",
    "ls": "framebus list",
    "metrics": "framebus web",
    "page": "framebus web",
    "play": "framebus pipe clip.mp4 window: --speed 1",
    "ps": "framebus list",
    "pub": "framebus pipe SOURCE shm://NAME",
    "publish": "framebus pipe SOURCE shm://NAME",
    "push": "framebus pipe SOURCE tcp://HOST:5555/NAME",
    "rate": "framebus info ADDRESS",
    "receive": "framebus pipe tcp://HOST:5555 frames/",
    "record": "framebus pipe SOURCE frames/",
    "relay": "framebus pipe tcp://HOST:5555 shm://",
    "replay": "framebus pipe clip.mp4 shm://again --speed 1",
    "save": "framebus pipe SOURCE frames/",
    "send": "framebus pipe SOURCE tcp://HOST:5555/NAME",
    "show": "framebus pipe SOURCE window:",
    "stats": "framebus info ADDRESS",
    "status": "framebus list",
    "stream": "framebus pipe SOURCE shm://NAME",
    "streams": "framebus list",
    "sub": "framebus pipe tcp://HOST:5555/NAME window:",
    "subscribe": "framebus pipe tcp://HOST:5555/NAME window:",
    "test": "framebus doctor",
    "top": "framebus list",
    "view": "framebus pipe SOURCE window:",
    "wall": "framebus web",
    "watch": "framebus web SOURCE",
    "work": "framebus pipe SOURCE SINK --op file.py:function",
}

NOT_YET: dict[str, str] = {
    "stress": "the reliability suite",
}

NEAREST: dict[str, str] = {
    "stress": "framebus demo",
}


def instead(word: str) -> str | None:
    """The answer to a word that is no command here: what to type, or that this version does not have it."""
    if word in INSTEAD:
        return f"{word} is called otherwise here, type: {INSTEAD[word]}"
    if word in NOT_YET:
        nearest = f"; nearest to it: {NEAREST[word]}" if word in NEAREST else ""
        return f"{word} ({NOT_YET[word]}) is not in this version{nearest}"
    return None
