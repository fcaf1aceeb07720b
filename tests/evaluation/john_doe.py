"""The sample CV that RenderCV's themes typeset, with its source as truth, when it is there.

It lies beside the repository (`../shared/data/resumes`), not in it.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tests.evaluation.people import Job, Study, Truth
from tests.fixtures.repository import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "resumes"
_PROFILES = {"LinkedIn": "linkedin.com/in/", "GitHub": "github.com/"}
_MENTIONED = (
    "PyTorch", "Azure", "ImageNet", "Reinforcement learning", "Self-supervised learning",
    "Machine learning", "Deep learning", "Neural networks", "Research", "GitHub",
)  # fmt: skip


def john_doe() -> Iterator[tuple[str, bytes, Truth]]:
    """Yield each typeset version with the one truth."""
    source = FOLDER / "john_doe.yaml"
    if source.exists():
        truth = _truth(msgspec.yaml.decode(source.read_bytes())["cv"])
        for path in sorted(FOLDER.glob("john_doe_*.pdf")):
            yield path.name, path.read_bytes(), truth


def _truth(source: dict[str, Any]) -> Truth:
    sections = source["sections"]
    profiles = [_PROFILES[each["network"]] + each["username"] for each in source["social_networks"]]
    return Truth(
        name=source["name"],
        email=source["email"],
        phone=None,
        has_country_code=False,
        location=source["location"],
        links=[source["website"], *profiles],
        headline=None,
        experience=[_job(each) for each in sections["experience"]],
        education=[_study(each) for each in sections["education"]],
        skills=[name for each in sections["skills"] for name in each["details"].split(", ")],
        mentioned=list(_MENTIONED),
        languages=[],
        certifications=[],
    )


def _job(entry: dict[str, Any]) -> Job:
    is_open = entry["end_date"] == "present"
    return Job(
        company=entry["company"],
        title=entry["position"],
        start=entry["start_date"],
        end=None if is_open else entry["end_date"],
        current=is_open,
        location=entry["location"],
        highlights=entry["highlights"],
    )


def _study(entry: dict[str, Any]) -> Study:
    return Study(
        institution=entry["institution"],
        degree=entry["degree"],
        field=entry["area"],
        start=entry["start_date"],
        end=entry["end_date"],
    )
