"""Every page that is measured, from the lists that the browser tests go by.

A page with ids in its address that is in no list ends the run, so that none goes unmeasured.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec
from litestar import Litestar

from api.web.pages import pages
from tests.e2e.test_every_page import OF_MEMBERS, OPEN, address
from tests.fixtures.populated import Populated
from tests.fixtures.probes.operations import pages as page_operations

SEARCHES: Final = {
    "candidates, a name searched": "/candidates?q=anna+schmidt",
    "candidates, a mistyped name searched": "/candidates?q=schmdit",
    "candidates, a skill and a tag": "/candidates?skill=Python&tag=senior",
    "candidates of a job": "/candidates?job={job}",
    "jobs searched": "/jobs?q=engineer",
    "analytics of the busiest month": "/analytics?from=2026-01-15&to=2026-02-13",
    "analytics of a job": "/analytics?from=2026-01-15&to=2026-02-13&job={job}",
}
CAREERS: Final = {
    "careers": "/careers",
    "careers searched": "/careers?q=engineer&location=Berlin",
    "posting": "/careers/jobs/{job}",
    "apply": "/careers/jobs/{job}/apply",
    "privacy": "/careers/privacy",
    "status": "/careers/applications/{link}",
}
PLUGINS: Final = {"plugins": "/settings/plugins", "plugin": "/settings/plugins/{plugin}"}
PIECES: Final = {
    "cards of the board": "/jobs/{job}/cards",
    "dry run of an automation": "/settings/automations/{rule}/dry-run",
    "palette": "/search?q=eng",
    "workspaces": "/workspaces",
    "progress": "/careers/applications/{link}/progress",
    "feed": "/careers/feed.xml",
    "jobs feed": "/careers/jobs.xml",
    "sitemap": "/sitemap.xml",
    "robots": "/robots.txt",
    "brand": "/careers/brand.css",
}
"""Parts of pages, and what programs read: only the server's time counts."""
NOT_MEASURED: Final = {
    "/": "leads elsewhere",
    "/assets/{}/{}": "files of the release, in memory",
    "/invitation": "shows the form of /new-password, or that the link is none",
    "/careers/applications/{}/interviews/{}": "a file of one interview; this applicant has none",
    "/unsubscribe/{}": "needs a signed link out of a mail",
    "/careers/logo": "an image in memory; this workspace has none",
    "/plugins/{}": "made by plugins, of which none brings a page here",
    "/plugins/{}/{}": "made by plugins, of which none brings a page here",
}


class Listed(msgspec.Struct, frozen=True):
    """A page and its address."""

    name: str
    path: str
    is_member: bool
    """Whether somebody who is signed in asks for it."""
    is_whole: bool
    """Whether a browser opens it by itself."""


def listed(populated: Populated, plugin: str, link: str) -> list[Listed]:
    """Return what is measured; an address that is in no list is a piece.

    Raises LookupError for one that is in no list and has other ids than are known here.
    """
    found = [
        Listed(
            name,
            address(template.replace("{plugin}", plugin).replace("{link}", link), populated),
            is_member=is_member,
            is_whole=is_whole,
        )
        for templates, is_member, is_whole in (
            (OPEN, False, True),
            (OF_MEMBERS, True, True),
            (SEARCHES, True, True),
            (PLUGINS, True, True),
            (CAREERS, False, True),
            (PIECES, True, False),
        )
        for name, template in templates.items()
    ]
    asked = [page.path.partition("?")[0] for page in found]
    ids = {
        "job_id": populated.job.id,
        "candidate_id": populated.candidate.id,
        "application_id": populated.applications[0].id,
        "import_id": populated.imported.id,
        "file_id": populated.file.id,
    }
    for path in _paths():
        shape = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path))
        if _shape(path) in NOT_MEASURED or any(shape.fullmatch(each) for each in asked):
            continue
        unknown = set(re.findall(r"\{(\w+)", path)) - ids.keys()
        if unknown:
            raise LookupError(f"no bench lists {path}: add it to pages_listed.py")
        made = re.sub(r"\{(\w+)[^}]*\}", lambda name: str(ids[name[1]]), path)
        found.append(Listed(path, made, is_member=True, is_whole=False))
    return found


def _paths() -> Iterator[str]:
    for operation in page_operations(Litestar([pages()], openapi_config=None)).values():
        if operation.method == "GET":
            yield operation.path


def _shape(path: str) -> str:
    return "/".join("{}" if "{" in part else part for part in path.split("/"))
