"""The account that authors' tests connect behaves like the platform's."""

from typing import Any

import pytest

from plugins.sdk import NotConnected, OAuthProvider, PluginContext, SettingsSpec, TryLater
from plugins.sdk.testing.harness import Harness
from tests.fixtures.oauth_vendor import CLIENT_SECRET, VendorSettings
from tests.fixtures.plugins import made_plugin, manifest_of

PROVIDER = OAuthProvider(
    name="vendor",
    authorize_url="https://vendor.example/authorize",
    token_url="https://vendor.example/token",
    scopes=(),
    client_id_setting="client_id",
    client_secret_setting="client_secret",
)


async def token(context: PluginContext[Any], refused: str | None = None) -> str:
    return await context.account.access_token(refused=refused)


@pytest.fixture
def plugin() -> Harness:
    made = made_plugin(
        manifest_of("vendor", hosts=("vendor.example",)),
        settings=SettingsSpec(type=VendorSettings),
        oauth_provider=PROVIDER,
    )
    return Harness(made.load(), settings={"client_secret": CLIENT_SECRET})


async def test_nothing_is_connected_until_a_test_says_so(plugin: Harness) -> None:
    with pytest.raises(NotConnected, match="An admin connects one"):
        await plugin.call(token)
    plugin.account.connect("at-1")
    assert await plugin.call(token) == "at-1"
    plugin.account.disconnect("Connect it again.")
    with pytest.raises(NotConnected, match="Connect it again"):
        await plugin.call(token)
    assert plugin.account.asked == 3


async def test_a_refused_token_is_replaced_once(plugin: Harness) -> None:
    plugin.account.connect("at-1", renewed="at-2")
    assert await plugin.call(token, "other") == "at-1"
    assert await plugin.call(token, "at-1") == "at-2"
    assert await plugin.call(token, "at-1") == "at-2"
    with pytest.raises(NotConnected):
        await plugin.call(token, "at-2")


async def test_a_vendor_that_is_away_says_until_when(plugin: Harness) -> None:
    plugin.account.be_away(after_seconds=30)
    with pytest.raises(TryLater) as caught:
        await plugin.call(token)
    assert caught.value.after_seconds == 30


async def test_the_account_ends_with_the_call(plugin: Harness) -> None:
    kept: list[Any] = []

    async def keep(context: PluginContext[Any]) -> None:
        kept.append(context.account)

    plugin.account.connect()
    await plugin.call(keep)
    with pytest.raises(AssertionError, match="after the call"):
        await kept[0].access_token()


async def test_a_plugin_without_a_provider_has_no_account() -> None:
    plain = Harness(made_plugin(manifest_of("plain")).load())
    plain.account.connect()
    with pytest.raises(ValueError, match="no oauth_provider"):
        await plain.call(token)
