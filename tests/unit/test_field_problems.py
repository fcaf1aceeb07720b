"""What is wrong with a field is said as a form would say it."""

from typing import Annotated, Any

import pytest
from msgspec import Meta

from core.shared.problems import problems_in


@pytest.mark.parametrize(
    ("value", "expected", "code", "said"),
    [
        ("abc", Annotated[str, Meta(max_length=2)], "wrong_length", "Use at most 2 characters."),
        ("", Annotated[str, Meta(min_length=1)], "wrong_length", "Use at least 1 character."),
        (["a", "b"], Annotated[list[str], Meta(max_length=1)], "wrong_length", "at most 1 entry."),
        ([], Annotated[list[str], Meta(min_length=2)], "wrong_length", "at least 2 entries."),
        (0, Annotated[int, Meta(ge=1)], "out_of_range", "Use a number of at least 1."),
        (501, Annotated[int, Meta(le=500)], "out_of_range", "Use a number of at most 500."),
        (-2, Annotated[float, Meta(gt=-2)], "out_of_range", "Use a number above -2"),
        (1.5, Annotated[float, Meta(lt=1.5)], "out_of_range", "Use a number below 1.5."),
        ("x", int, "wrong_type", "Expected `int`, got `str`."),
        ("x", Annotated[str, Meta(pattern="^a$")], "wrong_format", "matching regex"),
    ],
)
def test_bounds_are_said_in_plain_words(value: Any, expected: Any, code: str, said: str) -> None:
    (problem,) = problems_in(value, expected, "field")
    assert (problem.field, problem.code) == ("field", code)
    assert said in problem.message
