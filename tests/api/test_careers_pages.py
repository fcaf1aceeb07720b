"""What the public sees: open jobs, postings, the privacy notice, the look, the feeds."""

import itertools
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree.ElementTree import Element, ParseError, fromstring

import pytest
import pytest_asyncio

from api.web.careers_brand import style_of
from api.web.careers_structured import job_posting
from core.careers.contracts import PublishPrivacyNotice, ShowPosting
from core.jobs.contracts import ChangeJobStatus, CreateJob, JobView, PayRange, QuestionSpec
from core.shared.colour import READABLE, contrast, parsed
from core.shared.money import Cents
from core.tenancy.contracts import Branding, UpdateTenant
from tenants.runtime import Runtime
from tests.fixtures.applicants import Applicant, ApplicantFor, applicant, applicant_for
from tests.fixtures.clients import ClientFor
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.logos import data_url, png
from tests.fixtures.worlds import World

__all__ = ["applicant", "applicant_for"]

HOSTILE = "]]></title></script><script>alert(1)</script>&amp;\"'<!-- \u2028 \ufffe \U0001f98a"
ADDRESSES = ("/sitemap.xml", "/careers/feed.xml", "/careers/jobs.xml")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def jobs(runtime: Runtime, world: World) -> AsyncIterator[dict[str, JobView]]:
    """Acme's jobs by title, and one of Globex."""
    hiring, other = Hiring(runtime, world), Hiring(runtime, world, "globex")
    pay = PayRange(Cents(6_000_000), Cents(8_000_050), "EUR", "year")
    made = [
        await hiring.open_job(
            title="Baker",
            location="Berlin",
            department="Kitchen",
            description="You bake bread.\n\nEvery day.",
            skills=("Sourdough",),
            pay_range=pay,
            openings=2,
            questions=(QuestionSpec(kind="text", label="Why?", knockout=True),),
        ),
        await hiring.open_job(
            title="Night porter", location="Bremen", remote="hybrid", employment_type="part_time"
        ),
        await hiring.open_job(title="Writer", remote="remote", department="Press"),
        await hiring.open_job(title=HOSTILE, description=HOSTILE, department=HOSTILE),
        await hiring.scope().execute(CreateJob(title="Secret draft")),
    ]
    held = await hiring.open_job(title="Held job", description="Held words")
    hold = ChangeJobStatus(job_id=held.id, status="on_hold", reason="Later")
    made.append(await hiring.scope().execute(hold))
    closed = await hiring.open_job(title="Closed job", description="Closed words")
    close = ChangeJobStatus(job_id=closed.id, status="closed", reason="Found")
    made.append(await hiring.scope().execute(close))
    made.append(await other.open_job(title="Globex only", location="Berlin"))
    yield {job.title: job for job in made}


def _titles(page: str) -> set[str]:
    found = re.findall(r'<h2><a href="/careers/jobs/[0-9a-f-]{36}">([^<]*)</a>', page)
    return {title.split("]")[0] or "HOSTILE" for title in found}


