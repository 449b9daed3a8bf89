"""An RTSP server that is none of ours: GStreamer's. Run by the system's Python, which has its bindings.

    /usr/bin/python3 gst_server.py PIPELINE [basic | digest]

Prints its port; serves `/cam`, with a login to user `me` with password `secret` alone; ends with its input.
"""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402


def factory(pipeline: str) -> GstRtspServer.RTSPMediaFactory:
    """Makes the media when the first viewer comes."""
    made = GstRtspServer.RTSPMediaFactory()
    made.set_shared(True)
    made.set_launch(f"( {pipeline} )")
    permissions = GstRtspServer.RTSPPermissions.new()
    for name in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("viewer", name, True)
    made.set_permissions(permissions)
    return made


def login(method: str) -> GstRtspServer.RTSPAuth:
    """Lets in one user, who has the role `viewer`."""
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "viewer")
    if method == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest("me", "secret", token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic("me", "secret"), token)
    return auth


def main() -> None:
    """Serve."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if len(sys.argv) > 2:
        server.set_auth(login(sys.argv[2]))
    server.get_mount_points().add_factory("/cam", factory(sys.argv[1]))
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, lambda *_: loop.quit())
    loop.run()


if __name__ == "__main__":
    main()
