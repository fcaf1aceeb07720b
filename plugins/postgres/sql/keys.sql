-- The key that a tenant's secrets are sealed with: the one that is there, else the one offered.
-- Without an offer only what is there. The second statement sees what others have committed since.
CREATE OR REPLACE FUNCTION tenant_key_v1(p_tenant uuid, p_offered bytea, p_version integer)
RETURNS TABLE (wrapped_key bytea, key_version smallint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_offered IS NOT NULL THEN
        PERFORM hold_master_key_v1(p_version);
        INSERT INTO tenant_keys (tenant_id, wrapped_key, key_version, created_at)
        VALUES (p_tenant, p_offered, p_version::smallint, now())
        ON CONFLICT ON CONSTRAINT pk_tenant_keys DO NOTHING;
    END IF;
    RETURN QUERY
    SELECT k.wrapped_key, k.key_version FROM tenant_keys k WHERE k.tenant_id = p_tenant;
END
$$;