async def test_the_list_shows_open_jobs_of_this_tenant_only(
    jobs: dict[str, JobView], applicant: Applicant, applicant_for: ApplicantFor
) -> None:
    page = await applicant.get("/careers")
    assert page.status_code == 200
    assert _titles(page.text) == {"Baker", "Night porter", "Writer", "HOSTILE"}
    assert "€60,000.00 – €80,000.50" in page.text
    for secret in ("Secret draft", "Held job", "Closed job", "Globex only"):
        assert secret not in page.text
    theirs = await applicant_for("globex").get("/careers")
    assert _titles(theirs.text) == {"Globex only"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "baker"}, {"Baker"}),
        ({"q": "SOURDOUGH bread"}, {"Baker"}),
        ({"q": "bread nothing"}, set()),
        ({"location": "Bremen"}, {"Night porter"}),
        ({"department": "Press"}, {"Writer"}),
        ({"type": "part_time"}, {"Night porter"}),
        ({"remote": "remote"}, {"Writer"}),
        ({"remote": "hybrid", "location": "Berlin"}, set()),
        ({"type": "nonsense"}, {"Baker", "Night porter", "Writer", "HOSTILE"}),
        ({"q": "%_\\'\x00"}, set()),
        ({"utm_source": "mail", "q": " "}, {"Baker", "Night porter", "Writer", "HOSTILE"}),
        ({"cursor": "cut-off"}, {"Baker", "Night porter", "Writer", "HOSTILE"}),
    ],
)
async def test_filters_stand_in_the_address(
    jobs: dict[str, JobView], applicant: Applicant, query: dict[str, str], expected: set[str]
) -> None:
    path = f"/careers?{urlencode(query)}"
    page = await applicant.get(path)
    assert page.status_code == 200
    assert _titles(page.text) == expected
    piece = await applicant.client.get(path, headers={"hx-request": "true"})
    assert _titles(piece.text) == expected
    assert "<html" not in piece.text
    if not expected:
        assert "No open job fits" in page.text
    for name in set(query) & {"location", "department"}:
        assert f"<option selected>{query[name]}</option>" in page.text


async def test_an_empty_site_says_what_will_be_here(applicant_for: ApplicantFor) -> None:
    page = await applicant_for("globex").get("/careers?q=nothing-like-this")
    assert "No open job fits" in page.text


async def test_long_lists_come_page_by_page(
    runtime: Runtime, world: World, applicant_for: ApplicantFor
) -> None:
    hiring, person = Hiring(runtime, world, "globex"), applicant_for("globex")
    made = {(await hiring.open_job(title=f"Many {number}")).title for number in range(35)}
    seen: list[str] = []
    path = "/careers?q=many"
    for _ in range(5):
        text = (await person.get(path)).text
        seen += _titles(text)
        following = re.search(r'class="more-row"><a class="button" href="([^"]+)"', text)
        if following is None:
            break
        path = following[1].replace("&amp;", "&")
        assert "q=many" in path
    assert sorted(seen) == sorted(made), "each job once"


async def test_a_posting_says_what_it_pays_and_nothing_internal(
    jobs: dict[str, JobView], applicant: Applicant
) -> None:
    page = await applicant.get(f"/careers/jobs/{jobs['Baker'].id}")
    assert page.status_code == 200
    for said in ("You bake bread.", "€60,000.00 – €80,000.50", "Sourdough", "Kitchen"):
        assert said in page.text
    assert "noindex" not in page.text
    form = await applicant.get(f"/careers/jobs/{jobs['Baker'].id}/apply")
    assert "knockout" not in form.text
    assert "can rule out" not in form.text


def _structured(page: str) -> dict[str, Any]:
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert block
    found: dict[str, Any] = json.loads(block[1])
    return found


async def test_a_posting_is_a_job_posting_of_schema_org(
    jobs: dict[str, JobView], applicant: Applicant
) -> None:
    job = jobs["Baker"]
    said = _structured((await applicant.get(f"/careers/jobs/{job.id}")).text)
    assert said["@type"] == "JobPosting"
    assert said["title"] == "Baker"
    assert said["description"] == "<p>You bake bread.</p><p>Every day.</p>"
    assert said["employmentType"] == "FULL_TIME"
    assert said["hiringOrganization"]["name"] == "Acme"
    assert said["jobLocation"]["address"]["addressLocality"] == "Berlin"
    assert said["url"] == f"http://acme.localhost:8000/careers/jobs/{job.id}"
    assert said["totalJobOpenings"] == 2
    salary = said["baseSalary"]
    assert salary["currency"] == "EUR"
    assert salary["value"] == {
        "@type": "QuantitativeValue", "minValue": 60_000, "maxValue": 80_000.5, "unitText": "YEAR",
    }  # fmt: skip
    remote = _structured((await applicant.get(f"/careers/jobs/{jobs['Writer'].id}")).text)
    assert remote["jobLocationType"] == "TELECOMMUTE"
    assert "baseSalary" not in remote


