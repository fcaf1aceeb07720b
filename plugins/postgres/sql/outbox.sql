-- Recording what happened, in the transaction of the state that changed.

-- Puts events into the outbox and their entries into the audit trail, and wakes the sequencer at the
-- commit.
CREATE OR REPLACE FUNCTION record_events_v1(p_tenant uuid, p_events jsonb, p_entries jsonb)
RETURNS TABLE (recorded bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    INSERT INTO outbox (
        tenant_id, id, type, version, aggregate, aggregate_id, payload, occurred_at, request_id
    )
    SELECT p_tenant, e.id, e.type, e.version, e.aggregate, e.aggregate_id, e.payload,
           e.occurred_at, e.request_id
    FROM jsonb_to_recordset(p_events) AS e(
        id uuid, type text, version smallint, aggregate text, aggregate_id uuid, payload jsonb,
        occurred_at timestamptz, request_id text);
    GET DIAGNOSTICS recorded = ROW_COUNT;
    INSERT INTO audit_entries (
        tenant_id, id, at, actor_kind, actor_id, member_id, action, subject, subject_id, before,
        after, reason, request_id
    )
    SELECT p_tenant, a.id, a.at, a.actor_kind, a.actor_id, a.member_id, a.action, a.subject,
           a.subject_id, a.before, a.after, a.reason, a.request_id
    FROM jsonb_to_recordset(p_entries) AS a(
        id uuid, at timestamptz, actor_kind text, actor_id uuid, member_id uuid, action text,
        subject text, subject_id uuid, before jsonb, after jsonb, reason text, request_id text);
    PERFORM pg_notify('outbox_written', '');
    RETURN NEXT;
END
$$;
