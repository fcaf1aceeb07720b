"""Looks whether a logo is what it says: a whole PNG, JPEG or WebP image of a size that fits a page.

SVG is left out: it may carry script. Only the structure is read here, never the pixels, so that no
image costs more than its length.
"""

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Callable
from typing import Final

MAX_BYTES: Final = 65_536
MAX_SIDE: Final = 2_000
"""Pixels; browsers and mail programs unpack the whole image to show it."""

_URL = re.compile(r"data:image/(png|jpeg|webp);base64,([A-Za-z0-9+/]+={0,2})")
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
# Frame headers (ITU-T T.81, table B.1): all SOF markers but DHT, JPG and DAC, which lie among them.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset((0x01, *range(0xD0, 0xD9)))

WRONG_KIND: Final = "Use a PNG, JPEG or WebP image; SVG files may carry scripts and aren't taken."


def decoded(url: str) -> tuple[str, bytes]:
    """Return the kind and the bytes in a `data:` URL. Raises ValueError saying what is wrong."""
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError(WRONG_KIND)
    try:
        return match[1], base64.b64decode(match[2], validate=True)
    except binascii.Error as error:
        raise ValueError("The image is not written in base64.") from error


def is_logo_shaped(url: str) -> bool:
    """Whether `url` has the form of a logo that may be kept. Cheap: the image isn't looked at."""
    return _URL.fullmatch(url) is not None


def check_logo(url: str) -> None:
    """Return when `url` holds a logo. Raises ValueError saying what is wrong and what to do."""
    kind, image = decoded(url)
    if len(image) > MAX_BYTES:
        raise ValueError(
            f"This image has {-(-len(image) // 1024)} KiB. "
            f"Make it smaller: at most {MAX_BYTES // 1024} KiB."
        )
    try:
        width, height = _READERS[kind](image)
    except (ValueError, IndexError, struct.error) as error:
        name = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}[kind]
        raise ValueError(
            f"This is not a whole {name} image. Save it again as PNG, JPEG or WebP."
        ) from error
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(
            f"This image has {width} by {height} pixels. "
            f"Make it smaller: at most {MAX_SIDE} on each side."
        )


def _png(image: bytes) -> tuple[int, int]:
    """Walk the chunks (ISO/IEC 15948, 5.3), their checksums included, to an end without a tail."""
    if not image.startswith(_PNG_START):
        raise ValueError("start")
    at, size = len(_PNG_START), (0, 0)
    while True:
        length, name = struct.unpack_from(">I4s", image, at)
        (checksum,) = struct.unpack_from(">I", image, at + 8 + length)
        if zlib.crc32(image[at + 4 : at + 8 + length]) != checksum:
            raise ValueError("checksum")
        if at == len(_PNG_START):
            if (name, length) != (b"IHDR", 13):
                raise ValueError("header")
            size = struct.unpack_from(">II", image, at + 8)
        at += 12 + length
        if name == b"IEND":
            break
    if at != len(image):
        raise ValueError("tail")
    return size


def _jpeg(image: bytes) -> tuple[int, int]:
    """Walk the segments (ITU-T T.81, B.1.1) to the frame header."""
    if not (image.startswith(b"\xff\xd8\xff") and image.endswith(b"\xff\xd9")):
        raise ValueError("start or end")
    at = 2
    while True:
        while image[at + 1] == 0xFF:  # fill bytes
            at += 1
        mark, marker = image[at], image[at + 1]
        if mark != 0xFF or marker in (0x00, 0xD9, 0xDA):
            raise ValueError("no frame")
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", image, at + 5)
            return width, height
        at += 2
        if marker not in _JPEG_BARE:
            (length,) = struct.unpack_from(">H", image, at)
            if length < 2:
                raise ValueError("length")
            at += length


def _webp(image: bytes) -> tuple[int, int]:
    """Read the first chunk (RFC 9649, 2.5 to 2.7); all of them must fill the container."""
    riff, length, webp, chunk = struct.unpack_from("<4sI4s4s", image, 0)
    if (riff, webp) != (b"RIFF", b"WEBP") or length + 8 != len(image):
        raise ValueError("container")
    at = 12
    while at < len(image):
        (size,) = struct.unpack_from("<I", image, at + 4)
        at += 8 + size + size % 2
    if at != len(image):
        raise ValueError("chunks")
    if chunk == b"VP8X":
        width = int.from_bytes(image[24:27], "little") + 1
        height = int.from_bytes(image[27:30], "little") + 1
        return width, height
    if chunk == b"VP8L" and image[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", image, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and image[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", image, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("chunk")


_READERS: Final[dict[str, Callable[[bytes], tuple[int, int]]]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
}
