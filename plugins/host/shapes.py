"""Checks that what a hook returned is made of the SDK's types all the way down.

Nothing checks a Struct when it is made, so a plugin can return `Manifest(id=5)`; what comes out of
here holds what its types promise. Used by `plugins.host.validation`.
"""

import inspect
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec


class Unfit(Exception):
    """The plugin can't be loaded; the text is a sentence that its author can act on."""


def struct_of(value: Any, kind: type[msgspec.Struct], where: str) -> None:
    """Check that `value` is a `kind` whose fields fit. Raises Unfit."""
    if not isinstance(value, kind):
        raise Unfit(f"{where} must be a {kind.__name__}, not a {type(value).__name__}.")
    for field in msgspec.structs.fields(kind):
        _field(getattr(value, field.name), field.type, f"{where}: {field.name}")


def items_of(value: Any, kind: type[msgspec.Struct], hook: str) -> tuple[Any, ...]:
    """Return the items of a hook's answer, each a `kind`. Raises Unfit."""
    if not isinstance(value, list | tuple):
        raise Unfit(
            f"The hook {hook} must return a list of {kind.__name__}, not a {type(value).__name__}."
        )
    for place, item in enumerate(value, start=1):
        struct_of(item, kind, f"The hook {hook}, item {place}")
    return tuple(value)


def no_two(values: list[Any], where: str, what: str) -> None:
    """Raises Unfit when `values` holds one twice."""
    for value in values:
        if values.count(value) > 1:
            raise Unfit(f"{where}: {what} {value} is there twice; each may be there once.")


def _field(value: Any, expected: Any, where: str) -> None:
    signature = _function_type(expected)
    if signature is not None:
        if value is None and NoneType in get_args(expected):
            return
        _function(value, signature, where)
    elif _is_class_field(expected):
        if not isinstance(value, type):
            raise Unfit(f"{where} must be a class, not a {type(value).__name__}.")
    elif _holds_functions(expected):
        _mapping_of_functions(value, where)
    else:
        try:
            msgspec.convert(msgspec.to_builtins(value), expected)
        except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
            raise Unfit(f"{where} doesn't fit: {error}.") from None


def _function_type(expected: Any) -> Any:
    """Return the `Callable[...]` in a field's type, or None."""
    if get_origin(expected) is Callable or get_origin(expected) is _CALLABLE:
        return expected
    if get_origin(expected) in {Union, UnionType}:
        for part in get_args(expected):
            if get_origin(part) is _CALLABLE:
                return part
    return None


_CALLABLE = get_origin(Callable[[], None])


def _is_class_field(expected: Any) -> bool:
    return expected is type or get_origin(expected) is type


def _holds_functions(expected: Any) -> bool:
    return any(get_origin(part) is _CALLABLE for part in get_args(expected))


def _mapping_of_functions(value: Any, where: str) -> None:
    if not isinstance(value, dict):
        raise Unfit(f"{where} must be a dict, not a {type(value).__name__}.")
    for key, function in value.items():
        if type(key) is not int or not callable(function) or is_async(function):
            raise Unfit(f"{where} must map version numbers to functions that aren't async.")


def _function(value: Any, signature: Any, where: str) -> None:
    parameters, returns = get_args(signature)
    if not callable(value):
        raise Unfit(f"{where} must be a function, not a {type(value).__name__}.")
    must_be_async = getattr(get_origin(returns), "__name__", "") == "Awaitable"
    if must_be_async and not is_async(value):
        raise Unfit(f"{where} must be an async function (`async def`).")
    if not must_be_async and is_async(value):
        raise Unfit(f"{where} must not be an async function.")
    try:
        inspect.signature(value).bind(*parameters)
    except (TypeError, ValueError):
        names = ", ".join(_name(each) for each in parameters)
        raise Unfit(f"{where} must take {len(parameters)} arguments: {names}.") from None


def is_async(function: Any) -> bool:
    """Whether calling `function` gives a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004
    )


def _name(parameter: Any) -> str:
    plain = get_origin(parameter) or parameter
    return "event" if plain is Any else str(getattr(plain, "__name__", plain))
