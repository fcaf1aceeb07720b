-- Who waits for a promised answer, by `last_words_v1`, and who was reminded of it.

-- Active applications whose answer is near or late at p_now, with when it was promised for. It is
-- called inside others, which have set the tenant.
CREATE OR REPLACE FUNCTION near_answers_v1(p_tenant uuid, p_now timestamptz)
RETURNS TABLE (application_id uuid, last_word_at timestamptz, due_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY INVOKER ROWS 500
SET search_path = pg_catalog, public
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM answer_promises p
                   WHERE p.tenant_id = p_tenant AND p.days IS NOT NULL) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT a.id, w.last_word_at, w.last_word_at + p.days * interval '24 hours'
    FROM last_words_v1(p_tenant, NULL) w
    JOIN applications a ON a.tenant_id = p_tenant AND a.id = w.application_id
    CROSS JOIN LATERAL (
        SELECT q.days, q.remind_hours FROM answer_promises q
        WHERE q.tenant_id = p_tenant AND (q.job_id = a.job_id OR q.job_id IS NULL)
        ORDER BY q.job_id NULLS LAST LIMIT 1) p
    WHERE w.last_word_at + p.days * interval '24 hours' - p.remind_hours * interval '1 hour'
          <= p_now;
END
$$;

-- Of those of whom somebody was reminded, who still waits. p_of: assigned to this member; or to nobody,
-- and of a job whose hiring team has the member as more than an interviewer, or that has no such team
-- and was made by the member. p_visible_to limits to what a member may see whose role is limited.
CREATE OR REPLACE FUNCTION waiting_applications_v1(
    p_tenant uuid, p_now timestamptz, p_limit integer, p_of uuid, p_visible_to uuid
)
RETURNS TABLE (
    application_id uuid, candidate_id uuid, candidate_name text, job_id uuid, job_title text,
    stage text, assignee_name text, last_word_at timestamptz, due_at timestamptz, is_late boolean
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT a.id, a.candidate_id, c.full_name, a.job_id, j.title, s.name, m.name, r.last_word_at,
           r.last_word_at + p.days * interval '24 hours',
           r.last_word_at + p.days * interval '24 hours' <= p_now
    FROM answer_reminders r
    JOIN applications a ON a.tenant_id = p_tenant AND a.id = r.application_id
    CROSS JOIN LATERAL (
        SELECT q.days, q.remind_hours FROM answer_promises q
        WHERE q.tenant_id = p_tenant AND (q.job_id = a.job_id OR q.job_id IS NULL)
        ORDER BY q.job_id NULLS LAST LIMIT 1) p
    CROSS JOIN LATERAL last_words_v1(p_tenant, a.id) w
    JOIN candidates c ON c.tenant_id = p_tenant AND c.id = a.candidate_id
    JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
    JOIN stages s ON s.tenant_id = p_tenant AND s.id = a.stage_id
    LEFT JOIN members m ON m.tenant_id = p_tenant AND m.id = a.assignee_id
    WHERE r.tenant_id = p_tenant AND a.disposition = 'active'
      AND w.last_word_at = r.last_word_at
      AND r.last_word_at + p.days * interval '24 hours' - p.remind_hours * interval '1 hour'
          <= p_now
      AND (p_of IS NULL OR a.assignee_id = p_of OR (a.assignee_id IS NULL AND (
            EXISTS (SELECT 1 FROM job_team t
                    WHERE t.tenant_id = p_tenant AND t.job_id = a.job_id
                      AND t.member_id = p_of AND t.part <> 'interviewer')
            OR (j.created_by = p_of AND NOT EXISTS (
                    SELECT 1 FROM job_team t
                    WHERE t.tenant_id = p_tenant AND t.job_id = a.job_id
                      AND t.part <> 'interviewer')))))
      AND (p_visible_to IS NULL OR a.id IN (
            SELECT v.application_id FROM visible_applications_v1(p_tenant, p_visible_to) v))
    ORDER BY r.due_at, r.application_id
    LIMIT p_limit;
END
$$;

-- Notes those of whom nobody was reminded since the last word, and returns them: each once, however
-- many ask at the same time. What is noted of silences that have ended is forgotten. It is called in
-- a transaction that has set the tenant.
CREATE OR REPLACE FUNCTION remind_of_answers_v1(
    p_tenant uuid, p_now timestamptz, p_limit integer
)
RETURNS TABLE (application_id uuid, job_id uuid, due_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    -- One after the other, so that none waits for another's rows while that waits for its own.
    PERFORM pg_advisory_xact_lock(hashtextextended('answer_reminders:' || p_tenant, 0));
    RETURN QUERY
    WITH near AS MATERIALIZED (
        SELECT n.application_id, n.last_word_at, n.due_at FROM near_answers_v1(p_tenant, p_now) n
    ), ended AS (
        DELETE FROM answer_reminders r
        WHERE r.tenant_id = p_tenant AND NOT EXISTS (
            SELECT 1 FROM near n
            WHERE n.application_id = r.application_id AND n.last_word_at = r.last_word_at)
    ), moved AS (
        UPDATE answer_reminders r SET due_at = n.due_at
        FROM near n
        WHERE r.tenant_id = p_tenant AND r.application_id = n.application_id
          AND r.last_word_at = n.last_word_at AND r.due_at <> n.due_at
    ), fresh AS (
        SELECT n.application_id, n.last_word_at, n.due_at FROM near n
        WHERE NOT EXISTS (
            SELECT 1 FROM answer_reminders r
            WHERE r.tenant_id = p_tenant AND r.application_id = n.application_id
              AND r.last_word_at = n.last_word_at)
        ORDER BY n.due_at, n.application_id
        LIMIT p_limit
    ), noted AS (
        INSERT INTO answer_reminders AS r (
            tenant_id, application_id, last_word_at, due_at, reminded_at)
        SELECT p_tenant, n.application_id, n.last_word_at, n.due_at, p_now FROM fresh n
        ON CONFLICT DO NOTHING
        RETURNING r.application_id, r.due_at
    )
    SELECT d.application_id, a.job_id, d.due_at
    FROM noted d
    JOIN applications a ON a.tenant_id = p_tenant AND a.id = d.application_id
    ORDER BY d.due_at, d.application_id;
END
$$;
