"""The plugins that are installed beside the application: found once in each process."""

from functools import cache

from core.tenancy.plans import FEATURES
from plugins.host.catalogue import Catalogue
from plugins.host.loading import discover


@cache
def installed_plugins() -> Catalogue:
    """Return what is installed. The first call imports every plugin; refused ones are logged."""
    return discover(frozenset(FEATURES))
