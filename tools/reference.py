"""Writes the reference pages of docs/ from the code itself: settings, command line, messages."""

from pathlib import Path

from command_line import command_line_page
from markdown_table import table
from message_tables import messages_page
from vivavoce.environment import EnvironmentSettings
from vivavoce.protocol.languages import LANGUAGE_NAMES, TRANSCRIPTION_LANGUAGES
from vivavoce.settings import ClientSettings, Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
GENERATED = "<!-- Written by `make reference` from the code: edit the code instead. -->"


def pages() -> dict[Path, str]:
    """The text of every generated page, by its path."""
    texts = {
        "settings": ("Settings", settings_page()),
        "cli": ("Command line", command_line_page()),
        "messages": ("Messages", messages_page()),
        "languages": ("Languages", languages_page()),
    }
    return {
        DOCS / f"{name}.md": f"# {title}\n\n{GENERATED}\n\n{text.rstrip()}\n"
        for name, (title, text) in texts.items()
    }


def settings_page() -> str:
    lines = [
        "Settings are environment variables. What is wrong or unknown is named when the server starts.",
        "",
    ]
    lines += ["## The server", "", *_settings_table(Settings), ""]
    lines += ["## Client commands", "", *_settings_table(ClientSettings)]
    return "\n".join(lines)


def languages_page() -> str:
    spoken = {code: name for code, name in LANGUAGE_NAMES.items() if code in TRANSCRIPTION_LANGUAGES}
    more = ", ".join(f"`{code}` ({name})" for code, name in LANGUAGE_NAMES.items() if code not in spoken)
    lines = [
        f"The {len(spoken)} codes that `language_config.languages` and `--language` take. How well a",
        "language is heard depends on the model; [quality.md](quality.md) says how to measure it.",
        f"To be translated to, in `target_languages` and `--translate`, there is {more}, too.",
        "",
        *table(["code", "language"], ([f"`{code}`", name] for code, name in spoken.items())),
    ]
    return "\n".join(lines)


def _settings_table(kind: type[EnvironmentSettings]) -> list[str]:
    rows = (
        [f"`{one.variable}`", one.description, one.allowed, f"`{one.default}`" if one.default else "–"]
        for one in kind.reference()
    )
    return table(["variable", "what it does", "values", "default"], rows)


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(f"  {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
