"""Turns the form of an automation into what it says, and back. Called by its pages alone.

Fields have the names that the API's errors use, so that each is shown where it belongs.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from api.errors import BadRequest
from api.v1.automations import RuleBody
from api.web.forms import Form
from core.automations.contracts import RuleView
from core.automations.definition import MAX_CONDITIONS, RuleDefinition
from core.shared.problems import problems_in

SPARE_ROWS: Final = 3
"""Empty rows for conditions that a form offers to who has no scripts."""

Values = Mapping[str, str]

_PLAIN: Final = (
    "name",
    "job_id",
    "enabled",
    "delay",
    "delay_unit",
    "when.event",
    "when.stage_name",
    "when.stage_id",
    "when.hours",
    "when.days",
    "action.do",
    "action.template",
    "action.who",
    "action.text",
    "action.note",
    "action.member_id",
    "action.tag_name",
    "action.stage_name",
    "action.stage_id",
    "action.moves_by_itself",
)
_OF_CONDITIONS: Final = ("type", "operator", "question", "question_id", "value")
FIELDS: Final = frozenset(
    {*_PLAIN, "delay_minutes", "when", "action", "conditions"}
    | {f"conditions.{row}.value" for row in range(MAX_CONDITIONS)}
)
"""Where a form shows errors."""

_WHEN: Final = {
    "stage_reached": ("stage_name", "stage_id"),
    "interview_ahead": ("hours",),
    "feedback_missing": ("hours",),
    "no_answer": ("days",),
}
_ACTION: Final = {
    "send": ("template",),
    "notify": ("who", "text"),
    "assign": ("member_id",),
    "note": ("text",),
    "tag": ("tag_name",),
    "move": ("stage_name", "stage_id", "moves_by_itself"),
}
_LISTS: Final = {
    "job": "job_ids",
    "department": "departments",
    "location": "locations",
    "stage": "stages",
    "source": "sources",
    "language": "languages",
}


def typed(form: Form) -> dict[str, str]:
    """Return what was typed, to be shown again."""
    values = {name: form[name] for name in _PLAIN}
    for row in range(MAX_CONDITIONS):
        for part in _OF_CONDITIONS:
            name = f"conditions.{row}.{part}"
            if name in form:
                values[name] = form[name]
    return values


def said_by(values: Values) -> RuleBody:
    """Return what a form says. Raises BadRequest naming each field that is wrong."""
    body: dict[str, Any] = {
        "name": values["name"],
        "job_id": values["job_id"] or None,
        "enabled": bool(values["enabled"]),
        "delay_minutes": _minutes(values),
        "when": {"event": values["when.event"]} | _parts(values, "when", _WHEN, "event"),
        "conditions": [_condition(values, row) for row in _used(values)],
        "action": {"do": values["action.do"]} | _parts(values, "action", _ACTION, "do"),
    }
    wrong = list(problems_in(body, RuleBody, ""))
    if wrong:
        raise BadRequest(*wrong)
    return msgspec.convert(body, RuleBody)


def shown(rule: RuleView | None) -> dict[str, str]:
    """Return what a form holds for a rule, or at first."""
    values = dict.fromkeys(_PLAIN, "")
    values |= {"when.event": "stage_reached", "action.do": "send", "delay": "0", "delay_unit": "1"}
    if rule is None:
        return values | {"enabled": "true"}
    values["enabled"] = "true" if rule.enabled else ""
    values["job_id"] = str(rule.job_id or "")
    values["name"] = rule.name
    return values if rule.definition is None else values | _held(rule.definition)


def errors_of(errors: Mapping[str, str]) -> dict[str, str]:
    """Return errors under the names of the fields that show them."""
    moved = dict(errors)
    for name, message in errors.items():
        if name == "delay_minutes":
            moved["delay"] = message
        elif name == "action.text":
            moved["action.note"] = message
        elif name in {"when", "action"}:
            moved[f"{name}.{'event' if name == 'when' else 'do'}"] = message
    return moved


def rows_of(values: Values) -> list[int]:
    """Return the numbers of the rows for conditions that a form shows."""
    used = _used(values)
    return list(range(min(MAX_CONDITIONS, (max(used) + 1 if used else 0) + SPARE_ROWS)))


def _used(values: Values) -> list[int]:
    return [row for row in range(MAX_CONDITIONS) if values.get(f"conditions.{row}.type")]


def _minutes(values: Values) -> int | str:
    amount, unit = values["delay"] or "0", values["delay_unit"]
    if not amount.isdecimal() or len(amount) > 6 or unit not in {"1", "60", "1440"}:
        return amount
    return int(amount) * int(unit)


def _parts(
    values: Values, part: str, of: Mapping[str, tuple[str, ...]], tag: str
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in of.get(values[f"{part}.{tag}"], ()):
        field = "note" if values.get("action.do") == "note" and name == "text" else name
        value = values[f"{part}.{field}"]
        if name == "moves_by_itself":
            made[name] = bool(value)
        elif name in {"hours", "days"}:
            made[name] = _number(value)
        elif value:
            made[name] = value
    if "stage_name" in made:
        made.pop("stage_id", None)
    return made


def _condition(values: Values, row: int) -> dict[str, Any]:
    def of(part: str) -> str:
        return values.get(f"conditions.{row}.{part}", "")

    kind, value = of("type"), of("value")
    condition: dict[str, Any] = {"type": kind}
    if kind in _LISTS:
        condition[_LISTS[kind]] = [each.strip() for each in value.split(",") if each.strip()]
    elif kind == "tag":
        condition |= {"tag_name": value, "has": of("operator") != "is_not"}
    elif kind == "assignee":
        condition["has"] = (value.casefold() in {"", "yes", "true", "1"}) == (
            of("operator") != "is_not"
        )
    elif kind == "days_in_stage":
        condition["at_least"] = _number(value)
    elif kind == "answer":
        operator = of("operator")
        condition |= {"operator": "is" if operator == "is_not" else operator, "value": value}
        if of("question"):
            condition["question"] = of("question")
        elif of("question_id"):
            condition["question_id"] = of("question_id")
    return condition


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 7 else text


def _held(definition: RuleDefinition) -> dict[str, str]:
    given = msgspec.to_builtins(definition)
    values: dict[str, str] = {}
    for part in ("when", "action"):
        for name, value in given[part].items():
            is_flag = isinstance(value, bool)
            values[f"{part}.{name}"] = ("true" if value else "") if is_flag else str(value or "")
    if given["action"]["do"] == "note":
        values["action.note"] = values.pop("action.text")
    minutes = definition.delay_minutes
    unit = next(each for each in (1440, 60, 1) if minutes % each == 0) if minutes else 1
    values |= {"delay": str(minutes // unit), "delay_unit": str(unit)}
    for row, condition in enumerate(given["conditions"]):
        values |= {f"conditions.{row}.{name}": text for name, text in _row(condition).items()}
    return values


def _row(condition: Mapping[str, Any]) -> dict[str, str]:
    kind = condition["type"]
    row = {"type": kind, "operator": "is", "question": "", "question_id": "", "value": ""}
    if kind in _LISTS:
        row["value"] = ", ".join(condition[_LISTS[kind]])
    elif kind == "days_in_stage":
        row["value"] = str(condition["at_least"])
    elif kind == "answer":
        row |= {
            name: str(condition[name] or "")
            for name in ("operator", "value", "question", "question_id")
        }
    else:
        row["operator"] = "is" if condition["has"] else "is_not"
        row["value"] = condition["tag_name"] if kind == "tag" else "yes"
    return row
