"""The programs that draw: npm's packages bundled by esbuild, and a headless Chromium that loads the page."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.distribution import cache_folder

HERE = Path(__file__).parent
GRAFANA = ("data", "i18n", "schema", "ui")
LOADERS = [f"--loader:.{kind}=dataurl" for kind in ("svg", "ttf", "woff2")]
# Chromium's own clock: how long the page has to ask Prometheus and to draw.
DRAWING_MS = 25_000


def bundled() -> Path:
    """The folder with the drawing program, made anew; npm's packages are fetched once into the downloads."""
    folder = cache_folder() / "picture"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "draw.tsx"):
        shutil.copy(HERE / name, folder / name)
    _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], folder)
    # Their modules for Node are used: esbuild reads some defaults of the ones for browsers as objects.
    modules = [f"--alias:@grafana/{one}=./node_modules/@grafana/{one}/dist/cjs/index.cjs" for one in GRAFANA]
    production = '--define:process.env.NODE_ENV="production"'
    esbuild = ["node_modules/.bin/esbuild", "draw.tsx", "--bundle", "--minify", "--log-level=error"]
    _run([*esbuild, "--outfile=page/draw.js", production, *LOADERS, *modules], folder)
    icons = folder / "page/public/build/img"
    if not icons.exists():
        icons.parent.mkdir(parents=True)
        icons.symlink_to(folder / "node_modules/@grafana/ui/dist/public/img")
    return folder / "page"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class'
            """Says nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def photograph(url: str, size: tuple[int, int], picture: Path) -> None:
    """Writes what a browser window of that size shows of a page."""
    window = f"--window-size={size[0]},{size[1]}"
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", window]
    _run(["chromium", *flags, f"--virtual-time-budget={DRAWING_MS}", f"--screenshot={picture}", url], picture.parent)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
