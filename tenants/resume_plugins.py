"""Reads files as résumés for one tenant, whose plugin may bring another parser than ours.

The file is opened by the sandbox in any case: a plugin gets the text that a reader sees, and
nothing of what the file hides. Of its answer only what stands in that text is kept.
"""

import asyncio
from datetime import date
from typing import Final

import msgspec

from core.ports.documents import ReadDocument
from core.resumes.contracts.evidence import tidied
from core.resumes.contracts.parsing import ParsingError, ResumeParser
from core.resumes.contracts.structure import ResumeFacts
from core.resumes.contracts.witness import Witnessed, witnessed
from core.resumes.ports import ReadResume
from tenants.injection import Session
from tenants.plugins.adapters import EnabledAdapter

_LONGEST_REASON: Final = 300
_FACTS: Final = tuple(
    name for name in ResumeFacts.__struct_fields__ if name != "years_of_experience"
)
_NOTHING: Final = ResumeFacts()


class TenantResumes:
    """Implements `core.resumes.ports.ResumeReader`."""

    def __init__(self, session: Session) -> None:
        self._sandbox = session.resumes
        self._plugins = session.plugins
        self._tenant = session.tenant

    async def read(self, content: bytes, file_name: str, today: date) -> ReadResume:
        """Read one file, and have it parsed by the tenant's plugin if there is one.

        What our own parser found is what remains when the plugin fails. Raises Unavailable when
        nothing can be read at the moment.
        """
        read = await self._sandbox.read(content, file_name, today)
        if read.document.state != "read":
            return read
        parsers = await self._plugins.adapters(self._tenant, ResumeParser)
        return await _parsed_by(parsers[0], read, today) if parsers else read


async def _parsed_by(
    parser: EnabledAdapter[ResumeParser], ours: ReadResume, today: date
) -> ReadResume:
    try:
        answer = await parser.port.parse(_visible(ours.document), today)
    except ParsingError as error:
        return _instead(ours, parser, tidied(str(error))[:_LONGEST_REASON])
    # A large answer about a large document takes a while; others are served meanwhile.
    heard = await asyncio.to_thread(witnessed, answer, ours.document, today)
    if heard.left_out and _is_empty(heard):
        return _instead(ours, parser, "Nothing of what it found stands in the document.")
    note = ""
    if heard.left_out:
        note = (
            f"The plugin {parser.plugin_name} also gave values that don't stand in the document; "
            f"they were left out: {heard.left_out}."
        )
    return ReadResume(
        ours.document, heard.parsed, f"plugin:{parser.plugin_id}", parser.plugin_version, note
    )


def _visible(document: ReadDocument) -> ReadDocument:
    """Return a copy without what the file hides; ours stays what the answer is held against."""
    shown = msgspec.structs.replace(document, hidden_text=())
    return msgspec.msgpack.decode(msgspec.msgpack.encode(shown), type=ReadDocument)


def _instead(ours: ReadResume, parser: EnabledAdapter[ResumeParser], reason: str) -> ReadResume:
    note = (
        f"The plugin {parser.plugin_name} couldn't parse this file, so our own parser did. {reason}"
    )
    return msgspec.structs.replace(ours, note=note)


def _is_empty(heard: Witnessed) -> bool:
    resume = heard.parsed.resume
    return all(getattr(resume, name) == getattr(_NOTHING, name) for name in _FACTS)
