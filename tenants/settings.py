"""Everything that can be configured, in one Struct, read once from the environment at start.

`load_settings` is called by the composition root and by the command line. A wrong or unknown
`INTELLIMATCH_*` variable raises `SettingsError`, which names every one of them at once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tenants.settings_files import contradictions_of_files
from tenants.settings_limits import LimitSettings, whole
from tenants.settings_values import SettingsError, SettingsProblem, nearest_names, read_value

PREFIX = "INTELLIMATCH_"
_KEY_EXPECTED = "at least 32 characters, from `openssl rand -hex 32`"


DatabaseUrl = Annotated[
    str | None,
    Meta(
        extra={
            "kind": "database_url",
            "secret": True,
            "expected": "postgresql://user:password@host:port/database",
        }
    ),
]


class Settings(LimitSettings, frozen=True, kw_only=True):
    """What an operator can set; field `x` is read from `INTELLIMATCH_X`.

    A duration or a size carries its unit in its name. `repr` hides every secret, and addresses
    of databases count as secrets, as they may hold passwords.
    """

    database_url: Annotated[
        DatabaseUrl,
        Meta(
            description="PostgreSQL 15 or later, as the application role. Unset: an embedded "
            "PostgreSQL is started in the data folder."
        ),
    ] = None
    owner_database_url: Annotated[
        DatabaseUrl,
        Meta(description="The same database as the owner role, used by migrations only."),
    ] = None
    relay_database_url: Annotated[
        DatabaseUrl,
        Meta(description="The same database as the relay role, used to claim outbox rows."),
    ] = None
    admin_database_url: Annotated[
        DatabaseUrl,
        Meta(
            description="A superuser's connection, used only by `intellimatch migrate` to create "
            "roles and the database. Leave it unset while serving."
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        Meta(
            description="Redis 7 or Valkey 8 or later. Unset: an embedded Valkey is started in "
            "the data folder.",
            extra={
                "kind": "redis_url",
                "secret": True,
                "expected": "redis://, rediss:// or unix:// address, e.g. redis://host:6379/0",
            },
        ),
    ] = None
    broker_url: Annotated[
        str | None,
        Meta(
            description="Broker between relay and workers, Redis, Valkey or RabbitMQ. It may lose "
            "all that it holds at any time. Unset: the one of INTELLIMATCH_REDIS_URL.",
            extra={
                "kind": "broker_url",
                "secret": True,
                "expected": "redis://, rediss://, unix://, amqp:// or amqps:// address",
            },
        ),
    ] = None
    worker_queues: Annotated[
        str,
        Meta(
            description="Queues that a worker takes tasks from, and how many of each it runs at "
            "once. Each queue that is used needs a worker somewhere.",
            extra={"kind": "queues", "expected": "names and numbers such as default=8,mail=4"},
        ),
    ] = "default=8,events=4,mail=4,plugins=8,resumes=2"
    data_dir: Annotated[
        Path,
        Meta(
            description="Folder for embedded engines, uploaded files and the generated secret "
            "key. Default: `.data` in the working directory.",
            extra={"kind": "path", "expected": "a folder, existing or to be created"},
        ),
    ]
    host: Annotated[
        str,
        Meta(
            min_length=1,
            description="Address that the server listens on.",
            extra={"kind": "host", "expected": "an IP address or a host name"},
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        whole(1, 65535, "TCP port that the server listens on."),
    ] = 8000
    base_domain: Annotated[
        str,
        Meta(
            description="Tenants live at `<slug>.<base_domain>`.",
            extra={"kind": "domain", "expected": "a domain without scheme or port: example.com"},
        ),
    ] = "localhost"
    public_scheme: Annotated[
        Literal["http", "https"],
        Meta(
            description="Scheme of the links that people are sent; https also marks cookies as "
            "Secure.",
            extra={"expected": "http or https"},
        ),
    ] = "http"
    secret_key: Annotated[
        Annotated[str, Meta(min_length=32)] | None,
        Meta(
            description="Pepper of the hashed API keys, sessions and links, and key of signed "
            "values. Required with an external database; otherwise made once and kept in the "
            "data folder. Changing it signs everybody out, voids every API key, and makes "
            "browsers subscribe anew to push messages.",
            extra={"secret": True, "expected": _KEY_EXPECTED},
        ),
    ] = None
    master_keys: Annotated[
        str | None,
        Meta(
            description="Keys that tenants' keys are wrapped with, the newest first. Unset: kept "
            "in the data folder with an embedded database, else derived from the secret key. "
            "`intellimatch keys` changes and shows them.",
            extra={
                "kind": "master_keys",
                "secret": True,
                "expected": "versions with keys from `openssl rand -base64 32`: 2:KEY,1:KEY",
            },
        ),
    ] = None
    environment: Annotated[
        Literal["development", "production"],
        Meta(
            description="production refuses what is only fit for a developer's machine.",
            extra={"expected": "development or production"},
        ),
    ] = "development"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(
            description="Least severe message that is logged.",
            extra={"expected": "debug, info, warning or error"},
        ),
    ] = "info"
    log_format: Annotated[
        Literal["json", "console"],
        Meta(
            description="json for machines, console for people.",
            extra={"expected": "json or console"},
        ),
    ] = "json"
    metrics_token: Annotated[
        Annotated[str, Meta(min_length=16)] | None,
        Meta(
            description="Bearer token that opens `/metrics`. Unset: only this machine may read it.",
            extra={"secret": True, "expected": "at least 16 characters"},
        ),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks whose X-Forwarded-* headers are believed, separated by commas. "
            "Unset: those headers are ignored.",
            extra={"kind": "networks", "expected": "CIDR networks such as 10.0.0.0/8,::1/128"},
        ),
    ] = ()
    ocr_languages: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z_]{3,40}(\+[A-Za-z_]{3,40}){0,9}$")] | None,
        Meta(
            description="Languages in which text on scanned résumés is recognised, where tesseract "
            "is installed. Unset: such files are only said to be scanned.",
            extra={"expected": "tesseract's names of languages such as eng+deu"},
        ),
    ] = None
    outbound_allowed_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks that plugins and webhooks may call though they aren't public.",
            extra={"kind": "networks", "expected": "CIDR networks such as 10.1.2.0/24,::1/128"},
        ),
    ] = ()
    outbound_allowed_ports: Annotated[
        tuple[int, ...],
        Meta(
            description="Ports besides 80 and 443 that plugins and webhooks may call by HTTP.",
            extra={"kind": "ports", "expected": "TCP ports such as 8080,8443"},
        ),
    ] = ()
    shutdown_grace_seconds: Annotated[
        int,
        whole(0, 600, "Seconds for running requests to end after the server is told to stop."),
    ] = 10

    @property
    def uses_embedded_postgres(self) -> bool:
        """Whether PostgreSQL is ours to start and stop."""
        return self.database_url is None

    @property
    def uses_embedded_valkey(self) -> bool:
        """Whether Valkey is ours to start and stop."""
        return self.redis_url is None

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"Settings({', '.join(shown)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [
            (name, "<hidden>" if value is not None and name in SECRET_FIELDS else value)
            for name, value in values
        ]


class SettingDescription(msgspec.Struct, frozen=True):
    """One setting as the documentation and the error messages need it."""

    name: str
    variable: str
    description: str
    expected: str
    kind: str
    secret: bool
    value_type: Any


def describe_settings() -> tuple[SettingDescription, ...]:
    """Every setting in the order of the Struct."""
    return tuple(_describe(field) for field in msgspec.structs.fields(Settings))


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from `environ`; an empty variable counts as unset.

    Raises `SettingsError` with every unknown name, wrong value and contradiction found.
    """
    known = {setting.variable: setting for setting in _DESCRIPTIONS}
    problems: list[SettingsProblem] = []
    values: dict[str, Any] = {}
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        setting = known.get(variable)
        if setting is None:
            problems.append(SettingsProblem.unknown(variable, nearest_names(variable, known)))
            continue
        text = environ[variable].strip()
        if not text:
            continue
        try:
            values[setting.name] = read_value(setting.kind, setting.value_type, text)
        except ValueError as error:
            # A secret's value must not reach a terminal or a log through its error message; before
            # an @ there may be a password that doesn't belong there.
            hidden = setting.secret or "@" in text
            wrong = "the value is not valid" if hidden else f"{text!r}: {error}"
            problems.append(SettingsProblem(variable, wrong, setting.expected))
    problems += [*_contradictions(values), *contradictions_of_files(values)]
    if problems:
        raise SettingsError(tuple(problems))
    values.setdefault("data_dir", Path.cwd() / ".data")
    return Settings(**values)


