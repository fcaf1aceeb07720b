"""Which requests a plugin's path stands for; asked by the host and by `plugins.sdk.testing`."""


def matches(pattern: str, path: str) -> dict[str, str] | None:
    """Return what the parameters of `pattern` stand for in `path`, or None if it isn't one."""
    expected, given = parts_of(pattern), parts_of(path)
    if len(expected) != len(given):
        return None
    params: dict[str, str] = {}
    for wanted, got in zip(expected, given, strict=True):
        if wanted.startswith("{"):
            params[wanted[1:-1]] = got
        elif wanted != got:
            return None
    return params


def parts_of(path: str) -> list[str]:
    """Return what stands between the slashes."""
    return path.strip("/").split("/")
