"""The environment becomes settings, or an error that names each wrong variable."""

import stat
from pathlib import Path

import msgspec
import pytest
from rich.pretty import pretty_repr

from tenants.secret_key import resolve_secret_key, secret_key_path
from tenants.settings import SECRET_FIELDS, Settings, describe_settings, load_settings
from tenants.settings_values import SettingsError

KEY = "k" * 32
EXTERNAL = {
    "INTELLIMATCH_DATABASE_URL": "postgresql://app:s3cret-word@db/intellimatch",
    "INTELLIMATCH_SECRET_KEY": KEY,
}
EXTERNAL_NO_KEY = {"INTELLIMATCH_DATABASE_URL": EXTERNAL["INTELLIMATCH_DATABASE_URL"]}


def refusal(**variables: str) -> str:
    environ = {f"INTELLIMATCH_{name}": value for name, value in variables.items()}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return str(caught.value)


def test_nothing_set_means_embedded_engines_in_the_working_directory() -> None:
    settings = load_settings({"PATH": "/bin", "PGHOST": "elsewhere"})
    assert settings.uses_embedded_postgres
    assert settings.uses_embedded_valkey
    assert settings.data_dir == Path.cwd() / ".data"
    assert settings.base_domain == "localhost"


def test_values_are_read_with_their_types(tmp_path: Path) -> None:
    settings = load_settings(
        EXTERNAL
        | {
            "INTELLIMATCH_DATA_DIR": str(tmp_path),
            "INTELLIMATCH_PORT": " 80 ",
            "INTELLIMATCH_HOST": "::1",
            "INTELLIMATCH_BASE_DOMAIN": "Hire.Example.COM",
            "INTELLIMATCH_TRUSTED_PROXIES": "10.0.0.0/8, ::1/128",
            "INTELLIMATCH_REDIS_URL": "unix:///run/valkey.sock?db=0",
            "INTELLIMATCH_LOG_FORMAT": "console",
            "INTELLIMATCH_METRICS_TOKEN": "",
        }
    )
    assert settings.port == 80
    assert settings.host == "::1"
    assert settings.base_domain == "hire.example.com"
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1/128")
    assert settings.data_dir == tmp_path
    assert settings.metrics_token is None
    assert not settings.uses_embedded_postgres
    assert not settings.uses_embedded_valkey


def test_an_unknown_name_is_refused_with_the_nearest_ones() -> None:
    assert "INTELLIMATCH_BASE_DOMIAN is not a setting" in refusal(BASE_DOMIAN="x")
    assert "did you mean INTELLIMATCH_BASE_DOMAIN" in refusal(BASE_DOMIAN="x")
    assert "see docs/operators/settings.md" in refusal(XYZZY="x")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "0", "from 1 to 65535"),
        ("PORT", "eighty", "from 1 to 65535"),
        ("PORT", "80.5", "from 1 to 65535"),
        ("LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("ENVIRONMENT", "prod", "development or production"),
        ("IDEMPOTENCY_RETENTION_HOURS", "23", "from 24"),
        ("BASE_DOMAIN", "https://x.example", "without scheme or port"),
        ("BASE_DOMAIN", "a..b", "without scheme or port"),
        ("HOST", "not a host", "host name"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "CIDR"),
        ("TRUSTED_PROXIES", "everything", "CIDR"),
        ("DATA_DIR", __file__, "a folder"),
        ("DATABASE_URL", "postgresql+asyncpg://h/d", "postgresql://user"),
        ("DATABASE_URL", "postgresql://h", "postgresql://user"),
        ("DATABASE_URL", "postgresql://h:port/d", "postgresql://user"),
        ("REDIS_URL", "http://h", "redis://"),
        ("REDIS_URL", "unix://", "redis://"),
        ("SECRET_KEY", "short", "at least 32"),
        ("METRICS_TOKEN", "short", "at least 16"),
        ("FILES_URL", "/srv/files", "file:///folder or s3://bucket/prefix"),
        ("FILES_URL", "file://srv/files", "file:///folder"),
        ("FILES_URL", "file:///", "file:///folder"),
        ("FILES_URL", "s3://", "s3://bucket/prefix"),
        ("FILES_URL", "s3://b", "s3://bucket/prefix"),
        ("FILES_URL", "s3://bucket/a/../b", "s3://bucket/prefix"),
        ("FILES_URL", "s3://bucket?region=x", "s3://bucket/prefix"),
        ("FILES_S3_ENDPOINT", "s3.example.com", "https://s3.example.com"),
        ("FILES_S3_REGION", "eu central", "eu-central-1"),
        ("FILES_S3_SECRET_ACCESS_KEY", "short", "at least 8"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_expected(
    name: str, value: str, expected: str
) -> None:
    message = refusal(**{name: value})
    assert f"INTELLIMATCH_{name}:" in message
    assert expected in message


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"INTELLIMATCH_PORT": "x", "INTELLIMATCH_PROT": "1", **EXTERNAL_NO_KEY})
    assert [problem.variable for problem in caught.value.problems] == [
        "INTELLIMATCH_PORT",
        "INTELLIMATCH_PROT",
        "INTELLIMATCH_SECRET_KEY",
    ]


