-- Filling inboxes, counting and reading them.

-- What is known of what an event is about: who did it, whose it is, who wrote and started what,
-- and what the workspace decided.
CREATE OR REPLACE FUNCTION notification_subject_v2(
    p_tenant uuid, p_event uuid, p_application uuid, p_note uuid, p_work uuid, p_stage uuid
)
RETURNS TABLE (
    actor_id uuid, candidate_id uuid, job_id uuid, stage text, assignee_id uuid,
    recruiters uuid[], keepers uuid[], starter_id uuid, note_text text, decided jsonb
)
LANGUAGE sql STABLE SECURITY INVOKER ROWS 1
SET search_path = pg_catalog, public
AS $$
    SELECT
        -- What the system does later for somebody is told as theirs: a bulk rejection.
        COALESCE(e.member_id, (
            SELECT h.by_member_id FROM stage_changes h
            WHERE h.tenant_id = p_tenant AND h.application_id = p_application
              AND h.at BETWEEN e.at - interval '1 minute' AND e.at
            ORDER BY h.sequence DESC LIMIT 1)),
        COALESCE(a.candidate_id, n.candidate_id), a.job_id, s.name,
        -- Whoever was given it afterwards is told of that, and not of what was before.
        CASE WHEN e.at IS NULL OR a.assigned_at <= e.at THEN a.assignee_id END,
        (SELECT array_agg(DISTINCT t.member_id) FROM job_team t
         WHERE t.tenant_id = p_tenant AND t.job_id = a.job_id AND t.part <> 'interviewer'),
        (SELECT array_agg(DISTINCT o.assignee_id) FROM applications o
         WHERE o.tenant_id = p_tenant AND o.candidate_id = n.candidate_id
           AND o.disposition = 'active' AND o.assignee_id IS NOT NULL),
        COALESCE(i.created_by, b.created_by, j.created_by),
        n.text,
        (SELECT to_jsonb(d) FROM notification_defaults d WHERE d.tenant_id = p_tenant)
    FROM (SELECT 1) one
    LEFT JOIN audit_entries e ON e.tenant_id = p_tenant AND e.id = p_event
    LEFT JOIN applications a ON a.tenant_id = p_tenant AND a.id = p_application
    LEFT JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
    LEFT JOIN stages s ON s.tenant_id = p_tenant AND s.id = p_stage
    LEFT JOIN candidate_notes n ON n.tenant_id = p_tenant AND n.id = p_note
    LEFT JOIN imports i ON i.tenant_id = p_tenant AND i.id = p_work
    LEFT JOIN bulk_rejections b ON b.tenant_id = p_tenant AND b.id = p_work
$$;

-- The same of many events, in the order in which they are asked for.
CREATE OR REPLACE FUNCTION notification_subjects_v1(p_tenant uuid, p_asked jsonb)
RETURNS TABLE (
    actor_id uuid, candidate_id uuid, job_id uuid, stage text, assignee_id uuid,
    recruiters uuid[], keepers uuid[], starter_id uuid, note_text text, decided jsonb
)
LANGUAGE sql STABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT s.*
    FROM ROWS FROM (jsonb_to_recordset(p_asked)
        AS (event uuid, application uuid, note uuid, work uuid, stage uuid))
        WITH ORDINALITY AS q (event, application, note, work, stage, place)
    CROSS JOIN LATERAL notification_subject_v2(
        p_tenant, q.event, q.application, q.note, q.work, q.stage) s
    ORDER BY q.place
$$;

-- Who of some members, and of the admins where asked for, is active, with what they want to hear
-- of and what their workspace decided. Who has a limited role sees the subject only when it is
-- assigned to them.
CREATE OR REPLACE FUNCTION notification_recipients_v2(
    p_tenant uuid, p_members jsonb, p_admins boolean, p_limited jsonb, p_application uuid,
    p_candidate uuid
)
RETURNS TABLE (id uuid, role text, sees boolean, own jsonb, decided jsonb, browsers uuid[])
LANGUAGE sql STABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT m.id, m.role,
        NOT p_limited ? m.role OR CASE
            WHEN p_application IS NOT NULL
            THEN sees_application_v1(p_tenant, m.id, p_application)
            ELSE sees_candidate_v1(p_tenant, m.id, p_candidate)
        END,
        to_jsonb(p), to_jsonb(d),
        (SELECT array_agg(b.id) FROM push_browsers b
         WHERE b.tenant_id = p_tenant AND b.member_id = m.id)
    FROM members m
    LEFT JOIN notification_preferences p ON p.tenant_id = p_tenant AND p.member_id = m.id
    LEFT JOIN notification_defaults d ON d.tenant_id = p_tenant
    WHERE m.tenant_id = p_tenant AND m.status = 'active'
      AND (m.id IN (SELECT each::uuid FROM jsonb_array_elements_text(p_members) each)
           OR (p_admins AND m.role = 'admin'))
    ORDER BY m.id
