"""Candidates by the hundred thousand, generated inside PostgreSQL, for what lists cost.

The time a candidate was added runs across the order in which its row was stored, so that each row
of a page lies on another block: the worst case, and the same one for tenants of every size.
"""

import asyncpg

from core.shared.ids import TenantId

_STRIDE = 7_919
"""A prime that divides no number of rows used here."""

_INSERT = """
INSERT INTO candidates (
    tenant_id, id, full_name, preferred_name, emails, phones, links, headline, location, skills,
    experience, education, source, tags, resume_text, version, created_at, updated_at
)
SELECT t.tenant_id,
    (substr(t.tenant_id::text, 1, 24) || lpad(to_hex(n), 12, '0'))::uuid,
    f.first[1 + n % 12] || ' ' || f.last[1 + (n / 12) % 14] || ' ' || to_hex(n),
    NULL,
    ARRAY[lower(f.first[1 + n % 12]) || '.' || to_hex(n) || '@example.com'],
    ARRAY['+4930' || lpad(n::text, 8, '0')],
    '[]'::jsonb,
    (ARRAY['Backend engineer at Northwind', 'Nurse, intensive care', 'Product designer',
           'Accountant with SAP', 'Head of sales, DACH'])[1 + n % 5],
    (ARRAY['Berlin', 'Lisbon', 'Kraków', 'Ghent', 'Malmö', 'Remote'])[1 + n % 6],
    (ARRAY['Python', 'PostgreSQL', 'Kubernetes', 'Figma', 'SAP', 'Triage', 'German', 'Negotiation']
    )[1 + n % 4 : 4 + n % 5],
    jsonb_build_array(jsonb_build_object('company', 'Northwind', 'title', 'Engineer',
                                         'start', '2019-04', 'end', null)),
    '[]'::jsonb,
    (ARRAY['LinkedIn', 'Referral', 'Careers page', NULL])[1 + n % 4],
    CASE n % 3 WHEN 0 THEN ARRAY['referral', 'senior'] WHEN 1 THEN ARRAY['2026'] ELSE '{}' END,
    'Looking for a team that ships. ' || md5(n::text) || ' ' || md5((n + 1)::text),
    1, at.t, at.t
FROM unnest($1::uuid[]) AS t (tenant_id)
CROSS JOIN generate_series(1, $2) AS n
CROSS JOIN (SELECT
    ARRAY['Ada','Bela','Chidi','Dana','Emre','Freja','Goran','Hana','Ines','Jakob','Kim','Lena'],
    ARRAY['Novak','Okafor','Petrov','Quist','Rossi','Silva','Tanaka','Ueda','Vogel','Weber',
          'Xu','Yilmaz','Zieba','Arslan']) AS f (first, last)
CROSS JOIN LATERAL (
    SELECT timestamptz '2026-01-01' + (n::bigint * $3 % $2) * interval '13 seconds') AS at (t)
"""


async def insert_candidates(
    connection: asyncpg.Connection, tenants: list[TenantId], rows: int
) -> None:
    """Insert `rows` candidates for each tenant; the connection is a superuser's."""
    async with connection.transaction():
        # Foreign keys hold by the way the rows are made; checking each would double the time.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(_INSERT, tenants, rows, _STRIDE, timeout=600)
