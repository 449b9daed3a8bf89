"""Two ends on one machine: messages over a unix socket, pixels in memory that both can see."""

from __future__ import annotations

import os
import select
import socket as system
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.core.errors import BadFrame
from framebus.links.connection import MAX_UNSENT, UNADMITTED_BYTES, Gone, Parcel, Parts
from framebus.links.local import LocalConnection
from framebus.links.rendezvous import dial_local, peer_of
from framebus.memory.borrowing import MAX_LEASES
from framebus.memory.pool import Pool, pool, supported
from tests.links.ends import (
    FRAME,
    Image,
    end_of,
    everything,
    image_of,
    parcel,
    picture,
    received,
    shared_picture,
)

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

Pair = tuple[LocalConnection, LocalConnection]


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    pool().trim()
    yield
    pool().trim()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A sender and a reader, in one process here."""
    ends = system.socketpair(system.AF_UNIX, system.SOCK_SEQPACKET)
    sender, reader = (LocalConnection(end) for end in ends)
    reader.admit()
    yield sender, reader
    sender.close()
    reader.close()


class TestMessages:
    """What is sent is what comes."""

    def test_ready_from_the_start(self, pair: Pair) -> None:
        assert pair[0].ready
        assert pair[0].receive() == []

    def test_control_messages_come_in_order_as_read_only_views(self, pair: Pair) -> None:
        sender, reader = pair
        sent = [b"", b"hello", bytes(64 * 1024)]
        for message in sent:
            sender.send(message)
        messages = received(reader, 3)
        assert [[bytes(part) for part in parts] for parts in messages] == [[message] for message in sent]
        assert all(part.readonly for parts in messages for part in parts)

    @pytest.mark.parametrize("nbytes", [0, 1, 16 * 1024 - 1, 16 * 1024, FRAME, 3_000_000])
    @pytest.mark.parametrize("place", [picture, shared_picture])
    def test_a_parcel_comes_in_two_parts_whatever_its_size_and_wherever_it_lies(
        self, pair: Pair, nbytes: int, place: type
    ) -> None:
        sender, reader = pair
        image = place(7, nbytes)
        sender.send(Parcel(b"head", image.data))
        head, payload = received(reader)[0]
        assert bytes(head) == b"head"
        assert payload == image.data
        assert (payload.format, payload.ndim, payload.readonly) == ("B", 1, True)

    def test_a_message_stays_as_it_came_when_others_follow(self, pair: Pair) -> None:
        sender, reader = pair
        for mark, nbytes in ((1, FRAME), (2, 100), (3, FRAME), (4, 100)):
            sender.send(parcel(picture(mark, nbytes), b"head %d" % mark))
            sender.send(b"control %d" % mark)
        messages = received(reader, 8)
        assert [bytes(parts[0]) for parts in messages[::2]] == [b"head %d" % mark for mark in (1, 2, 3, 4)]
        assert [bytes(parts[0]) for parts in messages[1::2]] == [b"control %d" % mark for mark in (1, 2, 3, 4)]

    def test_one_call_does_not_take_for_ever(self, pair: Pair) -> None:
        sender, reader = pair
        for _ in range(40):
            sender.send(b"one of many")
        assert len(reader.receive()) == 16

    def test_small_payloads_begin_where_any_number_may(self, pair: Pair) -> None:
        sender, reader = pair
        sender.send(parcel(picture(1, 800), b"odd"))
        assert np.frombuffer(received(reader)[0][1], np.complex128).flags.aligned

    def test_both_ends_send_from_slots_of_their_own(self, pair: Pair) -> None:
        sender, reader = pair
        sender.send(parcel(picture(1)))
        question = received(reader)[0]
        reader.send(parcel(picture(2)))
        assert (image_of(received(sender)[0])[0], image_of(question)[0]) == (2, 1)

    def test_longer_heads_than_allowed_are_the_senders_mistake(self, pair: Pair) -> None:
        sender, _ = pair
        with pytest.raises(BadFrame, match="the limit is 65536"):
            sender.send(bytes(64 * 1024 + 1))
        with pytest.raises(BadFrame, match="the limit is 65536"):
            sender.send(Parcel(bytes(64 * 1024 + 1), picture(1).data))

    def test_strangers_may_send_less(self, pair: Pair) -> None:
        sender, reader = pair
        reader.send(parcel(picture(1, UNADMITTED_BYTES)))  # the sender never admitted the reader
        assert end_of(sender).startswith("broke the rules: a message of")


class TestInPlace:
    """Pixels stay where they are."""

    def test_a_frame_in_a_slot_is_not_copied(self, pair: Pair) -> None:
        sender, reader = pair
        image = shared_picture(1)
        sender.send(parcel(image[1000:]))
        seen = image_of(received(reader)[0])
        image[1000] = 99
        assert (seen[0], seen.size) == (99, FRAME - 1000)

    def test_any_other_is_copied_once_for_all_readers(self, pair: Pair) -> None:
        sender, reader = pair
        ends = system.socketpair(system.AF_UNIX, system.SOCK_SEQPACKET)
        second, other = (LocalConnection(end) for end in ends)
        message = parcel(picture(3))
        sender.send(message)
        second.send(message)
        assert (pool().stats().slots, pool().stats().leases) == (1, 2)
        views = received(reader), received(other)
        assert [image_of(view[0])[0] for view in views] == [3, 3]
        second.close()
        other.close()

    def test_what_came_from_another_process_is_copied_not_passed_on(self, pair: Pair) -> None:
        sender, reader = pair
        first = shared_picture(5)
        sender.send(parcel(first))
        reader.send(Parcel(b"on", received(reader)[0][1]))
        back = image_of(received(sender)[0])
        first[:] = 6
        assert back[0] == 5

    def test_the_slot_is_lent_again_when_both_sides_let_go(self, pair: Pair) -> None:
        sender, reader = pair
        image = shared_picture(1)
        slot = pool().slot_of(image.data)
        assert slot is not None
        sender.send(parcel(image))
        del image
        seen = received(reader)
        assert slot.leases == 1
        seen.clear()
        reader.send(b"thanks")
        received(sender)
        assert slot.free
        assert pool().slot_of(pool().lend(FRAME)) is slot

    def test_one_frame_sent_twice_is_let_go_of_twice(self, pair: Pair) -> None:
        sender, reader = pair
        image = shared_picture(1)
        for _ in range(2):
            sender.send(parcel(image))
        views = received(reader, 2)
        assert pool().stats().leases == 2
        del views[0]
        reader.flush()
        assert everything(sender) == []
        assert pool().stats().leases == 1

    def test_ends_of_views_ride_on_messages_until_they_are_many(self, pair: Pair) -> None:
        sender, reader = pair
        for mark in range(6):
            sender.send(parcel(picture(mark)))
        views = received(reader, 6)
        del views[:3]
        assert select.select([sender], [], [], 0)[0] == []
        thread = threading.Thread(target=views.pop)  # the fourth, in any thread
        thread.start()
        thread.join()
        assert everything(sender) == []
        assert pool().stats().leases == 2

    def test_whoever_keeps_everything_is_given_copies_from_the_last_lease_on(self, pair: Pair) -> None:
        sender, reader = pair
        kept: list[Image] = []
        for mark in range(30):
            sender.send(parcel(picture(mark)))
            kept.append(image_of(received(reader)[0]))
            reader.send(b"next")
            received(sender)
        assert [int(image[-1]) for image in kept] == list(range(30))
        assert pool().stats().leases == MAX_LEASES - 1
        assert pool().stats().slots <= MAX_LEASES + 1

    def test_frames_that_grow_get_new_slots_and_old_views_stay(self, pair: Pair) -> None:
        sender, reader = pair
        kept = []
        for size in (FRAME, 4 * FRAME, 16 * FRAME):
            sender.send(parcel(picture(size % 251, size)))
            kept.append(image_of(received(reader)[0]))
            reader.send(b"next")
            received(sender)
        assert [set(image[::1000].tolist()) for image in kept] == [{size % 251} for size in map(len, kept)]

    def test_readers_forget_slots_that_were_retired(self, pair: Pair) -> None:
        sender, reader = pair
        for round_ in range(3):
            sender.send(parcel(picture(round_)))
            assert image_of(received(reader)[0])[0] == round_
            reader.flush()
            everything(sender)
            pool().trim()
        with open("/proc/self/maps") as maps:
            assert sum("/memfd:framebus" in line for line in maps) <= 1

    def test_read_only_for_good(self, pair: Pair) -> None:
        sender, reader = pair
        for place, nbytes in ((shared_picture, FRAME), (picture, FRAME), (picture, 100)):
            sender.send(parcel(place(1, nbytes)))
            image = image_of(received(reader)[0])
            with pytest.raises(ValueError, match="WRITEABLE"):
                image.flags.writeable = True


class TestBusy:
    """A peer that does not read for a while."""

    def test_what_the_socket_does_not_take_waits_in_order(self, pair: Pair) -> None:
        sender, reader = pair
        sent: list[bytes] = []
        while not sender.pending:
            sent.append(str(len(sent)).encode() + bytes(50_000))
            sender.send(sent[-1])
        image = shared_picture(9)
        sender.send(parcel(image))
        sent.append(b"head")
        messages: list[Parts] = []
        while len(messages) < len(sent):
            messages += received(reader)
            sender.flush()
        assert [bytes(parts[0]) for parts in messages] == sent
        assert image_of(messages[-1])[0] == 9
        assert not sender.pending

    def test_whoever_never_reads_is_given_up(self, pair: Pair) -> None:
        sender, _ = pair
        while not sender.pending:
            sender.send(bytes(60_000))
        for _ in range(MAX_UNSENT - 1):
            sender.send(b"more")
        with pytest.raises(Gone, match="does not read: 64 messages"):
            sender.send(b"one too many")

    def test_whoever_reads_late_but_reads_is_not(self, pair: Pair) -> None:
        sender, reader = pair
        for _ in range(MAX_UNSENT):
            while not sender.pending:
                sender.send(bytes(60_000))
            sender.send(b"another")
            everything(reader)
            sender.flush()
            everything(reader)
            sender.flush()
        assert not sender.pending

    def test_nothing_overtakes_what_waits(self) -> None:
        class Moody(system.socket):
            """Takes nothing now and then, as if the other side read just in between."""

            calls = 0

            def send(self, data: Any, flags: int = 0) -> int:
                self.calls += 1
                if self.calls % 3:
                    raise BlockingIOError
                return super().send(data, flags)

        mine, theirs = system.socketpair(system.AF_UNIX, system.SOCK_SEQPACKET)
        sender, reader = LocalConnection(Moody(fileno=mine.detach())), LocalConnection(theirs)
        for number in range(0, 40, 2):
            sender.send(b"%d" % number)
            sender.send(parcel(picture(1, 100), b"%d" % (number + 1)))
        while sender.pending:
            sender.flush()
        assert [int(bytes(parts[0])) for parts in received(reader, 40)] == list(range(40))
        sender.close()
        reader.close()

    def test_receiving_sends_what_waits(self, pair: Pair) -> None:
        sender, reader = pair
        while not sender.pending:
            sender.send(bytes(60_000))
        everything(reader)
        assert sender.receive() == []
        assert not sender.pending

    def test_ends_of_views_wait_for_room(self, pair: Pair) -> None:
        sender, reader = pair
        for mark in range(4):
            sender.send(parcel(picture(mark)))
        views = received(reader, 4)
        while not reader.pending:
            reader.send(bytes(60_000))
        views.clear()
        everything(sender)
        reader.flush()
        everything(sender)
        assert pool().stats().leases == 0


class TestShortage:
    """Without shared memory messages still arrive, through the socket."""

    @pytest.fixture(autouse=True)
    def _no_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("framebus.memory.placing.pool", lambda: Pool(available=lambda: 0))

    def test_in_pieces(self, pair: Pair) -> None:
        sender, reader = pair
        images = [np.random.default_rng(seed).integers(0, 255, 1_000_001, np.uint8) for seed in range(3)]
        for image in images:
            sender.send(parcel(image))
        sender.send(b"after")
        messages: list[Parts] = []
        while len(messages) < 4:
            messages += received(reader, 0)
            messages += reader.receive()
            sender.flush()
        assert [parts[1] == image.data for parts, image in zip(messages, images, strict=False)] == [True] * 3
        assert bytes(messages[3][0]) == b"after"
        assert messages[0][1].readonly
        assert reader.unfinished == 0
        assert pool().stats().slots == 0

    def test_what_is_sent_may_change_afterwards(self, pair: Pair) -> None:
        sender, reader = pair
        image = picture(1, 5_000_000)
        sender.send(parcel(image))
        assert sender.pending
        image[:] = 2
        messages: list[Parts] = []
        while not messages:
            messages += reader.receive()
            sender.flush()
        assert (image_of(messages[0]) == 1).all()

    def test_a_message_in_pieces_counts_as_one_that_waits(self, pair: Pair) -> None:
        sender, reader = pair
        for _ in range(5):
            sender.send(parcel(picture(1, 5_000_000)))
        assert sender.pending
        assert reader.receive() == []
        assert reader.unfinished == 5_000_000


class TestTheEnd:
    """How connections end."""

    def test_messages_before_the_end_are_given_first(self, pair: Pair) -> None:
        sender, reader = pair
        for number in range(40):
            sender.send(b"%d" % number)
        sender.close()
        assert len(received(reader, 40)) == 40
        assert end_of(reader) == ""
        with pytest.raises(Gone):
            reader.receive()
        with pytest.raises(Gone):
            reader.send(b"more")

    def test_also_when_the_other_side_left_without_reading(self, pair: Pair) -> None:
        sender, reader = pair
        reader.send(b"never read")
        sender.send(b"last words")
        sender.close()
        reader.send(b"to nobody")
        assert [bytes(parts[0]) for parts in received(reader)] == [b"last words"]
        assert end_of(reader) == ""

    def test_frames_for_nobody_are_not_lent(self, pair: Pair) -> None:
        sender, reader = pair
        reader.close()
        sender.send(parcel(shared_picture(1)))
        assert pool().stats().leases == 0

    def test_also_when_that_is_the_first_we_hear_of_it(self, pair: Pair) -> None:
        sender, reader = pair
        reader.send(b"never read")
        sender.send(b"last words")
        sender.close()
        assert [bytes(parts[0]) for parts in received(reader)] == [b"last words"]
        assert end_of(reader) == ""

    def test_finishing_lets_the_other_side_read_to_the_end(self, pair: Pair) -> None:
        sender, reader = pair
        sender.send(b"last")
        sender.finish()
        sender.send(b"too late")
        assert [bytes(parts[0]) for parts in received(reader)] == [b"last"]
        reader.send(b"heard")
        assert bytes(received(sender)[0][0]) == b"heard"
        assert end_of(reader) == ""

    def test_after_a_broken_rule_the_socket_wakes_whoever_waits(self, pair: Pair) -> None:
        sender, reader = pair
        sender.send(b"good")
        sender._socket.send(b"\x63\x00rubbish")
        assert [bytes(parts[0]) for parts in received(reader)] == [b"good"]
        assert "kind 99" in end_of(reader)

    def test_views_outlive_their_connection_unchanged(self, pair: Pair) -> None:
        sender, reader = pair
        sender.send(parcel(picture(1)))
        kept = image_of(received(reader)[0])
        reader.close()
        assert end_of(sender) == ""
        sender.close()
        assert pool().stats().leases == 0
        for _ in range(5):
            shared_picture(2)
        assert (kept == 1).all()

    def test_a_peer_that_was_given_up_still_sees_its_frames_unchanged(self, pair: Pair) -> None:
        sender, reader = pair
        sender.send(parcel(picture(1)))
        kept = image_of(received(reader)[0])
        sender.close()
        for _ in range(5):
            shared_picture(2)
        assert (kept == 1).all()

    def test_slots_of_a_reader_that_let_go_before_it_left_are_used_again(self, pair: Pair) -> None:
        sender, reader = pair
        image = shared_picture(1)
        slot = pool().slot_of(image.data)
        sender.send(parcel(image))
        received(reader)
        reader.close()
        end_of(sender)
        sender.close()
        del image
        assert pool().slot_of(pool().lend(FRAME)) is slot

    def test_closing_twice_is_fine_and_nothing_works_afterwards(self, pair: Pair) -> None:
        sender, _ = pair
        sender.close()
        sender.close()
        for method in (sender.receive, sender.flush):
            with pytest.raises(Gone, match="closed here"):
                method()
        assert sender.fileno() == -1

    def test_no_view_is_kept_by_how_it_ended(self, pair: Pair) -> None:
        sender, reader = pair
        sender.send(parcel(picture(1)))
        sender._socket.send(b"\x63\x00")
        views = received(reader)
        assert "kind 99" in end_of(reader)
        assert len(reader._borrowing._out) == 1
        views.clear()
        assert len(reader._borrowing._out) == 0


class TestMeeting:
    """Files where processes meet."""

    @pytest.fixture
    def door(self, runtime_dir: Path) -> Iterator[system.socket]:
        with system.socket(system.AF_UNIX, system.SOCK_SEQPACKET) as door:
            door.bind(str(runtime_dir / "door"))
            yield door
        (runtime_dir / "door").unlink()

    def test_both_sides_know_who_the_other_is(self, door: system.socket, runtime_dir: Path) -> None:
        door.listen()
        with dial_local(runtime_dir / "door") as calling, door.accept()[0] as called:
            assert peer_of(calling) == peer_of(called) == (os.getpid(), os.getuid())
            assert calling.gettimeout() == 0

    def test_nobody_there(self, door: system.socket, runtime_dir: Path) -> None:
        with pytest.raises(FileNotFoundError):
            dial_local(runtime_dir / "elsewhere")
        with pytest.raises(ConnectionRefusedError):
            dial_local(runtime_dir / "door")

    def test_too_many_wait(self, door: system.socket, runtime_dir: Path) -> None:
        door.listen(0)
        with dial_local(runtime_dir / "door"), pytest.raises(BlockingIOError):
            dial_local(runtime_dir / "door")
