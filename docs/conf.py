"""How Sphinx makes a site of this folder: Markdown by MyST, the look by Furo."""

from importlib import metadata

project = "digestfeed"
author = "the digestfeed maintainers"
release = version = metadata.version("digestfeed")
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "digestfeed"
html_show_sphinx = False
html_copy_source = False
# Rust code of a lexer is none of ours: what a block is not coloured as does not matter.
suppress_warnings = ["misc.highlighting_failure"]
