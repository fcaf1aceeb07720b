"""Zip files of strangers: what Word and OpenDocument files are, opened within limits."""

import io
import zipfile
from typing import Any

from lxml import etree

from plugins.document_reader.limits import Broken, Encrypted, Limits, Refused, TooLarge

_ENCRYPTED = 0x1
_PARSER_OPTIONS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def check_archive(content: bytes, limits: Limits) -> None:
    """Refuse bombs and tricks before anything is unpacked.

    The sizes are those of the zip's directory; `zipfile` unpacks no more than is stated there.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        # `zipfile` raises NotImplementedError for versions of the format that it doesn't know.
        raise Broken("The file is damaged and can't be unpacked.") from error
    if len(entries) > limits.parts:
        raise Refused(f"It is packed from {len(entries)} parts; a document has a few dozen.")
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise Refused("Two of its parts have the same name.")
    for entry in entries:
        if _leads_out(entry.filename):
            raise Refused("One of its parts is named so as to be written outside its folder.")
        if entry.flag_bits & _ENCRYPTED:
            raise Encrypted
    largest = max((entry.file_size for entry in entries), default=0)
    if largest > limits.part_bytes or sum(e.file_size for e in entries) > limits.unpacked_bytes:
        raise TooLarge("Unpacked, it is larger than is read.")


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\x00" in name


def part_of(content: bytes, name: str) -> bytes | None:
    """Unpack one part of a checked archive, or None when there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(name)
    except KeyError:
        return None
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        # `zipfile` raises NotImplementedError for methods of compression that it doesn't know.
        raise Broken("A part of the file is damaged.") from error
    except Exception as error:  # zlib.error and what codecs raise has no common base
        if type(error).__name__ != "error":
            raise
        raise Broken("A part of the file is damaged.") from error


def parse_xml(part: bytes, limits: Limits) -> Any:
    """Parse a part without entities, network or depth. Raises Refused for a document type."""
    try:
        root = etree.fromstring(part, etree.XMLParser(**_PARSER_OPTIONS))
    except etree.XMLSyntaxError as error:
        if b"<!" in part[:4096] and (b"<!DOCTYPE" in part or b"<!ENTITY" in part):
            raise Refused("Its XML declares entities, which no word processor writes.") from error
        raise Broken("A part of the file isn't well-formed XML.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused("Its XML declares a document type, which no word processor writes.")
    check_depth(root, limits)
    return root


def check_depth(root: Any, limits: Limits) -> None:
    """Refuse elements in elements in elements; walking them would exhaust the stack."""
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > limits.depth:
            raise Refused(f"Its elements are nested more than {limits.depth} deep.")
