"""A browser lets us send push messages, gets one, and opens what it is about.

The browser's own push service would need the internet: a fake one takes what is sent, and what it
decrypts is handed to the real service worker.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from core.applications.contracts import AssignApplication
from core.notifications.contracts import ListNotifications, MarkRead
from tenants.runtime import Runtime
from tests.fixtures.browsers import Visit
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.push_service import FakePushService, ReadingBrowser
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("service", "background")

_SUBSCRIBES = """
(subscription) => {
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async (options) => {
    window.subscribedWith = options;
    return { toJSON: () => subscription };
  };
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service() -> AsyncIterator[FakePushService]:
    """Where messages go; the product's processes may reach it by the operator's word."""
    made = FakePushService()
    await made.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTELLIMATCH_OUTBOUND_ALLOWED_NETWORKS", "127.0.0.0/8")
        patch.setenv("INTELLIMATCH_OUTBOUND_ALLOWED_PORTS", str(made.port))
        yield made
    await made.stop()


async def hand_over(page: Page, data: str) -> None:
    """Give the page's service worker a push message, as the browser does."""
    devtools = await page.context.new_cdp_session(page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def look(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if not each["isDeleted"] and not found.done():
                found.set_result(each["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", look)
    await devtools.send("ServiceWorker.enable")
    registration = await asyncio.wait_for(found, 60)
    origin = "/".join(page.url.split("/")[:3])
    await devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": registration, "data": data},
    )


async def until_shown(page: Page, tags: list[str]) -> None:
    """Wait until the browser shows exactly the messages of these tags."""
    await page.wait_for_function(
        """async (wanted) => {
          const worker = await navigator.serviceWorker.ready;
          const shown = (await worker.getNotifications()).map((each) => each.tag);
          return JSON.stringify(shown) === JSON.stringify(wanted);
        }""",
        arg=tags,
        polling=100,
        timeout=30_000,
    )


async def test_a_browser_is_told_while_the_site_is_closed(
    visit: Visit, runtime: Runtime, world: World, service: FakePushService, examined: Examined
) -> None:
    hiring, reading = Hiring(runtime, world), ReadingBrowser.new()
    page = await visit.page("/dashboard", "recruiter")
    origin = visit.site.url("acme")
    await page.context.grant_permissions(["notifications"], origin=origin)
    subscription = {
        "endpoint": service.endpoint("browser"),
        "keys": {"p256dh": reading.p256dh, "auth": reading.auth},
    }
    await page.add_init_script(f"({_SUBSCRIBES})({subscription!r})")
    await page.goto(f"{origin}/account/notifications")
    await expect(page.get_by_text("None yet. A browser that you add")).to_be_visible()
    await page.get_by_role("button", name="Send to this browser").click()
    await expect(page.get_by_text("This browser gets push messages now.")).to_be_visible()
    await expect(page.locator("#push .list")).to_contain_text("Mozilla")

    application = await hiring.apply(await hiring.open_job(title="Engineer"))
    recruiter = world.acme.members["recruiter"].member_id
    await hiring.scope("admin").execute(
        AssignApplication(application_id=application.id, assignee_id=recruiter)
    )
    await asyncio.wait_for(service.has_taken.wait(), 60)
    (told,) = service.read(reading)
    assert told["title"].endswith("was given to you")

    await expect(page.locator(".bell-count")).to_have_text("1")
    await hand_over(page, reading.read(service.taken[0].body).decode())
    shown = await page.evaluate(
        """async () => {
          const worker = await navigator.serviceWorker.ready;
          for (let tries = 0; tries < 100; tries++) {
            const all = await worker.getNotifications();
            if (all.length) return all.map((each) => [each.title, each.body, each.data.link]);
            await new Promise((done) => setTimeout(done, 50));
          }
          return [];
        }"""
    )
    assert shown == [[told["title"], "Engineer", f"/candidates/{application.candidate_id}"]]

    (worker,) = page.context.service_workers
    await worker.evaluate(
        """async () => {
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )
    # Pressing it marks it as read: the bell of the page that is still open knows.
    await expect(page.locator(".bell-count")).to_be_hidden()
    assert (await hiring.scope().ask(ListNotifications(unread=True))).items == []

    # What is read anywhere else is taken away here, and what isn't read stays.
    await hiring.scope("admin").execute(
        AssignApplication(application_id=application.id, assignee_id=None)
    )
    await hiring.scope("admin").execute(
        AssignApplication(application_id=application.id, assignee_id=recruiter)
    )
    await expect(page.locator(".bell-count")).to_have_text("1")
    (unread,) = (await hiring.scope().ask(ListNotifications(unread=True))).items
    for tag in (str(unread.id), "read-long-ago"):
        await worker.evaluate("(tag) => self.registration.showNotification('Told', { tag })", tag)
    await page.reload()
    await until_shown(page, [str(unread.id)])
    await hiring.scope().execute(MarkRead())
    await until_shown(page, [])

    await page.goto(f"{origin}/account/notifications")
    await page.locator("#push").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("Nothing more is sent there.")).to_be_visible()
    await expect(page.get_by_text("None yet. A browser that you add")).to_be_visible()
    examined("push messages", len(service.taken))


async def test_a_browser_that_refuses_says_so(visit: Visit) -> None:
    page = await visit.page("/account/notifications", "viewer")
    await page.evaluate("() => { Notification.requestPermission = async () => 'denied'; }")
    await page.get_by_role("button", name="Send to this browser").click()
    await expect(page.get_by_text("The browser does not allow it.")).to_be_visible()
