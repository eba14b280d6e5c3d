"""From what was found to what is to be done: the tasks that are left."""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mainspring.ahead.bytecode import BytecodeFolder, is_current
from mainspring.ahead.entries import EntryKeeper, form_path
from mainspring.ahead.report import Report
from mainspring.ahead.request import Request
from mainspring.ahead.task import ModuleTask, ScriptTask, Task
from mainspring.ahead.walk import Finding, Found, Left, Settled, Unlisted, Walked
from mainspring.codecache.lookup import Source

if TYPE_CHECKING:
    from mainspring.ahead.record import Record


class Planner:
    """Sorts findings: what is current and what is left alone goes to the report."""

    def __init__(self, request: Request, report: Report) -> None:
        self.request = request
        self.report = report
        self.records: list[Record] = []
        self._folders: dict[str, BytecodeFolder] = {}
        self._keeper: EntryKeeper | None = None
        self._seen: set[tuple[str, str]] = set()

    @property
    def keeper(self) -> EntryKeeper:
        """Made when the first script is found: modules need no cache."""
        if self._keeper is None:
            self._keeper = EntryKeeper(self.request)
        return self._keeper

    def plan(self, findings: Iterable[Finding]) -> Iterator[Task]:
        """The tasks that are left of *findings*."""
        for finding in findings:
            match finding:
                case Settled(modules=modules):
                    self.report.unchanged += modules
                case Found():
                    yield from self.plan_source(finding)
                case Left():
                    self.report.left.append(finding)
                case Unlisted():
                    self.report.unlisted.append(finding)
                case Walked(record):
                    self.records.append(record)

    def plan_source(self, found: Found) -> Iterator[Task]:
        place = found.path, found.kind
        # what was named may be in a folder that was named, too
        if place not in self._seen and not self.request.skips(found.path):
            self._seen.add(place)
            yield from self.plan_module(found) if found.kind == "module" else self.plan_script(found)

    def plan_module(self, found: Found) -> Iterator[Task]:
        folder, name = os.path.split(found.path)
        if folder not in self._folders:
            self._folders[folder] = BytecodeFolder(folder, self.request)
        paths = self._folders[folder].locate(found.path, name)
        if not self.request.force and is_current(paths, self.request.mode, found.status, found.path):
            self.report.unchanged += 1
            return
        self.note_name(found)
        name_in_code = self.request.name_in_code(found.path, found.top)
        yield ModuleTask(found.path, found.status.st_size, name_in_code, paths, self.request)

    def plan_script(self, found: Found) -> Iterator[Task]:
        obstacle = self.keeper.find_obstacle(found.status)
        full_path = form_path(found.path)
        is_module_too = found.path.endswith(".py")
        name = self.request.name_in_code(found.path, found.top)
        name_in_code = full_path if name == found.path else name
        if obstacle is not None:
            if not is_module_too:
                self.report.left.append(Left(found.path, obstacle))
        elif not self.request.force and self.is_entry_current(full_path, name_in_code):
            self.report.unchanged += not is_module_too
        else:
            self.note_name(found)
            yield ScriptTask(found.path, found.status.st_size, name_in_code, self.keeper, full_path)

    def is_entry_current(self, full_path: str, name_in_code: str) -> bool:
        try:
            return self.keeper.is_current(Source(full_path), name_in_code)
        except OSError:
            return False

    def note_name(self, found: Found) -> None:
        """Note a path that is not stripped, though it was to be."""
        if self.request.fails_to_strip(found.path):
            self.report.unstripped.add(found.path)

    def finish(self) -> None:
        """Remember what was found where nothing went wrong, and look after the cache."""
        for record in self.records:
            for mistake in self.report.mistakes:
                record.drop(os.path.dirname(mistake.path))
            record.keep()
        if self._keeper is not None:
            self._keeper.finish()
