"""Browsers that members let us send push messages to."""

import hashlib
from typing import Final

import msgspec

from core.notifications.contracts import (
    AddBrowser,
    Browser,
    BrowserId,
    Browsers,
    ListBrowsers,
    RemoveBrowser,
)
from core.notifications.events import BrowserAdded, BrowserRemoved
from core.notifications.ports import BrowserQueries, BrowserRepository
from core.notifications.reach import owner_of
from core.ports.push import PushService, PushTarget
from core.ports.secrets import SecretPlace, Secrets
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import NotFound
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.secret import Secret
from core.shared.usecase import handles

MOST: Final = 20
"""Browsers of a member; one more takes the place of the oldest."""


def place_of(browser_id: BrowserId) -> SecretPlace:
    """Return where a browser's address and keys are sealed for."""
    return SecretPlace("push_browsers", browser_id, "target")


@handles(ListBrowsers, action=Action.OWN_ACCOUNT)
async def list_browsers(
    query: ListBrowsers,  # noqa: ARG001 - it has no fields
    *,
    actor: Actor,
    browsers: BrowserQueries,
    service: PushService,
) -> Browsers:
    """Return the actor's browsers, and what another one subscribes with."""
    return Browsers(await browsers.of(owner_of(actor)), service.public_key)


@handles(AddBrowser, action=Action.OWN_ACCOUNT)
async def add_browser(
    command: AddBrowser,
    *,
    actor: Actor,
    browsers: BrowserRepository,
    service: PushService,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> Browser:
    """Keep where the browser takes messages. One that was somebody else's is the actor's now."""
    owner = owner_of(actor)
    target = PushTarget(command.endpoint, command.p256dh, command.auth)
    service.check(target)
    endpoint = hashlib.sha256(target.endpoint.encode()).digest()
    known = await browsers.with_endpoint(endpoint)
    if known is not None:
        await browsers.remove(known)
    browser = Browser(id=BrowserId(ids.new()), label=command.label.strip(), added_at=clock.now())
    text = msgspec.json.encode(target).decode()
    sealed = await secrets.seal(place_of(browser.id), Secret(text))
    await browsers.add(owner, browser, endpoint, sealed)
    await browsers.keep_latest(owner, MOST)
    recorder.record(BrowserAdded(aggregate_id=browser.id, member_id=owner))
    return browser


@handles(RemoveBrowser, action=Action.OWN_ACCOUNT)
async def remove_browser(
    command: RemoveBrowser, *, actor: Actor, browsers: BrowserRepository, recorder: Recorder
) -> None:
    """Send nothing more to one of the actor's browsers."""
    owner = owner_of(actor)
    if not await browsers.is_of(owner, command.browser_id):
        raise NotFound("There is no such browser.")
    await browsers.remove(command.browser_id)
    recorder.record(BrowserRemoved(aggregate_id=command.browser_id, member_id=owner))
