-- Which master keys are in use: the same for all tenants, and no key is in the table.
-- grant execute to: app, owner
-- definer reads: master_keys
-- definer writes: master_keys (check_value)

-- The versions that aren't retired. The first process that holds version 1 says its check value.
CREATE OR REPLACE FUNCTION master_keys_v1(p_check_of_first bytea)
RETURNS TABLE (version smallint, check_value bytea, added_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    IF p_check_of_first IS NOT NULL THEN
        UPDATE public.master_keys k SET check_value = p_check_of_first
        WHERE k.version = 1 AND k.check_value IS NULL;
    END IF;
    RETURN QUERY
    SELECT k.version, k.check_value, k.added_at FROM public.master_keys k
    WHERE k.retired_at IS NULL ORDER BY k.version DESC;
END
$$;

-- Called before something wrapped with the version is written: until the transaction ends, the
-- version can't be retired. Fails as a lost race when it was, so that the caller starts anew.
CREATE OR REPLACE FUNCTION hold_master_key_v1(p_version integer)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(741260512, p_version);
    IF NOT EXISTS (SELECT FROM public.master_keys k
                   WHERE k.version = p_version AND k.retired_at IS NULL) THEN
        RAISE EXCEPTION 'master key % is not in use', p_version USING ERRCODE = '40001';
    END IF;
END
$$;
