-- When each candidate last heard from us: the one definition of `last_word_at`, which figures of
-- silence, the promise of an answer and automations go by. docs/users/analytics.md says it in words.
--
-- The latest of: the application itself, since whoever applies is told that it arrived; each message
-- to the candidate that a service took over and that didn't come back; and the end of each interview
-- that isn't cancelled, which lies ahead while one is to come. A move between stages is no word: by
-- itself it tells the candidate nothing. Nor is a mail that automations sent because of the silence
-- itself: nobody has answered by it.
--
-- Of one application whatever became of it, or (p_application is null) of all active ones of people
-- who applied: who was imported or sourced waits for nothing. It is called inside other functions and
-- statements, which have set the tenant.
CREATE OR REPLACE FUNCTION last_words_v1(p_tenant uuid, p_application uuid)
RETURNS TABLE (application_id uuid, last_word_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY INVOKER ROWS 5000
SET search_path = pg_catalog, public
AS $$
BEGIN
    IF p_application IS NOT NULL THEN
        RETURN QUERY
        SELECT a.id, GREATEST(a.applied_at,
            (SELECT max(m.sent_at) FROM messages m
             WHERE m.tenant_id = p_tenant AND m.application_id = a.id AND m.state = 'sent'
               AND COALESCE(m.delivery, '') NOT IN ('dropped', 'bounced')
               AND NOT EXISTS (
                   SELECT 1 FROM automation_steps s
                   WHERE s.tenant_id = p_tenant AND s.message_id = m.id AND s.after_silence)),
            (SELECT max(i.ends_at) FROM interviews i
             WHERE i.tenant_id = p_tenant AND i.application_id = a.id
               AND i.status = 'scheduled'))
        FROM applications a
        WHERE a.tenant_id = p_tenant AND a.id = p_application;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT a.id, GREATEST(a.applied_at, m.at, i.at)
    FROM applications a
    LEFT JOIN (
        SELECT w.application_id, max(w.sent_at) AS at FROM messages w
        WHERE w.tenant_id = p_tenant AND w.state = 'sent' AND w.application_id IS NOT NULL
          AND COALESCE(w.delivery, '') NOT IN ('dropped', 'bounced')
          AND NOT EXISTS (
              SELECT 1 FROM automation_steps s
              WHERE s.tenant_id = p_tenant AND s.message_id = w.id AND s.after_silence)
        GROUP BY w.application_id) m ON m.application_id = a.id
    LEFT JOIN (
        SELECT w.application_id, max(w.ends_at) AS at FROM interviews w
        WHERE w.tenant_id = p_tenant AND w.status = 'scheduled'
        GROUP BY w.application_id) i ON i.application_id = a.id
    WHERE a.tenant_id = p_tenant AND a.disposition = 'active'
      AND a.source NOT IN ('import', 'sourced');
END
$$;
