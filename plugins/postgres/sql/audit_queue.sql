-- Puts each new audit entry in line for its seal, in the entry's own transaction and without a round
-- trip or a lock of its own. The trigger is made by a revision.
-- grant execute to: nobody

CREATE OR REPLACE FUNCTION queue_audit_entries_v1()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    INSERT INTO audit_queue (tenant_id, entry_id, queued_at)
    SELECT n.tenant_id, n.id, clock_timestamp() FROM new_entries n;
    RETURN NULL;
END
$$;
