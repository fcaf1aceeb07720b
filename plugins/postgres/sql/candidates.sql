-- Lists of candidates and single ones: one round trip each, as the application, under row-level security.

-- Everybody, newest first. p_member limits the list to what is assigned to that member.
CREATE OR REPLACE FUNCTION list_candidates_v1(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid, p_member uuid
)
RETURNS TABLE (
    id uuid, full_name text, headline text, location text, email text, skills text[], tags text[],
    source text, created_at timestamptz, version integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_member IS NOT NULL THEN
        RETURN QUERY
        SELECT c.id, c.full_name, c.headline, c.location, c.emails[1], c.skills[1:5], c.tags, c.source,
               c.created_at, c.version
        FROM candidates c
        WHERE c.tenant_id = p_tenant
          AND c.id IN (SELECT v.candidate_id FROM visible_applications_v1(p_tenant, p_member) v)
          AND (p_after_id IS NULL OR (c.created_at, c.id) < (p_after_at, p_after_id))
        ORDER BY c.created_at DESC, c.id DESC
        LIMIT p_limit;
    ELSIF p_after_id IS NULL THEN
        RETURN QUERY
        SELECT c.id, c.full_name, c.headline, c.location, c.emails[1], c.skills[1:5], c.tags, c.source,
               c.created_at, c.version
        FROM candidates c
        WHERE c.tenant_id = p_tenant
        ORDER BY c.created_at DESC, c.id DESC
        LIMIT p_limit;
    ELSE
        RETURN QUERY
        SELECT c.id, c.full_name, c.headline, c.location, c.emails[1], c.skills[1:5], c.tags, c.source,
               c.created_at, c.version
        FROM candidates c
        WHERE c.tenant_id = p_tenant AND (c.created_at, c.id) < (p_after_at, p_after_id)
        ORDER BY c.created_at DESC, c.id DESC
        LIMIT p_limit;
    END IF;
END
$$;

-- One candidate, or, when it was merged away, only the id of the one it lives on as.
CREATE OR REPLACE FUNCTION get_candidate_v1(p_tenant uuid, p_id uuid, p_member uuid)
RETURNS TABLE (
    id uuid, full_name text, preferred_name text, emails text[], phones text[], links jsonb,
    headline text, location text, skills text[], experience jsonb, education jsonb, source text,
    tags text[], resume_text text, version integer, created_at timestamptz, updated_at timestamptz,
    created_by uuid, merged_into uuid
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT c.id, c.full_name, c.preferred_name, c.emails, c.phones, c.links, c.headline, c.location,
           c.skills, c.experience, c.education, c.source, c.tags, c.resume_text, c.version,
           c.created_at, c.updated_at, c.created_by, NULL::uuid
    FROM candidates c
    WHERE c.tenant_id = p_tenant AND c.id = p_id
      AND (p_member IS NULL
           OR c.id IN (SELECT v.candidate_id FROM visible_applications_v1(p_tenant, p_member) v));
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT m.merged_id, NULL::text, NULL::text, NULL::text[], NULL::text[], NULL::jsonb, NULL::text,
               NULL::text, NULL::text[], NULL::jsonb, NULL::jsonb, NULL::text, NULL::text[], NULL::text,
               NULL::integer, NULL::timestamptz, NULL::timestamptz, NULL::uuid, m.holder_id
        FROM candidate_merges m
        WHERE m.tenant_id = p_tenant AND m.merged_id = p_id AND m.undone_at IS NULL
          AND (p_member IS NULL
               OR m.holder_id IN (SELECT v.candidate_id
                                  FROM visible_applications_v1(p_tenant, p_member) v))
        ORDER BY m.merged_at DESC
        LIMIT 1;
    END IF;
END
$$;

-- What search finds. Ids come from `search_candidates_v1`, which uses the GIN index; the rows are read
-- here, under row-level security like any others.
CREATE OR REPLACE FUNCTION find_candidates_v1(
    p_tenant uuid, p_terms text[], p_facets text[], p_job uuid, p_stage text, p_assignee uuid,
    p_from timestamptz, p_to timestamptz, p_member uuid,
    p_after_score integer, p_after_at timestamptz, p_after_id uuid, p_limit integer
)
RETURNS TABLE (
    id uuid, full_name text, headline text, location text, email text, skills text[], tags text[],
    source text, created_at timestamptz, version integer, score integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    v_only uuid[];
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_member IS NOT NULL THEN
        -- The filters must fit an application that the member may see, or they would tell of the others.
        SELECT COALESCE(array_agg(v.candidate_id), '{}') INTO v_only
        FROM visible_applications_v1(p_tenant, p_member) v
        JOIN applications a ON a.tenant_id = p_tenant AND a.id = v.application_id
        WHERE (p_job IS NULL OR a.job_id = p_job)
          AND (p_assignee IS NULL OR a.assignee_id = p_assignee)
          AND (p_stage IS NULL
               OR (a.disposition IN ('active', 'hired')
                   AND a.stage_id IN (SELECT s.id FROM stages s
                                      WHERE s.tenant_id = p_tenant
                                        AND (s.id::text = lower(p_stage)
                                             OR lower(s.name) = lower(p_stage)))));
    END IF;
    RETURN QUERY
    SELECT c.id, c.full_name, c.headline, c.location, c.emails[1], c.skills[1:5], c.tags, c.source,
           c.created_at, c.version, s.score
    FROM search_candidates_v1(
        p_terms, p_facets, p_job, p_stage, p_assignee, p_from, p_to, v_only,
        p_after_score, p_after_at, p_after_id, p_limit
    ) s
    JOIN candidates c ON c.tenant_id = p_tenant AND c.id = s.candidate_id
    ORDER BY s.score DESC, c.created_at DESC, c.id DESC;
END
$$;

-- Contacts that several candidates share, in the order of kind and value, with the newest twenty of
-- each. One call looks at about p_most keys, so that it takes the same time in a tenant of any size;
-- a last row without holders says how far it looked when that wasn't to the end.
CREATE OR REPLACE FUNCTION list_shared_contacts_v1(
    p_tenant uuid, p_limit integer, p_after_kind text, p_after_value text, p_most integer
)
RETURNS TABLE (kind text, value text, total bigint, ids uuid[])
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    v_kind text;
    v_value text;
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    SELECT k.kind, k.value INTO v_kind, v_value
    FROM candidate_keys k
    WHERE k.tenant_id = p_tenant AND (k.kind, k.value) > (p_after_kind, p_after_value)
    ORDER BY k.kind, k.value
    OFFSET p_most LIMIT 1;
    RETURN QUERY
    SELECT g.kind, g.value, g.total,
           ARRAY(SELECT h.candidate_id FROM candidate_keys h
                 WHERE h.tenant_id = p_tenant AND h.kind = g.kind AND h.value = g.value
                 ORDER BY h.candidate_id DESC LIMIT 20)
    FROM (SELECT k.kind, k.value, count(*) AS total
          FROM candidate_keys k
          WHERE k.tenant_id = p_tenant AND (k.kind, k.value) > (p_after_kind, p_after_value)
            AND (v_kind IS NULL OR (k.kind, k.value) <= (v_kind, v_value))
          GROUP BY k.kind, k.value
          HAVING count(*) > 1
          ORDER BY k.kind, k.value
          LIMIT p_limit) g
    ORDER BY g.kind, g.value;
    IF v_kind IS NOT NULL THEN
        RETURN QUERY SELECT v_kind, v_value, 0::bigint, ARRAY[]::uuid[];
    END IF;
END
$$;
