"""What the keeper of a camera decides: when it is tried again, how it is, and what is worth saying."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framebus.core.contracts import SourceState
from framebus.sources.cameras.keeping import (
    FIRST_PAUSE_NS,
    LONGEST_PAUSE_NS,
    MOST_TOLD,
    STALLED_NS,
    STEADY_NS,
    Keeping,
)

S = 10**9
UTC = 1_700_000_000 * S


def state(keeping: Keeping, now_ns: int) -> SourceState:
    return keeping.state(now_ns, UTC + now_ns)


def showing(since_ns: int = 0, until_ns: int = 0, every_ns: int = S // 25) -> Keeping:
    """A camera that gave pictures from `since_ns` to `until_ns`."""
    keeping = Keeping(since_ns)
    keeping.connected(since_ns)
    for now_ns in range(since_ns, until_ns + 1, every_ns):
        keeping.picture(now_ns)
    return keeping


class TestPauses:
    def test_double_from_half_a_second_to_ten(self) -> None:
        keeping = Keeping(0)
        pauses = [keeping.broke("no route", 0).pause_ns for _ in range(7)]
        assert pauses == [FIRST_PAUSE_NS << n for n in range(5)] + [LONGEST_PAUSE_NS] * 2

    def test_begin_anew_after_five_seconds_of_pictures(self) -> None:
        keeping = Keeping(0)
        for _ in range(4):
            keeping.broke("no route", 0)
        keeping.connected(0)
        for now_ns in range(0, STEADY_NS + 1, S // 10):
            keeping.picture(now_ns)
        assert keeping.broke("closed", STEADY_NS).pause_ns == FIRST_PAUSE_NS

    def test_go_on_growing_for_a_camera_that_breaks_at_once(self) -> None:
        keeping = Keeping(0)
        pauses = []
        for _ in range(3):
            keeping.connected(0)
            keeping.picture(0)
            keeping.picture(STEADY_NS - 1)
            pauses.append(keeping.broke("closed", STEADY_NS - 1).pause_ns)
        assert pauses == [FIRST_PAUSE_NS, 2 * FIRST_PAUSE_NS, 4 * FIRST_PAUSE_NS]

    @given(st.lists(st.sampled_from(["connected", "picture", "broke"]), max_size=60), st.data())
    def test_are_never_shorter_or_longer_whatever_happens(self, events: list[str], data: st.DataObject) -> None:
        keeping, now_ns = Keeping(0), 0
        for event in events:
            now_ns += data.draw(st.integers(0, 20 * S))
            if event == "broke":
                assert FIRST_PAUSE_NS <= keeping.broke("why", now_ns).pause_ns <= LONGEST_PAUSE_NS
            else:
                getattr(keeping, event)(now_ns)
            seen = state(keeping, now_ns)
            assert seen.since_ns <= UTC + now_ns
            assert (seen.why == "") == (seen.state == "live")


class TestState:
    def test_is_away_until_the_first_picture(self) -> None:
        keeping = Keeping(0)
        assert state(keeping, S) == SourceState(state="away", why="connecting", since_ns=UTC)
        keeping.connected(S)
        assert state(keeping, S).state == "away"
        keeping.picture(S + 1)
        assert state(keeping, S + 2) == SourceState(state="live", since_ns=UTC + S + 1)

    def test_is_stalled_when_connected_without_a_picture_for_a_second(self) -> None:
        keeping = Keeping(0)
        keeping.connected(0)
        assert state(keeping, STALLED_NS).state == "away"
        assert state(keeping, STALLED_NS + 1).state == "stalled"

    def test_is_stalled_when_pictures_stop(self) -> None:
        keeping = showing(until_ns=2 * S)
        assert state(keeping, 3 * S).state == "live"
        seen = state(keeping, 2 * S + 4 * S)
        assert (seen.state, seen.why) == ("stalled", "connected, but no picture comes")
        assert seen.since_ns == UTC + 2 * S, "since the last picture"

    def test_a_slow_camera_may_take_three_times_its_usual_time(self) -> None:
        keeping = showing(until_ns=20 * S, every_ns=2 * S)
        assert state(keeping, 26 * S).state == "live"
        assert state(keeping, 26 * S + 1).state == "stalled"

    def test_lives_again_with_the_next_picture(self) -> None:
        keeping = showing(until_ns=2 * S)
        assert state(keeping, 9 * S).state == "stalled"
        keeping.picture(9 * S)
        assert state(keeping, 9 * S).state == "live"

    def test_is_away_with_the_newest_reason_since_the_break(self) -> None:
        keeping = showing(until_ns=2 * S)
        keeping.broke("closed", 3 * S)
        keeping.broke("no route", 5 * S)
        assert state(keeping, 6 * S) == SourceState(state="away", why="no route", since_ns=UTC + 3 * S)

    def test_counts_connections_after_the_first(self) -> None:
        keeping = Keeping(0)
        keeping.broke("no route", 0)
        keeping.connected(S)
        assert state(keeping, S).reconnects == 0
        keeping.broke("closed", 2 * S)
        keeping.connected(3 * S)
        assert state(keeping, 3 * S).reconnects == 1


class TestNews:
    def test_each_reason_is_told_once(self) -> None:
        keeping = Keeping(0)
        news = [keeping.broke(why, 0).news for why in ("no route", "no route", "wrong password", "no route")]
        assert news == [True, False, True, False]

    def test_and_again_after_pictures_came(self) -> None:
        keeping = Keeping(0)
        assert keeping.broke("no route", 0).news
        keeping.connected(S)
        keeping.picture(S)
        assert keeping.broke("no route", 2 * S).news

    def test_a_camera_with_ever_new_reasons_falls_silent(self) -> None:
        keeping = Keeping(0)
        news = [keeping.broke(f"trouble {number}", 0).news for number in range(MOST_TOLD + 5)]
        assert sum(news) == MOST_TOLD

    def test_coming_back_is_told_with_how_long_it_took(self) -> None:
        keeping = Keeping(0)
        keeping.connected(0)
        assert keeping.picture(0) == 0, "nothing was wrong"
        keeping.broke("closed", 2 * S)
        keeping.connected(5 * S)
        assert keeping.picture(5 * S) == 3.0
        assert keeping.picture(6 * S) == 0
