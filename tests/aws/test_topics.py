import re

from hypothesis import example, given
from hypothesis import strategies as st

from customlabels.aws.topics import subject


@given(st.text())
@example("")
@example(" \n")
@example("Version trained: " + "x" * 255)
@example("Überprüfung\nder Kacheln \x07")
def test_whatever_a_message_is_about_sns_takes_the_subject(text: str) -> None:
    """Source: SNS API reference, "Publish": ASCII, no line breaks or control characters, fewer than 100 characters."""
    made = subject(text)
    assert re.fullmatch(r"[!-~]([ -~]{0,97}[!-~])?", made)
    assert subject(made) == made


def test_a_subject_that_is_one_stays_as_it_is() -> None:
    assert subject("customlabels surface: start v2") == "customlabels surface: start v2"
