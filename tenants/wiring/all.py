"""Every slice's wiring, gathered once at start."""

from core.shared.usecase import USE_CASES, UseCase
from tenants.injection import BUILT_IN, Provider, Providers, bind
from tenants.wiring import (
    analytics,
    applications,
    audit,
    automations,
    candidates,
    careers,
    deliverability,
    identity,
    imports,
    installations,
    interviews,
    jobs,
    messages,
    notifications,
    plugins,
    promises,
    resumes,
    secrets,
    status,
    task_operations,
    tasks,
    templates,
    tenancy,
    unsubscribing,
)

WIRED: tuple[Providers, ...] = (
    tasks.PROVIDERS,
    task_operations.PROVIDERS,
    secrets.PROVIDERS,
    tenancy.PROVIDERS,
    identity.PROVIDERS,
    candidates.PROVIDERS,
    imports.PROVIDERS,
    jobs.PROVIDERS,
    applications.PROVIDERS,
    promises.PROVIDERS,
    resumes.PROVIDERS,
    messages.PROVIDERS,
    unsubscribing.PROVIDERS,
    deliverability.PROVIDERS,
    templates.PROVIDERS,
    automations.PROVIDERS,
    notifications.PROVIDERS,
    careers.PROVIDERS,
    status.PROVIDERS,
    interviews.PROVIDERS,
    analytics.PROVIDERS,
    audit.PROVIDERS,
    installations.PROVIDERS,
    plugins.PROVIDERS,
)


def wire(wired: tuple[Providers, ...] = WIRED) -> dict[type, tuple[UseCase, dict[str, Provider]]]:
    """Return every registered use case with the providers of its ports.

    Raises TypeError when a port has no provider or two, so that a hole stops the start.
    """
    providers = all_providers(wired)
    return {
        request: (use_case, bind(use_case, providers)) for request, use_case in USE_CASES.items()
    }


def all_providers(wired: tuple[Providers, ...] = WIRED) -> dict[type, Provider]:
    """Return what stands behind each port. Raises TypeError when a port has two providers."""
    providers: dict[type, Provider] = dict(BUILT_IN)
    for group in wired:
        twice = providers.keys() & group.keys()
        if twice:
            raise TypeError(f"two providers for {', '.join(port.__name__ for port in twice)}")
        providers.update(group)
    return providers
