import json
from datetime import UTC

import hypothesis
from hypothesis import strategies as st

from features.message import message
from features.phrase import Parameter, Phrase
from models.messages.english import reasons_of
from serving.platform.phrases import as_data, of_data

VALUES: st.SearchStrategy[Parameter] = st.one_of(
    st.text(),
    st.integers(0, 9).map(lambda n: reasons_of(message("text_kinds", n=n), message("right.applies", right="x"))),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.times(),
    st.text().map(lambda text: Phrase("Inside: {why}.", why=Phrase(text))),
)


@hypothesis.given(st.dictionaries(st.sampled_from(["n", "most", "name", "why"]), VALUES))
@hypothesis.settings(deadline=None)
def test_a_phrase_is_read_as_it_was_kept(parameters: dict[str, Parameter]) -> None:
    phrase = Phrase("{n} of {most}: {name}, {why}", **parameters)
    read_phrase = of_data(json.loads(json.dumps(as_data(phrase))))
    assert read_phrase == phrase
    assert {name: type(parameter) for name, parameter in read_phrase.parameters.items()} == {
        name: type(parameter) for name, parameter in phrase.parameters.items()
    }
