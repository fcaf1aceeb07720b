"""What this slice does when something happened elsewhere: every file added is read as a résumé."""

from core.candidates.contracts import FileId
from core.candidates.events import FileAdded
from core.ports.tasks import Tasks
from core.resumes.ports import ReadingRepository
from core.resumes.reading import READ_RESUME
from core.shared.clock import Clock
from core.shared.reactions import reacts_to


@reacts_to(FileAdded, name="resumes.read_added_file")
async def read_added_file(
    event: FileAdded, *, readings: ReadingRepository, tasks: Tasks, clock: Clock
) -> None:
    """Promise to read the file. One that was removed meanwhile is let go."""
    file_id = FileId(event.file_id)
    run = await readings.begin(file_id, clock.now())
    if run is not None:
        await tasks.schedule(READ_RESUME, {"file_id": str(file_id), "run": run})
