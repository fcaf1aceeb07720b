"""Templates: how long one e-mail takes to render, HTML and text, in the tenant's frame."""

import time

from core.templates.kinds import KINDS, LANGUAGES, sample_values
from core.templates.layout import Letterhead
from core.templates.rendering import render
from tests.benchmarks.results import Row
from tests.benchmarks.setting import Setting

MOST_MS = 2.0
_REPEATED = 20
LETTERHEAD = Letterhead(
    "Acme",
    "https://acme.example/careers",
    logo_url="https://acme.example/careers/logo",
    accent="#0f5ea8",
    band="#f28c28",
    tagline="Robots that are kind",
    lines=("Acme GmbH", "Hauptstraße 1, 10115 Berlin"),
    privacy_url="https://acme.example/privacy",
    contact_email="jobs@acme.example",
)


async def measure(setting: Setting) -> list[Row]:
    """Every kind in every language; each mail has another receiver, as in life."""
    rounds, largest, slowest = [], 0, 0.0
    for _ in range(setting.rounds):
        count, began = 0, time.process_time()
        for number in range(_REPEATED):
            for kind in KINDS.values():
                values = {**sample_values(kind), "candidate_name": f"Ada Lovelace {number}"}
                for language in LANGUAGES:
                    one = time.perf_counter()
                    mail = render(
                        kind.first_text(language),
                        values,
                        language=language,
                        letterhead=LETTERHEAD,
                    )
                    slowest = max(slowest, time.perf_counter() - one)
                    largest = max(largest, len((mail.html or "").encode()))
                    count += 1
        rounds.append((time.process_time() - began) / count * 1000)
    return [
        Row(
            name="rendering an e-mail, HTML and text",
            unit="ms",
            peer="",
            ours_rounds=rounds,
            peer_rounds=[],
            aim=f"below {MOST_MS:g} in each round",
            is_met=max(rounds) < MOST_MS,
            ratio=None,
            machine=setting.machine_line,
            note=f"CPU time, mean over {len(KINDS)} kinds in {len(LANGUAGES)} languages. Slowest "
            f"single one by the clock: {slowest * 1000:.1f} ms. Largest HTML: {largest / 1024:.0f} "
            "KB.",
        )
    ]
