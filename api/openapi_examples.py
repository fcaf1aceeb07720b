"""Makes an example of a JSON Schema, from its own examples where it has them."""

from collections.abc import Mapping
from typing import Any, Final

_BY_FORMAT: Final = {
    "uuid": "019aa5d2-7c1e-7b8e-9d55-3f1f0e6f2c11",
    "date-time": "2026-11-21T10:00:00Z",
    "date": "2026-11-21",
    "byte": "",
}
_DEEPEST: Final = 8


def example_of_schema(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    """Return a value that fits `schema`; references are looked up in `components`."""
    return _example(schema, components, 0)


def _example(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int) -> Any:
    if reference := schema.get("$ref"):
        return _example(components[reference.rpartition("/")[2]], components, depth)
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    for given in ("const", "default"):
        if schema.get(given) not in (None, [], {}, ""):
            return schema[given]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _example(choices[0], components, depth)
    return _of_type(schema, components, depth)


def _of_type(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {name: _example(member, components, depth + 1) for name, member in members.items()}
    if kind == "array":
        items = [schema.get("items") or {}] if depth < _DEEPEST else []
        items = items[: schema.get("maxItems")] * max(1, schema.get("minItems", 1))
        return [_example(item, components, depth + 1) for item in items]
    if kind == "string":
        text = _BY_FORMAT.get(schema.get("format", ""), "text")
        return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    if kind in ("integer", "number"):
        return _number(schema)
    return kind == "boolean" or None


def _number(schema: Mapping[str, Any]) -> int:
    if "minimum" in schema:
        return int(schema["minimum"])
    if "exclusiveMinimum" in schema:
        return int(schema["exclusiveMinimum"]) + 1
    return min(1, int(schema.get("maximum", 1)))
