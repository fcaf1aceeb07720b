"""An admin gives the company its look, sees it while typing, and applicants see it once saved."""

import base64
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from core.shared.actor import system
from core.tenancy.contracts import Branding, ChangePlan, ShowTenant, UpdateTenant
from tenants.runtime import Runtime
from tests.fixtures.browsers import PHONE, Visit
from tests.fixtures.examined import Examined
from tests.fixtures.logos import png
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

PATH = "/settings/branding"
HOSTILE = "\"><img src=x onerror=alert(1)><script>alert(2)</script>'"
_TOKEN = """([selector, name]) =>
  getComputedStyle(document.querySelector(selector)).getPropertyValue(name)"""
_DRAWN = """async (type) => {
  const canvas = document.createElement("canvas");
  canvas.width = 2400; canvas.height = 900;
  const pen = canvas.getContext("2d");
  const dots = pen.createImageData(2400, 900);
  const { buffer } = dots.data;
  for (let at = 0; at < buffer.byteLength; at += 65536) {
    const length = Math.min(65536, buffer.byteLength - at);
    crypto.getRandomValues(new Uint8Array(buffer, at, length));
  }
  pen.putImageData(dots, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, type, 0.9));
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(""));
}"""


async def token(page: Page, selector: str, name: str) -> str:
    found: str = await page.evaluate(_TOKEN, [selector, name])
    return found.strip()


async def saved(page: Page) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name="Save the look").click()
    await expect(page.get_by_text("Saved. It is on the careers site now.")).to_be_visible()


async def present(runtime: Runtime, world: World, slug: str = "acme") -> Any:
    tenant = world[slug]
    return await runtime.scope(tenant.context, tenant.actor("admin"), "read").ask(ShowTenant())


async def test_the_look_is_seen_while_typing_and_by_applicants_once_saved(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    visit.expect("status of 422")
    page = await visit.page("/dashboard", "admin")
    await page.get_by_role("link", name="Branding").first.click()
    await expect(page.get_by_text("Nothing is set yet")).to_be_visible()
    sheet, mail = page.locator(".look-sheet"), page.locator(".look-mail")
    await page.get_by_label("Name", exact=True).fill("Acme Bakeries")
    await page.get_by_label("Tagline").fill(HOSTILE)
    await page.get_by_label("Postal address").fill("Acme GmbH\n\nHauptstraße 1, Berlin")
    await page.get_by_label("Contact for applicants").fill("jobs@acme.example")
    await page.get_by_label("Your privacy policy").fill("https://acme.example/privacy")
    for shown in (sheet, mail):
        for text in ("Acme Bakeries", HOSTILE, "Hauptstraße 1, Berlin", "jobs@acme.example"):
            await expect(shown.get_by_text(text).first).to_be_visible()
        await expect(shown.get_by_text("Privacy policy")).to_be_visible()
    await page.get_by_label("Brand colour (optional)", exact=True).fill("#f28c28")
    await expect(page.locator("#look-colours")).to_contain_text("made of the brand colour")
    assert await token(page, ".look-sheet", "--accent") == "#a55f1b"
    assert await token(page, ".mail-sheet", "--brand") == "#f28c28"
    await page.get_by_role("button", name="Dark").click()
    assert await token(page, ".look-sheet", "--accent") == "#f28c28"

    # A colour that can't be read is said at once, refused, and the nearest that works is named.
    accent = page.locator("[id='branding.accent_color']")
    await accent.fill("#ffcc33")
    await expect(page.locator("#look-colours")).to_contain_text("nearest that works is #8f721d")
    await page.get_by_role("button", name="Save the look").click()
    error = page.locator("[id='branding.accent_color-error']")
    await expect(error).to_contain_text("nearest that works is #8f721d")
    await expect(accent).to_be_focused()
    assert (await present(runtime, world)).branding == Branding()
    await accent.fill("#0f5ea8")
    await expect(page.locator("#look-colours")).to_contain_text("Both can be read")
    await page.locator("#logo_file").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": png()}
    )
    await expect(sheet.locator("img")).to_be_visible()
    await is_sound(page, "branding_filled", examined)
    await saved(page)
    await expect(page.get_by_label("Tagline")).to_have_value(HOSTILE)

    site = await visit.page("/careers", None, size=PHONE)
    for text in ("Acme Bakeries", HOSTILE, "Hauptstraße 1, Berlin", "jobs@acme.example"):
        await expect(site.get_by_text(text).first).to_be_visible()
    assert await token(site, ":root", "--accent") == "#0f5ea8"
    await expect(site.locator(".careers-band")).to_be_visible()
    loaded = await site.locator(".careers-home img").evaluate("each => each.naturalWidth")
    assert loaded == 120
    await is_sound(site, "careers_branded", examined)
    other = await visit.page("/careers", None, slug="globex")
    await expect(other.locator(".careers-band")).to_have_count(0)
    await expect(other.get_by_text("jobs@acme.example")).to_have_count(0)


