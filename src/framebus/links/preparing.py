"""What a process is given before its first link: as many descriptors as it may have, and memory that it keeps."""

from __future__ import annotations

from framebus.core.allocator import keep_freed


def prepare() -> None:
    """Let this process open as many descriptors as the system allows it to, for a connection takes one, and keep what
    frames leave behind for those that follow. Again and again, from any thread."""
    keep_freed()
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # macOS: "unlimited" is not a number it takes
            return
