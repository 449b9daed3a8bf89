"""Who gets which frame: the link protocol as pure state machines, without sockets, threads or clocks.

Messages, time and calls go in; messages and events come out, in `out` (`outgoing.py`), and whoever drives a session,
a link or a simulation, does what stands there. So every rule is tried with made-up time and a network that goes wrong
(`framebus.testing.simulation`), and every kind of link behaves alike.

**The two ends.** `publisher.py` serves any number of readers, `reader.py` reads one publisher or, as a hub, as many as
come. Which of them calls and which listens is another matter: `handshake.py` is the half of whoever calls, until it is
welcomed; `acquaintance.py` is how a reader gets to know publishers either way; `wishes.py` is what it asks for, and
`objection.py` why somebody is not served. `pulse.py` notices who has fallen silent, `rules.py` has all numbers.

**Credit.** A reader says how many frames it can take; a publisher never sends more. Nothing else queues, so nothing
else can be late. The publisher sees each reader as a `member.py`; the reader sees each publisher as a `feed.py`, grants
through `receive_queue.py`, and holds what came in `custody.py` until it is acknowledged, with what was missed.

**Who is owed what.** Readers are in groups (`group.py`, `joining.py`; without a name, alone in one of their own). One
that wants the newest is a `latest.py`: it holds one frame a stream, the newest, for whoever is ready first. One that
wants every frame is a `lossless.py`: what it has not acknowledged is kept (`retention.py`), within a budget for all
(`pressure.py`: who may hold up the publisher then, and who loses a frame and is told), while its readers are away
(`absences.py`) and for those that the owner waits for by name (`expected.py`). `audience.py` holds all groups together,
`stream_progress.py` how far each stream is.

**Several publishers.** `stream_names.py` says who has, and who may have, which stream name at a hub; `once.py` sees to
it that a frame that two publishers of a group bring counts once.

**The end.** `farewells.py`: only a publisher that closes ends a stream, and says how many frames there were. Everything
else is an absence, and whoever returns goes on where it was.

**A frame's way.** `PublisherSession.offer` → each group's `offer` → a `Delivery` for a member with credit, now or when
its credit comes → the link → `ReaderSession.received` → `Custody.take_in` (seen before? how many missed?) → `Intake` →
`take` → `done` → an acknowledgement back → `LosslessGroup` lets go of it.

**Others.** `legacy.py` speaks for senders that are not framebus: no credit, no session, and an answer each time where
they wait for one; `texts.py` makes names of what they write beside their pictures.
"""
