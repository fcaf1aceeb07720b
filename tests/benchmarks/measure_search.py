"""Search among 200,000 candidates of one tenant, over HTTP, one request at a time."""

import random
from itertools import islice
from urllib.parse import quote, urlencode

import asyncpg

from tests.benchmarks.databases import BENCH, SEARCHED, BenchDatabase
from tests.benchmarks.load_client import Job, request_text
from tests.benchmarks.results import Row, percentile
from tests.benchmarks.searchable import SKILLS, TAGS, people, vocabulary
from tests.benchmarks.servers import ours, run_load
from tests.benchmarks.setting import Setting

P95_MS = 50.0
EACH_KIND = 12
_SAMPLE = 3_000
Query = dict[str, str]


async def measure(setting: Setting, database: BenchDatabase) -> list[Row]:
    """The 95th percentile of a mix, and of each kind of search by itself."""
    kinds = queries()
    await _warm_cache(database)
    await setting.forget_rates()
    times: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    async with ours(database, setting.redis_url, setting.cores) as server:
        for _ in range(setting.rounds + 1):
            for kind, asked in kinds.items():
                requests = [
                    request_text(
                        f"/api/v1/candidates?{urlencode(query, quote_via=quote)}",
                        f"bench.localhost:{server.port}",
                        BENCH.api_key,
                    )
                    for query in asked
                ]
                job = Job(
                    port=server.port,
                    requests=requests,
                    connections=1,
                    seconds=60.0,
                    most=len(requests),
                )
                times[kind].append((await run_load(job, setting.cores)).latencies)
    measured = {kind: rounds[1:] for kind, rounds in times.items()}
    mixed = [
        percentile([each for rounds in measured.values() for each in rounds[number]], 0.95)
        for number in range(setting.rounds)
    ]
    slowest = {
        kind: percentile([each for one in rounds for each in one], 0.95)
        for kind, rounds in measured.items()
    }
    return [
        Row(
            name=f"search among {SEARCHED:,} candidates, p95 of a mix",
            unit="ms",
            peer="",
            ours_rounds=mixed,
            peer_rounds=[],
            aim=f"below {P95_MS:.0f} ms in each round",
            is_met=max(mixed) < P95_MS,
            ratio=None,
            machine=setting.machine_line,
            note=f"{EACH_KIND} different searches of each kind, as many of each; p95 by kind: "
            + ", ".join(f"{kind} {value:.1f}" for kind, value in slowest.items()) + " ms.",
        )
    ]  # fmt: skip


def queries() -> dict[str, list[Query]]:
    """What people type, by kind; the same each time."""
    chance = random.Random(11)
    known = list(islice(people(_SAMPLE), _SAMPLE))
    chance.shuffle(known)
    names = [person.profile.full_name for person in known]
    words = vocabulary()
    rare = [words[chance.randint(2_000, 15_000)] for _ in range(EACH_KIND)]
    common = list(words[:EACH_KIND])
    surnames = [name.split()[-1] for name in names if len(name.split()[-1]) > 5]
    kinds: dict[str, list[str]] = {
        "name": names[:EACH_KIND],
        "mistyped name": [_mistyped(name, chance) for name in surnames[:EACH_KIND]],
        "mistyped full name": [
            f"{name.split()[0]} {_mistyped(name.split()[-1], chance)}"
            for name in names[EACH_KIND : 2 * EACH_KIND]
        ],
        "skill": chance.sample(SKILLS, EACH_KIND),
        "word of the résumé": rare,
        "common word": common,
        "two common words": [f"{a} {b}" for a, b in zip(common, common[::-1], strict=True)],
        "beginning of an e-mail": [person.profile.emails[0][:8] for person in known[:EACH_KIND]],
        "nothing found": [f"qqxyw{number}zzk" for number in range(EACH_KIND)],
    }
    found: dict[str, list[Query]] = {
        kind: [{"q": text} for text in texts] for kind, texts in kinds.items()
    }
    found["skill filter"] = [{"skill": skill} for skill in chance.sample(SKILLS, EACH_KIND)]
    found["name and filters"] = [
        {"q": name.split()[0], "tag": chance.choice(TAGS), "skill": chance.choice(SKILLS)}
        for name in names[:EACH_KIND]
    ]
    found["common word and date"] = [
        {"q": word, "created_from": "2026-03-20T00:00:00Z"} for word in common
    ]
    return found


def _mistyped(word: str, chance: random.Random) -> str:
    """Two neighbouring letters exchanged, past the first."""
    at = chance.randint(1, max(1, len(word) - 3))
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]


async def _warm_cache(database: BenchDatabase) -> None:
    """Bring the tables to where a server that runs has them: into the system's file cache."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        for table in ("candidates", "candidate_search", "candidate_terms"):
            await connection.fetchval(f"SELECT count(*) FROM {table}")
    finally:
        await connection.close()