@pytest.mark.parametrize("kind", ["jpeg", "webp", "png"])
async def test_a_large_picture_is_made_to_fit(
    visit: Visit, runtime: Runtime, world: World, kind: str
) -> None:
    page = await visit.page(PATH, "admin")
    drawn = base64.b64decode(await page.evaluate(_DRAWN, f"image/{kind}"))
    assert len(drawn) > 100_000
    await page.locator("#logo_file").set_input_files(
        {"name": f"logo.{kind}", "mimeType": f"image/{kind}", "buffer": drawn}
    )
    await expect(page.locator(".look-sheet img")).to_be_visible()
    await saved(page)
    image = (await present(runtime, world)).branding.logo_image()
    assert image is not None
    assert len(image.content) <= 65_536
    await page.get_by_label("Show no logo").check()
    await expect(page.locator(".look-sheet img")).to_be_hidden()
    await page.get_by_label("Show no logo").uncheck()
    await expect(page.locator(".look-sheet img")).to_be_visible()
    await page.get_by_label("Show no logo").check()
    await saved(page)
    assert (await present(runtime, world)).branding.logo is None


async def test_small_pictures_of_each_kind_are_taken_as_they_are(
    visit: Visit, runtime: Runtime, world: World
) -> None:
    page = await visit.page(PATH, "admin")
    for kind in ("jpeg", "webp", "png"):
        drawn = base64.b64decode(
            await page.evaluate(_DRAWN.replace("2400", "90").replace("900", "30"), f"image/{kind}")
        )
        await page.locator("#logo_file").set_input_files(
            {"name": f"logo.{kind}", "mimeType": f"image/{kind}", "buffer": drawn}
        )
        shown = page.locator(".look-sheet img")
        await expect(shown).to_have_attribute("src", re.compile(f"^data:image/{kind}"))
        await saved(page)
        image = (await present(runtime, world)).branding.logo_image()
        assert image is not None
        assert (image.media_type, image.content) == (f"image/{kind}", drawn)


@pytest.mark.parametrize(
    ("name", "media_type", "content", "said"),
    [
        ("logo.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("logo.png", "image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "can’t be read"),
        ("logo.pdf", "application/pdf", b"%PDF-1.4", "PNG, JPEG or WebP"),
    ],
)
async def test_a_file_that_is_no_picture_is_told_why(
    visit: Visit, name: str, media_type: str, content: bytes, said: str
) -> None:
    page = await visit.page(PATH, "admin")
    await page.locator("#logo_file").set_input_files(
        {"name": name, "mimeType": media_type, "buffer": content}
    )
    await expect(page.locator("[id='branding.logo-error']")).to_contain_text(said)


async def test_two_who_save_at_once_overwrite_nothing_unseen(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    visit.expect("status of 412")
    page = await visit.page(PATH, "admin")
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "other")
    await scope.execute(UpdateTenant(branding=Branding(tagline="Theirs")))
    await page.get_by_label("Tagline").fill("Mine")
    await page.get_by_role("button", name="Save the look").click()
    await expect(page.get_by_text("Somebody else saved a change")).to_be_visible()
    await expect(page.get_by_role("button", name="Save mine over it")).to_be_focused()
    await expect(page.get_by_label("Tagline")).to_have_value("Mine")
    assert (await present(runtime, world)).branding.tagline == "Theirs"
    await is_sound(page, "branding_conflict", examined)
    await page.get_by_role("button", name="Save mine over it").click()
    await expect(page.get_by_text("Saved. It is on the careers site now.")).to_be_visible()
    assert (await present(runtime, world)).branding.tagline == "Mine"


async def test_it_works_without_a_script(visit: Visit, runtime: Runtime, world: World) -> None:
    visit.expect("status of 422")
    page = await visit.page(PATH, "admin", size=PHONE, java_script_enabled=False)
    await page.get_by_label("Tagline").fill("Without a script")
    await page.locator("[id='branding.accent_color']").fill("#ffcc33")
    await page.get_by_role("button", name="Save the look").click()
    await expect(page.locator("[id='branding.accent_color-error']")).to_contain_text("nearest")
    await expect(page.get_by_label("Tagline")).to_have_value("Without a script")
    await page.locator("[id='branding.accent_color']").fill("#0f5ea8")
    await page.locator("#logo_file").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": png()}
    )
    await page.get_by_role("button", name="Save the look").click()
    await expect(page.get_by_text("Saved. It is on the careers site now.")).to_be_visible()
    look = (await present(runtime, world)).branding
    assert (look.tagline, look.accent_color) == ("Without a script", "#0f5ea8")
    assert look.logo is not None


async def test_a_plan_without_a_look_says_which_has_it(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    tenant = world["globex"]
    operator = runtime.scope(tenant.context, system(tenant.id), "cli")
    await operator.execute(ChangePlan(plan="free"))
    page = await visit.page(PATH, "admin", slug="globex")
    offer = page.get_by_role("link", name="See what Starter includes")
    for _ in range(60):  # until the notice of the change has reached the other process
        if await offer.is_visible():
            break
        await page.wait_for_timeout(500)
        await page.reload()
    await expect(offer).to_be_visible()
    await expect(page.get_by_label("Tagline")).not_to_be_editable()
    await page.get_by_label("Contact for applicants").fill("jobs@globex.example")
    await saved(page)
    assert (await present(runtime, world, "globex")).branding.contact_email == "jobs@globex.example"
    await is_sound(page, "branding_beyond_plan", examined)
