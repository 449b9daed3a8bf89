"""Read several sources in one asyncio program: each is an asynchronous iterator.

python async_reader.py [SOURCE...] [--frames N]
"""

import argparse
import asyncio

import framebus as fb


async def watch(address: str, frames: int) -> None:
    with fb.open(address) as source:
        for number in range(frames):
            frame = await anext(source)
            if number % 10 == 0:
                print(f"{frame.stream} #{frame.seq}, {frame.age_s * 1000:.1f} ms old", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="*", default=["synthetic:radar", "synthetic:bars"])
    parser.add_argument("--frames", type=int, default=30, help="of each source (default: 30)")
    arguments = parser.parse_args()
    async with asyncio.TaskGroup() as tasks:
        for address in arguments.source:
            tasks.create_task(watch(address, arguments.frames))


asyncio.run(main())
