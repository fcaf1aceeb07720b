"""Finds the ports of subscribers and of outside work once, at the start of a worker."""

from typing import Any, get_type_hints

import msgspec

from core.ports.tasks import TASK_KINDS
from core.shared.reactions import SUBSCRIBERS, Subscriber
from tenants.injection import Provider, bind_function
from tenants.wiring.all import all_providers

Ports = dict[str, Provider]


class BoundSubscriber(msgspec.Struct, frozen=True):
    """A subscriber and its ports."""

    subscriber: Subscriber
    ports: Ports


class BoundOutside(msgspec.Struct, frozen=True):
    """Outside work and the ports of each of its steps."""

    work: type[Any]
    payload: Any
    """What the payload is converted to."""
    prepare: Ports
    perform: Ports
    conclude: Ports


def bind_subscribers() -> dict[str, BoundSubscriber]:
    """Return every subscriber of the core. Raises TypeError when a port has no provider."""
    providers = all_providers()
    return {
        name: BoundSubscriber(each, bind_function(each.run, providers))
        for name, each in SUBSCRIBERS.items()
    }


def bind_outside() -> dict[str, BoundOutside]:
    """Return all outside work by its kind. Raises TypeError when a port has no provider."""
    providers = all_providers()
    return {
        kind: BoundOutside(
            work=each.outside,
            payload=_first_type(each.outside),
            prepare=bind_function(each.outside.prepare, providers, given=2),
            perform=bind_function(each.outside.perform, providers, given=2),
            conclude=bind_function(each.outside.conclude, providers, given=3),
        )
        for kind, each in TASK_KINDS.items()
        if each.outside is not None
    }


def _first_type(work: type[Any]) -> Any:
    hints = get_type_hints(work.prepare)
    name = list(work.prepare.__code__.co_varnames)[1]
    if name not in hints:
        raise TypeError(f"{work.__name__}.prepare: annotate {name} with the type of the payload")
    return hints[name]