async def test_no_text_ends_the_structured_data(
    jobs: dict[str, JobView], applicant: Applicant, runtime: Runtime, world: World
) -> None:
    page = (await applicant.get(f"/careers/jobs/{jobs[HOSTILE].id}")).text
    assert _structured(page)["title"] == HOSTILE
    assert "<script>alert" not in page
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "structured")
    posting = await scope.ask(ShowPosting(job_id=jobs[HOSTILE].id))
    assert "<" not in job_posting(posting, HOSTILE, "http://acme.localhost")


@pytest.mark.parametrize("title", ["Held job", "Closed job"])
async def test_a_job_that_is_not_open_any_more_says_so_and_only_that(
    jobs: dict[str, JobView], applicant: Applicant, title: str
) -> None:
    page = await applicant.get(f"/careers/jobs/{jobs[title].id}")
    assert page.status_code == 410
    assert "no longer open" in page.text
    assert title in page.text
    assert "words" not in page.text
    assert "Found" not in page.text


async def test_what_was_never_public_is_not_there(
    jobs: dict[str, JobView], applicant: Applicant, examined: Examined
) -> None:
    unknown = [str(uuid4()), str(jobs["Secret draft"].id), str(jobs["Globex only"].id)]
    answers = [await applicant.get(f"/careers/jobs/{each}") for each in unknown]
    assert [answer.status_code for answer in answers] == [404] * len(unknown)
    assert len({re.sub(r"01[0-9a-f-]{34}", "", answer.text) for answer in answers}) == 1
    examined("addresses of nothing", len(unknown))


@pytest.mark.parametrize("path", ["/careers/jobs/1", "/careers/jobs/x'y", "/careers/none"])
async def test_addresses_that_are_none_are_not_there(applicant: Applicant, path: str) -> None:
    assert (await applicant.get(path)).status_code == 404


async def test_the_privacy_notice_and_its_older_versions(
    runtime: Runtime, world: World, applicant: Applicant, client_for: ClientFor
) -> None:
    first = await applicant.get("/careers/privacy")
    assert "Acme decides how the data" in first.text
    api = client_for("acme", "admin")
    shown = await api.get("/api/v1/privacy-notice")
    assert shown.json()["version"] == 0
    match = {"If-Match": shown.headers["etag"]}
    for text in ("One <b>year</b>.", "Two years."):
        answer = await api.put("/api/v1/privacy-notice", json={"text": text}, headers=match)
        assert answer.status_code == 200, answer.text
        match = {"If-Match": answer.headers["etag"]}
    late = {"If-Match": '"0"'}
    refused = await api.put("/api/v1/privacy-notice", json={"text": "Late"}, headers=late)
    assert refused.status_code == 412
    blank = await api.put("/api/v1/privacy-notice", json={"text": " \n"})
    assert blank.json()["errors"][0]["field"] == "text"
    assert "Two years." in (await applicant.get("/careers/privacy")).text
    assert "One &lt;b&gt;year" in (await applicant.get("/careers/privacy?version=1")).text
    assert "decides how" in (await applicant.get("/careers/privacy?version=0")).text
    assert (await applicant.get("/careers/privacy?version=7")).status_code == 404
    assert (await applicant.get("/careers/privacy?version=abc")).status_code == 200
    listed = (await api.get("/api/v1/privacy-notice/versions")).json()["items"]
    assert [each["version"] for each in listed] == [2, 1]
    assert listed[0]["published_by"] == str(world.acme.actor("admin").member_id)
    older = await client_for("acme", "viewer").get("/api/v1/privacy-notice?version=1")
    assert "One <b>year" in older.json()["text"]
    assert (await api.get("/api/v1/privacy-notice?version=7")).status_code == 404
    elsewhere = await client_for("globex", "admin").get("/api/v1/privacy-notice/versions")
    assert elsewhere.json()["items"] == []
    forbidden = await client_for("acme", "recruiter").put(
        "/api/v1/privacy-notice", json={"text": "Mine"}
    )
    assert forbidden.status_code == 403
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "notice")
    again = await scope.execute(PublishPrivacyNotice(text="Two years."))
    assert again.version == 2, "the same text again is no new version"