def test_urls_of_other_roles_need_the_applications_own() -> None:
    message = refusal(OWNER_DATABASE_URL="postgresql://owner@db/x")
    assert "INTELLIMATCH_OWNER_DATABASE_URL is set while INTELLIMATCH_DATABASE_URL" in message


def test_what_a_bucket_needs_is_told() -> None:
    bucket = {"FILES_URL": "s3://bucket/prefix"}
    key = {"FILES_S3_ACCESS_KEY_ID": "id"}
    secret = {"FILES_S3_SECRET_ACCESS_KEY": "s3cret-word"}
    load_settings({f"INTELLIMATCH_{k}": v for k, v in (bucket | key | secret).items()})
    message = refusal(**bucket, **key)
    assert "INTELLIMATCH_FILES_S3_SECRET_ACCESS_KEY is missing while" in message
    assert "INTELLIMATCH_FILES_S3_ACCESS_KEY_ID is missing while" in refusal(**bucket, **secret)
    message = refusal(FILES_URL="file:///srv", FILES_S3_REGION="eu-west-1", **key, **secret)
    assert message.count("is set while INTELLIMATCH_FILES_URL names no bucket") == 3


def test_no_representation_and_no_error_shows_a_secret() -> None:
    settings = load_settings(
        EXTERNAL
        | {
            "INTELLIMATCH_REDIS_URL": "redis://:s3cret-word@cache",
            "INTELLIMATCH_METRICS_TOKEN": "s3cret-word-metrics",
            "INTELLIMATCH_FILES_URL": "s3://bucket",
            "INTELLIMATCH_FILES_S3_ACCESS_KEY_ID": "id",
            "INTELLIMATCH_FILES_S3_SECRET_ACCESS_KEY": "s3cret-word-files",
        }
    )
    assert len(SECRET_FIELDS) >= 7
    for shown in (repr(settings), str(settings), f"{settings}", pretty_repr(settings)):
        assert "s3cret-word" not in shown
        assert KEY not in shown
        assert "port=8000" in shown
    assert "s3cret-word" not in refusal(DATABASE_URL="mysql://a:s3cret-word@db/x")
    assert "s3cret" not in refusal(SECRET_KEY="s3cret")
    assert "s3cret" not in refusal(FILES_URL="s3://key:s3cret@bucket")
    assert "s3cret" not in refusal(FILES_S3_ENDPOINT="https://key:s3cret@storage")


def test_every_setting_says_what_it_is_for_and_what_it_takes() -> None:
    described = describe_settings()
    assert {each.name for each in described} == set(Settings.__struct_fields__)
    assert [each.name for each in described if not (each.description and each.expected)] == []


def settings_in(folder: Path, secret_key: str | None = None) -> Settings:
    return Settings(data_dir=folder, secret_key=secret_key)


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    made = resolve_secret_key(settings)
    assert len(made) == 64
    assert resolve_secret_key(settings) == made
    assert stat.S_IMODE(secret_key_path(settings).stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret_key"]


def test_a_configured_secret_key_leaves_no_file(tmp_path: Path) -> None:
    assert resolve_secret_key(settings_in(tmp_path, KEY)) == KEY
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_secret_key_is_refused_rather_than_replaced(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    secret_key_path(settings).write_text("cut")
    with pytest.raises(SettingsError, match=r"INTELLIMATCH_SECRET_KEY is unset .* damaged"):
        resolve_secret_key(settings)
    assert secret_key_path(settings).read_text() == "cut"


def test_settings_can_be_completed_but_not_changed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    completed = msgspec.structs.replace(settings, redis_url="redis://x")
    assert completed.redis_url == "redis://x"
    with pytest.raises(AttributeError):
        settings.port = 1  # type: ignore[misc]
