-- Search among the candidates of the tenant that is set, and nobody else's.
-- Row-level security keeps GIN indexes from being used with operators that aren't leakproof (@@, %), so
-- these run past it, under three rules: the tenant is the one of the transaction and is in every
-- condition, without one there are no rows, and only ids leave, whose rows the caller reads under
-- row-level security.
-- grant execute to: app
-- definer reads: candidate_search, candidate_terms, stages (tenant_id, id, name), applications (tenant_id, candidate_id, job_id, stage_id, assignee_id, disposition)
-- definer writes: candidate_terms

-- Words near a mistyped one, the nearest first. Trigrams find them by index, the edit distance judges.
CREATE OR REPLACE FUNCTION similar_candidate_terms_v1(p_term text, p_limit integer)
RETURNS TABLE (term text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    v_tenant uuid := NULLIF(current_setting('app.tenant', true), '')::uuid;
    v_errors integer := CASE WHEN length(p_term) < 4 THEN 1 WHEN length(p_term) < 9 THEN 2 ELSE 3 END;
BEGIN
    IF v_tenant IS NULL OR length(p_term) NOT BETWEEN 3 AND 40 THEN
        RETURN;
    END IF;
    -- Half of a short word's trigrams are lost by one exchanged pair of letters.
    PERFORM set_config(
        'pg_trgm.similarity_threshold', CASE WHEN length(p_term) < 6 THEN '0.2' ELSE '0.25' END, true
    );
    RETURN QUERY EXECUTE
        'SELECT n.term FROM (
             SELECT DISTINCT t.term, levenshtein_less_equal(t.term, $2, $3) AS distance
             FROM candidate_terms t
             WHERE t.tenant_id = $1 AND t.term % $2
         ) n
         WHERE n.distance <= $3
         ORDER BY n.distance, similarity(n.term, $2) DESC, n.term
         LIMIT $4'
        USING v_tenant, p_term, v_errors, p_limit;
END
$$;

