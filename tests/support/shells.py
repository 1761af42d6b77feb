"""The command as a person runs it, in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from customlabels.emulator.server import address
from support import forked


@dataclass(frozen=True)
class Shell:
    """A working folder; `--local` there means a quick local service."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CUSTOMLABELS_"))}
        return {**kept, "HOME": str(self.folder), "PYTHONPATH": "", "NO_COLOR": "1"}

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "customlabels.cli.main", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            # What is run in the background is told to ignore it, and so would be its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        if forked.suits(self.environment):
            running = forked.Command(words, self.folder, self.environment)
            output, errors = running.output(seconds=120)
            code = running.returncode
        else:
            process = self.start(*words)
            output, errors = process.communicate(timeout=120)
            code = process.returncode
        assert code == expect, f"{words}: {code}\n{output}\n{errors}"
        assert "Traceback" not in errors
        return subprocess.CompletedProcess(words, expect, output, errors)

    def run_on(self, *words: str, minutes: float = 5) -> subprocess.CompletedProcess[str]:
        """Runs a command that waits for what takes long, while the local service's clock is moved on."""
        running = forked.Command(words, self.folder, self.environment)
        while running.wait(0.3) is None:
            address.advance(self.state, minutes * 60)
        output, errors = running.output(seconds=0)
        assert running.returncode == 0, f"{words}: {running.returncode}\n{output}\n{errors}"
        return subprocess.CompletedProcess(words, 0, output, errors)

    def json(self, *words: str, expect: int = 0) -> Any:
        return json.loads(self.run(*words, "--output", "json", expect=expect).stdout)

    @property
    def state(self) -> Path:
        return self.folder / address.STATE_FOLDER

    def kill_service(self) -> None:
        found = address.running(self.state)
        assert found is not None
        os.kill(found.pid, signal.SIGKILL)
