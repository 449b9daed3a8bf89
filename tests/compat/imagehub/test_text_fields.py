"""The text beside a picture says what an imagehub does with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.compat.imagehub.text_fields import Kind, understand


@pytest.mark.parametrize(
    ("text", "kind", "name", "node"),
    [
        ("Barn Door|jpg", Kind.PICTURE, "Barn Door", "Barn"),
        ("WaterMeter|jpg|moving", Kind.PICTURE, "WaterMeter", "WaterMeter"),
        ("Barn Door|image", Kind.RAW, "Barn Door", "Barn"),
        ("Barn|Heartbeat", Kind.HEARTBEAT, "Barn", "Barn"),
        ("Barn|Restart|rpi99|RPi|192.168.86.38|859|149.48", Kind.EVENT, "Barn", "Barn"),
        ("Driveway Mailbox|motion|moving", Kind.EVENT, "Driveway Mailbox", "Driveway"),
        ("Barn |temperature | 75 F", Kind.EVENT, "Barn", "Barn"),
        ("Barn|", Kind.EVENT, "Barn", "Barn"),
        ("|", Kind.EVENT, "", ""),
        ("Barn", Kind.TEST, "", ""),
        ("", Kind.TEST, "", ""),
    ],
)
def test_the_first_letter_of_the_second_field_decides(text: str, kind: Kind, name: str, node: str) -> None:
    message = understand(text)
    assert (message.kind, message.name, message.node) == (kind, name, node)


@given(st.text(), st.text(), st.text())
def test_an_event_keeps_its_text_as_sent(name: str, second: str, rest: str) -> None:
    text = f"{name}|{second}|{rest}"
    message = understand(text)
    assert message.text == text
    assert message.kind is not Kind.TEST


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.lists(st.text())
    | st.dictionaries(st.text(), st.text())
)
def test_what_is_no_text_is_a_test_picture(value: object) -> None:
    assert understand(value).kind is Kind.TEST
