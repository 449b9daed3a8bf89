"""What every source gives its user: a loop, `read`, `async for`, a descriptor, and acknowledgements."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterator

import numpy as np
import pytest

from framebus.core.contracts import Item
from framebus.core.errors import Closed, Timeout
from framebus.core.frame import Frame
from framebus.core.source import Source
from framebus.core.statistics import Stats


class Basket(Source[Item]):
    """Gives the frames put into it, then its end; notes what it was asked."""

    def __init__(self, *frames: int, ended: bool = True, timeout: float | None = None) -> None:
        super().__init__(timeout)
        self.waiting: deque[int | None] = deque()
        self.acknowledged: list[int] = []
        self.timeouts: list[float | None] = []
        self.closed = 0
        self._bell, self._rope = os.pipe()
        for seq in frames:
            self.put(seq)
        if ended:
            self.put(None)

    def put(self, seq: int | None) -> None:
        self.waiting.append(seq)
        os.write(self._rope, b"!")

    def take(self, timeout: float | None) -> Item | None:
        self.timeouts.append(timeout)
        if not self.waiting:
            raise Timeout("the basket is empty")
        os.read(self._bell, 1)
        seq = self.waiting.popleft()
        return None if seq is None else Frame.of(np.zeros((1, 1), np.uint8), stream="basket", seq=seq)

    def done(self, item: Item) -> None:
        self.acknowledged.append(item.seq)

    def fileno(self) -> int:
        return self._bell

    def stats(self) -> Stats:
        return Stats()

    def close(self) -> None:
        if self.closed == 0:
            os.close(self._bell)
            os.close(self._rope)
        self.closed += 1


@pytest.fixture
def basket() -> Iterator[Basket]:
    with Basket(0, 1, 2) as source:
        yield source


@pytest.fixture
def open_ended() -> Iterator[Basket]:
    with Basket(0, ended=False) as source:
        yield source


class TestALoop:
    def test_ends_with_the_source(self, basket: Basket) -> None:
        assert [frame.seq for frame in basket] == [0, 1, 2]

    def test_stays_ended(self, basket: Basket) -> None:
        list(basket)
        asked = len(basket.timeouts)
        assert list(basket) == []
        assert len(basket.timeouts) == asked

    def test_acknowledges_a_frame_when_it_asks_for_the_next(self, basket: Basket) -> None:
        for frame in basket:
            assert basket.acknowledged == list(range(frame.seq))
        assert basket.acknowledged == [0, 1, 2]

    def test_left_by_an_exception_leaves_its_frame_unacknowledged(self) -> None:
        def fail_on_the_second(source: Basket) -> None:
            with source:
                for frame in source:
                    1 // (1 - frame.seq)

        source = Basket(0, 1)
        with pytest.raises(ZeroDivisionError):
            fail_on_the_second(source)
        assert source.acknowledged == [0]
        assert source.closed == 1

    def test_left_early_goes_on_where_it_stopped(self, basket: Basket) -> None:
        assert next(iter(basket)).seq == 0
        assert [frame.seq for frame in basket] == [1, 2]
        assert basket.acknowledged == [0, 1, 2]

    def test_waits_for_ever_unless_told(self, basket: Basket) -> None:
        next(basket)
        assert basket.timeouts == [None]

    def test_gives_up_after_the_source_s_timeout(self) -> None:
        with Basket(ended=False, timeout=2.5) as source:
            with pytest.raises(Timeout):
                next(source)
            assert source.timeouts == [2.5]


class TestReading:
    def test_gives_the_next_frame_and_acknowledges_the_last(self, basket: Basket) -> None:
        assert [basket.read().seq, basket.read().seq] == [0, 1]
        assert basket.acknowledged == [0]

    def test_takes_its_timeout_in_any_unit(self, basket: Basket) -> None:
        basket.read(timeout="200ms")
        basket.read(timeout=0)
        assert basket.timeouts == [0.2, 0.0]

    def test_can_be_tried_again_after_a_timeout(self, open_ended: Basket) -> None:
        open_ended.read()
        with pytest.raises(Timeout):
            open_ended.read(timeout=0)
        open_ended.put(1)
        assert open_ended.read(timeout=0).seq == 1
        assert open_ended.acknowledged == [0]

    def test_beyond_the_end_is_refused(self, basket: Basket) -> None:
        list(basket)
        for _ in range(2):
            with pytest.raises(Closed, match="the source has ended"):
                basket.read()


class TestAnAsyncLoop:
    def test_is_the_same_loop(self, basket: Basket) -> None:
        async def collect() -> list[int]:
            return [frame.seq async for frame in basket]

        assert asyncio.run(collect()) == [0, 1, 2]
        assert basket.acknowledged == [0, 1, 2]

    def test_waits_without_blocking_others(self, open_ended: Basket) -> None:
        async def collect() -> list[int]:
            seen = []
            async for frame in open_ended:
                seen.append(frame.seq)
                if len(seen) < 3:
                    asyncio.get_running_loop().call_soon(open_ended.put, frame.seq + 1)
                else:
                    open_ended.put(None)
            return seen

        assert asyncio.run(collect()) == [0, 1, 2]

    def test_lets_others_run_even_when_there_is_always_a_frame(self, basket: Basket) -> None:
        async def collect() -> list[str]:
            happened = []

            async def other() -> None:
                happened.append("other")

            task = asyncio.ensure_future(other())
            async for frame in basket:
                happened.append(str(frame.seq))
            await task
            return happened

        assert asyncio.run(collect()).index("other") < 3

    def test_gives_up_after_the_timeout(self) -> None:
        async def wait(source: Basket) -> None:
            async for _ in source:
                pytest.fail("there is nothing to get")

        with Basket(ended=False, timeout=0.01) as source, pytest.raises(Timeout, match="is anybody publishing"):
            asyncio.run(wait(source))

    def test_can_be_cancelled_and_goes_on_later(self, open_ended: Basket) -> None:
        async def interrupted() -> None:
            await anext(open_ended)
            waiting = asyncio.ensure_future(anext(open_ended))
            while len(open_ended.timeouts) < 2:
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            open_ended.put(1)
            assert (await anext(open_ended)).seq == 1

        asyncio.run(interrupted())


def test_a_with_block_closes_the_source() -> None:
    with Basket() as source:
        assert source.closed == 0
    assert source.closed == 1