$$;

-- The same of several questions; `place` says which, from 1 on.
CREATE OR REPLACE FUNCTION notification_recipients_of_v1(p_tenant uuid, p_asked jsonb)
RETURNS TABLE (
    place bigint, id uuid, role text, sees boolean, own jsonb, decided jsonb, browsers uuid[]
)
LANGUAGE sql STABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT q.place, r.*
    FROM ROWS FROM (jsonb_to_recordset(p_asked)
        AS (members jsonb, admins boolean, limited jsonb, application_id uuid, candidate_id uuid))
        WITH ORDINALITY AS q (members, admins, limited, application_id, candidate_id, place)
    CROSS JOIN LATERAL notification_recipients_v2(
        p_tenant, q.members, q.admins, q.limited, q.application_id, q.candidate_id) r
    ORDER BY q.place, r.id
$$;

-- How many notifications a member has not read, of those whose subject they see now; at most 100.
CREATE OR REPLACE FUNCTION unread_notifications_v1(
    p_tenant uuid, p_member uuid, p_types text[], p_limited boolean
)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    IF NOT p_limited THEN
        RETURN (SELECT count(*) FROM (
            SELECT 1 FROM notifications n
            WHERE n.tenant_id = p_tenant AND n.member_id = p_member AND n.read_at IS NULL
              AND n.type = ANY (p_types)
            LIMIT 100) counted);
    END IF;
    RETURN (
        SELECT count(*) FROM (
            SELECT 1 FROM notifications n
            WHERE n.tenant_id = p_tenant AND n.member_id = p_member AND n.read_at IS NULL
              AND n.type = ANY (p_types)
              AND (n.application_id IS NULL
                   OR sees_application_v1(p_tenant, p_member, n.application_id))
              AND (n.note_id IS NULL OR EXISTS (
                    SELECT 1 FROM candidate_notes c
                    WHERE c.tenant_id = p_tenant AND c.id = n.note_id
                      AND sees_candidate_v1(p_tenant, p_member, c.candidate_id)))
            LIMIT 100) counted);
END
$$;

-- Puts an entry into inboxes. Inboxes of a tenant are filled and read off one transaction after the
-- other: so two that fill several can't wait for one another, and the count that each member is
-- told is right when it is told.
CREATE OR REPLACE FUNCTION file_notification_v1(
    p_tenant uuid, p_receivers jsonb, p_type text, p_notice text, p_group text, p_once boolean,
    p_application uuid, p_note uuid, p_actor uuid, p_details jsonb, p_at timestamptz
)
RETURNS TABLE (told_member uuid, told_id uuid, told_times integer, told_unread integer)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    each record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('notifications:' || p_tenant, 0));
    FOR each IN
        SELECT r.member, r.id, r.types, r.limited
        FROM jsonb_to_recordset(p_receivers)
            AS r(member uuid, id uuid, types text[], limited boolean)
    LOOP
        CONTINUE WHEN p_once AND EXISTS (
            SELECT 1 FROM notifications n
            WHERE n.tenant_id = p_tenant AND n.note_id = p_note AND n.member_id = each.member
              AND n.group_key = p_group);
        INSERT INTO notifications AS n (
            tenant_id, id, member_id, type, notice, group_key, times, application_id, note_id,
            actor_id, details, created_at, updated_at
        )
        VALUES (
            p_tenant, each.id, each.member, p_type, p_notice, p_group, 1, p_application, p_note,
            p_actor, p_details, p_at, p_at
        )
        ON CONFLICT (tenant_id, member_id, group_key) WHERE read_at IS NULL
        DO UPDATE SET
            times = n.times + 1, application_id = excluded.application_id,
            note_id = excluded.note_id, actor_id = excluded.actor_id, details = excluded.details,
            updated_at = GREATEST(n.updated_at, excluded.updated_at), seen_at = NULL
        RETURNING n.member_id, n.id, n.times INTO told_member, told_id, told_times;
        told_unread := unread_notifications_v1(p_tenant, each.member, each.types, each.limited);
        RETURN NEXT;
    END LOOP;
END
$$;