-- The ids of a page. Without words, and when more than 2,000 match, the newest come first with score 0;
-- otherwise the best match first. When nothing has the words as typed, words near them are tried.
CREATE OR REPLACE FUNCTION search_candidates_v1(
    p_terms text[], p_facets text[], p_job uuid, p_stage text, p_assignee uuid,
    p_from timestamptz, p_to timestamptz, p_only uuid[],
    p_after_score integer, p_after_at timestamptz, p_after_id uuid, p_limit integer
)
RETURNS TABLE (candidate_id uuid, score integer, created_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public
AS $$
DECLARE
    v_tenant uuid := NULLIF(current_setting('app.tenant', true), '')::uuid;
    v_most constant integer := 2000;
    v_facets text;
    v_words text;
    v_query tsquery;
    v_rank tsquery;
    v_where text := 'cs.tenant_id = $1';
    v_found bigint;
    v_few constant integer := 5000;
    v_only uuid[] := p_only;
    v_picked text;
    v_ids uuid[];
BEGIN
    IF v_tenant IS NULL THEN
        RETURN;
    END IF;
    SELECT string_agg(quote_literal(f), ' & ') INTO v_facets FROM unnest(p_facets) f;
    SELECT string_agg(quote_literal(t) || CASE WHEN length(t) > 2 THEN ':*' ELSE '' END, ' & ')
    INTO v_words FROM unnest(p_terms) t;
    v_rank := v_words::tsquery;
    v_query := concat_ws(' & ', v_words, v_facets)::tsquery;

    IF v_words IS NOT NULL OR v_facets IS NOT NULL THEN
        v_where := v_where || ' AND cs.document @@ $2';
    END IF;
    IF p_job IS NOT NULL OR p_stage IS NOT NULL OR p_assignee IS NOT NULL THEN
        v_picked := 'SELECT a.candidate_id FROM applications a
            WHERE a.tenant_id = $1'
            || CASE WHEN p_job IS NULL THEN '' ELSE ' AND a.job_id = $3' END
            || CASE WHEN p_assignee IS NULL THEN '' ELSE ' AND a.assignee_id = $5' END
            || CASE WHEN p_stage IS NULL THEN '' ELSE
                ' AND a.disposition IN (''active'', ''hired'') AND a.stage_id IN (
                    SELECT s.id FROM stages s
                    WHERE s.tenant_id = $1 AND (s.id::text = lower($4) OR lower(s.name) = lower($4)))'
               END
            || CASE WHEN p_only IS NULL THEN '' ELSE ' AND a.candidate_id = ANY ($2)' END;
        -- A few are named: the planner takes them for spread evenly over the newest, but those of one
        -- job may all be old, and then every candidate would be looked at.
        EXECUTE 'SELECT array_agg(few.candidate_id) FROM (' || v_picked || ' LIMIT $6) few'
        INTO v_ids
        USING v_tenant, p_only, p_job, p_stage, p_assignee, v_few + 1;
        IF COALESCE(cardinality(v_ids), 0) <= v_few THEN
            v_only := COALESCE(v_ids, '{}');
        ELSE
            v_where := v_where || ' AND cs.candidate_id IN ('
                || replace(v_picked, '$2', '$8') || ')';
        END IF;
    END IF;
    IF p_from IS NOT NULL THEN
        v_where := v_where || ' AND cs.created_at >= $6';
    END IF;
    IF p_to IS NOT NULL THEN
        v_where := v_where || ' AND cs.created_at < $7';
    END IF;
    IF v_only IS NOT NULL THEN
        v_where := v_where || ' AND cs.candidate_id = ANY ($8)';
    END IF;

    IF v_words IS NOT NULL THEN
        EXECUTE 'SELECT count(*) FROM (SELECT 1 FROM candidate_search cs WHERE ' || v_where
            || ' LIMIT $9) found'
        INTO v_found
        USING v_tenant, v_query, p_job, p_stage, p_assignee, p_from, p_to, v_only, v_most + 1;
        IF v_found = 0 THEN
            SELECT string_agg(
                '(' || concat_ws(
                    ' | ',
                    quote_literal(t) || CASE WHEN length(t) > 2 THEN ':*' ELSE '' END,
                    (SELECT string_agg(quote_literal(near.term), ' | ')
                     FROM similar_candidate_terms_v1(t, 6) near)
                ) || ')', ' & ')
            INTO v_words FROM unnest(p_terms) t;
            v_rank := v_words::tsquery;
            v_query := concat_ws(' & ', v_words, v_facets)::tsquery;
            EXECUTE 'SELECT count(*) FROM (SELECT 1 FROM candidate_search cs WHERE ' || v_where
                || ' LIMIT $9) found'
            INTO v_found
            USING v_tenant, v_query, p_job, p_stage, p_assignee, p_from, p_to, v_only, v_most + 1;
            IF v_found = 0 THEN
                RETURN;
            END IF;
        END IF;
    END IF;

    IF v_words IS NOT NULL AND (p_after_score > 0 OR (p_after_id IS NULL AND v_found <= v_most)) THEN
        RETURN QUERY EXECUTE
            'SELECT r.candidate_id, r.score, r.created_at FROM (
                 SELECT cs.candidate_id, cs.created_at,
                        1 + round(1000000 * ts_rank(''{0, 0.2, 0.5, 1}'', cs.ranking, $13))::integer
                        AS score
                 FROM candidate_search cs WHERE ' || v_where || '
             ) r
             WHERE $11 IS NULL OR (r.score, r.created_at, r.candidate_id) < ($9, $10, $11)
             ORDER BY r.score DESC, r.created_at DESC, r.candidate_id DESC
             LIMIT $12'
            USING v_tenant, v_query, p_job, p_stage, p_assignee, p_from, p_to, v_only,
                  p_after_score, p_after_at, p_after_id, p_limit, v_rank;
    ELSE
        IF p_after_id IS NOT NULL THEN
            v_where := v_where || ' AND (cs.created_at, cs.candidate_id) < ($9, $10)';
        END IF;
        RETURN QUERY EXECUTE
            'SELECT cs.candidate_id, 0, cs.created_at FROM candidate_search cs WHERE ' || v_where || '
             ORDER BY cs.created_at DESC, cs.candidate_id DESC
             LIMIT $11'
            USING v_tenant, v_query, p_job, p_stage, p_assignee, p_from, p_to, v_only,
                  p_after_at, p_after_id, p_limit;
    END IF;
END
$$;

-- A candidate is about to lose words (all of them when p_keep is empty): each one that somebody else has
-- too goes on in that candidate's name, the others are forgotten.
CREATE OR REPLACE FUNCTION pass_on_candidate_terms_v1(p_candidate uuid, p_keep text[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    v_tenant uuid := NULLIF(current_setting('app.tenant', true), '')::uuid;
    v_term text;
    v_heir uuid;
BEGIN
    IF v_tenant IS NULL THEN
        RETURN;
    END IF;
    FOR v_term IN
        DELETE FROM candidate_terms t
        WHERE t.tenant_id = v_tenant AND t.candidate_id = p_candidate AND t.term <> ALL (p_keep)
        RETURNING t.term
    LOOP
        EXECUTE 'SELECT cs.candidate_id FROM candidate_search cs
                 WHERE cs.tenant_id = $1 AND cs.document @@ $2 AND cs.candidate_id <> $3 LIMIT 1'
        INTO v_heir USING v_tenant, quote_literal(v_term)::tsquery, p_candidate;
        IF v_heir IS NOT NULL THEN
            INSERT INTO candidate_terms (tenant_id, term, candidate_id)
            VALUES (v_tenant, v_term, v_heir)
            ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;
END
$$;
