"""Instants reach the database in UTC, and those that UTC hasn't are refused by name."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from core.shared.clock import to_utc
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.errors import InvalidInput

EAST = timezone(timedelta(hours=14))
BEFORE_THE_FIRST_YEAR = datetime(1, 1, 1, tzinfo=EAST)
AFTER_THE_LAST_YEAR = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12)))


def test_an_offset_is_taken_off_and_none_means_utc() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert to_utc(datetime(2026, 3, 2, 2, tzinfo=EAST), "at") == noon
    assert to_utc(noon.replace(tzinfo=None), "at") == noon
    assert to_utc(datetime(2026, 3, 2, 2, tzinfo=EAST), "at").utcoffset() == timedelta()


@pytest.mark.parametrize("instant", [BEFORE_THE_FIRST_YEAR, AFTER_THE_LAST_YEAR])
def test_an_instant_outside_the_calendar_is_refused_by_name(instant: datetime) -> None:
    with pytest.raises(InvalidInput) as refused:
        to_utc(instant, "at")
    assert [field.field for field in refused.value.fields] == ["at"]


@pytest.mark.parametrize("part", [BEFORE_THE_FIRST_YEAR, AFTER_THE_LAST_YEAR, 2**31, -(2**40)])
def test_a_forged_cursor_holds_nothing_that_the_database_cant_compare(part: datetime | int) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_cursor(encode_cursor((part, UUID(int=1))), tuple[datetime | int, UUID])
    assert [field.field for field in refused.value.fields] == ["cursor"]