-- Puts several entries into inboxes, in their order; `place` says which one told whom, from 1 on.
CREATE OR REPLACE FUNCTION file_notifications_v1(p_tenant uuid, p_filings jsonb)
RETURNS TABLE (
    place bigint, told_member uuid, told_id uuid, told_times integer, told_unread integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT * FROM ROWS FROM (jsonb_to_recordset(p_filings)
            AS (receivers jsonb, type text, notice text, grouped text, once boolean,
                application uuid, note uuid, actor uuid, details jsonb, at timestamptz))
            WITH ORDINALITY AS f (receivers, type, notice, grouped, once, application, note, actor,
                                  details, at, nth)
        ORDER BY f.nth
    LOOP
        RETURN QUERY
        SELECT each.nth, t.* FROM file_notification_v1(
            p_tenant, each.receivers, each.type, each.notice, each.grouped, each.once,
            each.application, each.note, each.actor, each.details, each.at) t;
    END LOOP;
END
$$;

-- What the bell shows, and where the log of events was then.
CREATE OR REPLACE FUNCTION notification_badge_v1(
    p_tenant uuid, p_member uuid, p_types text[], p_limited boolean
)
RETURNS TABLE (unread integer, log_position bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    -- The position first: what comes between the two is counted, and told on the stream as well.
    log_position := (SELECT COALESCE(max(l.last_position), 0) FROM event_logs l
                     WHERE l.tenant_id = p_tenant);
    unread := unread_notifications_v1(p_tenant, p_member, p_types, p_limited);
    RETURN NEXT;
END
$$;

-- A member's notifications, the latest first, with the names of what they are about as it is now.
CREATE OR REPLACE FUNCTION list_notifications_v1(
    p_tenant uuid, p_member uuid, p_types text[], p_limited boolean, p_unread boolean,
    p_limit integer, p_after_at timestamptz, p_after_id uuid, p_only uuid
)
RETURNS TABLE (
    id uuid, type text, notice text, times integer, application_id uuid, candidate_id uuid,
    job_id uuid, candidate text, job text, actor_id uuid, actor text, details jsonb,
    created_at timestamptz, updated_at timestamptz, seen_at timestamptz, read_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_unread THEN
        filters := filters || ' AND n.read_at IS NULL';
    END IF;
    IF p_after_id IS NOT NULL THEN
        filters := filters || ' AND (n.updated_at, n.id) < ($5, $6)';
    END IF;
    IF p_only IS NOT NULL THEN
        filters := filters || ' AND n.id = $7';
    END IF;
    IF p_limited THEN
        filters := filters || ' AND (n.application_id IS NULL OR n.application_id IN (
                SELECT v.application_id FROM visible_applications_v1($1, $2) v))
            AND (n.note_id IS NULL OR t.candidate_id IN (
                SELECT v.candidate_id FROM visible_applications_v1($1, $2) v))';
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT n.id, n.type, n.notice, n.times, n.application_id, c.id, a.job_id, c.full_name,
               j.title, n.actor_id, m.name, n.details, n.created_at, n.updated_at, n.seen_at,
               n.read_at
        FROM notifications n
        LEFT JOIN applications a ON a.tenant_id = $1 AND a.id = n.application_id
        LEFT JOIN candidate_notes t ON t.tenant_id = $1 AND t.id = n.note_id
        -- As a plain join the planner reads every candidate, for want of an order of these.
        LEFT JOIN LATERAL (
            SELECT w.id, w.full_name FROM candidates w
            WHERE w.tenant_id = $1 AND w.id = COALESCE(a.candidate_id, t.candidate_id)
            LIMIT 1
        ) c ON true
        LEFT JOIN jobs j ON j.tenant_id = $1 AND j.id = a.job_id
        LEFT JOIN members m ON m.tenant_id = $1 AND m.id = n.actor_id
        WHERE n.tenant_id = $1 AND n.member_id = $2 AND n.type = ANY ($3) %s
        ORDER BY n.updated_at DESC, n.id DESC
        LIMIT $4
    $query$, filters)
    USING p_tenant, p_member, p_types, p_limit, p_after_at, p_after_id, p_only;
END
$$;

