"""The settings that are numbers of a process: pools, waits, sizes, rates. Part of `settings`."""

from typing import Annotated

from msgspec import Meta

from tenants.settings_files import FileSettings


def whole(low: int, high: int, description: str) -> Meta:
    """Say what a whole number means and how small and how large it may be."""
    return Meta(
        ge=low,
        le=high,
        description=description,
        extra={"expected": f"a whole number from {low} to {high}"},
    )


class LimitSettings(FileSettings, frozen=True, kw_only=True):
    """How much of something a process takes or keeps, and how long it waits.

    Built on the other part, since a Struct can have only one base with fields.
    """

    write_pool_size: Annotated[
        int,
        whole(1, 500, "Most connections per process for transactions that write."),
    ] = 10
    read_pool_size: Annotated[
        int,
        whole(1, 500, "Most connections per process for one-round-trip reads."),
    ] = 10
    pool_timeout_ms: Annotated[
        int,
        whole(
            10,
            60_000,
            "Longest wait for a free connection, in milliseconds; then the request "
            "is refused as unavailable.",
        ),
    ] = 5_000
    statement_timeout_ms: Annotated[
        int,
        whole(100, 600_000, "Longest time for one SQL statement of a request, in milliseconds."),
    ] = 10_000
    lock_timeout_ms: Annotated[
        int,
        whole(10, 600_000, "Longest wait for a database lock, in milliseconds."),
    ] = 2_000
    session_lifetime_hours: Annotated[
        int,
        whole(1, 24 * 90, "Hours after sign-in at which a session ends."),
    ] = 24 * 14
    idempotency_retention_hours: Annotated[
        int,
        whole(24, 24 * 90, "Hours for which the answer to an Idempotency-Key is kept."),
    ] = 24
    event_retention_hours: Annotated[
        int,
        whole(1, 24 * 365, "Hours for which live streams can be resumed from the event log."),
    ] = 24 * 7
    streams_per_member: Annotated[
        int,
        whole(1, 100_000, "Live streams that one member may have open in each process."),
    ] = 20
    streams_per_tenant: Annotated[
        int,
        whole(1, 1_000_000, "Live streams that one tenant may have open in each process."),
    ] = 2_000
    stream_lifetime_seconds: Annotated[
        int,
        whole(5, 86_400, "Seconds after which a live stream ends and is opened anew."),
    ] = 3_600
    max_body_bytes: Annotated[
        int,
        whole(1_024, 1_073_741_824, "Largest JSON request body, in bytes."),
    ] = 1_048_576
    max_upload_bytes: Annotated[
        int,
        whole(1_024, 1_073_741_824, "Largest uploaded file (CSV import, résumé), in bytes."),
    ] = 20_971_520
    rate_limit_per_minute: Annotated[
        int,
        whole(1, 10_000_000, "Requests per minute for one credential."),
    ] = 1_200
    rate_limit_burst: Annotated[
        int,
        whole(
            1, 10_000_000, "Requests that one credential may make at once before the rate counts."
        ),
    ] = 300
    sign_in_attempts: Annotated[
        int,
        whole(3, 1_000, "Failed sign-ins allowed per account and address in the window below."),
    ] = 10
    sign_in_window_minutes: Annotated[
        int,
        whole(1, 1_440, "Length of the window in which failed sign-ins are counted, in minutes."),
    ] = 15
