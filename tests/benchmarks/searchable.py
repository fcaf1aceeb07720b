"""Candidates that search finds: names, skills and résumés with the spread of words of real text."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from itertools import accumulate
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from faker.providers.person.de_DE import Provider as German
from faker.providers.person.en_US import Provider as American
from faker.providers.person.pl_PL import Provider as Polish

from core.candidates.model import Profile
from core.shared.ids import TenantId
from plugins.postgres.search_words import search_entry
from tests.benchmarks.tenants_made import BEGINNING, numbered_id

SKILLS = (
    "Python", "PostgreSQL", "Kubernetes", "React", "TypeScript", "Go", "Rust", "Java", "C++",
    "Terraform", "Figma", "SAP", "Excel", "Salesforce", "Accounting", "Payroll", "Nursing",
    "Triage", "Welding", "CNC", "Logistics", "Negotiation", "Recruiting", "Copywriting", "SEO",
    "German", "French", "Polish", "Project management", "Data analysis", "Machine learning",
)  # fmt: skip
TAGS = ("referral", "senior", "junior", "remote", "relocation", "2026", "silver medalist")
SOURCES = ("LinkedIn", "Referral", "Careers page", "Agency", "Job fair")
CITIES = ("Berlin", "Hamburg", "München", "Wien", "Zürich", "Kraków", "Gdańsk", "Boston", "Austin")
TITLES = ("engineer", "nurse", "designer", "accountant", "manager", "technician", "analyst")
COMPANIES = ("Northwind", "Contoso", "Globex", "Initech", "Umbrella", "Hooli", "Vandelay")

_VOCABULARY = 20_000
_RESUME_WORDS = 60
_BATCH = 10_000
_CANDIDATES = (
    "tenant_id", "id", "full_name", "emails", "phones", "links", "headline", "location", "skills",
    "experience", "education", "source", "tags", "resume_text", "version", "created_at",
    "updated_at",
)  # fmt: skip


class Person(msgspec.Struct, frozen=True):
    """One candidate, before it becomes a row."""

    number: int
    profile: Profile


@cache
def vocabulary() -> tuple[str, ...]:
    """Words made of syllables, the commonest first."""
    chance = random.Random(20)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]
    words: dict[str, None] = {}
    while len(words) < _VOCABULARY:
        words["".join(chance.choices(syllables, k=chance.randint(2, 4)))] = None
    return tuple(words)


@cache
def _zipf() -> tuple[float, ...]:
    return tuple(accumulate(1 / (rank + 3) for rank in range(_VOCABULARY)))


@cache
def _names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    providers = (American, German, Polish)
    first = sorted({name for each in providers for name in each.first_names})
    last = sorted({name for each in providers for name in each.last_names})
    return tuple(first), tuple(last)


def people(count: int) -> Iterator[Person]:
    """The same people each time."""
    chance = random.Random(7)
    first_names, last_names = _names()
    for number in range(count):
        first, last = chance.choice(first_names), chance.choice(last_names)
        title, company = chance.choice(TITLES), chance.choice(COMPANIES)
        yield Person(
            number,
            Profile(
                full_name=f"{first} {last}",
                emails=(f"{first}.{last}{number}@example.com".lower().replace(" ", ""),),
                headline=f"{title.capitalize()} at {company}",
                location=chance.choice(CITIES),
                skills=tuple(chance.sample(SKILLS, 4)),
                source=chance.choice(SOURCES),
                tags=tuple(chance.sample(TAGS, 1)),
                resume_text=" ".join(
                    chance.choices(vocabulary(), cum_weights=_zipf(), k=_RESUME_WORDS)
                ),
            ),
        )


def numbered_candidate(number: int) -> UUID:
    """Return the id of a person that can be computed again."""
    return numbered_id(5, 1, number)


async def insert_searchable(
    connection: asyncpg.Connection,
    tenant: TenantId,
    count: int,
    identify: Callable[[int], UUID] = numbered_candidate,
) -> None:
    """Insert candidates with their search entries, as a superuser; search indexes come last."""
    definitions = await _drop_gin_indexes(connection)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(
        "CREATE TEMP TABLE entries (id uuid, created_at timestamptz, document text[], ranking text)"
    )
    owners: dict[str, Any] = {}
    rows: list[tuple[Any, ...]] = []
    entries: list[tuple[Any, ...]] = []
    for person in people(count):
        profile, at = person.profile, BEGINNING + timedelta(seconds=person.number * 40)
        identity = identify(person.number)
        entry = search_entry(profile)
        rows.append((
            tenant, identity, profile.full_name, profile.emails, (), "[]", profile.headline,
            profile.location, profile.skills, "[]", "[]", profile.source, profile.tags,
            profile.resume_text, 1, at, at,
        ))  # fmt: skip
        entries.append((identity, at, entry.document, entry.ranking))
        for term in entry.terms:
            owners.setdefault(term, identity)
        if len(rows) == _BATCH:
            await _copy(connection, tenant, rows, entries)
    await _copy(connection, tenant, rows, entries)
    await connection.copy_records_to_table(
        "candidate_terms",
        columns=("tenant_id", "term", "candidate_id"),
        records=[(tenant, term, owner) for term, owner in owners.items()],
    )
    await connection.execute("RESET session_replication_role")
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for definition in definitions:
        await connection.execute(definition)


async def _copy(
    connection: asyncpg.Connection,
    tenant: TenantId,
    rows: list[tuple[Any, ...]],
    entries: list[tuple[Any, ...]],
) -> None:
    if not rows:
        return
    await connection.copy_records_to_table("candidates", columns=_CANDIDATES, records=rows)
    await connection.copy_records_to_table("entries", records=entries)
    await connection.execute(
        "INSERT INTO candidate_search (tenant_id, candidate_id, created_at, document, ranking) "
        "SELECT $1, id, created_at, array_to_tsvector(document), ranking::tsvector FROM entries",
        tenant,
    )
    await connection.execute("TRUNCATE entries")
    rows.clear()
    entries.clear()


async def _drop_gin_indexes(connection: asyncpg.Connection) -> list[str]:
    """Drop them and return the statements that make them again: filling them row by row is slow."""
    found = await connection.fetch(
        "SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition "
        "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam "
        "WHERE a.amname = 'gin' AND i.indrelid IN "
        "('candidate_search'::regclass, 'candidate_terms'::regclass)"
    )
    for row in found:
        await connection.execute(f"DROP INDEX {row['name']}")
    return [row["definition"] for row in found]