-- Promises e-mail about notifications, once for each until it was sent; what has grown since is
-- promised once more. Who had something due at once less than `p_gather` ago gets what is due now
-- with the next whole `p_gather`. Returns the times at which somebody has something due and had
-- nothing so far.
CREATE OR REPLACE FUNCTION promise_mail_v2(
    p_tenant uuid, p_promises jsonb, p_apart interval, p_gather interval, p_now timestamptz
)
RETURNS TABLE (whose uuid, at timestamptz)
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    WITH asked AS (
        SELECT p.notification, p.member, p.cadence, p.due
        FROM jsonb_to_recordset(p_promises)
            AS p(notification uuid, member uuid, cadence text, due timestamptz)
    ), rushed AS (
        SELECT DISTINCT a.member FROM asked a
        WHERE a.cadence = 'at_once' AND EXISTS (
            SELECT 1 FROM notification_deliveries o
            WHERE o.tenant_id = p_tenant AND o.member_id = a.member
              AND o.state IN ('waiting', 'sent', 'dropped') AND o.cadence = 'at_once'
              AND o.due_at > p_now - p_gather AND o.due_at <= p_now + p_gather)
    ), promised AS (
        INSERT INTO notification_deliveries AS d (
            tenant_id, notification_id, channel, member_id, cadence, due_at, state, round
        )
        SELECT p_tenant, a.notification, 'email', a.member, a.cadence,
            CASE WHEN a.cadence = 'at_once' AND a.due <= p_now
                      AND a.member IN (SELECT r.member FROM rushed r)
                THEN date_bin(p_gather, p_now, timestamptz 'epoch') + p_gather
                ELSE a.due END,
            'waiting', 1
        FROM asked a
        ON CONFLICT (tenant_id, notification_id, channel) DO UPDATE SET
            cadence = CASE WHEN d.state = 'waiting' AND d.due_at <= excluded.due_at
                THEN d.cadence ELSE excluded.cadence END,
            due_at = CASE WHEN d.state = 'waiting' THEN LEAST(d.due_at, excluded.due_at)
                ELSE GREATEST(excluded.due_at, d.settled_at + p_apart) END,
            round = CASE WHEN d.state = 'waiting' THEN d.round ELSE d.round + 1 END,
            state = 'waiting', settled_at = NULL
        RETURNING d.notification_id, d.member_id, d.due_at
    )
    SELECT DISTINCT p.member_id, p.due_at FROM promised p
    WHERE NOT EXISTS (  -- as it was before this statement
        SELECT 1 FROM notification_deliveries o
        WHERE o.tenant_id = p_tenant AND o.member_id = p.member_id AND o.state = 'waiting'
          AND o.due_at = p.due_at)
$$;

-- Those of some notifications that are unread and that their receiver may see now, in the order in
-- which they are asked for.
CREATE OR REPLACE FUNCTION unread_of_notifications_v1(
    p_tenant uuid, p_member uuid, p_types text[], p_limited boolean, p_ids uuid[]
)
RETURNS TABLE (
    id uuid, type text, notice text, times integer, application_id uuid, candidate_id uuid,
    job_id uuid, candidate text, job text, actor_id uuid, actor text, details jsonb,
    created_at timestamptz, updated_at timestamptz, seen_at timestamptz, read_at timestamptz
)
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    WITH seen AS MATERIALIZED (
        SELECT v.application_id, v.candidate_id FROM visible_applications_v1(p_tenant, p_member) v
        WHERE p_limited
    )
    SELECT n.id, n.type, n.notice, n.times, n.application_id, c.id, a.job_id, c.full_name,
           j.title, n.actor_id, m.name, n.details, n.created_at, n.updated_at, n.seen_at, n.read_at
    FROM unnest(p_ids) WITH ORDINALITY AS asked(id, place)
    JOIN notifications n ON n.tenant_id = p_tenant AND n.id = asked.id
    LEFT JOIN applications a ON a.tenant_id = p_tenant AND a.id = n.application_id
    LEFT JOIN candidate_notes t ON t.tenant_id = p_tenant AND t.id = n.note_id
    LEFT JOIN LATERAL (
        SELECT w.id, w.full_name FROM candidates w
        WHERE w.tenant_id = p_tenant AND w.id = COALESCE(a.candidate_id, t.candidate_id)
        LIMIT 1
    ) c ON true
    LEFT JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
    LEFT JOIN members m ON m.tenant_id = p_tenant AND m.id = n.actor_id
    WHERE n.member_id = p_member AND n.read_at IS NULL AND n.type = ANY (p_types)
      AND (NOT p_limited OR (
          (n.application_id IS NULL OR n.application_id IN (SELECT s.application_id FROM seen s))
          AND (n.note_id IS NULL OR t.candidate_id IN (SELECT s.candidate_id FROM seen s))))
    ORDER BY asked.place
$$;
