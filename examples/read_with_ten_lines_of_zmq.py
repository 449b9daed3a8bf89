"""Read frames without framebus, in ten lines that any language with ZeroMQ and JSON can say: one request, one frame.

python read_with_ten_lines_of_zmq.py [HOST:PORT] [--stream NAME] [--frames N]
"""

import argparse
import json

import numpy as np
import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("peer", nargs="?", default="localhost:5555")
parser.add_argument("--stream", default="door")
parser.add_argument("--frames", type=int, default=10)
arguments = parser.parse_args()

request = {"fb": 1, "op": "credit", "want": arguments.stream, "credit": 1}
with zmq.Context() as context, context.socket(zmq.REQ) as socket:
    socket.connect(f"tcp://{arguments.peer}")
    for _ in range(arguments.frames):
        socket.send_json(request)
        header, pixels = socket.recv_multipart()
        facts = json.loads(header)
        image = np.frombuffer(pixels, facts["dtype"]).reshape(facts["shape"])
        print(facts["stream"], facts["seq"], image.shape, image.mean().round(1))
