-- What a tenant may do with the people behind its members. Each function takes the tenant and works only
-- on an account that is, or by this very call becomes, a member of that tenant, or holds its open link.
-- grant execute to: app
-- definer reads: accounts, account_tenants, members, sessions, invitations, password_resets, sign_in_links, tenants
-- definer writes: accounts, account_tenants, sessions, password_resets, sign_in_links

-- The password of an active member, to sign in with.
CREATE OR REPLACE FUNCTION account_for_sign_in_v1(p_tenant uuid, p_email text)
RETURNS TABLE (account_id uuid, member_id uuid, password_hash text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT a.id, m.id, a.password_hash
    FROM public.accounts a
    JOIN public.members m ON m.tenant_id = p_tenant AND m.account_id = a.id
    WHERE a.email = p_email AND m.status = 'active';
END
$$;

-- The password of a member, to check before it is changed.
CREATE OR REPLACE FUNCTION account_password_v1(p_tenant uuid, p_account uuid)
RETURNS TABLE (password_hash text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT a.password_hash
    FROM public.accounts a
    JOIN public.members m ON m.tenant_id = p_tenant AND m.account_id = a.id
    WHERE a.id = p_account;
END
$$;

-- The account of the person whom an open invitation is for, if there is one. Its password must be given
-- to accept: whoever made the link may have read it.
CREATE OR REPLACE FUNCTION account_for_invitation_v1(p_tenant uuid, p_invitation uuid)
RETURNS TABLE (account_id uuid, password_hash text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT a.id, a.password_hash
    FROM public.invitations i
    JOIN public.accounts a ON a.email = i.email
    WHERE i.tenant_id = p_tenant AND i.id = p_invitation
      AND i.accepted_at IS NULL AND i.revoked_at IS NULL;
END
$$;

-- The account of an address, made with the given password when there is none; the tenant is noted as one
-- of the person's. An existing account keeps its password and its name.
CREATE OR REPLACE FUNCTION account_join_v1(
    p_tenant uuid, p_account uuid, p_email text, p_name text, p_hash text, p_now timestamptz
)
RETURNS TABLE (account_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    found uuid;
BEGIN
    INSERT INTO public.accounts (id, email, name, password_hash, created_at, password_changed_at)
    VALUES (p_account, p_email, p_name, p_hash, p_now, p_now)
    ON CONFLICT (email) DO NOTHING;
    SELECT a.id INTO STRICT found FROM public.accounts a WHERE a.email = p_email;
    INSERT INTO public.account_tenants (account_id, member_of) VALUES (found, p_tenant)
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT found;
END
$$;

-- A new hash for a member's password, if the hash is still the expected one (NULL: whichever). With
-- p_is_new the password itself is new: with the old one dies every link of the account, in each of the
-- person's tenants, that chooses another or signs in.
CREATE OR REPLACE FUNCTION account_set_password_v1(
    p_tenant uuid, p_account uuid, p_hash text, p_expected text, p_is_new boolean, p_now timestamptz
)
RETURNS TABLE (is_set boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.members m WHERE m.tenant_id = p_tenant AND m.account_id = p_account
    ) THEN
        RETURN;
    END IF;
    UPDATE public.accounts a
    SET password_hash = p_hash,
        password_changed_at = CASE WHEN p_is_new THEN p_now ELSE a.password_changed_at END
    WHERE a.id = p_account AND (p_expected IS NULL OR a.password_hash = p_expected);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF p_is_new THEN
        UPDATE public.password_resets r SET used_at = p_now
        FROM public.account_tenants t
        WHERE t.account_id = p_account AND r.tenant_id = t.member_of
          AND r.account_id = p_account AND r.used_at IS NULL;
        DELETE FROM public.sign_in_links l
        USING public.account_tenants t, public.members m
        WHERE t.account_id = p_account AND m.tenant_id = t.member_of AND m.account_id = p_account
          AND l.tenant_id = m.tenant_id AND l.member_id = m.id;
    END IF;
    RETURN QUERY SELECT true;
END
$$;

-- End the sessions of a member in every tenant of the person.
CREATE OR REPLACE FUNCTION account_end_sessions_v1(p_tenant uuid, p_account uuid)
RETURNS TABLE (ended bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.members m WHERE m.tenant_id = p_tenant AND m.account_id = p_account
    ) THEN
        RETURN QUERY SELECT 0::bigint;
        RETURN;
    END IF;
    DELETE FROM public.sessions s
    USING public.account_tenants t
    WHERE t.account_id = p_account AND s.tenant_id = t.member_of AND s.account_id = p_account;
    GET DIAGNOSTICS amount = ROW_COUNT;
    RETURN QUERY SELECT amount;
END
$$;

-- Where a member of this tenant is an active member.
CREATE OR REPLACE FUNCTION account_workspaces_v1(p_tenant uuid, p_account uuid)
RETURNS TABLE (slug text, tenant_name text, role text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT n.slug, n.name, m.role
    FROM public.account_tenants t
    JOIN public.members m
        ON m.tenant_id = t.member_of AND m.account_id = t.account_id AND m.status = 'active'
    JOIN public.tenants n ON n.id = t.member_of
    WHERE t.account_id = p_account AND EXISTS (
        SELECT FROM public.members own
        WHERE own.tenant_id = p_tenant AND own.account_id = p_account AND own.status = 'active'
    )
    ORDER BY n.name, n.slug;
END
$$;

-- Whether a member of this tenant was ever a member of another, deactivated or not: they may be let in again.
CREATE OR REPLACE FUNCTION account_is_elsewhere_v1(p_tenant uuid, p_account uuid)
RETURNS TABLE (is_elsewhere boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT EXISTS (
        SELECT FROM public.account_tenants t WHERE t.account_id = p_account AND t.member_of <> p_tenant
    )
    WHERE EXISTS (
        SELECT FROM public.members own WHERE own.tenant_id = p_tenant AND own.account_id = p_account
    );
END
$$;