def _contradictions(values: Mapping[str, Any]) -> list[SettingsProblem]:
    found = []
    if "database_url" not in values:
        found += [
            SettingsProblem(
                PREFIX + name.upper(),
                "is set while INTELLIMATCH_DATABASE_URL is not",
                "both, for an external database, or neither, for the embedded one",
            )
            for name in ("owner_database_url", "relay_database_url", "admin_database_url")
            if name in values
        ]
    elif "secret_key" not in values:
        found.append(
            SettingsProblem(
                "INTELLIMATCH_SECRET_KEY",
                "is required when INTELLIMATCH_DATABASE_URL is set, since every machine that "
                "serves this database must use the same key",
                _KEY_EXPECTED,
            )
        )
    return found


def _describe(field: msgspec.structs.FieldInfo) -> SettingDescription:
    description = ""
    extra: dict[str, Any] = {}
    for meta in getattr(field.type, "__metadata__", ()):
        description = meta.description or description
        extra.update(meta.extra or {})
    return SettingDescription(
        name=field.name,
        variable=PREFIX + field.name.upper(),
        description=description,
        expected=extra.get("expected", ""),
        kind=extra.get("kind", "plain"),
        secret=bool(extra.get("secret")),
        value_type=field.type,
    )


_DESCRIPTIONS = describe_settings()
SECRET_FIELDS = frozenset(setting.name for setting in _DESCRIPTIONS if setting.secret)
