"""Programs as people write them for imageZMQ; the first argument is the module: `imagezmq` or `framebus.imagezmq`."""