async def test_the_site_looks_like_the_tenant(
    runtime: Runtime, world: World, applicant: Applicant, applicant_for: ApplicantFor
) -> None:
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "brand")
    look = Branding(
        logo=data_url(png()), primary_color="#ffee00", footer_lines=("Acme GmbH <Berlin>",)
    )
    await scope.execute(UpdateTenant(branding=look))
    page = (await applicant.get("/careers")).text
    assert "Acme GmbH &lt;Berlin&gt;" in page
    style = re.search(r'href="(/careers/brand.css[^"]*)"', page)
    logo = re.search(r'src="(/careers/logo[^"]*)"', page)
    assert style
    assert logo
    css = await applicant.get(style[1])
    assert css.headers["content-type"] == "text/css; charset=utf-8"
    assert "--accent:#" in css.text
    image = await applicant.get(logo[1])
    assert image.headers["content-type"] == "image/png"
    assert image.headers["x-content-type-options"] == "nosniff"
    assert image.content == png()
    assert "default-src 'none'" in image.headers["content-security-policy"]
    plain = applicant_for("globex")
    assert (await plain.get("/careers/logo")).status_code == 404
    assert "brand.css" not in (await plain.get("/careers")).text


def test_any_colour_becomes_one_that_can_be_read(examined: Examined) -> None:
    levels = ("00", "40", "80", "c0", "ff")
    colours = [f"#{''.join(parts)}" for parts in itertools.product(levels, repeat=3)]
    for colour in colours:
        light, dark = style_of(Branding(primary_color=colour)).strip().splitlines()
        for rule, behind in ((light, ("#ffffff", "#f7f7f8")), (dark, ("#141417", "#212126"))):
            tokens = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", rule))
            pairs = [("accent", each) for each in behind]
            pairs += [("accent-strong", tokens["accent-soft"]), ("on-accent", tokens["accent"])]
            for name, ground in pairs:
                ratio = contrast(parsed(tokens[name]), parsed(ground))
                assert ratio >= READABLE, f"{colour}: {name} on {ground} has {ratio:.2f}"
    examined("colours", len(colours))
    assert contrast((255, 238, 0), (255, 255, 255)) < READABLE, "planted: the raw colour fails"


def _texts(root: Element, path: str) -> list[str]:
    return [each.text or "" for each in root.iterfind(path)]


async def test_feeds_are_well_formed_and_name_open_jobs_only(
    jobs: dict[str, JobView], applicant: Applicant, examined: Examined
) -> None:
    shown = {str(jobs[title].id) for title in ("Baker", "Night porter", "Writer", HOSTILE)}
    for address in ADDRESSES:
        answer = await applicant.get(address)
        assert answer.status_code == 200
        assert "xml" in answer.headers["content-type"]
        assert "max-age" in answer.headers["cache-control"]
        root = fromstring(answer.content)  # noqa: S314 - our own answer
        said = answer.text
        assert {each for each in shown if each in said} == shown, address
        for title in ("Secret draft", "Held job", "Closed job", "Globex only"):
            assert str(jobs[title].id) not in said
            assert title not in said
        assert root.tag.rpartition("}")[2] in {"urlset", "rss", "jobs"}
    examined("feeds", len(ADDRESSES))


def test_the_parser_finds_a_feed_that_is_not_well_formed() -> None:
    with pytest.raises(ParseError):
        fromstring(f"<jobs><title>{HOSTILE}</title></jobs>")  # noqa: S314 - planted


