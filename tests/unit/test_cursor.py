"""Cursors come back as they were, and what is no cursor is refused by name."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.errors import InvalidInput


class Key(msgspec.Struct, array_like=True, frozen=True):
    at: datetime
    id: UUID


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_comes_back(at: datetime, row_id: UUID) -> None:
    cursor = encode_cursor(Key(at, row_id))
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#%<> ")
    assert decode_cursor(cursor, Key) == Key(at, row_id)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_cursor(text, Key)
    assert [field.field for field in refused.value.fields] == ["cursor"]


def test_a_cursor_of_another_list_is_refused() -> None:
    for key in (("a", 1), {"x": 1}, 5, "a\x00b"):
        with pytest.raises(InvalidInput):
            decode_cursor(encode_cursor(key), Key)
    with pytest.raises(InvalidInput):
        decode_cursor(encode_cursor("a\x00b"), str)
    with pytest.raises(InvalidInput):
        decode_cursor("A" * 3000, str)
