"""A wall clock that a test turns while the server runs; the monotonic one goes on as it does."""
import contextlib
import os
import shutil
import subprocess
import tempfile

from server import HERE, Skip


@contextlib.contextmanager
def clock(sync_ms=0):
    """(turn, env): turn(seconds) moves the clock of every program that is started with env; its disk takes
    sync_ms longer for every sync."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Skip("there is no C compiler here for the clock's shim")
    folder = tempfile.mkdtemp(prefix="cordon-clock-")
    library, offset = os.path.join(folder, "clock.so"), os.path.join(folder, "offset")

    def turn(seconds):
        with open(offset + ".new", "w") as f:
            f.write(str(seconds))
        os.replace(offset + ".new", offset)

    try:
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, os.path.join(HERE, "clock_shim.c"), "-ldl"],
                       check=True)
        turn(0)
        yield turn, {"LD_PRELOAD": library, "CORDON_CLOCK_OFFSET": offset, "CORDON_SYNC_MS": str(sync_ms)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
