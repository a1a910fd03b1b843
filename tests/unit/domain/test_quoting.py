"""Foreign text that is shown acts on no terminal, ends no line, and is never long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.quoting import LONGEST_QUOTE, short, visible, visible_lines

ANY = st.text(st.characters(codec=None, categories=None))


@given(ANY)
def test_what_is_shown_can_be_printed_and_encoded(text: str) -> None:
    assert visible(text).isprintable()
    visible(text).encode()


@given(ANY)
def test_what_can_be_printed_is_shown_as_it_is(text: str) -> None:
    if text.isprintable():
        assert visible(text) == text


@given(ANY)
def test_lines_stay_lines_and_nothing_else_makes_any(text: str) -> None:
    assert len(visible_lines(text).splitlines() or [""]) <= text.count("\n") + 1


@given(ANY)
def test_a_quote_is_never_long(text: str) -> None:
    assert len(short(text)) <= 10 * LONGEST_QUOTE + len("...")


def test_escapes_are_those_that_people_know() -> None:
    assert visible("a\x1b[31m\n\r\t\x9b\u202e\u2028\ud800") == r"a\x1b[31m\n\r\t\x9b\u202e\u2028\ud800"
    assert short("x" * 81) == "x" * 80 + "..."