async def test_the_feed_of_news_is_rss(jobs: dict[str, JobView], applicant: Applicant) -> None:
    root = fromstring((await applicant.get("/careers/feed.xml")).content)  # noqa: S314 - ours
    assert root.get("version") == "2.0"
    items = {each.findtext("guid"): each for each in root.iterfind("channel/item")}
    baker = items[str(jobs["Baker"].id)]
    assert baker.findtext("title") == "Baker"
    assert baker.findtext("link") == f"http://acme.localhost:8000/careers/jobs/{jobs['Baker'].id}"
    assert baker.findtext("description") == "<p>You bake bread.</p><p>Every day.</p>"
    assert parsedate_to_datetime(baker.findtext("pubDate") or "").tzinfo is not None
    hostile = items[str(jobs[HOSTILE].id)].findtext("title")
    assert hostile == HOSTILE.replace("\ufffe", "\ufffd"), "only what XML can't hold is replaced"


async def test_the_feed_for_job_boards_says_it_all(
    jobs: dict[str, JobView], applicant: Applicant
) -> None:
    root = fromstring((await applicant.get("/careers/jobs.xml")).content)  # noqa: S314 - ours
    assert root.findtext("publisher") == "Acme"
    job = next(each for each in root.iterfind("job") if each.findtext("title") == "Baker")
    said = {each.tag: each.text for each in job}
    assert said["company"] == "Acme"
    assert said["employmenttype"] == "full_time"
    assert (said["applyurl"] or "").endswith("/apply")
    assert datetime.fromisoformat(said["date"] or "").tzinfo is not None
    salary = job.find("salary")
    assert salary is not None
    assert salary.attrib == {"currency": "EUR", "period": "year"}
    assert [each.text for each in salary] == ["60000", "80000.50"]


async def test_search_engines_read_the_careers_site_and_nothing_else(applicant: Applicant) -> None:
    text = (await applicant.get("/robots.txt")).text
    assert "Allow: /careers\n" in text
    assert "Disallow: /\n" in text
    assert "Disallow: /careers/applications/\n" in text
    assert "Sitemap: http://acme.localhost:8000/sitemap.xml" in text
    root = fromstring((await applicant.get("/sitemap.xml")).content)  # noqa: S314 - ours
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    places = _texts(root, f"{space}url/{space}loc")
    assert all(place.startswith("http://acme.localhost:8000/careers") for place in places)
    assert "http://acme.localhost:8000/careers" in places


async def test_a_signed_in_member_is_here_as_anybody_else(
    jobs: dict[str, JobView], client_for: ClientFor
) -> None:
    for path in ("/careers", f"/careers/jobs/{jobs['Baker'].id}", *ADDRESSES):
        theirs = await client_for("acme", "admin").get(path)
        assert theirs.status_code == 200
    page = (await client_for("acme", "admin").get("/careers")).text
    assert "/dashboard" not in page


async def test_where_no_company_lives_there_is_no_site(applicant: Applicant) -> None:
    for path in ("/careers", "/robots.txt", *ADDRESSES):
        answer = await applicant.client.get(path, headers={"host": "localhost:8000"})
        assert answer.status_code == 404, path


async def test_pages_hold_no_inline_script_or_style(
    jobs: dict[str, JobView], applicant: Applicant, examined: Examined
) -> None:
    job = jobs["Baker"].id
    paths = ["/careers", f"/careers/jobs/{job}", f"/careers/jobs/{job}/apply", "/careers/privacy"]
    for path in paths:
        answer = await applicant.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        for script in re.findall(r"<script\b[^>]*>", answer.text):
            assert "src=" in script or 'type="application/ld+json"' in script, script
        assert " style=" not in answer.text
        assert not re.search(r"\son\w+=", answer.text)
    examined("pages", len(paths))
