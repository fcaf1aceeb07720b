"""Every page that is measured, from the lists that the browser tests go by.

A page with ids in its address that is in no list ends the run, so that none goes unmeasured.
"""

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
    """Return what is measured; an address without ids that is in no list is a piece.

    Raises LookupError for one with ids that is in no list.
    """
    return [
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
            (PIECES | {path: path for path in _others()}, True, False),
        )
        for name, template in templates.items()
    ]


def _others() -> list[str]:
    groups = (OPEN, OF_MEMBERS, SEARCHES, PLUGINS, CAREERS, PIECES)
    known = {_shape(template) for group in groups for template in group.values()}
    others = sorted(set(_shapes()) - known - NOT_MEASURED.keys())
    unknown = [path for path in others if "{" in path]
    if unknown:
        raise LookupError(f"no bench lists {', '.join(unknown)}: add it to pages_listed.py")
    return others


def _shapes() -> Iterator[str]:
    for operation in page_operations(Litestar([pages()], openapi_config=None)).values():
        if operation.method == "GET":
            yield _shape(operation.path)


def _shape(template: str) -> str:
    path = template.partition("?")[0]
    return "/".join("{}" if "{" in part else part for part in path.split("/"))
