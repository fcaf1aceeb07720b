-- What is posted to a workspace's chat.

-- Keeps a post, or lets one of its group that waits grow. Returns a row only for a new one, which is
-- due so long after the last one of its group at least.
CREATE OR REPLACE FUNCTION post_to_chat_v1(p_tenant uuid, p_post jsonb, p_apart interval)
RETURNS TABLE (post_id uuid, due timestamptz)
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    WITH kept AS (
        INSERT INTO chat_posts AS c (
            tenant_id, id, plugin_id, notice, group_key, times, unseen_hours, members,
            application_id, note_id, actor_id, details, state, created_at, due_at
        )
        SELECT p_tenant, p.id, p.plugin, p.notice, p."group", 1, p.unseen_hours, p.members,
            p.application_id, p.note_id, p.actor_id, p.details, 'waiting', p.at,
            GREATEST(p.due_at, (
                SELECT max(o.created_at) + p_apart FROM chat_posts o
                WHERE o.tenant_id = p_tenant AND o.created_at > p.at - p_apart
                  AND o.plugin_id = p.plugin AND o.group_key = p."group"))
        FROM jsonb_to_record(p_post) AS p(
            id uuid, plugin text, notice text, "group" text, unseen_hours integer, members jsonb,
            application_id uuid, note_id uuid, actor_id uuid, details jsonb, at timestamptz,
            due_at timestamptz)
        ON CONFLICT (tenant_id, plugin_id, group_key) WHERE state = 'waiting'
        DO UPDATE SET
            times = c.times + 1, application_id = excluded.application_id,
            note_id = excluded.note_id, actor_id = excluded.actor_id, details = excluded.details
        RETURNING c.id, c.due_at, c.times
    )
    SELECT k.id, k.due_at FROM kept k WHERE k.times = 1
$$;

-- A post, locked, with the names of what it is about as it is now.
CREATE OR REPLACE FUNCTION chat_post_v1(p_tenant uuid, p_post uuid)
RETURNS TABLE (
    id uuid, plugin_id text, notice text, times integer, unseen_hours integer, details jsonb,
    state text, attempts integer, said text, created_at timestamptz, due_at timestamptz,
    candidate text, candidate_id uuid, job text, job_id uuid, actor text, members text[]
)
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT p.id, p.plugin_id, p.notice, p.times, p.unseen_hours, p.details, p.state, p.attempts,
        p.said, p.created_at, p.due_at, c.full_name, c.id, j.title, j.id, m.name,
        (SELECT array_agg(t.name ORDER BY t.name) FROM members t
         WHERE t.tenant_id = p_tenant AND p.members ? t.id::text)
    FROM chat_posts p
    LEFT JOIN applications a ON a.tenant_id = p_tenant AND a.id = p.application_id
    LEFT JOIN candidate_notes n ON n.tenant_id = p_tenant AND n.id = p.note_id
    LEFT JOIN LATERAL (
        SELECT w.id, w.full_name FROM candidates w
        WHERE w.tenant_id = p_tenant AND w.id = COALESCE(a.candidate_id, n.candidate_id)
        LIMIT 1
    ) c ON true
    LEFT JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
    LEFT JOIN members m ON m.tenant_id = p_tenant AND m.id = p.actor_id
    WHERE p.tenant_id = p_tenant AND p.id = p_post
    FOR UPDATE OF p
$$;
