"""The process that reads a stranger's file and parses it: `python -m tenants.resume_process`.

Started by `tenants.resume_reading`. Parsing happens within the limits of reading, since the text is
a stranger's as well as the file.
"""

from datetime import date

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import ParsedResume
from plugins.document_reader.child import serve
from plugins.resume_parser.parser import StructureParser


def main() -> None:
    """Serve until the parent closes the pipe."""
    parser = StructureParser()

    def parse(document: ReadDocument, today: str) -> ParsedResume:
        return parser.parse(document, date.fromisoformat(today))

    serve(parse)


if __name__ == "__main__":
    main()
