"""What the Grafana dashboards in `dashboards/` are made from: `python -m tools.dashboards` writes them."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "dashboards"
"""Where the dashboards are."""
