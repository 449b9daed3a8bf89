"""Our own RTSP client: a camera's H.264 or H.265 as it comes, each picture given out with its last byte."""
