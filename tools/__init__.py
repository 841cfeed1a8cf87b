"""What the shipped files and the documentation are made with: `python -m tools.NAME`, from the repository's root."""
