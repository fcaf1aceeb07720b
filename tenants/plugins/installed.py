"""The plugins that are installed beside the application: found once in each process."""

from functools import cache
from importlib.metadata import EntryPoint

from core.tenancy.plans import FEATURES
from plugins.host.catalogue import Catalogue
from plugins.host.loading import discover
from plugins.sdk.hooks import ENTRY_POINTS


@cache
def installed_plugins() -> Catalogue:
    """Return what is installed. The first call imports every plugin; refused ones are logged."""
    return discover(frozenset(FEATURES))


def catalogue_of(value: str) -> Catalogue:
    """Return what discovery makes of the plugin that `value` names, installed or not."""
    entry = EntryPoint(name=value.partition(".")[0], value=value, group=ENTRY_POINTS)
    return discover(frozenset(FEATURES), [entry])
